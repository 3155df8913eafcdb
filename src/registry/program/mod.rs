//! Command-line program. The only module of the registry that prints or reads arguments, environment and
//! time.

mod arguments;
mod operator;
mod people;
mod serve;
#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;

use self::serve::{print_settings, serve_until_stopped};
use super::settings::{self, Flags, RegistrySettings};
use super::store::{AccessMode, Store};
use super::{backup, example_tests};
use crate::report::escape::escape;
use arguments::{Cli, Command, DatabaseArgs};
use operator::{list, publish, retire, revoke, token, verify, write_export, yank};

/// File name of the SQLite database in its folder.
const DATABASE_FILE: &str = "registry.sqlite";

/// Function that returns an environment variable.
type Environment = dyn Fn(&str) -> Option<String> + Sync;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    if example_tests::is_worker() {
        return if example_tests::serve_as_worker() { ExitCode::SUCCESS } else { ExitCode::from(2) };
    }
    let command = Cli::parse().command;
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start threads: {error}")),
    };
    match runtime.block_on(run_command(command, &read_variable)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => fail(&words),
    }
}

/// Runs a command. `variable` returns an environment variable.
async fn run_command(command: Command, variable: &Environment) -> Result<(), String> {
    let reading =
        async |database: &DatabaseArgs| open_existing(database, variable, AccessMode::Reading).await;
    let writing =
        async |database: &DatabaseArgs| open_existing(database, variable, AccessMode::Writing).await;
    match command {
        Command::Serve { listen, metrics, public_url, check_config, quiet, database } => {
            let flags =
                Flags { listen, metrics, data: database.data, public_url, is_operator_command: false };
            let settings = resolve_settings(flags, variable, database.config.as_deref())?;
            if check_config {
                print_settings(&settings);
                return Ok(());
            }
            serve_until_stopped(settings, quiet).await
        }
        Command::Publish { files, by, database } => publish(&writing(&database).await?, &files, &by).await,
        Command::Yank { id, version, message, undo: _, database } => {
            yank(&writing(&database).await?, &id, &version, message.as_deref()).await
        }
        Command::Retire { id, message, successor, undo: _, database } => {
            retire(&writing(&database).await?, &id, message.as_deref(), successor.as_deref()).await
        }
        Command::Export { folder, public_url, database } => {
            let settings = operator_settings(&database, public_url, variable)?;
            let store = open_existing_at(&settings, AccessMode::Reading).await?;
            write_export(&store, &folder, settings.public_url.as_deref()).await
        }
        Command::Token { namespace, owner, days, database } => {
            token(&writing(&database).await?, &namespace, &owner, days).await
        }
        Command::SignIn { who, number, public_url, database } => {
            let settings = operator_settings(&database, public_url, variable)?;
            let link =
                people::sign_in_link(&open_existing_at(&settings, AccessMode::Writing).await?, &who, number)
                    .await?;
            print_line(&format!("{}/sign-in/{link}", base_url(&settings, settings.listen)));
            Ok(())
        }
        Command::People { database } => people::list(&reading(&database).await?).await,
        Command::Lock { name, number, undo, database } => {
            people::lock(&writing(&database).await?, name.as_deref(), number, undo).await
        }
        Command::Revoke { owner, database } => revoke(&writing(&database).await?, &owner).await,
        Command::Backup { file, database } => {
            let copied = backup::backup(&reading(&database).await?, &file).await?;
            print_line(&format!(
                "copied {} versions ({} KiB) to {}",
                copied.versions,
                copied.bytes >> 10,
                file.display()
            ));
            Ok(())
        }
        Command::Verify { database } => verify(&reading(&database).await?).await,
        Command::List { database } => list(&reading(&database).await?).await,
    }
}

fn fail(words: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "stanchion-registry: {}", crate::report::escape::escape_lines(words));
    ExitCode::from(2)
}

/// Prints a line to standard output. A closed pipe is ignored.
fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{}", escape(line));
}

/// Resolves the settings from flags, environment and file.
fn resolve_settings(
    flags: Flags,
    variable: &Environment,
    config: Option<&std::path::Path>,
) -> Result<RegistrySettings, String> {
    let file = match config {
        None => None,
        Some(path) => {
            let name = path.display().to_string();
            #[expect(clippy::disallowed_methods, reason = "the settings file that the operator named")]
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("cannot read {name}: {error}"))?;
            Some((name, text))
        }
    };
    let file = file.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
    settings::resolve(flags, variable, file)
        .map_err(|problems| format!("invalid settings:\n  {}", problems.join("\n  ")))
}

#[expect(clippy::disallowed_methods, reason = "the only place in this program that reads the environment")]
fn read_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Settings for an operator command, which needs no identity provider.
fn operator_settings(
    database: &DatabaseArgs,
    public_url: Option<String>,
    variable: &Environment,
) -> Result<RegistrySettings, String> {
    let flags =
        Flags { data: database.data.clone(), public_url, is_operator_command: true, ..Flags::default() };
    resolve_settings(flags, variable, database.config.as_deref())
}

/// Opens the existing database that flags, environment and file name. An operator command must not create
/// one: with a wrong path it would report success on an empty database.
async fn open_existing(
    database: &DatabaseArgs,
    variable: &Environment,
    mode: AccessMode,
) -> Result<Store, String> {
    open_existing_at(&operator_settings(database, None, variable)?, mode).await
}

async fn open_existing_at(settings: &RegistrySettings, mode: AccessMode) -> Result<Store, String> {
    let store = match &settings.database_url {
        Some(url) => Store::find_postgres(url, mode).await,
        None => Store::find_sqlite(&settings.data.join(DATABASE_FILE), mode).await,
    };
    store.map_err(|error| error.to_string())
}

/// Address of the site for users, if it listens on `address`.
fn base_url(settings: &RegistrySettings, mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        // The server listens on all addresses, so loopback works.
        let here =
            if address.is_ipv4() { IpAddr::from(Ipv4Addr::LOCALHOST) } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(here);
    }
    settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"))
}

fn random_bytes() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

#[expect(clippy::disallowed_methods, reason = "the only place in this program that reads the clock")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Writes a log line with the time.
pub(in crate::registry) fn log(line: &str) {
    let seconds = now_ms().div_euclid(1000);
    let time = jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string());
    let _ = writeln!(std::io::stderr(), "time={time} {line}");
}
