//! Why a SAML message was refused.
//!
//! One variant for each rule, so that a test can prove which rule refused and the audit log can name it. A fault holds no
//! text of the document: `Display` prints the reason and nothing else. Every fault is shown to the browser as the same
//! generic page (S-32); only the audit event carries the reason. Metadata faults are in `metadata`.

use std::fmt;

/// The rule that a protocol message broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SamlFault {
    /// Longer than the limit, before or after decoding.
    TooLarge,
    /// Not base64 of the standard alphabet.
    NotBase64,
    /// Not plain UTF-8: other encoding, byte order mark or NUL.
    Encoding,
    /// Not well-formed XML with namespaces.
    Malformed,
    /// A document type declaration.
    Doctype,
    /// A processing instruction.
    ProcessingInstruction,
    /// A comment.
    Comment,
    /// A CDATA section.
    Cdata,
    /// Elements nested deeper than the limit.
    TooDeep,
    /// More elements than the limit.
    TooManyElements,
    /// More attributes or namespace declarations on one element than the limit.
    TooManyAttributes,
    /// Two attributes with one name.
    DuplicateAttribute,
    /// An id that is not an NCName, or an id attribute in another spelling or namespace where it matters.
    IdForm,
    /// One id twice, in whatever spelling of the attribute.
    DuplicateId,
    /// The root element or its version is not what the protocol says.
    Root,
    /// Child elements missing, repeated, unknown, out of order or mixed with text.
    Shape,
    /// Not exactly one Assertion in the whole document, or not directly below the Response.
    AssertionCount,
    /// Encrypted content from a provider that is not set up for it, or a part that is never read encrypted.
    EncryptionUnsupported,
    /// A plain assertion from a provider that must encrypt.
    NotEncrypted,
    /// Encrypted content whose parts are not exactly those of the profile.
    EncryptionShape,
    /// An encryption algorithm that this provider may not use.
    EncryptionAlgorithm,
    /// The encrypted assertion could not be opened, or what was in it is not an assertion: one reason for everything, so that nobody
    /// can ask us about other people's ciphertexts (S-21).
    DecryptionFailed,
    /// The decrypted assertion's own signature does not verify; told to nobody, but a newer copy of the metadata may have the key.
    DecryptedSignature,
    /// No signature at all.
    Unsigned,
    /// More signatures than a Response and its Assertion can have, or a signature elsewhere.
    SignaturePlace,
    /// A signature whose parts are not exactly those of the profile.
    SignatureShape,
    /// The Reference does not name the element that holds the signature.
    Reference,
    /// A transform beyond enveloped-signature and exclusive canonicalization.
    Transform,
    /// A canonicalization other than exclusive without comments.
    Canonicalization,
    /// A digest weaker than SHA-256 or unknown.
    DigestAlgorithm,
    /// A signature algorithm weaker than RSA or ECDSA with SHA-256, or unknown.
    SignatureAlgorithm,
    /// The identity provider has no usable signing key.
    NoSigningKey,
    /// A signature does not verify with any key of the identity provider.
    SignatureInvalid,
    /// The identity provider reports a failure.
    Status,
    /// Issued by someone else.
    Issuer,
    /// Addressed to another endpoint, or not addressed although signed.
    Destination,
    /// Subject or NameID missing, empty or repeated.
    Subject,
    /// No bearer confirmation with Recipient and NotOnOrAfter.
    Confirmation,
    /// The confirmation is for another endpoint.
    Recipient,
    /// Answers another request, no request, or a request although it must be unsolicited.
    InResponseTo,
    /// No Conditions, or a condition that we cannot evaluate.
    Conditions,
    /// An audience restriction is missing or does not name us.
    Audience,
    /// A time stamp that is missing or not an UTC xs:dateTime.
    TimeForm,
    /// Not valid yet, or issued in the future.
    TooEarly,
    /// No longer valid.
    Expired,
    /// No authentication statement.
    AuthnStatement,
    /// One attribute name twice.
    RepeatedAttribute,
    /// A value that is not one whole text node.
    SplitText,
    /// A value longer than the limit.
    ValueTooLong,
    /// A control character in a value.
    ControlCharacter,
    /// Parameters of a binding missing, repeated, contradictory or misspelt.
    Parameters,
    /// Not a raw DEFLATE stream, or something behind it.
    NotDeflated,
}

impl SamlFault {
    /// The machine-readable reason for the audit log: fixed, snake_case.
    pub fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::NotBase64 => "not_base64",
            Self::Encoding => "encoding",
            Self::Malformed => "malformed_xml",
            Self::Doctype => "doctype",
            Self::ProcessingInstruction => "processing_instruction",
            Self::Comment => "comment",
            Self::Cdata => "cdata",
            Self::TooDeep => "too_deep",
            Self::TooManyElements => "too_many_elements",
            Self::TooManyAttributes => "too_many_attributes",
            Self::DuplicateAttribute => "duplicate_attribute",
            Self::IdForm => "id_form",
            Self::DuplicateId => "duplicate_id",
            Self::Root => "root_element",
            Self::Shape => "element_structure",
            Self::AssertionCount => "assertion_count",
            Self::EncryptionUnsupported => "encryption_unsupported",
            Self::NotEncrypted => "not_encrypted",
            Self::EncryptionShape => "encryption_structure",
            Self::EncryptionAlgorithm => "encryption_algorithm",
            Self::DecryptionFailed | Self::DecryptedSignature => "decryption_failed",
            Self::Unsigned => "unsigned",
            Self::SignaturePlace => "signature_place",
            Self::SignatureShape => "signature_structure",
            Self::Reference => "signature_reference",
            Self::Transform => "transform",
            Self::Canonicalization => "canonicalization",
            Self::DigestAlgorithm => "digest_algorithm",
            Self::SignatureAlgorithm => "signature_algorithm",
            Self::NoSigningKey => "no_signing_key",
            Self::SignatureInvalid => "signature_invalid",
            Self::Status => "status_not_success",
            Self::Issuer => "issuer",
            Self::Destination => "destination",
            Self::Subject => "subject",
            Self::Confirmation => "subject_confirmation",
            Self::Recipient => "recipient",
            Self::InResponseTo => "in_response_to",
            Self::Conditions => "conditions",
            Self::Audience => "audience",
            Self::TimeForm => "time_form",
            Self::TooEarly => "too_early",
            Self::Expired => "expired",
            Self::AuthnStatement => "authn_statement",
            Self::RepeatedAttribute => "repeated_attribute",
            Self::SplitText => "split_text",
            Self::ValueTooLong => "value_too_long",
            Self::ControlCharacter => "control_character",
            Self::Parameters => "binding_parameters",
            Self::NotDeflated => "not_deflated",
        }
    }
}

impl fmt::Display for SamlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for SamlFault {}
