//! Which claims of which kind of provider fill the unified identity: one table.
//!
//! Owns the names and nothing else; `unified` reads it. Of several names for one field the first that is there wins; groups are collected from
//! all. A name with dots that is no claim itself is a way into an object (Facebook's `picture.data.url`). Names are compared as they are
//! written: SAML's are exact (S-19).

use crate::model::identity_provider::ProviderKind;
use crate::model::unified_identity::Field;

/// A field and the claims that may fill it.
pub type Row = (Field, &'static [&'static str]);

/// Standard claims (OpenID Connect Core section 5.1), and what providers commonly add: Google's are these too.
const OIDC: &[Row] = &[
    (Field::Username, &["preferred_username", "upn", "nickname"]),
    (Field::Name, &["name"]),
    (Field::GivenName, &["given_name"]),
    (Field::FamilyName, &["family_name"]),
    (Field::Email, &["email"]),
    (Field::PhoneNumber, &["phone_number"]),
    (Field::Picture, &["picture"]),
    (Field::Locale, &["locale"]),
    (Field::Zoneinfo, &["zoneinfo"]),
    (Field::Groups, &["groups", "cognito:groups"]),
];

/// Sign in with Apple: the ID token's claims, and the name that comes once, in the `user` field of the first answer (O-22).
const APPLE: &[Row] = &[
    (Field::Name, &["name"]),
    (Field::GivenName, &["given_name", "first_name", "firstName", "name.firstName"]),
    (Field::FamilyName, &["family_name", "last_name", "lastName", "name.lastName"]),
    (Field::Email, &["email"]),
];

/// Facebook: Graph's fields of `me`, and the claims of a limited login's ID token.
const FACEBOOK: &[Row] = &[
    (Field::Name, &["name"]),
    (Field::GivenName, &["first_name", "given_name"]),
    (Field::FamilyName, &["last_name", "family_name"]),
    (Field::Email, &["email"]),
    (Field::Picture, &["picture.data.url", "picture"]),
    (Field::Locale, &["locale"]),
];

/// Login with Amazon: the profile endpoint.
const AMAZON: &[Row] = &[(Field::Name, &["name"]), (Field::Email, &["email"])];

/// SAML attributes: friendly names, those of eduPerson and X.520 by OID, the identity claims of Active Directory Federation Services and Entra.
/// What Entra sends as `claims/name` is the sign-in name.
const SAML: &[Row] = &[
    (
        Field::Username,
        &[
            "uid",
            "urn:oid:0.9.2342.19200300.100.1.1",
            "eduPersonPrincipalName",
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
            "sAMAccountName",
            "userPrincipalName",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname",
            "username",
        ],
    ),
    (
        Field::Name,
        &[
            "displayName",
            "urn:oid:2.16.840.1.113730.3.1.241",
            "http://schemas.microsoft.com/identity/claims/displayname",
            "cn",
            "urn:oid:2.5.4.3",
            "http://schemas.xmlsoap.org/claims/CommonName",
            "name",
        ],
    ),
    (
        Field::GivenName,
        &[
            "givenName",
            "urn:oid:2.5.4.42",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
            "firstName",
            "given_name",
        ],
    ),
    (
        Field::FamilyName,
        &[
            "sn",
            "urn:oid:2.5.4.4",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
            "surname",
            "lastName",
            "family_name",
        ],
    ),
    (
        Field::Email,
        &[
            "mail",
            "urn:oid:0.9.2342.19200300.100.1.3",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "email",
            "emailAddress",
            "urn:oid:1.2.840.113549.1.9.1",
        ],
    ),
    (
        Field::PhoneNumber,
        &[
            "telephoneNumber",
            "urn:oid:2.5.4.20",
            "mobile",
            "urn:oid:0.9.2342.19200300.100.1.41",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/mobilephone",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/otherphone",
            "phone_number",
        ],
    ),
    (Field::Picture, &["picture", "labeledURI", "urn:oid:1.3.6.1.4.1.250.1.57"]),
    (Field::Locale, &["preferredLanguage", "urn:oid:2.16.840.1.113730.3.1.39", "locale"]),
    (Field::Zoneinfo, &["zoneinfo", "timezone"]),
    (
        Field::Groups,
        &[
            "memberOf",
            "urn:oid:1.2.840.113556.1.2.102",
            "isMemberOf",
            "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
            "eduPersonAffiliation",
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.1",
            "eduPersonScopedAffiliation",
            "urn:oid:1.3.6.1.4.1.5923.1.1.1.9",
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
            "http://schemas.xmlsoap.org/claims/Group",
            "groups",
        ],
    ),
];

/// The rows of a kind.
pub fn rows(kind: ProviderKind) -> &'static [Row] {
    match kind {
        ProviderKind::Oidc | ProviderKind::Google => OIDC,
        ProviderKind::Saml => SAML,
        ProviderKind::Facebook => FACEBOOK,
        ProviderKind::SignInWithApple => APPLE,
        ProviderKind::LoginWithAmazon => AMAZON,
    }
}
