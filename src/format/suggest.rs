//! "Did you mean": finds the known word that is nearest to an unknown one.

/// Returns the candidate nearest to `word`, if one is near enough.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = normalize(word);
    let longest = word.chars().count();
    if longest > 64 {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&plain, &normalize(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= max_distance(longest.min(candidate.chars().count())))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Largest edit distance at which a word of `len` characters still counts as similar.
fn max_distance(len: usize) -> usize {
    match len {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        _ => 3,
    }
}

/// Removes differences in case and separators, which are the most common typing mistakes.
fn normalize(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect()
}

/// Returns "did you mean `x`?" for the nearest candidate, if one is near enough.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(word, candidates).map(|nearest| format!("did you mean `{nearest}`?"))
}

/// Formats words as "`a`, `b` or `c`".
pub(super) fn quoted_list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_words_are_found_and_others_are_not() {
        let words = ["pattern", "kind", "nthChild", "stopBy", "files"];
        for (word, expected) in [
            ("patern", Some("pattern")),
            ("PATTERN", Some("pattern")),
            ("nth-child", Some("nthChild")),
            ("stop_by", Some("stopBy")),
            ("file", Some("files")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, words), expected, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(10_000), words), None);
    }

    #[test]
    fn lists_read_like_a_sentence() {
        assert_eq!(quoted_list(&["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(quoted_list(&["a"]), "`a`");
    }
}
