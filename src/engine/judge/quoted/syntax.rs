//! Syntax of comments and string literals by language, as far as multi-line literals require it.

use crate::model::{Language, language_of};

/// Comment and literal syntax of a language.
pub(super) struct LiteralSyntax {
    /// Openers of comments that end with the line.
    pub(super) line_comment: &'static [&'static str],
    /// Whether such a comment must follow white space.
    pub(super) comment_after_space: bool,
    /// Delimiters of block comments.
    pub(super) block_comment: Option<(&'static str, &'static str)>,
    /// Whether block comments nest.
    pub(super) nested_blocks: bool,
    /// Delimiters of multi-line literals, and how the closing delimiter is escaped. The first match applies.
    pub(super) multi_line: &'static [(&'static str, &'static str, DelimiterEscape)],
    /// Delimiters of single-line literals.
    pub(super) single_line: &'static [u8],
    /// Opener of here-documents, which end with a line that consists of their end word.
    pub(super) here_document: Option<&'static str>,
    /// Features that only this family of languages has.
    pub(super) special: SpecialSyntax,
}

/// How a literal contains its closing delimiter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum DelimiterEscape {
    /// Escaped with a backslash.
    Backslash,
    /// Doubled.
    Doubled,
    /// The literal cannot contain its delimiter.
    Never,
}

/// Features that only one family of languages has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SpecialSyntax {
    Nothing,
    /// Regular expressions between slashes, and code in template literals.
    Script,
    /// Raw strings (`r#"…"#`), character literals such as `'"'`, and lifetimes.
    Rust,
    /// A backslash outside of a literal escapes the next character.
    Escapes,
}

const PLAIN: LiteralSyntax = LiteralSyntax {
    line_comment: &[],
    comment_after_space: false,
    block_comment: None,
    nested_blocks: false,
    multi_line: &[],
    single_line: b"\"'",
    here_document: None,
    special: SpecialSyntax::Nothing,
};

const SLASHES: LiteralSyntax =
    LiteralSyntax { line_comment: &["//"], block_comment: Some(("/*", "*/")), ..PLAIN };

/// <https://docs.python.org/3/reference/lexical_analysis.html#strings>
const PYTHON: LiteralSyntax = LiteralSyntax {
    line_comment: &["#"],
    multi_line: &[
        ("\"\"\"", "\"\"\"", DelimiterEscape::Backslash),
        ("'''", "'''", DelimiterEscape::Backslash),
    ],
    ..PLAIN
};
/// <https://toml.io/en/v1.0.0#string>
const TOML: LiteralSyntax = LiteralSyntax {
    line_comment: &["#"],
    multi_line: &[("\"\"\"", "\"\"\"", DelimiterEscape::Backslash), ("'''", "'''", DelimiterEscape::Never)],
    ..PLAIN
};
/// <https://262.ecma-international.org/15.0/#sec-template-literal-lexical-components>
const JAVASCRIPT: LiteralSyntax = LiteralSyntax {
    multi_line: &[("`", "`", DelimiterEscape::Backslash)],
    special: SpecialSyntax::Script,
    ..SLASHES
};
/// <https://go.dev/ref/spec#String_literals>
const GO: LiteralSyntax = LiteralSyntax { multi_line: &[("`", "`", DelimiterEscape::Never)], ..SLASHES };
/// <https://doc.rust-lang.org/reference/tokens.html>
const RUST: LiteralSyntax = LiteralSyntax {
    multi_line: &[("\"", "\"", DelimiterEscape::Backslash)],
    single_line: b"",
    nested_blocks: true,
    special: SpecialSyntax::Rust,
    ..SLASHES
};
/// Java, Kotlin, Scala, Swift, Groovy, Dart.
const TRIPLE: LiteralSyntax =
    LiteralSyntax { multi_line: &[("\"\"\"", "\"\"\"", DelimiterEscape::Backslash)], ..SLASHES };
/// <https://learn.microsoft.com/dotnet/csharp/language-reference/tokens/verbatim>
const CSHARP: LiteralSyntax = LiteralSyntax {
    multi_line: &[("\"\"\"", "\"\"\"", DelimiterEscape::Never), ("@\"", "\"", DelimiterEscape::Doubled)],
    ..SLASHES
};
/// <https://en.cppreference.com/w/cpp/language/string_literal>
const CPP: LiteralSyntax =
    LiteralSyntax { multi_line: &[("R\"(", ")\"", DelimiterEscape::Never)], ..SLASHES };
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html>. Quoting starts anew within
/// `$(…)` and has several kinds, so only here-documents are supported.
const SHELL: LiteralSyntax = LiteralSyntax {
    line_comment: &["#"],
    comment_after_space: true,
    single_line: b"",
    here_document: Some("<<"),
    special: SpecialSyntax::Escapes,
    ..PLAIN
};
/// <https://docs.ruby-lang.org/en/3.4/syntax/literals_rdoc.html#label-Here+Document+Literals>
const RUBY: LiteralSyntax = LiteralSyntax { line_comment: &["#"], here_document: Some("<<"), ..PLAIN };
/// <https://www.php.net/manual/language.types.string.php>
const PHP: LiteralSyntax =
    LiteralSyntax { line_comment: &["//", "#"], single_line: b"", here_document: Some("<<<"), ..SLASHES };
/// <https://hexdocs.pm/elixir/syntax-reference.html>
const ELIXIR: LiteralSyntax = LiteralSyntax {
    line_comment: &["#"],
    multi_line: &[
        ("\"\"\"", "\"\"\"", DelimiterEscape::Backslash),
        ("'''", "'''", DelimiterEscape::Backslash),
    ],
    ..PLAIN
};

/// Returns the syntax of the file at `path` with this extension; `None` if unknown.
pub(super) fn syntax_of(path: &[u8], extension: &[u8]) -> Option<&'static LiteralSyntax> {
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
        // SQL dialects escape in different ways.
        | Language::Sql
        | Language::Yaml => None,
    })
}
