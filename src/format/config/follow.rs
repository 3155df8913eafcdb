//! What is followed, and where newer versions come from.

use semver::VersionReq;
use serde_json::Value;

use crate::data::Step;
use crate::format::source::Document;
use crate::format::suggest::did_you_mean;
use crate::model::{GuidelineId, Problem};
use crate::text::Span;

/// One entry of `follow`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// What it names.
    pub what: Follow,
    /// Where it stands in the file (bytes).
    pub span: Span,
}

/// What an entry of `follow` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follow {
    /// The guidelines built into this program.
    Starter,
    /// A directory of guideline files, relative to the directory of `stanchion.toml`, as written.
    Directory(String),
    /// A standard or a guideline by name, with the versions that are wanted; `None` is any.
    Named {
        /// Its name.
        id: GuidelineId,
        /// The versions.
        range: Option<VersionReq>,
    },
}

/// One entry of `registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// What it names.
    pub what: RegistryPlace,
    /// Where it stands in the file (bytes).
    pub span: Span,
}

/// A place from which versions come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryPlace {
    /// A registry, by its address.
    Url(String),
    /// A folder, as written: absolute, or relative to the directory of `stanchion.toml`.
    Folder(String),
}

/// The texts in the list `key`, with their places.
fn texts<'j>(document: &Document<'_>, json: &'j Value, key: &str) -> Vec<(&'j str, Span)> {
    let entries = json.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let place = |index| document.value(&[Step::Key(key.to_owned()), Step::Index(index)]);
    entries.iter().enumerate().filter_map(|(index, entry)| Some((entry.as_str()?, place(index)))).collect()
}

/// The entries of `follow` that are text, understood.
pub(super) fn read(document: &Document<'_>, json: &Value, problems: &mut Vec<Problem>) -> Vec<Followed> {
    let mut all: Vec<Followed> = Vec::new();
    for (entry, span) in texts(document, json, "follow") {
        let what = match understand(entry) {
            Ok(what) => what,
            Err((message, help)) => {
                problems.push(document.source.problem(span, message, "not understood", Some(help)));
                continue;
            }
        };
        if all.iter().any(|followed| same(&followed.what, &what)) {
            let message = format!("`{entry}` is followed twice");
            problems.push(document.source.problem(span, message, "again here", None));
        }
        all.push(Followed { what, span });
    }
    all
}

/// Whether two entries name the same thing, whatever versions they want.
fn same(a: &Follow, b: &Follow) -> bool {
    match (a, b) {
        (Follow::Named { id: a, .. }, Follow::Named { id: b, .. }) => a == b,
        (a, b) => a == b,
    }
}

fn is_relative(entry: &str) -> bool {
    matches!(entry, "." | "..") || entry.starts_with("./") || entry.starts_with("../")
}

fn understand(entry: &str) -> Result<Follow, (String, String)> {
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
                "a directory is written `./{}`, a standard or guideline `namespace/slug` or `namespace/slug@2`",
                entry.trim_start_matches('/')
            )
        });
        return Err((format!("`{entry}` is neither `starter` nor a directory nor a name"), help));
    };
    let Some(range) = range else { return Ok(Follow::Named { id, range: None }) };
    match range.trim().parse() {
        Ok(range) if !name.is_empty() => Ok(Follow::Named { id, range: Some(range) }),
        _ => Err((
            format!("`{range}` is no range of versions"),
            format!("write {id}@2 for every 2.x.y, {id}@=2.1.0 for just that one, or leave it out for any"),
        )),
    }
}

/// The entries of `registries` that are text, understood.
pub(super) fn registries(
    document: &Document<'_>,
    json: &Value,
    problems: &mut Vec<Problem>,
) -> Vec<Registry> {
    let mut all: Vec<Registry> = Vec::new();
    for (entry, span) in texts(document, json, "registries") {
        match registry_place(entry) {
            Ok(what) if all.iter().any(|registry| registry.what == what) => {
                let message = format!("`{entry}` stands here twice");
                problems.push(document.source.problem(span, message, "again here", None));
            }
            Ok(what) => all.push(Registry { what, span }),
            Err((message, help)) => {
                problems.push(document.source.problem(span, message, "not usable", Some(help)));
            }
        }
    }
    all
}

/// A place of a registry as it is written: an address or a folder.
///
/// # Errors
/// Why it is neither, and what to write.
pub fn registry_place(entry: &str) -> Result<RegistryPlace, (String, String)> {
    if is_relative(entry) || entry.starts_with('/') {
        // On Windows two of them name another machine, which is sent the user's proof of identity.
        if entry.starts_with("//") || entry.starts_with("/\\") {
            return Err((
                format!("`{entry}` names another machine on Windows"),
                "write a folder of this machine with one `/`; on Windows, give it a place among your own folders first"
                    .to_owned(),
            ));
        }
        return Ok(RegistryPlace::Folder(entry.to_owned()));
    }
    let (scheme, rest) = entry.split_once("://").unwrap_or(("", entry));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        // Without the entry: nobody wants a password in a report.
        return Err((
            "a registry's address holds a user or a password".to_owned(),
            "everybody can read this file: write the address alone, and keep secrets out of the repository"
                .to_owned(),
        ));
    }
    // (What stands in brackets is an address with colons of its own.)
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
            "write https://; http:// is for this machine only (localhost)".to_owned(),
        )),
        _ => Err((
            format!("`{entry}` is neither an address nor a folder"),
            "an address begins with https://, a folder with ./, ../ or /".to_owned(),
        )),
    }
}
