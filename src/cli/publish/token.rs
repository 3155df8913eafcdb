//! Where the key for a registry comes from. It is never an argument, which every process of the machine could read,
//! and never shown.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::{Failure, files};

/// The variable that may hold the key.
const VARIABLE: &str = "STANCHION_TOKEN";
/// Where a key is asked for in vain.
const HELP: &str = "the operator of the registry makes one (`stanchion-registry token NAMESPACE --for YOU`); give it with \
                    --token-file, in STANCHION_TOKEN, or keep it with `git credential approve`";

/// The variable that may hold the address to publish to.
const ADDRESS: &str = "STANCHION_REGISTRY";

/// The address to publish to, from the environment.
pub(super) fn registry() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "whoever publishes says where")]
    std::env::var(ADDRESS).ok().filter(|text| !text.trim().is_empty())
}

/// The key for the registry at `url`. A key in a file or variable belongs to no address: it is used where whoever
/// publishes named this one (`is_named`), and not where a file of the repository did.
///
/// # Errors
/// When there is none, or what is there is none, or the address is somebody else's choice.
pub(super) fn find(file: Option<&Path>, url: &str, is_named: bool) -> Result<String, Failure> {
    let unnamed = |place: &str| {
        Failure::new(format!("{url} stands in stanchion.toml of this repository, and a key {place} is not sent where a file says"))
            .with_help(format!("say that you mean it: --registry {url}, or {ADDRESS}; or keep the key with `git credential approve`"))
    };
    if let (Some(_), false) = (file, is_named) {
        return Err(unnamed("from a file"));
    }
    if let Some(file) = file {
        let text = files::read(file).map_err(|error| Failure::io("read", file, &error))?;
        return checked(&text, &format!("what is in {}", file.display()));
    }
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the environment for the key")]
    let text = std::env::var(VARIABLE).ok().filter(|text| !text.trim().is_empty());
    if let (Some(text), true) = (&text, is_named) {
        return checked(text, &format!("what is in {VARIABLE}"));
    }
    match of_git(url) {
        Some(text) => checked(&text, "what git keeps for this address"),
        None if text.is_some() => Err(unnamed(&format!("in {VARIABLE}"))),
        None => Err(Failure::new(format!("{url} asks for a key, and none was found")).with_help(HELP)),
    }
}

/// The key without white space around it. Never shown, whatever it is.
fn checked(text: &str, place: &str) -> Result<String, Failure> {
    let text = text.trim();
    let is_key = text
        .strip_prefix("stn_")
        .is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_key {
        Ok(text.to_owned())
    } else {
        Err(Failure::new(format!("{place} is no key: one is stn_ and 64 digits from 0 to f")).with_help(HELP))
    }
}

/// What git keeps for an address, in the keyring of the system or wherever its user decided. Git asks nobody.
fn of_git(url: &str) -> Option<String> {
    let (protocol, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    #[expect(
        clippy::disallowed_methods,
        reason = "git knows the keyring of each system; nothing is assessed here"
    )]
    let mut git = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        git.env_remove(name);
    }
    // At the top of the file system there is no repository whose settings would name a helper of their own.
    git.args(["credential", "fill"])
        .current_dir(if cfg!(windows) { "C:\\" } else { "/" })
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "")
        .env("SSH_ASKPASS", "")
        .env("GCM_INTERACTIVE", "never")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = git.spawn().ok()?;
    let asked = child.stdin.take()?.write_all(format!("protocol={protocol}\nhost={host}\n\n").as_bytes());
    let output = child.wait_with_output().ok()?;
    asked.ok()?;
    if !output.status.success() {
        return None;
    }
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().find_map(|line| line.strip_prefix("password=")).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_told_and_never_shown() {
        let key = format!("stn_{}", "0a".repeat(32));
        assert_eq!(checked(&format!(" {key}\n"), "x").ok(), Some(key.clone()));
        for text in ["", "stn_", "ghp_secret", &key[1..], &format!("{key}0"), &key.replace('a', "g")] {
            let failure =
                checked(text, "what is in a file").err().map(|it| it.to_string()).unwrap_or_default();
            assert!(failure.starts_with("what is in a file is no key"), "{failure}");
            assert!(text.len() < 5 || !failure.contains(text), "{failure}");
        }
    }
}
