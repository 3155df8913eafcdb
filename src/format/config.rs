//! `stanchion.toml`: what a repository follows and who it is.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::diagnose::diagnose;
use super::parse::sorted;
use super::schema::{FormatVersion, config_schema, version};
use super::source::{Document, Source, keys};
use super::suggest::did_you_mean;
use crate::data::{self, Format, Kind, Limits, LoadError, Node, Step};
use crate::model::Problem;
use crate::text::Span;

/// Largest file, in bytes.
const FILE_BYTES: usize = 1 << 20;
/// Keys of the format that a later version of this program will understand.
const LATER: [&str; 5] = ["promises", "registries", "unassessed", "settings", "inherit"];

/// A repository's `stanchion.toml`, as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "stanchion.toml", rename = "Config")]
pub(super) struct RawConfig {
    /// Version of this format; 1.
    #[expect(dead_code, reason = "read before decoding")]
    schema: FormatVersion,
    /// The team that answers for this repository, for example `@payments`.
    owner: Option<String>,
    /// What is followed, in order: `starter` (the guidelines built in) and directories of guideline
    /// files, relative to this file. Earlier wins where two disagree. Without it: `starter`.
    follow: Option<Vec<String>>,
}

/// A repository's `stanchion.toml`, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The team that answers for the repository.
    pub owner: Option<String>,
    /// What is followed, in order; earlier wins.
    pub follow: Vec<Followed>,
}

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
}

impl Default for Config {
    /// What holds without a `stanchion.toml`: the starter guidelines.
    fn default() -> Self {
        Self { owner: None, follow: vec![Followed { what: Follow::Starter, span: Span::at(0) }] }
    }
}

/// Reads a `stanchion.toml`. `file` is its name as the user knows it.
///
/// # Errors
/// Every problem of the file, in order of place.
pub fn parse_config(file: &str, text: &str) -> Result<Config, Vec<Problem>> {
    if text.len() > FILE_BYTES {
        let message = format!("the file is larger than {} KiB", FILE_BYTES >> 10);
        return Err(vec![Source::new(file, "").problem(Span::at(0), message, "", None)]);
    }
    // Nobody sees a byte order mark: lines, columns and excerpts do without it.
    let shown = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mark = text.len() - shown.len();
    let source = Source::new(file, shown);
    let root = load(&source).map_err(|problem| vec![problem])?;
    let document = Document { source: &source, root: &root, home: Span::at(0) };
    let mut json = root.to_json();
    let mut problems = Vec::new();
    problems.extend(version(&document, &mut json).map_err(|newer| vec![newer])?);
    for key in LATER {
        if json.as_object_mut().and_then(|object| object.shift_remove(key)).is_some() {
            let message = format!("`{key}` is not understood by this version yet");
            let help = Some("leave it out for now; nothing would be done with it".to_owned());
            problems.push(source.problem(document.key(&keys(&[key])), message, "not yet", help));
        }
    }
    let decoded = RawConfig::deserialize(&json);
    if let Err(error) = &decoded {
        let told = problems.len();
        problems.extend(diagnose(&config_schema(), &document, &json));
        if told == problems.len() {
            problems.push(source.problem(Span::at(0), format!("the file cannot be read: {error}"), "", None));
        }
    }
    let follow = followed(&document, &json, &mut problems);
    if json.get("owner").and_then(Value::as_str).is_some_and(|owner| owner.trim().is_empty()) {
        let span = document.value(&keys(&["owner"]));
        problems.push(source.problem(span, "`owner` is empty", "says nothing", None));
    }
    match decoded {
        Ok(raw) if problems.is_empty() => {
            let place = |entry: Followed| Followed {
                span: Span::new(entry.span.start + mark, entry.span.end + mark),
                ..entry
            };
            let follow = if raw.follow.is_some() {
                follow.into_iter().map(place).collect()
            } else {
                Config::default().follow
            };
            Ok(Config { owner: raw.owner, follow })
        }
        _ => Err(sorted(problems)),
    }
}

