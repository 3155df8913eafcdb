//! What a guideline asks: the five kinds of checks, as written and decoded.
//!
//! Globs and patterns are still text here; the engine compiles them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Language;

/// One check of a guideline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Short name, unique in the guideline.
    pub id: String,
    /// What it asks.
    pub kind: CheckKind,
    /// What a finding says; may use captures. `None`: the kind has a default sentence.
    pub message: Option<String>,
    /// How to mend it, for kinds whose body does not carry one itself (`text` and `files`).
    pub fix: Option<FixSpec>,
}

/// The kinds of checks. A new kind is one arm here and one file in the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CheckKind {
    /// Paths: presence, names, sizes, pairs.
    Files(FilesCheck),
    /// Regular expressions over text.
    Text(TextCheck),
    /// Values in JSON, YAML, TOML, .env, INI.
    Data(DataCheck),
    /// Syntax patterns.
    Code(CodeCheck),
    /// Results of another linter.
    Tool(ToolCheck),
}

impl CheckKind {
    /// The key in guideline files.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Files(_) => "files",
            Self::Text(_) => "text",
            Self::Data(_) => "data",
            Self::Code(_) => "code",
            Self::Tool(_) => "tool",
        }
    }
}

/// A check of what another linter found: its results are given with `--sarif-in`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ToolCheck {
    /// The tool, as its SARIF names it, in any case: `ruff`, `ESLint`, `semgrep`.
    pub name: String,
    /// Ids of its rules; `*` stands for anything: `S113`, `S5*`, `python.lang.security.*`.
    pub rules: Vec<String>,
}

/// How to mend a finding of a `text` or `files` check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FixSpec {
    /// What the change does, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `text` checks: put this in place of the match; `$1` and `${name}` are captures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<String>,
    /// `files` checks: create the missing file with this content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<String>,
}

/// A check of paths. Exactly one question, optionally asked in `each` matching directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FilesCheck {
    /// Directories (globs without a final `/`) in each of which the question is asked; the globs of
    /// `require` and `forbid` are then relative to that directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// Paths that must exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Require>,
    /// Globs of paths that must not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbid: Option<Vec<String>>,
    /// How names are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// A file that asks for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<Pair>,
    /// Limits of size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// The executable bit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<Executable>,
    /// Names that a file manager gives to copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<DuplicateNames>,
    /// Globs of paths that the question leaves out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

impl FilesCheck {
    /// The questions that are asked; a valid check has exactly one.
    #[must_use]
    pub fn questions(&self) -> Vec<FilesQuestion<'_>> {
        let mut all = Vec::new();
        all.extend(self.require.as_ref().map(FilesQuestion::Require));
        all.extend(self.forbid.as_deref().map(FilesQuestion::Forbid));
        all.extend(self.names.as_ref().map(FilesQuestion::Names));
        all.extend(self.pair.as_ref().map(FilesQuestion::Pair));
        all.extend(self.size.as_ref().map(FilesQuestion::Size));
        all.extend(self.executable.as_ref().map(FilesQuestion::Executable));
        all.extend(self.duplicates.as_ref().map(FilesQuestion::Duplicates));
        all
    }
}

/// The question of a `files` check.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the key of the same name in FilesCheck")]
pub enum FilesQuestion<'a> {
    Require(&'a Require),
    Forbid(&'a [String]),
    Names(&'a Names),
    Pair(&'a Pair),
    Size(&'a Size),
    Executable(&'a Executable),
    Duplicates(&'a DuplicateNames),
}

/// Globs of directories in which a question is asked once each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Each {
    /// One glob.
    One(String),
    /// Several globs.
    Many(Vec<String>),
}

/// Paths that must exist: `any` of the globs, or `all` of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Require {
    /// One of these is enough. The first is the one that a message suggests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
    /// Each of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<String>,
}

/// How names are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Names {
    /// Globs of the paths whose names are looked at.
    pub paths: Vec<String>,
    /// Names of files (the default), directories or both.
    #[serde(default)]
    pub of: NameOf,
    /// A common style; looks at the name up to its first `.`, leading dots and underscores aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<NameStyle>,
    /// A regular expression that the whole name must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

/// Whose names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NameOf {
    /// Files.
    #[default]
    Files,
    /// Directories.
    Directories,
    /// Both.
    Both,
}

/// Common styles of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NameStyle {
    /// `kebab-case`
    Kebab,
    /// `snake_case`
    Snake,
    /// `camelCase`
    Camel,
    /// `PascalCase`
    Pascal,
    /// `SCREAMING_SNAKE_CASE`
    ScreamingSnake,
    /// No upper-case letters.
    Lower,
}

impl NameStyle {
    /// The style's name, written in itself.
    #[must_use]
    pub fn sample(self) -> &'static str {
        match self {
            Self::Kebab => "kebab-case",
            Self::Snake => "snake_case",
            Self::Camel => "camelCase",
            Self::Pascal => "PascalCase",
            Self::ScreamingSnake => "SCREAMING_SNAKE_CASE",
            Self::Lower => "lower case",
        }
    }
}

/// A file that asks for another: `services/*/Dockerfile` wants `services/{1}/RUNBOOK.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pair {
    /// A glob; each `*`, `**` and `?`… run captures, numbered from 1.
    #[serde(rename = "for")]
    pub every: String,
    /// The path that must then exist; `{1}` is the first capture.
    pub want: String,
}

