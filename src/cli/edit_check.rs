//! Checks that a changed file is still valid: code parses, data can be loaded, and an inserted comment is a
//! comment.
//!
//! The parsers run in the child process, as for every assessment: the checks are expressed as a temporary
//! guideline.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::data::format_of;
use crate::engine::{self, MemoryTree, NoProgress};
use crate::model::{
    Applies, Check, CheckKind, CodeCheck, DataCheck, DataSchema, Guideline, GuidelineId, Language, Level,
    Origin, Outcome, RepoPath, Stage, language_of,
};

/// Files with their content.
pub(super) type FileContents = BTreeMap<RepoPath, Vec<u8>>;

/// Number of problems per file (parsing and loading), before and after a change.
pub(super) struct EditCheck {
    before: BTreeMap<RepoPath, usize>,
    after: BTreeMap<RepoPath, usize>,
}

impl EditCheck {
    /// Checks the files before and after the change, with the worker program or, without it, in this process.
    pub(super) fn new(old: &FileContents, new: &FileContents, worker: Option<&Path>) -> Self {
        Self { before: count_problems(old, worker), after: count_problems(new, worker) }
    }

    /// The reason why the change breaks the file at `path`; `None` if it does not.
    pub(super) fn problem_in(&self, path: &RepoPath) -> Option<String> {
        let (before, after) = (self.before.get(path).copied(), self.after.get(path).copied());
        let (before, after) = (before.unwrap_or(0), after.unwrap_or(0));
        (after > before).then(|| "the file would no longer parse".to_owned())
    }
}

/// Whether a comment begins in `line` of the file at `path` with this text, according to the grammar of its
/// language. Uses the worker program or, without it, this process. `None`: there is no grammar, or the check
/// was incomplete.
pub(super) fn is_comment(path: &RepoPath, text: &str, line: u32, worker: Option<&Path>) -> Option<bool> {
    let language = language_of(path.bytes()).filter(|language| *language != Language::Json)?;
    let files = BTreeMap::from([(path.clone(), text.as_bytes().to_vec())]);
    let outcome = run_checks(
        COMMENTS.iter().map(|kind| query_check(language, kind, &format!("({kind}) @finding"))),
        &files,
        worker,
    );
    let found = outcome?.findings;
    let is = found.iter().any(|finding| finding.start.line == line);
    // With more findings than the limit, the comment may be missing from the list.
    (is || found.len() < engine::MAX_FINDINGS).then_some(is)
}

/// Node kinds of comments in the grammars, <https://github.com/tree-sitter>; in Markdown a comment is an HTML
/// block.
const COMMENTS: [&str; 7] = [
    "comment",
    "line_comment",
    "block_comment",
    "multiline_comment",
    "js_comment",
    "marginalia",
    "html_block",
];

/// Runs the checks on the files; `None` if the assessment fails.
fn run_checks(
    checks: impl IntoIterator<Item = Check>,
    files: &FileContents,
    worker: Option<&Path>,
) -> Option<Outcome> {
    let tree = MemoryTree::new(files.clone());
    let options = engine::Options { worker: worker.map(Path::to_path_buf), ..engine::Options::default() };
    let guideline = Arc::new(temporary_guideline(checks.into_iter().collect()));
    engine::assess(&[guideline], &tree, &options, &NoProgress).ok().map(|assessed| assessed.outcome)
}

/// Counts the problems of each file that does not parse or load.
fn count_problems(files: &FileContents, worker: Option<&Path>) -> BTreeMap<RepoPath, usize> {
    let mut languages: Vec<Language> = files.keys().filter_map(|path| language_of(path.bytes())).collect();
    languages.sort();
    languages.dedup();
    let checks: Vec<Check> = languages.into_iter().flat_map(parse_checks).collect();
    // Only files of a data format can be loaded; other files have no problem.
    let is_data = |(path, _): &(&RepoPath, &Vec<u8>)| format_of(path.bytes()).is_some();
    let data: FileContents =
        files.iter().filter(is_data).map(|(path, content)| (path.clone(), content.clone())).collect();
    let mut problems = BTreeMap::new();
    for (checks, files) in [(checks, files), (vec![load_check()], &data)] {
        if !checks.is_empty()
            && !files.is_empty()
            && let Some(outcome) = run_checks(checks, files, worker)
        {
            count_by_path(&outcome, &mut problems);
        }
    }
    problems
}

fn count_by_path(outcome: &Outcome, problems: &mut BTreeMap<RepoPath, usize>) {
    for finding in &outcome.findings {
        *problems.entry(finding.path.clone()).or_default() += 1;
    }
    // A file that is too deep, too large or too slow to parse counts as a problem, too. A query that the
    // grammar does not support has no path and does not count.
    for unknown in &outcome.not_assessed {
        if let Some(path) = &unknown.path {
            *problems.entry(path.clone()).or_default() += 1;
        }
    }
}

/// Checks that code of a language parses. They find nothing if the grammar does not support the query.
fn parse_checks(language: Language) -> [Check; 2] {
    [
        query_check(language, "error", "(ERROR) @finding"),
        query_check(language, "missing", "(MISSING) @finding"),
    ]
}

/// A check with a tree-sitter query.
fn query_check(language: Language, id: &str, query: &str) -> Check {
    Check {
        id: format!("{id}-{}", language.name()),
        kind: CheckKind::Code(CodeCheck {
            language,
            rule: None,
            query: Some(query.to_owned()),
            files: vec![],
            ignores: vec![],
        }),
        message: Some("found".to_owned()),
        fix: None,
    }
}

