//! What every node of a kind must hold in its text, by language: read off the grammars.
//!
//! The tables are written by `scripts/grammar-facts` from each grammar's `grammar.json`. They hold for
//! every tree without errors; a kind that is missing, or a column that is empty, says nothing. A few
//! facts that no table can say are in [`super::shapes`].

use crate::engine::prefilter::{DOLLAR_BORDER, Lexis};
use crate::model::Language;

/// The facts of one language.
#[derive(Clone, Copy)]
pub struct Facts {
    table: &'static str,
    /// How a comment may begin where white space may stand; `None`: nothing is known about gaps.
    comment: Option<&'static str>,
    /// Whether a keyword ends where its last letter ends, because the lexer takes the longest word.
    keywords_end: bool,
    /// Whether a word of code never begins right behind another letter.
    words_begin: bool,
    /// Whether `$` is a letter.
    dollar_words: bool,
    /// How comments and strings are told from code without parsing, where that can be done.
    pub lexis: Option<Lexis>,
}

/// The facts of one kind of node.
pub struct KindFacts {
    /// Clauses: of each, at least one text occurs in the node.
    pub must: Vec<Vec<&'static str>>,
    /// The node begins with one of these, when there are any.
    pub starts: Vec<&'static str>,
    /// The unnamed tokens that may be its children; `None`: also texts that nobody knows.
    pub tokens: Option<Vec<&'static str>>,
    /// Before a child of this kind (or in this field, written `.field`) stands one of these tokens.
    before: Vec<(&'static str, Vec<&'static str>)>,
    /// The node begins with one of these pairs of tokens, when there are any.
    pub opens: Vec<(&'static str, &'static str)>,
    /// Behind a child of this kind (or in this field) stands one of these tokens.
    behind: Vec<(&'static str, Vec<&'static str>)>,
}

/// Keywords that never stand right behind a number (`1if`, `0xfor`, `0async for` are code in Python).
const LEADING: &[&str] = &[
    "assert",
    "await",
    "catch",
    "class",
    "const",
    "def",
    "defer",
    "del",
    "enum",
    "except",
    "finally",
    "fn",
    "func",
    "function",
    "global",
    "go",
    "goto",
    "impl",
    "import",
    "interface",
    "lambda",
    "let",
    "nonlocal",
    "package",
    "pass",
    "raise",
    "return",
    "select",
    "struct",
    "switch",
    "throw",
    "trait",
    "try",
    "unsafe",
    "while",
    "with",
    "yield",
];

/// Kinds of leaves that are lexed as words.
const WORDS: &[&str] = &[
    "identifier",
    "property_identifier",
    "field_identifier",
    "type_identifier",
    "package_identifier",
    "shorthand_property_identifier",
    "namespace_identifier",
    "statement_identifier",
];

impl Facts {
    /// The facts of `language`, as far as there are any.
    #[must_use]
    pub fn of(language: Language) -> Option<Self> {
        use Language as L;
        macro_rules! table {
            ($name:literal) => {
                include_str!(concat!("facts/", $name, ".txt"))
            };
        }
        let (table, comment) = match language {
            L::Bash => (table!("bash"), None),
            L::C => (table!("c"), Some("//|/\\*")),
            L::Cpp => (table!("cpp"), Some("//|/\\*")),
            L::CSharp => (table!("csharp"), Some("//|/\\*|\\x23")),
            L::Css => (table!("css"), Some("//|/\\*")),
            L::Go => (table!("go"), Some("//|/\\*")),
            L::Hcl => (table!("hcl"), Some("//|/\\*|\\x23")),
            L::Html => (table!("html"), None),
            L::Java => (table!("java"), Some("//|/\\*")),
            L::JavaScript => (table!("javascript"), Some("//|/\\*|<!--|-->")),
            L::Json => (table!("json"), Some("//|/\\*")),
            L::Kotlin => (table!("kotlin"), Some("//|/\\*")),
            L::Php => (table!("php"), Some("//|/\\*|\\x23|\\?>")),
            L::Python => (table!("python"), Some("\\x23")),
            L::Ruby => (table!("ruby"), None),
            L::Rust => (table!("rust"), Some("//|/\\*")),
            L::Toml => (table!("toml"), None),
            L::Tsx => (table!("tsx"), Some("//|/\\*|<!--|-->")),
            L::TypeScript => (table!("typescript"), Some("//|/\\*|<!--|-->")),
            L::Dockerfile | L::Markdown | L::Sql | L::Yaml => return None,
        };
        let words_begin =
            matches!(language, L::Go | L::JavaScript | L::Python | L::Rust | L::Tsx | L::TypeScript);
        let keywords_end = words_begin || matches!(language, L::Java | L::C | L::Cpp);
        let dollar_words = matches!(language, L::JavaScript | L::Tsx | L::TypeScript);
        let lexis = match language {
            L::Go => Some(Lexis::Go),
            L::Rust => Some(Lexis::Rust),
            _ => None,
        };
        Some(Self { table, comment, keywords_end, words_begin, dollar_words, lexis })
    }

