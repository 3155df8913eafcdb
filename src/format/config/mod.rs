//! `stanchion.toml`: the guidelines that a repository follows, its promises, its settings and its owner.

mod edit;
mod follow;
mod promises;
mod raw;
mod settings;

use serde::Deserialize;
use serde_json::Value;

use super::diagnose::diagnose;
use super::parse::sort_problems;
use super::schema::{check_format_version, config_schema};
use super::source::{LocatedDocument, pointer_to};
use super::toml_file;
use crate::data::DocumentLimits;
use crate::model::{GuidelineId, Problem, Promise, Unassessed};
use crate::text::Span;
pub use edit::{EditProblem, add_promise, remove_promise};
pub(super) use edit::{parse_document, render_like, toml_date};
pub use follow::{Follow, FollowEntry, Registry, RegistryPlace, registry_place};
pub(super) use raw::RawConfig;

/// Maximum size of the file, in bytes.
const FILE_BYTES: usize = 1 << 20;
/// Help for an unresolved merge conflict.
const CONFLICT_HELP: &str = "remove the conflict markers and keep the lines that should remain";

/// Parsed `stanchion.toml` of a repository.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Team responsible for the repository.
    pub owner: Option<String>,
    /// Entries of `follow`, in order; if two disagree, the earlier one wins.
    pub follow: Vec<FollowEntry>,
    /// Registries in which newer versions are searched, in order.
    pub registries: Vec<Registry>,
    /// Whether a promised guideline that cannot be judged breaks its promise.
    pub unassessed: Unassessed,
    /// Whether this project also follows the entries of its parent project.
    pub inherit: bool,
    /// Promises, sorted by guideline.
    pub promises: Vec<PromiseEntry>,
    /// Settings of guidelines, in the order of the file.
    pub settings: Vec<Setting>,
}

/// A promise and its position in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PromiseEntry {
    /// Promised guideline.
    pub guideline: GuidelineId,
    /// The promise itself.
    pub promise: Promise,
    /// Span of the key that names the guideline, in bytes.
    pub span: Span,
}

/// Value for a setting of a guideline.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The guideline.
    pub guideline: GuidelineId,
    /// Name of the setting.
    pub name: String,
    /// Value, of any type: the guideline declares the allowed type.
    pub value: Value,
    /// Span of the name, in bytes.
    pub key: Span,
    /// Span of the value, in bytes.
    pub at: Span,
}

impl Default for Config {
    /// Returns the configuration used without a `stanchion.toml`: the starter guidelines, and no promise.
    fn default() -> Self {
        Self {
            owner: None,
            follow: vec![FollowEntry { target: Follow::Starter, span: Span::at(0) }],
            registries: vec![],
            unassessed: Unassessed::default(),
            inherit: false,
            promises: vec![],
            settings: vec![],
        }
    }
}

/// Parses a `stanchion.toml`. `file` is the name shown to the user. Positions are counted without a byte
/// order mark.
///
/// # Errors
/// Returns every problem of the file, in order of place.
pub fn parse_config(file: &str, text: &str) -> Result<Config, Vec<Problem>> {
    let (source, root) =
        toml_file::parse_toml(file, text, (&DocumentLimits::FRONT_MATTER, FILE_BYTES), CONFLICT_HELP)?;
    let document = LocatedDocument { source: &source, root: &root, home: Span::at(0) };
    let mut json = root.to_json();
    let mut problems = Vec::new();
    problems.extend(check_format_version(&document, &mut json).map_err(|newer| vec![newer])?);
    let decoded = RawConfig::deserialize(&json);
    if let Err(error) = &decoded {
        let before = problems.len();
        problems.extend(diagnose(&config_schema(), &document, &json));
        if before == problems.len() {
            problems.push(source.problem(Span::at(0), format!("the file cannot be read: {error}"), "", None));
        }
    }
    let follow = follow::read_follow(&document, &json, &mut problems);
    let registries = follow::read_registries(&document, &json, &mut problems);
    let promises = promises::read_promises(&document, &json, &mut problems);
    let settings = settings::read_settings(&document, &mut problems);
    if json.get("owner").and_then(Value::as_str).is_some_and(|owner| owner.trim().is_empty()) {
        let span = document.value_span(&pointer_to(&["owner"]));
        problems.push(source.problem(span, "`owner` is empty", "empty", None));
    }
    match decoded {
        Ok(raw) if problems.is_empty() => Ok(Config {
            owner: raw.owner,
            follow: if raw.follow.is_some() { follow } else { Config::default().follow },
            registries,
            unassessed: raw.unassessed,
            inherit: raw.inherit,
            promises,
            settings,
        }),
        _ => Err(sort_problems(problems)),
    }
}

