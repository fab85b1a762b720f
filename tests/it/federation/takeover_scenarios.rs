//! The table of take-over scenarios over rows O-16 to O-20, O-22 to O-26, S-18, P-09 and U-22: each attack beside its control.
//!
//! An attack ends on somebody else or nowhere; the control differs in one thing and ends on the victim, or on the federated user Ada. Rows
//! of one provider's protocol have their own files; here their identities meet users. Link proofs are in `link_proofs`.

use fedgate::model::user::UserStatus;
use serde_json::{Value, json};

use crate::federation::takeover::Lands::{Ada, Bystander, Refused, Stranger, Victim};
use crate::federation::takeover::Step::{Change, Delete, In, InOtherPool, Link, LinkThrough, Native, Provider, Unlink};
use crate::federation::takeover::{Scenario, Step, Who};

const SUBJECT: &str = "Cognito_Subject";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";

fn scenario(row: &'static str, name: &'static str, given: Vec<Step>, attack: Vec<Step>, control: Vec<Step>) -> Scenario {
    Scenario { row, name, given, attack, control }
}

fn vouched(email: &str) -> Value {
    json!({ "email": email, "email_verified": true })
}

fn ada() -> Step {
    In(Who::at("Oidc", "ada-1"), Ada)
}

/// Every scenario.
pub(crate) fn all() -> Vec<Scenario> {
    [keys(), addresses(), waiting(), links(), states(), social()].into_iter().flatten().collect()
}

/// O-16, S-18: what the identity key is made of, and what it is not.
fn keys() -> Vec<Scenario> {
    let other = |row, name, who: Who| scenario(row, name, vec![], vec![In(who, Stranger)], vec![ada()]);
    let linked = |row, name, value: &'static str, who: Who| {
        let link = Link("victim", ["Oidc", SUBJECT, value], "");
        let control = vec![link, In(Who::at("Oidc", value), Victim)];
        scenario(row, name, vec![], vec![In(who, Stranger)], control)
    };
    let by_name_id = || vec![Link("victim", ["Saml", SUBJECT, "vic"], ""), In(Who::at("Saml", "vic"), Victim)];
    let qualified = Who { qualifier: Some("https://elsewhere.example/"), ..Who::at("Saml", "vic") };
    let unspecified = Who { format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified", ..Who::at("Saml", "vic") };
    let again = || vec![In(Who::at("Saml", "vic"), Victim)];
    vec![
        other("O-16", "the same e-mail from another provider", Who::at("Other", "x").with(vouched("ada@example.com"))),
        other("O-16", "a new subject with the same e-mail", Who::at("Oidc", "ada-2").with(vouched("ada@example.com"))),
        other("O-16", "the same subject at another provider", Who::at("Other", "ada-1")),
        other("O-16", "the same phone number", Who::at("Oidc", "x").with(json!({ "phone_number": "+44123" }))),
        other("O-16", "the same name", Who::at("Oidc", "x").with(json!({ "name": "Ada Lovelace" }))),
        other("O-16", "a subject that differs by case", Who::at("Oidc", "ADA-1")),
        other("O-16", "a subject with a space after it", Who::at("Oidc", "ada-1 ")),
        other("O-16", "a subject with a zero-width space", Who::at("Oidc", "ada-1\u{200b}")),
        other("O-16", "a SAML subject that equals an OIDC one", Who::at("Saml", "ada-1")),
        linked("U-22", "a subject that is the victim's e-mail", "vic", Who::at("Oidc", "victim@example.com")),
        linked("U-22", "a subject that is the victim's user name", "vic", Who::at("Oidc", "victim")),
        linked("O-16", "a subject that is the victim's sub", "vic", Who::at("Oidc", "{victim.sub}")),
        linked("O-16", "a link's subject in another normal form", "vic\u{e9}", Who::at("Oidc", "vice\u{301}")),
        linked("O-16", "a subject that nobody linked", "vic", Who::at("Oidc", "vic")),
        scenario(
            "U-22",
            "two providers whose user names meet",
            vec![In(Who::at("Oidc", "x_y"), Stranger), Link("oidc_x_y", ["Other", SUBJECT, "z"], "")],
            vec![In(Who::at("Oidc_x", "y"), Stranger)],
            vec![ada()],
        ),
        scenario("S-18", "a NameID that differs by case", by_name_id(), vec![In(Who::at("Saml", "VIC"), Stranger)], again()),
        scenario("S-18", "a NameID with another qualifier", by_name_id(), vec![In(qualified, Stranger)], again()),
        scenario("S-18", "a NameID of another format", by_name_id(), vec![In(unspecified, Stranger)], again()),
        scenario(
            "P-09",
            "the same subject in another pool",
            vec![Link("victim", ["Oidc", SUBJECT, "vic"], "")],
            vec![InOtherPool(Who::at("Oidc", "vic"))],
            vec![In(Who::at("Oidc", "vic"), Victim)],
        ),
    ]
}

