//! Tests of the routes over real connections.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

mod expensive;
mod links;
mod principals;
mod races;
mod responses;

use super::*;
use crate::registry::decisions::{prepare_version, search_terms};
use crate::registry::store::PublishedKind;

/// Current time in these tests.
const NOW: i64 = 1_000_000;

struct Served {
    address: std::net::SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
    store: Store,
    _folder: tempfile::TempDir,
}

/// Configuration for these tests.
fn test_config(store: Store) -> SiteConfig {
    static NEXT: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(100);
    let random = || Some([NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed); 32]);
    SiteConfig {
        store,
        now_ms: || NOW,
        random,
        public_url: None,
        provider: None,
        worker: None,
        metrics: Arc::default(),
        quiet: true,
    }
}

async fn served() -> Served {
    served_with(ConnectionLimits::new(100), |_| {}).await
}

/// The same with other limits and a change of [`test_config`].
async fn served_with(limits: ConnectionLimits, change: impl FnOnce(&mut SiteConfig)) -> Served {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
    for (name, text) in crate::format::starter_guidelines() {
        store
            .publish(&prepare_version(PublishedKind::Guideline, name, text, "starter", 5).expect("a version"))
            .await
            .expect("published");
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let mut site = test_config(store.clone());
    change(&mut site);
    let task = tokio::spawn(serve(listener, router(site), limits, async { drop(stopped.await) }));
    Served { store, address, stop: Some(stop), task, _folder: folder }
}

impl Served {
    /// Sends a request unchanged and reads until the server closes the connection.
    async fn send_raw(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        let request = format!("{head}\r\nHost: x\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.expect("read");
        String::from_utf8(response).expect("UTF-8")
    }

    /// Sends a request with a body. Returns the status and the whole response.
    async fn send(&self, line: &str, headers: &str, body: &str) -> (u16, String) {
        let length = body.len();
        let mut stream = TcpStream::connect(self.address).await.expect("connected");
        let request = format!(
            "{line} HTTP/1.1\r\n{headers}\r\nContent-Length: {length}\r\nHost: x\r\nConnection: close\r\n\r\n{body}"
        );
        // A server that refuses early may close the connection before everything is sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response).await;
        let response = String::from_utf8(response).expect("UTF-8");
        (response.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), response)
    }

    async fn get(&self, path: &str) -> (u16, String, String) {
        let response = self.send_raw(&format!("GET {path} HTTP/1.1")).await;
        let (head, body) = response.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, head.to_lowercase(), body.to_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_index_leads_to_every_text() {
    let served = served().await;
    let (status, _, body) = served.get("/index/config.json").await;
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).expect("JSON")["v"], 1);
    for (_, text) in crate::format::starter_guidelines() {
        let id = text.lines().find_map(|line| line.strip_prefix("guideline: ")).expect("an id").trim();
        let (status, head, lines) = served.get(&format!("/index/{id}.jsonl")).await;
        assert_eq!(status, 200, "{id}");
        assert!(head.contains("nosniff") && head.contains("default-src 'none'"), "{head}");
        let line: serde_json::Value = serde_json::from_str(lines.trim()).expect("one line");
        assert_eq!((line["name"].as_str(), line["yanked"].as_bool()), (Some(id), Some(false)));
        let (status, head, body) =
            served.get(&format!("/blob/{}.md", line["sha256"].as_str().expect("digits"))).await;
        assert_eq!((status, body.as_str()), (200, text));
        assert!(head.contains("immutable"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unchanged_index_files_are_304() {
    let served = served().await;
    let path = "/index/secrets/no-private-keys.jsonl";
    let (_, head, _) = served.get(path).await;
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag");
    let again = served.send_raw(&format!("GET {path} HTTP/1.1\r\nIf-None-Match: \"x\", {tag}")).await;
    assert!(again.starts_with("HTTP/1.1 304") && again.ends_with("\r\n\r\n"), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_addresses_are_404() {
    let served = served().await;
    for path in
        ["/index/a/b.jsonl", "/index/a/B.jsonl", "/index/%2e%2e/x.jsonl", "/blob/x.md", "/blob/%00.md"]
    {
        let (status, head, body) = served.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(head.contains("application/problem+json") && body.contains("\"status\":404"), "{head}{body}");
    }
    for path in [
        "/nothing",
        "/guidelines/a/b",
        "/guidelines/A/B",
        "/guidelines/secrets/no-private-keys/9.0.0",
        "/static/x.css",
    ] {
        let (status, head, body) = served.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(head.contains("text/html") && body.contains("There is no such page"), "{head}{body}");
    }
    assert!(served.send_raw("POST /healthz HTTP/1.1").await.starts_with("HTTP/1.1 405"));
    assert_eq!(served.get("/healthz").await.0, 200);
    assert_eq!(served.get("/readyz").await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_show_the_starter_guidelines() {
    let served = served().await;
    let (status, head, list) = served.get("/guidelines?limit=200").await;
    assert_eq!(status, 200);
    assert!(head.contains("style-src 'self'") && !list.contains("<script"), "{head}");
    for (_, text) in crate::format::starter_guidelines() {
        let id = text.lines().find_map(|line| line.strip_prefix("guideline: ")).expect("an id").trim();
        assert!(list.contains(&format!("/guidelines/{id}")), "{id}");
        let (status, _, page) = served.get(&format!("/guidelines/{id}")).await;
        assert_eq!(status, 200, "{id}");
        for heading in
            ["<h2>Why</h2>", "<h2>How to keep it</h2>", "<h2>When to step over</h2>", "<h2>Versions</h2>"]
        {
            assert!(page.contains(heading), "{id}: {heading}");
        }
        assert!(page.contains(&format!("follow = [\"{id}@1\"]")), "{id}");
    }
    let style = list.split('"').find(|part| part.starts_with("/static/style.")).expect("a style");
    let (status, head, _) = served.get(style).await;
    assert!(status == 200 && head.contains("text/css") && head.contains("immutable"), "{head}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_page_has_its_json() {
    let served = served().await;
    for (page, json) in [
        ("/guidelines.json?q=keys&stage=trial", "/api/v1/guidelines?q=keys&stage=trial"),
        ("/standards.json", "/api/v1/standards"),
        ("/namespaces.json", "/api/v1/namespaces"),
        ("/namespaces/secrets.json", "/api/v1/guidelines?namespace=secrets"),
        ("/guidelines/secrets/no-private-keys.json", "/api/v1/guidelines/secrets/no-private-keys"),
        (
            "/guidelines/secrets/no-private-keys/1.0.1.json",
            "/api/v1/guidelines/secrets/no-private-keys/1.0.1",
        ),
        (
            "/guidelines/secrets/no-private-keys/compare/1.0.1...1.0.1.json",
            "/api/v1/guidelines/secrets/no-private-keys/compare/1.0.1...1.0.1",
        ),
    ] {
        let (status, head, _) = served.get(page).await;
        assert_eq!(status, 303, "{page}");
        assert!(head.contains(&format!("location: {json}\r\n")), "{page}: {head}");
        let (status, head, _) = served.get(json).await;
        assert!(status == 200 && head.contains("application/json"), "{json}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn search_finds_words() {
    let served = served().await;
    let (status, _, page) = served.get("/guidelines?q=PRIVATE+keys").await;
    assert_eq!(status, 200);
    assert!(
        page.contains("/guidelines/secrets/no-private-keys") && page.contains("value=\"PRIVATE keys\""),
        "{page}"
    );
    let first = page.split('"').find(|part| part.starts_with("/guidelines/"));
    assert_eq!(first, Some("/guidelines/secrets/no-private-keys"), "the most relevant result comes first");
    let (_, _, none) = served.get("/guidelines?q=%3Cscript%3Exyzzy%22").await;
    assert!(none.contains("No results") && !none.contains("<script"), "{none}");
    let (status, _, _) = served.get(&format!("/guidelines?q={}", "x".repeat(5_000))).await;
    assert_eq!(status, 422, "the error is reported and the first part is used");
    let (status, head, feed) = served.get("/feed/changes.atom").await;
    assert!(status == 200 && head.contains("application/atom+xml"), "{head}");
    let document = roxmltree::Document::parse(&feed).expect("well-formed");
    let entries = document
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2005/Atom", "entry")))
        .count();
    assert_eq!(entries, crate::format::starter_guidelines().len());
    assert!(feed.contains("<updated>1970-01-01T00:00:00Z</updated>"), "{feed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn published_text_is_escaped() {
    let served = served().await;
    let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("the line").to_owned();
    let text = text
        .replacen(&line("guideline: "), "guideline: acme/evil", 1)
        .replacen(&line("title: "), "title: \"A <script>alert(1)</script> & 'title'\"", 1)
        .replacen(
            "## Why\n",
            "## Why\n<img src=x onerror=alert(1)> [x](javascript:alert(1))\n\n<script>alert(2)</script>\n\n",
            1,
        );
    let new = prepare_version(PublishedKind::Guideline, "x.md", &text, "tests", 7).expect("a version");
    served.store.publish(&new).await.expect("published");
    let name = ("acme", "evil", new.version.as_str());
    assert!(served.store.yank(name, Some("<b>bad</b>"), 9, search_terms).await.expect("yanked"));
    for path in ["/", "/guidelines", "/guidelines/acme/evil", "/stages", "/namespaces/acme"] {
        let (_, _, page) = served.get(path).await;
        assert!(page.contains("alert(1)"), "it is shown: {page}");
        for active in ["<script", "<img", "href=\"javascript", "<b>bad"] {
            assert!(!page.contains(active), "{active} in {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_lists_have_pages() {
    let served = served().await;
    let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
    let line = text.lines().find(|line| line.starts_with("guideline: ")).expect("the line");
    for number in 0..120 {
        let text = text.replacen(line, &format!("guideline: acme/g{number:03}"), 1);
        served
            .store
            .publish(
                &prepare_version(PublishedKind::Guideline, "x.md", &text, "tests", 7).expect("a version"),
            )
            .await
            .expect("published");
    }
    let (mut path, mut seen, mut pages) = ("/guidelines".to_owned(), 0, 0);
    loop {
        let (status, _, page) = served.get(&path).await;
        assert_eq!(status, 200);
        pages += 1;
        seen += page.matches("href=\"/guidelines/").count();
        let Some(next) = page.split('"').find(|part| part.contains("?cursor=")) else { break };
        path = next.to_owned();
    }
    let all = 120 + crate::format::starter_guidelines().len();
    assert_eq!((seen, pages), (all, all.div_ceil(50)));
}

/// Creates a token for `acme` and returns its header.
async fn token_header(store: &Store, number: u8, expires_ms: i64) -> String {
    let key = crate::registry::decisions::AccessToken::new([number; 32]);
    let grant = crate::registry::decisions::TokenGrant {
        owner: "alice".to_owned(),
        scope: crate::registry::decisions::scope_of("acme"),
        expires_ms,
        revoked_ms: None,
    };
    store.add_operator_token(&key.hash(), &grant, 1).await.expect("stored");
    format!("Authorization: Bearer {}", key.show())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publishing_requires_a_token_and_is_permanent() {
    let served = served().await;
    let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("the line").to_owned();
    let text = text.replacen(&line("guideline: "), "guideline: acme/one", 1).replacen(
        &line("version: "),
        "version: 1.0.0",
        1,
    );
    let put = |path: &str, header: &str, body: &str| {
        format!(
            "PUT {path} HTTP/1.1\r\n{header}\r\nContent-Length: {}\r\nHost: x\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let send = |request: String| {
        let address = served.address;
        async move {
            let mut stream = TcpStream::connect(address).await.expect("connected");
            // A server that refuses early may close the connection before everything is sent.
            let _ = stream.write_all(request.as_bytes()).await;
            let mut response = Vec::new();
            let _ = stream.read_to_end(&mut response).await;
            let response = String::from_utf8(response).expect("UTF-8");
            let status: u16 = response.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
            (status, response)
        }
    };
    let path = "/api/v1/guidelines/acme/one/1.0.0";
    let good = token_header(&served.store, 1, NOW + 1).await;
    let expired = token_header(&served.store, 2, NOW).await;
    let unknown =
        format!("Authorization: Bearer {}", crate::registry::decisions::AccessToken::new([9; 32]).show());
    // Requests without a valid token are refused, and nothing is published.
    for header in ["X-Nothing: 1", "Authorization: Bearer x", &unknown, &expired] {
        let (status, response) = send(put(path, header, &text)).await;
        assert_eq!(status, 401, "{header}: {response}");
        assert!(response.to_lowercase().contains("www-authenticate: bearer"), "{response}");
    }
    assert_eq!(send(put("/api/v1/guidelines/other/one/1.0.0", &good, &text)).await.0, 403);
    for (path, body, words) in [
        ("/api/v1/guidelines/acme/two/1.0.0", text.as_str(), "The text is acme/one 1.0.0"),
        ("/api/v1/guidelines/acme/one/1.0.1", text.as_str(), "The text is acme/one 1.0.0"),
        (path, "nonsense", "\"line\":1"),
        (path, "", "\"errors\""),
    ] {
        let (status, response) = send(put(path, &good, body)).await;
        assert_eq!(status, 422, "{response}");
        assert!(response.contains(words), "{words} in {response}");
    }
    assert_eq!(served.get("/guidelines/acme/one").await.0, 404);
    // The first request publishes, the same text again changes nothing, and a different text is a conflict.
    assert_eq!(send(put(path, &good, &text)).await.0, 201);
    assert_eq!(send(put(path, &good, &text)).await.0, 200);
    let (status, response) = send(put(path, &good, &format!("{text}\nMore.\n"))).await;
    assert!(status == 409 && response.contains("permanent"), "{response}");
    assert_eq!(served.get("/guidelines/acme/one").await.0, 200);
    // A text that is too large is reported. A far larger body is not read.
    let large = format!("{text}{}", "x".repeat(1 << 20));
    assert_eq!(send(put(path, &good, &large)).await.0, 413);
    // A revoked token.
    assert_eq!(served.store.revoke_tokens_of("alice", NOW).await.expect("revoked"), 2);
    assert_eq!(send(put(path, &good, &text)).await.0, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn incomplete_heads_time_out_and_do_not_slow_others() {
    let served = served().await;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(served.address).await.expect("connected");
        stream.write_all(b"GET / HTTP/1.1\r\nHo").await.expect("sent");
        slow.push(stream);
    }
    let others = tokio::time::timeout(Duration::from_secs(5), served.get("/healthz")).await;
    assert_eq!(others.expect("others do not wait").0, 200);
    // The server closes each connection.
    for mut stream in slow {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "the connection with an incomplete head was not closed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_disconnected() {
    let times = (Duration::from_millis(300), Duration::from_mins(10));
    let served = served_with(ConnectionLimits::new(100).with_times(times.0, times.1), |_| {}).await;
    let mut all = Vec::new();
    for _ in 0..20 {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4_096).expect("a small one");
        let mut stream = socket.connect(served.address).await.expect("connected");
        let many = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(300);
        stream.write_all(many.as_bytes()).await.expect("sent");
        all.push(stream);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let whole = 300 * api::OPENAPI.len();
    for mut stream in all {
        // Buffered data can still be read. After it, the connection is closed.
        let mut read = Vec::new();
        let end = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut read)).await;
        assert!(end.is_ok() && read.len() < whole, "{} of {whole} bytes", read.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_have_a_maximum_lifetime() {
    let times = (Duration::from_secs(20), Duration::from_millis(500));
    let served = served_with(ConnectionLimits::new(100).with_times(times.0, times.1), |_| {}).await;
    let mut stream = TcpStream::connect(served.address).await.expect("connected");
    let mut read = [0; 4_096];
    let mut responses = 0;
    let end = tokio::time::timeout(Duration::from_secs(8), async {
        loop {
            // The server closes the connection in time, and no response is lost.
            if stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.is_err() {
                break;
            }
            match stream.read(&mut read).await {
                Ok(0) | Err(_) => break,
                Ok(_) => responses += 1,
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    end.await.expect("it ends");
    assert!(responses > 2, "{responses}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_does_not_wait_for_idle_connections() {
    let mut served = served().await;
    let idle = TcpStream::connect(served.address).await.expect("connected");
    served.stop.take().expect("once").send(()).expect("it runs");
    let ended = tokio::time::timeout(Duration::from_secs(10), &mut served.task).await;
    ended.expect("it ends").expect("without a panic");
    drop(idle);
}
