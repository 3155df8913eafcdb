//! Who may do what: each route by each principal, and what somebody who is signed in can do.

use super::*;

/// Who asks, in the table below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Principal {
    Nobody,
    /// Signed in, in the team that has the namespace; with the field that forms must have.
    Member,
    /// The same without that field: another site sends the form.
    Forged,
    /// Signed in, in another team.
    Stranger,
    /// A session that was ended.
    Ended,
    /// A key for the namespace.
    Token,
    /// A key for another one.
    OtherToken,
}

const EVERYBODY: [Principal; 7] = [
    Principal::Nobody,
    Principal::Member,
    Principal::Forged,
    Principal::Stranger,
    Principal::Ended,
    Principal::Token,
    Principal::OtherToken,
];

/// Who may use a route.
#[derive(Clone, Copy, Debug)]
enum Who {
    /// Everybody reads.
    Anybody,
    /// A key for the namespace, and nothing else.
    Publisher,
    /// Whoever is signed in, from a page of theirs.
    Somebody,
    /// Whoever is signed in; others are led to where that is done.
    Page,
}

/// Every route with who may use it: each must stand here.
const ROUTES: &[(&str, &str, Who)] = &[
    ("GET", "/healthz", Who::Anybody),
    ("GET", "/readyz", Who::Anybody),
    ("GET", "/index/config.json", Who::Anybody),
    ("GET", "/index/{namespace}/{file}", Who::Anybody),
    ("GET", "/blob/{file}", Who::Anybody),
    ("GET", "/", Who::Anybody),
    ("GET", "/guidelines", Who::Anybody),
    ("GET", "/guidelines.json", Who::Anybody),
    ("GET", "/standards.json", Who::Anybody),
    ("GET", "/namespaces.json", Who::Anybody),
    ("GET", "/guidelines/{namespace}/{slug}", Who::Anybody),
    ("GET", "/guidelines/{namespace}/{slug}/{version}", Who::Anybody),
    ("GET", "/guidelines/{namespace}/{slug}/compare", Who::Anybody),
    ("GET", "/guidelines/{namespace}/{slug}/compare/{pair}", Who::Anybody),
    ("GET", "/standards", Who::Anybody),
    ("GET", "/standards/{namespace}/{slug}", Who::Anybody),
    ("GET", "/standards/{namespace}/{slug}/{version}", Who::Anybody),
    ("GET", "/namespaces", Who::Anybody),
    ("GET", "/namespaces/{namespace}", Who::Anybody),
    ("GET", "/stages", Who::Anybody),
    ("GET", "/stages.json", Who::Anybody),
    ("GET", "/api", Who::Anybody),
    ("GET", "/openapi.json", Who::Anybody),
    ("GET", "/feed/changes.atom", Who::Anybody),
    ("GET", "/feed/namespaces/{file}", Who::Anybody),
    ("GET", "/feed/names/{namespace}/{file}", Who::Anybody),
    ("GET", "/feed/{file}", Who::Anybody),
    ("GET", "/static/{file}", Who::Anybody),
    ("GET", "/sign-in", Who::Anybody),
    ("GET", "/sign-in/provider", Who::Anybody),
    ("GET", "/sign-in/callback", Who::Anybody),
    ("GET", "/sign-in/{secret}", Who::Anybody),
    ("POST", "/sign-in/{secret}", Who::Anybody),
    ("POST", "/sign-out", Who::Somebody),
    ("GET", "/account", Who::Page),
    ("POST", "/account/namespaces", Who::Somebody),
    ("POST", "/account/members", Who::Somebody),
    ("POST", "/account/teams/{team}/members/{person}/remove", Who::Somebody),
    ("POST", "/account/tokens", Who::Somebody),
    ("POST", "/account/tokens/{id}/revoke", Who::Somebody),
    ("POST", "/account/sessions/{id}/end", Who::Somebody),
    ("GET", "/api/v1/guidelines", Who::Anybody),
    ("GET", "/api/v1/standards", Who::Anybody),
    ("GET", "/api/v1/namespaces", Who::Anybody),
    ("GET", "/api/v1/stages", Who::Anybody),
    ("GET", "/api/v1/guidelines/{namespace}/{slug}", Who::Anybody),
    ("PATCH", "/api/v1/guidelines/{namespace}/{slug}", Who::Publisher),
    ("GET", "/api/v1/standards/{namespace}/{slug}", Who::Anybody),
    ("PATCH", "/api/v1/standards/{namespace}/{slug}", Who::Publisher),
    ("GET", "/api/v1/guidelines/{namespace}/{slug}/compare/{pair}", Who::Anybody),
    ("GET", "/api/v1/guidelines/{namespace}/{slug}/{version}", Who::Anybody),
    ("PUT", "/api/v1/guidelines/{namespace}/{slug}/{version}", Who::Publisher),
    ("PATCH", "/api/v1/guidelines/{namespace}/{slug}/{version}", Who::Publisher),
    ("GET", "/api/v1/standards/{namespace}/{slug}/{version}", Who::Anybody),
    ("PUT", "/api/v1/standards/{namespace}/{slug}/{version}", Who::Publisher),
    ("PATCH", "/api/v1/standards/{namespace}/{slug}/{version}", Who::Publisher),
];