/// Limits of size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Size {
    /// Globs of the files.
    pub paths: Vec<String>,
    /// At most so many bytes: a number, or `500 KiB`, `5 MiB`, `5 MB`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "amount")]
    #[schemars(with = "Option<Amount>")]
    pub max: Option<String>,
    /// At least so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "amount")]
    #[schemars(with = "Option<Amount>")]
    pub min: Option<String>,
}

/// A number of bytes as people write it.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Amount {
    /// Bytes.
    Bytes(u64),
    /// A number and a unit.
    Words(String),
}

/// A number of bytes, kept as text: `engine::size` reads it.
fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Amount>::deserialize(deserializer)?.map(|amount| match amount {
        Amount::Bytes(bytes) => bytes.to_string(),
        Amount::Words(words) => words,
    }))
}

/// The executable bit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Executable {
    /// Globs of the files.
    pub paths: Vec<String>,
    /// Whether the bit should be set.
    pub set: bool,
}

/// Names that a file manager gives to copies: `Copy of Item`, `Item (2)`, `Item copy (2)`, `Item - Copy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DuplicateNames {
    /// Globs of the paths to look at.
    pub paths: Vec<String>,
}

/// A check of text by regular expression. Exactly one of `find` and `expect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TextCheck {
    /// Globs of the files; without it, every file that the guideline applies to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Globs of files to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Each match is a finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    /// A file without a match is a finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// Whether `.` also matches a line end. `^` and `$` always match at lines.
    #[serde(default)]
    pub multi_line: bool,
    /// Whether case is ignored.
    #[serde(default)]
    pub ignore_case: bool,
}

/// A check of values in data files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DataCheck {
    /// Globs of the files.
    pub files: Vec<String>,
    /// Globs of files to leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// How to read them; without it, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DataFormat>,
    /// JSONPath (RFC 9535) of the values to look at; without it, the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
    /// JSON Schema that each selected value must satisfy. `false`: nothing may be selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assert: Option<DataSchema>,
    /// The schema as a file beside the guideline, instead of `assert`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assert_file: Option<String>,
    /// Whether something must be selected in every file (`true`: a file without it is a finding).
    #[serde(default)]
    pub require: bool,
}

/// A JSON Schema: an object, or `true`/`false`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DataSchema {
    /// Everything passes, or nothing.
    Bool(bool),
    /// A schema object (draft 2020-12 unless `$schema` says 2019-09 or 7).
    Object(serde_json::Map<String, serde_json::Value>),
}

/// Formats of data files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DataFormat {
    /// JSON.
    Json,
    /// JSON with comments and trailing commas.
    Jsonc,
    /// YAML, any number of documents.
    Yaml,
    /// TOML.
    Toml,
    /// `NAME=value` lines.
    Env,
    /// INI sections.
    Ini,
}

/// A check of syntax: an ast-grep rule object, or a tree-sitter query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeCheck {
    /// The language whose files are looked at.
    pub language: Language,
    /// The ast-grep rule as written (`rule`, `constraints`, `utils`, `transform`, `fix`, …), `None` with a query.
    pub rule: Option<serde_json::Map<String, serde_json::Value>>,
    /// A tree-sitter query; its capture `@finding` (or the first capture) is the place.
    pub query: Option<String>,
    /// Globs of files to look at, with ast-grep's meaning.
    pub files: Vec<String>,
    /// Globs of files to leave out, with ast-grep's meaning.
    pub ignores: Vec<String>,
}
