//! Tests of the behaviour that both databases share. PostgreSQL is tested if `STANCHION_TEST_POSTGRES` names
//! a server on which databases can be created (`scripts/test` starts one).

use sqlx::{Connection as _, Executor as _, PgConnection, SqlSafeStr as _, SqlStr};

use super::user_admin::EndedAccess;
use super::*;
use crate::registry::decisions::{TokenGrant, cursor, prepare_version, search_terms};

/// New database for one test, and its folder.
struct Fresh {
    store: Store,
    _folder: Option<tempfile::TempDir>,
}

async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
    Fresh { store, _folder: Some(folder) }
}

#[expect(clippy::disallowed_methods, reason = "the address of the test server is set per machine")]
async fn postgres_url() -> Option<String> {
    let server = std::env::var("STANCHION_TEST_POSTGRES").ok()?;
    let name = format!("stanchion_{:x}", rand());
    let mut admin =
        PgConnection::connect(&format!("{server}/postgres")).await.expect("connected to the test server");
    let make = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")).into_sql_str();
    sqlx::query(make).execute(&mut admin).await.expect("a new database");
    Some(format!("{server}/{name}"))
}

/// Number that is unique for each test.
fn rand() -> u128 {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().file_name().expect("a name").to_string_lossy().into_owned();
    name.bytes()
        .fold(u128::from(std::process::id()), |number, byte| number.wrapping_mul(257) + u128::from(byte))
}

async fn each() -> Vec<Fresh> {
    let mut all = vec![sqlite().await];
    if let Some(url) = postgres_url().await {
        let store = Store::open_postgres(&url).await.expect("opened");
        all.push(Fresh { store, _folder: None });
    }
    all
}

fn version(slug: &str, number: &str, more: &str) -> NewVersion {
    let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("the line").to_owned();
    let text = text.replacen(&line("guideline: "), &format!("guideline: acme/{slug}"), 1).replacen(
        &line("version: "),
        &format!("version: {number}"),
        1,
    ) + more;
    prepare_version(PublishedKind::Guideline, "x.md", &text, "tests", 1_000).expect("a version")
}

#[tokio::test]
async fn published_versions_are_permanent() {
    for Fresh { store, _folder } in each().await {
        let first = version("one", "1.0.0", "");
        assert_eq!(store.publish(&first).await.expect("published"), PublishOutcome::New);
        assert_eq!(store.publish(&first).await.expect("queried"), PublishOutcome::Same);
        let other = version("one", "1.0.0", "\nMore.\n");
        let taken = store.publish(&other).await.expect("queried");
        assert_eq!(taken, PublishOutcome::DifferentText { sha256: first.sha256.clone() });
        // Nothing of the other text was stored.
        assert_eq!(store.text(&other.sha256).await.expect("queried"), None);
        assert_eq!(store.text(&first.sha256).await.expect("queried").as_deref(), Some(first.text.as_str()));
        for number in ["1.10.0", "1.2.0", "2.0.0-rc.1"] {
            assert_eq!(
                store.publish(&version("one", number, "")).await.expect("published"),
                PublishOutcome::New
            );
        }
        let versions = store.versions("acme", "one").await.expect("listed");
        let numbers: Vec<&str> = versions.iter().map(|it| it.version.as_str()).collect();
        assert_eq!(numbers, ["1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1"], "{}", store.engine());
        assert_eq!((versions[0].published_ms, versions[0].published_by.as_str()), (1_000, "tests"));
    }
}

#[tokio::test]
async fn list_pages_are_contiguous() {
    for Fresh { store, _folder } in each().await {
        for slug in ["c", "a", "b-1", "b"] {
            for number in ["1.0.0", "1.1.0"] {
                store.publish(&version(slug, number, "")).await.expect("published");
            }
        }
        let (mut from, mut all) = (ListCursor::Name(String::new(), String::new()), Vec::new());
        loop {
            let page = store
                .list_names(PublishedKind::Guideline, &Filter::default(), &from, 2)
                .await
                .expect("listed");
            let Some(next) = cursor::next_cursor(&page, &from) else { break };
            from = next;
            all.extend(page.into_iter().map(|it| format!("{} {}", it.slug, it.version)));
        }
        assert_eq!(all, ["a 1.1.0", "b 1.1.0", "b-1 1.1.0", "c 1.1.0"], "{}", store.engine());
    }
}

