//! Checks of a guideline: the five kinds, as decoded from the file.
//!
//! Globs and patterns are still text in these types; the engine compiles them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::Language;

/// One check of a guideline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Short name, unique in the guideline.
    pub id: String,
    /// Kind and parameters.
    pub kind: CheckKind,
    /// Message of its findings; may use captures. `None`: the kind has a default message.
    pub message: Option<String>,
    /// Fix, for the kinds whose body contains none (`text` and `files`).
    pub fix: Option<FixSpec>,
}

/// Kinds of checks. CONTRIBUTING.md lists the places that a new kind needs.
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
    /// Key in guideline files.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Files(_) => "files",
            Self::Text(_) => "text",
            Self::Data(_) => "data",
            Self::Code(_) => "code",
            Self::Tool(_) => "tool",
        }
    }
}

/// A check of the results of another linter, which are provided with `--sarif-in`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ToolCheck {
    /// Name of the tool in its SARIF output, in any case: `ruff`, `ESLint`, `semgrep`.
    pub name: String,
    /// Ids of the tool's rules; `*` matches any text: `S113`, `S5*`, `python.lang.security.*`.
    pub rules: Vec<String>,
}

/// Fix for a finding of a `text` or `files` check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FixSpec {
    /// Description of the change, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// For `text` checks: replacement of the match; `$1` and `${name}` insert captures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replace: Option<String>,
    /// For `files` checks: content of the missing file that the fix creates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<String>,
}

/// A check of paths. It has exactly one condition, optionally checked in `each` matching directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FilesCheck {
    /// Globs (without a final `/`) of directories; the condition is checked in each of them. The globs of
    /// `require` and `forbid` are then relative to that directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// Paths that must exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<Require>,
    /// Globs of paths that must not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbid: Option<Vec<String>>,
    /// Form of names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// A file that requires another file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<Pair>,
    /// Size limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// The executable bit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<Executable>,
    /// Names that file managers give to copies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<DuplicateNames>,
    /// Globs of paths to exclude.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

impl FilesCheck {
    /// Conditions that are present; a valid check has exactly one.
    #[must_use]
    pub fn conditions(&self) -> Vec<FilesCondition<'_>> {
        let mut all = Vec::new();
        all.extend(self.require.as_ref().map(FilesCondition::Require));
        all.extend(self.forbid.as_deref().map(FilesCondition::Forbid));
        all.extend(self.names.as_ref().map(FilesCondition::Names));
        all.extend(self.pair.as_ref().map(FilesCondition::Pair));
        all.extend(self.size.as_ref().map(FilesCondition::Size));
        all.extend(self.executable.as_ref().map(FilesCondition::Executable));
        all.extend(self.duplicates.as_ref().map(FilesCondition::Duplicates));
        all
    }
}

/// Condition of a `files` check.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the key of the same name in FilesCheck")]
pub enum FilesCondition<'a> {
    Require(&'a Require),
    Forbid(&'a [String]),
    Names(&'a Names),
    Pair(&'a Pair),
    Size(&'a Size),
    Executable(&'a Executable),
    Duplicates(&'a DuplicateNames),
}

/// Globs of directories in which a condition is checked separately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Each {
    /// One glob.
    One(String),
    /// Several globs.
    Many(Vec<String>),
}

/// Paths that must exist: `any` or `all` of the globs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Require {
    /// At least one of these must exist. Messages suggest the first one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub any: Vec<String>,
    /// Each of these must exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub all: Vec<String>,
}

/// Form of names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Names {
    /// Globs of the paths whose names are checked.
    pub paths: Vec<String>,
    /// Kind of paths to check: files (the default), directories or both.
    #[serde(default)]
    pub of: NameOf,
    /// A common style. It applies to the name up to its first `.`, without leading dots and underscores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<NameStyle>,
    /// A regular expression that the whole name must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
}

/// Kind of paths whose names are checked.
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
    /// Without upper-case letters.
    Lower,
}

impl NameStyle {
    /// Name of the style, written in that style.
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

/// A file that requires another file: `services/*/Dockerfile` requires `services/{1}/RUNBOOK.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pair {
    /// Glob of the first file. Each `*`, `**` and run of `?` is a capture, numbered from 1.
    #[serde(rename = "for")]
    pub every: String,
    /// Path of the required file; `{1}` inserts the first capture.
    pub want: String,
}

/// Size limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Size {
    /// Globs of the files.
    pub paths: Vec<String>,
    /// Maximum size in bytes: a number, or `500 KiB`, `5 MiB`, `5 MB`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "deserialize_amount")]
    #[schemars(with = "Option<Amount>")]
    pub max: Option<String>,
    /// Minimum size in bytes, in the same format.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "deserialize_amount")]
    #[schemars(with = "Option<Amount>")]
    pub min: Option<String>,
}

/// Number of bytes, with or without a unit.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum Amount {
    /// Bytes.
    Bytes(u64),
    /// A number and a unit.
    Words(String),
}

/// Deserializes a number of bytes as text, which `engine::size` parses.
fn deserialize_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
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
    /// Whether the bit must be set.
    pub set: bool,
}

/// Names that file managers give to copies: `Copy of Item`, `Item (2)`, `Item copy (2)`, `Item - Copy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DuplicateNames {
    /// Globs of the paths to check.
    pub paths: Vec<String>,
}

/// A check of text with a regular expression: exactly one of `find` and `expect`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TextCheck {
    /// Globs of the files to check; by default, all files that the guideline applies to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Globs of files to exclude.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Regular expression; each match is a finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<String>,
    /// Regular expression; a file without a match is a finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<String>,
    /// Whether `.` also matches a line ending. `^` and `$` always match at the start and end of lines.
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
    /// Globs of files to exclude.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Format of the files; by default, detected from the file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<DataFormat>,
    /// JSONPath (RFC 9535) of the values to check; by default, the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
    /// JSON Schema that each selected value must satisfy. `false`: no value may be selected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assert: Option<DataSchema>,
    /// JSON Schema in a file beside the guideline, instead of `assert`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assert_file: Option<String>,
    /// Whether every file must contain a selected value (`true`: a file without one is a finding).
    #[serde(default)]
    pub require: bool,
}

/// A JSON Schema: an object, or `true`/`false`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DataSchema {
    /// `true`: all values are valid; `false`: none are.
    Bool(bool),
    /// A schema object (draft 2020-12, unless `$schema` specifies 2019-09 or 7).
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
    /// Language of the files to check.
    pub language: Language,
    /// The ast-grep rule from the file (`rule`, `constraints`, `utils`, `transform`, `fix`, …); `None` if the
    /// check has a query.
    pub rule: Option<serde_json::Map<String, serde_json::Value>>,
    /// A tree-sitter query. Its capture `@finding` (or the first capture) is the position of the finding.
    pub query: Option<String>,
    /// Globs of files to check, in ast-grep's syntax.
    pub files: Vec<String>,
    /// Globs of files to exclude, in ast-grep's syntax.
    pub ignores: Vec<String>,
}
