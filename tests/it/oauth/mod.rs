//! The OAuth face against a running gateway: one file per endpoint or promise of security-requirements table (c).

mod addresses;
mod answers;
mod audit;
mod authorize;
mod authorize_pkce;
mod authorize_redirect;
mod authorize_session;
mod claims;
mod client_auth;
mod code;
mod departures;
mod discovery;
mod kinds;
mod logout;
mod refresh;
mod revoke;
mod token;
mod userinfo;
pub mod world;
