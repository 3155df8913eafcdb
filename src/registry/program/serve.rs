//! Serving: the database, the listeners, and the end.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::operator::refused;
use super::{FILE, log, now_ms, random, root, say};
use crate::format;
use crate::registry::flow::{LINK_MS, Secret, prepare};
use crate::registry::http::{Limits, Numbers, Site, metrics, router, serve};
use crate::registry::proving;
use crate::registry::settings::Settings;
use crate::registry::store::{Kind, Published, Store};
use crate::report::escape::escape;

pub(super) fn show(settings: &Settings) {
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
        ("connections", format!("{} from one address", settings.connections)),
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

pub(super) async fn run(settings: Settings, quiet: bool) -> Result<(), String> {
    let _alone = alone(&settings)?;
    // Before anything is made: a start that ends here can be repeated, and the next one is the first again.
    let listener = bind(settings.listen, "--listen").await?;
    let metrics_listener = match settings.metrics {
        Some(address) => Some(bind(address, "--metrics").await?),
        None => None,
    };
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let store = begin(&settings).await?;
    publish_starter(&store).await?;
    let numbers = std::sync::Arc::new(Numbers::default());
    if let Some(listener) = metrics_listener {
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        log(&format!("level=info what=metrics address=http://{address}/metrics"));
        tokio::spawn(serve(
            listener,
            metrics(numbers.clone()),
            Limits::new(settings.connections),
            std::future::pending(),
        ));
    }
    let stop = stop();
    log(&format!("level=info what=serving address=http://{address} database={}", store.engine()));
    if let Some(link) = first_link(&store).await? {
        // Only where somebody looks, never into a log that is kept.
        let root = root(&settings, address);
        say(&format!("The first one to use this link within a day is the operator: {root}/sign-in/{link}"));
    }
    let Settings { public_url, provider, connections, .. } = settings;
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
    serve(listener, router(site), Limits::new(connections), stop).await;
    log("level=info what=stopped");
    Ok(())
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}\n  help: choose another address with {flag}")
    })
}

/// Opens the database, makes it where there is none, and brings it to today's shape.
async fn begin(settings: &Settings) -> Result<Store, String> {
    let store = match &settings.database_url {
        Some(url) => Store::open_postgres(url).await,
        None => Store::open_sqlite(&settings.data.join(FILE)).await,
    };
    store.map_err(|error| error.to_string())
}

/// The link of the first operator, without the address before it; `None` where somebody is there already.
pub(super) async fn first_link(store: &Store) -> Result<Option<String>, String> {
    let secret = Secret::new(random().ok_or("the system has no random bytes")?);
    let now = now_ms();
    let link = (secret.hash(), now + LINK_MS);
    let made = store.first_person("operator", "operators", (&link.0, link.1), now).await;
    let is_first = made.map_err(|error| format!("cannot make a link: {error}"))?;
    Ok(is_first.then(|| secret.show().to_owned()))
}

/// The right to serve an embedded database, which one process has at a time; held until it is dropped. Its folder is
/// made where there is none.
fn alone(settings: &Settings) -> Result<Option<std::fs::File>, String> {
    if settings.database_url.is_some() {
        return Ok(None);
    }
    let data = &settings.data;
    std::fs::create_dir_all(data).map_err(|error| format!("cannot make {}: {error}", data.display()))?;
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

/// Publishes the starter guidelines that are not there yet.
pub(super) async fn publish_starter(store: &Store) -> Result<(), String> {
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
    Ok(())
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
