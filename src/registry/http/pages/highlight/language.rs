//! How languages write what is marked: comments, texts, and their own words.

use crate::model::Language;

/// How a language writes.
pub(super) struct Writing {
    /// What opens a comment up to the end of the line.
    pub(super) line: &'static [&'static str],
    /// Whether such a comment begins only where no word goes on.
    pub(super) apart: bool,
    /// What opens and closes a longer comment.
    pub(super) block: Option<(&'static str, &'static str)>,
    /// What stands around a text that may have several lines.
    pub(super) long: &'static [&'static str],
    /// What stands around a text in one line.
    pub(super) short: &'static str,
    /// Which words are names.
    pub(super) names: Names,
    /// The words of the language, in lower case where `any_case`.
    words: &'static str,
    any_case: bool,
}

/// Which words of a language are names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// None that can be told.
    None,
    /// Those before `:` or `=`, as in data.
    Keys,
    /// Those behind `<`.
    Tags,
}

impl Writing {
    /// Whether a word is one of the language's own.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.words
            .split(' ')
            .any(|own| if self.any_case { own.eq_ignore_ascii_case(word) } else { own == word })
    }
}

const PLAIN: Writing = Writing {
    line: &[],
    apart: false,
    block: None,
    long: &[],
    short: "\"'",
    names: Names::None,
    words: "",
    any_case: false,
};
const SLASHES: Writing = Writing { line: &["//"], block: Some(("/*", "*/")), ..PLAIN };

const PYTHON: Writing = Writing {
    line: &["#"],
    long: &["\"\"\"", "'''"],
    words: "and as assert async await break case class continue def del elif else except False finally for from global if import \
            in is lambda match None nonlocal not or pass raise return True try while with yield",
    ..PLAIN
};
const SCRIPT: Writing = Writing {
    long: &["`"],
    words: "abstract any as async await boolean break case catch class const continue debugger default delete do else enum export \
            extends false finally for from function if implements import in instanceof interface let new null number of private \
            protected public readonly return static string super switch this throw true try type typeof undefined unknown var \
            void while yield",
    ..SLASHES
};
const GO: Writing = Writing {
    long: &["`"],
    words: "break case chan const continue default defer else fallthrough false for func go goto if import interface map nil \
            package range return select struct switch true type var",
    ..SLASHES
};
const RUST: Writing = Writing {
    // (An apostrophe may begin a lifetime.)
    short: "\"",
    words: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub \
            ref return self Self static struct super trait true type unsafe use where while",
    ..SLASHES
};
const JAVA: Writing = Writing {
    long: &["\"\"\""],
    words: "abstract boolean break byte case catch char class const continue data default do double else enum extends false final \
            finally float for fun if implements import in instanceof int interface is internal long namespace new null object open \
            override package private protected public readonly record return sealed short static string super suspend switch this \
            throw throws true try using val var virtual void volatile when while",
    ..SLASHES
};
const C: Writing = Writing {
    words: "auto bool break case catch char class const constexpr continue default delete do double else enum extern false float for \
            if inline int long namespace new nullptr private protected public return short signed sizeof static struct switch \
            template this throw true try typedef typename union unsigned using virtual void volatile while",
    ..SLASHES
};
const CSS: Writing = Writing { block: Some(("/*", "*/")), names: Names::Keys, ..PLAIN };
const SHELL: Writing = Writing {
    line: &["#"],
    apart: true,
    words: "case do done elif else esac export fi for function if in local return set then until while",
    ..PLAIN
};
const DOCKER: Writing = Writing {
    line: &["#"],
    apart: true,
    words: "ADD ARG AS CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR",
    ..PLAIN
};
const HCL: Writing = Writing {
    line: &["#", "//"],
    block: Some(("/*", "*/")),
    names: Names::Keys,
    words: "false for in null true",
    ..PLAIN
};
const HTML: Writing = Writing { block: Some(("<!--", "-->")), names: Names::Tags, short: "\"", ..PLAIN };
const JSON: Writing = Writing { short: "\"", names: Names::Keys, words: "false null true", ..SLASHES };
const RUBY: Writing = Writing {
    line: &["#"],
    apart: true,
    words: "and begin break case class def do else elsif end ensure false for if in module next nil not or private require rescue \
            return self super then true undef unless until when while yield",
    ..PLAIN
};
const PHP: Writing = Writing {
    line: &["//", "#"],
    words: "abstract array as break case catch class const continue default do echo else elseif extends false final finally fn for \
            foreach function if implements interface match namespace new null private protected public readonly return static \
            switch this throw trait true try use var while",
    ..SLASHES
};
const SQL: Writing = Writing {
    line: &["--"],
    block: Some(("/*", "*/")),
    words: "add all alter and as asc between by case check column create default delete desc distinct drop else end exists false \
            foreign from full group having if in index inner insert into is join key left like limit not null on or order outer \
            primary references right select set table then true union unique update values view when where with",
    any_case: true,
    ..PLAIN
};
const YAML: Writing =
    Writing { line: &["#"], apart: true, names: Names::Keys, words: "false null true", ..PLAIN };
const TOML: Writing =
    Writing { line: &["#"], long: &["\"\"\"", "'''"], names: Names::Keys, words: "false true", ..PLAIN };

/// How the language of this name or alias is written; `None` where it is not known.
pub(super) fn of(name: &str) -> Option<&'static Writing> {
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
