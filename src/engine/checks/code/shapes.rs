//! Facts about languages that no table of a grammar can say; each is true of every tree without errors.

use crate::model::Language;

/// Where nodes of a kind stand: an expression for everything from a keyword before them to the node's
/// own part `piece` (an expression, which ends with `begins`, the beginning of a direct child), in the same
/// file. `None` when nothing is known.
#[must_use]
pub fn reach(language: Language, kind: &str, piece: &str, begins: &str) -> Option<String> {
    if language == Language::Python && kind == "except_clause" {
        // A clause begins a line, and the child stands before its colon, unless something that may hold
        // another colon comes first.
        let hard = r#"(?:[\[{"'\x23]|\blambda\b)"#;
        return Some(format!(r"\n{INDENT}except\b[^:]*?(?:(?:\b|[^0-9A-Za-z_]){begins}|{hard})"));
    }
    if language != Language::Python || !matches!(kind, "default_parameter" | "typed_default_parameter") {
        return None;
    }
    // Parameters stand between the brackets behind `def` and between `lambda` and its colon. What is
    // hard to read there (brackets in brackets, strings with escapes or insertions, type parameters)
    // counts as if the piece were there.
    let plain = r#"[^()"'\x23]"#;
    let simple = r#"\([^()"'\x23]*\)|"[^"\\\n]*"|'[^'\\\n]*'|\x23[^\n]*"#;
    let hard = r#"\([^()"'\x23]*[("'\x23]|"[^"\n]*\\|'[^'\n]*\\|"""|'''|[fFtT][rRbB]?["']"#;
    let behind_def = format!(r"\bdef\b[^(\[\x23]*(?:[\[\x23]|\((?:{plain}|{simple})*?(?:{piece}|{hard}))");
    let behind_lambda = r#"\blambda\b[^"'\x23(\[{:]*["'\x23(\[{]"#;
    Some(format!("(?:{behind_def}|{behind_lambda})"))
}

/// What may stand between the beginning of a line and its first word.
const INDENT: &str = r"[\x00-\x20\x7f-\xff\\]*";

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
        file: (format!(r"(?-u)\n{INDENT}except\b"), format!("(?-u){INDENT}{unless}")),
    })
}
