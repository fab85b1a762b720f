//! Home-realm discovery: an e-mail address chooses the provider, and tells nobody who else is there (section 3.5; U-23, O-16, O-17, A-20).

use fedgate::model::identity_provider::ProviderKind;
use url::Url;

use crate::oauth::world::seed::{self, CONFIDENTIAL, OTHER_POOL, POOL, PROVIDER};
use crate::oauth::world::wire::{Answer, form};
use crate::oauth::world::{AUTHORIZE, World, changed};

type Pairs<'a> = Vec<(&'a str, &'a str)>;

const HOME: &str = "acme.example";

/// Acme and Bravo by their domains, a social provider by its button; `unoffered.example` is another client's, `elsewhere.example` another
/// pool's, `disabled.example` a disabled provider's.
async fn world() -> World {
    let world = World::start().await;
    let mut work = world.ports.store.begin().await.unwrap();
    for (pool, name) in [(POOL, "Bravo"), (POOL, "Unoffered"), (POOL, "Disabled"), (OTHER_POOL, "Elsewhere"), (POOL, "Google")] {
        let mut provider = seed::provider(pool, name);
        provider.enabled = name != "Disabled";
        if name == "Google" {
            provider.kind = ProviderKind::Google;
        }
        work.identity_providers().insert(&provider).await.unwrap();
    }
    work.commit().await.unwrap();
    let offered = ["COGNITO", "Google", PROVIDER, "Bravo", "Disabled"];
    world.change_client(CONFIDENTIAL, |client| client.providers = offered.map(str::to_owned).to_vec()).await;
    world
        .change_provider(|provider| {
            for (key, value) in [
                ("client_id", "us"),
                ("oidc_issuer", "https://idp.example"),
                ("attributes_request_method", "GET"),
                ("authorize_scopes", "openid"),
                ("authorize_url", "https://idp.example/authorize"),
                ("token_url", "https://idp.example/token"),
                ("attributes_url", "https://idp.example/userinfo"),
                ("jwks_uri", "https://idp.example/jwks"),
            ] {
                provider.details.insert(key.to_owned(), value.to_owned());
            }
        })
        .await;
    world
}

/// A browser at the page: its cookie and the form's token.
struct AtPage {
    cookie: String,
    token: String,
}

