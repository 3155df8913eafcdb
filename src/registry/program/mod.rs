//! The program: what was asked for, and who does it. The only room of the registry that prints, or reads arguments,
//! environment and time.

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

use self::serve::{run, show};
use super::settings::{self, Flags, Settings};
use super::store::{Store, Wanted};
use super::{backup, proving};
use crate::report::escape::escape;
use arguments::{Cli, Command, Place};
use operator::{list, publish, retire, revoke, token, verify, write_export, yank};

/// The embedded database, in its folder.
const FILE: &str = "registry.sqlite";

/// What gives a variable of the environment.
type Environment = dyn Fn(&str) -> Option<String> + Sync;

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
    match runtime.block_on(perform(command, &variable)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => failed(&words),
    }
}

/// Does what was asked for; `variable` gives a variable of the environment.
async fn perform(command: Command, variable: &Environment) -> Result<(), String> {
    let reading = async |place: &Place| find(place, variable, Wanted::Reading).await;
    let writing = async |place: &Place| find(place, variable, Wanted::Writing).await;
    match command {
        Command::Serve { listen, metrics, public_url, check_config, quiet, place } => {
            let flags = Flags { listen, metrics, data: place.data, public_url, operates: false };
            let settings = decided(flags, variable, place.config.as_deref())?;
            if check_config {
                show(&settings);
                return Ok(());
            }
            run(settings, quiet).await
        }
        Command::Publish { files, by, place } => publish(&writing(&place).await?, &files, &by).await,
        Command::Yank { id, version, message, undo: _, place } => {
            yank(&writing(&place).await?, &id, &version, message.as_deref()).await
        }
        Command::Retire { id, message, successor, undo: _, place } => {
            retire(&writing(&place).await?, &id, message.as_deref(), successor.as_deref()).await
        }
        Command::Export { folder, public_url, place } => {
            let settings = of_operator(&place, public_url, variable)?;
            let store = find_at(&settings, Wanted::Reading).await?;
            write_export(&store, &folder, settings.public_url.as_deref()).await
        }
        Command::Token { namespace, owner, days, place } => {
            token(&writing(&place).await?, &namespace, &owner, days).await
        }
        Command::SignIn { who, number, public_url, place } => {
            let settings = of_operator(&place, public_url, variable)?;
            let link =
                people::sign_in_link(&find_at(&settings, Wanted::Writing).await?, &who, number).await?;
            say(&format!("{}/sign-in/{link}", root(&settings, settings.listen)));
            Ok(())
        }
        Command::People { place } => people::list(&reading(&place).await?).await,
        Command::Lock { name, number, undo, place } => {
            people::lock(&writing(&place).await?, name.as_deref(), number, undo).await
        }
        Command::Revoke { owner, place } => revoke(&writing(&place).await?, &owner).await,
        Command::Backup { file, place } => {
            let copied = backup::backup(&reading(&place).await?, &file).await?;
            say(&format!(
                "copied: {} versions, {} KiB, into {}",
                copied.versions,
                copied.bytes >> 10,
                file.display()
            ));
            Ok(())
        }
        Command::Verify { place } => verify(&reading(&place).await?).await,
        Command::List { place } => list(&reading(&place).await?).await,
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

/// What flags, environment and file say together.
fn decided(
    flags: Flags,
    variable: &Environment,
    config: Option<&std::path::Path>,
) -> Result<Settings, String> {
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
    settings::resolve(flags, variable, file)
        .map_err(|problems| format!("the settings cannot be used:\n  {}", problems.join("\n  ")))
}

#[expect(clippy::disallowed_methods, reason = "the one place of this program that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What is decided for a command of the operator, to whom nobody signs in.
fn of_operator(
    place: &Place,
    public_url: Option<String>,
    variable: &Environment,
) -> Result<Settings, String> {
    let flags = Flags { data: place.data.clone(), public_url, operates: true, ..Flags::default() };
    decided(flags, variable, place.config.as_deref())
}

/// Opens the database that flags, environment and file name. It must be there: a command that makes an empty one where
/// it was to be would do its work on nothing, and say that it is done.
async fn find(place: &Place, variable: &Environment, wanted: Wanted) -> Result<Store, String> {
    find_at(&of_operator(place, None, variable)?, wanted).await
}

async fn find_at(settings: &Settings, wanted: Wanted) -> Result<Store, String> {
    let store = match &settings.database_url {
        Some(url) => Store::find_postgres(url, wanted).await,
        None => Store::find_sqlite(&settings.data.join(FILE), wanted).await,
    };
    store.map_err(|error| error.to_string())
}

/// Where people find the site that listens on `address`.
fn root(settings: &Settings, mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        // It listens everywhere, and here in any case.
        let here =
            if address.is_ipv4() { IpAddr::from(Ipv4Addr::LOCALHOST) } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(here);
    }
    settings.public_url.clone().unwrap_or_else(|| format!("http://{address}"))
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
pub(in crate::registry) fn log(line: &str) {
    let seconds = now_ms().div_euclid(1000);
    let time = jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string());
    let _ = writeln!(std::io::stderr(), "time={time} {line}");
}
