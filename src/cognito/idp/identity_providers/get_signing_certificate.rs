//! `GetSigningCertificate`: the certificate with which the pool signs as a SAML service provider.
//!
//! Owns the translation only; keys and their rotation are `keys`'.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cognito::operation::{Call, Effect, Operation};
use crate::model::failure::Failure;
use crate::user_pools::pools;

/// Cognito: `GetSigningCertificate`.
#[derive(Debug)]
pub struct GetSigningCertificate;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Input {
    user_pool_id: String,
}

impl Operation for GetSigningCertificate {
    const NAME: &'static str = "GetSigningCertificate";
    const EFFECT: Effect = Effect::Read;
    type Input = Input;
    type Output = Value;

    async fn handle(call: &Call, input: Input) -> Result<Value, Failure> {
        let pool = pools::find(&mut call.context.ports.store.read().await?, &input.user_pool_id).await?;
        // Base64 DER without PEM armour, as on Cognito.
        let key = call.context.ports.keys.saml_signing_key(&pool.id).await?;
        Ok(json!({ "Certificate": key.certificate }))
    }
}
