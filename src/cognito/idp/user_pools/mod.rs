//! Operations on user pools, and the one form in which a pool is described.
//!
//! Owns what describe answers add to what was given: Cognito's defaults, ids and dates (Terraform reads `Policies`, dates and
//! `SchemaAttributes` without asking whether they are there).

pub mod create_user_pool;
pub mod describe_user_pool;
pub mod list_user_pools;

use serde_json::{Map, Value, json};

use crate::cognito::operation::{Call, Entry};
use crate::cognito::wire;
use crate::model::domain::Domain;
use crate::model::user_pool::UserPool;
use crate::user_pools::schema;

/// The family.
pub const OPERATIONS: &[Entry] = &[
    Entry::of::<create_user_pool::CreateUserPool>(),
    Entry::of::<describe_user_pool::DescribeUserPool>(),
    Entry::of::<list_user_pools::ListUserPools>(),
];

/// The account in ARNs: there is only one.
pub const ACCOUNT: &str = "000000000000";

/// A pool as describe answers show it (Cognito: `UserPoolType`).
fn described(call: &Call, pool: &UserPool, domains: &[Domain], users: i64) -> Value {
    let mut shown = pool.document.as_object().cloned().unwrap_or_default();
    // They are shown under other names.
    shown.remove("Schema");
    shown.remove("PoolName");
    mirror(&mut shown);
    let policies = policies(shown.get("Policies"));
    let secured = shown.get("UserPoolAddOns").and_then(|add_ons| add_ons.get("AdvancedSecurityMode")).and_then(Value::as_str);
    let tier = if matches!(secured, Some("AUDIT" | "ENFORCED")) {
        json!("PLUS")
    } else {
        shown.get("UserPoolTier").cloned().unwrap_or_else(|| json!("ESSENTIALS"))
    };
    for (member, default) in [
        ("AccountRecoverySetting", recovery()),
        ("AdminCreateUserConfig", json!({ "AllowAdminCreateUserOnly": false, "UnusedAccountValidityDays": 7 })),
        ("DeletionProtection", json!("INACTIVE")),
        ("EmailConfiguration", json!({ "EmailSendingAccount": "COGNITO_DEFAULT" })),
        ("LambdaConfig", json!({})),
        ("MfaConfiguration", json!("OFF")),
        ("UserPoolTags", json!({})),
        ("VerificationMessageTemplate", json!({ "DefaultEmailOption": "CONFIRM_WITH_CODE" })),
    ] {
        shown.entry(member).or_insert(default);
    }
    shown.insert("Policies".into(), policies);
    shown.insert("UserPoolTier".into(), tier);
    shown.insert("SchemaAttributes".into(), schema::resolved(&pool.document).into());
    shown.insert("Id".into(), pool.id.clone().into());
    shown.insert("Name".into(), pool.name.clone().into());
    shown.insert("Arn".into(), format!("arn:aws:cognito-idp:{}:{ACCOUNT}:userpool/{}", call.context.ports.region, pool.id).into());
    shown.insert("Status".into(), "Enabled".into());
    shown.insert("CreationDate".into(), wire::date(pool.created_ms));
    shown.insert("LastModifiedDate".into(), wire::date(pool.modified_ms));
    shown.insert("EstimatedNumberOfUsers".into(), users.into());
    for domain in domains {
        shown.insert(if domain.custom { "CustomDomain" } else { "Domain" }.into(), domain.name.clone().into());
    }
    Value::Object(shown)
}

/// Cognito keeps older and newer members for the same thing in step; tools compare them.
fn mirror(shown: &mut Map<String, Value>) {
    for (old, new) in [
        ("EmailVerificationMessage", "EmailMessage"),
        ("EmailVerificationSubject", "EmailSubject"),
        ("SmsVerificationMessage", "SmsMessage"),
    ] {
        let newer = shown.get("VerificationMessageTemplate").and_then(|template| template.get(new)).cloned();
        if let Some(value) = newer {
            shown.insert(old.to_owned(), value);
        } else if let Some(value) = shown.get(old).cloned() {
            let template =
                shown.entry("VerificationMessageTemplate").or_insert_with(|| json!({ "DefaultEmailOption": "CONFIRM_WITH_CODE" }));
            template[new] = value;
        }
    }
    if let Some(Value::Object(template)) = shown.get_mut("VerificationMessageTemplate") {
        template.entry("DefaultEmailOption").or_insert_with(|| json!("CONFIRM_WITH_CODE"));
    }
    if let Some(Value::Object(lambdas)) = shown.get_mut("LambdaConfig") {
        let configured = lambdas.get("PreTokenGenerationConfig").and_then(|config| config.get("LambdaArn")).cloned();
        match (configured, lambdas.get("PreTokenGeneration").cloned()) {
            (Some(arn), None) => {
                lambdas.insert("PreTokenGeneration".into(), arn);
            }
            (None, Some(arn)) => {
                lambdas.insert("PreTokenGenerationConfig".into(), json!({ "LambdaVersion": "V1_0", "LambdaArn": arn }));
            }
            _ => {}
        }
    }
}

fn policies(given: Option<&Value>) -> Value {
    let password = given.and_then(|policies| policies.get("PasswordPolicy"));
    let strict = password.is_none();
    let mut shown = json!({
        "MinimumLength": 8,
        "RequireUppercase": strict,
        "RequireLowercase": strict,
        "RequireNumbers": strict,
        "RequireSymbols": strict,
        "TemporaryPasswordValidityDays": 7,
    });
    for (member, value) in password.and_then(Value::as_object).into_iter().flatten() {
        shown[member] = value.clone();
    }
    let sign_in = given.and_then(|policies| policies.get("SignInPolicy")).cloned();
    json!({ "PasswordPolicy": shown, "SignInPolicy": sign_in.unwrap_or_else(|| json!({ "AllowedFirstAuthFactors": ["PASSWORD"] })) })
}

fn recovery() -> Value {
    json!({ "RecoveryMechanisms": [{ "Name": "verified_email", "Priority": 1 }, { "Name": "verified_phone_number", "Priority": 2 }] })
}
