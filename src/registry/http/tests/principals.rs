//! Permissions: every route with every principal, and the actions of a signed-in user.

use super::*;

/// Sender of a request in the table below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Principal {
    Anonymous,
    /// Signed in, member of the team that owns the namespace, with the anti-forgery token.
    Member,
    /// The same user with a wrong anti-forgery token, as from another site.
    Forged,
    /// Signed in, member of another team.
    Stranger,
    /// Session that was ended.
    EndedSession,
    /// Token for the namespace.
    Token,
    /// Token for another namespace.
    OtherToken,
}

const PRINCIPALS: [Principal; 7] = [
    Principal::Anonymous,
    Principal::Member,
    Principal::Forged,
    Principal::Stranger,
    Principal::EndedSession,
    Principal::Token,
    Principal::OtherToken,
];

/// Principals that may use a route.
#[derive(Clone, Copy, Debug)]
enum Who {
    /// All principals.
    Anyone,
    /// Only a token for the namespace.
    Publisher,
    /// Only a signed-in user with a form of their session.
    SignedIn,
    /// Only a signed-in user; others are redirected to the sign-in page.
    Page,
}

/// All routes with their permissions. A test compares this table with the router.
const ROUTES: &[(&str, &str, Who)] = &[
    ("GET", "/healthz", Who::Anyone),
    ("GET", "/readyz", Who::Anyone),
    ("GET", "/index/config.json", Who::Anyone),
    ("GET", "/index/{namespace}/{file}", Who::Anyone),
    ("GET", "/blob/{file}", Who::Anyone),
    ("GET", "/", Who::Anyone),
    ("GET", "/guidelines", Who::Anyone),
    ("GET", "/guidelines.json", Who::Anyone),
    ("GET", "/standards.json", Who::Anyone),
    ("GET", "/namespaces.json", Who::Anyone),
    ("GET", "/guidelines/{namespace}/{slug}", Who::Anyone),
    ("GET", "/guidelines/{namespace}/{slug}/{version}", Who::Anyone),
    ("GET", "/guidelines/{namespace}/{slug}/compare", Who::Anyone),
    ("GET", "/guidelines/{namespace}/{slug}/compare/{pair}", Who::Anyone),
    ("GET", "/standards", Who::Anyone),
    ("GET", "/standards/{namespace}/{slug}", Who::Anyone),
    ("GET", "/standards/{namespace}/{slug}/{version}", Who::Anyone),
    ("GET", "/namespaces", Who::Anyone),
    ("GET", "/namespaces/{namespace}", Who::Anyone),
    ("GET", "/stages", Who::Anyone),
    ("GET", "/stages.json", Who::Anyone),
    ("GET", "/api", Who::Anyone),
    ("GET", "/openapi.json", Who::Anyone),
    ("GET", "/feed/changes.atom", Who::Anyone),
    ("GET", "/feed/namespaces/{file}", Who::Anyone),
    ("GET", "/feed/names/{namespace}/{file}", Who::Anyone),
    ("GET", "/feed/{file}", Who::Anyone),
    ("GET", "/static/{file}", Who::Anyone),
    ("GET", "/sign-in", Who::Anyone),
    ("GET", "/sign-in/provider", Who::Anyone),
    ("GET", "/sign-in/callback", Who::Anyone),
    ("GET", "/sign-in/{secret}", Who::Anyone),
    ("POST", "/sign-in/{secret}", Who::Anyone),
    ("POST", "/sign-out", Who::SignedIn),
    ("GET", "/account", Who::Page),
    ("POST", "/account/namespaces", Who::SignedIn),
    ("POST", "/account/members", Who::SignedIn),
    ("POST", "/account/teams/{team}/members/{person}/remove", Who::SignedIn),
    ("POST", "/account/tokens", Who::SignedIn),
    ("POST", "/account/tokens/{id}/revoke", Who::SignedIn),
    ("POST", "/account/sessions/{id}/end", Who::SignedIn),
    ("GET", "/api/v1/guidelines", Who::Anyone),
    ("GET", "/api/v1/standards", Who::Anyone),
    ("GET", "/api/v1/namespaces", Who::Anyone),
    ("GET", "/api/v1/stages", Who::Anyone),
    ("GET", "/api/v1/guidelines/{namespace}/{slug}", Who::Anyone),
    ("PATCH", "/api/v1/guidelines/{namespace}/{slug}", Who::Publisher),
    ("GET", "/api/v1/standards/{namespace}/{slug}", Who::Anyone),
    ("PATCH", "/api/v1/standards/{namespace}/{slug}", Who::Publisher),
    ("GET", "/api/v1/guidelines/{namespace}/{slug}/compare/{pair}", Who::Anyone),
    ("GET", "/api/v1/guidelines/{namespace}/{slug}/{version}", Who::Anyone),
    ("PUT", "/api/v1/guidelines/{namespace}/{slug}/{version}", Who::Publisher),
    ("PATCH", "/api/v1/guidelines/{namespace}/{slug}/{version}", Who::Publisher),
    ("GET", "/api/v1/standards/{namespace}/{slug}/{version}", Who::Anyone),
    ("PUT", "/api/v1/standards/{namespace}/{slug}/{version}", Who::Publisher),
    ("PATCH", "/api/v1/standards/{namespace}/{slug}/{version}", Who::Publisher),
];