    /// The facts of a kind of named node.
    #[must_use]
    pub fn kind(&self, kind: &str) -> Option<KindFacts> {
        let line = self.line(kind)?;
        let mut columns = line.split('\t').skip(1);
        let mut column = || columns.next().unwrap_or_default();
        let words = |text: &'static str| text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>();
        let groups = |text: &'static str| text.split("  ").filter(|part| !part.is_empty()).map(words);
        let must = groups(column()).collect();
        let starts = words(column());
        let tokens = match column() {
            "?" => None,
            text => Some(words(text)),
        };
        let mut before = Vec::new();
        for group in groups(column()) {
            let Some((key, tokens)) = group.split_first() else { continue };
            if key.starts_with('@') {
                let members =
                    self.line(key).into_iter().flat_map(|line| words(line[key.len()..].trim_start()));
                before.extend(members.map(|member| (member, tokens.to_vec())));
            } else {
                before.push((*key, tokens.to_vec()));
            }
        }
        let pairs = groups(column()).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
        let opens = pairs.collect();
        let behind = groups(column()).filter_map(|group| Some((*group.first()?, group[1..].to_vec())));
        let behind = behind.collect();
        Some(KindFacts { must, starts, tokens, before, opens, behind })
    }

    fn line(&self, key: &str) -> Option<&'static str> {
        self.table
            .split('\n')
            .find(|line| line.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('\t')))
    }

    /// Whether an unnamed node called `token` always reads so.
    #[must_use]
    pub fn is_spelled(&self, token: &str) -> bool {
        let unspelled = self.line("!").unwrap_or_default();
        // The end of a file may be a token too, with a name but no text.
        // Two words may be a token that stands for either of them.
        let readable =
            !token.is_empty() && !token.bytes().any(|byte| byte.is_ascii_control() || byte == b' ');
        readable && !unspelled.split(['\t', ' ']).skip(1).any(|other| other == token)
    }

    /// An expression over bytes for whatever may stand between two neighbouring tokens: white space,
    /// comments, and any of `skipped`. Behind the start of a comment anything may stand.
    #[must_use]
    pub fn gap(&self, skipped: &[&str]) -> Option<String> {
        let comment = self.comment?;
        let mut one = r"[\x00-\x20\x7f-\xff\\]".to_owned();
        for token in skipped {
            one.push('|');
            one.push_str(&super::sequence::escaped(token));
        }
        Some(format!(r"(?:{one})*(?:(?:{comment})[\x00-\xff]*?)?"))
    }

    /// An expression over bytes for a token with a fixed spelling.
    #[must_use]
    pub fn token(&self, token: &str) -> String {
        let text = super::sequence::escaped(token);
        let word = token.bytes().all(|byte| byte.is_ascii_alphabetic());
        let left = if word && self.words_begin && LEADING.contains(&token) { r"\b" } else { "" };
        let right = if word && self.keywords_end { r"\b" } else { "" };
        format!("{left}{text}{right}")
    }

    /// The expression `text` with a stricter beginning, when it begins with a word and words of the language
    /// may hold bytes that `\b` does not take for letters.
    #[must_use]
    pub fn bordered(&self, text: &str) -> String {
        match text.strip_prefix(r"\b") {
            Some(rest) if self.dollar_words => format!("{DOLLAR_BORDER}{rest}"),
            _ => text.to_owned(),
        }
    }

    /// An expression over bytes for a leaf of `kind` that reads `text`. Inside what a macro is given
    /// (`loose`), a word may stand right behind a number.
    #[must_use]
    pub fn leaf(&self, kind: &str, text: &str, loose: bool) -> String {
        let edge = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let word = WORDS.contains(&kind);
        let begins = word && self.words_begin && !loose && edge(text.as_bytes().first());
        let left = if begins { r"\b" } else { "" };
        let right = if word && self.keywords_end && edge(text.as_bytes().last()) { r"\b" } else { "" };
        format!("{left}{}{right}", super::sequence::escaped(text))
    }

    /// Whether a token cannot stand in a comment or a string, nor begin or end one.
    #[must_use]
    pub fn is_code(token: &str) -> bool {
        !token.contains(['"', '`', '\\']) && !["//", "/*", "*/"].contains(&token)
    }

    /// Whether nodes of `kind` never stand in a comment or a string, nor are one.
    #[must_use]
    pub fn is_of_code(kind: &str) -> bool {
        const TEXTS: [&str; 9] =
            ["comment", "string", "escape", "doc", "content", "fragment", "char", "rune", "raw"];
        !TEXTS.iter().any(|text| kind.contains(text))
    }

    /// Whether leaves of `kind` are words of code.
    #[must_use]
    pub fn is_word(kind: &str) -> bool {
        WORDS.contains(&kind)
    }

    /// Whether a leaf of `kind` ends where its last letter ends.
    #[must_use]
    pub fn leaf_ends(&self, kind: &str) -> bool {
        self.keywords_end && WORDS.contains(&kind)
    }
}

impl KindFacts {
    /// The tokens one of which stands right before a child of this kind, or in this `.field`.
    #[must_use]
    pub fn before(&self, child: &str) -> Option<&[&'static str]> {
        self.before.iter().find(|(key, _)| *key == child).map(|(_, tokens)| tokens.as_slice())
    }

    /// The tokens one of which stands right behind a child of this kind, or in this `.field`.
    #[must_use]
    pub fn behind(&self, child: &str) -> Option<&[&'static str]> {
        self.behind.iter().find(|(key, _)| *key == child).map(|(_, tokens)| tokens.as_slice())
    }
}
