//! The SAML protocol, fenced.
