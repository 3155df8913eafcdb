//! What two who do the same at the same moment get: one of them.

use super::principals::signed_in;
use super::*;

/// How often each race is run.
const RACES: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_teams_that_take_in_the_same_new_person_one_gets_a_link() {
    let served = served().await;
    let one = signed_in(&served, "pat", "payments", 1).await;
    let two = signed_in(&served, "eve", "eves", 2).await;
    for race in 0..RACES {
        let add = |secret: &crate::registry::flow::Secret, team: &str| {
            let headers = format!(
                "Cookie: __Host-stanchion={}\r\nContent-Type: application/x-www-form-urlencoded",
                secret.show()
            );
            let body = format!("forms={}&person=new-{race}&of-team={team}", secret.of_forms());
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
async fn of_two_who_change_what_they_saw_one_does() {
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
        let (status, answer) = served.send(&format!("PATCH {path}"), &key, "{}").await;
        assert_eq!(status, 428, "{answer}");
    }
    let Store::Sqlite(pool) = &served.store else { unreachable!("it is SQLite") };
    let used: (Option<i64>,) =
        sqlx::query_as("SELECT used_ms FROM token").fetch_one(pool).await.expect("one key");
    assert_eq!(used.0, Some(NOW), "a change is a use of the key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_changed_is_seen_by_whoever_asks_then() {
    let served = served().await;
    let headers = format!("{}\r\nIf-Match: *", acme_with_one(&served).await);
    let path = "/api/v1/guidelines/acme/one/1.0.0";
    for race in 0..RACES {
        let body = format!("{{\"yanked\":true,\"message\":\"reason {race}\"}}");
        let (status, answer) = served.send(&format!("PATCH {path}"), &headers, &body).await;
        assert_eq!(status, 200, "{answer}");
        let asked = tokio::join!(
            served.get(path),
            served.get(path),
            served.get(path),
            served.get(path),
            served.get(path),
            served.get(path)
        );
        for (_, _, answer) in [asked.0, asked.1, asked.2, asked.3, asked.4, asked.5] {
            assert!(answer.contains(&format!("reason {race}\"")), "race {race}: {answer}");
        }
    }
}

/// Publishes `acme/one` 1.0.0; the header with a key for it.
pub(super) async fn acme_with_one(served: &Served) -> String {
    let (_, text) = crate::format::starter().into_iter().next().expect("one");
    let line = text.lines().find(|line| line.starts_with("guideline: ")).expect("the line");
    let text = text.replacen(line, "guideline: acme/one", 1);
    let new = prepare(Kind::Guideline, "x.md", &text, "tests", 7).expect("a version");
    assert_eq!(new.version, "1.0.0");
    served.store.publish(&new).await.expect("published");
    key(&served.store, 1, NOW + 1).await
}