async fn at_page(world: &World) -> AtPage {
    let answer = world.get(&format!("/login?{}", form(&AUTHORIZE))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer.cookies()[0].split(';').next().unwrap().to_owned();
    let token = answer.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    AtPage { cookie, token }
}

async fn send(world: &World, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
    let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    world.send("POST", &format!("/login?{}", form(&AUTHORIZE)), &all, &form(fields)).await
}

async fn typed(world: &World, page: &AtPage, address: &str) -> Answer {
    send(world, &[("Cookie", &page.cookie)], &[("csrf", &page.token), ("email", address)]).await
}

/// Where a form's answer leads, below the pool.
fn leads_to(world: &World, answer: &Answer) -> (String, Url) {
    assert_eq!(answer.status, 303, "A-20: {answer:?}");
    let url = Url::parse(answer.header("location").unwrap()).unwrap();
    assert!(url.as_str().starts_with(&world.issuer()), "U-10: {url}");
    (url.path().trim_start_matches(&format!("/{POOL}")).to_owned(), url)
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

/// Without what differs in every answer by itself.
fn plain(answer: &Answer) -> String {
    let nonce = answer.body.split("<style nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    answer.body.replace(nonce, "NONCE")
}

#[tokio::test]
async fn an_address_leads_to_its_provider_and_is_passed_on() {
    let world = world().await;
    let page = at_page(&world).await;
    let (path, url) = leads_to(&world, &typed(&world, &page, "Ada@ACME.Example").await);
    assert_eq!(path, "/login/continue");
    assert_eq!(parameter(&url, "identity_provider").as_deref(), Some(PROVIDER));
    assert_eq!(parameter(&url, "login_hint").as_deref(), Some("Ada@ACME.Example"));
    for (name, value) in AUTHORIZE {
        assert_eq!(parameter(&url, name).as_deref(), Some(value), "{name} is kept");
    }
    // The step between: it goes on by itself and by its link, to one and the same place.
    let answer = world.get(&format!("{path}?{}", url.query().unwrap())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let href = answer.body.split("class=\"primary\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    assert_eq!(answer.header("refresh").unwrap(), format!("0;url={href}"));
    assert!(answer.header("content-security-policy").unwrap().contains("form-action 'none'"));
    let next = Url::parse(&href).unwrap();
    assert!(next.as_str().starts_with(&format!("{}/oauth2/authorize?", world.issuer())));
    let away = world.send("GET", &format!("/oauth2/authorize?{}", next.query().unwrap()), &[("Cookie", &page.cookie)], "").await;
    let there = Url::parse(away.header("location").unwrap()).unwrap();
    assert_eq!(there.host_str(), Some("idp.example"));
    assert_eq!(parameter(&there, "login_hint").as_deref(), Some("Ada@ACME.Example"));
    // O-16, O-17: an address that was only typed makes nobody and signs nobody in.
    assert!(away.redirect("code").is_none());
}

/// The page: one field, the buttons of the others, no name of a tenant; nothing of it without domains.
#[tokio::test]
async fn the_page_asks_for_an_address_only_where_it_helps() {
    let world = world().await;
    let asked = world.get(&format!("/login?{}", form(&AUTHORIZE))).await;
    assert_eq!(asked.body.matches("<input id=\"email\"").count(), 1);
    assert!(asked.body.contains("Continue with Google"), "a social provider stays a button, identifiers or not");
    for tenant in ["Acme", "Bravo", "Unoffered", "Disabled", "Elsewhere"] {
        assert!(!asked.body.contains(tenant), "{tenant} is not everybody's business");
    }
    assert!(asked.header("content-security-policy").unwrap().contains("form-action 'self'"));
    assert!(!asked.body.contains("<script"), "no script");
    let cookie = asked.cookies()[0];
    assert!(cookie.contains("HttpOnly") && cookie.contains("Path=/"), "U-02: {cookie}");
    let page = at_page(&world).await;
    let again = world.send("GET", &format!("/login?{}", form(&AUTHORIZE)), &[("Cookie", &page.cookie)], "").await;
    assert!(again.cookies().is_empty() && again.body.contains(&page.token), "a second tab keeps the first one's form");
    let hinted = world.get(&format!("/login?{}", form(&changed(&AUTHORIZE, &[("login_hint", Some("a\"<b>@x.example"))])))).await;
    assert!(hinted.body.contains("value=\"a&#34;&#60;b&#62;@x.example\""), "U-05: prefilled as text");

    world.change_client(CONFIDENTIAL, |client| client.providers = ["Google", "COGNITO"].map(str::to_owned).to_vec()).await;
    let without = world.get(&format!("/login?{}", form(&AUTHORIZE))).await;
    assert!(!without.body.contains("<input") && without.cookies().is_empty());
    assert!(without.header("content-security-policy").unwrap().contains("form-action 'none'"));
    // Identifiers that are no domains are for `idp_identifier` only.
    world.change_client(CONFIDENTIAL, |client| client.providers = ["COGNITO", PROVIDER].map(str::to_owned).to_vec()).await;
    world.change_provider(|provider| provider.identifiers = vec!["acme".to_owned(), "12345".to_owned()]).await;
    let button = world.get(&format!("/login?{}", form(&AUTHORIZE))).await;
    assert!(button.body.contains("Continue with Acme") && !button.body.contains("<input"));
}

/// Nobody's domain, another client's, another pool's, a disabled provider's: the very same answers, octet for octet.
#[tokio::test]
async fn unknown_and_foreign_domains_look_alike() {
    let world = world().await;
    let page = at_page(&world).await;
    let mut answers = Vec::new();
    for domain in
        ["nobody.example", "unoffered.example", "elsewhere.example", "disabled.example", "google.example", "xn--zzz.example"]
    {
        let first = typed(&world, &page, &format!("ada@{domain}")).await;
        let (path, url) = leads_to(&world, &first);
        assert_eq!(path, "/login", "{domain}");
        assert!(!url.as_str().contains(domain), "what was typed stays out of addresses: {url}");
        let second = world.send("GET", &format!("/login?{}", url.query().unwrap()), &[("Cookie", &page.cookie)], "").await;
        assert!(second.body.contains("No sign-in was found"), "{domain}");
        let headers = |answer: &Answer| {
            let fixed =
                |(name, _): &&(String, String)| !["x-request-id", "date", "content-security-policy"].contains(&name.as_str());
            answer.headers.iter().filter(fixed).cloned().collect::<Vec<_>>()
        };
        answers.push((first.body.clone(), headers(&first), plain(&second), headers(&second)));
        assert!(!format!("{:?}", world.gateway.audit()).contains(domain), "no address in the log");
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    let (path, _) = leads_to(&world, &typed(&world, &page, "ada@acme.example").await);
    assert_eq!(path, "/login/continue", "the control");
}

/// U-23: an address that two readers could read differently routes nowhere; look-alikes are other domains.
#[tokio::test]
async fn u_23_odd_addresses_route_nowhere() {
    let world = world().await;
    let page = at_page(&world).await;
    for address in [
        "",
        HOME,
        "@acme.example",
        "ada@evil.example@acme.example",
        "ada@acme.example@evil.example",
        "\"ada@evil.example\"@acme.example",
        "\"ada\"@acme.example",
        "ada b@acme.example",
        " ada@acme.example",
        "ada@acme.example ",
        "ada@acme.example.",
        "ada@.acme.example",
        "ada@acme.example.evil.example",
        "ada@evilacme.example",
        "ada@sub.acme.example",
        "ada@acm\u{435}.example",
        "ada@ac\u{200b}me.example",
        "ada@acme%2eexample",
        "ada@[acme.example]",
        "ada@acme.example,eve@evil.example",
        "ada@acme.example/../x",
    ] {
        let (path, _) = leads_to(&world, &typed(&world, &page, address).await);
        assert_eq!(path, "/login", "{address:?}");
    }
    for address in
        ["ada@acme.example", "ADA@ACME.EXAMPLE", "ada@\u{ff41}cme.example", "ada@acme\u{3002}example", "o.hara+x@acme.example"]
    {
        let (path, url) = leads_to(&world, &typed(&world, &page, address).await);
        assert_eq!((path.as_str(), parameter(&url, "login_hint").as_deref()), ("/login/continue", Some(address)));
    }
    // A domain of two providers is nobody's, in whatever spelling.
    world.change_provider(|provider| provider.identifiers = vec!["acme.example".to_owned(), "BRAVO.example".to_owned()]).await;
    assert_eq!(leads_to(&world, &typed(&world, &page, "ada@bravo.example").await).0, "/login");
    assert_eq!(leads_to(&world, &typed(&world, &page, "ada@acme.example").await).0, "/login/continue");
    world.change_provider(|provider| provider.identifiers = vec!["b\u{fc}cher.example".to_owned()]).await;
    assert_eq!(leads_to(&world, &typed(&world, &page, "ada@xn--bcher-kva.example").await).0, "/login/continue");
}

/// The form works only from our own page in the same browser.
#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let world = world().await;
    let (page, other) = (at_page(&world).await, at_page(&world).await);
    let good = [("csrf", page.token.as_str()), ("email", "ada@acme.example")];
    let cookie = ("Cookie", page.cookie.as_str());
    let rows: [(&str, Pairs<'_>, Pairs<'_>, &str); 8] = [
        ("no cookie", vec![], good.to_vec(), "form_of_another_site"),
        ("another browser's cookie", vec![("Cookie", &other.cookie)], good.to_vec(), "form_of_another_site"),
        ("no token", vec![cookie], good[1..].to_vec(), "form_of_another_site"),
        ("another token", vec![cookie], vec![("csrf", &other.token), good[1]], "form_of_another_site"),
        ("from another site", vec![cookie, ("Sec-Fetch-Site", "cross-site")], good.to_vec(), "form_of_another_site"),
        ("from a sister's host", vec![cookie, ("Sec-Fetch-Site", "same-site")], good.to_vec(), "form_of_another_site"),
        ("two addresses", vec![cookie], [&good[..], &good[1..]].concat(), "form_malformed"),
        ("too long", vec![cookie], vec![good[0], ("email", LONG)], "form_malformed"),
    ];
    for (what, headers, fields, reason) in rows {
        let answer = send(&world, &headers, &fields).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{what}: {answer:?}");
        assert_eq!(world.gateway.last_audit().reason(), reason, "{what}");
    }
    for headers in [vec![cookie], vec![cookie, ("Sec-Fetch-Site", "same-origin"), ("Origin", "null")]] {
        assert_eq!(leads_to(&world, &send(&world, &headers, &good).await).0, "/login/continue", "the control");
    }
    let json = [cookie, ("Content-Type", "text/plain")];
    let answer = world.send("POST", &format!("/login?{}", form(&AUTHORIZE)), &json, &form(&good)).await;
    assert_eq!(answer.status, 400, "not a form");
    let answer = world.send("POST", "/login/continue", &[cookie], "").await;
    assert!(answer.status == 405 || answer.status == 404, "{answer:?}");
    // A bad request is judged before the form is.
    let bad = form(&changed(&AUTHORIZE, &[("redirect_uri", Some("https://evil.example/"))]));
    let headers = [cookie, ("Content-Type", "application/x-www-form-urlencoded")];
    let answer = world.send("POST", &format!("/login?{bad}"), &headers, &form(&good)).await;
    assert_eq!((answer.status, answer.header("location")), (400, None), "A-02");
    let bad = form(&changed(&AUTHORIZE, &[("prompt", Some("none"))]));
    let answer = world.send("POST", &format!("/login?{bad}"), &headers, &form(&good)).await;
    assert_eq!((answer.status, answer.redirect("error").as_deref()), (303, Some("login_required")));
}

const LONG: &str = match std::str::from_utf8(&[b'a'; 9000]) {
    Ok(text) => text,
    Err(_) => "",
};

/// `login_hint` with an address on the authorization request: the same rule, without a page; anything else shows the page.
#[tokio::test]
async fn a_login_hint_leads_to_its_provider() {
    let world = world().await;
    for (changes, routed) in [
        (vec![("login_hint", Some("ada@acme.example"))], true),
        (vec![("login_hint", Some("ada@ACME.example")), ("prompt", Some("login"))], true),
        (vec![("login_hint", Some("ada@acme.example")), ("prompt", Some("select_account"))], false),
        (vec![("login_hint", Some("ada@acme.example")), ("identity_provider", Some("COGNITO"))], false),
        (vec![("login_hint", Some("ada"))], false),
        (vec![("login_hint", Some("ada@nobody.example"))], false),
        (vec![("login_hint", Some("ada@unoffered.example"))], false),
        (vec![("login_hint", Some("ada@elsewhere.example"))], false),
        (vec![("login_hint", Some("ada@disabled.example"))], false),
        (vec![("login_hint", Some("ada@evil.example@acme.example"))], false),
        (vec![], false),
    ] {
        let answer = world.authorize("", &changed(&AUTHORIZE, &changes)).await;
        let to = Url::parse(answer.header("location").unwrap()).unwrap();
        if routed {
            assert_eq!((to.host_str(), to.path()), (Some("idp.example"), "/authorize"), "{changes:?}");
            assert_eq!(parameter(&to, "login_hint").as_deref(), changes[0].1, "{changes:?}");
        } else {
            assert_eq!(to.path(), format!("/{POOL}/login"), "{changes:?}");
        }
    }
    // Without a page that may be shown, the hint chooses nothing.
    let silent = [("login_hint", Some("ada@acme.example")), ("prompt", Some("none"))];
    assert_eq!(world.authorize("", &changed(&AUTHORIZE, &silent)).await.redirect("error").as_deref(), Some("login_required"));
    // A session answers first, and COGNITO's own people are not looked up.
    let answer =
        world.authorize(&world.signed_in().await, &changed(&AUTHORIZE, &[("login_hint", Some("ada@bravo.example"))])).await;
    assert!(answer.redirect("code").is_some());
}

/// The step between takes only what the authorization endpoint would take.
#[tokio::test]
async fn the_step_between_is_judged_like_the_endpoint() {
    let world = world().await;
    let named = |name: Option<&'static str>| form(&changed(&AUTHORIZE, &[("identity_provider", name)]));
    assert_eq!(world.get(&format!("/login/continue?{}", named(Some(PROVIDER)))).await.status, 200, "the control");
    for name in [None, Some("COGNITO")] {
        let answer = world.get(&format!("/login/continue?{}", named(name))).await;
        assert_eq!((answer.status, answer.header("refresh")), (400, None), "{name:?}");
    }
    for name in ["Unoffered", "Elsewhere", "Disabled", "Nobody"] {
        let answer = world.get(&format!("/login/continue?{}", named(Some(name)))).await;
        assert_eq!((answer.status, answer.redirect("error").as_deref()), (302, Some("invalid_request")), "{name}");
    }
    let bad = changed(&AUTHORIZE, &[("identity_provider", Some(PROVIDER)), ("redirect_uri", Some("https://evil.example/"))]);
    let answer = world.get(&format!("/login/continue?{}", form(&bad))).await;
    assert_eq!((answer.status, answer.header("refresh"), answer.header("location")), (400, None, None), "A-02");
}
