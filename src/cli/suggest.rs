//! "Did you mean": names similar to a mistyped one.

/// Returns at most three of `names` that are similar to `typed`, most similar first.
pub(super) fn similar_names<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut rated: Vec<(usize, &str)> = names
        .map(|name| {
            let slug = name.split_once('/').map_or(name, |parts| parts.1);
            let whole = strsim::damerau_levenshtein(typed, name);
            let part = strsim::damerau_levenshtein(typed, slug);
            let contains_typed = typed.len() >= 3 && name.contains(typed);
            (if contains_typed { 0 } else { whole.min(part) }, name)
        })
        .filter(|(distance, _)| *distance <= (typed.chars().count() / 3).max(2))
        .collect();
    rated.sort_unstable();
    rated.into_iter().take(3).map(|(_, name)| format!("`{name}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found() {
        let names = ["resilience/http-timeouts", "teams/code-owners", "secrets/no-private-keys"];
        for (typed, expected) in [
            ("resilience/http-timeuots", &["`resilience/http-timeouts`"][..]),
            ("http-timeout", &["`resilience/http-timeouts`"]),
            ("owners", &["`teams/code-owners`"]),
            ("zzzzzz", &[]),
        ] {
            assert_eq!(similar_names(typed, names.into_iter()), expected, "{typed}");
        }
    }
}
