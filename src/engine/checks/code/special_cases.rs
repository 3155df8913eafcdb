//! Facts about languages that no table of a grammar can say; each is true of every tree without errors.

use crate::model::Language;

/// A direct child that a rule asks for, as expressions over bytes.
pub struct Child<'a> {
    /// Its kinds, or its field (written `.field`).
    pub keys: &'a [String],
    /// How it begins; with the token before it and the one behind it, as far as they are known.
    pub piece: &'a str,
    /// How it begins.
    pub begins: &'a str,
    /// What may stand behind it, when it is a word that `begins` says whole.
    pub gap: Option<&'a str>,
}

/// Where nodes of a kind stand that have such a child: an expression for everything from a keyword to the
/// child's beginning, in the same file. `None` when nothing is known.
#[must_use]
pub fn reach(language: Language, kind: &str, child: &Child<'_>) -> Option<String> {
    use Language as L;
    let only = |known: &[&str]| child.keys.iter().all(|key| known.contains(&key.as_str()));
    match (language, kind) {
        (L::Python, "except_clause") if !child.keys.iter().any(|key| key == "block") => {
            Some(reach_except(child))
        }
        (L::Python, "default_parameter" | "typed_default_parameter") => Some(reach_parameter(child.piece)),
        (L::JavaScript | L::TypeScript | L::Tsx, "catch_clause") if only(&[".body", "statement_block"]) => {
            Some(reach_catch(child.begins))
        }
        _ => None,
    }
}

