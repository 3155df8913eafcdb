//! The starter guidelines: `rules/`, built into the program.

use include_dir::{Dir, DirEntry, include_dir};

static RULES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The starter guidelines: name relative to `rules/` (`namespace/slug.md`) and text, in order of name.
/// Files that are not Markdown, and `README.md` (in any case), are left out.
#[must_use]
pub fn starter() -> Vec<(&'static str, &'static str)> {
    let mut all = Vec::new();
    collect(&RULES, &mut all);
    all.sort_unstable();
    all
}

fn collect(directory: &Dir<'static>, all: &mut Vec<(&'static str, &'static str)>) {
    for entry in directory.entries() {
        match entry {
            DirEntry::Dir(directory) => collect(directory, all),
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
    use crate::format::{advice, parse};
    use crate::model::Origin;

    #[test]
    fn starter_guidelines_are_sound_and_stand_where_their_id_says() {
        for (name, text) in starter() {
            let guideline = parse(name, text, Origin::Starter, &|_| None)
                .unwrap_or_else(|problems| panic!("{name}: {problems:#?}"));
            assert_eq!(format!("{}.md", guideline.id), name);
            let told: Vec<_> = advice(&guideline).into_iter().map(|problem| problem.message).collect();
            assert_eq!(told, Vec::<String>::new(), "{name}");
        }
    }
}
