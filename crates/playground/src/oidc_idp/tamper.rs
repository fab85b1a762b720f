//! The ways in which the OIDC stand-in can be told to misbehave.
//!
//! A default [`Tamper`] changes nothing, so a test's paired control is the same journey without the call. Setters take
//! closures that see the honest value and may change it. Neighbours: `mod.rs` keeps one for each stand-in; every endpoint asks it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

/// Changes a JSON document in place.
pub type Edit = Arc<dyn Fn(&mut Value) + Send + Sync>;
/// Changes a list of parameters in place.
pub type EditPairs = Arc<dyn Fn(&mut Vec<(String, String)>) + Send + Sync>;
/// Replaces a text.
pub type EditText = Arc<dyn Fn(String) -> String + Send + Sync>;

/// The endpoints, for counters and faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// `/jwks`
    Jwks,
    /// `/authorize`
    Authorize,
    /// `/login`
    Login,
    /// `/token`
    Token,
    /// `/userinfo`
    Userinfo,
    /// Anywhere else: a request there is something that nobody published, for example a `jku`.
    Elsewhere,
}

/// How the ID token is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignWith {
    /// The honest way: RS256 with the first published key.
    #[default]
    Rs256,
    /// The right key, RS384.
    Rs384,
    /// The right key, RS512.
    Rs512,
    /// The right key, PS256.
    Ps256,
    /// RS256 with a key that is not published, under the published `kid`.
    OtherKey,
    /// No signature; the text is the `alg` to claim (`none`, `None`, `NONE`).
    Nothing(&'static str),
    /// HS256 keyed with the public key's PEM text.
    HmacPublicPem,
    /// HS256 keyed with the public key's DER bytes.
    HmacPublicDer,
    /// HS256 keyed with the JWK's `n` text.
    HmacModulus,
    /// HS256 keyed with these bytes (empty, the client secret …).
    HmacKey(Vec<u8>),
    /// ES256 with a fresh, unpublished P-256 key.
    Es256FreshKey,
    /// ES256 whose signature is sixty-four zero bytes.
    Es256Zero,
    /// Any `alg` with any signature bytes.
    Fixed {
        /// The `alg` to claim.
        alg: String,
        /// The bytes to send as signature.
        signature: Vec<u8>,
    },
}

impl SignWith {
    /// The `alg` that the token's header claims.
    pub fn alg(&self) -> String {
        match self {
            Self::Rs256 | Self::OtherKey => "RS256".to_owned(),
            Self::Rs384 => "RS384".to_owned(),
            Self::Rs512 => "RS512".to_owned(),
            Self::Ps256 => "PS256".to_owned(),
            Self::Nothing(alg) => (*alg).to_owned(),
            Self::HmacPublicPem | Self::HmacPublicDer | Self::HmacModulus | Self::HmacKey(_) => "HS256".to_owned(),
            Self::Es256FreshKey | Self::Es256Zero => "ES256".to_owned(),
            Self::Fixed { alg, .. } => alg.clone(),
        }
    }
}

/// What an endpoint answers instead of, or before, the honest answer.
#[derive(Clone, Debug, Default)]
pub struct Fault {
    /// Wait so long, in milliseconds, before anything is answered.
    pub delay_ms: u64,
    /// Answer this instead of the honest answer.
    pub answer: Option<FaultAnswer>,
    /// Only for so many requests, then honest again; `None` = always.
    pub times: Option<u32>,
}

/// A dishonest answer.
#[derive(Clone, Debug)]
pub struct FaultAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// The body, sent `repeat` times in chunks without a `Content-Length` if `repeat` is above one.
    pub body: Vec<u8>,
    /// How often the body is sent.
    pub repeat: usize,
    /// `Location`, for redirects.
    pub location: Option<String>,
}

impl Fault {
    /// Answers a status with a short text body.
    pub fn status(status: u16) -> Self {
        Self::body(status, "text/plain", "out of order")
    }

    /// Answers 200 with an HTML page where JSON is expected.
    pub fn html() -> Self {
        Self::body(200, "text/html; charset=utf-8", "<!doctype html><title>Maintenance</title><p>Back soon.</p>")
    }

    /// Answers any status, type and body.
    pub fn body(status: u16, content_type: &str, body: &str) -> Self {
        Self::answer(FaultAnswer {
            status,
            content_type: content_type.to_owned(),
            body: body.as_bytes().to_vec(),
            repeat: 1,
            location: None,
        })
    }

