//! CreateUserPool, DescribeUserPool, ListUserPools: effects, echo, defaults, refusals.

use serde_json::{Value, json};

use crate::cognito::aws::Aws;
use crate::harness::both_backends;
use crate::harness::gateway::{START_MS, TestGateway};
use crate::harness::storage::Backend;

both_backends!(a_pool_is_made_with_keys_and_defaults, everything_given_is_echoed, settings_that_contradict_are_refused);

async fn a_pool_is_made_with_keys_and_defaults(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let made = aws.ok("CreateUserPool", json!({ "PoolName": "staff" })).await["UserPool"].clone();
    let id = made["Id"].as_str().unwrap();
    assert_eq!(made["Name"], "staff");
    assert_eq!(made["Arn"], format!("arn:aws:cognito-idp:local:000000000000:userpool/{id}"));
    assert_eq!(made["CreationDate"], START_MS / 1000);
    assert_eq!(made["LastModifiedDate"], START_MS / 1000);
    assert_eq!(made["MfaConfiguration"], "OFF");
    assert_eq!(made["DeletionProtection"], "INACTIVE");
    assert_eq!(made["UserPoolTier"], "ESSENTIALS");
    assert_eq!(made["EstimatedNumberOfUsers"], 0);
    assert_eq!(made["SchemaAttributes"].as_array().unwrap().len(), 20);
    assert_eq!(made["Policies"]["PasswordPolicy"]["MinimumLength"], 8);
    assert_eq!(made["AccountRecoverySetting"]["RecoveryMechanisms"][0], json!({ "Name": "verified_email", "Priority": 1 }));
    assert!(made.get("Domain").is_none() && made.get("UsernameConfiguration").is_none());
    assert_eq!(aws.ok("DescribeUserPool", json!({ "UserPoolId": id })).await["UserPool"], made);
    let jwks = gateway.ports().keys.jwks(id).await.unwrap();
    assert_eq!(jwks["keys"].as_array().unwrap().len(), 2);
    gateway.advance_s(1);
    let other = aws.ok("CreateUserPool", json!({ "PoolName": "staff" })).await["UserPool"].clone();
    assert_ne!(other["Id"], made["Id"], "names need not be unique");
    let listed = aws.ok("ListUserPools", json!({ "MaxResults": 60 })).await;
    let listed: Vec<&Value> = listed["UserPools"].as_array().unwrap().iter().map(|pool| &pool["Id"]).collect();
    assert!(listed.contains(&&made["Id"]) && listed.contains(&&other["Id"]));
}

async fn everything_given_is_echoed(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let given = json!({
        "PoolName": "full",
        "AccountRecoverySetting": { "RecoveryMechanisms": [{ "Name": "admin_only", "Priority": 1 }] },
        "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": true, "InviteMessageTemplate": { "SMSMessage": "{username} {####}" } },
        "AliasAttributes": ["email"],
        "AutoVerifiedAttributes": ["email"],
        "DeletionProtection": "ACTIVE",
        "DeviceConfiguration": { "ChallengeRequiredOnNewDevice": true },
        "EmailConfiguration": { "EmailSendingAccount": "COGNITO_DEFAULT", "ReplyToEmailAddress": "help@example.com" },
        "EmailVerificationMessage": "Your code is {####}.",
        "EmailVerificationSubject": "Code",
        "LambdaConfig": { "PreTokenGeneration": "arn:aws:lambda:eu-west-1:123456789012:function:claims" },
        "Policies": { "PasswordPolicy": { "MinimumLength": 12, "RequireNumbers": true } },
        "Schema": [
            { "Name": "email", "AttributeDataType": "String", "Required": true, "Mutable": true },
            { "Name": "role", "AttributeDataType": "String", "Mutable": true, "StringAttributeConstraints": { "MinLength": "1", "MaxLength": "2048" } },
        ],
        "UserPoolAddOns": { "AdvancedSecurityMode": "AUDIT" },
        "UserPoolTags": { "team": "identity" },
        "UserAttributeUpdateSettings": { "AttributesRequireVerificationBeforeUpdate": ["email"] },
        "UsernameConfiguration": { "CaseSensitive": false },
    });
    let made = aws.ok("CreateUserPool", given.clone()).await["UserPool"].clone();
    for (member, value) in given.as_object().unwrap() {
        let shown = match member.as_str() {
            "PoolName" => &made["Name"],
            "Schema" => {
                let shown = made["SchemaAttributes"].as_array().unwrap();
                let find = |name: &str| shown.iter().find(|attribute| attribute["Name"] == name).unwrap();
                assert_eq!(find("email")["Required"], true);
                assert_eq!(find("custom:role")["StringAttributeConstraints"], value[1]["StringAttributeConstraints"]);
                assert_eq!(find("custom:role")["Required"], false);
                continue;
            }
            "Policies" => {
                let policy = &made["Policies"]["PasswordPolicy"];
                let shown = [&policy["MinimumLength"], &policy["RequireNumbers"], &policy["RequireSymbols"]];
                assert_eq!(shown, [&json!(12), &json!(true), &json!(false)]);
                continue;
            }
            "LambdaConfig" => {
                assert_eq!(made[member]["PreTokenGenerationConfig"]["LambdaArn"], value["PreTokenGeneration"]);
                continue;
            }
            _ => &made[member],
        };
        assert_eq!(shown, value, "{member}");
    }
    assert_eq!(made["VerificationMessageTemplate"]["EmailMessage"], given["EmailVerificationMessage"], "kept in step");
    assert_eq!(made["UserPoolTier"], "PLUS", "threat protection needs it");
    assert_eq!(aws.ok("DescribeUserPool", json!({ "UserPoolId": made["Id"] })).await["UserPool"], made);
}

async fn settings_that_contradict_are_refused(backend: Backend) {
    let gateway = TestGateway::start(backend).await;
    let aws = Aws::new(&gateway);
    let with = |member: &str, value: Value| json!({ "PoolName": "p", member: value });
    let text = aws
        .refused(
            "CreateUserPool",
            json!({ "PoolName": "p", "AliasAttributes": ["email"], "UsernameAttributes": ["email"] }),
            "InvalidParameterException",
        )
        .await;
    assert_eq!(text, "Only one of the aliasAttributes or usernameAttributes can be set in a user pool.");
    for schema in [
        json!([{ "Name": "role", "AttributeDataType": "String", "Required": true }]),
        json!([{ "Name": "email", "AttributeDataType": "Number" }]),
        json!([{ "Name": "a", "AttributeDataType": "String" }, { "Name": "a", "AttributeDataType": "String" }]),
    ] {
        aws.refused("CreateUserPool", with("Schema", schema), "InvalidParameterException").await;
    }
    assert_eq!(aws.ok("ListUserPools", json!({ "MaxResults": 60 })).await["UserPools"], json!([]), "nothing was stored");
    aws.ok("CreateUserPool", with("Schema", json!([{ "Name": "role", "AttributeDataType": "String" }]))).await;
}
