//! Expensive requests do not delay other requests.

use super::*;
use crate::registry::provider::Provider;

/// Publishes a version of `acme/big` with `words` words below each heading. The words differ between
/// versions.
pub(super) async fn publish_big(served: &Served, version: &str, headings: usize, words: usize) {
    let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("the line").to_owned();
    let mut text = text.replacen(&line("guideline: "), "guideline: acme/big", 1).replacen(
        &line("version: "),
        &format!("version: {version}"),
        1,
    );
    let mut number = u64::from(version.as_bytes()[2]) * 7_919;
    for heading in 0..headings {
        text.push_str(&format!("\n## More {heading}\n\n"));
        for _ in 0..words {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // A few repeated words take the longest time to compare.
            text.push_str(&format!("{:03b} ", (number >> 33) % 8));
        }
    }
    let new = prepare_version(PublishedKind::Guideline, "x.md", &text, "tests", 7).expect("a version");
    served.store.publish(&new).await.expect("published");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_comparisons_do_not_delay_other_requests() {
    for (headings, words) in [(4, 60_000), (20_000, 1)] {
        let served = served().await;
        publish_big(&served, "1.0.0", headings, words).await;
        publish_big(&served, "1.1.0", headings, words).await;
        let all = tokio::join!(
            served.get("/guidelines/acme/big/compare/1.0.0...1.1.0"),
            served.get("/guidelines/acme/big/compare/1.1.0...1.0.0"),
            served.get("/api/v1/guidelines/acme/big/compare/1.0.0...1.1.0"),
            served.get("/guidelines/acme/big"),
            async {
                // All requests are in progress by then.
                tokio::time::sleep(Duration::from_millis(300)).await;
                tokio::time::timeout(Duration::from_secs(2), served.get("/healthz")).await
            }
        );
        assert_eq!(all.4.map(|it| it.0), Ok(200), "{headings} headings: the process runs");
        for (status, head, _) in [all.0, all.1, all.2, all.3] {
            let told_later = status == 503 && head.contains("retry-after: ");
            assert!(status == 200 || told_later, "{head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_sign_in_does_not_contact_the_provider() {
    let provider = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", provider.local_addr().expect("its address"));
    let served = served_with(ConnectionLimits::new(100), |site| {
        site.provider =
            Some(Provider { issuer, client: "us".into(), secret: "secret".into(), name: "Them".into() });
    })
    .await;
    let part = "a".repeat(43);
    let pending = format!("{part}.{part}.{part}");
    let forged = crate::registry::decisions::sign_with_expiry("another", &pending, NOW + 1);
    let expired = crate::registry::decisions::sign_with_expiry("secret", &pending, NOW);
    for cookie in [&pending, &forged, &expired] {
        let head = format!(
            "GET /sign-in/callback?code=x&state={part} HTTP/1.1\r\nCookie: __Host-stanchion-pending={cookie}"
        );
        let response = served.send_raw(&head).await;
        assert!(response.starts_with("HTTP/1.1 400") && response.contains("not started here"), "{response}");
    }
    let contacted = tokio::time::timeout(Duration::from_millis(200), provider.accept()).await;
    assert!(contacted.is_err(), "the provider was contacted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standard_with_many_members_is_shown() {
    let served = served().await;
    let (ids, mut text) = (crate::format::starter_guidelines(), String::new());
    for (_, starter) in &ids {
        let id = starter.lines().find_map(|line| line.strip_prefix("guideline: ")).expect("an id").trim();
        text.push_str(&format!("\"{id}\" = \"^1\"\n"));
    }
    // More members than one statement looks up.
    (0..120).for_each(|number| text.push_str(&format!("\"acme/none-{number}\" = \"^1\"\n")));
    let text = format!(
        "schema = 1\nstandard = \"acme/all\"\nversion = \"1.0.0\"\ntitle = \"All\"\nowner = \"acme\"\n[guidelines]\n{text}"
    );
    let new = prepare_version(PublishedKind::Standard, "all.toml", &text, "tests", 7).expect("a version");
    served.store.publish(&new).await.expect("published");
    let (status, _, page) = served.get("/standards/acme/all").await;
    assert_eq!(status, 200);
    // The navigation has no links of this form.
    assert_eq!(page.matches("href=\"/guidelines/").count(), ids.len(), "those that are published here");
    assert!(page.contains("acme/none-119"), "{page}");
}
