//! The service models of the three APIs: every operation, shape, constraint and error (cognito-surface section 1).
//!
//! Owns their compact form, read once when first used, and the few corrections where the published model says less than the live
//! service. `validate` checks documents against it, `target` and the coverage document list operations from it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// The three services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// User pools.
    Idp,
    /// Identity pools.
    Identity,
    /// Cognito Sync.
    Sync,
}

impl Service {
    /// The name in a SigV4 credential scope.
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Idp => "cognito-idp",
            Self::Identity => "cognito-identity",
            Self::Sync => "cognito-sync",
        }
    }

    /// The model of the service.
    pub fn api(self) -> &'static Api {
        static MODELS: [OnceLock<Api>; 3] = [const { OnceLock::new() }; 3];
        let (slot, text) = match self {
            Self::Idp => (0, include_str!("models/cognito-idp.json")),
            Self::Identity => (1, include_str!("models/cognito-identity.json")),
            Self::Sync => (2, include_str!("models/cognito-sync.json")),
        };
        MODELS[slot].get_or_init(|| Api::load(self, text))
    }
}

/// All three, in the order of the documents.
pub const SERVICES: [Service; 3] = [Service::Idp, Service::Identity, Service::Sync];

/// Index of a shape in [`Api::shape`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeId(usize);

/// One service's model.
#[derive(Debug)]
pub struct Api {
    /// Which service.
    pub service: Service,
    /// What stands before the dot in `X-Amz-Target`; none for the REST API.
    pub target_prefix: Option<String>,
    operations: BTreeMap<String, OperationShape>,
    shapes: Vec<Shape>,
    names: BTreeMap<String, ShapeId>,
}

/// Who may call an operation (cognito-surface section 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A SigV4 signature by an access key.
    Signature,
    /// An access token in the body.
    AccessToken,
    /// Nobody in particular.
    Nothing,
}

/// One operation's model.
#[derive(Debug)]
pub struct OperationShape {
    /// Its wire name.
    pub name: String,
    /// The name of its audit event.
    pub event: String,
    /// Who may call it.
    pub need: Need,
    /// Its request.
    pub input: Option<ShapeId>,
    /// Its response; none when empty.
    pub output: Option<ShapeId>,
    /// The errors it may answer.
    pub errors: Vec<String>,
    /// HTTP method and path template, which only the REST API varies.
    pub http: (String, String),
}

/// A shape. Bounds are inclusive.
#[derive(Debug)]
pub struct Shape {
    /// What it is.
    pub kind: Kind,
    /// Smallest length, size or value.
    pub min: Option<i64>,
    /// Largest length, size or value.
    pub max: Option<i64>,
    /// Values that errors must not repeat.
    pub sensitive: bool,
}

/// What a shape is.
#[derive(Debug)]
pub enum Kind {
    /// An object with known members.
    Structure(Vec<Member>),
    /// Any JSON.
    Document,
    /// A list of one shape.
    List(ShapeId),
    /// An object with free keys.
    Map(ShapeId, ShapeId),
    /// A text, perhaps one of a few.
    Text(Option<Pattern>, Vec<String>),
    /// A 32-bit number.
    Integer,
    /// A 64-bit number.
    Long,
    /// A truth value.
    Boolean,
    /// Seconds since the epoch.
    Timestamp,
    /// Bytes in base64.
    Blob,
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its wire name.
    pub name: String,
    /// Its shape.
    pub shape: ShapeId,
    /// Whether it must be there.
    pub required: bool,
}

/// A pattern that a whole text must match, compiled when first used.
#[derive(Debug)]
pub struct Pattern {
    /// As the model writes it.
    pub text: String,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    /// Whether the whole text matches. The models' `\w` and `\s` are ASCII (Java), their `\p{…}` are Unicode.
    pub fn matches(&self, value: &str) -> bool {
        self.compiled
            .get_or_init(|| {
                let text = self
                    .text
                    .replace(r"\w", "[0-9A-Za-z_]")
                    .replace(r"\s", r"[ \t\n\x0B\x0C\r]")
                    .replace(r"[\S]", r"[^ \t\n\x0B\x0C\r]");
                RegexBuilder::new(&format!(r"\A(?:{text})\z"))
                    .dfa_size_limit(256 * 1024)
                    .build()
                    .expect("every pattern of the models compiles (tested)")
            })
            .is_match(value)
    }
}

impl Api {
    fn load(service: Service, text: &str) -> Self {
        let raw: RawModel = serde_json::from_str(text).expect("the models are part of the program (tested)");
        let names: BTreeMap<String, ShapeId> = raw.shapes.keys().cloned().zip((0..).map(ShapeId)).collect();
        let id = |reference: &RawRef| names[&reference.shape];
        let mut shapes = Vec::with_capacity(raw.shapes.len());
        for (name, raw) in &raw.shapes {
            let pattern = correction(name).map(str::to_owned).or_else(|| raw.pattern.clone());
            let kind = match raw.kind.as_str() {
                "structure" if raw.document => Kind::Document,
                "structure" => Kind::Structure(
                    raw.members
                        .iter()
                        .map(|(name, member)| Member {
                            name: name.clone(),
                            shape: id(member),
                            required: raw.required.contains(name),
                        })
                        .collect(),
                ),
                "list" => Kind::List(id(raw.member.as_ref().expect("a list has a member"))),
                "map" => {
                    Kind::Map(id(raw.key.as_ref().expect("a map has a key")), id(raw.value.as_ref().expect("a map has a value")))
                }
                "string" => Kind::Text(pattern.map(|text| Pattern { text, compiled: OnceLock::new() }), raw.choices.clone()),
                "integer" => Kind::Integer,
                "long" => Kind::Long,
                "boolean" => Kind::Boolean,
                "timestamp" => Kind::Timestamp,
                "blob" => Kind::Blob,
                other => unreachable!("the models hold no shape of type {other} (tested)"),
            };
            shapes.push(Shape { kind, min: raw.min, max: raw.max, sensitive: raw.sensitive });
        }
        let operations = raw.operations.iter().map(|(name, raw)| (name.clone(), operation(name, raw, &names, &shapes))).collect();
        Self { service, target_prefix: raw.metadata.target_prefix, operations, shapes, names }
    }

