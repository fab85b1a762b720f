//! The signing keys: their life, their form, and what rests in the database.

pub mod common;
mod master;
mod ring;
mod rotation;
mod saml_keys;
mod seal;
