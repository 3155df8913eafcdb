//! The program: arguments, the database, the listener, and its end. The only file of this room that prints or reads
//! arguments, environment and time.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use tokio::net::TcpListener;

use super::export::{ExportError, export};
use super::flow::{
    Held, Key, LARGEST, LINK_MS, Refusal, Secret, cursor, followed, person_and_team, prepare, scope_of, words,
};
use super::http::{Numbers, Site, metrics, router, serve};
use super::settings::{self, Flags, Settings, public_url};
use super::store::{Filter, From, Kind, NewVersion, Published, Store};
use super::{backup, proving, site};
use crate::format;
use crate::model::GuidelineId;
use crate::report::escape::escape;
use crate::report::{HumanStyle, render_problems};

/// Rows of a page of the list.
const PAGE: i64 = 200;

/// Publishes guidelines for ever, and serves them.
#[derive(Parser)]
#[command(name = "stanchion-registry", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve what is published: pages for people, the index for machines
    #[command(after_help = "\
Examples:
  stanchion-registry serve
  stanchion-registry serve --listen 127.0.0.1:8080 --data /var/lib/stanchion
  DATABASE_URL=postgres://registry@db/registry stanchion-registry serve

At the first start the starter guidelines are published. So far it serves pages to
read them on, and the index from which copies are made; publishing over the network
and accounts come later.")]
    Serve {
        /// Where to listen [default: 127.0.0.1:8585]
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
        /// Where metrics are, for Prometheus; nowhere without it
        #[arg(long, value_name = "ADDRESS")]
        metrics: Option<String>,
        /// The address at which people find it, where that is another one: https://guidelines.example.org
        #[arg(long, value_name = "URL")]
        public_url: Option<String>,
        /// The folder of the embedded database [default: stanchion-registry]; DATABASE_URL names a server instead
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// A file that says the same: listen, metrics, public-url, data, database-url; and [oidc]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Say what is decided, and end
        #[arg(long)]
        check_config: bool,
        /// Do not write requests into the log
        #[arg(long)]
        quiet: bool,
    },
    /// Publish guidelines: for ever
    #[command(after_help = "Example:\n  stanchion-registry publish guidelines/acme/short-names.md")]
    Publish {
        /// Guideline files
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// Who publishes
        #[arg(long, value_name = "WHO", default_value = "operator")]
        by: String,
        #[command(flatten)]
        place: Place,
    },
    /// Say that a version should not be chosen any more; it stays where it is
    #[command(
        after_help = "Example:\n  stanchion-registry yank acme/short-names 1.2.0 --message 'finds too much'"
    )]
    Yank {
        /// The guideline
        #[arg(value_name = "ID")]
        id: String,
        /// Its version
        #[arg(value_name = "VERSION")]
        version: String,
        /// Why
        #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
        message: Option<String>,
        /// Take it back
        #[arg(long, conflicts_with = "message")]
        undo: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Say that a guideline or standard is no longer advised, and what is instead
    #[command(
        after_help = "Example:\n  stanchion-registry retire acme/short-names --message 'too short' --successor acme/names"
    )]
    Retire {
        /// The guideline or standard
        #[arg(value_name = "ID")]
        id: String,
        /// Why
        #[arg(long, value_name = "TEXT", required_unless_present = "undo")]
        message: Option<String>,
        /// What is advised instead
        #[arg(long, value_name = "ID")]
        successor: Option<String>,
        /// Take it back
        #[arg(long, conflicts_with_all = ["message", "successor"])]
        undo: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Make a key with which a machine publishes in a namespace
    #[command(after_help = "Example:\n  stanchion-registry token acme --for alice@acme --days 90")]
    Token {
        /// The namespace
        #[arg(value_name = "NAMESPACE")]
        namespace: String,
        /// Whose it is
        #[arg(long = "for", value_name = "WHO")]
        owner: String,
        /// Days until it ends
        #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: i64,
        #[command(flatten)]
        place: Place,
    },
    /// Make a link that signs somebody in, once
    #[command(
        name = "sign-in",
        after_help = "Example:\n  stanchion-registry sign-in alice@payments --url https://guidelines.example.org\n\nPerson and team are made where there are none. The link is good for a day."
    )]
    SignIn {
        /// Person and team
        #[arg(value_name = "WHO@TEAM")]
        who: String,
        /// The address of the registry, as people find it
        #[arg(long, value_name = "URL", value_parser = public_url, default_value = "http://127.0.0.1:8585")]
        url: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take back every key of somebody
    #[command(after_help = "Example:\n  stanchion-registry revoke alice@acme")]
    Revoke {
        /// Whose
        #[arg(value_name = "WHO")]
        owner: String,
        #[command(flatten)]
        place: Place,
    },
    /// Write pages and index as files, for any web server, or for `stanchion update` from a folder
    #[command(after_help = "Example:\n  stanchion-registry export /srv/www/guidelines")]
    Export {
        /// The folder to write into
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
        /// The address at which people will find it; feeds name it
        #[arg(long, value_name = "URL", value_parser = public_url)]
        public_url: Option<String>,
        #[command(flatten)]
        place: Place,
    },
    /// Copy the embedded database, whole and looked at, while it is served
    #[command(
        after_help = "Example:\n  stanchion-registry backup registry-2026-11-25.sqlite\n\nTo restore: stop the program, put the copy where registry.sqlite is, start it. PostgreSQL has its own: pg_dump."
    )]
    Backup {
        /// The file to write; it must not be there
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Look whether everything that is published is what it was when it was published
    #[command(after_help = "Example:\n  stanchion-registry verify")]
    Verify {
        #[command(flatten)]
        place: Place,
    },
    /// List the newest version of everything that is published
    #[command(after_help = "Example:\n  stanchion-registry list")]
    List {
        #[command(flatten)]
        place: Place,
    },
}

