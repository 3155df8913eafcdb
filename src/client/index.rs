//! The lines of an index: what a registry says that it has.

use semver::Version;
use serde::Deserialize;

use crate::model::GuidelineId;

/// The format that this version reads.
const VERSION: u64 = 1;

/// What a version is one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A guideline: Markdown.
    Guideline,
    /// A standard: TOML.
    Standard,
}

impl Kind {
    /// How the name of its text ends.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Guideline => "md",
            Self::Standard => "toml",
        }
    }
}

/// A version that a registry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Guideline or standard.
    pub kind: Kind,
    /// Its name.
    pub id: GuidelineId,
    /// Its version.
    pub version: Version,
    /// SHA-256 of its text: 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Why it should not be chosen any more, empty where nobody says why; `None`: it may be.
    pub yanked: Option<String>,
    /// That its name is no longer advised: why, and what is instead, as a part of a sentence.
    pub retired: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default = "guideline")]
    kind: Kind,
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

fn guideline() -> Kind {
    Kind::Guideline
}

/// Most versions of one name that are read.
const MOST: usize = 2_000;

/// Reads the file about `id`: the entries, and what is wrong with lines that are none, in a sentence.
pub(super) fn read(id: &GuidelineId, text: &str) -> (Vec<Entry>, Option<String>) {
    if is_page(text) {
        return (vec![], Some("a web page came in its place".to_owned()));
    }
    let mut entries = Vec::new();
    let (mut trouble, mut more) = (None, 0usize);
    let mut lines = text.lines().enumerate();
    for (nth, line) in lines.by_ref().take(MOST) {
        match read_line(id, line) {
            Ok(entry) => entries.push(entry),
            Err(_) if trouble.is_some() => more += 1,
            Err(why) => trouble = Some(format!("line {}: {}", nth + 1, short(&why))),
        }
    }
    if let (Some(trouble), 1..) = (&mut trouble, more) {
        trouble.push_str(&format!(" (and {more} more lines)"));
    }
    // The latest stand last, but nobody has so many.
    let trouble = match lines.count() {
        0 => trouble,
        left => Some(format!("it has {left} lines more than the {MOST} that are read")),
    };
    (entries, trouble)
}

/// Whether a text is that of a web page: a network that wants a sign-in first, most often.
pub(super) fn is_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// What somebody else wrote, no longer than a sentence is.
pub(super) fn short(text: &str) -> String {
    const LONGEST: usize = 300;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

fn read_line(id: &GuidelineId, line: &str) -> Result<Entry, String> {
    let json: serde_json::Value =
        serde_json::from_str(line).map_err(|error| format!("it cannot be read: {error}"))?;
    version(&json)?;
    let line = Line::deserialize(&json).map_err(|error| format!("it cannot be read: {error}"))?;
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if line.sha256.len() != 64 || !line.sha256.bytes().all(lower) {
        return Err("its sha256 is none".to_owned());
    }
    if line.name != id.as_str() {
        return Err(format!("it is about {}, not {id}", line.name));
    }
    let version =
        line.version.parse().map_err(|error| format!("`{}` is no version: {error}", line.version))?;
    let retired = line.retired.then(|| {
        let why = line.retire_message.map_or_else(String::new, |why| format!(": {}", short(&why)));
        let next = line.successor.map_or_else(String::new, |next| format!("; instead: {}", short(&next)));
        format!("no longer advised{why}{next}")
    });
    let yanked = line.yanked.then(|| line.yank_message.as_deref().map(short).unwrap_or_default());
    Ok(Entry { kind: line.kind, id: id.clone(), version, sha256: line.sha256, yanked, retired })
}

/// Refuses what is of a later format.
pub(super) fn version(json: &serde_json::Value) -> Result<(), String> {
    match json.get("v").and_then(serde_json::Value::as_u64) {
        Some(VERSION) => Ok(()),
        Some(later) if later > VERSION => {
            Err(format!("it is of a later format ({later}); update stanchion to use it"))
        }
        _ => Err("it does not say of which format it is (`v`)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_each_that_is_none_is_told() {
        let id = GuidelineId::new("acme/a").expect("an id");
        let sha = "0".repeat(64);
        let line = |more: &str| {
            format!("{{\"v\":1,\"name\":\"acme/a\",\"version\":\"1.0.0\",\"sha256\":\"{sha}\"{more}}}")
        };
        let (entries, troubles) = read(
            &id,
            &format!(
                "{}\n{}\n",
                line(""),
                line(",\"kind\":\"standard\",\"yanked\":true,\"yank_message\":\"too much\",\"new\":1")
            ),
        );
        assert_eq!((entries.len(), troubles), (2, None));
        assert_eq!(
            (entries[0].kind, entries[1].kind, entries[1].yanked.as_deref()),
            (Kind::Guideline, Kind::Standard, Some("too much"))
        );
        // However much comes, little is told.
        let (_, trouble) = read(&id, &"x\n".repeat(1_999));
        let trouble = trouble.unwrap_or_default();
        assert!(trouble.len() < 400 && trouble.ends_with("(and 1998 more lines)"), "{trouble}");
        let (entries, trouble) = read(&id, &format!("{}\n", line("")).repeat(2_010));
        assert!(entries.len() == 2_000 && trouble.unwrap_or_default().contains("10 lines more"));
        let long =
            read(&id, &line(&format!(",\"retired\":true,\"retire_message\":\"{}\"", "é".repeat(9_000)))).0;
        assert!(long[0].retired.as_ref().is_some_and(|said| said.chars().count() < 400));

        let retired = line(",\"retired\":true,\"retire_message\":\"too short\",\"successor\":\"acme/b\"");
        let said = read(&id, &retired).0[0].retired.clone();
        assert_eq!(said.as_deref(), Some("no longer advised: too short; instead: acme/b"));
        for (bad, words) in [
            ("<html>".to_owned(), "a web page came"),
            ("{".to_owned(), "cannot be read"),
            (line("").replace("\"v\":1", "\"v\":2"), "later format (2)"),
            (line("").replace("\"v\":1,", ""), "which format"),
            (line("").replace("acme/a", "acme/b"), "about acme/b"),
            (line("").replace("1.0.0", "one"), "no version"),
            (line("").replace("000", "0g0"), "sha256"),
            (line("").replace("000", "0A0"), "sha256"),
            (line(",\"kind\":\"other\""), "cannot be read"),
        ] {
            let (entries, troubles) = read(&id, &bad);
            assert!(
                entries.is_empty() && troubles.as_ref().is_some_and(|it| it.contains(words)),
                "{bad}: {troubles:?}"
            );
        }
    }
}