    /// Answers 200 with JSON white space of so many mebibytes, streamed without a `Content-Length`.
    pub fn huge(mebibytes: usize) -> Self {
        Self::answer(FaultAnswer {
            status: 200,
            content_type: "application/json".to_owned(),
            body: vec![b' '; 64 * 1024],
            repeat: mebibytes * 16,
            location: None,
        })
    }

    /// Answers 302 to `location`.
    pub fn redirect(location: &str) -> Self {
        Self::answer(FaultAnswer {
            status: 302,
            content_type: "text/plain".to_owned(),
            body: Vec::new(),
            repeat: 1,
            location: Some(location.to_owned()),
        })
    }

    /// Answers honestly, but late.
    pub fn delay(milliseconds: u64) -> Self {
        Self { delay_ms: milliseconds, ..Self::default() }
    }

    /// The same fault for the next `times` requests only.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn answer(answer: FaultAnswer) -> Self {
        Self { answer: Some(answer), ..Self::default() }
    }
}

/// Everything that is altered; the default alters nothing.
#[derive(Clone, Default)]
pub struct Tamper {
    pub(super) discovery: Option<Edit>,
    pub(super) jwks: Option<Edit>,
    pub(super) callback: Option<EditPairs>,
    pub(super) id_token_header: Option<Edit>,
    pub(super) id_token_claims: Option<Edit>,
    pub(super) id_token_payload: Option<EditText>,
    pub(super) id_token: Option<EditText>,
    pub(super) token_response: Option<Edit>,
    pub(super) userinfo: Option<Edit>,
    pub(super) userinfo_as_jwt: bool,
    pub(super) userinfo_signing: Option<SignWith>,
    pub(super) signing: SignWith,
    pub(super) faults: BTreeMap<Endpoint, Fault>,
}

impl Tamper {
    /// Alters the discovery document.
    pub fn discovery(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> &mut Self {
        self.discovery = Some(Arc::new(edit));
        self
    }

    /// Alters the JWKS document.
    pub fn jwks(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> &mut Self {
        self.jwks = Some(Arc::new(edit));
        self
    }

    /// Alters the parameters of the redirect back to the gateway (`code`, `state`, `iss`, or `error` …).
    pub fn callback(&mut self, edit: impl Fn(&mut Vec<(String, String)>) + Send + Sync + 'static) -> &mut Self {
        self.callback = Some(Arc::new(edit));
        self
    }

    /// Alters the ID token's header before signing; setting `alg` here overrules the signing mode's name only.
    pub fn id_token_header(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> &mut Self {
        self.id_token_header = Some(Arc::new(edit));
        self
    }

    /// Alters the ID token's claims before signing.
    pub fn id_token_claims(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> &mut Self {
        self.id_token_claims = Some(Arc::new(edit));
        self
    }

    /// Alters the text of the claims before signing: doubled members, numbers that JSON values cannot hold.
    pub fn id_token_payload(&mut self, edit: impl Fn(String) -> String + Send + Sync + 'static) -> &mut Self {
        self.id_token_payload = Some(Arc::new(edit));
        self
    }

    /// Alters the signed ID token.
    pub fn id_token(&mut self, edit: impl Fn(String) -> String + Send + Sync + 'static) -> &mut Self {
        self.id_token = Some(Arc::new(edit));
        self
    }

    /// Alters the token endpoint's answer, tokens included.
    pub fn token_response(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> &mut Self {
        self.token_response = Some(Arc::new(edit));
        self
    }

    /// Alters the userinfo document.
    pub fn userinfo(&mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> &mut Self {
        self.userinfo = Some(Arc::new(edit));
        self
    }

    /// Sends userinfo as a signed JWT (OpenID Connect Core section 5.3.2), by the same signing mode as the ID token.
    pub fn userinfo_as_jwt(&mut self) -> &mut Self {
        self.userinfo_as_jwt = true;
        self
    }

    /// The same, signed in another way than the ID token.
    pub fn userinfo_signed_with(&mut self, signing: SignWith) -> &mut Self {
        self.userinfo_signing = Some(signing);
        self.userinfo_as_jwt()
    }

    /// Chooses how tokens are signed.
    pub fn sign_with(&mut self, signing: SignWith) -> &mut Self {
        self.signing = signing;
        self
    }

    /// Lets an endpoint fail.
    pub fn fault(&mut self, endpoint: Endpoint, fault: Fault) -> &mut Self {
        self.faults.insert(endpoint, fault);
        self
    }
}