/// Where the database is.
#[derive(clap::Args)]
struct Place {
    /// The folder of the embedded database [default: stanchion-registry]; DATABASE_URL names a PostgreSQL server
    /// instead
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    if proving::is_worker() {
        return if proving::serve_as_worker() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("no threads can be started: {error}")),
    };
    let done = runtime.block_on(async {
        match command {
            Command::Serve { listen, metrics, public_url, data, config, check_config, quiet } => {
                let flags = Flags { listen, metrics, data, public_url };
                let settings = decided(flags, config.as_deref())?;
                if check_config {
                    show(&settings);
                    return Ok(());
                }
                run(settings, quiet).await
            }
            Command::Publish { files, by, place } => publish(&open(place.data).await?, &files, &by).await,
            Command::Yank { id, version, message, undo: _, place } => {
                yank(&open(place.data).await?, &id, &version, message.as_deref()).await
            }
            Command::Retire { id, message, successor, undo: _, place } => {
                retire(&open(place.data).await?, &id, message.as_deref(), successor.as_deref()).await
            }
            Command::Export { folder, public_url, place } => {
                write_export(&open(place.data).await?, &folder, public_url.as_deref()).await
            }
            Command::Token { namespace, owner, days, place } => {
                token(&open(place.data).await?, &namespace, &owner, days).await
            }
            Command::SignIn { who, url, place } => {
                let link = sign_in_link(&open(place.data).await?, &who).await?;
                say(&format!("{url}/sign-in/{link}"));
                Ok(())
            }
            Command::Revoke { owner, place } => revoke(&open(place.data).await?, &owner).await,
            Command::Backup { file, place } => {
                let copied = backup::backup(&open(place.data).await?, &file).await?;
                say(&format!(
                    "copied: {} versions, {} KiB, into {}",
                    copied.versions,
                    copied.bytes >> 10,
                    file.display()
                ));
                Ok(())
            }
            Command::Verify { place } => verify(&open(place.data).await?).await,
            Command::List { place } => list(&open(place.data).await?).await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => failed(&words),
    }
}

fn failed(words: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "stanchion-registry: {}", crate::report::escape::escape_lines(words));
    ExitCode::from(2)
}

/// A line for people; a reader that went away is no failure.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{}", escape(line));
}

async fn publish(store: &Store, files: &[PathBuf], by: &str) -> Result<(), String> {
    for file in files {
        let name = file.display().to_string();
        #[expect(clippy::disallowed_methods, reason = "a file that the operator named")]
        let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
        let is_standard = file.extension().is_some_and(|it| it.eq_ignore_ascii_case("toml"));
        let kind = if is_standard { Kind::Standard } else { Kind::Guideline };
        let mut version =
            prepare(kind, &name, &text, by, now_ms()).map_err(|refusal| refused(&name, refusal))?;
        if kind == Kind::Guideline {
            version.note = proved(store, &name, &version).await?;
            if let Some(note) = &version.note {
                say(&format!("note: {note}"));
            }
        }
        let told = format!("{}/{} {}", version.namespace, version.slug, version.version);
        match store.publish(&version).await.map_err(|error| format!("cannot publish {name}: {error}"))? {
            Published::New => say(&format!("published: {told}")),
            Published::Same => say(&format!("published before: {told}")),
            Published::OtherKind(other) => {
                return Err(format!(
                    "{told} cannot be published: the name is a {}'s, for ever\n  help: give this one another name",
                    other.word()
                ));
            }
            Published::Taken { sha256 } => {
                return Err(format!(
                    "{told} is published with another text (sha256 {sha256}), for ever\n  help: give this one another version"
                ));
            }
        }
    }
    Ok(())
}

