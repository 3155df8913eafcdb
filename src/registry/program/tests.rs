//! Tests of the operator commands, from the arguments on.

use std::path::Path;

use clap::Parser as _;

use super::*;

/// Runs the program with these arguments and environment variables.
async fn registry(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), String> {
    let cli = Cli::try_parse_from(std::iter::once("stanchion-registry").chain(arguments.iter().copied()))
        .map_err(|error| error.to_string())?;
    let environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let variable = move |name: &str| environment.iter().find(|it| it.0 == name).map(|it| it.1.clone());
    run_command(cli.command, &variable).await
}

/// Creates a database in `folder/data` with the starter guidelines, and a settings file that names it.
async fn begun(folder: &Path) -> (Store, String) {
    let data = folder.join("data");
    std::fs::create_dir(&data).expect("a folder");
    let store = Store::open_sqlite(&data.join(DATABASE_FILE)).await.expect("opened");
    serve::publish_starter(&store).await.expect("published");
    let config = folder.join("registry.toml");
    let oidc = "[oidc]\nissuer = \"https://id.example.org\"\nclient = \"us\"\n";
    let text =
        format!("data = {:?}\npublic-url = \"https://guidelines.example.org\"\n{oidc}", data.display());
    std::fs::write(&config, text).expect("written");
    (store, config.display().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_uses_the_settings_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, config) = begun(folder.path()).await;
    let at = |name: &str| folder.path().join(name).display().to_string();
    registry(&["backup", &at("copy.sqlite"), "--config", &config], &[]).await.expect("copied");
    let copy =
        Store::find_sqlite(&folder.path().join("copy.sqlite"), AccessMode::Writing).await.expect("a copy");
    assert_eq!(copy.count_names().await.expect("counted"), store.count_names().await.expect("counted"));
    registry(&["verify", "--config", &config], &[]).await.expect("verified");
    registry(&["list", "--config", &config], &[]).await.expect("listed");
    registry(&["people", "--config", &config], &[]).await.expect("listed");
    registry(&["token", "acme", "--for", "alice", "--config", &config], &[]).await.expect("a token");
    registry(&["sign-in", "alice@payments", "--config", &config], &[]).await.expect("a link");
    let alice = store.user_by_name("alice").await.expect("queried").expect("alice");
    let number = alice.id.to_string();
    registry(&["lock", "--number", &number, "--config", &config], &[]).await.expect("locked");
    registry(&["revoke", "alice", "--config", &config], &[]).await.expect("revoked");
    let again = registry(&["revoke", "alice", "--config", &config], &[]).await.expect_err("nothing");
    assert!(again.starts_with("no token was revoked"), "{again}");
    registry(&["export", &at("site"), "--config", &config], &[]).await.expect("exported");
    let feed = folder.path().join("site/feed/changes.atom");
    #[expect(clippy::disallowed_methods, reason = "a file of this test")]
    let feed = std::fs::read_to_string(feed).expect("a feed");
    assert!(feed.contains("https://guidelines.example.org/guidelines/"), "{feed}");
    // The environment overrides the file.
    let named = [("STANCHION_REGISTRY_PUBLIC_URL", "https://other.example.org")];
    registry(&["export", &at("site"), "--config", &config], &named).await.expect("exported");
    #[expect(clippy::disallowed_methods, reason = "a file of this test")]
    let feed = std::fs::read_to_string(folder.path().join("site/feed/changes.atom")).expect("a feed");
    assert!(feed.contains("https://other.example.org/guidelines/"), "{feed}");
    let settings =
        operator_settings(&DatabaseArgs { config: Some(config.into()), data: None }, None, &|_| None);
    let settings = settings.expect("settings");
    assert_eq!(base_url(&settings, settings.listen), "https://guidelines.example.org");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_serve_creates_a_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let none = folder.path().join("none");
    let (data, file) = (none.display().to_string(), folder.path().join("x.md").display().to_string());
    std::fs::write(&file, crate::format::starter_guidelines().into_iter().next().expect("one").1)
        .expect("written");
    for arguments in [
        &["publish", &file][..],
        &["yank", "acme/x", "1.0.0", "--message", "x"],
        &["retire", "acme/x", "--message", "x"],
        &["token", "acme", "--for", "alice"],
        &["sign-in", "alice@payments"],
        &["people"],
        &["lock", "alice"],
        &["revoke", "alice"],
        &["export", &data],
        &["backup", &file],
        &["verify"],
        &["list"],
    ] {
        let why = registry(&[arguments, &["--data", &data]].concat(), &[]).await.expect_err("none is there");
        assert!(why.starts_with("there is no database") && why.contains("--config"), "{arguments:?}: {why}");
        let variable = [("STANCHION_REGISTRY_DATA", data.as_str())];
        let why = registry(arguments, &variable).await.expect_err("none is there");
        assert!(why.starts_with("there is no database"), "{arguments:?}: {why}");
        assert!(!none.exists(), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_of_a_provider_are_identified_by_number() {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, config) = begun(folder.path()).await;
    let mallory = store.user_of_provider("https://id", "666", "alice", 1).await.expect("made");
    let run = async |arguments: &[&str]| registry(&[arguments, &["--config", &config]].concat(), &[]).await;
    let why = run(&["sign-in", "alice@payments"]).await.expect_err("who is that");
    let number = mallory.to_string();
    assert!(
        why.contains("666 at https://id")
            && why.contains(&format!("sign-in alice@payments --number {number}")),
        "{why}"
    );
    let why = run(&["lock", "alice"]).await.expect_err("who is that");
    assert!(why.contains(&format!("lock --number {number}")), "{why}");
    run(&["sign-in", "alice@payments", "--number", &number]).await.expect("a link");
    run(&["lock", "--number", &number]).await.expect("locked");
    let why = run(&["sign-in", "alice@payments", "--number", &number]).await.expect_err("locked");
    assert!(why.contains("is locked"), "{why}");
    run(&["lock", "--number", &number, "--undo"]).await.expect("unlocked");
    let why = run(&["lock", "--number", &number, "--undo"]).await.expect_err("twice");
    assert!(why.contains("is not locked"), "{why}");
    for arguments in
        [&["lock", "nobody"][..], &["lock", "--number", "99"], &["sign-in", "x@y", "--number", "9"]]
    {
        let why = run(arguments).await.expect_err("nobody");
        assert!(why.starts_with("there is no user"), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_with_a_busy_port_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = busy.local_addr().expect("its address").to_string();
    let data = folder.path().join("data");
    let path = data.display().to_string();
    let why = registry(&["serve", "--listen", &address, "--data", &path], &[]).await.expect_err("it is busy");
    assert!(why.starts_with("cannot listen on"), "{why}");
    assert!(!data.join(DATABASE_FILE).exists(), "nothing was begun");
    // The same for a start that ended after publishing the starter guidelines.
    let store = Store::open_sqlite(&data.join(DATABASE_FILE)).await.expect("opened");
    serve::publish_starter(&store).await.expect("published");
    let link = serve::first_sign_in_link(&store).await.expect("queried").expect("the first one");
    let secret = crate::registry::decisions::Secret::parse(&link).expect("a secret");
    assert!(store.use_link(&secret.hash(), now_ms()).await.expect("used").is_some());
    assert_eq!(serve::first_sign_in_link(&store).await.expect("queried"), None);
}
