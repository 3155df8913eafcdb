//! Links lead to existing pages, and invalid parameters are reported on the page.

use super::principals::signed_in;
use super::races::acme_with_one;
use super::*;

/// Publishes `acme/topical` with these topics, as YAML.
async fn with_topics(served: &Served, topics: &str) {
    let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("the line").to_owned();
    let text = text.replacen(&line("guideline: "), "guideline: acme/topical", 1).replacen(
        &line("topics: "),
        &format!("topics: {topics}"),
        1,
    );
    let new = prepare_version(PublishedKind::Guideline, "x.md", &text, "tests", 7).expect("a version");
    served.store.publish(&new).await.expect("published");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topic_links_lead_to_matching_guidelines() {
    let served = served().await;
    with_topics(&served, "[\"C/C++\", error_handling, \"a,b\", \"50%\", \"!\"]").await;
    let (_, _, page) = served.get("/guidelines/acme/topical").await;
    let links: Vec<String> = page
        .split('"')
        .filter(|part| part.starts_with("/guidelines?topic="))
        .map(|link| link.replace("&#38;", "&"))
        .collect();
    assert_eq!(links.len(), 4, "{links:?}");
    assert!(
        page.contains("C/C++") && page.contains("error_handling") && page.contains("<li>!</li>"),
        "{page}"
    );
    let home = served.get("/").await.2;
    let from_home = home.split('"').filter(|part| part.starts_with("/guidelines?topic=")).map(str::to_owned);
    for link in links.into_iter().chain(from_home) {
        let (status, _, list) = served.get(&link).await;
        assert_eq!(status, 200, "{link}");
        assert!(!list.contains("No results"), "{link}");
    }
    // Also as a user types it.
    let (status, _, list) = served.get("/guidelines?topic=C/C%2B%2B").await;
    assert!(status == 200 && list.contains("/guidelines/acme/topical"), "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retired_names_link_to_their_successor() {
    let served = served().await;
    let key = acme_with_one(&served).await;
    let text = "schema = 1\nstandard = \"acme/all\"\nversion = \"1.0.0\"\ntitle = \"All\"\nowner = \"acme\"\n[guidelines]\n\"acme/one\" = \"^1\"\n";
    let new = prepare_version(PublishedKind::Standard, "all.toml", text, "tests", 7).expect("a version");
    served.store.publish(&new).await.expect("published");
    let headers = format!("{key}\r\nIf-Match: *");
    let body = "{\"retired\":true,\"message\":\"too small\",\"successor\":\"acme/all\"}";
    let (status, response) = served.send("PATCH /api/v1/guidelines/acme/one", &headers, body).await;
    assert_eq!(status, 200, "{response}");
    // The response to a change has the ETag of the resource, so that the client can make another change.
    let tag = |head: &str| {
        let line = |line: &str| line.to_lowercase().strip_prefix("etag: ").map(str::to_owned);
        head.lines().find_map(line).expect("a tag")
    };
    let (_, head, _) = served.get("/api/v1/guidelines/acme/one").await;
    assert_eq!(tag(&response), tag(&head));
    let (_, _, page) = served.get("/guidelines/acme/one").await;
    assert!(page.contains("href=\"/standards/acme/all\">acme/all</a>"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_parameters_are_shown_on_the_page() {
    let served = served().await;
    let long = "x".repeat(70);
    for (query, field, words) in [
        (format!("owner={long}"), "#owner", "at most 64 characters"),
        (format!("namespace={long}"), "#namespace", "at most 64 characters"),
        (format!("q={}", "x".repeat(101)), "#q", "at most 100 characters"),
        ("fix=perhaps".to_owned(), "#fix", "must be `yes` or absent"),
        ("sort=size".to_owned(), "#sort", "must be `name` or `changed`"),
        ("stage=best".to_owned(), "#stage", "unknown stage"),
        ("topic=a,b".to_owned(), "#topic", "without commas"),
        ("language=a,b".to_owned(), "#language", "without commas"),
        ("changed_since=soon".to_owned(), "#changed_since", "a number of days"),
        ("limit=0".to_owned(), "", "a number from 1 to 200"),
        ("cursor=x".to_owned(), "", "not a cursor of this list"),
    ] {
        let (status, _, page) = served.get(&format!("/guidelines?{query}")).await;
        assert_eq!(status, 422, "{query}");
        let summary = page.split("role=\"alert\"").nth(1).and_then(|it| it.split("</div>").next());
        let summary = summary.unwrap_or_else(|| panic!("{query}: {page}"));
        assert!(summary.contains(words), "{query}: {summary}");
        if let Some(id) = field.strip_prefix('#') {
            assert!(summary.contains(&format!("href=\"{field}\"")), "{query}: {summary}");
            assert!(page.contains(&format!("id=\"{id}\"")), "{query}: the field is there");
        }
    }
    let (_, _, page) = served.get("/standards?stage=best").await;
    assert!(!page.contains("href=\"#stage\"") && page.contains("unknown stage"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn next_pages_keep_the_row_limit() {
    let served = served().await;
    let (_, _, page) = served.get("/guidelines?limit=7").await;
    let next = page.split('"').find(|part| part.contains("?cursor=")).expect("more").replace("&#38;", "&");
    assert!(next.ends_with("&limit=7"), "{next}");
    let (_, _, page) = served.get(&next).await;
    assert_eq!(page.matches("<li><a href=\"/guidelines/").count(), 7, "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_selected_team_stays_selected() {
    let served = served().await;
    signed_in(&served, "alice", "first", 1).await;
    let alice = signed_in(&served, "alice", "second", 2).await;
    let headers = format!(
        "Cookie: __Host-stanchion={}\r\nContent-Type: application/x-www-form-urlencoded",
        alice.show()
    );
    for (path, fields) in [
        ("/account/namespaces", "new-namespace=No&team=second"),
        ("/account/members", "person=%20&of-team=second"),
    ] {
        let body = format!("forms={}&{fields}", alice.form_token());
        let (status, page) = served.send(&format!("POST {path}"), &headers, &body).await;
        assert_eq!(status, 422, "{page}");
        assert_eq!(page.matches("<option selected>second</option>").count(), 1, "{path}: {page}");
    }
}

/// A changed section is shown even if another section has the same heading.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_below_a_repeated_heading_are_shown() {
    let served = served().await;
    let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("the line").to_owned();
    for (version, word) in [("1.0.0", "never"), ("1.1.0", "always")] {
        let text = text.replacen(&line("guideline: "), "guideline: acme/twice", 1).replacen(
            &line("version: "),
            &format!("version: {version}"),
            1,
        );
        let text = format!("{text}\n## Note\n\nThe same.\n\n## Note\n\nYou must {word} do it.\n");
        let new = prepare_version(PublishedKind::Guideline, "x.md", &text, "tests", 7).expect("a version");
        served.store.publish(&new).await.expect("published");
    }
    let (status, _, body) = served.get("/guidelines/acme/twice/compare/1.0.0...1.1.0").await;
    assert!(status == 200 && body.contains("always") && body.contains("never"), "{body}");
}
