//! What both databases must do alike. PostgreSQL is tested where `STANCHION_TEST_POSTGRES` names a server in which
//! databases may be made (`scripts/test` starts one).

use sqlx::{Connection as _, Executor as _, PgConnection, SqlSafeStr as _, SqlStr};

use super::operator::Ended;
use super::*;
use crate::registry::flow::{Held, cursor, prepare, words};

/// A database of its own for one test, and what holds it.
struct Fresh {
    store: Store,
    _folder: Option<tempfile::TempDir>,
}

async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open_sqlite(&folder.path().join("registry.sqlite")).await.expect("opened");
    Fresh { store, _folder: Some(folder) }
}

#[expect(clippy::disallowed_methods, reason = "where the server is, is the machine's affair")]
async fn postgres_url() -> Option<String> {
    let server = std::env::var("STANCHION_TEST_POSTGRES").ok()?;
    let name = format!("stanchion_{:x}", rand());
    let mut admin =
        PgConnection::connect(&format!("{server}/postgres")).await.expect("the server that was named");
    let make = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")).into_sql_str();
    sqlx::query(make).execute(&mut admin).await.expect("a new database");
    Some(format!("{server}/{name}"))
}

/// A number that no other test has.
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
    let (_, text) = crate::format::starter().into_iter().next().expect("one");
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).expect("the line").to_owned();
    let text = text.replacen(&line("guideline: "), &format!("guideline: acme/{slug}"), 1).replacen(
        &line("version: "),
        &format!("version: {number}"),
        1,
    ) + more;
    prepare(Kind::Guideline, "x.md", &text, "tests", 1_000).expect("a version")
}

#[tokio::test]
async fn a_version_is_published_once_and_for_ever() {
    for Fresh { store, _folder } in each().await {
        let first = version("one", "1.0.0", "");
        assert_eq!(store.publish(&first).await.expect("published"), Published::New);
        assert_eq!(store.publish(&first).await.expect("asked"), Published::Same);
        let other = version("one", "1.0.0", "\nMore.\n");
        let taken = store.publish(&other).await.expect("asked");
        assert_eq!(taken, Published::Taken { sha256: first.sha256.clone() });
        // Nothing of the other text is there.
        assert_eq!(store.text(&other.sha256).await.expect("asked"), None);
        assert_eq!(store.text(&first.sha256).await.expect("asked").as_deref(), Some(first.text.as_str()));
        for number in ["1.10.0", "1.2.0", "2.0.0-rc.1"] {
            assert_eq!(store.publish(&version("one", number, "")).await.expect("published"), Published::New);
        }
        let versions = store.versions("acme", "one").await.expect("listed");
        let numbers: Vec<&str> = versions.iter().map(|it| it.version.as_str()).collect();
        assert_eq!(numbers, ["1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1"], "{}", store.engine());
        assert_eq!((versions[0].published_ms, versions[0].published_by.as_str()), (1_000, "tests"));
    }
}

#[tokio::test]
async fn lists_go_on_where_they_ended() {
    for Fresh { store, _folder } in each().await {
        for slug in ["c", "a", "b-1", "b"] {
            for number in ["1.0.0", "1.1.0"] {
                store.publish(&version(slug, number, "")).await.expect("published");
            }
        }
        let (mut from, mut all) = (From::Name(String::new(), String::new()), Vec::new());
        loop {
            let page = store.names(Kind::Guideline, &Filter::default(), &from, 2).await.expect("listed");
            let Some(next) = cursor::behind(&page, &from) else { break };
            from = next;
            all.extend(page.into_iter().map(|it| format!("{} {}", it.slug, it.version)));
        }
        assert_eq!(all, ["a 1.1.0", "b 1.1.0", "b-1 1.1.0", "c 1.1.0"], "{}", store.engine());
    }
}

#[tokio::test]
async fn words_are_found_and_mean_themselves() {
    for Fresh { store, _folder } in each().await {
        for slug in ["alpha", "beta", "beta-2"] {
            for number in ["1.0.0", "1.1.0"] {
                store.publish(&version(slug, number, "")).await.expect("published");
            }
        }
        let found = async |words: &str, skip: i64| -> Vec<String> {
            let from = From::Fit(words_of(words), skip);
            let rows = store.names(Kind::Guideline, &Filter::default(), &from, 10).await.expect("searched");
            rows.into_iter().map(|it| format!("{} {}", it.slug, it.version)).collect()
        };
        assert_eq!(found("BETA", 0).await, ["beta 1.1.0", "beta-2 1.1.0"], "{}", store.engine());
        assert_eq!(found("bet acm", 1).await, ["beta-2 1.1.0"], "each word is a beginning");
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
        let named = store.named(&asked).await.expect("asked");
        let mut named: Vec<&str> = named.iter().map(|it| it.slug.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, ["alpha", "beta"], "{}", store.engine());
        assert!(store.named(&[]).await.expect("asked").is_empty());
        let recent = store.recent("", 2).await.expect("listed");
        let recent: Vec<&str> = recent.iter().map(|it| it.version.as_str()).collect();
        assert_eq!(recent, ["1.1.0", "1.0.0"], "the last first");
    }
}

