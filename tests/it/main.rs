//! The one integration binary. Its modules mirror `src`; add a module here, not a second binary (each links the whole gateway).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cache;
mod cognito;
mod commands;
mod config;
mod federation;
mod fuzz;
mod harness;
mod hosted_ui;
mod house;
mod http;
mod journeys;
mod keys;
mod oauth;
mod outbound;
mod playground;
mod real;
mod saml;
mod store;
