//! A-06: PKCE, from the request to the redemption.

use crate::oauth::world::seed::{CALLBACK, PUBLIC};
use crate::oauth::world::{AUTHORIZE, CHALLENGE, VERIFIER, World, challenge, changed, redemption};

#[tokio::test]
async fn a06_only_s256_and_both_or_neither() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let short = &CHALLENGE[..42];
    let long = format!("{CHALLENGE}x");
    let padded = format!("{}=", &CHALLENGE[..42]);
    for (challenge, method) in [
        (Some(CHALLENGE), None),
        (None, Some("S256")),
        (Some(CHALLENGE), Some("plain")),
        (Some(CHALLENGE), Some("s256")),
        (Some(VERIFIER), Some("plain")),
        (Some(CHALLENGE), Some("none")),
        (Some(short), Some("S256")),
        (Some(&*long), Some("S256")),
        (Some(&*padded), Some("S256")),
        (Some("!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"), Some("S256")),
    ] {
        let changes = [("code_challenge", challenge), ("code_challenge_method", method)];
        let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &changes)).await;
        assert_eq!(answer.redirect("error").as_deref(), Some("invalid_request"), "A-06: {challenge:?} {method:?}");
    }
    assert!(world.authorize(&cookie, &AUTHORIZE).await.redirect("code").is_some(), "the control");
    let without = [("code_challenge", None), ("code_challenge_method", None)];
    assert!(world.authorize(&cookie, &changed(&AUTHORIZE, &without)).await.redirect("code").is_some(), "a client with a secret");
}

#[tokio::test]
async fn a06_a_public_client_must_use_it() {
    let world = World::start().await;
    let cookie = world.signed_in().await;
    let without = [("client_id", Some(PUBLIC)), ("code_challenge", None), ("code_challenge_method", None)];
    let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &without)).await;
    assert_eq!(answer.redirect("error").as_deref(), Some("invalid_request"));
    let answer = world.authorize(&cookie, &changed(&AUTHORIZE, &[("client_id", Some(PUBLIC))])).await;
    let code = answer.redirect("code").expect("the control");
    let mut fields = redemption(&code).to_vec();
    fields.push(("client_id", PUBLIC));
    let answer = world.post("/oauth2/token", &fields).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a06_the_verifier_answers_the_challenge() {
    let world = World::start().await;
    let short = "v".repeat(42);
    let long = "v".repeat(129);
    let odd = format!("{}/", &VERIFIER[..42]);
    let flipped = VERIFIER.to_lowercase();
    let extended = format!("{VERIFIER}x");
    // (challenge of the request, verifier of the redemption)
    let (of_short, of_long, of_odd) = (challenge(&short), challenge(&long), challenge(&odd));
    for (asked, verifier) in [
        (Some(CHALLENGE), None),
        (Some(CHALLENGE), Some(CHALLENGE)),
        (Some(CHALLENGE), Some(&*flipped)),
        (Some(CHALLENGE), Some(&*extended)),
        (Some(CHALLENGE), Some(&VERIFIER[..42])),
        (None, Some(VERIFIER)),
        (Some(&*of_short), Some(&*short)),
        (Some(&*of_long), Some(&*long)),
        (Some(&*of_odd), Some(&*odd)),
    ] {
        let method = asked.map(|_| "S256");
        let code = world.code_for(&[("code_challenge", asked), ("code_challenge_method", method)]).await;
        let fields = changed(&redemption(&code), &[("code_verifier", verifier)]);
        let answer = world.post_as(crate::oauth::world::seed::CONFIDENTIAL, "/oauth2/token", &fields).await;
        assert_eq!((answer.status, &*answer.body), (400, r#"{"error":"invalid_grant"}"#), "A-06: {asked:?} {verifier:?}");
        // A-04: the wrong binding burnt the code.
        let method_less = asked.is_none();
        let right = changed(&redemption(&code), &[("code_verifier", if method_less { None } else { Some(VERIFIER) })]);
        let answer = world.post_as(crate::oauth::world::seed::CONFIDENTIAL, "/oauth2/token", &right).await;
        assert_eq!(answer.status, 400, "A-04: {asked:?} {verifier:?}");
    }
    // Controls: the right verifier, the longest and the shortest one, and none where none was asked.
    let longest = "~".repeat(128);
    let shortest = "a.b_c-d~".repeat(6)[..43].to_owned();
    for verifier in [VERIFIER, &longest, &shortest] {
        let code = world.code_for(&[("code_challenge", Some(&challenge(verifier)))]).await;
        let fields = changed(&redemption(&code), &[("code_verifier", Some(verifier))]);
        assert_eq!(
            world.post_as(crate::oauth::world::seed::CONFIDENTIAL, "/oauth2/token", &fields).await.status,
            200,
            "{verifier}"
        );
    }
    let code = world.code_for(&[("code_challenge", None), ("code_challenge_method", None)]).await;
    let fields = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", CALLBACK)];
    assert_eq!(world.post_as(crate::oauth::world::seed::CONFIDENTIAL, "/oauth2/token", &fields).await.status, 200);
}