/// Renders the text of a first `stanchion.toml`.
#[must_use]
pub fn render_first_config(owner: Option<&str>) -> String {
    let owner = match owner {
        Some(owner) => format!("owner = {}", toml::Value::String(owner.to_owned())),
        None => "# owner = \"@your-team\"           # the team responsible for this repository".to_owned(),
    };
    format!(
        "# Guidelines that this repository follows. Findings are advice: they never fail a run.\n\
         schema = 1\n\
         {owner}\n\
         \n\
         # \"starter\" is built into stanchion; add directories of your own guidelines as \"./guidelines\".\n\
         # If two guidelines disagree, the earlier entry wins.\n\
         follow = [\"starter\"]\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::LineIndex;

    fn messages(text: &str) -> Vec<String> {
        let problems = parse_config("stanchion.toml", text).expect_err(text);
        problems
            .iter()
            .map(|p| {
                let (line, column) = LineIndex::new(&p.text).line_column(&p.text, p.span.start);
                format!("{line}:{column} {} | {}", p.message, p.help.clone().unwrap_or_default())
            })
            .collect()
    }

    #[test]
    fn a_folder_on_another_machine_is_refused() {
        for entry in ["//server/share", "/\\\\server\\share", "//./pipe/x"] {
            let found = messages(&format!("schema = 1\nregistries = ['{entry}']\n"));
            assert!(found.len() == 1 && found[0].contains("another machine"), "{found:?}");
        }
    }

    #[test]
    fn a_valid_file_is_parsed() {
        let text = "\u{feff}schema = 1\nowner = \"@a\"\nfollow = [\"./guidelines\", \"starter\", \"acme/base@2\", \"acme/one\"]\n\
                    registries = [\"https://s.example\", \"/mnt/mirror\"]\nunassessed = \"break\"\ninherit = true\n\
                    [promises]\n\"b/c\" = { since = 2026-11-22 }\n\"a/b\" = { since = \"2026-11-23\", from-here = true }\n\
                    [settings.\"a/b\"]\nstyle = \"x\"\nmost = 3\n";
        let config = parse_config("stanchion.toml", text).expect("good");
        let text = &text[3..];
        assert_eq!(config.owner.as_deref(), Some("@a"));
        let targets: Vec<_> =
            config.follow.iter().map(|f| (f.target.clone(), &text[f.span.start..f.span.end])).collect();
        let named = |id: &str, range: Option<&str>| Follow::Named {
            id: GuidelineId::new(id).expect("an id"),
            range: range.map(|range| range.parse().expect("a range")),
        };
        assert_eq!(
            targets,
            [
                (Follow::Directory("./guidelines".to_owned()), "\"./guidelines\""),
                (Follow::Starter, "\"starter\""),
                (named("acme/base", Some("^2")), "\"acme/base@2\""),
                (named("acme/one", None), "\"acme/one\""),
            ]
        );
        let registries: Vec<_> = config.registries.iter().map(|it| it.place.clone()).collect();
        assert_eq!(
            registries,
            [
                RegistryPlace::Url("https://s.example".to_owned()),
                RegistryPlace::Folder("/mnt/mirror".to_owned()),
            ]
        );
        assert_eq!((config.unassessed, config.inherit), (Unassessed::Break, true));
        let promises: Vec<_> = config
            .promises
            .iter()
            .map(|it| (it.guideline.as_str(), it.promise.since.to_string(), it.promise.from_here))
            .collect();
        assert_eq!(
            promises,
            [("a/b", "2026-11-23".to_owned(), true), ("b/c", "2026-11-22".to_owned(), false)]
        );
        let settings: Vec<_> =
            config.settings.iter().map(|it| (it.name.as_str(), it.value.clone())).collect();
        assert_eq!(settings, [("style", "x".into()), ("most", 3.into())]);
        assert_eq!(&text[config.settings[1].at.start..config.settings[1].at.end], "3");
        assert_eq!(parse_config("s", "schema = 1").expect("short"), Config::default());
    }

    #[test]
    fn every_problem_is_reported_at_its_place() {
        let text = "schema = \"1\"\nonwer = \"@a\"\nfollow = [\"startr\", 3, \"acme/base@x\", \"./a\", \"./a\", \"a/b@1\", \"a/b\"]\nunassessed = \"brake\"\nregistries = [\"http://x.example\", \"https://me:pw@x\", \"x\"]\n[promises]\n\"a/b\" = 1\n\"*\" = { since = 2026-11-22 }\n\"a/c\" = { since = 2026-11-22T00:00:00Z }\n\"a/d\" = { from-here = true }\n[settings.x]\na = 1\n[colour]\n";
        insta::assert_snapshot!(messages(text).join("\n"));
    }

    #[test]
    fn unreadable_files_are_reported() {
        assert_eq!(messages(""), ["1:1 the key `schema` is missing | "]);
        for (value, column) in [("0", 10), ("1.0", 10), ("-3", 10)] {
            let expected = "unknown format version | the only format version is 1";
            assert_eq!(messages(&format!("schema = {value}\n")), [format!("1:{column} {expected}")]);
            assert_eq!(messages(&format!("\u{feff}schema = {value}\n")), [format!("1:{column} {expected}")]);
        }
        assert_eq!(
            messages("schema = 2\nnews = true\n"),
            [
                "1:10 needs a newer stanchion (schema 2) | this version supports schema 1; update stanchion to use this file",
            ]
        );
        assert_eq!(
            messages("schema = 1\nfollow = [\n"),
            ["2:11 invalid TOML: unclosed array, expected `]` | "]
        );
        assert_eq!(parse_config("s", &"#".repeat(FILE_BYTES + 1)).expect_err("large").len(), 1);
    }

    #[test]
    fn the_first_file_can_be_parsed() {
        for owner in [None, Some("@a"), Some("say \"hi\"\n\\")] {
            let config = parse_config("stanchion.toml", &render_first_config(owner)).expect("good");
            assert_eq!(config.owner.as_deref(), owner);
            assert_eq!(config.follow.len(), 1);
        }
    }
}
