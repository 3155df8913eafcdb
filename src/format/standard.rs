//! A standard: `standards/<slug>.toml` in a folder of guidelines, or its copy in `.stanchion/standards/`.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::Deserialize;

use super::diagnose::diagnose;
use super::line::{self, MEMBERS, NAME, SUMMARY, TITLE};
use super::parse::{digest, sorted};
use super::schema::{FormatVersion, standard_schema, version};
use super::source::{Document, keys};
use super::toml_file;
use crate::data::Limits;
use crate::model::{GuidelineId, Origin, Problem, Standard};
use crate::text::Span;

/// Largest file, in bytes.
const FILE_BYTES: usize = 1 << 20;
/// What to do with a merge that is not resolved.
const CONFLICT: &str = "take the marks out, and keep the lines of both sides that are still meant";

/// A standard as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Stanchion standard", rename = "Standard")]
pub(super) struct RawStandard {
    /// Version of this format; 1.
    #[expect(dead_code, reason = "read before decoding")]
    schema: FormatVersion,
    /// `namespace/slug`. A namespace belongs to a team.
    standard: String,
    /// Semantic version, for example `2.1.0`.
    version: String,
    /// One line that says what it is for.
    title: String,
    /// One sentence more.
    summary: Option<String>,
    /// The team that answers for it.
    owner: String,
    /// The guidelines that belong to it, each with a range of versions (`^1.2`, or `*` for any).
    guidelines: BTreeMap<String, String>,
}

/// Reads a standard. `file` is its name as the user knows it.
///
/// # Errors
/// Every problem of the file, in order of place.
pub fn parse_standard(file: &str, text: &str, origin: Origin) -> Result<Standard, Vec<Problem>> {
    let (source, root) = toml_file::open(file, text, (&Limits::FRONT_MATTER, FILE_BYTES), CONFLICT)?;
    let document = Document { source: &source, root: &root, home: Span::at(0) };
    let mut json = root.to_json();
    let mut problems = Vec::new();
    problems.extend(version(&document, &mut json).map_err(|newer| vec![newer])?);
    let raw = match RawStandard::deserialize(&json) {
        Ok(raw) => raw,
        Err(error) => {
            problems.extend(diagnose(&standard_schema(), &document, &json));
            if problems.is_empty() {
                problems.push(source.problem(
                    Span::at(0),
                    format!("the file cannot be read: {error}"),
                    "",
                    None,
                ));
            }
            return Err(sorted(problems));
        }
    };
    let mut told = |pointer: &[&str], message: String, help: &str| {
        let span = document.value(&keys(pointer));
        problems.push(source.problem(span, message, "here", Some(help.to_owned())));
    };
    let id = GuidelineId::new(&raw.standard)
        .map_err(|message| told(&["standard"], message, "for example acme/ops-baseline"))
        .ok();
    let version = Version::parse(&raw.version)
        .map_err(|error| {
            told(&["version"], format!("no version: {error}"), "a version has three parts: 2.1.0");
        })
        .ok();
    if raw.version.len() > NAME {
        let message =
            format!("`version` has {} characters; at most {NAME} fit where it is shown", raw.version.len());
        told(&["version"], message, "for example 2.1.0-rc.1");
    }
    for (key, value, limit) in [
        ("title", Some(&raw.title), TITLE),
        ("summary", raw.summary.as_ref(), SUMMARY),
        ("owner", Some(&raw.owner), NAME),
    ] {
        if let Some(slip) = value.and_then(|value| line::slip(key, value, limit)) {
            told(&[key], slip.message, "say it in a few words, on one line");
        }
    }
    if raw.guidelines.len() > MEMBERS {
        let message = format!("{} guidelines belong to it; at most {MEMBERS} do", raw.guidelines.len());
        told(&["guidelines"], message, "make several standards of it: a repository follows any number");
    }
    if raw.guidelines.is_empty() {
        told(
            &["guidelines"],
            "no guideline belongs to it".to_owned(),
            "name at least one: \"acme/one\" = \"^1\"",
        );
    }
    let mut members = Vec::new();
    for (name, range) in &raw.guidelines {
        let pointer = ["guidelines", name.as_str()];
        match (GuidelineId::new(name), range.parse::<VersionReq>()) {
            (Ok(id), Ok(range)) => members.push((id, range, document.key(&keys(&pointer)))),
            (Err(message), _) => told(&pointer, message, "for example \"resilience/http-timeouts\""),
            (_, Err(error)) => {
                told(
                    &pointer,
                    format!("no range of versions: {error}"),
                    "for example \"^1.2\", or \"*\" for any",
                );
            }
        }
    }
    match (id, version) {
        (Some(id), Some(version)) if problems.is_empty() => {
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(Standard {
                id,
                version,
                title: raw.title,
                summary: raw.summary,
                owner: raw.owner,
                members,
                origin,
                sha256: digest(text.as_bytes()),
                text: Arc::clone(&source.text),
            })
        }
        _ => Err(sorted(problems)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "schema = 1\nstandard = \"acme/base\"\nversion = \"2.1.0\"\ntitle = \"What we keep\"\nowner = \"platform\"\n[guidelines]\n\"b/two\" = \"*\"\n\"a/one\" = \"^1.2\"\n";

    #[test]
    fn a_standard_is_read_and_slips_are_told() {
        let read = |text: &str| parse_standard("s.toml", text, Origin::File("s.toml".to_owned()));
        let good = read(GOOD).expect("good");
        let members: Vec<_> = good.members.iter().map(|it| format!("{} {}", it.0, it.1)).collect();
        assert_eq!(members, ["a/one ^1.2", "b/two *"]);
        let many: String = (0..499).map(|number| format!("\"c/n{number}\" = \"*\"\n")).collect();
        let many = format!("{many}\"b/two\"");
        for (old, new, said) in [
            ("version = \"2.1.0\"", "version = \"2.1\"", "no version"),
            ("acme/base", "acme", "namespace/slug"),
            ("\"*\"", "\"latest\"", "no range of versions"),
            ("title", "titel", "unknown key `titel`"),
            ("\"b/two\" = \"*\"\n\"a/one\" = \"^1.2\"\n", "", "no guideline belongs"),
            ("schema = 1", "schema = 2", "needs a newer stanchion"),
            ("2.1.0", &format!("2.1.0-{}", "a".repeat(59)), "`version` has 65 characters"),
            ("What we keep", &"a".repeat(121), "`title` has 121 characters"),
            ("What we keep", "a\\nb", "`title` is one line"),
            ("What we keep", "a\\u0000b", "control character"),
            ("platform", &"a".repeat(65), "`owner` has 65 characters"),
            (
                "platform\"",
                &format!("p\"\nsummary = \"{}\"", "a".repeat(301)),
                "`summary` has 301 characters",
            ),
            ("platform\"", "p\"\nsummary = \" \"", "`summary` is empty"),
            ("\"b/two\"", &many, "501 guidelines belong to it"),
        ] {
            let problems = read(&GOOD.replacen(old, new, 1)).expect_err(new);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].message.contains(said), "{new}: {}", problems[0].message);
        }
    }
}
