//! The program: what was asked for, and who does it. The only room of the registry that prints, or reads arguments,
//! environment and time.

mod arguments;
mod operator;
mod serve;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser as _;

use self::serve::{run, show};
use super::settings::{self, Flags, Settings};
use super::store::Store;
use super::{backup, proving};
use crate::report::escape::escape;
use arguments::{Cli, Command};
use operator::{list, publish, retire, revoke, sign_in_link, token, verify, write_export, yank};

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
