//! `stanchion.toml`: what a repository follows, what it promises, and who it is.

mod edit;
mod follow;
mod promises;
mod raw;
mod settings;

use serde::Deserialize;
use serde_json::Value;

use super::diagnose::diagnose;
use super::parse::sorted;
use super::schema::{config_schema, version};
use super::source::{Document, keys};
use super::toml_file;
use crate::data::Limits;
use crate::model::{GuidelineId, Problem, Promise, Unassessed};
use crate::text::Span;
pub use edit::{EditProblem, with_promise, without_promise};
pub(super) use edit::{changed, day, document};
pub use follow::{Follow, Followed, Registry, RegistryPlace, registry_place};
pub(super) use raw::RawConfig;

/// Largest file, in bytes.
const FILE_BYTES: usize = 1 << 20;
/// What to do with a merge that is not resolved.
const CONFLICT: &str = "take the marks out, and keep the lines of both sides that are still meant";

/// A repository's `stanchion.toml`, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The team that answers for the repository.
    pub owner: Option<String>,
    /// What is followed, in order; earlier wins.
    pub follow: Vec<Followed>,
    /// Where newer versions are looked for, in order.
    pub registries: Vec<Registry>,
    /// Whether what cannot be told breaks a promise.
    pub unassessed: Unassessed,
    /// Whether what the party above follows is followed, too.
    pub inherit: bool,
    /// What is promised, in order of guideline.
    pub promises: Vec<Promised>,
    /// Settings of guidelines, in the order of the file.
    pub settings: Vec<Setting>,
}

/// A promise, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promised {
    /// The guideline.
    pub guideline: GuidelineId,
    /// The promise.
    pub promise: Promise,
    /// The key that names the guideline (bytes).
    pub span: Span,
}

/// A setting of a guideline.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The guideline.
    pub guideline: GuidelineId,
    /// Name of the setting.
    pub name: String,
    /// Its value, of any type: the guideline says what fits.
    pub value: Value,
    /// Where its name stands (bytes).
    pub key: Span,
    /// Where its value stands (bytes).
    pub at: Span,
}

impl Default for Config {
    /// What holds without a `stanchion.toml`: the starter guidelines, and no promise.
    fn default() -> Self {
        Self {
            owner: None,
            follow: vec![Followed { what: Follow::Starter, span: Span::at(0) }],
            registries: vec![],
            unassessed: Unassessed::default(),
            inherit: false,
            promises: vec![],
            settings: vec![],
        }
    }
}

/// Reads a `stanchion.toml`. `file` is its name as the user knows it. Places count without a byte order mark.
///
/// # Errors
/// Every problem of the file, in order of place.
pub fn parse_config(file: &str, text: &str) -> Result<Config, Vec<Problem>> {
    let (source, root) = toml_file::open(file, text, (&Limits::FRONT_MATTER, FILE_BYTES), CONFLICT)?;
    let document = Document { source: &source, root: &root, home: Span::at(0) };
    let mut json = root.to_json();
    let mut problems = Vec::new();
    problems.extend(version(&document, &mut json).map_err(|newer| vec![newer])?);
    let decoded = RawConfig::deserialize(&json);
    if let Err(error) = &decoded {
        let told = problems.len();
        problems.extend(diagnose(&config_schema(), &document, &json));
        if told == problems.len() {
            problems.push(source.problem(Span::at(0), format!("the file cannot be read: {error}"), "", None));
        }
    }
    let follow = follow::read(&document, &json, &mut problems);
    let registries = follow::registries(&document, &json, &mut problems);
    let promises = promises::read(&document, &json, &mut problems);
    let settings = settings::read(&document, &mut problems);
    if json.get("owner").and_then(Value::as_str).is_some_and(|owner| owner.trim().is_empty()) {
        let span = document.value(&keys(&["owner"]));
        problems.push(source.problem(span, "`owner` is empty", "says nothing", None));
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
        _ => Err(sorted(problems)),
    }
}

