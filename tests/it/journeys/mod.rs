//! Whole sign-ins as people make them, with software on both sides that nobody here wrote: SimpleSAMLphp, pysaml2 and `oidc-provider` as identity
//! providers, `openid-client` as the app, a browser between them, on both sets of backends.

mod hostile;
mod oidc;
mod restart;
mod rollover;
mod saml;
mod saml_logout;
mod saml_logout_real;
mod saml_matrix;
mod sdk;
mod world;
