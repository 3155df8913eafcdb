//! The lists `follow` and `registries` of `stanchion.toml`.

use semver::VersionReq;
use serde_json::Value;

use crate::data::PointerStep;
use crate::format::source::LocatedDocument;
use crate::format::suggest::did_you_mean;
use crate::model::{GuidelineId, Problem};
use crate::text::Span;

/// One entry of `follow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowEntry {
    /// Guidelines or standard that it names.
    pub target: Follow,
    /// Span of the entry in the file, in bytes.
    pub span: Span,
}

/// Target of an entry of `follow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Guidelines built into this program.
    Starter,
    /// Directory of guideline files, relative to the directory of `stanchion.toml`, as written.
    Directory(String),
    /// Standard or guideline by name, with a version requirement.
    Named {
        /// Name.
        id: GuidelineId,
        /// Version requirement; `None` means any version.
        range: Option<VersionReq>,
    },
}

/// One entry of `registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// Registry or folder that it names.
    pub place: RegistryPlace,
    /// Span of the entry in the file, in bytes.
    pub span: Span,
}

/// Source of published versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryPlace {
    /// URL of a registry.
    Url(String),
    /// Folder as written: absolute, or relative to the directory of `stanchion.toml`.
    Folder(String),
}

/// Returns the texts in the list `key`, with their spans.
fn list_texts<'j>(document: &LocatedDocument<'_>, json: &'j Value, key: &str) -> Vec<(&'j str, Span)> {
    let entries = json.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let place = |index| document.value_span(&[PointerStep::Key(key.to_owned()), PointerStep::Index(index)]);
    entries.iter().enumerate().filter_map(|(index, entry)| Some((entry.as_str()?, place(index)))).collect()
}

/// Parses the entries of `follow` that are texts.
pub(super) fn read_follow(
    document: &LocatedDocument<'_>,
    json: &Value,
    problems: &mut Vec<Problem>,
) -> Vec<FollowEntry> {
    let mut all: Vec<FollowEntry> = Vec::new();
    for (entry, span) in list_texts(document, json, "follow") {
        let target = match parse_follow(entry) {
            Ok(target) => target,
            Err((message, help)) => {
                problems.push(document.source.problem(span, message, "unknown entry", Some(help)));
                continue;
            }
        };
        if all.iter().any(|followed| same_target(&followed.target, &target)) {
            let message = format!("`{entry}` is listed twice");
            problems.push(document.source.problem(span, message, "second entry", None));
        }
        all.push(FollowEntry { target, span });
    }
    all
}

/// Whether two entries name the same target, regardless of their version requirements.
fn same_target(a: &Follow, b: &Follow) -> bool {
    match (a, b) {
        (Follow::Named { id: a, .. }, Follow::Named { id: b, .. }) => a == b,
        (a, b) => a == b,
    }
}

fn is_relative(entry: &str) -> bool {
    matches!(entry, "." | "..") || entry.starts_with("./") || entry.starts_with("../")
}

fn parse_follow(entry: &str) -> Result<Follow, (String, String)> {
    if entry == "starter" {
        return Ok(Follow::Starter);
    }
    if is_relative(entry) {
        return Ok(Follow::Directory(entry.to_owned()));
    }
    let (name, range) = match entry.split_once('@') {
        Some((name, range)) => (name, Some(range)),
        None => (entry, None),
    };
    let Ok(id) = GuidelineId::new(name) else {
        let help = did_you_mean(entry, ["starter"]).unwrap_or_else(|| {
            format!(
                "write a directory as `./{}`, a standard or guideline as `namespace/slug` or `namespace/slug@2`",
                entry.trim_start_matches('/')
            )
        });
        return Err((format!("`{entry}` is not `starter`, a directory or a name"), help));
    };
    let Some(range) = range else { return Ok(Follow::Named { id, range: None }) };
    match range.trim().parse() {
        Ok(range) if !name.is_empty() => Ok(Follow::Named { id, range: Some(range) }),
        _ => Err((
            format!("`{range}` is not a version requirement"),
            format!("write {id}@2 for every 2.x.y, {id}@=2.1.0 for exactly 2.1.0, or {id} for any version"),
        )),
    }
}

/// Parses the entries of `registries` that are texts.
pub(super) fn read_registries(
    document: &LocatedDocument<'_>,
    json: &Value,
    problems: &mut Vec<Problem>,
) -> Vec<Registry> {
    let mut all: Vec<Registry> = Vec::new();
    for (entry, span) in list_texts(document, json, "registries") {
        match registry_place(entry) {
            Ok(place) if all.iter().any(|registry| registry.place == place) => {
                let message = format!("`{entry}` is listed twice");
                problems.push(document.source.problem(span, message, "second entry", None));
            }
            Ok(place) => all.push(Registry { place, span }),
            Err((message, help)) => {
                problems.push(document.source.problem(span, message, "unsupported", Some(help)));
            }
        }
    }
    all
}

/// Parses a registry entry: a URL or a folder.
///
/// # Errors
/// Returns the message and the help for an entry that is neither.
pub fn registry_place(entry: &str) -> Result<RegistryPlace, (String, String)> {
    if is_relative(entry) || entry.starts_with('/') {
        // On Windows, two slashes name another machine, which would receive the user's credentials.
        if entry.starts_with("//") || entry.starts_with("/\\") {
            return Err((
                format!("`{entry}` names another machine on Windows"),
                "write a local folder with one `/`; on Windows, map the shared folder to a local path first"
                    .to_owned(),
            ));
        }
        return Ok(RegistryPlace::Folder(entry.to_owned()));
    }
    let (scheme, rest) = entry.split_once("://").unwrap_or(("", entry));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        // The message does not contain the entry: a report must not show a password.
        return Err((
            "the URL of a registry contains a user name or a password".to_owned(),
            "write the URL without credentials: everyone with access to the repository can read this file"
                .to_owned(),
        ));
    }
    // An address in brackets (IPv6) contains colons of its own.
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(name, _)| name);
    let name = if host.ends_with(']') { host } else { name };
    match scheme {
        "https" if !host.is_empty() => Ok(RegistryPlace::Url(entry.to_owned())),
        "http" if matches!(name, "localhost" | "127.0.0.1" | "[::1]") => {
            Ok(RegistryPlace::Url(entry.to_owned()))
        }
        "http" => Err((
            format!("`{entry}` is not encrypted"),
            "use https://; http:// is only allowed for this machine (localhost)".to_owned(),
        )),
        _ => Err((
            format!("`{entry}` is neither a URL nor a folder"),
            "a URL begins with https://, a folder with ./, ../ or /".to_owned(),
        )),
    }
}
