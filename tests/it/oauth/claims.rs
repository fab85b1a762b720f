//! The claims of our tokens, all of them and no others (cognito-surface sections 4.1 to 4.3).

use serde_json::{Value, json};

use crate::oauth::world::seed::{CONFIDENTIAL, POOL, PROVIDER, SUB, USERNAME};
use crate::oauth::world::{World, claims};

fn names(claims: &Value) -> Vec<&str> {
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn is_uuid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() == 36 && text.matches('-').count() == 4)
}

#[tokio::test]
async fn an_access_token_has_cognitos_claims() {
    let world = World::start().await;
    let now_s = world.ports.clock.now_s();
    let tokens = world.tokens().await;
    let access = claims(&tokens.text("access_token"));
    let expected = [
        "auth_time",
        "client_id",
        "cognito:groups",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "origin_jti",
        "scope",
        "sub",
        "token_use",
        "username",
        "version",
    ];
    assert_eq!(names(&access), expected);
    assert_eq!(access["sub"], SUB);
    assert_eq!(access["iss"], world.issuer());
    assert_eq!(access["client_id"], CONFIDENTIAL);
    assert_eq!(access["token_use"], "access");
    assert_eq!(access["scope"], "openid email");
    assert_eq!(access["username"], USERNAME);
    assert_eq!(access["version"], 2);
    assert_eq!(access["cognito:groups"], json!([format!("{POOL}_{PROVIDER}")]));
    assert_eq!((&access["auth_time"], &access["iat"], &access["exp"]), (&json!(now_s), &json!(now_s), &json!(now_s + 3600)));
    assert!(is_uuid(&access["jti"]) && is_uuid(&access["origin_jti"]) && is_uuid(&access["event_id"]));
    assert_ne!(access["jti"], access["origin_jti"]);
}

#[tokio::test]
async fn an_id_token_has_cognitos_claims() {
    let world = World::start().await;
    let tokens = world.tokens_for(&[("scope", Some("openid")), ("nonce", Some("n-1"))]).await;
    let (id, access) = (claims(&tokens.text("id_token")), claims(&tokens.text("access_token")));
    let expected = [
        "address",
        "at_hash",
        "aud",
        "auth_time",
        "cognito:groups",
        "cognito:username",
        "custom:level",
        "email",
        "email_verified",
        "event_id",
        "exp",
        "iat",
        "identities",
        "iss",
        "jti",
        "name",
        "nonce",
        "origin_jti",
        "phone_number",
        "phone_number_verified",
        "sub",
        "token_use",
        "updated_at",
    ];
    assert_eq!(names(&id), expected);
    assert_eq!(id["aud"], CONFIDENTIAL);
    assert_eq!(id["token_use"], "id");
    assert_eq!(id["nonce"], "n-1");
    assert_eq!(id["cognito:username"], USERNAME);
    assert_eq!((&id["email_verified"], &id["phone_number_verified"]), (&json!(true), &json!(false)));
    assert_eq!((&id["updated_at"], &id["address"]), (&json!(1_700_000_000), &json!({ "formatted": "Street 1" })));
    assert_eq!(id["custom:level"], "7", "custom ones are always texts");
    assert_eq!(
        id["identities"],
        json!([{
            "dateCreated": "1700000000123", "userId": "00u1", "providerName": PROVIDER, "providerType": "OIDC", "issuer": null,
            "primary": "true",
        }])
    );
    for same in ["sub", "iss", "event_id", "origin_jti", "auth_time"] {
        assert_eq!(id[same], access[same], "{same}");
    }
    assert_ne!(id["jti"], access["jti"]);
    let hash = fedgate::base::digest::sha256_b64(tokens.text("access_token").as_bytes());
    let at_hash = id["at_hash"].as_str().unwrap();
    assert_eq!(at_hash.len(), 22);
    assert_eq!(at_hash[..21], hash[..21], "the left half of the hash");
}

#[tokio::test]
async fn the_header_is_cognitos_and_the_keys_differ() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let world = World::start().await;
    let tokens = world.tokens().await;
    let header = |name: &str| -> Value {
        let token = tokens.text(name);
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
    };
    let (id, access) = (header("id_token"), header("access_token"));
    for header in [&id, &access] {
        assert_eq!(names(header), ["alg", "kid"]);
        assert_eq!(header["alg"], "RS256");
    }
    assert_ne!(id["kid"], access["kid"]);
    let head = tokens.text("refresh_token");
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head.split('.').next().unwrap()).unwrap()).unwrap();
    assert_eq!(head, json!({ "cty": "JWT", "enc": "A256GCM", "alg": "RSA-OAEP" }));
}

#[tokio::test]
async fn scopes_and_readable_attributes_narrow_what_an_app_sees() {
    let world = World::start().await;
    let attributes = |id: &Value| -> Vec<String> {
        let ours =
            ["address", "custom:level", "email", "email_verified", "name", "phone_number", "phone_number_verified", "updated_at"];
        names(id).into_iter().filter(|name| ours.contains(name)).map(str::to_owned).collect()
    };
    for (scope, expected) in [
        ("openid email", vec!["email", "email_verified"]),
        ("openid phone", vec!["phone_number", "phone_number_verified"]),
        ("openid profile", vec!["address", "custom:level", "name", "updated_at"]),
        ("openid email phone", vec!["email", "email_verified", "phone_number", "phone_number_verified"]),
    ] {
        let tokens = world.tokens_for(&[("scope", Some(scope))]).await;
        assert_eq!(attributes(&claims(&tokens.text("id_token"))), expected, "{scope}");
        let info = world.user_info(&tokens.text("access_token")).await.json();
        assert_eq!(attributes(&info), expected, "userInfo for {scope}");
    }
    world.change_client(CONFIDENTIAL, |client| client.read_attributes = vec!["name".to_owned(), "email".to_owned()]).await;
    let tokens = world.tokens_for(&[("scope", Some("openid"))]).await;
    assert_eq!(attributes(&claims(&tokens.text("id_token"))), ["email", "name"]);
    assert_eq!(attributes(&world.user_info(&tokens.text("access_token")).await.json()), ["email", "name"]);
}

#[tokio::test]
async fn a_federated_sign_in_gets_a_nonce_and_a_stray_attribute_no_claim() {
    let world = World::start().await;
    world
        .change_user(|user| {
            for name in ["iss", "cognito:groups", "token_use", "aud", "exp", "unheard_of"] {
                user.attributes.insert(name.to_owned(), "forged".to_owned());
            }
        })
        .await;
    let first = claims(&world.tokens_for(&[("scope", Some("openid"))]).await.text("id_token"));
    let second = claims(&world.tokens_for(&[("scope", Some("openid"))]).await.text("id_token"));
    assert!(first["nonce"].as_str().unwrap().len() >= 32);
    assert_ne!(first["nonce"], second["nonce"]);
    assert!(!first.to_string().contains("forged"));
}

#[tokio::test]
async fn without_revocation_there_are_no_family_ids() {
    let world = World::start().await;
    world.change_client(CONFIDENTIAL, |client| client.revocation = false).await;
    let tokens = world.tokens().await;
    let (id, access) = (claims(&tokens.text("id_token")), claims(&tokens.text("access_token")));
    assert!(id.get("jti").is_none() && id.get("origin_jti").is_none() && access.get("origin_jti").is_none());
    assert!(access.get("jti").is_some(), "access tokens always have one");
    assert_eq!(world.user_info(&tokens.text("access_token")).await.status, 200);
}
