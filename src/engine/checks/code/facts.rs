//! Facts derived from the grammars: the text that every node of a kind must contain, by language.
//!
//! `scripts/grammar-facts` generates the tables from each grammar's `grammar.json`. They hold for every tree
//! without errors. A missing kind or an empty column means that nothing is known. A few facts that the tables
//! cannot express are in [`super::special_cases`].

use crate::engine::prefilter::{DOLLAR_BORDER, LexicalSyntax};
use crate::model::Language;

/// Facts about one language.
#[derive(Clone, Copy)]
pub struct GrammarFacts {
    table: &'static str,
    /// Expression for the beginning of a comment between tokens; `None` if nothing is known about gaps.
    comment: Option<&'static str>,
    /// Whether a keyword always ends at a word boundary, because the lexer takes the longest word.
    keywords_end_at_boundary: bool,
    /// Whether a word of code always begins at a word boundary.
    words_begin_at_boundary: bool,
    /// Whether words may contain `$`.
    dollar_words: bool,
    /// Syntax by which comments and strings are recognised without parsing, if that is possible.
    pub lexical_syntax: Option<LexicalSyntax>,
}

/// Facts about one kind of node.
pub struct KindFacts {
    /// Clauses; the node contains at least one text of each clause.
    pub must: Vec<Vec<&'static str>>,
    /// Texts, one of which begins the node; empty if unknown.
    pub starts: Vec<&'static str>,
    /// Unnamed tokens that may be its children; `None` if there are others without fixed text.
    pub tokens: Option<Vec<&'static str>>,
    /// For a child of this kind (or in this field, written `.field`): tokens, one of which directly precedes
    /// it.
    before: Vec<(&'static str, Vec<&'static str>)>,
    /// Pairs of tokens, one of which begins the node; empty if unknown.
    pub opens: Vec<(&'static str, &'static str)>,
    /// For a child of this kind (or in this field): tokens, one of which directly follows it.
    after: Vec<(&'static str, Vec<&'static str>)>,
}

