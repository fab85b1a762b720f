//! `DescribeUserPoolDomain`: what a domain belongs to; an empty description when there is none (Terraform waits for that).
//!
//! Owns the translation only.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::idp::domains::{alias_target, managed_login_version};
use crate::cognito::idp::user_pools::ACCOUNT;
use crate::cognito::operation::{Call, Effect, Operation, Reach};
use crate::model::failure::Failure;

/// Cognito: `DescribeUserPoolDomain`.
#[derive(Debug)]
pub struct DescribeUserPoolDomain;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    domain: String,
}

impl Operation for DescribeUserPoolDomain {
    const NAME: &'static str = "DescribeUserPoolDomain";
    const EFFECT: Effect = Effect::Read;
    const REACH: Reach = Reach::Own;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let mut work = call.context.ports.store.read().await?;
        let found = work.domains().find(&input.domain).await?;
        let Some(domain) = found.filter(|domain| call.caller.reaches(&domain.pool_id)) else {
            return Ok(json!({ "DomainDescription": {} }));
        };
        let mut shown = json!({
            "AWSAccountId": ACCOUNT,
            "Domain": domain.name,
            "ManagedLoginVersion": managed_login_version(&domain),
            "Status": "ACTIVE",
            "UserPoolId": domain.pool_id,
            "Version": (domain.created_ms / 1000).to_string(),
        });
        // A declared custom domain has no certificate of AWS, without which the model has no description of it.
        if let Some(config) = domain.document.get("CustomDomainConfig").filter(|config| config.get("CertificateArn").is_some()) {
            shown["CustomDomainConfig"] = config.clone();
        }
        if domain.custom {
            shown["CloudFrontDistribution"] = alias_target(call).into();
        }
        if let Some(routing) = domain.document.get("Routing") {
            shown["Routing"] = routing.clone();
        }
        Ok(json!({ "DomainDescription": shown }))
    }
}
