//! Declared pools: applied once, again without a write, changed by the file only, wrong with every mistake at once.

use fedgate::base::declared::Declared;
use fedgate::cognito::declare::{self, DeclareFault};
use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::harness::both_backends;
use crate::harness::gateway::TestGateway;
use crate::harness::storage::Backend;

both_backends!(a_declaration_is_applied_and_kept, changes_of_the_file_are_applied, two_replicas_may_start_at_once);

const SECRET: &str = "a-declared-secret-of-an-app";

fn file(callback: &str, issuer: &str, provider_secret: &str) -> String {
    format!(
        r#"
        [[user_pools]]
        id = "local_Staff"
        name = "staff"
        domain = "staff-login"
        user_pool_tags = {{ Team = "identity" }}
        [user_pools.policies.password_policy]
        minimum_length = 12

        [[user_pools.app_clients]]
        client_id = "intranet"
        client_secret = "{SECRET}"
        client_name = "intranet"
        callback_urls = ["{callback}"]
        allowed_oauth_flows = ["code"]
        allowed_o_auth_flows_user_pool_client = true
        allowed_oauth_scopes = ["openid", "email"]
        supported_identity_providers = ["Corp"]

        [[user_pools.app_clients]]
        name = "server"
        generate_secret = true

        [[user_pools.identity_providers]]
        provider_name = "Corp"
        provider_type = "OIDC"
        idp_identifiers = ["corp.example"]
        attribute_mapping = {{ email = "mail" }}
        [user_pools.identity_providers.provider_details]
        client_id = "fedgate"
        {provider_secret}
        oidc_issuer = "{issuer}"
        authorize_scopes = "openid email"
        attributes_request_method = "GET"
        "#
    )
}

const PROVIDER_SECRET: &str = "client_secret = \"upstream-secret\"";
const CALLBACK: &str = "https://intranet.example.com/callback";
// Nobody listens there: the gateway must start all the same.
const ISSUER: &str = "http://127.0.0.1:9";

async fn everything(aws: &Aws<'_>) -> Value {
    let pool = json!({ "UserPoolId": "local_Staff" });
    let provider = json!({ "UserPoolId": "local_Staff", "ProviderName": "Corp" });
    let client = json!({ "UserPoolId": "local_Staff", "ClientId": "intranet" });
    let server = {
        let mut work = aws.gateway.ports().store.read().await.unwrap();
        work.app_clients().find_declared("local_Staff", "server").await.unwrap().unwrap().id
    };
    let server = json!({ "UserPoolId": "local_Staff", "ClientId": server });
    json!([
        aws.ok("DescribeUserPool", pool).await,
        aws.ok("DescribeIdentityProvider", provider).await,
        // A declared secret may hold more than Cognito's letters, so this answer may be wider than the model.
        aws.send_body("DescribeUserPoolClient", client.to_string()).await.body,
        aws.ok("DescribeUserPoolClient", server).await,
    ])
}

async fn a_declaration_is_applied_and_kept(backend: Backend) {
    let gateway = TestGateway::builder().backend(backend).config(&file(CALLBACK, ISSUER, PROVIDER_SECRET)).start().await;
    let shown = everything(&Aws::new(&gateway)).await;
    let (pool, provider) = (&shown[0]["UserPool"], &shown[1]["IdentityProvider"]);
    let (client, server) = (&shown[2]["UserPoolClient"], &shown[3]["UserPoolClient"]);
    assert_eq!((&pool["Name"], &pool["Domain"]), (&json!("staff"), &json!("staff-login")));
    assert_eq!(pool["Policies"]["PasswordPolicy"]["MinimumLength"], 12);
    assert_eq!(pool["UserPoolTags"], json!({ "Team": "identity" }), "free keys stay as they are");
    assert_eq!((&client["CallbackURLs"], &client["ClientSecret"]), (&json!([CALLBACK]), &json!(SECRET)));
    assert_eq!(client["AllowedOAuthFlows"], json!(["code"]));
    assert_eq!(provider["ProviderDetails"]["client_secret"], "upstream-secret");
    assert_eq!(provider["AttributeMapping"], json!({ "email": "mail" }));
    assert_eq!(server["ClientSecret"].as_str().unwrap().len(), 51);
    let jwks = gateway.ports().keys.jwks("local_Staff").await.unwrap();
    gateway.advance_s(60);
    let again = gateway.replica().await;
    assert_eq!(everything(&Aws::new(&again)).await, shown, "nothing was written, dates included");
    assert_eq!(again.ports().keys.jwks("local_Staff").await.unwrap(), jwks);
    // In a declared pool the API may still make things of its own.
    Aws::new(&again).ok("CreateUserPoolClient", json!({ "UserPoolId": "local_Staff", "ClientName": "more" })).await;
}