fn load(source: &Source) -> Result<Node, Problem> {
    let loaded = data::load(Format::Toml, &source.text, &Limits::FRONT_MATTER);
    let (span, message) = match loaded {
        Ok(mut documents) => {
            let root = documents.pop();
            return Ok(root.unwrap_or(Node { span: Span::at(0), kind: Kind::Object(Vec::new()) }));
        }
        Err(LoadError::Syntax { message, span }) => (span, format!("not TOML: {message}")),
        Err(LoadError::TooDeep { span }) => (span, "nested too deeply".to_owned()),
        Err(LoadError::TooManyNodes) => (Span::at(0), "too many parts".to_owned()),
    };
    Err(source.problem(span, message, "here", None))
}

/// The entries of `follow` that are text, understood.
fn followed(document: &Document<'_>, json: &Value, problems: &mut Vec<Problem>) -> Vec<Followed> {
    let entries = json.get("follow").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut all = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let Some(entry) = entry.as_str() else { continue };
        let span = document.value(&[Step::Key("follow".to_owned()), Step::Index(index)]);
        let what = if entry == "starter" {
            Follow::Starter
        } else if matches!(entry, "." | "..") || entry.starts_with("./") || entry.starts_with("../") {
            Follow::Directory(entry.to_owned())
        } else {
            let help = did_you_mean(entry, ["starter"]).unwrap_or_else(|| {
                if entry.contains('@') {
                    "standards are not understood by this version yet".to_owned()
                } else {
                    format!("a directory of guidelines is written `./{}`", entry.trim_start_matches('/'))
                }
            });
            let message = format!("`{entry}` is neither `starter` nor a directory");
            problems.push(document.source.problem(span, message, "neither", Some(help)));
            continue;
        };
        if all.iter().any(|followed: &Followed| followed.what == what) {
            let message = format!("`{entry}` is followed twice");
            problems.push(document.source.problem(span, message, "again here", None));
        }
        all.push(Followed { what, span });
    }
    all
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
    fn a_good_file_is_understood() {
        let text = "\u{feff}schema = 1\nowner = \"@a\"\nfollow = [\"./guidelines\", \"starter\"]\n";
        let config = parse_config("stanchion.toml", text).expect("good");
        assert_eq!(config.owner.as_deref(), Some("@a"));
        let what: Vec<_> =
            config.follow.iter().map(|f| (f.what.clone(), &text[f.span.start..f.span.end])).collect();
        assert_eq!(
            what,
            [
                (Follow::Directory("./guidelines".to_owned()), "\"./guidelines\""),
                (Follow::Starter, "\"starter\""),
            ]
        );
        assert_eq!(parse_config("s", "schema = 1").expect("short"), Config::default());
    }

    #[test]
    fn every_problem_is_told_at_its_place() {
        let text = "schema = \"1\"\nonwer = \"@a\"\nfollow = [\"startr\", 3, \"acme/base@2\", \"./a\", \"./a\"]\nunassessed = \"note\"\n[promises]\n\"a/b\" = 1\n[colour]\n";
        assert_eq!(
            said(text),
            [
                "1:10 expected a whole number, found the text `1` | write it without quotes",
                "2:1 unknown key `onwer` | did you mean `owner`?",
                "3:11 `startr` is neither `starter` nor a directory | did you mean `starter`?",
                "3:21 expected text, found the number 3 | put it in quotes: `\"3\"`",
                "3:24 `acme/base@2` is neither `starter` nor a directory | standards are not understood by this version yet",
                "3:46 `./a` is followed twice | ",
                "4:1 `unassessed` is not understood by this version yet | leave it out for now; nothing would be done with it",
                "5:2 `promises` is not understood by this version yet | leave it out for now; nothing would be done with it",
                "7:2 unknown key `colour` | known here: schema, owner, follow",
            ]
        );
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