/// What is to be noted about a guideline, if it can be published.
async fn proved(store: &Store, name: &str, new: &NewVersion) -> Result<Option<String>, String> {
    let wrong = |error: sqlx::Error| format!("cannot publish {name}: {error}");
    let versions = store.versions(&new.namespace, &new.slug).await.map_err(wrong)?;
    if let Some(there) = versions.iter().find(|it| it.version == new.version) {
        return Ok(there.note.clone());
    }
    let before = match followed(&versions, new) {
        Some(sha256) => store.text(sha256).await.map_err(wrong)?,
        None => None,
    };
    let found = proving::prove(name, &new.text, before.as_deref(), proving::worker_program().as_deref());
    if found.problems.is_empty() {
        Ok(found.note)
    } else {
        Err(refused(name, Refusal::Problems(found.problems)))
    }
}

/// Why a file is not published.
fn refused(name: &str, refusal: Refusal) -> String {
    match refusal {
        Refusal::TooLarge => {
            format!("{name} is larger than {} KiB\n  help: link to what is longer", LARGEST >> 10)
        }
        Refusal::BuildMetadata => format!(
            "the version of {name} holds build metadata (+…), by which nobody could choose it\n  help: leave the part from + on out"
        ),
        Refusal::Problems(problems) => {
            let style = HumanStyle { cap: Some(usize::MAX), ..HumanStyle::default() };
            format!("{name} cannot be published:\n{}", render_problems(&problems, &style))
        }
    }
}

async fn yank(store: &Store, id: &str, version: &str, message: Option<&str>) -> Result<(), String> {
    let id = GuidelineId::new(id).map_err(|why| format!("`{id}` is no guideline: {why}"))?;
    let name = (id.namespace(), id.slug(), version);
    let found = store.yank(name, message.map(|message| (message, now_ms())), words).await;
    if !found.map_err(|error| format!("cannot yank {id} {version}: {error}"))? {
        return Err(format!(
            "{id} {version} is not published\n  help: `stanchion-registry list` shows what is"
        ));
    }
    say(&format!("{}: {id} {version}", if message.is_some() { "yanked" } else { "no longer yanked" }));
    Ok(())
}

async fn retire(
    store: &Store,
    id: &str,
    message: Option<&str>,
    successor: Option<&str>,
) -> Result<(), String> {
    let parse = |id: &str| GuidelineId::new(id).map_err(|why| format!("`{id}` is no name: {why}"));
    let id = parse(id)?;
    let wrong = |error: sqlx::Error| format!("cannot retire {id}: {error}");
    if let Some(successor) = successor {
        let next = parse(successor)?;
        if store.name(next.namespace(), next.slug()).await.map_err(wrong)?.is_none() {
            return Err(format!(
                "{next} is not published\n  help: publish it first, or leave --successor out"
            ));
        }
    }
    let retired = message.map(|message| (message, successor));
    if !store.retire((id.namespace(), id.slug()), retired, now_ms()).await.map_err(wrong)? {
        return Err(format!("{id} is not published\n  help: `stanchion-registry list` shows what is"));
    }
    say(&format!("{}: {id}", if message.is_some() { "retired" } else { "advised again" }));
    Ok(())
}

async fn token(store: &Store, namespace: &str, owner: &str, days: i64) -> Result<(), String> {
    GuidelineId::new(&format!("{namespace}/x"))
        .map_err(|why| format!("`{namespace}` is no namespace: {why}"))?;
    let (key, now) = (Key::new(random().ok_or("the system has no random bytes")?), now_ms());
    let expires_ms = now + days * 86_400_000;
    let held = Held { owner: owner.to_owned(), scope: scope_of(namespace), expires_ms, revoked_ms: None };
    store
        .add_token(&key.hash(), &held, now)
        .await
        .map_err(|error| format!("cannot keep the key: {error}"))?;
    // Only the key on standard output, so that it can be piped to where it is kept.
    say(key.show());
    let _ = writeln!(
        std::io::stderr(),
        "For {}, to publish in {namespace}, for {days} days. It is shown this once; only its hash is kept.",
        escape(owner)
    );
    Ok(())
}

