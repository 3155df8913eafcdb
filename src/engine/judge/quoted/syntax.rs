//! How languages write comments and texts, as far as texts of several lines are concerned.

use crate::model::{Language, language_of};

/// How a language writes.
pub(super) struct Writing {
    /// What opens a comment up to the end of the line.
    pub(super) line: &'static [&'static str],
    /// Whether such a comment begins only behind white space.
    pub(super) apart: bool,
    /// What opens and closes a longer comment.
    pub(super) block: Option<(&'static str, &'static str)>,
    /// Whether such comments lie in one another.
    pub(super) nested: bool,
    /// What opens and closes a text that may have several lines, and how what closes it is written in it. The first that
    /// fits counts.
    pub(super) long: &'static [(&'static str, &'static str, Within)],
    /// What stands around a text in one line.
    pub(super) short: &'static [u8],
    /// What opens a text that ends with a word of its own in a line.
    pub(super) here: Option<&'static str>,
    /// What else there is to know.
    pub(super) also: Also,
}

/// How the end of a text is written within it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// Behind a backslash.
    Escaped,
    /// Twice.
    Doubled,
    /// Not at all.
    Never,
}

/// What only one family of languages has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Also {
    Nothing,
    /// Expressions between slashes, and code within texts.
    Script,
    /// Texts behind `r#`, characters that look like the beginning of one, and lifetimes.
    Rust,
    /// A backslash outside of a text means the next character itself.
    Escapes,
}

const PLAIN: Writing = Writing {
    line: &[],
    apart: false,
    block: None,
    nested: false,
    long: &[],
    short: b"\"'",
    here: None,
    also: Also::Nothing,
};

const SLASHES: Writing = Writing { line: &["//"], block: Some(("/*", "*/")), ..PLAIN };

/// <https://docs.python.org/3/reference/lexical_analysis.html#strings>
const PYTHON: Writing = Writing {
    line: &["#"],
    long: &[("\"\"\"", "\"\"\"", Within::Escaped), ("'''", "'''", Within::Escaped)],
    ..PLAIN
};
/// <https://toml.io/en/v1.0.0#string>
const TOML: Writing = Writing {
    line: &["#"],
    long: &[("\"\"\"", "\"\"\"", Within::Escaped), ("'''", "'''", Within::Never)],
    ..PLAIN
};
/// <https://262.ecma-international.org/15.0/#sec-template-literal-lexical-components>
const JAVASCRIPT: Writing = Writing { long: &[("`", "`", Within::Escaped)], also: Also::Script, ..SLASHES };
/// <https://go.dev/ref/spec#String_literals>
const GO: Writing = Writing { long: &[("`", "`", Within::Never)], ..SLASHES };
/// <https://doc.rust-lang.org/reference/tokens.html>
const RUST: Writing =
    Writing { long: &[("\"", "\"", Within::Escaped)], short: b"", nested: true, also: Also::Rust, ..SLASHES };
/// Java, Kotlin, Scala, Swift, Groovy, Dart.
const TRIPLE: Writing = Writing { long: &[("\"\"\"", "\"\"\"", Within::Escaped)], ..SLASHES };
/// <https://learn.microsoft.com/dotnet/csharp/language-reference/tokens/verbatim>
const CSHARP: Writing =
    Writing { long: &[("\"\"\"", "\"\"\"", Within::Never), ("@\"", "\"", Within::Doubled)], ..SLASHES };
/// <https://en.cppreference.com/w/cpp/language/string_literal>
const CPP: Writing = Writing { long: &[("R\"(", ")\"", Within::Never)], ..SLASHES };
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>. Quotes within `$(…)` begin anew, and there are
/// several kinds of them: only here-documents are known.
const SHELL: Writing =
    Writing { line: &["#"], apart: true, short: b"", here: Some("<<"), also: Also::Escapes, ..PLAIN };
/// <https://docs.ruby-lang.org/en/3.4/syntax/literals_rdoc.html#label-Here+Document+Literals>
const RUBY: Writing = Writing { line: &["#"], here: Some("<<"), ..PLAIN };
/// <https://www.php.net/manual/language.types.string.php>
const PHP: Writing = Writing { line: &["//", "#"], short: b"", here: Some("<<<"), ..SLASHES };
/// <https://hexdocs.pm/elixir/syntax-reference.html>
const ELIXIR: Writing = Writing {
    line: &["#"],
    long: &[("\"\"\"", "\"\"\"", Within::Escaped), ("'''", "'''", Within::Escaped)],
    ..PLAIN
};

/// How the file at `path` with this extension is written; `None` where that is not known here.
pub(super) fn of(path: &[u8], extension: &[u8]) -> Option<&'static Writing> {
    let by_extension = match extension {
        b"jsx" | b"vue" | b"svelte" => Some(&JAVASCRIPT),
        b"scala" | b"swift" | b"groovy" | b"gradle" | b"dart" => Some(&TRIPLE),
        b"ex" | b"exs" => Some(&ELIXIR),
        _ => None,
    };
    by_extension.or_else(|| match language_of(path)? {
        Language::Python => Some(&PYTHON),
        Language::Toml => Some(&TOML),
        Language::JavaScript | Language::TypeScript | Language::Tsx => Some(&JAVASCRIPT),
        Language::Go => Some(&GO),
        Language::Rust => Some(&RUST),
        Language::Java | Language::Kotlin => Some(&TRIPLE),
        Language::CSharp => Some(&CSHARP),
        Language::C | Language::Cpp => Some(&CPP),
        Language::Bash => Some(&SHELL),
        Language::Ruby => Some(&RUBY),
        Language::Php => Some(&PHP),
        Language::Css
        | Language::Dockerfile
        | Language::Hcl
        | Language::Html
        | Language::Json
        | Language::Markdown
        // Several dialects, which escape in different ways.
        | Language::Sql
        | Language::Yaml => None,
    })
}
