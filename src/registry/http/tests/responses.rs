//! Properties of every response: ETag, problem documents, log and metrics.

use super::*;
use crate::registry::provider::Provider;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_read_has_an_etag_and_answers_304() {
    let served = served().await;
    expensive::publish_big(&served, "1.0.0", 4, 30_000).await;
    let (_, _, lines) = served.get("/index/acme/big.jsonl").await;
    let line: serde_json::Value = serde_json::from_str(lines.trim()).expect("one line");
    let text = format!("/blob/{}.md", line["sha256"].as_str().expect("digits"));
    for path in [
        "/",
        "/guidelines",
        "/guidelines/acme/big",
        "/namespaces/acme",
        "/openapi.json",
        "/api/v1/guidelines",
        "/index/acme/big.jsonl",
        "/feed/changes.atom",
        &text,
    ] {
        let mut tags = Vec::new();
        for (method, header) in [
            ("GET", "X-Nothing: 1"),
            ("GET", "Cookie: a=b"),
            ("HEAD", "X-Nothing: 1"),
            ("HEAD", "Cookie: a=b"),
        ] {
            let response = served.send_raw(&format!("{method} {path} HTTP/1.1\r\n{header}")).await;
            assert!(response.starts_with("HTTP/1.1 200"), "{method} {path}: {response}");
            assert_eq!(
                response.ends_with("\r\n\r\n"),
                method == "HEAD",
                "{method} {path} has a body or has none"
            );
            let tag = response.lines().find_map(|line| line.strip_prefix("etag: "));
            let tag = tag.unwrap_or_else(|| panic!("{method} {path} with {header}: no tag")).to_owned();
            let again = served
                .send_raw(&format!("{method} {path} HTTP/1.1\r\n{header}\r\nIf-None-Match: {tag}"))
                .await;
            assert!(
                again.starts_with("HTTP/1.1 304") && again.ends_with("\r\n\r\n"),
                "{method} {path}: {again}"
            );
            tags.push(tag);
        }
        tags.dedup();
        assert_eq!(tags.len(), 1, "{path}: {tags:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_layers_are_problem_documents() {
    let served = served().await;
    for (head, status) in [
        ("PUT /api/v1/guidelines/acme/one/1.0.0 HTTP/1.1\r\nContent-Length: 9999999", 413),
        ("POST /account/tokens HTTP/1.1\r\nContent-Length: 9999999", 413),
        ("GET /guidelines/acme/%ff HTTP/1.1", 400),
        ("GET /blob/%ff HTTP/1.1", 400),
        ("GET /api/v1/guidelines/acme/%ff HTTP/1.1", 400),
        ("POST /account/tokens/x/revoke HTTP/1.1\r\nContent-Length: 0", 400),
        ("DELETE /guidelines HTTP/1.1", 405),
    ] {
        let response = served.send_raw(head).await.to_lowercase();
        assert!(response.starts_with(&format!("http/1.1 {status}")), "{head}: {response}");
        for part in
            ["application/problem+json", "nosniff", "default-src 'none'", "x-request-id", "\"detail\":"]
        {
            assert!(response.contains(part), "{head}: {part} in {response}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nul_characters_are_refused_before_the_database() {
    let served = served().await;
    for path in ["/guidelines?owner=%00", "/guidelines?topic=a%00b", "/standards?cursor=n.%00.x"] {
        assert_eq!(served.get(path).await.0, 422, "{path}");
        assert_eq!(served.get(&format!("/api/v1{path}")).await.0, 400, "{path}");
    }
    assert_eq!(served.get("/namespaces?after=%00").await.0, 200);
    let (status, _, body) = served.get("/api/v1/namespaces?after=%00").await;
    assert!(status == 400 && body.contains("NUL"), "{body}");
    let key = races::acme_with_one(&served).await;
    let headers = format!("{key}\r\nIf-Match: *");
    for (path, word) in [("acme/one", "retired"), ("acme/one/1.0.0", "yanked")] {
        let line = format!("PATCH /api/v1/guidelines/{path}");
        let body = format!("{{\"{word}\":true,\"message\":\"a\\u0000bc\"}}");
        let (status, response) = served.send(&line, &headers, &body).await;
        assert!(status == 422 && response.contains("NUL"), "{response}");
    }
    let text = "---\n\0";
    let (status, response) = served.send("PUT /api/v1/guidelines/acme/two/1.0.0", &key, text).await;
    assert!(status == 422 && response.contains("NUL"), "{response}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_exists_only_for_existing_pages() {
    let served = served().await;
    for (path, status) in
        [("/namespaces/none.json", 404), ("/namespaces/none", 404), ("/namespaces/secrets.json", 303)]
    {
        assert_eq!(served.get(path).await.0, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disconnected_clients_are_counted() {
    // A provider that never responds: a sign-in with it waits.
    let provider = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", provider.local_addr().expect("its address"));
    let metrics = Arc::new(Metrics::default());
    let counted = Arc::clone(&metrics);
    let served = served_with(ConnectionLimits::new(100), |site| {
        site.metrics = counted;
        site.provider =
            Some(Provider { issuer, client: "us".into(), secret: "secret".into(), name: "Them".into() });
    })
    .await;
    let has = async |line: &str| {
        for _ in 0..100 {
            if metrics.text().lines().any(|it| it == line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{line} is not in\n{}", metrics.text());
    };
    let mut connections = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(served.address).await.expect("connected");
        stream.write_all(b"GET /sign-in/provider HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sent");
        connections.push(stream);
    }
    has("stanchion_registry_requests_open 5").await;
    drop(connections);
    has("stanchion_registry_requests_open 0").await;
    has("stanchion_registry_requests_total{status=\"4xx\"} 5").await;
    has("stanchion_registry_request_seconds_count 5").await;
}