/// The check that data can be loaded.
fn load_check() -> Check {
    Check {
        id: "loads".to_owned(),
        kind: CheckKind::Data(DataCheck {
            files: vec!["**".to_owned()],
            except: vec![],
            format: None,
            select: None,
            // An empty schema accepts all data that can be loaded.
            assert: Some(DataSchema::Object(serde_json::Map::new())),
            assert_file: None,
            require: false,
        }),
        message: None,
        fix: None,
    }
}

fn temporary_guideline(checks: Vec<Check>) -> Guideline {
    // The literal is a valid id.
    let id = GuidelineId::new("stanchion/still-parses").unwrap_or_else(|_| unreachable!("a valid id"));
    Guideline {
        id,
        version: semver::Version::new(1, 0, 0),
        title: String::new(),
        summary: String::new(),
        stage: Stage::Standard,
        owner: String::new(),
        level: Level::Warning,
        topics: vec![],
        applies: Applies::default(),
        consequences: vec![],
        offers: vec![],
        conflicts_with: vec![],
        settings: vec![],
        values: vec![],
        checks,
        sections: vec![],
        examples: vec![],
        origin: Origin::Starter,
        sha256: String::new(),
        text: Arc::from(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_files_are_reported() {
        let files = |all: &[(&str, &str)]| -> FileContents {
            all.iter().map(|(path, text)| (RepoPath::from(*path), text.as_bytes().to_vec())).collect()
        };
        let broken = |path: &str, old: &str, new: &str| {
            EditCheck::new(&files(&[(path, old)]), &files(&[(path, new)]), None)
                .problem_in(&path.into())
                .is_some()
        };
        for (path, good, bad) in [
            ("a.py", "f(1)\n", "f(1\n"),
            ("a.rs", "fn a() {}\n", "fn a() {\n"),
            ("a.json", "{\"a\": 1}", "{\"a\": 1"),
            ("a.yaml", "a: 1\n", "a: [1\n"),
            ("a.toml", "a = 1\n", "a = \n"),
            // The grammar accepts a duplicate key; the loader does not.
            ("a.toml", "a = 1\n", "a = 1\na = 2\n"),
            ("a.ini", "[a]\nb=1\n", "[a\nb=1\n"),
        ] {
            assert!(broken(path, good, bad), "{path}: {bad}");
            assert!(
                !broken(path, good, good) && !broken(path, bad, bad) && !broken(path, bad, good),
                "{path}"
            );
        }
        assert!(!broken("a.txt", "x", "(("));
        let deep = format!("{{\"a\": {}1{}}}", "[".repeat(300), "]".repeat(300));
        assert!(broken("a.yaml", "a: 1\n", &deep), "it could no longer be loaded");
    }

    /// Files without a data format are not loaded, even if another file has one.
    #[test]
    fn a_new_file_without_a_data_format_has_no_problem() {
        let good = ["docs/plain", "LICENSE", "a.txt", "a.py", "a.toml"];
        let mut new: FileContents =
            good.iter().map(|path| (RepoPath::from(*path), b"a = 1\n".to_vec())).collect();
        new.insert("b.toml".into(), b"a = \n".to_vec());
        let check = EditCheck::new(&FileContents::new(), &new, None);
        for path in good {
            assert_eq!(check.problem_in(&path.into()), None, "{path}");
        }
        assert!(check.problem_in(&"b.toml".into()).is_some());
    }

    #[test]
    fn comments_are_recognized_by_the_grammar() {
        let is = |path: &str, text: &str, line| is_comment(&path.into(), text, line, None);
        for (path, text, line) in [
            ("a.sh", "a\n# c\nb\n", 2),
            ("a.c", "// c\nint a;\n", 1),
            ("a.cpp", "// c\nint a;\n", 1),
            ("a.cs", "// c\nclass A {}\n", 1),
            ("a.css", "/* c */\na {}\n", 1),
            ("Dockerfile", "FROM a\n# c\nRUN b\n", 2),
            ("a.go", "// c\npackage a\n", 1),
            ("a.tf", "# c\na = 1\n", 1),
            ("a.html", "<p>\n<!-- c -->\n</p>\n", 2),
            ("a.java", "// c\nclass A {}\n", 1),
            ("a.js", "// c\na()\n", 1),
            ("a.kt", "// c\nval a = 1\n", 1),
            ("a.md", "a\n\n<!-- c -->\n\nb\n", 3),
            ("a.php", "<?php\n// c\na();\n", 2),
            ("a.py", "# c\na()\n", 1),
            ("a.rb", "# c\na\n", 1),
            ("a.rs", "// c\nfn a() {}\n", 1),
            ("a.sql", "-- c\nSELECT 1;\n", 1),
            ("a.toml", "# c\na = 1\n", 1),
            ("a.tsx", "// c\na()\n", 1),
            ("a.ts", "// c\na()\n", 1),
            ("a.yaml", "# c\na: 1\n", 1),
        ] {
            assert_eq!(is(path, text, line), Some(true), "{path}");
        }
        for (path, text, line) in [
            ("a.py", "a = '''\n# c\n'''\n", 2),
            ("a.js", "a = `\n// c\n`\n", 2),
            ("a.jsx", "a = <p>\n// c\n</p>\n", 2),
            ("a.html", "<script>\n<!-- c -->\n</script>\n", 2),
            ("a.yaml", "a: |\n  # c\n  b\n", 2),
            ("a.sh", "cat <<X\n# c\nX\n", 2),
            ("a.md", "```\n<!-- c -->\n```\n", 2),
        ] {
            assert_eq!(is(path, text, line), Some(false), "{path}");
        }
        assert_eq!((is("a.lua", "-- c\n", 1), is("a.json", "{}", 1)), (None, None));
    }
}