#[tokio::test]
async fn a_yank_comes_and_goes_and_nothing_else_does() {
    for Fresh { store, _folder } in each().await {
        let one = version("one", "1.0.0", "");
        store.publish(&one).await.expect("published");
        let name = ("acme", "one", "1.0.0");
        assert!(store.yank(name, Some("finds too much"), 5, words).await.expect("yanked"));
        let versions = store.versions("acme", "one").await.expect("listed");
        assert_eq!(
            (versions[0].yanked_ms, versions[0].yank_message.as_deref()),
            (Some(5), Some("finds too much"))
        );
        assert!(store.yank(name, None, 6, words).await.expect("taken back"));
        assert!(!store.yank(("acme", "one", "9.0.0"), None, 6, words).await.expect("asked"));
        // Not even by hand.
        for statement in [
            "UPDATE version SET sha256 = 'x'",
            "UPDATE version SET title = 'x'",
            "UPDATE version SET version = '2.0.0'",
            "UPDATE blob SET text = 'x'",
            "DELETE FROM version",
            "DELETE FROM blob",
        ] {
            let refused = on!(&store, pool => sqlx::query(statement).execute(pool).await.err().map(|it| it.to_string()));
            let words = refused.unwrap_or_else(|| panic!("{} does it: {statement}", store.engine()));
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
async fn a_name_changes_when_a_yank_comes_and_when_it_goes() {
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
            assert!(store.yank(name, message, now, words).await.expect("asked"));
            let it = store.name("acme", "one").await.expect("asked").expect("a name");
            assert_eq!((it.version.as_str(), it.changed_ms), (shown, changed), "{} {now}", store.engine());
        }
    }
}

#[tokio::test]
async fn keys_are_kept_until_they_are_taken_back() {
    for Fresh { store, _folder } in each().await {
        let held =
            Held { owner: "alice".into(), scope: "publish:acme".into(), expires_ms: 9, revoked_ms: None };
        store.add_token("hash", &held, 1).await.expect("kept");
        assert!(store.add_token("hash", &held, 1).await.is_err(), "a hash is one key's");
        assert_eq!(store.token("hash").await.expect("asked"), Some(held.clone()));
        assert_eq!(store.token("other").await.expect("asked"), None);
        store.token_used("hash", 5).await.expect("said");
        assert_eq!(store.revoke("bob", 6).await.expect("asked"), 0);
        assert_eq!(store.revoke("alice", 6).await.expect("revoked"), 1);
        assert_eq!(store.token("hash").await.expect("asked"), Some(Held { revoked_ms: Some(6), ..held }));
        assert_eq!(store.revoke("alice", 7).await.expect("asked"), 0, "once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_who_publish_the_same_version_one_does() {
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
            let new = both.iter().filter(|it| **it == Published::New).count();
            let taken = both.iter().filter(|it| matches!(it, Published::Taken { .. })).count();
            assert_eq!((new, taken), (1, 1), "{}: {both:?}", store.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_shows_what_stands_however_many_change_it_at_once() {
    for Fresh { store, _folder } in each().await {
        for race in 0..40 {
            let slug = format!("race-{race}");
            for number in ["1.0.0", "1.1.0", "1.2.0"] {
                store.publish(&version(&slug, number, "")).await.expect("published");
            }
            let yank = |number: &'static str| {
                let (store, slug) = (store.clone(), slug.clone());
                tokio::spawn(async move { store.yank(("acme", &slug, number), Some("bad"), 5, words).await })
            };
            // In every other race, somebody publishes meanwhile.
            let publishes = race % 2 == 1;
            let (publishing, new) = (store.clone(), version(&slug, "1.0.1", ""));
            let publish = async move { if publishes { Some(publishing.publish(&new).await) } else { None } };
            let (a, b, c) = tokio::join!(yank("1.2.0"), yank("1.1.0"), tokio::spawn(publish));
            assert!(a.expect("it ran").expect("yanked") && b.expect("it ran").expect("yanked"));
            if let Some(published) = c.expect("it ran") {
                assert_eq!(published.expect("published"), Published::New);
            }
            let expected = if publishes { ("1.0.1", 4, None) } else { ("1.0.0", 3, None) };
            let name = store.name("acme", &slug).await.expect("asked").expect("a name");
            let shown = (name.version.as_str(), name.versions, name.yanked_ms);
            assert_eq!(shown, expected, "{}, race {race}", store.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_number_may_start_at_once() {
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
async fn a_database_of_a_later_version_is_left_alone() {
    for Fresh { store, _folder } in each().await {
        on!(&store, pool => sqlx::query("INSERT INTO migration (number, name) VALUES (99, 'later')").execute(pool).await.map(|_| ()))
            .expect("written");
        assert!(matches!(migrate::migrate(&store).await, Err(migrate::MigrateError::Newer(99))));
    }
}

#[tokio::test]
async fn what_is_as_long_as_it_may_be_is_kept() {
    for Fresh { store, _folder } in each().await {
        // Not what an index could make shorter: characters of three bytes, each topic others.
        let word = |from: u32, length: u32| -> String {
            (0..length).filter_map(|at| char::from_u32(0x4e00 + from * 64 + at)).collect()
        };
        let (_, text) = crate::format::starter().into_iter().next().expect("one");
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
        let new =
            prepare(Kind::Guideline, "x.md", &format!("{text}\n{more}\n"), "tests", 1).expect("a version");
        assert_eq!(new.version.len(), 64);
        assert_eq!(store.publish(&new).await.expect("published"), Published::New, "{}", store.engine());
        let filter = Filter { topics: vec![topics[19].clone()], ..Filter::default() };
        let from = From::Name(String::new(), String::new());
        let found = store.names(Kind::Guideline, &filter, &from, 9).await.expect("listed");
        assert_eq!(found.len(), 1, "{}", store.engine());
        let members: String =
            (0..500).map(|number| format!("\"{}/m{number}\" = \"*\"\n", "c".repeat(64))).collect();
        let head = format!(
            "schema = 1\nstandard = \"acme/all\"\nversion = \"1.0.0\"\ntitle = \"{}\"\n",
            word(60, 120)
        );
        let standard = format!("{head}owner = \"{}\"\n[guidelines]\n{members}", word(70, 64));
        let new = prepare(Kind::Standard, "x.toml", &standard, "tests", 1).expect("a version");
        assert_eq!(store.publish(&new).await.expect("published"), Published::New, "{}", store.engine());
        let last = format!("member:{}/m499", "c".repeat(64));
        assert_eq!(store.labelled(&last, 9).await.expect("listed").len(), 1, "every member is found");
    }
}

/// Opens what is there already, as the operator's commands do: a file, or a server.
async fn found(at: &Result<std::path::PathBuf, String>, wanted: Wanted) -> Result<Store, String> {
    let found = match at {
        Ok(path) => Store::find_sqlite(path, wanted).await,
        Err(url) => Store::find_postgres(url, wanted).await,
    };
    found.map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_is_there_is_opened_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("registry.sqlite");
    let mut all = vec![(Store::open_sqlite(&path).await.expect("opened"), Ok(path))];
    if let Some(url) = postgres_url().await {
        let at = Err(url.clone());
        let why = found(&at, Wanted::Reading).await.expect_err("nothing is there");
        assert!(why.contains("no registry is in it"), "{why}");
        all.push((Store::open_postgres(&url).await.expect("opened"), at));
    }
    for (store, at) in all {
        found(&at, Wanted::Writing).await.expect("it is of today");
        let set = async |sql: &'static str| {
            on!(&store, pool => sqlx::query(sql).execute(pool).await.map(|_| ())).expect("written");
        };
        set("DELETE FROM migration WHERE number = 4").await;
        let why = found(&at, Wanted::Writing).await.expect_err("an older shape");
        assert!(why.contains("earlier version"), "{why}");
        let reader = found(&at, Wanted::Reading).await.expect("it can be read");
        assert!(!migrate::is_of_today(&reader).await.expect("asked"), "nothing was migrated");
        set("INSERT INTO migration (number, name) VALUES (99, 'later')").await;
        let why = found(&at, Wanted::Reading).await.expect_err("a later shape");
        assert!(why.contains("later version"), "{why}");
        set("DROP TABLE migration").await;
        let why = found(&at, Wanted::Reading).await.expect_err("another program's");
        assert!(why.contains("no registry is in it"), "{why}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("none.sqlite");
    assert!(Store::find_sqlite(&path, Wanted::Reading).await.is_err() && !path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_start_makes_the_first_person() {
    for Fresh { store, _folder } in each().await {
        let mut starts = tokio::task::JoinSet::new();
        for number in 0..10 {
            let store = store.clone();
            starts.spawn(async move {
                store.first_person("operator", "operators", (&format!("link {number}"), 9), 1).await
            });
        }
        let made = starts.join_all().await;
        let first = made.into_iter().filter(|it| *it.as_ref().expect("asked")).count();
        assert_eq!(first, 1, "{}", store.engine());
        let everybody = store.everybody().await.expect("listed");
        let names: Vec<_> = everybody.iter().map(|it| (it.name.as_str(), it.teams.join(","))).collect();
        assert_eq!(names, [("operator", "operators".to_owned())]);
        let mut good = 0;
        for number in 0..10 {
            good += usize::from(store.use_link(&format!("link {number}"), 2).await.expect("used").is_some());
        }
        assert_eq!(good, 1, "of one start the link is kept");
    }
}

#[tokio::test]
async fn a_name_alone_gives_no_rights_to_whoever_has_it() {
    for Fresh { store, _folder } in each().await {
        // Somebody whom a provider knows was first to be called so; a team has made a link for another.
        let mallory = store.person_of_provider("https://id", "666", "alice", 1).await.expect("made");
        let alice = store.person_of_provider("https://id", "1", "alice", 1).await.expect("made");
        let bob = store.person_in_team("bob", "evil", 1).await.expect("made");
        let take = async |who: &str, team: &str, number: Option<i64>| {
            let link = format!("{who} {team} {number:?}");
            store.take_into_team((who, team), number, (&link, 9), 1).await.expect("asked")
        };
        for (name, number, id) in
            [("alice", None, mallory), ("bob", None, bob), ("alice", Some(alice), mallory)]
        {
            let Taken::Unsure(known) = take(name, "payments", number).await else {
                panic!("{name} is taken")
            };
            assert_eq!(known.id, id);
            assert!(!known.teams.contains(&"payments".to_owned()));
        }
        assert!(store.everybody().await.expect("listed").iter().all(|it| it.teams != ["payments"]));
        assert_eq!(take("carol", "payments", Some(5)).await, Taken::Nobody);
        assert_eq!(store.known_by_name("carol").await.expect("asked"), None);
        let Taken::In(known) = take("alice-2", "payments", Some(alice)).await else { panic!("not taken") };
        assert_eq!((known.id, known.teams), (alice, vec!["payments".to_owned()]));
        assert_eq!(known.identity, Some(("https://id".to_owned(), "1".to_owned())));
        // Whoever the team has already gets another link, and somebody new a first one.
        for (who, team) in [("bob", "evil"), ("dave", "payments")] {
            assert!(matches!(take(who, team, None).await, Taken::In(_)), "{who}");
        }
        assert!(matches!(take("alice-2", "payments", None).await, Taken::Unsure(_)), "never by name");
    }
}

#[tokio::test]
async fn whoever_is_locked_is_out_until_they_are_unlocked() {
    for Fresh { store, _folder } in each().await {
        let bob = store.person_of_provider("https://id", "7", "bob", 1).await.expect("made");
        assert!(store.add_session("session", bob, "tests", 1).await.expect("begun"));
        store.add_link("link", bob, 9).await.expect("kept");
        let held =
            Held { owner: "bob".into(), scope: "publish:acme".into(), expires_ms: 9, revoked_ms: None };
        let id = store.person_in_team("bobs own colleague", "bobs", 1).await.expect("made");
        let bobs = store.person(id).await.expect("asked").expect("somebody").teams[0].0;
        assert!(store.claim("acme", bobs).await.expect("claimed"));
        assert!(!store.add_token_of(bob, "not theirs", &held, 1).await.expect("asked"), "of another team");
        let taken = store.take_into_team(("bob", "bobs"), Some(bob), ("first", 2), 1).await.expect("asked");
        assert!(matches!(taken, Taken::In(_)), "{taken:?}");
        assert!(store.add_token_of(bob, "own", &held, 1).await.expect("kept"));
        store.add_token("of the operator", &held, 1).await.expect("kept");
        let own = store.tokens(bob).await.expect("listed");
        assert_eq!(own.len(), 1, "a key for a name is on nobody's page");
        assert_eq!(store.lock(bob, 5).await.expect("locked"), Ended { sessions: 1, links: 1, keys: 1 });
        assert_eq!(store.session("session").await.expect("asked"), None);
        assert_eq!(store.token("own").await.expect("asked"), None);
        assert_eq!(store.use_link("link", 6).await.expect("asked"), None);
        assert_eq!(store.keys_for("bob", 5).await.expect("counted"), 1);
        // The provider still knows them.
        assert_eq!(store.person_of_provider("https://id", "7", "bob", 6).await.expect("asked"), bob);
        assert!(!store.add_session("again", bob, "tests", 6).await.expect("asked"));
        let taken = store.take_into_team(("bob", "pay"), Some(bob), ("link 2", 9), 6).await.expect("asked");
        assert!(matches!(taken, Taken::Locked(_)), "{taken:?}");
        assert!(store.unlock(bob).await.expect("unlocked") && !store.unlock(bob).await.expect("asked"));
        assert!(store.add_session("later", bob, "tests", 7).await.expect("begun"));
        let session = store.session("session").await.expect("asked").expect("it is kept");
        assert_eq!(session.ended_ms, Some(5), "what ended stays ended");
    }
}

/// Whoever is taken out of a team at this very moment keeps no key for it, takes nobody in, and takes nobody out.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_taken_out_meanwhile_leaves_nothing_behind() {
    for Fresh { store, _folder } in each().await {
        let alice = store.person_in_team("alice", "pay", 1).await.expect("made");
        let pay = store.person(alice).await.expect("asked").expect("alice").teams[0].0;
        assert!(store.claim("acme", pay).await.expect("claimed"));
        let held =
            Held { owner: "mallory".into(), scope: "publish:acme".into(), expires_ms: 99, revoked_ms: None };
        for round in 0..20 {
            let name = format!("mallory-{round}");
            let mallory = store.person_in_team(&name, "pay", 1).await.expect("made");
            let (key, link, shadow) =
                (format!("key {round}"), format!("link {round}"), format!("shadow-{round}"));
            let (left, key_kept, taken_in) = tokio::join!(
                store.leave(pay, mallory, (alice, 3)),
                store.add_token_of(mallory, &key, &held, 3),
                store.new_person_in_team(&shadow, pay, (&link, 99), (mallory, 3)),
            );
            assert!(left.expect("left"));
            // Whoever came first: either was refused, or is ended now.
            key_kept.expect("asked");
            taken_in.expect("asked");
            let kept = store.token(&key).await.expect("asked");
            assert!(kept.is_none_or(|it| it.revoked_ms.is_some()), "a key was left behind");
            assert_eq!(store.use_link(&link, 4).await.expect("asked"), None, "a link was left behind");
        }
        let gone = store.known_by_name("mallory-0").await.expect("asked").expect("mallory").id;
        assert!(!store.add_token_of(gone, "later", &held, 5).await.expect("asked"));
        let made = store.new_person_in_team("later", pay, ("later", 99), (gone, 5)).await.expect("asked");
        assert_eq!(made, NewPerson::NotTheirTeam);
        assert!(store.leave(pay, alice, (gone, 5)).await.expect("asked"));
        assert!(store.person(alice).await.expect("asked").expect("alice").teams.iter().any(|it| it.0 == pay));
    }
}

/// Whoever is shut out does not come back as a colleague whom they took in before.
#[tokio::test]
async fn links_that_somebody_made_end_with_them() {
    for Fresh { store, _folder } in each().await {
        let mallory = store.person_in_team("mallory", "pay", 1).await.expect("made");
        let bob = store.person_in_team("bob", "pay", 1).await.expect("made");
        let pay = store.person(bob).await.expect("asked").expect("bob").teams[0].0;
        for (name, link) in [("shadow", "one"), ("ghost", "two")] {
            let by = if link == "one" { mallory } else { bob };
            let made = store.new_person_in_team(name, pay, (link, 9), (by, 1)).await.expect("made");
            assert_eq!(made, NewPerson::In);
        }
        assert_eq!(store.lock(mallory, 2).await.expect("locked").links, 1);
        assert!(store.leave(pay, bob, (bob, 3)).await.expect("left"));
        assert_eq!(store.use_link("one", 4).await.expect("asked"), None);
        assert_eq!(store.use_link("two", 4).await.expect("asked"), None);
    }
}

#[tokio::test]
async fn every_statement_is_understood() {
    for Fresh { store, _folder } in each().await {
        let own = match &store {
            Store::Sqlite(_) => sql::OF_SQLITE,
            Store::Postgres(_) => sql::OF_POSTGRES,
        };
        for statement in sql::ALL.into_iter().chain(own).chain(operator::ALL) {
            let prepared =
                on!(&store, pool => pool.prepare(SqlStr::from_static(statement)).await.map(|_| ()));
            prepared.unwrap_or_else(|error| panic!("{}: {statement}: {error}", store.engine()));
        }
    }
}
