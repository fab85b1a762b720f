//! Page tokens are ours, for one question by one caller (P-13).

use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::harness::gateway::TestGateway;

#[tokio::test]
async fn p_13_tokens_are_bound() {
    let other_key = ("AKIAOTHEROTHEROTHER0", "the-secret-of-another-key");
    let config = format!("[[admin.keys]]\naccess_key_id = {:?}\nsecret_access_key = {:?}", other_key.0, other_key.1);
    let gateway = TestGateway::builder().config(&config).start().await;
    let aws = Aws::new(&gateway);
    let (pool, other_pool) = (gateway.add_pool("a").await, gateway.add_pool("b").await);
    for number in 0..3 {
        gateway.add_user(&pool, &format!("user{number}"), |_| {}).await;
        gateway.add_user(&other_pool, &format!("user{number}"), |_| {}).await;
    }
    let ask = |pool_id: &str, filter: &str, token: &Value| json!({ "UserPoolId": pool_id, "Filter": filter, "Limit": 1, "PaginationToken": token });
    let filter = r#"email ^= "user""#;
    let token = aws.ok("ListUsers", ask(&pool.id, filter, &Value::Null)).await["PaginationToken"].clone();
    let next = aws.ok("ListUsers", ask(&pool.id, filter, &token)).await;
    assert_eq!(next["Users"][0]["Username"], "user1", "the control");
    aws.ok("ListUsers", ask(&pool.id, filter, &token)).await;

    let text = token.as_str().unwrap();
    let altered = format!("{}{}", &text[..text.len() - 1], if text.ends_with('A') { 'B' } else { 'A' });
    for (pool_id, filter, token) in [
        (&other_pool.id, filter, token.clone()),
        (&pool.id, r#"email ^= "use""#, token.clone()),
        (&pool.id, "", token.clone()),
        (&pool.id, filter, json!(altered)),
        (&pool.id, filter, json!("user1")),
        (&pool.id, filter, json!("dXNlcjE=")),
    ] {
        aws.refused("ListUsers", ask(pool_id, filter, &token), "InvalidParameterException").await;
    }
    let other = Aws::with_key(&gateway, other_key.0, other_key.1);
    other.refused("ListUsers", ask(&pool.id, filter, &token), "InvalidParameterException").await;
    other.ok("ListUsers", ask(&pool.id, filter, &Value::Null)).await;
    // Nor does another list take it.
    aws.refused("ListUserPools", json!({ "MaxResults": 1, "NextToken": token }), "InvalidParameterException").await;
    let pools = aws.ok("ListUserPools", json!({ "MaxResults": 1 })).await;
    let second = aws.ok("ListUserPools", json!({ "MaxResults": 1, "NextToken": pools["NextToken"] })).await;
    assert_ne!(pools["UserPools"][0]["Id"], second["UserPools"][0]["Id"]);
    assert!(second.get("NextToken").is_none());
}
