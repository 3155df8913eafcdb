//! Facts about languages that the grammar tables cannot express; each holds for every tree without errors.

use crate::model::Language;

/// A direct child that a rule requires, as expressions over bytes.
pub struct RequiredChild<'a> {
    /// Its kinds, or its field (written `.field`).
    pub keys: &'a [String],
    /// Expression for its beginning, with the tokens before and after it as far as they are known.
    pub piece: &'a str,
    /// Expression for its beginning.
    pub begins: &'a str,
    /// Expression for the gap after it, if it is a word that `begins` matches completely.
    pub gap: Option<&'a str>,
}

/// Returns an expression for the text of a file from the keyword of a node of `kind` to the beginning of such
/// a child; `None` if unknown.
#[must_use]
pub fn expression_up_to_child(language: Language, kind: &str, child: &RequiredChild<'_>) -> Option<String> {
    use Language as L;
    let only = |known: &[&str]| child.keys.iter().all(|key| known.contains(&key.as_str()));
    match (language, kind) {
        (L::Python, "except_clause") if !child.keys.iter().any(|key| key == "block") => {
            Some(except_expression(child))
        }
        (L::Python, "default_parameter" | "typed_default_parameter") => {
            Some(parameter_expression(child.piece))
        }
        (L::JavaScript | L::TypeScript | L::Tsx, "catch_clause") if only(&[".body", "statement_block"]) => {
            Some(catch_expression(child.begins))
        }
        _ => None,
    }
}