/// Signs somebody in; the secret of the session.
pub(super) async fn signed_in(
    served: &Served,
    who: &str,
    team: &str,
    number: u8,
) -> crate::registry::flow::Secret {
    let secret = crate::registry::flow::Secret::new([number; 32]);
    let person = served.store.person_in_team(who, team, NOW).await.expect("a person");
    served.store.add_session(&secret.hash(), person, "tests", NOW).await.expect("a session");
    secret
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_do_what_is_theirs_and_nothing_else() {
    let served = served().await;
    let alice = signed_in(&served, "alice", "acme-team", 1).await;
    let bob = signed_in(&served, "bob", "others", 2).await;
    let gone = signed_in(&served, "carol", "acme-team", 3).await;
    let team = served.store.person(1).await.expect("asked").expect("alice").teams[0].0;
    assert!(served.store.claim("acme", team).await.expect("claimed"));
    let session = served.store.session(&gone.hash()).await.expect("asked").expect("carol's");
    assert!(served.store.end_session(session.id, session.person, NOW).await.expect("ended"));
    let own = key(&served.store, 4, NOW + 1).await;
    let other = crate::registry::flow::Key::new([5; 32]);
    let held = crate::registry::flow::Held {
        owner: "bob".to_owned(),
        scope: crate::registry::flow::scope_of("others"),
        expires_ms: NOW + 1,
        revoked_ms: None,
    };
    served.store.add_token(&other.hash(), &held, 1).await.expect("kept");
    let cookie =
        |secret: &crate::registry::flow::Secret| format!("Cookie: a=b; __Host-stanchion={}", secret.show());
    for (method, route, who) in ROUTES {
        for principal in EVERYBODY {
            let (header, forms) = match principal {
                Principal::Nobody => ("X-Nothing: 1".to_owned(), String::new()),
                Principal::Member => (cookie(&alice), alice.of_forms()),
                Principal::Forged => (cookie(&alice), bob.of_forms()),
                Principal::Stranger => (cookie(&bob), bob.of_forms()),
                Principal::Ended => (cookie(&gone), gone.of_forms()),
                Principal::Token => (own.clone(), String::new()),
                Principal::OtherToken => (format!("Authorization: Bearer {}", other.show()), String::new()),
            };
            // What would take somebody's session away is asked without that effect: a session that is nobody's.
            let path = route
                .replace("{namespace}", "acme")
                .replace("{slug}", "one")
                .replace("{version}", "1.0.0")
                .replace("{id}", "999")
                .replace("{team}", "999")
                .replace("{person}", "999")
                .replace("{secret}", &"0".repeat(64));
            if *route == "/sign-out" && matches!(principal, Principal::Member | Principal::Stranger) {
                continue;
            }
            let body = format!("forms={forms}&days=x&person=%20&new-namespace=%20");
            let request = format!(
                "{method} {path} HTTP/1.1\r\n{header}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nHost: x\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let mut stream = TcpStream::connect(served.address).await.expect("connected");
            stream.write_all(request.as_bytes()).await.expect("sent");
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.expect("read");
            let answer = String::from_utf8(answer).expect("UTF-8");
            let status: u16 = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
            let to_sign_in = status == 303 && answer.to_lowercase().contains("location: /sign-in");
            let is_in = matches!(principal, Principal::Member | Principal::Stranger);
            let fine = match who {
                // Whatever it is, it is not about who asks; but a page of nobody is not there.
                Who::Anybody => matches!(status, 200 | 303 | 400 | 404 | 410) && !to_sign_in,
                Who::Publisher => match principal {
                    Principal::Token => matches!(status, 404 | 422 | 428),
                    Principal::OtherToken => status == 403,
                    _ => status == 401,
                },
                Who::Somebody => match principal {
                    _ if is_in => matches!(status, 303 | 422) && !to_sign_in,
                    Principal::Forged => status == 403,
                    _ => to_sign_in,
                },
                Who::Page => {
                    if is_in || principal == Principal::Forged {
                        status == 200
                    } else {
                        to_sign_in
                    }
                }
            };
            assert!(fine, "{method} {path} as {principal:?} ({who:?}): {answer}");
            assert!(!answer.contains("panicked") && status < 500, "{answer}");
        }
    }
}

#[test]
fn every_route_stands_in_the_table() {
    let source = include_str!("../mod.rs")
        .split("/// The routes of the listener for the operator.")
        .next()
        .expect("the site's");
    let mut found = Vec::new();
    let (api, site) = source
        .split_once("let api = Router::new()")
        .map(|it| it.1)
        .and_then(|it| it.split_once("Router::new()"))
        .expect("both routers");
    for (prefix, part) in [("/api/v1", api), ("", site)] {
        // From one `.route(` to the next, however it is broken into lines.
        for call in part.split(".route(").skip(1) {
            let path = call.split('"').nth(1).expect("a path");
            let handlers = call.split(".fallback(").next().unwrap_or_default();
            for (word, method) in [
                ("get(", "GET"),
                ("put(", "PUT"),
                ("post(", "POST"),
                ("patch(", "PATCH"),
                ("delete(", "DELETE"),
            ] {
                if handlers.contains(word) {
                    found.push((method, format!("{prefix}{path}")));
                }
            }
        }
    }
    let mut table: Vec<(&str, String)> =
        ROUTES.iter().map(|(method, path, _)| (*method, (*path).to_owned())).collect();
    found.sort();
    table.sort();
    assert_eq!(found, table);
    // What machines are told about is what there is.
    let document: serde_json::Value = serde_json::from_str(api::OPENAPI).expect("JSON");
    let mut told = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            told.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut there: Vec<(String, String)> = table
        .iter()
        .filter(|it| it.1.starts_with("/api/v1/"))
        .map(|it| (it.0.to_owned(), it.1.clone()))
        .collect();
    told.sort();
    there.sort();
    assert_eq!(told, there);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_signs_in_once_and_the_page_makes_keys() {
    let served = served().await;
    let link = crate::registry::flow::Secret::new([9; 32]);
    let person = served.store.person_in_team("alice", "pay", NOW).await.expect("a person");
    served.store.add_link(&link.hash(), person, NOW + 1).await.expect("a link");
    let path = format!("/sign-in/{}", link.show());
    // Looking at it does not use it up.
    assert_eq!(served.get(&path).await.0, 200);
    let from_elsewhere =
        served.ask(&format!("POST {path} HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0")).await;
    assert!(from_elsewhere.starts_with("HTTP/1.1 403"), "{from_elsewhere}");
    let used = served.ask(&format!("POST {path} HTTP/1.1\r\nContent-Length: 0")).await;
    assert!(used.starts_with("HTTP/1.1 303") && used.contains("location: /account"), "{used}");
    let cookie = used.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    for part in ["__Host-stanchion=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(used.to_lowercase().contains("cache-control: no-store"), "{used}");
    let again = served.ask(&format!("POST {path} HTTP/1.1\r\nContent-Length: 0")).await;
    assert!(again.starts_with("HTTP/1.1 410"), "{again}");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let page = served.ask(&format!("GET /account HTTP/1.1\r\nCookie: {cookie}")).await;
    let forms = page
        .split("name=\"forms\" value=\"")
        .nth(1)
        .and_then(|it| it.split('"').next())
        .expect("a field")
        .to_owned();
    let post = |path: &str, body: &str| {
        let body = format!("forms={forms}&{body}");
        let head = format!(
            "POST {path} HTTP/1.1\r\nCookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nHost: x\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let address = served.address;
        async move {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            stream.write_all(head.as_bytes()).await.expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("read");
            answer
        }
    };
    assert!(post("/account/namespaces", "new-namespace=pay&team=pay").await.starts_with("HTTP/1.1 303"));
    // A key for what is not theirs is refused at the field, and what was typed is kept.
    let refused = post("/account/tokens", "namespace=secrets&days=7x%3Cb").await;
    assert!(
        refused.starts_with("HTTP/1.1 422") && refused.contains("choose a namespace of one of your teams"),
        "{refused}"
    );
    assert!(refused.contains("value=\"7x&#60;b\""), "{refused}");
    for (namespace, words) in [("secrets", "somebody has it already"), ("No", "new-namespace-slip")] {
        let refused = post("/account/namespaces", &format!("new-namespace={namespace}&team=pay")).await;
        assert!(refused.starts_with("HTTP/1.1 422") && refused.contains(words), "{refused}");
    }
    let made = post("/account/tokens", "namespace=pay&days=7").await;
    let key = made.split("stn_").nth(1).map(|it| format!("stn_{}", &it[..64])).expect("a key");
    let headers = format!(
        "PATCH /api/v1/guidelines/pay/none HTTP/1.1\r\nAuthorization: Bearer {key}\r\nContent-Length: 0"
    );
    assert!(served.ask(&headers).await.starts_with("HTTP/1.1 404"), "the key is for this namespace");
    let page = served.ask(&format!("GET /account HTTP/1.1\r\nCookie: {cookie}")).await;
    assert!(!page.contains(&key) && page.contains("publish:pay"), "shown once: {page}");
    let id = page
        .split("/account/tokens/")
        .nth(1)
        .and_then(|it| it.split('/').next())
        .expect("a number")
        .to_owned();
    assert!(post(&format!("/account/tokens/{id}/revoke"), "").await.starts_with("HTTP/1.1 303"));
    assert!(served.ask(&headers).await.starts_with("HTTP/1.1 401"), "taken back");
    // A colleague gets a link; somebody who is there already does not, or the maker could be them.
    let colleague = post("/account/members", "person=bob&of-team=pay").await;
    assert!(colleague.contains("http://x/sign-in/"), "{colleague}");
    let taken = post("/account/members", "person=bob&of-team=pay").await;
    assert!(taken.starts_with("HTTP/1.1 422") && taken.contains("is here already"), "{taken}");
    // Whoever leaves a team leaves its keys; the last one stays, and nobody takes out those of other teams.
    let alice = served.store.known_by_name("alice").await.expect("asked").expect("alice").id;
    let bob = served.store.known_by_name("bob").await.expect("asked").expect("bob").id;
    let pay = served.store.person(bob).await.expect("asked").expect("bob").teams[0].0;
    let _other = signed_in(&served, "eve", "eves", 9).await;
    let eve = served.store.known_by_name("eve").await.expect("asked").expect("eve").id;
    let eves = served.store.person(eve).await.expect("asked").expect("eve").teams[0].0;
    let key = crate::registry::flow::Key::new([8; 32]);
    let held = crate::registry::flow::Held {
        owner: "bob".to_owned(),
        scope: crate::registry::flow::scope_of("pay"),
        expires_ms: NOW + 1_000,
        revoked_ms: None,
    };
    served.store.add_token_of(bob, &key.hash(), &held, NOW).await.expect("a key");
    let page = served.ask(&format!("GET /account HTTP/1.1\r\nCookie: {cookie}")).await;
    assert!(page.contains("Take bob out of pay") && page.contains("Leave pay"), "{page}");
    for (team, person, left) in [(eves, eve, false), (pay, bob, true), (pay, bob, true)] {
        let answer = post(&format!("/account/teams/{team}/members/{person}/remove"), "").await;
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        let teams = served.store.person(person).await.expect("asked").expect("somebody").teams;
        assert_eq!(teams.is_empty(), left);
    }
    let of_key = format!(
        "PATCH /api/v1/guidelines/pay/none HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Length: 0",
        key.show()
    );
    assert!(served.ask(&of_key).await.starts_with("HTTP/1.1 401"), "the key went with them");
    let last = post(&format!("/account/teams/{pay}/members/{alice}/remove"), "").await;
    assert!(last.starts_with("HTTP/1.1 422") && last.contains("the last one of a team stays"), "{last}");
    assert!(post("/sign-out", "").await.starts_with("HTTP/1.1 303"));
    assert!(
        served.ask(&format!("GET /account HTTP/1.1\r\nCookie: {cookie}")).await.starts_with("HTTP/1.1 303")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_locked_does_not_come_in() {
    let served = served().await;
    let session = signed_in(&served, "alice", "pay", 1).await;
    let ask = format!("GET /account HTTP/1.1\r\nCookie: __Host-stanchion={}", session.show());
    let page = served.ask(&ask).await;
    let alice = served.store.known_by_name("alice").await.expect("asked").expect("alice");
    assert!(page.contains(&format!("You are number {} here", alice.id)), "{page}");
    let key = crate::registry::flow::Key::new([5; 32]);
    let held = crate::registry::flow::Held {
        owner: "alice".to_owned(),
        scope: crate::registry::flow::scope_of("pay"),
        expires_ms: NOW + 1,
        revoked_ms: None,
    };
    served.store.add_token_of(alice.id, &key.hash(), &held, 1).await.expect("kept");
    served.store.lock(alice.id, NOW).await.expect("locked");
    assert!(served.ask(&ask).await.starts_with("HTTP/1.1 303"), "led to where people sign in");
    let publish = format!(
        "PATCH /api/v1/guidelines/pay/none HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Length: 0",
        key.show()
    );
    assert!(served.ask(&publish).await.starts_with("HTTP/1.1 401"));
    let link = crate::registry::flow::Secret::new([9; 32]);
    served.store.add_link(&link.hash(), alice.id, NOW + 1).await.expect("a link");
    let used = served.ask(&format!("POST /sign-in/{} HTTP/1.1\r\nContent-Length: 0", link.show())).await;
    assert!(used.starts_with("HTTP/1.1 403") && !used.contains("set-cookie"), "{used}");
}
