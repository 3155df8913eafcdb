//! `serve`: opens the database, starts the listeners and waits for a signal to stop.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::operator::refusal_message;
use super::{DATABASE_FILE, base_url, log, now_ms, print_line, random_bytes};
use crate::format;
use crate::registry::decisions::{SIGN_IN_LINK_MS, Secret, prepare_version};
use crate::registry::example_tests;
use crate::registry::http::{ConnectionLimits, Metrics, SiteConfig, metrics_router, router, serve};
use crate::registry::settings::RegistrySettings;
use crate::registry::store::{PublishOutcome, PublishedKind, Store};
use crate::report::escape::escape;

pub(super) fn print_settings(settings: &RegistrySettings) {
    let or = |value: Option<String>, otherwise: &str| value.unwrap_or_else(|| otherwise.to_owned());
    let database = match &settings.database_url {
        Some(_) => "PostgreSQL, at the configured address".to_owned(),
        None => format!("SQLite, in {}", settings.data.display()),
    };
    for (what, value) in [
        ("listen", settings.listen.to_string()),
        ("metrics", or(settings.metrics.map(|it| it.to_string()), "off")),
        ("public-url", or(settings.public_url.clone(), "from the Host header")),
        ("database", database),
        ("connections", format!("{} per address", settings.connections)),
        (
            "sign-in",
            settings.provider.as_ref().map_or_else(
                || "by sign-in link".to_owned(),
                |it| format!("by sign-in link, and {} at {}", it.name, it.issuer),
            ),
        ),
    ] {
        print_line(&format!("{what:<12}{value}"));
    }
}

pub(super) async fn serve_until_stopped(settings: RegistrySettings, quiet: bool) -> Result<(), String> {
    let _lock = lock_data_folder(&settings)?;
    // Bound before anything is created. If this fails, the next start is still the first one.
    let listener = bind(settings.listen, "--listen").await?;
    let metrics_listener = match settings.metrics {
        Some(address) => Some(bind(address, "--metrics").await?),
        None => None,
    };
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let store = open_database(&settings).await?;
    publish_starter(&store).await?;
    let counters = std::sync::Arc::new(Metrics::default());
    if let Some(listener) = metrics_listener {
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        log(&format!("level=info what=metrics address=http://{address}/metrics"));
        tokio::spawn(serve(
            listener,
            metrics_router(counters.clone()),
            ConnectionLimits::new(settings.connections),
            std::future::pending(),
        ));
    }
    let stop = stop_signal();
    log(&format!("level=info what=serving address=http://{address} database={}", store.engine()));
    if let Some(link) = first_sign_in_link(&store).await? {
        // Printed to standard output, never to the log, which may be stored.
        let base = base_url(&settings, address);
        print_line(&format!(
            "Open this link within a day to sign in as the operator. It works once: {base}/sign-in/{link}"
        ));
    }
    let RegistrySettings { public_url, provider, connections, .. } = settings;
    let site = SiteConfig {
        store,
        now_ms,
        random: random_bytes,
        public_url,
        provider,
        worker: example_tests::worker_program(),
        metrics: counters,
        quiet,
    };
    serve(listener, router(site), ConnectionLimits::new(connections), stop).await;
    log("level=info what=stopped");
    Ok(())
}

async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}\n  help: choose another address with {flag}")
    })
}

/// Opens the database, creates it if it is missing, and migrates it.
async fn open_database(settings: &RegistrySettings) -> Result<Store, String> {
    let store = match &settings.database_url {
        Some(url) => Store::open_postgres(url).await,
        None => Store::open_sqlite(&settings.data.join(DATABASE_FILE)).await,
    };
    store.map_err(|error| error.to_string())
}

/// Creates the sign-in link of the first operator and returns its secret; `None` if there are users already.
pub(super) async fn first_sign_in_link(store: &Store) -> Result<Option<String>, String> {
    let secret = Secret::new(random_bytes().ok_or("the system provides no random bytes")?);
    let now = now_ms();
    let link = (secret.hash(), now + SIGN_IN_LINK_MS);
    let made = store.create_first_user("operator", "operators", (&link.0, link.1), now).await;
    let is_first = made.map_err(|error| format!("cannot create a sign-in link: {error}"))?;
    Ok(is_first.then(|| secret.show().to_owned()))
}

/// Locks the folder of the SQLite database, because only one process may serve it. The lock is held until
/// the file is dropped. Creates the folder if it is missing.
fn lock_data_folder(settings: &RegistrySettings) -> Result<Option<std::fs::File>, String> {
    if settings.database_url.is_some() {
        return Ok(None);
    }
    let data = &settings.data;
    std::fs::create_dir_all(data).map_err(|error| format!("cannot create {}: {error}", data.display()))?;
    let path = data.join("serving.lock");
    let open = std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|error| format!("cannot open {}: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(format!(
            "another stanchion-registry serves from {}\n  help: only one process can serve a SQLite database; to run several, \
             set DATABASE_URL to a PostgreSQL server",
            data.display()
        )),
        Err(std::fs::TryLockError::Error(error)) => Err(format!("cannot lock {}: {error}", path.display())),
    }
}

/// Publishes the starter guidelines that are missing.
pub(super) async fn publish_starter(store: &Store) -> Result<(), String> {
    let mut new = 0;
    for (name, text) in format::starter_guidelines() {
        let version = prepare_version(PublishedKind::Guideline, name, text, "starter", now_ms())
            .map_err(|refusal| refusal_message(name, refusal))?;
        match store.publish(&version).await.map_err(|error| format!("cannot publish {name}: {error}"))? {
            PublishOutcome::New => new += 1,
            PublishOutcome::Same => {}
            // The starter set of another release has this version. Published versions are permanent.
            PublishOutcome::DifferentText { .. } | PublishOutcome::OtherKind(_) => {
                log(&format!("level=warn what=starter-differs name={}", escape(name)));
            }
        }
    }
    if new > 0 {
        log(&format!("level=info what=starter-published guidelines={new}"));
    }
    Ok(())
}

/// Completes on a signal to stop. The signals are registered when the function is called, not when the future
/// is first polled.
#[cfg(unix)]
fn stop_signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    }
}

#[cfg(not(unix))]
async fn stop_signal() {
    drop(tokio::signal::ctrl_c().await);
}