/// O-17: an address carries a link only where the provider vouches for that very address.
fn addresses() -> Vec<Scenario> {
    let waiting = |attribute| vec![Link("victim", ["Oidc", attribute, "victim@example.com"], "")];
    let good = || vec![In(Who::at("Oidc", "v").with(vouched("victim@example.com")), Victim)];
    let word = |name, word: Value| {
        let claims = json!({ "email": "victim@example.com", "email_verified": word });
        scenario("O-17", name, waiting("email"), vec![In(Who::at("Oidc", "m").with(claims), Stranger)], good())
    };
    let saml = json!({ "mail": ["victim@example.com"], "checked": ["true"] });
    let unsaid = json!({ "mail": ["victim@example.com"], "checked": ["false"] });
    let map: fn(&mut fedgate::model::identity_provider::IdentityProvider) = |provider| {
        provider.attribute_mapping =
            [("email", "mail"), ("email_verified", "checked")].map(|(to, from)| (to.into(), from.into())).into();
    };
    let by_mail = || Link("victim", ["Saml", "mail", "victim@example.com"], "");
    vec![
        word("email_verified is the text true", json!("true")),
        word("email_verified is 1", json!(1)),
        word("email_verified is yes", json!("yes")),
        word("email_verified is null", json!(null)),
        word("email_verified is false", json!(false)),
        word("email_verified is a list", json!([true])),
        scenario(
            "O-17",
            "email_verified is absent",
            waiting("email"),
            vec![In(Who::at("Oidc", "m").with(json!({ "email": "victim@example.com" })), Stranger)],
            good(),
        ),
        scenario(
            "O-17",
            "the provider vouches for another address than the linked claim's",
            waiting("upn"),
            vec![In(
                Who::at("Oidc", "m")
                    .with(json!({ "upn": "victim@example.com", "email": "m@evil.example", "email_verified": true })),
                Stranger,
            )],
            vec![In(
                Who::at("Oidc", "v")
                    .with(json!({ "upn": "victim@example.com", "email": "victim@example.com", "email_verified": true })),
                Victim,
            )],
        ),
        scenario(
            "O-17",
            "the address in another case",
            waiting("email"),
            vec![In(Who::at("Oidc", "m").with(vouched("Victim@example.com")), Stranger)],
            good(),
        ),
        scenario(
            "O-17",
            "a SAML address that nobody vouches for",
            vec![by_mail()],
            vec![In(Who::at("Saml", "m").with(saml.clone()), Stranger)],
            vec![Provider("Saml", map), In(Who::at("Saml", "v").with(saml.clone()), Victim)],
        ),
        scenario(
            "O-17",
            "a SAML address that the provider does not vouch for",
            vec![by_mail(), Provider("Saml", map)],
            vec![In(Who::at("Saml", "m").with(unsaid), Stranger)],
            vec![In(Who::at("Saml", "v").with(saml), Victim)],
        ),
        scenario(
            "O-16",
            "a matching address without any link",
            vec![],
            vec![In(Who::at("Oidc", "m").with(vouched("victim@example.com")), Stranger)],
            vec![Link("victim", ["Oidc", "email", "victim@example.com"], ""), good().remove(0)],
        ),
        scenario(
            "O-16",
            "a claim that users choose for themselves",
            vec![],
            vec![
                Link("victim", ["Oidc", "preferred_username", "vic"], "invalid_parameter"),
                Link("victim", ["Oidc", "groups", "admins"], "invalid_parameter"),
                In(Who::at("Oidc", "m").with(json!({ "preferred_username": "vic" })), Stranger),
            ],
            vec![Link("victim", ["Oidc", "employee", "7"], ""), In(Who::at("Oidc", "v").with(json!({ "employee": 7 })), Victim)],
        ),
    ]
}