/// Expression for a `catch` clause. The body follows `catch` and its parameter. The block of `try` ends
/// before `catch`, which distinguishes it from a method of that name. Text that is hard to analyze counts as
/// a match.
fn catch_expression(begins: &str) -> String {
    // A line may also end with U+2028 or U+2029.
    let line = r"(?://|<!--|-->)[^\n]*?[\r\n\xa8\xa9]";
    let gap = format!(r"(?:[\x00-\x20\x7f-\xff]|{line}|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*");
    // `<` and `-` may also begin a comment.
    let plain = r#"[^(){}\[\]/"'`<-]*"#;
    let hard = r#"[/"'`\[(<-]"#;
    let caught = format!(r#"\({plain}(?:[({{\[/"'`}}\]<-]|\){plain}(?:{begins}|{hard}))"#);
    format!(r#"\}}{gap}catch\b{plain}(?:{begins}|[/"'`\[<-]|{caught})"#)
}

fn parameter_expression(piece: &str) -> String {
    // Parameters are between the parentheses after `def`, and between `lambda` and its colon. Text that is
    // hard to analyze there (nested brackets, strings with escapes or interpolation, type parameters) counts
    // as a match.
    let plain = r#"[^()"'\x23]"#;
    let simple = r#"\([^()"'\x23]*\)|"[^"\\\n]*"|'[^'\\\n]*'|\x23[^\n]*"#;
    let hard = r#"\([^()"'\x23]*[("'\x23]|"[^"\n]*\\|'[^'\n]*\\|"""|'''|[fFtT][rRbB]?["']"#;
    let after_def = format!(r"\bdef\b[^(\[\x23]*(?:[\[\x23]|\((?:{plain}|{simple})*?(?:{piece}|{hard}))");
    let after_lambda = format!(r#"\blambda\b[^"'\x23(\[{{:]*?(?:{piece}|["'\x23(\[{{]|\blambda\b)"#);
    format!("(?:{after_def}|{after_lambda})")
}

/// Returns an expression for the word after the dot of a node of `kind`, if only a word can follow and the
/// node ends with it.
#[must_use]
pub fn member_name_expression(language: Language, kind: &str) -> Option<&'static str> {
    use Language as L;
    match (language, kind) {
        (L::Python, "attribute") | (L::Go, "selector_expression") => Some(r"[0-9A-Za-z_\x80-\xff]+"),
        // Includes `r#try` and the numbers of tuple fields.
        (L::Rust, "field_expression") => Some(r"[0-9A-Za-z_\x23\x80-\xff]+"),
        // Includes `#private`, `$`, and letters that are written as `\u{61}`.
        (L::JavaScript | L::TypeScript | L::Tsx, "member_expression") => {
            Some(r"[0-9A-Za-z_\x23\x24\x5c\x7b\x7d\x7f-\xff]+")
        }
        _ => None,
    }
}

/// Expression for an `except` clause. The clause begins a line, and the child precedes its colon, unless text
/// that may contain another colon comes first. A child that is a word must be complete: before `as` it
/// belongs to another kind of node, and in brackets it is not a direct child.
fn except_expression(child: &RequiredChild<'_>) -> String {
    let begins = child.begins;
    let Some(gap) = child.gap else {
        let hard = r#"(?:[\[{"'\x23]|\blambda\b)"#;
        return format!(r"\n{INDENT}except\b(?:[^:]|:=)*?(?:(?:\b|[^0-9A-Za-z_]){begins}|{hard})");
    };
    let hard = r#"[\[{"'\x23]|\blambda\b"#;
    let space = r"[\x00-\x20\x7f-\xff\\]";
    // Brackets with simple content, followed by the end of the clause.
    let brackets = format!(
        r#"\([^()\[\]{{}}"'\x23:]*(?:[(\[\]{{}}"'\x23:]|\){space}*(?:[^\x00-\x20\x7f-\xff\\:a]|a[^s]|as[^:]*,))"#
    );
    format!(r"\n{INDENT}except\b[^:(]*?(?:(?:\b|[^0-9A-Za-z_:(]){begins}{gap}[:,]|{hard}|{brackets})")
}

/// Syntax of a comment or string.
pub struct TextNodeSyntax {
    /// Expression for everything from the first byte of the node to a text in it.
    pub begins: &'static str,
    /// Whether it is a string, which begins with a quote.
    pub is_string: bool,
}

/// Returns the syntax of nodes of these kinds if all of them are comments or all are strings.
#[must_use]
pub fn text_node_syntax(language: Language, kinds: &[&str]) -> Option<TextNodeSyntax> {
    use Language as L;
    let all = |known: &[&str]| kinds.iter().all(|kind| known.contains(kind));
    let comment = match language {
        L::Python if all(&["comment"]) => Some(r"\x23[^\n]*?"),
        L::Rust | L::Java if all(&["line_comment"]) => Some(r"//[^\n]*?"),
        L::Go | L::JavaScript | L::TypeScript | L::Tsx if all(&["comment"]) => Some(SLASHES),
        // In C, a backslash at the end of a line continues the comment.
        L::C | L::Cpp if all(&["comment"]) => Some(r"(?://|/\*)[\x00-\xff]*?"),
        L::Rust | L::Java if all(&["line_comment", "block_comment"]) => Some(SLASHES),
        _ => None,
    };
    if let Some(begins) = comment {
        return Some(TextNodeSyntax { begins, is_string: false });
    }
    // The searched text may begin with the letter of an escape sequence.
    let begins = match language {
        L::TypeScript if all(&["string"]) => r#"["'](?:[^\n\\]|\\(?:\r\n|[\x00-\xff]))*?\\?"#,
        L::Go if all(&["interpreted_string_literal"]) => r"\x22(?:[^\n\\]|\\[\x00-\xff])*?\\?",
        // Triple-quoted strings and interpolations may span lines.
        L::Python if all(&["string"]) => {
            r#"(?:["'](?:[^\n\\]|\\(?:\r\n|[\x00-\xff]))*?(?:\\|\{[\x00-\xff]*?)?|(?:"""|''')[\x00-\xff]*?)"#
        }
        _ => return None,
    };
    Some(TextNodeSyntax { begins, is_string: true })
}

/// Line and block comments of many languages.
const SLASHES: &str = r"(?://[^\n]*?|/\*[\x00-\xff]*?)";

/// Text between the beginning of a line and its first word.
const INDENT: &str = r"[\x00-\x09\x0b-\x20\x7f-\xff]*";

/// Pairs of expressions over bytes: the first to search for, the second excludes matches at whose start it
/// matches.
pub struct ExclusionExpressions {
    /// For the text of the node.
    pub node: (String, String),
    /// For the text of the file.
    pub file: (String, String),
}

/// Returns expressions for nodes of `kind` whose beginning shows a child of a kind in `without`. A rule that
/// excludes such children cannot match there.
#[must_use]
pub fn expressions_showing_child(
    language: Language,
    kind: &str,
    without: &[&str],
) -> Option<ExclusionExpressions> {
    if language != Language::Python || kind != "except_clause" {
        return None;
    }
    let space = r"[\x20\t]*";
    let mut shown = Vec::new();
    // Python has no keyword of more than five letters that begins with a capital letter.
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
    // `as` may combine both of its sides into one node.
    let end = if without.contains(&"as_pattern") { r"(?::|as\b)" } else { ":" };
    let unless = format!("except{space}(?:{}){space}{end}", shown.join("|"));
    // In the file, a clause begins a line, unlike a word in prose.
    Some(ExclusionExpressions {
        node: (r"(?-u)\bexcept\b".to_owned(), format!("(?-u){unless}")),
        file: (format!(r"(?-u)\n{INDENT}except\b"), format!(r"(?-u)\n{INDENT}{unless}")),
    })
}
