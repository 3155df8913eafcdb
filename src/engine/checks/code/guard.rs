//! Refuses texts that are known to crash a grammar, before they are parsed.
//!
//! Scanners written in C can write out of bounds, and an abort cannot be caught within a process. These
//! guards refuse slightly too much rather than too little. They complement the worker process, which isolates
//! crashes.

use crate::model::{Language, Reason};

/// Reason and message why a text was not parsed or not searched completely.
pub type ParseRefusal = (Reason, String);

/// Maximum number of lines of a YAML file. tree-sitter-yaml stores rows in 16 bits, so a longer file would
/// parse as one error.
const MAX_YAML_LINES: usize = 32_000;
/// Maximum column of indicators up to which a YAML file is always safe. tree-sitter-yaml aborts at about 256
/// open blocks. A nested block starts at a greater column than its parent, or at the same one (a sequence in
/// a mapping). Without an indicator after this column, that number cannot be reached.
const YAML_SAFE_COLUMN: usize = 100;
/// Maximum number of open YAML blocks once an indicator exceeds that column.
const MAX_YAML_BLOCKS: usize = 100;
/// Maximum nesting of brackets in YAML flow style.
const MAX_YAML_FLOW: usize = 500;
/// Maximum nesting of string templates in Kotlin. tree-sitter-kotlin aborts at about 510.
const MAX_KOTLIN_NESTING: usize = 200;
/// Maximum number of templates in one Kotlin file, since nesting is counted without parsing strings.
const MAX_KOTLIN_TEMPLATES: usize = 4_000;

/// Refuses a text that may crash the grammar of `language`.
///
/// # Errors
/// The reason and message for "cannot tell".
pub fn check_parse_safety(language: Language, text: &str) -> Result<(), ParseRefusal> {
    match language {
        Language::Yaml => check_yaml(text),
        Language::Kotlin => check_kotlin(text),
        _ => Ok(()),
    }
}

fn too_deep(language: &str) -> ParseRefusal {
    (Reason::TooDeep, format!("nested too deeply for the {language} grammar"))
}

fn check_yaml(text: &str) -> Result<(), ParseRefusal> {
    let mut count = 0;
    let (mut open, mut flow): (Vec<usize>, usize) = (Vec::new(), 0);
    let mut deep = false;
    for line in text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        count += 1;
        if count > MAX_YAML_LINES {
            let detail = format!("more than {MAX_YAML_LINES} lines, which is too long for the YAML grammar");
            return Err((Reason::TooBig, detail));
        }
        let bytes = line.as_bytes();
        let indent = bytes.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        if indent == bytes.len() {
            continue;
        }
        while open.last().is_some_and(|&column| column >= indent) {
            open.pop();
        }
        open.push(indent);
        for (column, byte) in bytes.iter().enumerate().skip(indent) {
            match byte {
                b'-' | b'?' | b':' if matches!(bytes.get(column + 1), None | Some(b' ' | b'\t')) => {
                    deep |= column >= YAML_SAFE_COLUMN;
                    open.push(column);
                }
                b'[' | b'{' => flow += 1,
                b']' | b'}' => flow = flow.saturating_sub(1),
                _ => {}
            }
        }
        deep |= indent >= YAML_SAFE_COLUMN;
        if (deep && open.len() > MAX_YAML_BLOCKS) || flow > MAX_YAML_FLOW {
            return Err(too_deep("YAML"));
        }
    }
    Ok(())
}

fn check_kotlin(text: &str) -> Result<(), ParseRefusal> {
    let (mut depth, mut all) = (0usize, 0usize);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'$' if bytes.peek() == Some(&b'{') => {
                depth += 1;
                all += 1;
                if depth > MAX_KOTLIN_NESTING || all > MAX_KOTLIN_TEMPLATES {
                    return Err(too_deep("Kotlin"));
                }
            }
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_crash_their_grammar_are_refused() {
        let stairs: String = (0..400).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        let returns: String = (0..400).map(|n| format!("{}a:\r", " ".repeat(n))).collect();
        let steps: String = (0..110).map(|n| format!("{}- - - a:\n", " ".repeat(n * 7))).collect();
        for text in [
            "- ".repeat(300),
            "? ".repeat(5000),
            ": ".repeat(300),
            format!("> {}", "? ".repeat(600)),
            format!("\"a\": a : {}", "? ".repeat(300)),
            format!("image: a:latest\n---\n{}", ": ".repeat(300)),
            stairs,
            returns,
            steps,
            "x\n".repeat(33_000),
            "x\r".repeat(33_000),
            "[".repeat(2000),
        ] {
            assert!(check_parse_safety(Language::Yaml, &text).is_err(), "{text:.40}");
        }
        assert!(check_parse_safety(Language::Kotlin, &"\"${".repeat(520)).is_err());
        assert!(
            check_parse_safety(Language::Kotlin, &format!("{}{}", "\"${".repeat(700), "}\"".repeat(700)))
                .is_err()
        );
    }

    #[test]
    fn ordinary_texts_are_accepted() {
        let long = format!("description: {}\n", "a: b - c ? d ".repeat(7));
        let many: String = (0..3000).map(|n| format!("- name: x{n}\n  run: [a, {{b: c}}]\n")).collect();
        for text in ["a:\n  - b: [1, 2]\n    c: {d: e}\n", &long, &many, &"- ".repeat(40)] {
            assert_eq!(check_parse_safety(Language::Yaml, text), Ok(()), "{text:.40}");
        }
        assert_eq!(check_parse_safety(Language::Kotlin, &"val a = \"${b}\"\n".repeat(1000)), Ok(()));
        assert_eq!(check_parse_safety(Language::Rust, &"(".repeat(1000)), Ok(()));
    }
}