/// O-18: a link by attribute waits for one identity and is used once.
fn waiting() -> Vec<Scenario> {
    let given = || vec![Link("victim", ["Saml", "employee", "7"], "")];
    let seven = |subject| Who::at("Saml", subject).with(json!({ "employee": ["7"] }));
    let first = || vec![In(seven("v"), Victim)];
    let one = |name, attack| scenario("O-18", name, given(), attack, first());
    vec![
        one("a second subject with the attribute of a used link", vec![In(seven("v"), Victim), In(seven("m"), Stranger)]),
        one("the attribute with several values", vec![In(Who::at("Saml", "m").with(json!({ "employee": ["7", "8"] })), Stranger)]),
        one("another spelling of the value", vec![In(Who::at("Saml", "m").with(json!({ "employee": ["07"] })), Stranger)]),
        one("another attribute with the value", vec![In(Who::at("Saml", "m").with(json!({ "Employee": ["7"] })), Stranger)]),
        one("the value in the subject", vec![In(Who::at("Saml", "7"), Stranger)]),
        one("the attribute at another provider", vec![In(Who::at("Oidc", "m").with(json!({ "employee": "7" })), Stranger)]),
        one("a link that was taken back", vec![Unlink(["Saml", "employee", "7"], ""), In(seven("m"), Stranger)]),
        one("the same attribute for two users", vec![Native("second"), Link("second", ["Saml", "employee", "7"], "alias_exists")]),
        one(
            "an identity that two users wait for",
            vec![
                Native("second"),
                Link("second", ["Saml", "badge", "b"], ""),
                In(Who::at("Saml", "v").with(json!({ "employee": "7", "badge": "b" })), Refused("link_ambiguous")),
            ],
        ),
        scenario(
            "O-18",
            "an identity that signed in before its link was made",
            vec![In(seven("m"), Stranger), Link("victim", ["Saml", "employee", "7"], "")],
            vec![In(seven("m"), Bystander)],
            vec![In(seven("v"), Victim)],
        ),
        scenario(
            "S-18",
            "a transient NameID takes no link",
            vec![Link("victim", ["Saml", SUBJECT, "vic"], "")],
            vec![In(Who { format: TRANSIENT, ..Who::at("Saml", "vic") }, Stranger)],
            vec![In(Who::at("Saml", "vic"), Victim)],
        ),
    ]
}

/// O-18: what an administrator's call refuses, and how a link ends.
fn links() -> Vec<Scenario> {
    let subject = |value: &'static str| ["Oidc", SUBJECT, value];
    let good = || vec![Link("victim", subject("vic"), ""), In(Who::at("Oidc", "vic"), Victim)];
    let refused = |row, name, attack| scenario(row, name, vec![], attack, good());
    let five = || ["1", "2", "3", "4"].map(|value| Link("victim", subject(value), "")).to_vec();
    vec![
        refused(
            "O-18",
            "an identity with a profile of its own",
            vec![Link("victim", subject("ada-1"), "invalid_parameter"), ada()],
        ),
        refused(
            "O-18",
            "an identity that is linked to somebody",
            vec![Native("second"), Link("second", subject("vic"), ""), Link("victim", subject("vic"), "alias_exists")],
        ),
        refused(
            "O-18",
            "the same link twice",
            vec![Link("victim", subject("vic"), ""), Link("victim", subject("vic"), "invalid_parameter")],
        ),
        scenario(
            "O-18",
            "a sixth link",
            five(),
            vec![Link("victim", ["Saml", "employee", "7"], ""), Link("victim", subject("6"), "limit_exceeded")],
            vec![Link("victim", subject("5"), ""), In(Who::at("Oidc", "5"), Victim)],
        ),
        refused("O-18", "the own directory as a source", vec![Link("victim", ["Cognito", SUBJECT, "ada"], "invalid_parameter")]),
        refused(
            "O-18",
            "a provider that the pool does not have",
            vec![Link("victim", ["None", SUBJECT, "x"], "resource_not_found")],
        ),
        refused("U-22", "a destination by e-mail", vec![Link("victim@example.com", subject("vic"), "user_not_found")]),
        refused("U-22", "a destination by phone number", vec![Link("+4930123456", subject("vic"), "user_not_found")]),
        refused(
            "U-22",
            "a user whose name is the victim's e-mail",
            vec![
                Native("victim@example.com"),
                Link("victim@example.com", subject("vic"), ""),
                In(Who::at("Oidc", "vic"), Bystander),
            ],
        ),
        refused(
            "O-18",
            "a destination through a provider that did not make it",
            vec![LinkThrough(["Saml", "victim"], subject("vic"), "user_not_found")],
        ),
        scenario(
            "O-18",
            "a link to a federated profile that ended",
            vec![LinkThrough(["Oidc", "oidc_ada-1"], ["Saml", SUBJECT, "a"], ""), In(Who::at("Saml", "a"), Ada)],
            vec![Unlink(["Saml", SUBJECT, "a"], ""), In(Who::at("Saml", "a"), Stranger)],
            vec![In(Who::at("Saml", "a"), Ada)],
        ),
        scenario(
            "O-18",
            "a used link that ended",
            good(),
            vec![Unlink(subject("vic"), ""), In(Who::at("Oidc", "vic"), Stranger)],
            vec![In(Who::at("Oidc", "vic"), Victim)],
        ),
        refused(
            "O-18",
            "the identity that made a user is not taken from it",
            vec![Unlink(subject("ada-1"), "invalid_parameter"), ada(), Unlink(subject("nobody"), "user_not_found")],
        ),
    ]
}