    /// An operation by its wire name.
    pub fn operation(&self, name: &str) -> Option<&OperationShape> {
        self.operations.get(name)
    }

    /// All operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &OperationShape> {
        self.operations.values()
    }

    /// A shape.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0]
    }

    /// A shape by its name in the model.
    pub fn named(&self, name: &str) -> Option<ShapeId> {
        self.names.get(name).copied()
    }

    /// The members of a structure; none for other shapes.
    pub fn members(&self, id: ShapeId) -> &[Member] {
        match &self.shape(id).kind {
            Kind::Structure(members) => members,
            _ => &[],
        }
    }
}

/// Where the published model is narrower than the live service: a custom domain is a host name with dots
/// (`user_pools::domains` tells the two kinds apart).
fn correction(shape: &str) -> Option<&'static str> {
    match shape {
        "DomainType" => Some(r"^[a-z0-9](?:[a-z0-9\-.]{0,61}[a-z0-9])?$"),
        // The same without its look-behind, which Rust's engine does not have: no dot at the end.
        "S3BucketType" => Some(r"^(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?$"),
        _ => None,
    }
}

fn operation(name: &str, raw: &RawOperation, names: &BTreeMap<String, ShapeId>, shapes: &[Shape]) -> OperationShape {
    let input = raw.input.as_ref().map(|reference| names[&reference.shape]);
    let takes_token = input.is_some_and(|id| match &shapes[id.0].kind {
        Kind::Structure(members) => members.iter().any(|member| member.name == "AccessToken"),
        _ => false,
    });
    let need = match (raw.authtype.as_deref(), takes_token) {
        (Some("none"), true) => Need::AccessToken,
        (Some("none"), false) => Need::Nothing,
        _ => Need::Signature,
    };
    OperationShape {
        name: name.to_owned(),
        event: format!("cognito.{name}"),
        need,
        input,
        output: raw.output.as_ref().map(|reference| names[&reference.shape]),
        errors: raw.errors.iter().map(|reference| reference.shape.clone()).collect(),
        http: (raw.http.method.clone(), raw.http.request_uri.clone()),
    }
}

#[derive(Deserialize)]
struct RawModel {
    metadata: RawMetadata,
    operations: BTreeMap<String, RawOperation>,
    shapes: BTreeMap<String, RawShape>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    target_prefix: Option<String>,
}

#[derive(Deserialize)]
struct RawOperation {
    authtype: Option<String>,
    #[serde(default)]
    errors: Vec<RawRef>,
    http: RawHttp,
    input: Option<RawRef>,
    output: Option<RawRef>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawHttp {
    method: String,
    request_uri: String,
}

#[derive(Deserialize)]
struct RawRef {
    shape: String,
}

#[derive(Deserialize)]
struct RawShape {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    members: BTreeMap<String, RawRef>,
    #[serde(default)]
    required: Vec<String>,
    member: Option<RawRef>,
    key: Option<RawRef>,
    value: Option<RawRef>,
    #[serde(default, rename = "enum")]
    choices: Vec<String>,
    pattern: Option<String>,
    min: Option<i64>,
    max: Option<i64>,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    document: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_operations_are_known_and_all_patterns_compile() {
        let count = |service: Service| service.api().operations().count();
        assert_eq!((count(Service::Idp), count(Service::Identity), count(Service::Sync)), (141, 23, 17));
        for service in SERVICES {
            for shape in &service.api().shapes {
                if let Kind::Text(Some(pattern), _) = &shape.kind {
                    pattern.matches("x");
                }
            }
        }
    }

    #[test]
    fn p_01_every_operation_says_who_may_call_it() {
        let with = |need: Need| Service::Idp.api().operations().filter(|operation| operation.need == need).count();
        assert_eq!((with(Need::Nothing), with(Need::AccessToken), with(Need::Signature)), (10, 24, 107));
    }

    #[test]
    fn patterns_read_as_java_does() {
        let idp = Service::Idp.api();
        let matches = |shape: &str, value: &str| match &idp.shape(idp.named(shape).unwrap()).kind {
            Kind::Text(Some(pattern), _) => pattern.matches(value),
            other => panic!("{other:?}"),
        };
        assert!(matches("UserPoolIdType", "eu-west-1_aB3"));
        assert!(!matches("UserPoolIdType", "eu-west-1_aB3\n"));
        assert!(!matches("UserPoolIdType", "é_aB3"));
        assert!(matches("ClientNameType", "my app, v1.0+x"));
        assert!(!matches("ClientNameType", "my/app"));
        assert!(matches("UsernameType", "søren@example.com"));
        assert!(!matches("UsernameType", "a b"));
        assert!(matches("ProviderNameTypeV2", "Okta"));
        assert!(!matches("ProviderNameTypeV2", "_kta"));
        assert!(!matches("ProviderNameTypeV2", "ab"));
        assert!(matches("DomainType", "login.example.com"));
        assert!(!matches("DomainType", "Login"));
    }
}
