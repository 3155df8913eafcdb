//! The starter guidelines: the folder `rules/`, built into the program.

use include_dir::{Dir, DirEntry, include_dir};

static RULES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Returns the starter guidelines, sorted by name: path relative to `rules/` (`namespace/slug.md`) and text.
/// Skips files that are not Markdown, and `README.md` in upper or lower case.
#[must_use]
pub fn starter_guidelines() -> Vec<(&'static str, &'static str)> {
    let mut all = Vec::new();
    collect_guidelines(&RULES, &mut all);
    all.sort_unstable();
    all
}

fn collect_guidelines(directory: &Dir<'static>, all: &mut Vec<(&'static str, &'static str)>) {
    for entry in directory.entries() {
        match entry {
            DirEntry::Dir(directory) => collect_guidelines(directory, all),
            DirEntry::File(file) => {
                let name = file.path().to_str().unwrap_or("");
                let last = name.rsplit_once('/').map_or(name, |(_, last)| last);
                let markdown = file.path().extension().is_some_and(|it| it.eq_ignore_ascii_case("md"));
                let is_guideline = markdown && !last.eq_ignore_ascii_case("README.md");
                if let (true, Some(text)) = (is_guideline, file.contents_utf8()) {
                    all.push((name, text));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{collect_advice, parse_guideline};
    use crate::model::Origin;

    #[test]
    fn starter_guidelines_are_valid_and_their_paths_match_their_ids() {
        for (name, text) in starter_guidelines() {
            let guideline = parse_guideline(name, text, Origin::Starter, &|_| None)
                .unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
            assert_eq!(format!("{}.md", guideline.id), name);
            let messages: Vec<_> =
                collect_advice(&guideline).into_iter().map(|problem| problem.message).collect();
            assert_eq!(messages, Vec::<String>::new(), "{name}");
        }
    }
}