/// The text of a first `stanchion.toml`.
#[must_use]
pub fn init_config(owner: Option<&str>) -> String {
    let owner = match owner {
        Some(owner) => format!("owner = {}", toml::Value::String(owner.to_owned())),
        None => "# owner = \"@your-team\"           # who answers for this repository".to_owned(),
    };
    format!(
        "# What this repository follows. Findings are advice: they never fail a run.\n\
         schema = 1\n\
         {owner}\n\
         \n\
         # \"starter\" is built into stanchion; add directories of your own guidelines as \"./guidelines\".\n\
         # Earlier wins where two disagree.\n\
         follow = [\"starter\"]\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::LineIndex;

    fn said(text: &str) -> Vec<String> {
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
            let told = said(&format!("schema = 1\nregistries = ['{entry}']\n"));
            assert!(told.len() == 1 && told[0].contains("names another machine"), "{told:?}");
        }
    }

    #[test]
    fn a_good_file_is_understood() {
        let text = "\u{feff}schema = 1\nowner = \"@a\"\nfollow = [\"./guidelines\", \"starter\", \"acme/base@2\", \"acme/one\"]\n\
                    registries = [\"https://s.example\", \"/mnt/mirror\"]\nunassessed = \"break\"\ninherit = true\n\
                    [promises]\n\"b/c\" = { since = 2026-11-22 }\n\"a/b\" = { since = \"2026-11-23\", from-here = true }\n\
                    [settings.\"a/b\"]\nstyle = \"x\"\nmost = 3\n";
        let config = parse_config("stanchion.toml", text).expect("good");
        let text = &text[3..];
        assert_eq!(config.owner.as_deref(), Some("@a"));
        let what: Vec<_> =
            config.follow.iter().map(|f| (f.what.clone(), &text[f.span.start..f.span.end])).collect();
        let named = |id: &str, range: Option<&str>| Follow::Named {
            id: GuidelineId::new(id).expect("an id"),
            range: range.map(|range| range.parse().expect("a range")),
        };
        assert_eq!(
            what,
            [
                (Follow::Directory("./guidelines".to_owned()), "\"./guidelines\""),
                (Follow::Starter, "\"starter\""),
                (named("acme/base", Some("^2")), "\"acme/base@2\""),
                (named("acme/one", None), "\"acme/one\""),
            ]
        );
        let registries: Vec<_> = config.registries.iter().map(|it| it.what.clone()).collect();
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
    fn every_problem_is_told_at_its_place() {
        let text = "schema = \"1\"\nonwer = \"@a\"\nfollow = [\"startr\", 3, \"acme/base@x\", \"./a\", \"./a\", \"a/b@1\", \"a/b\"]\nunassessed = \"brake\"\nregistries = [\"http://x.example\", \"https://me:pw@x\", \"x\"]\n[promises]\n\"a/b\" = 1\n\"*\" = { since = 2026-11-22 }\n\"a/c\" = { since = 2026-11-22T00:00:00Z }\n\"a/d\" = { from-here = true }\n[settings.x]\na = 1\n[colour]\n";
        insta::assert_snapshot!(said(text).join("\n"));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        assert_eq!(said(""), ["1:1 the key `schema` is missing | "]);
        for (value, column) in [("0", 10), ("1.0", 10), ("-3", 10)] {
            let told = "there is no such version of this format | the only version is 1";
            assert_eq!(said(&format!("schema = {value}\n")), [format!("1:{column} {told}")]);
            assert_eq!(said(&format!("\u{feff}schema = {value}\n")), [format!("1:{column} {told}")]);
        }
        assert_eq!(
            said("schema = 2\nnews = true\n"),
            [
                "1:10 needs a newer stanchion (schema 2) | this one understands schema 1; update it to use this file",
            ]
        );
        assert_eq!(said("schema = 1\nfollow = [\n"), ["2:11 not TOML: unclosed array, expected `]` | "]);
        assert_eq!(parse_config("s", &"#".repeat(FILE_BYTES + 1)).expect_err("large").len(), 1);
    }

    #[test]
    fn the_first_file_is_understood() {
        for owner in [None, Some("@a"), Some("say \"hi\"\n\\")] {
            let config = parse_config("stanchion.toml", &init_config(owner)).expect("good");
            assert_eq!(config.owner.as_deref(), owner);
            assert_eq!(config.follow.len(), 1);
        }
    }
}
