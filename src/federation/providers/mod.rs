//! The table of provider kinds. A new kind is a file here and a line in [`table`].
//!
//! Siblings never import one another.

pub mod facebook;
pub mod google;
pub mod login_with_amazon;
pub mod oidc;
pub mod saml;
pub mod sign_in_with_apple;

use std::sync::Arc;

use crate::federation::provider::Provider;

/// One instance of every kind that this build speaks.
pub fn table() -> Vec<Arc<dyn Provider>> {
    vec![
        Arc::new(oidc::Oidc::new()),
        Arc::new(saml::Saml::default()),
        Arc::new(facebook::Facebook::default()),
        Arc::new(login_with_amazon::LoginWithAmazon),
        Arc::new(google::Google::default()),
        Arc::new(sign_in_with_apple::SignInWithApple::default()),
    ]
}