/// A link that signs somebody in, without the address before it.
async fn sign_in_link(store: &Store, who: &str) -> Result<String, String> {
    let (person, team) = person_and_team(who)?;
    let secret = Secret::new(random().ok_or("the system has no random bytes")?);
    let now = now_ms();
    let wrong = |error: sqlx::Error| format!("cannot make a link: {error}");
    let person = store.person_in_team(&person, &team, now).await.map_err(wrong)?;
    store.add_link(&secret.hash(), person, now + LINK_MS).await.map_err(wrong)?;
    Ok(secret.show().to_owned())
}

async fn revoke(store: &Store, owner: &str) -> Result<(), String> {
    let number = store.revoke(owner, now_ms()).await.map_err(|error| format!("cannot revoke: {error}"))?;
    say(&format!("{number} taken back from {owner}"));
    Ok(())
}

async fn write_export(
    store: &Store,
    folder: &std::path::Path,
    public_url: Option<&str>,
) -> Result<(), String> {
    let wrong = |error| match error {
        ExportError::Database(error) => format!("cannot export: {error}"),
        ExportError::File(path, error) => format!("cannot write {path}: {error}"),
        ExportError::Page(address) => format!("the page {address} could not be made; the log above says why"),
    };
    let exported = export(store, folder).await.map_err(wrong)?;
    let site = Site {
        store: store.clone(),
        now_ms,
        random,
        public: public_url.map(str::to_owned),
        provider: None,
        worker: None,
        numbers: std::sync::Arc::default(),
        quiet: true,
    };
    let pages = site::export(site, store, folder).await.map_err(wrong)?;
    say(&format!("exported: {} names, {} versions, {pages} pages", exported.names, exported.versions));
    Ok(())
}

async fn verify(store: &Store) -> Result<(), String> {
    let found = backup::verify(store).await.map_err(|error| format!("cannot look: {error}"))?;
    found.wrong.iter().for_each(|line| say(line));
    if found.wrong.is_empty() {
        say(&format!("{} versions are what they were when they were published.", found.versions));
        return Ok(());
    }
    Err(format!(
        "{} of {} versions are not what they were\n  help: restore a backup, or publish the texts again under new versions",
        found.wrong.len(),
        found.versions
    ))
}

async fn list(store: &Store) -> Result<(), String> {
    let mut none = true;
    for kind in [Kind::Guideline, Kind::Standard] {
        let mut from = From::Name(String::new(), String::new());
        loop {
            let page = store.names(kind, &Filter::default(), &from, PAGE).await;
            let page = page.map_err(|error| format!("cannot list: {error}"))?;
            let Some(next) = cursor::behind(&page, &from) else { break };
            from = next;
            none = false;
            for it in &page {
                let yanked = if it.yanked_ms.is_some() { " (yanked)" } else { "" };
                let retired = if it.retired_ms.is_some() { " (retired)" } else { "" };
                let stage = if kind == Kind::Standard { "a set" } else { &it.stage };
                say(&format!(
                    "{}/{} {}{yanked}{retired}  {stage} · {}: {}",
                    it.namespace, it.slug, it.version, it.owner, it.title
                ));
            }
        }
    }
    if none {
        say("Nothing is published yet: `stanchion-registry serve` publishes the starter guidelines.");
    }
    Ok(())
}

/// What flags, environment and file say together.
fn decided(flags: Flags, config: Option<&std::path::Path>) -> Result<Settings, String> {
    let file = match config {
        None => None,
        Some(path) => {
            let name = path.display().to_string();
            #[expect(clippy::disallowed_methods, reason = "a file that the operator named")]
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("cannot read {name}: {error}"))?;
            Some((name, text))
        }
    };
    let file = file.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    settings::resolve(flags, &variable, file)
        .map_err(|problems| format!("this cannot be served as it is set:\n  {}", problems.join("\n  ")))
}

#[expect(clippy::disallowed_methods, reason = "the one place of this program that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn show(settings: &Settings) {
    let or = |value: Option<String>, otherwise: &str| value.unwrap_or_else(|| otherwise.to_owned());
    let database = match &settings.database_url {
        Some(_) => "PostgreSQL, at the address that is set".to_owned(),
        None => format!("embedded, in {}", settings.data.display()),
    };
    for (what, value) in [
        ("listen", settings.listen.to_string()),
        ("metrics", or(settings.metrics.map(|it| it.to_string()), "nowhere")),
        ("public-url", or(settings.public_url.clone(), "as it is asked for")),
        ("database", database),
        (
            "sign-in",
            settings.provider.as_ref().map_or_else(
                || "by link".to_owned(),
                |it| format!("by link, and {} at {}", it.name, it.issuer),
            ),
        ),
    ] {
        say(&format!("{what:<12}{value}"));
    }
}