/// The body stands behind `catch` and what is caught; before `catch` ends the block of `try`, as it does not before
/// a method of that name. What is hard to read there counts as if it were there.
fn reach_catch(begins: &str) -> String {
    // A line may also end with U+2028 or U+2029.
    let line = r"(?://|<!--|-->)[^\n]*?[\r\n\xa8\xa9]";
    let gap = format!(r"(?:[\x00-\x20\x7f-\xff]|{line}|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*");
    // `<` and `-` may begin a comment, too.
    let plain = r#"[^(){}\[\]/"'`<-]*"#;
    let hard = r#"[/"'`\[(<-]"#;
    let caught = format!(r#"\({plain}(?:[({{\[/"'`}}\]<-]|\){plain}(?:{begins}|{hard}))"#);
    format!(r#"\}}{gap}catch\b{plain}(?:{begins}|[/"'`\[<-]|{caught})"#)
}

fn reach_parameter(piece: &str) -> String {
    // Parameters stand between the brackets behind `def` and between `lambda` and its colon. What is
    // hard to read there (brackets in brackets, strings with escapes or insertions, type parameters)
    // counts as if the piece were there.
    let plain = r#"[^()"'\x23]"#;
    let simple = r#"\([^()"'\x23]*\)|"[^"\\\n]*"|'[^'\\\n]*'|\x23[^\n]*"#;
    let hard = r#"\([^()"'\x23]*[("'\x23]|"[^"\n]*\\|'[^'\n]*\\|"""|'''|[fFtT][rRbB]?["']"#;
    let behind_def = format!(r"\bdef\b[^(\[\x23]*(?:[\[\x23]|\((?:{plain}|{simple})*?(?:{piece}|{hard}))");
    let behind_lambda = format!(r#"\blambda\b[^"'\x23(\[{{:]*?(?:{piece}|["'\x23(\[{{]|\blambda\b)"#);
    format!("(?:{behind_def}|{behind_lambda})")
}

/// An expression for the word behind the dot of a node of `kind`, when nothing but that word can stand there
/// and the node ends with it.
#[must_use]
pub fn last_word(language: Language, kind: &str) -> Option<&'static str> {
    use Language as L;
    match (language, kind) {
        (L::Python, "attribute") | (L::Go, "selector_expression") => Some(r"[0-9A-Za-z_\x80-\xff]+"),
        // `r#try`, and the numbers of a tuple's fields.
        (L::Rust, "field_expression") => Some(r"[0-9A-Za-z_\x23\x80-\xff]+"),
        // `#private`, `$`, and letters that are written as `\u{61}`.
        (L::JavaScript | L::TypeScript | L::Tsx, "member_expression") => {
            Some(r"[0-9A-Za-z_\x23\x24\x5c\x7b\x7d\x7f-\xff]+")
        }
        _ => None,
    }
}

/// A clause begins a line, and the child stands before its colon, unless something that may hold another colon
/// comes first. A child that is a word ends there: what `as` follows is another kind of node, and what stands
/// in brackets is no direct child.
fn reach_except(child: &Child<'_>) -> String {
    let begins = child.begins;
    let Some(gap) = child.gap else {
        let hard = r#"(?:[\[{"'\x23]|\blambda\b)"#;
        return format!(r"\n{INDENT}except\b(?:[^:]|:=)*?(?:(?:\b|[^0-9A-Za-z_]){begins}|{hard})");
    };
    let hard = r#"[\[{"'\x23]|\blambda\b"#;
    let space = r"[\x00-\x20\x7f-\xff\\]";
    // Brackets that hold something simple, and behind which the clause ends.
    let brackets = format!(
        r#"\([^()\[\]{{}}"'\x23:]*(?:[(\[\]{{}}"'\x23:]|\){space}*(?:[^\x00-\x20\x7f-\xff\\:a]|a[^s]|as[^:]*,))"#
    );
    format!(r"\n{INDENT}except\b[^:(]*?(?:(?:\b|[^0-9A-Za-z_:(]){begins}{gap}[:,]|{hard}|{brackets})")
}

/// A comment or a string: how one begins.
pub struct TextNode {
    /// An expression for what stands before a text in it, from its first byte on.
    pub begins: &'static str,
    /// Whether it is a string, which begins with a quote.
    pub is_string: bool,
}

/// How nodes of one of these kinds begin, when all are comments or all are strings.
#[must_use]
pub fn text_node(language: Language, kinds: &[&str]) -> Option<TextNode> {
    use Language as L;
    let all = |known: &[&str]| kinds.iter().all(|kind| known.contains(kind));
    let comment = match language {
        L::Python if all(&["comment"]) => Some(r"\x23[^\n]*?"),
        L::Rust | L::Java if all(&["line_comment"]) => Some(r"//[^\n]*?"),
        L::Go | L::JavaScript | L::TypeScript | L::Tsx if all(&["comment"]) => Some(SLASHES),
        // There a line ends not where a backslash stands before its end.
        L::C | L::Cpp if all(&["comment"]) => Some(r"(?://|/\*)[\x00-\xff]*?"),
        L::Rust | L::Java if all(&["line_comment", "block_comment"]) => Some(SLASHES),
        _ => None,
    };
    if let Some(begins) = comment {
        return Some(TextNode { begins, is_string: false });
    }
    // What is searched for may begin with the letter of an escape.
    let begins = match language {
        L::TypeScript if all(&["string"]) => r#"["'](?:[^\n\\]|\\(?:\r\n|[\x00-\xff]))*?\\?"#,
        L::Go if all(&["interpreted_string_literal"]) => r"\x22(?:[^\n\\]|\\[\x00-\xff])*?\\?",
        // Three quotes, or an insertion, may go on in the next line.
        L::Python if all(&["string"]) => {
            r#"(?:["'](?:[^\n\\]|\\(?:\r\n|[\x00-\xff]))*?(?:\\|\{[\x00-\xff]*?)?|(?:"""|''')[\x00-\xff]*?)"#
        }
        _ => return None,
    };
    Some(TextNode { begins, is_string: true })
}

/// The two kinds of comments of many languages.
const SLASHES: &str = r"(?://[^\n]*?|/\*[\x00-\xff]*?)";

/// What may stand between the beginning of a line and its first word.
const INDENT: &str = r"[\x00-\x09\x0b-\x20\x7f-\xff]*";

/// What to search for, and what its places must not begin with (expressions over bytes).
pub struct Shown {
    /// In the node's own text.
    pub node: (String, String),
    /// In the file.
    pub file: (String, String),
}

/// Texts of a node of `kind` that show that it has a child of one of the kinds in `without`, so that a
/// rule that asks for none cannot match: an expression for the beginning of the node.
#[must_use]
pub fn shows_child(language: Language, kind: &str, without: &[&str]) -> Option<Shown> {
    if language != Language::Python || kind != "except_clause" {
        return None;
    }
    let space = r"[\x20\t]*";
    let mut shown = Vec::new();
    // No keyword of Python is longer than five letters and begins with a capital.
    if without.contains(&"identifier") {
        shown.push(r"[A-Z]\w{5,}".to_owned());
    }
    if without.contains(&"attribute") {
        shown.push(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+".to_owned());
    }
    if without.contains(&"tuple") {
        shown.push(r"\([\s]*[\w.]+[\s]*,[\w.,\s]*\)".to_owned());
    }
    if shown.is_empty() {
        return None;
    }
    // `as` may make one node of both of its sides.
    let end = if without.contains(&"as_pattern") { r"(?::|as\b)" } else { ":" };
    let unless = format!("except{space}(?:{}){space}{end}", shown.join("|"));
    // In the file a clause begins a line: words in prose do not.
    Some(Shown {
        node: (r"(?-u)\bexcept\b".to_owned(), format!("(?-u){unless}")),
        file: (format!(r"(?-u)\n{INDENT}except\b"), format!(r"(?-u)\n{INDENT}{unless}")),
    })
}
