//! The playground: stand-in identity providers and a sample app.
//!
//! A library for the tests and a program for the demo; never part of a release.

pub mod saml_idp;