#[tokio::test]
async fn search_terms_match_literally() {
    for Fresh { store, _folder } in each().await {
        for slug in ["alpha", "beta", "beta-2"] {
            for number in ["1.0.0", "1.1.0"] {
                store.publish(&version(slug, number, "")).await.expect("published");
            }
        }
        let found = async |words: &str, skip: i64| -> Vec<String> {
            let from = ListCursor::Relevance(search_words(words), skip);
            let rows = store
                .list_names(PublishedKind::Guideline, &Filter::default(), &from, 10)
                .await
                .expect("searched");
            rows.into_iter().map(|it| format!("{} {}", it.slug, it.version)).collect()
        };
        assert_eq!(found("BETA", 0).await, ["beta 1.1.0", "beta-2 1.1.0"], "{}", store.engine());
        assert_eq!(found("bet acm", 1).await, ["beta-2 1.1.0"], "each word matches as a prefix");
        assert!(found("beta-2", 0).await.contains(&"beta-2 1.1.0".to_owned()));
        for nothing in [
            "gamma",
            "'; DROP TABLE version; --",
            "alpha beta",
            "xyzzy OR beta",
            "\"",
            "xyzzy:b & !c | (d)",
            "%",
            "_",
            "",
        ] {
            assert!(found(nothing, 0).await.is_empty(), "{}: {nothing}", store.engine());
        }
        let asked = [("acme", "beta"), ("acme", "none"), ("acme", "alpha"), ("beta", "acme")];
        let named = store.find_names(&asked).await.expect("queried");
        let mut named: Vec<&str> = named.iter().map(|it| it.slug.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, ["alpha", "beta"], "{}", store.engine());
        assert!(store.find_names(&[]).await.expect("queried").is_empty());
        let recent = store.recent_versions("", 2).await.expect("listed");
        let recent: Vec<&str> = recent.iter().map(|it| it.version.as_str()).collect();
        assert_eq!(recent, ["1.1.0", "1.0.0"], "the last first");
    }
}

#[tokio::test]
async fn only_the_yank_of_a_version_can_change() {
    for Fresh { store, _folder } in each().await {
        let one = version("one", "1.0.0", "");
        store.publish(&one).await.expect("published");
        let name = ("acme", "one", "1.0.0");
        assert!(store.yank(name, Some("finds too much"), 5, search_terms).await.expect("yanked"));
        let versions = store.versions("acme", "one").await.expect("listed");
        assert_eq!(
            (versions[0].yanked_ms, versions[0].yank_message.as_deref()),
            (Some(5), Some("finds too much"))
        );
        assert!(store.yank(name, None, 6, search_terms).await.expect("yank removed"));
        assert!(!store.yank(("acme", "one", "9.0.0"), None, 6, search_terms).await.expect("queried"));
        // The database refuses changes, even by direct SQL.
        for statement in [
            "UPDATE version SET sha256 = 'x'",
            "UPDATE version SET title = 'x'",
            "UPDATE version SET version = '2.0.0'",
            "UPDATE blob SET text = 'x'",
            "DELETE FROM version",
            "DELETE FROM blob",
        ] {
            let refused = with_pool!(&store, pool => sqlx::query(statement).execute(pool).await.err().map(|it| it.to_string()));
            let words = refused.unwrap_or_else(|| panic!("{} allows: {statement}", store.engine()));
            assert!(words.contains("immutable") || words.contains("FOREIGN KEY"), "{statement}: {words}");
        }
        let after = store.versions("acme", "one").await.expect("listed");
        assert_eq!(
            (after.len(), after[0].sha256.as_str(), after[0].yanked_ms),
            (1, one.sha256.as_str(), None)
        );
    }
}

