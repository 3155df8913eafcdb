//! Quoting of words in commands that readers may copy into a shell.

/// Quotes `text` so that a shell reads one word, and a program does not read it as an option.
/// The result is not escaped for a terminal.
#[must_use]
pub fn quote_for_shell(text: &str) -> String {
    let text = if text.starts_with('-') { format!("./{text}") } else { text.to_owned() };
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@%,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_for_a_shell() {
        for (path, expected) in [
            ("a/b.c", "a/b.c"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("$(x)", "'$(x)'"),
            ("-x", "./-x"),
            ("src/**", "'src/**'"),
        ] {
            assert_eq!(quote_for_shell(path), expected);
        }
    }
}