async fn changes_of_the_file_are_applied(backend: Backend) {
    let first = TestGateway::builder().backend(backend).config(&file(CALLBACK, ISSUER, PROVIDER_SECRET)).start().await;
    let before = everything(&Aws::new(&first)).await;
    first.advance_s(60);
    let moved = "https://intranet.example.com/new";
    // P-16: another issuer, and the file names no secret for it.
    let text = file(moved, "http://127.0.0.1:10", "");
    let second = TestGateway::builder().backend(backend).storage(&first.storage).config(&text).start().await;
    let after = everything(&Aws::new(&second)).await;
    assert_eq!(after[2]["UserPoolClient"]["CallbackURLs"], json!([moved]));
    assert_eq!(after[2]["UserPoolClient"]["CreationDate"], before[2]["UserPoolClient"]["CreationDate"]);
    assert_eq!(after[1]["IdentityProvider"]["ProviderDetails"]["oidc_issuer"], "http://127.0.0.1:10");
    assert!(after[1]["IdentityProvider"]["ProviderDetails"].get("client_secret").is_none());
    assert_eq!(after[0], before[0], "the pool itself did not change");
    assert_eq!(after[3], before[3], "nor the other client, with its generated secret");
}

async fn two_replicas_may_start_at_once(backend: Backend) {
    let seed = TestGateway::start(backend).await;
    let builder =
        || TestGateway::builder().backend(backend).storage(&seed.storage).config(&file(CALLBACK, ISSUER, PROVIDER_SECRET));
    let (one, two, three) = tokio::join!(builder().start(), builder().start(), builder().start());
    let shown = everything(&Aws::new(&one)).await;
    assert_eq!(everything(&Aws::new(&two)).await, shown);
    assert_eq!(everything(&Aws::new(&three)).await, shown);
    let pools = Aws::new(&one).ok("ListUserPools", json!({ "MaxResults": 60 })).await;
    assert_eq!(pools["UserPools"].as_array().unwrap().iter().filter(|pool| pool["Name"] == "staff").count(), 1);
}

fn faults(value: Value) -> Vec<DeclareFault> {
    declare::check(&[Declared { path: "user_pools[0]".to_owned(), value, ..Declared::default() }])
}

fn good() -> Value {
    json!({
        "name": "staff",
        "app_clients": [{
            "client_name": "a",
            "callback_urls": ["https://a.example/cb"],
            "allowed_oauth_flows": ["code"],
            "allowed_oauth_flows_user_pool_client": true,
            "allowed_oauth_scopes": ["openid"],
            "supported_identity_providers": ["Corp", "COGNITO"],
        }],
        "identity_providers": [{
            "provider_name": "Corp",
            "provider_type": "OIDC",
            "provider_details": { "client_id": "x", "anything": "goes here, the provider checks it" },
            "attribute_mapping": { "email": "Mail", "custom:team": "team" },
        }],
        "schema": [{ "name": "team", "attribute_data_type": "String" }],
    })
}

#[test]
fn a_good_declaration_has_no_faults() {
    assert_eq!(faults(good()), []);
    assert_eq!(faults(json!({ "pool_name": "staff" })), []);
}

