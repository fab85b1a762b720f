//! Whole sign-ins as people make them, with software on both sides that nobody here wrote: SimpleSAMLphp and `oidc-provider` as identity
//! providers, `openid-client` as the app, a browser between them, on both sets of backends.

mod hostile;
mod oidc;
mod restart;
mod rollover;
mod saml;
mod sdk;
mod world;