async fn run(settings: Settings, quiet: bool) -> Result<(), String> {
    let Settings { listen, metrics: metrics_address, data, public_url, database_url, provider } = settings;
    let store = open_at(database_url.as_deref(), &data).await?;
    let _alone = alone(&store, &data)?;
    let is_first = publish_starter(&store).await?;
    let listener = bind(listen, "--listen").await?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let numbers = std::sync::Arc::new(Numbers::default());
    if let Some(address) = metrics_address {
        let listener = bind(address, "--metrics").await?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        log(&format!("level=info what=metrics address=http://{address}/metrics"));
        tokio::spawn(serve(listener, metrics(numbers.clone()), std::future::pending()));
    }
    let stop = stop();
    log(&format!("level=info what=serving address=http://{address} database={}", store.engine()));
    if is_first {
        // Only where somebody looks, never into a log that is kept.
        let link = sign_in_link(&store, "operator@operators").await?;
        let root = public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        say(&format!("The first one to use this link within a day is the operator: {root}/sign-in/{link}"));
    }
    let site = Site {
        store,
        now_ms,
        random,
        public: public_url,
        provider,
        worker: proving::worker_program(),
        numbers,
        quiet,
    };
    serve(listener, router(site), stop).await;
    log("level=info what=stopped");
    Ok(())
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}\n  help: choose another address with {flag}")
    })
}

/// The right to serve an embedded database, which one process has at a time; held until it is dropped.
fn alone(store: &Store, data: &std::path::Path) -> Result<Option<std::fs::File>, String> {
    if !matches!(store, Store::Sqlite(_)) {
        return Ok(None);
    }
    let path = data.join("serving.lock");
    let open = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|error| format!("cannot open {}: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(format!(
            "another stanchion-registry serves from {}\n  help: one process has an embedded database at a time; several share \
             a PostgreSQL server, named in DATABASE_URL",
            data.display()
        )),
        Err(std::fs::TryLockError::Error(error)) => Err(format!("cannot lock {}: {error}", path.display())),
    }
}

/// Opens the database that flags and environment name.
async fn open(data: Option<PathBuf>) -> Result<Store, String> {
    let settings = decided(Flags { data, ..Flags::default() }, None)?;
    open_at(settings.database_url.as_deref(), &settings.data).await
}

async fn open_at(url: Option<&str>, data: &std::path::Path) -> Result<Store, String> {
    let store = if let Some(url) = url {
        Store::open_postgres(url).await
    } else {
        std::fs::create_dir_all(data).map_err(|error| format!("cannot make {}: {error}", data.display()))?;
        Store::open_sqlite(&data.join("registry.sqlite")).await
    };
    store.map_err(|error| error.to_string())
}

/// Publishes the starter guidelines that are not there yet.
///
/// Returns whether this is the first start: none of them was there.
async fn publish_starter(store: &Store) -> Result<bool, String> {
    let mut new = 0;
    for (name, text) in format::starter() {
        let version = prepare(Kind::Guideline, name, text, "starter", now_ms())
            .map_err(|refusal| refused(name, refusal))?;
        match store.publish(&version).await.map_err(|error| format!("cannot publish {name}: {error}"))? {
            Published::New => new += 1,
            Published::Same => {}
            // Another program's starter set had this version: published is for ever.
            Published::Taken { .. } | Published::OtherKind(_) => {
                log(&format!("level=warn what=starter-differs name={}", escape(name)));
            }
        }
    }
    if new > 0 {
        log(&format!("level=info what=starter-published guidelines={new}"));
    }
    Ok(new == format::starter().len())
}

fn random() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

#[expect(clippy::disallowed_methods, reason = "the one place of this program that asks for the time")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// One line of the log, with the time in front.
pub(super) fn log(line: &str) {
    let seconds = now_ms().div_euclid(1000);
    let time = jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string());
    let _ = writeln!(std::io::stderr(), "time={time} {line}");
}

/// What comes when the program is asked to end. It is listened for from here on, not from when it is first waited for.
#[cfg(unix)]
fn stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    }
}

#[cfg(not(unix))]
async fn stop() {
    drop(tokio::signal::ctrl_c().await);
}
