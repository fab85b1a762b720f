//! The one integration binary. Its modules mirror `src`; add a module here, not a second binary (each links the whole gateway).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod hosted_ui;
mod house;
mod oauth;
mod real;
mod saml;
