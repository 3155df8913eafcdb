//! Reads the token for a registry. It is never a command-line argument, which other processes could read, and
//! is never shown.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::super::{Failure, files};

/// Environment variable with the token.
const TOKEN_VARIABLE: &str = "STANCHION_TOKEN";
/// Advice if no valid token is found.
const HELP: &str = "get a token from the registry operator (`stanchion-registry token NAMESPACE --for YOU`); pass it with \
                    --token-file or STANCHION_TOKEN, or store it with `git credential approve`";

/// Environment variable with the address of the registry.
const REGISTRY_VARIABLE: &str = "STANCHION_REGISTRY";

/// Reads the address of the registry from the environment.
pub(super) fn registry_from_environment() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the address of the registry")]
    std::env::var(REGISTRY_VARIABLE).ok().filter(|text| !text.trim().is_empty())
}

/// Finds the token for the registry at `url`. A token in a file or variable is not bound to an address: it is
/// only used if the user named the address (`is_named`), not if it comes from a file of the repository.
///
/// # Errors
/// There is no token, it is invalid, or the user did not name the address.
pub(super) fn find_token(file: Option<&Path>, url: &str, is_named: bool) -> Result<String, Failure> {
    let unnamed = |place: &str| {
        Failure::new(format!("{url} comes from this repository's stanchion.toml; a token {place} is only sent to a registry that you name yourself"))
            .with_help(format!("name it with --registry {url} or {REGISTRY_VARIABLE}, or store the token with `git credential approve`"))
    };
    if let (Some(_), false) = (file, is_named) {
        return Err(unnamed("from a file"));
    }
    if let Some(file) = file {
        let text = files::read(file).map_err(|error| Failure::io("read", file, &error))?;
        return validate_token(&text, &format!("the content of {}", file.display()));
    }
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the token from the environment")]
    let text = std::env::var(TOKEN_VARIABLE).ok().filter(|text| !text.trim().is_empty());
    if let (Some(text), true) = (&text, is_named) {
        return validate_token(text, &format!("the value of {TOKEN_VARIABLE}"));
    }
    match token_from_git(url) {
        Some(text) => validate_token(&text, "the password that git stores for this address"),
        None if text.is_some() => Err(unnamed(&format!("in {TOKEN_VARIABLE}"))),
        None => Err(Failure::new(format!("{url} requires a token, and none was found")).with_help(HELP)),
    }
}

/// Trims and validates a token. The text is never shown, even if it is invalid.
fn validate_token(text: &str, place: &str) -> Result<String, Failure> {
    let text = text.trim();
    let is_key = text
        .strip_prefix("stn_")
        .is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_key {
        Ok(text.to_owned())
    } else {
        Err(Failure::new(format!("{place} is not a valid token: a token is stn_ and 64 hexadecimal digits"))
            .with_help(HELP))
    }
}

/// Reads the token that git stores for an address, in the system keyring or another credential helper. Git
/// does not prompt.
fn token_from_git(url: &str) -> Option<String> {
    let (protocol, rest) = url.split_once("://")?;
    let host = rest.split('/').next()?;
    #[expect(
        clippy::disallowed_methods,
        reason = "git supports the keyring of each system; nothing is assessed here"
    )]
    let mut git = Command::new("git");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"] {
        git.env_remove(name);
    }
    // Runs in the root folder, so that no repository configuration can set a credential helper.
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
    let sent = child.stdin.take()?.write_all(format!("protocol={protocol}\nhost={host}\n\n").as_bytes());
    let output = child.wait_with_output().ok()?;
    sent.ok()?;
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
    fn an_invalid_token_is_reported_and_never_shown() {
        let key = format!("stn_{}", "0a".repeat(32));
        assert_eq!(validate_token(&format!(" {key}\n"), "x").ok(), Some(key.clone()));
        for text in ["", "stn_", "ghp_secret", &key[1..], &format!("{key}0"), &key.replace('a', "g")] {
            let failure =
                validate_token(text, "the content of x").err().map(|it| it.to_string()).unwrap_or_default();
            assert!(failure.starts_with("the content of x is not a valid token"), "{failure}");
            assert!(text.len() < 5 || !failure.contains(text), "{failure}");
        }
    }
}