#[tokio::test]
async fn setting_and_removing_a_yank_changes_the_name() {
    for Fresh { store, _folder } in each().await {
        for number in ["1.0.0", "1.1.0"] {
            store.publish(&version("one", number, "")).await.expect("published");
        }
        let name = ("acme", "one", "1.1.0");
        for (message, now, shown, changed) in [
            (None, 1_500, "1.1.0", 1_000),
            (Some("bad"), 2_000, "1.0.0", 2_000),
            (None, 3_000, "1.1.0", 3_000),
            (None, 4_000, "1.1.0", 3_000),
        ] {
            assert!(store.yank(name, message, now, search_terms).await.expect("queried"));
            let it = store.name("acme", "one").await.expect("queried").expect("a name");
            assert_eq!((it.version.as_str(), it.changed_ms), (shown, changed), "{} {now}", store.engine());
        }
    }
}

#[tokio::test]
async fn tokens_are_stored_until_revoked() {
    for Fresh { store, _folder } in each().await {
        let grant = TokenGrant {
            owner: "alice".into(),
            scope: "publish:acme".into(),
            expires_ms: 9,
            revoked_ms: None,
        };
        store.add_operator_token("hash", &grant, 1).await.expect("stored");
        assert!(store.add_operator_token("hash", &grant, 1).await.is_err(), "hashes are unique");
        assert_eq!(store.token("hash").await.expect("queried"), Some(grant.clone()));
        assert_eq!(store.token("other").await.expect("queried"), None);
        store.record_token_use("hash", 5).await.expect("recorded");
        assert_eq!(store.revoke_tokens_of("bob", 6).await.expect("queried"), 0);
        assert_eq!(store.revoke_tokens_of("alice", 6).await.expect("revoked"), 1);
        assert_eq!(
            store.token("hash").await.expect("queried"),
            Some(TokenGrant { revoked_ms: Some(6), ..grant })
        );
        assert_eq!(store.revoke_tokens_of("alice", 7).await.expect("queried"), 0, "once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_publishing_of_a_version_has_one_winner() {
    for Fresh { store, _folder } in each().await {
        for race in 0..100 {
            let slug = format!("race-{race}");
            let (a, b) = (version(&slug, "1.0.0", "\nA.\n"), version(&slug, "1.0.0", "\nB.\n"));
            let (one, two) = (store.clone(), store.clone());
            let (one, two) = tokio::join!(
                tokio::spawn(async move { one.publish(&a).await }),
                tokio::spawn(async move { two.publish(&b).await })
            );
            let both = [one.expect("it ran").expect("an answer"), two.expect("it ran").expect("an answer")];
            let new = both.iter().filter(|it| **it == PublishOutcome::New).count();
            let taken = both.iter().filter(|it| matches!(it, PublishOutcome::DifferentText { .. })).count();
            assert_eq!((new, taken), (1, 1), "{}: {both:?}", store.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_shows_its_newest_version_under_concurrency() {
    for Fresh { store, _folder } in each().await {
        for race in 0..40 {
            let slug = format!("race-{race}");
            for number in ["1.0.0", "1.1.0", "1.2.0"] {
                store.publish(&version(&slug, number, "")).await.expect("published");
            }
            let yank = |number: &'static str| {
                let (store, slug) = (store.clone(), slug.clone());
                tokio::spawn(async move {
                    store.yank(("acme", &slug, number), Some("bad"), 5, search_terms).await
                })
            };
            // In every second race, a version is published at the same time.
            let publishes = race % 2 == 1;
            let (publishing, new) = (store.clone(), version(&slug, "1.0.1", ""));
            let publish = async move { if publishes { Some(publishing.publish(&new).await) } else { None } };
            let (a, b, c) = tokio::join!(yank("1.2.0"), yank("1.1.0"), tokio::spawn(publish));
            assert!(a.expect("it ran").expect("yanked") && b.expect("it ran").expect("yanked"));
            if let Some(published) = c.expect("it ran") {
                assert_eq!(published.expect("published"), PublishOutcome::New);
            }
            let expected = if publishes { ("1.0.1", 4, None) } else { ("1.0.0", 3, None) };
            let name = store.name("acme", &slug).await.expect("queried").expect("a name");
            let shown = (name.version.as_str(), name.versions, name.yanked_ms);
            assert_eq!(shown, expected, "{}, race {race}", store.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_starts_succeed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.sqlite");
    let url = postgres_url().await;
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let path = path.clone();
        starts.spawn(async move { Store::open_sqlite(&path).await.map(|_| ()) });
        if let Some(url) = url.clone() {
            starts.spawn(async move { Store::open_postgres(&url).await.map(|_| ()) });
        }
    }
    while let Some(start) = starts.join_next().await {
        start.expect("it ran").unwrap_or_else(|error| panic!("{error}"));
    }
}

#[tokio::test]
async fn a_newer_schema_is_not_changed() {
    for Fresh { store, _folder } in each().await {
        with_pool!(&store, pool => sqlx::query("INSERT INTO migration (number, name) VALUES (99, 'later')").execute(pool).await.map(|_| ()))
            .expect("written");
        assert!(matches!(migrate::migrate(&store).await, Err(migrate::MigrateError::NewerSchema(99))));
    }
}

#[tokio::test]
async fn values_of_maximum_length_are_stored() {
    for Fresh { store, _folder } in each().await {
        // Data that an index cannot compress: characters of three bytes, different in each topic.
        let word = |from: u32, length: u32| -> String {
            (0..length).filter_map(|at| char::from_u32(0x4e00 + from * 64 + at)).collect()
        };
        let (_, text) = crate::format::starter_guidelines().into_iter().next().expect("one");
        let mut text = text.to_owned();
        let pre: String = "0.".repeat(28) + "a1";
        let topics: Vec<String> = (0..20).map(|number| word(number, 64)).collect();
        for (start, value) in [
            ("guideline: ", format!("{}/{}", "a".repeat(64), "b".repeat(64))),
            ("version: ", format!("1.0.0-{pre}")),
            ("title: ", word(30, 120)),
            ("summary: ", word(40, 300)),
            ("owner: ", word(50, 64)),
            ("topics: ", format!("[{}]", topics.join(", "))),
        ] {
            let line = text.lines().find(|line| line.starts_with(start)).expect(start).to_owned();
            text = text.replacen(&line, &format!("{start}{value}"), 1);
        }
        let more: String = (0..20_000).map(|number| format!("w{number}x ")).collect();
        let new = prepare_version(PublishedKind::Guideline, "x.md", &format!("{text}\n{more}\n"), "tests", 1)
            .expect("a version");
        assert_eq!(new.version.len(), 64);
        assert_eq!(store.publish(&new).await.expect("published"), PublishOutcome::New, "{}", store.engine());
        let filter = Filter { topics: vec![topics[19].clone()], ..Filter::default() };
        let from = ListCursor::Name(String::new(), String::new());
        let found = store.list_names(PublishedKind::Guideline, &filter, &from, 9).await.expect("listed");
        assert_eq!(found.len(), 1, "{}", store.engine());
        let members: String =
            (0..500).map(|number| format!("\"{}/m{number}\" = \"*\"\n", "c".repeat(64))).collect();
        let head = format!(
            "schema = 1\nstandard = \"acme/all\"\nversion = \"1.0.0\"\ntitle = \"{}\"\n",
            word(60, 120)
        );
        let standard = format!("{head}owner = \"{}\"\n[guidelines]\n{members}", word(70, 64));
        let new =
            prepare_version(PublishedKind::Standard, "x.toml", &standard, "tests", 1).expect("a version");
        assert_eq!(store.publish(&new).await.expect("published"), PublishOutcome::New, "{}", store.engine());
        let last = format!("member:{}/m499", "c".repeat(64));
        assert_eq!(
            store.names_with_label(&last, 9).await.expect("listed").len(),
            1,
            "all members are indexed"
        );
    }
}

/// Opens an existing database, a file or a server, as operator commands do.
async fn found(at: &Result<std::path::PathBuf, String>, mode: AccessMode) -> Result<Store, String> {
    let found = match at {
        Ok(path) => Store::find_sqlite(path, mode).await,
        Err(url) => Store::find_postgres(url, mode).await,
    };
    found.map_err(|error| error.to_string())
}

#[tokio::test]
async fn existing_databases_are_opened_without_migration() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.sqlite");
    let mut all = vec![(Store::open_sqlite(&path).await.expect("opened"), Ok(path))];
    if let Some(url) = postgres_url().await {
        let at = Err(url.clone());
        let why = found(&at, AccessMode::Reading).await.expect_err("nothing is there");
        assert!(why.contains("contains no registry"), "{why}");
        all.push((Store::open_postgres(&url).await.expect("opened"), at));
    }
    for (store, at) in all {
        found(&at, AccessMode::Writing).await.expect("the schema is current");
        let set = async |sql: &'static str| {
            with_pool!(&store, pool => sqlx::query(sql).execute(pool).await.map(|_| ())).expect("written");
        };
        set("DELETE FROM migration WHERE number = 4").await;
        let why = found(&at, AccessMode::Writing).await.expect_err("an older shape");
        assert!(why.contains("earlier version"), "{why}");
        let reader = found(&at, AccessMode::Reading).await.expect("it can be read");
        assert!(!migrate::is_current_schema(&reader).await.expect("queried"), "nothing was migrated");
        set("INSERT INTO migration (number, name) VALUES (99, 'later')").await;
        let why = found(&at, AccessMode::Reading).await.expect_err("a later shape");
        assert!(why.contains("later version"), "{why}");
        set("DROP TABLE migration").await;
        let why = found(&at, AccessMode::Reading).await.expect_err("another program's");
        assert!(why.contains("contains no registry"), "{why}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("none.sqlite");
    assert!(Store::find_sqlite(&path, AccessMode::Reading).await.is_err() && !path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_one_start_creates_the_first_user() {
    for Fresh { store, _folder } in each().await {
        let mut starts = tokio::task::JoinSet::new();
        for number in 0..10 {
            let store = store.clone();
            starts.spawn(async move {
                store.create_first_user("operator", "operators", (&format!("link {number}"), 9), 1).await
            });
        }
        let made = starts.join_all().await;
        let first = made.into_iter().filter(|it| *it.as_ref().expect("queried")).count();
        assert_eq!(first, 1, "{}", store.engine());
        let everybody = store.users().await.expect("listed");
        let names: Vec<_> = everybody.iter().map(|it| (it.name.as_str(), it.teams.join(","))).collect();
        assert_eq!(names, [("operator", "operators".to_owned())]);
        let mut good = 0;
        for number in 0..10 {
            good += usize::from(store.use_link(&format!("link {number}"), 2).await.expect("used").is_some());
        }
        assert_eq!(good, 1, "only one link is stored");
    }
}

#[tokio::test]
async fn a_name_alone_does_not_identify_a_user() {
    for Fresh { store, _folder } in each().await {
        // A user from a provider took the name first; a team created a link for another user.
        let mallory = store.user_of_provider("https://id", "666", "alice", 1).await.expect("made");
        let alice = store.user_of_provider("https://id", "1", "alice", 1).await.expect("made");
        let bob = store.create_user_in_team("bob", "evil", 1).await.expect("made");
        let take = async |who: &str, team: &str, number: Option<i64>| {
            let link = format!("{who} {team} {number:?}");
            store.join_team((who, team), number, (&link, 9), 1).await.expect("queried")
        };
        for (name, number, id) in
            [("alice", None, mallory), ("bob", None, bob), ("alice", Some(alice), mallory)]
        {
            let JoinOutcome::Ambiguous(known) = take(name, "payments", number).await else {
                panic!("{name} is taken")
            };
            assert_eq!(known.id, id);
            assert!(!known.teams.contains(&"payments".to_owned()));
        }
        assert!(store.users().await.expect("listed").iter().all(|it| it.teams != ["payments"]));
        assert_eq!(take("carol", "payments", Some(5)).await, JoinOutcome::UnknownUser);
        assert_eq!(store.user_by_name("carol").await.expect("queried"), None);
        let JoinOutcome::Joined(known) = take("alice-2", "payments", Some(alice)).await else {
            panic!("not taken")
        };
        assert_eq!((known.id, known.teams), (alice, vec!["payments".to_owned()]));
        assert_eq!(known.identity, Some(("https://id".to_owned(), "1".to_owned())));
        // An existing member of the team gets another link, and a new user gets a first one.
        for (who, team) in [("bob", "evil"), ("dave", "payments")] {
            assert!(matches!(take(who, team, None).await, JoinOutcome::Joined(_)), "{who}");
        }
        assert!(
            matches!(take("alice-2", "payments", None).await, JoinOutcome::Ambiguous(_)),
            "never by name"
        );
    }
}

#[tokio::test]
async fn a_locked_user_has_no_access_until_unlocked() {
    for Fresh { store, _folder } in each().await {
        let bob = store.user_of_provider("https://id", "7", "bob", 1).await.expect("made");
        assert!(store.add_session("session", bob, "tests", 1).await.expect("begun"));
        store.add_link("link", bob, 9).await.expect("stored");
        let grant =
            TokenGrant { owner: "bob".into(), scope: "publish:acme".into(), expires_ms: 9, revoked_ms: None };
        let id = store.create_user_in_team("bobs own colleague", "bobs", 1).await.expect("made");
        let bobs = store.user(id).await.expect("queried").expect("a user").teams[0].0;
        assert!(store.claim_namespace("acme", bobs).await.expect("claimed"));
        assert!(
            !store.add_user_token(bob, "not theirs", &grant, 1).await.expect("queried"),
            "of another team"
        );
        let taken = store.join_team(("bob", "bobs"), Some(bob), ("first", 2), 1).await.expect("queried");
        assert!(matches!(taken, JoinOutcome::Joined(_)), "{taken:?}");
        assert!(store.add_user_token(bob, "own", &grant, 1).await.expect("stored"));
        store.add_operator_token("of the operator", &grant, 1).await.expect("stored");
        let own = store.tokens(bob).await.expect("listed");
        assert_eq!(own.len(), 1, "operator tokens are not on account pages");
        assert_eq!(
            store.lock_user(bob, 5).await.expect("locked"),
            EndedAccess { sessions: 1, links: 1, tokens: 1 }
        );
        assert_eq!(store.session("session").await.expect("queried"), None);
        assert_eq!(store.token("own").await.expect("queried"), None);
        assert_eq!(store.use_link("link", 6).await.expect("queried"), None);
        assert_eq!(store.count_operator_tokens("bob", 5).await.expect("counted"), 1);
        // The provider still has the same user.
        assert_eq!(store.user_of_provider("https://id", "7", "bob", 6).await.expect("queried"), bob);
        assert!(!store.add_session("again", bob, "tests", 6).await.expect("queried"));
        let taken = store.join_team(("bob", "pay"), Some(bob), ("link 2", 9), 6).await.expect("queried");
        assert!(matches!(taken, JoinOutcome::Locked(_)), "{taken:?}");
        assert!(
            store.unlock_user(bob).await.expect("unlocked")
                && !store.unlock_user(bob).await.expect("queried")
        );
        assert!(store.add_session("later", bob, "tests", 7).await.expect("begun"));
        let session = store.session("session").await.expect("queried").expect("it is kept");
        assert_eq!(session.ended_ms, Some(5), "unlocking does not restore the session");
    }
}

/// A user who is being removed from a team keeps no token for it, adds no one, and removes no one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_concurrently_removed_member_keeps_no_token_or_link() {
    for Fresh { store, _folder } in each().await {
        let alice = store.create_user_in_team("alice", "pay", 1).await.expect("made");
        let pay = store.user(alice).await.expect("queried").expect("alice").teams[0].0;
        assert!(store.claim_namespace("acme", pay).await.expect("claimed"));
        let grant = TokenGrant {
            owner: "mallory".into(),
            scope: "publish:acme".into(),
            expires_ms: 99,
            revoked_ms: None,
        };
        for round in 0..20 {
            let name = format!("mallory-{round}");
            let mallory = store.create_user_in_team(&name, "pay", 1).await.expect("made");
            let (key, link, shadow) =
                (format!("key {round}"), format!("link {round}"), format!("shadow-{round}"));
            let (left, key_kept, taken_in) = tokio::join!(
                store.remove_from_team(pay, mallory, (alice, 3)),
                store.add_user_token(mallory, &key, &grant, 3),
                store.add_new_user_to_team(&shadow, pay, (&link, 99), (mallory, 3)),
            );
            assert!(left.expect("left"));
            // Either order is fine: the action failed, or its result was revoked.
            key_kept.expect("queried");
            taken_in.expect("queried");
            let kept = store.token(&key).await.expect("queried");
            assert!(kept.is_none_or(|it| it.revoked_ms.is_some()), "a token was left");
            assert_eq!(store.use_link(&link, 4).await.expect("queried"), None, "a link was left");
        }
        let gone = store.user_by_name("mallory-0").await.expect("queried").expect("mallory").id;
        assert!(!store.add_user_token(gone, "later", &grant, 5).await.expect("queried"));
        let made = store.add_new_user_to_team("later", pay, ("later", 99), (gone, 5)).await.expect("queried");
        assert_eq!(made, AddUserOutcome::NotInTeam);
        assert!(store.remove_from_team(pay, alice, (gone, 5)).await.expect("queried"));
        assert!(store.user(alice).await.expect("queried").expect("alice").teams.iter().any(|it| it.0 == pay));
    }
}

/// A locked or removed user cannot return through an account that they created before.
#[tokio::test]
async fn links_end_with_their_creator() {
    for Fresh { store, _folder } in each().await {
        let mallory = store.create_user_in_team("mallory", "pay", 1).await.expect("made");
        let bob = store.create_user_in_team("bob", "pay", 1).await.expect("made");
        let pay = store.user(bob).await.expect("queried").expect("bob").teams[0].0;
        for (name, link) in [("shadow", "one"), ("ghost", "two")] {
            let by = if link == "one" { mallory } else { bob };
            let made = store.add_new_user_to_team(name, pay, (link, 9), (by, 1)).await.expect("made");
            assert_eq!(made, AddUserOutcome::Added);
        }
        assert_eq!(store.lock_user(mallory, 2).await.expect("locked").links, 1);
        assert!(store.remove_from_team(pay, bob, (bob, 3)).await.expect("left"));
        assert_eq!(store.use_link("one", 4).await.expect("queried"), None);
        assert_eq!(store.use_link("two", 4).await.expect("queried"), None);
    }
}

#[tokio::test]
async fn every_statement_can_be_prepared() {
    for Fresh { store, _folder } in each().await {
        let own = match &store {
            Store::Sqlite(_) => sql::OF_SQLITE,
            Store::Postgres(_) => sql::OF_POSTGRES,
        };
        for statement in sql::ALL.into_iter().chain(own).chain(user_admin::ALL) {
            let prepared =
                with_pool!(&store, pool => pool.prepare(SqlStr::from_static(statement)).await.map(|_| ()));
            prepared.unwrap_or_else(|error| panic!("{}: {statement}: {error}", store.engine()));
        }
    }
}
