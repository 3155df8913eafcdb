//! Comment, string and keyword syntax of languages, for the highlighter.

use crate::model::Language;

/// Syntax of a language.
pub(super) struct LanguageSyntax {
    /// Starts of comments that end at the end of the line.
    pub(super) line_comments: &'static [&'static str],
    /// Whether a line comment must not follow directly after a word.
    pub(super) comment_needs_gap: bool,
    /// Start and end of a block comment.
    pub(super) block_comment: Option<(&'static str, &'static str)>,
    /// Quotes of strings that may span lines.
    pub(super) multiline_quotes: &'static [&'static str],
    /// Quotes of strings within one line.
    pub(super) line_quotes: &'static str,
    /// Rule for words that are names.
    pub(super) name_rule: NameSyntax,
    /// Keywords, separated by spaces.
    keywords: &'static str,
    ignore_case: bool,
}

/// Rule for words that are names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NameSyntax {
    /// No names are recognized.
    None,
    /// Words before `:` or `=`, as in data formats.
    Keys,
    /// Words after `<`.
    Tags,
}

impl LanguageSyntax {
    /// Whether a word is a keyword of the language.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        self.keywords
            .split(' ')
            .any(|own| if self.ignore_case { own.eq_ignore_ascii_case(word) } else { own == word })
    }
}

const PLAIN: LanguageSyntax = LanguageSyntax {
    line_comments: &[],
    comment_needs_gap: false,
    block_comment: None,
    multiline_quotes: &[],
    line_quotes: "\"'",
    name_rule: NameSyntax::None,
    keywords: "",
    ignore_case: false,
};
const SLASHES: LanguageSyntax =
    LanguageSyntax { line_comments: &["//"], block_comment: Some(("/*", "*/")), ..PLAIN };

const PYTHON: LanguageSyntax = LanguageSyntax {
    line_comments: &["#"],
    multiline_quotes: &["\"\"\"", "'''"],
    keywords: "and as assert async await break case class continue def del elif else except False finally for from global if import \
            in is lambda match None nonlocal not or pass raise return True try while with yield",
    ..PLAIN
};
const SCRIPT: LanguageSyntax = LanguageSyntax {
    multiline_quotes: &["`"],
    keywords: "abstract any as async await boolean break case catch class const continue debugger default delete do else enum export \
            extends false finally for from function if implements import in instanceof interface let new null number of private \
            protected public readonly return static string super switch this throw true try type typeof undefined unknown var \
            void while yield",
    ..SLASHES
};
const GO: LanguageSyntax = LanguageSyntax {
    multiline_quotes: &["`"],
    keywords: "break case chan const continue default defer else fallthrough false for func go goto if import interface map nil \
            package range return select struct switch true type var",
    ..SLASHES
};
const RUST: LanguageSyntax = LanguageSyntax {
    // No apostrophe: it may begin a lifetime.
    line_quotes: "\"",
    keywords: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub \
            ref return self Self static struct super trait true type unsafe use where while",
    ..SLASHES
};
const JAVA: LanguageSyntax = LanguageSyntax {
    multiline_quotes: &["\"\"\""],
    keywords: "abstract boolean break byte case catch char class const continue data default do double else enum extends false final \
            finally float for fun if implements import in instanceof int interface is internal long namespace new null object open \
            override package private protected public readonly record return sealed short static string super suspend switch this \
            throw throws true try using val var virtual void volatile when while",
    ..SLASHES
};
const C: LanguageSyntax = LanguageSyntax {
    keywords: "auto bool break case catch char class const constexpr continue default delete do double else enum extern false float for \
            if inline int long namespace new nullptr private protected public return short signed sizeof static struct switch \
            template this throw true try typedef typename union unsigned using virtual void volatile while",
    ..SLASHES
};
const CSS: LanguageSyntax =
    LanguageSyntax { block_comment: Some(("/*", "*/")), name_rule: NameSyntax::Keys, ..PLAIN };
const SHELL: LanguageSyntax = LanguageSyntax {
    line_comments: &["#"],
    comment_needs_gap: true,
    keywords: "case do done elif else esac export fi for function if in local return set then until while",
    ..PLAIN
};
const DOCKER: LanguageSyntax = LanguageSyntax {
    line_comments: &["#"],
    comment_needs_gap: true,
    keywords: "ADD ARG AS CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR",
    ..PLAIN
};
const HCL: LanguageSyntax = LanguageSyntax {
    line_comments: &["#", "//"],
    block_comment: Some(("/*", "*/")),
    name_rule: NameSyntax::Keys,
    keywords: "false for in null true",
    ..PLAIN
};
const HTML: LanguageSyntax = LanguageSyntax {
    block_comment: Some(("<!--", "-->")),
    name_rule: NameSyntax::Tags,
    line_quotes: "\"",
    ..PLAIN
};
const JSON: LanguageSyntax =
    LanguageSyntax { line_quotes: "\"", name_rule: NameSyntax::Keys, keywords: "false null true", ..SLASHES };
const RUBY: LanguageSyntax = LanguageSyntax {
    line_comments: &["#"],
    comment_needs_gap: true,
    keywords: "and begin break case class def do else elsif end ensure false for if in module next nil not or private require rescue \
            return self super then true undef unless until when while yield",
    ..PLAIN
};
const PHP: LanguageSyntax = LanguageSyntax {
    line_comments: &["//", "#"],
    keywords: "abstract array as break case catch class const continue default do echo else elseif extends false final finally fn for \
            foreach function if implements interface match namespace new null private protected public readonly return static \
            switch this throw trait true try use var while",
    ..SLASHES
};
const SQL: LanguageSyntax = LanguageSyntax {
    line_comments: &["--"],
    block_comment: Some(("/*", "*/")),
    keywords: "add all alter and as asc between by case check column create default delete desc distinct drop else end exists false \
            foreign from full group having if in index inner insert into is join key left like limit not null on or order outer \
            primary references right select set table then true union unique update values view when where with",
    ignore_case: true,
    ..PLAIN
};
const YAML: LanguageSyntax = LanguageSyntax {
    line_comments: &["#"],
    comment_needs_gap: true,
    name_rule: NameSyntax::Keys,
    keywords: "false null true",
    ..PLAIN
};
const TOML: LanguageSyntax = LanguageSyntax {
    line_comments: &["#"],
    multiline_quotes: &["\"\"\"", "'''"],
    name_rule: NameSyntax::Keys,
    keywords: "false true",
    ..PLAIN
};

/// Syntax of a language by name or alias; `None` if it is unknown.
pub(super) fn syntax_of(name: &str) -> Option<&'static LanguageSyntax> {
    if matches!(name, "console" | "text" | "diff") {
        return None;
    }
    Some(match Language::from_name(name)? {
        Language::Bash => &SHELL,
        Language::C | Language::Cpp => &C,
        Language::CSharp | Language::Java | Language::Kotlin => &JAVA,
        Language::Css => &CSS,
        Language::Dockerfile => &DOCKER,
        Language::Go => &GO,
        Language::Hcl => &HCL,
        Language::Html => &HTML,
        Language::JavaScript | Language::TypeScript | Language::Tsx => &SCRIPT,
        Language::Json => &JSON,
        Language::Markdown => return None,
        Language::Php => &PHP,
        Language::Python => &PYTHON,
        Language::Ruby => &RUBY,
        Language::Rust => &RUST,
        Language::Sql => &SQL,
        Language::Toml => &TOML,
        Language::Yaml => &YAML,
    })
}
