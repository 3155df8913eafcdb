//! Refusing what is known to abort a grammar, before it is parsed.
//!
//! Scanners written in C can write out of bounds, and an abort cannot be caught in this process
//! (GUARANTEES M4, M6). These guards refuse a little too much rather than too little; the worker
//! process will make them a second line of defence.

use crate::model::{Language, Reason};

/// Why a text was not parsed or not searched to the end.
pub type Refusal = (Reason, String);

/// tree-sitter-yaml keeps rows in 16 bits: a longer file parses as one error.
const YAML_LINES: usize = 32_000;
/// tree-sitter-yaml aborts at about 256 open blocks. Each block starts at a greater column than the
/// one around it, or (a sequence in a mapping) at the same one: without an indicator behind this
/// column there cannot be so many.
const YAML_SAFE_COLUMN: usize = 100;
/// Most blocks that may be open at once where a line is longer than that.
const YAML_BLOCKS: usize = 100;
/// Most open brackets of flow style.
const YAML_FLOW: usize = 500;
/// tree-sitter-kotlin aborts at about 510 nested templates in strings.
const KOTLIN_NESTED: usize = 200;
/// Most templates in one Kotlin file: nesting is counted without understanding strings.
const KOTLIN_TEMPLATES: usize = 4_000;

/// Refuses a text that the grammar of `language` may not survive.
///
/// # Errors
/// The reason, for "cannot tell".
pub fn guard(language: Language, text: &str) -> Result<(), Refusal> {
    match language {
        Language::Yaml => yaml(text),
        Language::Kotlin => kotlin(text),
        _ => Ok(()),
    }
}

fn too_deep(language: &str) -> Refusal {
    (Reason::TooDeep, format!("nested more deeply than the {language} grammar survives"))
}

fn yaml(text: &str) -> Result<(), Refusal> {
    let mut count = 0;
    let (mut open, mut flow): (Vec<usize>, usize) = (Vec::new(), 0);
    let mut deep = false;
    for line in text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        count += 1;
        if count > YAML_LINES {
            let detail = format!("more than {YAML_LINES} lines: the YAML grammar would not see them all");
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
        if (deep && open.len() > YAML_BLOCKS) || flow > YAML_FLOW {
            return Err(too_deep("YAML"));
        }
    }
    Ok(())
}

fn kotlin(text: &str) -> Result<(), Refusal> {
    let (mut depth, mut all) = (0usize, 0usize);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'$' if bytes.peek() == Some(&b'{') => {
                depth += 1;
                all += 1;
                if depth > KOTLIN_NESTED || all > KOTLIN_TEMPLATES {
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
    fn texts_that_kill_their_grammar_are_refused() {
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
            assert!(guard(Language::Yaml, &text).is_err(), "{text:.40}");
        }
        assert!(guard(Language::Kotlin, &"\"${".repeat(520)).is_err());
        assert!(guard(Language::Kotlin, &format!("{}{}", "\"${".repeat(700), "}\"".repeat(700))).is_err());
    }

    #[test]
    fn ordinary_texts_are_not() {
        let long = format!("description: {}\n", "a: b - c ? d ".repeat(7));
        let many: String = (0..3000).map(|n| format!("- name: x{n}\n  run: [a, {{b: c}}]\n")).collect();
        for text in ["a:\n  - b: [1, 2]\n    c: {d: e}\n", &long, &many, &"- ".repeat(40)] {
            assert_eq!(guard(Language::Yaml, text), Ok(()), "{text:.40}");
        }
        assert_eq!(guard(Language::Kotlin, &"val a = \"${b}\"\n".repeat(1000)), Ok(()));
        assert_eq!(guard(Language::Rust, &"(".repeat(1000)), Ok(()));
    }
}
