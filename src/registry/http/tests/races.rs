//! Races: of two conflicting simultaneous requests, exactly one succeeds.

use super::principals::signed_in;
use super::*;

/// Number of repetitions of each race.
const RACES: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrently_added_user_gets_one_link() {
    let served = served().await;
    let one = signed_in(&served, "pat", "payments", 1).await;
    let two = signed_in(&served, "eve", "eves", 2).await;
    for race in 0..RACES {
        let add = |secret: &crate::registry::decisions::Secret, team: &str| {
            let headers = format!(
                "Cookie: __Host-stanchion={}\r\nContent-Type: application/x-www-form-urlencoded",
                secret.show()
            );
            let body = format!("forms={}&person=new-{race}&of-team={team}", secret.form_token());
            (headers, body)
        };
        let (a, b) = (add(&one, "payments"), add(&two, "eves"));
        let (a, b) = tokio::join!(
            served.send("POST /account/members", &a.0, &a.1),
            served.send("POST /account/members", &b.0, &b.1)
        );
        let links = [&a, &b].iter().filter(|it| it.1.contains("http://x/sign-in/")).count();
        let mut statuses = [a.0, b.0];
        statuses.sort_unstable();
        assert_eq!((links, statuses), (1, [200, 422]), "race {race}:\n{}\n{}", a.1, b.1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_conditional_changes_have_one_winner() {
    let served = served().await;
    let key = acme_with_one(&served).await;
    for path in ["/api/v1/guidelines/acme/one/1.0.0", "/api/v1/guidelines/acme/one"] {
        let word = if path.ends_with("1.0.0") { "yanked" } else { "retired" };
        for race in 0..RACES {
            let (_, head, _) = served.get(path).await;
            let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).expect("a tag").to_owned();
            let headers = format!("{key}\r\nIf-Match: {tag}");
            let body = |who: &str| format!("{{\"{word}\":true,\"message\":\"{who} {race}\"}}");
            let line = format!("PATCH {path}");
            let (one, two) = (body("one"), body("two"));
            let (a, b) = tokio::join!(served.send(&line, &headers, &one), served.send(&line, &headers, &two));
            let mut statuses = [a.0, b.0];
            statuses.sort_unstable();
            assert_eq!(statuses, [200, 412], "{path}, race {race}:\n{}\n{}", a.1, b.1);
        }
        let (status, response) = served.send(&format!("PATCH {path}"), &key, "{}").await;
        assert_eq!(status, 428, "{response}");
    }
    let Store::Sqlite(pool) = &served.store else { unreachable!("it is SQLite") };
    let used: (Option<i64>,) =
        sqlx::query_as("SELECT used_ms FROM token").fetch_one(pool).await.expect("one key");
    assert_eq!(used.0, Some(NOW), "a change is a use of the key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_after_a_change_see_it() {
    let served = served().await;
    let headers = format!("{}\r\nIf-Match: *", acme_with_one(&served).await);
    let path = "/api/v1/guidelines/acme/one/1.0.0";
    for race in 0..RACES {
        let body = format!("{{\"yanked\":true,\"message\":\"reason {race}\"}}");
        let (status, response) = served.send(&format!("PATCH {path}"), &headers, &body).await;
        assert_eq!(status, 200, "{response}");
        let read = tokio::join!(
            served.get(path),
            served.get(path),
            served.get(path),
            served.get(path),
            served.get(path),
            served.get(path)
        );
        for (_, _, response) in [read.0, read.1, read.2, read.3, read.4, read.5] {
            assert!(response.contains(&format!("reason {race}\"")), "race {race}: {response}");
        }
    }
}

/// Publishes `acme/one` 1.0.0 and returns the header with a token for it.
pub(super) async fn acme_with_one(served: &Served) -> String {
    let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("the line").to_owned();
    let text = text.replacen(&line("guideline: "), "guideline: acme/one", 1).replacen(
        &line("version: "),
        "version: 1.0.0",
        1,
    );
    let new = prepare_version(PublishedKind::Guideline, "x.md", &text, "tests", 7).expect("a version");
    assert_eq!(new.version, "1.0.0");
    served.store.publish(&new).await.expect("published");
    token_header(&served.store, 1, NOW + 1).await
}