/// Keywords that never directly follow a number (unlike `1if`, `0xfor` and `0async for`, which are valid in
/// Python).
const KEYWORDS_AFTER_BOUNDARY: &[&str] = &[
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

/// Kinds of leaves that the lexer treats as words.
const WORD_KINDS: &[&str] = &[
    "identifier",
    "property_identifier",
    "field_identifier",
    "type_identifier",
    "package_identifier",
    "shorthand_property_identifier",
    "namespace_identifier",
    "statement_identifier",
];

impl GrammarFacts {
    /// Returns the facts about `language`, if there are any.
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
        let words_begin_at_boundary =
            matches!(language, L::Go | L::JavaScript | L::Python | L::Rust | L::Tsx | L::TypeScript);
        let keywords_end_at_boundary = words_begin_at_boundary || matches!(language, L::Java | L::C | L::Cpp);
        let dollar_words = matches!(language, L::JavaScript | L::Tsx | L::TypeScript);
        let lexical_syntax = match language {
            L::Go => Some(LexicalSyntax::Go),
            L::Rust => Some(LexicalSyntax::Rust),
            _ => None,
        };
        Some(Self {
            table,
            comment,
            keywords_end_at_boundary,
            words_begin_at_boundary,
            dollar_words,
            lexical_syntax,
        })
    }

    /// Returns the facts about a kind of named node.
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
        let after = groups(column()).filter_map(|group| Some((*group.first()?, group[1..].to_vec())));
        let after = after.collect();
        Some(KindFacts { must, starts, tokens, before, opens, after })
    }

    fn line(&self, key: &str) -> Option<&'static str> {
        self.table
            .split('\n')
            .find(|line| line.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('\t')))
    }

    /// Whether the text of an unnamed node called `token` always equals its name.
    #[must_use]
    pub fn has_fixed_spelling(&self, token: &str) -> bool {
        let unspelled = self.line("!").unwrap_or_default();
        // The end of the file may be a token with a name but without text.
        // A name of two words may be a token for either of them.
        let readable =
            !token.is_empty() && !token.bytes().any(|byte| byte.is_ascii_control() || byte == b' ');
        readable && !unspelled.split(['\t', ' ']).skip(1).any(|other| other == token)
    }

    /// Returns an expression over bytes for the gap between two adjacent tokens: white space, comments, and
    /// any of `skipped`. After the start of a comment, anything may follow.
    #[must_use]
    pub fn gap_expression(&self, skipped: &[&str]) -> Option<String> {
        let comment = self.comment?;
        let mut one = r"[\x00-\x20\x7f-\xff\\]".to_owned();
        for token in skipped {
            one.push('|');
            one.push_str(&super::pattern_tokens::escape_bytes(token));
        }
        Some(format!(r"(?:{one})*(?:(?:{comment})[\x00-\xff]*?)?"))
    }

    /// Returns an expression over bytes for a token with a fixed spelling.
    #[must_use]
    pub fn token_expression(&self, token: &str) -> String {
        let text = super::pattern_tokens::escape_bytes(token);
        let word = token.bytes().all(|byte| byte.is_ascii_alphabetic());
        let left = if word && self.words_begin_at_boundary && KEYWORDS_AFTER_BOUNDARY.contains(&token) {
            r"\b"
        } else {
            ""
        };
        let right = if word && self.keywords_end_at_boundary { r"\b" } else { "" };
        format!("{left}{text}{right}")
    }

    /// Returns `text` with a stricter left border, if the expression begins with a word and words of the
    /// language may contain `$`, which `\b` does not treat as a letter.
    #[must_use]
    pub fn with_left_border(&self, text: &str) -> String {
        match text.strip_prefix(r"\b") {
            Some(rest) if self.dollar_words => format!("{DOLLAR_BORDER}{rest}"),
            _ => text.to_owned(),
        }
    }

    /// Returns an expression over bytes for a leaf of `kind` with this text. In macro arguments (`loose`), a
    /// word may directly follow a number.
    #[must_use]
    pub fn leaf_expression(&self, kind: &str, text: &str, loose: bool) -> String {
        let edge = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        let word = WORD_KINDS.contains(&kind);
        let begins = word && self.words_begin_at_boundary && !loose && edge(text.as_bytes().first());
        let left = if begins { r"\b" } else { "" };
        let right =
            if word && self.keywords_end_at_boundary && edge(text.as_bytes().last()) { r"\b" } else { "" };
        format!("{left}{}{right}", super::pattern_tokens::escape_bytes(text))
    }

    /// Whether a token is never part of a comment or string, and never begins or ends one.
    #[must_use]
    pub fn is_code_token(token: &str) -> bool {
        !token.contains(['"', '`', '\\']) && !["//", "/*", "*/"].contains(&token)
    }

    /// Whether nodes of `kind` are never comments or strings, nor inside of one.
    #[must_use]
    pub fn is_code_kind(kind: &str) -> bool {
        const TEXTS: [&str; 9] =
            ["comment", "string", "escape", "doc", "content", "fragment", "char", "rune", "raw"];
        !TEXTS.iter().any(|text| kind.contains(text))
    }

    /// Whether leaves of `kind` are words of code.
    #[must_use]
    pub fn is_word_kind(kind: &str) -> bool {
        WORD_KINDS.contains(&kind)
    }

    /// Whether a leaf of `kind` always ends at a word boundary.
    #[must_use]
    pub fn leaf_ends_at_word_boundary(&self, kind: &str) -> bool {
        self.keywords_end_at_boundary && WORD_KINDS.contains(&kind)
    }
}

impl KindFacts {
    /// Returns the tokens, one of which directly precedes a child of this kind or in this `.field`.
    #[must_use]
    pub fn before(&self, child: &str) -> Option<&[&'static str]> {
        self.before.iter().find(|(key, _)| *key == child).map(|(_, tokens)| tokens.as_slice())
    }

    /// Returns the tokens, one of which directly follows a child of this kind or in this `.field`.
    #[must_use]
    pub fn after(&self, child: &str) -> Option<&[&'static str]> {
        self.after.iter().find(|(key, _)| *key == child).map(|(_, tokens)| tokens.as_slice())
    }
}