/// O-19, O-20: the state of the native account changes nothing; a link dies with its user and sleeps while its user is disabled.
fn states() -> Vec<Scenario> {
    let pre = |name, state: fn(&mut fedgate::model::user::User)| {
        let attack = vec![In(Who::at("Oidc", "m").with(vouched("victim@example.com")), Stranger)];
        let control = vec![Link("victim", ["Oidc", SUBJECT, "m"], ""), In(Who::at("Oidc", "m"), Victim)];
        scenario("O-19", name, vec![Change(state)], attack, control)
    };
    let waits = || vec![Link("victim", ["Oidc", "employee", "7"], "")];
    let seven = || Who::at("Oidc", "v").with(json!({ "employee": "7" }));
    vec![
        pre("an unconfirmed account with the e-mail", |user| user.status = UserStatus::Unconfirmed),
        pre("an invited account with the e-mail", |user| user.status = UserStatus::ForceChangePassword),
        pre("an account to be reset with the e-mail", |user| user.status = UserStatus::ResetRequired),
        pre("an account whose e-mail is unverified", |user| {
            user.attributes.insert("email_verified".to_owned(), "false".to_owned());
        }),
        scenario(
            "O-19",
            "an account under the name that a federated user would get",
            vec![Native("oidc_newcomer")],
            vec![In(Who::at("Oidc", "newcomer"), Stranger), In(Who::at("Oidc", "newcomer"), Bystander)],
            vec![ada()],
        ),
        scenario(
            "P-11",
            "a link of a deleted user",
            vec![Link("victim", ["Oidc", SUBJECT, "vic"], ""), Link("victim", ["Oidc", "employee", "7"], "")],
            vec![Delete, Native("victim"), In(Who::at("Oidc", "vic"), Stranger), In(seven(), Stranger)],
            vec![In(Who::at("Oidc", "vic"), Victim), In(seven(), Victim)],
        ),
        scenario(
            "O-20",
            "a waiting link of a disabled user",
            waits(),
            vec![Change(|user| user.enabled = false), In(seven(), Refused("user_disabled"))],
            vec![Change(|user| user.enabled = false), Change(|user| user.enabled = true), In(seven(), Victim)],
        ),
    ]
}

/// O-22 to O-26: identities of the social providers, by their subjects and nothing else.
fn social() -> Vec<Scenario> {
    let one = |row, name, provider: &'static str, claims: Value| {
        let attack = vec![
            Link("victim", [provider, "email", "victim@example.com"], "invalid_parameter"),
            In(Who::at(provider, "ada-1").with(claims), Stranger),
        ];
        let control = vec![Link("victim", [provider, SUBJECT, "1047"], ""), In(Who::at(provider, "1047"), Victim)];
        scenario(row, name, vec![], attack, control)
    };
    let relay = json!({ "email": "abc@privaterelay.appleid.com", "email_verified": true, "is_private_email": true });
    vec![
        one("O-22", "Apple vouches for the victim's e-mail", "SignInWithApple", vouched("victim@example.com")),
        one("O-22", "Apple relays the victim's e-mail", "SignInWithApple", relay),
        one("O-24", "Facebook knows the victim's e-mail", "Facebook", json!({ "email": "victim@example.com" })),
        one("O-25", "Amazon knows the victim's e-mail", "LoginWithAmazon", json!({ "email": "victim@example.com" })),
        one(
            "O-26",
            "Google vouches for the victim's e-mail and domain",
            "Google",
            json!({ "email": "victim@example.com", "email_verified": true, "hd": "example.com" }),
        ),
    ]
}