/// Signs a user in and returns the secret of the session.
pub(super) async fn signed_in(
    served: &Served,
    who: &str,
    team: &str,
    number: u8,
) -> crate::registry::decisions::Secret {
    let secret = crate::registry::decisions::Secret::new([number; 32]);
    let person = served.store.create_user_in_team(who, team, NOW).await.expect("a user");
    served.store.add_session(&secret.hash(), person, "tests", NOW).await.expect("a session");
    secret
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_checks_its_principal() {
    let served = served().await;
    let alice = signed_in(&served, "alice", "acme-team", 1).await;
    let bob = signed_in(&served, "bob", "others", 2).await;
    let gone = signed_in(&served, "carol", "acme-team", 3).await;
    let team = served.store.user(1).await.expect("queried").expect("alice").teams[0].0;
    assert!(served.store.claim_namespace("acme", team).await.expect("claimed"));
    let session = served.store.session(&gone.hash()).await.expect("queried").expect("carol's");
    assert!(served.store.end_session(session.id, session.user, NOW).await.expect("ended"));
    let own = token_header(&served.store, 4, NOW + 1).await;
    let other = crate::registry::decisions::AccessToken::new([5; 32]);
    let grant = crate::registry::decisions::TokenGrant {
        owner: "bob".to_owned(),
        scope: crate::registry::decisions::scope_of("others"),
        expires_ms: NOW + 1,
        revoked_ms: None,
    };
    served.store.add_operator_token(&other.hash(), &grant, 1).await.expect("stored");
    let cookie = |secret: &crate::registry::decisions::Secret| {
        format!("Cookie: a=b; __Host-stanchion={}", secret.show())
    };
    for (method, route, who) in ROUTES {
        for principal in PRINCIPALS {
            let (header, forms) = match principal {
                Principal::Anonymous => ("X-Nothing: 1".to_owned(), String::new()),
                Principal::Member => (cookie(&alice), alice.form_token()),
                Principal::Forged => (cookie(&alice), bob.form_token()),
                Principal::Stranger => (cookie(&bob), bob.form_token()),
                Principal::EndedSession => (cookie(&gone), gone.form_token()),
                Principal::Token => (own.clone(), String::new()),
                Principal::OtherToken => (format!("Authorization: Bearer {}", other.show()), String::new()),
            };
            // Ids that do not exist, so that no session, token or member is lost.
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
            let mut response = Vec::new();
            stream.read_to_end(&mut response).await.expect("read");
            let response = String::from_utf8(response).expect("UTF-8");
            let status: u16 =
                response.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
            let to_sign_in = status == 303 && response.to_lowercase().contains("location: /sign-in");
            let is_in = matches!(principal, Principal::Member | Principal::Stranger);
            let fine = match who {
                // Any result that does not depend on the principal; some of the pages do not exist.
                Who::Anyone => matches!(status, 200 | 303 | 400 | 404 | 410) && !to_sign_in,
                Who::Publisher => match principal {
                    Principal::Token => matches!(status, 404 | 422 | 428),
                    Principal::OtherToken => status == 403,
                    _ => status == 401,
                },
                Who::SignedIn => match principal {
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
            assert!(fine, "{method} {path} as {principal:?} ({who:?}): {response}");
            assert!(!response.contains("panicked") && status < 500, "{response}");
        }
    }
}

#[test]
fn every_route_is_in_the_table() {
    let source = include_str!("../mod.rs").split("pub(super) fn metrics_router").next().expect("the site's");
    let mut found = Vec::new();
    let (api, site) = source
        .split_once("let api = Router::new()")
        .map(|it| it.1)
        .and_then(|it| it.split_once("Router::new()"))
        .expect("both routers");
    for (prefix, part) in [("/api/v1", api), ("", site)] {
        // Each `.route(` call ends where the next one begins.
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
    // The OpenAPI document describes exactly these routes.
    let document: serde_json::Value = serde_json::from_str(api::OPENAPI).expect("JSON");
    let mut described = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for method in methods.as_object().expect("methods").keys() {
            described.push((method.to_uppercase(), path.clone()));
        }
    }
    let mut expected: Vec<(String, String)> = table
        .iter()
        .filter(|it| it.1.starts_with("/api/v1/"))
        .map(|it| (it.0.to_owned(), it.1.clone()))
        .collect();
    described.sort();
    expected.sort();
    assert_eq!(described, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_works_once_and_the_account_page_creates_tokens() {
    let served = served().await;
    let link = crate::registry::decisions::Secret::new([9; 32]);
    let person = served.store.create_user_in_team("alice", "pay", NOW).await.expect("a user");
    served.store.add_link(&link.hash(), person, NOW + 1).await.expect("a link");
    let path = format!("/sign-in/{}", link.show());
    // Opening the link does not use it.
    assert_eq!(served.get(&path).await.0, 200);
    let from_elsewhere = served
        .send_raw(&format!("POST {path} HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nContent-Length: 0"))
        .await;
    assert!(from_elsewhere.starts_with("HTTP/1.1 403"), "{from_elsewhere}");
    let used = served.send_raw(&format!("POST {path} HTTP/1.1\r\nContent-Length: 0")).await;
    assert!(used.starts_with("HTTP/1.1 303") && used.contains("location: /account"), "{used}");
    let cookie = used.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    for part in ["__Host-stanchion=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(used.to_lowercase().contains("cache-control: no-store"), "{used}");
    let again = served.send_raw(&format!("POST {path} HTTP/1.1\r\nContent-Length: 0")).await;
    assert!(again.starts_with("HTTP/1.1 410"), "{again}");
    let cookie = cookie.split(';').next().expect("a pair").to_owned();
    let page = served.send_raw(&format!("GET /account HTTP/1.1\r\nCookie: {cookie}")).await;
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
            let mut response = String::new();
            stream.read_to_string(&mut response).await.expect("read");
            response
        }
    };
    assert!(post("/account/namespaces", "new-namespace=pay&team=pay").await.starts_with("HTTP/1.1 303"));
    // A token for a foreign namespace is refused at the field, and the entered value is kept.
    let refused = post("/account/tokens", "namespace=secrets&days=7x%3Cb").await;
    assert!(
        refused.starts_with("HTTP/1.1 422") && refused.contains("choose a namespace of one of your teams"),
        "{refused}"
    );
    assert!(refused.contains("value=\"7x&#60;b\""), "{refused}");
    for (namespace, words) in [("secrets", "already taken"), ("No", "new-namespace-error")] {
        let refused = post("/account/namespaces", &format!("new-namespace={namespace}&team=pay")).await;
        assert!(refused.starts_with("HTTP/1.1 422") && refused.contains(words), "{refused}");
    }
    let made = post("/account/tokens", "namespace=pay&days=7").await;
    let key = made.split("stn_").nth(1).map(|it| format!("stn_{}", &it[..64])).expect("a token");
    let headers = format!(
        "PATCH /api/v1/guidelines/pay/none HTTP/1.1\r\nAuthorization: Bearer {key}\r\nContent-Length: 0"
    );
    assert!(served.send_raw(&headers).await.starts_with("HTTP/1.1 404"), "the token is for this namespace");
    let page = served.send_raw(&format!("GET /account HTTP/1.1\r\nCookie: {cookie}")).await;
    assert!(!page.contains(&key) && page.contains("publish:pay"), "shown once: {page}");
    let id = page
        .split("/account/tokens/")
        .nth(1)
        .and_then(|it| it.split('/').next())
        .expect("a number")
        .to_owned();
    assert!(post(&format!("/account/tokens/{id}/revoke"), "").await.starts_with("HTTP/1.1 303"));
    assert!(served.send_raw(&headers).await.starts_with("HTTP/1.1 401"), "revoked");
    // A new user gets a link. An existing user does not: the creator of the link could sign in as them.
    let colleague = post("/account/members", "person=bob&of-team=pay").await;
    assert!(colleague.contains("http://x/sign-in/"), "{colleague}");
    let taken = post("/account/members", "person=bob&of-team=pay").await;
    assert!(taken.starts_with("HTTP/1.1 422") && taken.contains("already taken"), "{taken}");
    // A user who leaves a team loses the tokens for it. The last member stays, and members of other teams
    // cannot be removed.
    let alice = served.store.user_by_name("alice").await.expect("queried").expect("alice").id;
    let bob = served.store.user_by_name("bob").await.expect("queried").expect("bob").id;
    let pay = served.store.user(bob).await.expect("queried").expect("bob").teams[0].0;
    let _other = signed_in(&served, "eve", "eves", 9).await;
    let eve = served.store.user_by_name("eve").await.expect("queried").expect("eve").id;
    let eves = served.store.user(eve).await.expect("queried").expect("eve").teams[0].0;
    let key = crate::registry::decisions::AccessToken::new([8; 32]);
    let grant = crate::registry::decisions::TokenGrant {
        owner: "bob".to_owned(),
        scope: crate::registry::decisions::scope_of("pay"),
        expires_ms: NOW + 1_000,
        revoked_ms: None,
    };
    served.store.add_user_token(bob, &key.hash(), &grant, NOW).await.expect("a token");
    let page = served.send_raw(&format!("GET /account HTTP/1.1\r\nCookie: {cookie}")).await;
    assert!(page.contains("Remove bob from pay") && page.contains("Leave pay"), "{page}");
    for (team, person, left) in [(eves, eve, false), (pay, bob, true), (pay, bob, true)] {
        let response = post(&format!("/account/teams/{team}/members/{person}/remove"), "").await;
        assert!(response.starts_with("HTTP/1.1 303"), "{response}");
        let teams = served.store.user(person).await.expect("queried").expect("a user").teams;
        assert_eq!(teams.is_empty(), left);
    }
    let of_key = format!(
        "PATCH /api/v1/guidelines/pay/none HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Length: 0",
        key.show()
    );
    assert!(
        served.send_raw(&of_key).await.starts_with("HTTP/1.1 401"),
        "the token was revoked with the membership"
    );
    let last = post(&format!("/account/teams/{pay}/members/{alice}/remove"), "").await;
    assert!(last.starts_with("HTTP/1.1 422") && last.contains("the last member cannot leave"), "{last}");
    assert!(post("/sign-out", "").await.starts_with("HTTP/1.1 303"));
    assert!(
        served
            .send_raw(&format!("GET /account HTTP/1.1\r\nCookie: {cookie}"))
            .await
            .starts_with("HTTP/1.1 303")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_user_cannot_sign_in() {
    let served = served().await;
    let session = signed_in(&served, "alice", "pay", 1).await;
    let request = format!("GET /account HTTP/1.1\r\nCookie: __Host-stanchion={}", session.show());
    let page = served.send_raw(&request).await;
    let alice = served.store.user_by_name("alice").await.expect("queried").expect("alice");
    assert!(page.contains(&format!("Your user number is {}.", alice.id)), "{page}");
    let key = crate::registry::decisions::AccessToken::new([5; 32]);
    let grant = crate::registry::decisions::TokenGrant {
        owner: "alice".to_owned(),
        scope: crate::registry::decisions::scope_of("pay"),
        expires_ms: NOW + 1,
        revoked_ms: None,
    };
    served.store.add_user_token(alice.id, &key.hash(), &grant, 1).await.expect("stored");
    served.store.lock_user(alice.id, NOW).await.expect("locked");
    assert!(served.send_raw(&request).await.starts_with("HTTP/1.1 303"), "redirected to the sign-in page");
    let publish = format!(
        "PATCH /api/v1/guidelines/pay/none HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Length: 0",
        key.show()
    );
    assert!(served.send_raw(&publish).await.starts_with("HTTP/1.1 401"));
    let link = crate::registry::decisions::Secret::new([9; 32]);
    served.store.add_link(&link.hash(), alice.id, NOW + 1).await.expect("a link");
    let used = served.send_raw(&format!("POST /sign-in/{} HTTP/1.1\r\nContent-Length: 0", link.show())).await;
    assert!(used.starts_with("HTTP/1.1 403") && !used.contains("set-cookie"), "{used}");
}
