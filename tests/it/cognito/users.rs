//! ListUsers: attributes, filters, pages.

use fedgate::model::user::{FederatedIdentity, UserStatus};
use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::harness::both_backends;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

both_backends!(users_are_shown_as_cognito_shows_them, filters_select, pages_follow_each_other);

async fn users_are_shown_as_cognito_shows_them(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = gateway.add_pool("users").await;
    let now = gateway.now_ms();
    let user = gateway
        .add_user(&pool, "Corp_1234", |user| {
            user.status = UserStatus::ExternalProvider;
            user.identities.push(FederatedIdentity {
                provider: "Corp".to_owned(),
                provider_type: "OIDC".to_owned(),
                subject_key: "1234".to_owned(),
                subject: "1234".to_owned(),
                issuer: None,
                primary: true,
                created_ms: now,
            });
        })
        .await;
    let listed = aws.ok("ListUsers", json!({ "UserPoolId": pool.id })).await;
    let shown = &listed["Users"][0];
    assert_eq!((&shown["Username"], &shown["UserStatus"]), (&json!("Corp_1234"), &json!("EXTERNAL_PROVIDER")));
    assert_eq!(shown["Attributes"][0], json!({ "Name": "sub", "Value": user.sub }));
    let identities = shown["Attributes"].as_array().unwrap().iter().find(|attribute| attribute["Name"] == "identities").unwrap();
    let identities: Value = serde_json::from_str(identities["Value"].as_str().unwrap()).unwrap();
    assert_eq!((&identities[0]["userId"], &identities[0]["providerName"]), (&json!("1234"), &json!("Corp")));
    let some = aws.ok("ListUsers", json!({ "UserPoolId": pool.id, "AttributesToGet": ["email"] })).await;
    assert_eq!(some["Users"][0]["Attributes"], json!([{ "Name": "email", "Value": "Corp_1234@example.com" }]));
    let unknown = json!({ "UserPoolId": pool.id, "AttributesToGet": ["custom:none"] });
    aws.refused("ListUsers", unknown, "InvalidParameterException").await;
}

async fn filters_select(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = gateway.add_pool("users").await;
    for name in ["alice", "alina", "bob"] {
        gateway.add_user(&pool, name, |user| user.enabled = name != "bob").await;
    }
    let quoted = gateway
        .add_user(&pool, "quoted", |user| drop(user.attributes.insert("name".to_owned(), r#"O"Neil \ Sons"#.to_owned())))
        .await;
    for (filter, expected) in [
        (r#"username = "alice""#.to_owned(), vec!["alice"]),
        (r#"username ^= "ali""#.to_owned(), vec!["alice", "alina"]),
        (r#"username = "ALICE""#.to_owned(), vec![]),
        (r#"email = "bob@example.com""#.to_owned(), vec!["bob"]),
        (r#"email ^= "al""#.to_owned(), vec!["alice", "alina"]),
        (r#"status = "Disabled""#.to_owned(), vec!["bob"]),
        (r#"cognito:user_status = "confirmed""#.to_owned(), vec!["alice", "alina", "bob", "quoted"]),
        (format!("sub = \"{}\"", quoted.sub), vec!["quoted"]),
        (r#"name = "O\"Neil \\ Sons""#.to_owned(), vec!["quoted"]),
        (r#"email = "' OR 1=1 --""#.to_owned(), vec![]),
        (String::new(), vec!["alice", "alina", "bob", "quoted"]),
    ] {
        let listed = aws.ok("ListUsers", json!({ "UserPoolId": pool.id, "Filter": filter })).await;
        let names: Vec<&str> = listed["Users"].as_array().unwrap().iter().map(|user| user["Username"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{filter}");
    }
    for bad in [r#"email = "a" or name = "b""#, "email", r#"shoe_size = "44""#, r#"custom:x = "y""#, "email = a"] {
        aws.refused("ListUsers", json!({ "UserPoolId": pool.id, "Filter": bad }), "InvalidParameterException").await;
    }
}

async fn pages_follow_each_other(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let pool = gateway.add_pool("users").await;
    for number in 0..65 {
        gateway.add_user(&pool, &format!("user{number:02}"), |_| {}).await;
    }
    for (limit, sizes) in [(Some(30), vec![30, 30, 5]), (Some(0), vec![60, 5]), (None, vec![60, 5]), (Some(13), vec![13; 5])] {
        let mut names = Vec::new();
        let mut seen = Vec::new();
        let mut token = Value::Null;
        loop {
            let page = aws.ok("ListUsers", json!({ "UserPoolId": pool.id, "Limit": limit, "PaginationToken": token })).await;
            let users = page["Users"].as_array().unwrap();
            seen.push(users.len());
            names.extend(users.iter().map(|user| user["Username"].as_str().unwrap().to_owned()));
            match page.get("PaginationToken") {
                Some(next) => token = next.clone(),
                None => break,
            }
        }
        assert_eq!(seen, sizes, "{limit:?}");
        names.dedup();
        assert_eq!(names.len(), 65);
    }
}