#[test]
fn each_mistake_is_found_at_its_place() {
    for (pointer, key, value, place, words) in [
        ("", "name", json!(""), ".name", "length greater than or equal to 1"),
        ("", "name", json!(5), ".name", "NUMBER_VALUE"),
        ("", "mfa_configuration", json!("MAYBE"), ".mfa_configuration", "enum value set"),
        ("", "polices", json!({}), ".polices", "did you mean `policies`?"),
        ("", "policies", json!({ "password_polcy": {} }), ".policies.password_polcy", "did you mean `password_policy`?"),
        ("", "policies", json!({ "password_policy": { "minimum_length": 2 } }), ".policies", "value greater than or equal to 6"),
        ("", "alias_attributes", json!("email"), ".alias_attributes", "STRING_VALUE"),
        ("", "id", json!("no pool id"), ".id", "pattern"),
        ("", "domain", json!("-x"), ".domain", "pattern"),
        ("", "domain", json!("my-aws"), ".domain", "reserved word"),
        ("", "app_clients", json!({}), ".app_clients", "list of tables"),
        ("/app_clients/0", "calback_urls", json!([]), ".app_clients[0].calback_urls", "did you mean `callback_urls`?"),
        ("/app_clients/0", "user_pool_id", json!("x_y"), ".app_clients[0].user_pool_id", "unknown key"),
        ("/app_clients/0", "callback_urls", json!(["http://a.example/"]), ".app_clients[0]", "HTTP protocol"),
        (
            "/app_clients/0",
            "allowed_oauth_flows_user_pool_client",
            json!(false),
            ".app_clients[0].allowed_oauth_flows",
            "no effect",
        ),
        (
            "/app_clients/0",
            "supported_identity_providers",
            json!(["Crop"]),
            ".app_clients[0].supported_identity_providers",
            "`Corp`",
        ),
        ("/app_clients/0", "client_secret", json!("canary"), ".app_clients[0].client_secret", "24 to 128"),
        (
            "/app_clients/0",
            "access_token_validity",
            json!(90_000),
            ".app_clients[0].access_token_validity",
            "less than or equal to 86400",
        ),
        ("/identity_providers/0", "provider_type", json!("Google"), ".identity_providers[0]", "must be Google"),
        ("/identity_providers/0", "provider_type", json!("oidc"), ".identity_providers[0].provider_type", "enum value set"),
        ("/identity_providers/0", "attribute_mapping", json!({ "nick": "x" }), ".identity_providers[0]", "not an attribute"),
        (
            "/identity_providers/0",
            "provider_details",
            json!({ "client_id": true }),
            ".identity_providers[0].provider_details",
            "TRUE_VALUE",
        ),
    ] {
        let mut value_of = good();
        value_of.pointer_mut(pointer).unwrap()[key] = value;
        let found = faults(value_of);
        let hit = found.iter().any(|fault| fault.path == format!("user_pools[0]{place}") && fault.to_string().contains(words));
        assert!(hit, "{pointer} {key}: {found:?}");
        assert!(found.iter().all(|fault| !fault.to_string().contains("canary")));
    }
}

#[test]
fn required_keys_and_doubled_names_are_found_all_at_once() {
    let found = faults(json!({
        "app_clients": [{}, { "name": "a", "client_name": "a" }, { "name": "b" }, { "name": "b" }],
        "identity_providers": [{ "name": "Corp" }],
    }));
    let places: Vec<&str> = found.iter().map(|fault| fault.path.trim_start_matches("user_pools[0].")).collect();
    for place in [
        "name",
        "app_clients[0].name",
        "app_clients[1].client_name",
        "app_clients[3].client_name",
        "identity_providers[0].provider_type",
        "identity_providers[0].provider_details",
    ] {
        assert!(places.contains(&place), "{place} in {places:?}");
    }
    let one = |id: &str| json!({ "name": id, "id": "local_Same" });
    let twice = ["a", "b"].map(|name| Declared { path: format!("user_pools[{name}]"), value: one(name), ..Declared::default() });
    assert_eq!(declare::check(&twice).len(), 1);
}
