//! Parses a standard: `standards/<slug>.toml` in a folder of guidelines, or its copy in
//! `.stanchion/standards/`.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::Deserialize;

use super::diagnose::diagnose;
use super::parse::{sha256_hex, sort_problems};
use super::schema::{FormatVersion, check_format_version, standard_schema};
use super::source::{LocatedDocument, pointer_to};
use super::text_limits::{self, MEMBERS, NAME, SUMMARY, TITLE};
use super::toml_file;
use crate::data::DocumentLimits;
use crate::model::{GuidelineId, Origin, Problem, Standard};
use crate::text::Span;

/// Maximum size of the file, in bytes.
const FILE_BYTES: usize = 1 << 20;
/// Help for an unresolved merge conflict.
const CONFLICT_HELP: &str = "remove the conflict markers and keep the lines that should remain";

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
    /// Purpose of the standard, in one line.
    title: String,
    /// One more sentence about it.
    summary: Option<String>,
    /// Team responsible for it.
    owner: String,
    /// Guidelines of the standard, each with a version requirement (`^1.2`, or `*` for any version).
    guidelines: BTreeMap<String, String>,
}

/// Parses a standard. `file` is the name shown to the user.
///
/// # Errors
/// Returns every problem of the file, in order of place.
pub fn parse_standard(file: &str, text: &str, origin: Origin) -> Result<Standard, Vec<Problem>> {
    let (source, root) =
        toml_file::parse_toml(file, text, (&DocumentLimits::FRONT_MATTER, FILE_BYTES), CONFLICT_HELP)?;
    let document = LocatedDocument { source: &source, root: &root, home: Span::at(0) };
    let mut json = root.to_json();
    let mut problems = Vec::new();
    problems.extend(check_format_version(&document, &mut json).map_err(|newer| vec![newer])?);
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
            return Err(sort_problems(problems));
        }
    };
    let mut report = |pointer: &[&str], message: String, help: &str| {
        let span = document.value_span(&pointer_to(pointer));
        problems.push(source.problem(span, message, "here", Some(help.to_owned())));
    };
    let id = GuidelineId::new(&raw.standard)
        .map_err(|message| report(&["standard"], message, "for example acme/ops-baseline"))
        .ok();
    let version = Version::parse(&raw.version)
        .map_err(|error| {
            report(&["version"], format!("invalid version: {error}"), "a version has three parts: 2.1.0");
        })
        .ok();
    if raw.version.len() > NAME {
        let message = format!("`version` has {} characters; at most {NAME} are allowed", raw.version.len());
        report(&["version"], message, "for example 2.1.0-rc.1");
    }
    for (key, value, limit) in [
        ("title", Some(&raw.title), TITLE),
        ("summary", raw.summary.as_ref(), SUMMARY),
        ("owner", Some(&raw.owner), NAME),
    ] {
        if let Some(problem) = value.and_then(|value| text_limits::text_problem(key, value, limit)) {
            report(&[key], problem.message, "write one short line");
        }
    }
    if raw.guidelines.len() > MEMBERS {
        let message =
            format!("the standard has {} guidelines; at most {MEMBERS} are allowed", raw.guidelines.len());
        let help = "split it into several standards; a repository can follow any number of them";
        report(&["guidelines"], message, help);
    }
    if raw.guidelines.is_empty() {
        report(
            &["guidelines"],
            "the standard has no guidelines".to_owned(),
            "add at least one: \"acme/one\" = \"^1\"",
        );
    }
    let mut members = Vec::new();
    for (name, range) in &raw.guidelines {
        let pointer = ["guidelines", name.as_str()];
        match (GuidelineId::new(name), range.parse::<VersionReq>()) {
            (Ok(id), Ok(range)) => members.push((id, range, document.key_span(&pointer_to(&pointer)))),
            (Err(message), _) => report(&pointer, message, "for example \"resilience/http-timeouts\""),
            (_, Err(error)) => {
                report(
                    &pointer,
                    format!("invalid version requirement: {error}"),
                    "for example \"^1.2\", or \"*\" for any version",
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
                sha256: sha256_hex(text.as_bytes()),
                text: Arc::clone(&source.text),
            })
        }
        _ => Err(sort_problems(problems)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "schema = 1\nstandard = \"acme/base\"\nversion = \"2.1.0\"\ntitle = \"What we keep\"\nowner = \"platform\"\n[guidelines]\n\"b/two\" = \"*\"\n\"a/one\" = \"^1.2\"\n";

    #[test]
    fn a_standard_is_read_and_mistakes_are_reported() {
        let read = |text: &str| parse_standard("s.toml", text, Origin::File("s.toml".to_owned()));
        let good = read(GOOD).expect("good");
        let members: Vec<_> = good.members.iter().map(|it| format!("{} {}", it.0, it.1)).collect();
        assert_eq!(members, ["a/one ^1.2", "b/two *"]);
        let many: String = (0..499).map(|number| format!("\"c/n{number}\" = \"*\"\n")).collect();
        let many = format!("{many}\"b/two\"");
        for (old, new, expected) in [
            ("version = \"2.1.0\"", "version = \"2.1\"", "invalid version"),
            ("acme/base", "acme", "namespace/slug"),
            ("\"*\"", "\"latest\"", "invalid version requirement"),
            ("title", "titel", "unknown key `titel`"),
            ("\"b/two\" = \"*\"\n\"a/one\" = \"^1.2\"\n", "", "the standard has no guidelines"),
            ("schema = 1", "schema = 2", "needs a newer stanchion"),
            ("2.1.0", &format!("2.1.0-{}", "a".repeat(59)), "`version` has 65 characters"),
            ("What we keep", &"a".repeat(121), "`title` has 121 characters"),
            ("What we keep", "a\\nb", "`title` must be one line"),
            ("What we keep", "a\\u0000b", "control character"),
            ("platform", &"a".repeat(65), "`owner` has 65 characters"),
            (
                "platform\"",
                &format!("p\"\nsummary = \"{}\"", "a".repeat(301)),
                "`summary` has 301 characters",
            ),
            ("platform\"", "p\"\nsummary = \" \"", "`summary` is empty"),
            ("\"b/two\"", &many, "the standard has 501 guidelines"),
        ] {
            let problems = read(&GOOD.replacen(old, new, 1)).expect_err(new);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].message.contains(expected), "{new}: {}", problems[0].message);
        }
    }
}
