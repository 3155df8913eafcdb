//! Parser of the registry index: one JSON line for each version.

use semver::Version;
use serde::Deserialize;

use crate::model::GuidelineId;

/// Supported version of the index format.
const FORMAT_VERSION: u64 = 1;

/// Kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistryEntryKind {
    /// A guideline: Markdown.
    Guideline,
    /// A standard: TOML.
    Standard,
}

impl RegistryEntryKind {
    /// File name extension of the text.
    #[must_use]
    pub fn file_extension(self) -> &'static str {
        match self {
            Self::Guideline => "md",
            Self::Standard => "toml",
        }
    }
}

/// A version in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryEntry {
    /// Guideline or standard.
    pub kind: RegistryEntryKind,
    /// Id of the guideline or standard.
    pub id: GuidelineId,
    /// Version number.
    pub version: Version,
    /// SHA-256 of the text: 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// If the version was yanked: the publisher's reason, empty if none was given. `None` if it was not
    /// yanked.
    pub yanked: Option<String>,
    /// If the name was retired: a clause with the reason and the successor.
    pub retired: Option<String>,
}

#[derive(Deserialize)]
struct RegistryIndexLine {
    #[serde(default = "default_kind")]
    kind: RegistryEntryKind,
    name: String,
    version: String,
    sha256: String,
    #[serde(default)]
    yanked: bool,
    yank_message: Option<String>,
    #[serde(default)]
    retired: bool,
    retire_message: Option<String>,
    successor: Option<String>,
}

fn default_kind() -> RegistryEntryKind {
    RegistryEntryKind::Guideline
}

/// Maximum number of versions of one name that are read.
const MAX_VERSIONS: usize = 2_000;

/// Parses the index file of `id`. Returns the entries, and a sentence about the invalid lines, if any.
pub(super) fn parse_index(id: &GuidelineId, text: &str) -> (Vec<RegistryEntry>, Option<String>) {
    if is_web_page(text) {
        return (vec![], Some("it is a web page, not an index".to_owned()));
    }
    let mut entries = Vec::new();
    let (mut error, mut more) = (None, 0usize);
    let mut lines = text.lines().enumerate();
    for (nth, line) in lines.by_ref().take(MAX_VERSIONS) {
        match parse_line(id, line) {
            Ok(entry) => entries.push(entry),
            Err(_) if error.is_some() => more += 1,
            Err(why) => error = Some(format!("line {}: {}", nth + 1, shorten(&why))),
        }
    }
    if let (Some(error), 1..) = (&mut error, more) {
        error.push_str(&format!(" (and {more} more invalid lines)"));
    }
    // The latest versions are last, but no real name has that many.
    let error = match lines.count() {
        0 => error,
        left => Some(format!("only the first {MAX_VERSIONS} lines were read, {left} more were ignored")),
    };
    (entries, error)
}

/// Whether a text is a web page, typically the sign-in page of a network.
pub(super) fn is_web_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// Cuts untrusted text to the length of a sentence.
pub(super) fn shorten(text: &str) -> String {
    const MAX_CHARS: usize = 300;
    match text.char_indices().nth(MAX_CHARS) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

fn parse_line(id: &GuidelineId, line: &str) -> Result<RegistryEntry, String> {
    let json: serde_json::Value =
        serde_json::from_str(line).map_err(|error| format!("invalid entry: {error}"))?;
    check_format_version(&json)?;
    let line = RegistryIndexLine::deserialize(&json).map_err(|error| format!("invalid entry: {error}"))?;
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if line.sha256.len() != 64 || !line.sha256.bytes().all(lower) {
        return Err("invalid sha256".to_owned());
    }
    if line.name != id.as_str() {
        return Err(format!("the entry is for {}, not {id}", line.name));
    }
    let version =
        line.version.parse().map_err(|error| format!("invalid version `{}`: {error}", line.version))?;
    let retired = line.retired.then(|| {
        let why = line.retire_message.map_or_else(String::new, |why| format!(": {}", shorten(&why)));
        let next = line.successor.map_or_else(String::new, |next| format!("; instead: {}", shorten(&next)));
        format!("no longer advised{why}{next}")
    });
    let yanked = line.yanked.then(|| line.yank_message.as_deref().map(shorten).unwrap_or_default());
    Ok(RegistryEntry { kind: line.kind, id: id.clone(), version, sha256: line.sha256, yanked, retired })
}

/// Checks that the format version is supported.
pub(super) fn check_format_version(json: &serde_json::Value) -> Result<(), String> {
    match json.get("v").and_then(serde_json::Value::as_u64) {
        Some(FORMAT_VERSION) => Ok(()),
        Some(later) if later > FORMAT_VERSION => {
            Err(format!("its format version {later} is not supported; update stanchion to use it"))
        }
        _ => Err("it does not state its format version (`v`)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_lines_are_read_and_invalid_ones_are_reported() {
        let id = GuidelineId::new("acme/a").expect("an id");
        let sha = "0".repeat(64);
        let line = |more: &str| {
            format!("{{\"v\":1,\"name\":\"acme/a\",\"version\":\"1.0.0\",\"sha256\":\"{sha}\"{more}}}")
        };
        let (entries, errors) = parse_index(
            &id,
            &format!(
                "{}\n{}\n",
                line(""),
                line(",\"kind\":\"standard\",\"yanked\":true,\"yank_message\":\"too much\",\"new\":1")
            ),
        );
        assert_eq!((entries.len(), errors), (2, None));
        assert_eq!(
            (entries[0].kind, entries[1].kind, entries[1].yanked.as_deref()),
            (RegistryEntryKind::Guideline, RegistryEntryKind::Standard, Some("too much"))
        );
        // The message is short, however large the response is.
        let (_, error) = parse_index(&id, &"x\n".repeat(1_999));
        let error = error.unwrap_or_default();
        assert!(error.len() < 400 && error.ends_with("(and 1998 more invalid lines)"), "{error}");
        let (entries, error) = parse_index(&id, &format!("{}\n", line("")).repeat(2_010));
        assert!(entries.len() == 2_000 && error.unwrap_or_default().contains("10 more were ignored"));
        let long = parse_index(
            &id,
            &line(&format!(",\"retired\":true,\"retire_message\":\"{}\"", "é".repeat(9_000))),
        )
        .0;
        assert!(long[0].retired.as_ref().is_some_and(|note| note.chars().count() < 400));

        let retired = line(",\"retired\":true,\"retire_message\":\"too short\",\"successor\":\"acme/b\"");
        let note = parse_index(&id, &retired).0[0].retired.clone();
        assert_eq!(note.as_deref(), Some("no longer advised: too short; instead: acme/b"));
        for (bad, words) in [
            ("<html>".to_owned(), "it is a web page"),
            ("{".to_owned(), "invalid entry"),
            (line("").replace("\"v\":1", "\"v\":2"), "format version 2 is not supported"),
            (line("").replace("\"v\":1,", ""), "does not state its format version"),
            (line("").replace("acme/a", "acme/b"), "for acme/b"),
            (line("").replace("1.0.0", "one"), "invalid version"),
            (line("").replace("000", "0g0"), "sha256"),
            (line("").replace("000", "0A0"), "sha256"),
            (line(",\"kind\":\"other\""), "invalid entry"),
        ] {
            let (entries, errors) = parse_index(&id, &bad);
            assert!(
                entries.is_empty() && errors.as_ref().is_some_and(|it| it.contains(words)),
                "{bad}: {errors:?}"
            );
        }
    }
}
