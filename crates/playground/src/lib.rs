//! Stand-in identity providers, a browser without a screen and a sample app.
//!
//! A library for the tests and for the program `playground`, which `make demo` starts. Nothing here is part of a release:
//! the stand-ins speak the real protocols on the wire, but they sign anybody in who presses a button.
//!
//! - [`oidc_idp`] is an OpenID Connect provider that can be told to misbehave;
//! - [`saml_idp`] is a SAML identity provider that can sign anything;
//! - [`social`] holds the stand-ins for Google, Apple, Facebook and Amazon;
//! - [`browser`] walks through redirects and forms as a person with a browser would;
//! - [`app`] is the sample app, a plain relying party of the gateway;
//! - [`gateway`] and [`demo`] start the real gateway between them;
//! - [`look`], [`journal`], [`server`] and [`clock`] are what they share.

pub mod app;
pub mod browser;
pub mod clock;
pub mod demo;
pub mod gateway;
pub mod journal;
pub mod look;
pub mod oidc_idp;
pub mod saml_idp;
pub mod server;
pub mod social;
