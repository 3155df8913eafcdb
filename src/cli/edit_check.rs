//! Proof that a changed file is still what it was: code that parsed parses, data that could be loaded can be; and that
//! what was written as a comment is one.
//!
//! Parsers run where they always do, in a process of their own: the question is asked as a guideline.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::data::format_of;
use crate::engine::{self, MemoryTree, NoProgress};
use crate::model::{
    Applies, Check, CheckKind, CodeCheck, DataCheck, DataSchema, Guideline, GuidelineId, Language, Level,
    Origin, Outcome, RepoPath, Stage, language_of,
};

/// Files and what they hold.
pub(super) type Contents = BTreeMap<RepoPath, Vec<u8>>;

/// What is wrong with files before and after.
pub(super) struct Proof {
    before: BTreeMap<RepoPath, usize>,
    after: BTreeMap<RepoPath, usize>,
}

impl Proof {
    /// Looks at the files before and after, with the program `worker`; without one, in this process.
    pub(super) fn new(old: &Contents, new: &Contents, worker: Option<&Path>) -> Self {
        Self { before: slips(old, worker), after: slips(new, worker) }
    }

    /// Why the file at `path` is not what it was; `None`: it is.
    pub(super) fn broken(&self, path: &RepoPath) -> Option<String> {
        let (before, after) = (self.before.get(path).copied(), self.after.get(path).copied());
        let (before, after) = (before.unwrap_or(0), after.unwrap_or(0));
        (after > before).then(|| "the file would not parse any more".to_owned())
    }
}

/// Whether a comment begins in `line` of the file at `path`, which holds `text`, as the language's grammar reads it, with
/// the program `worker`; without one, in this process. `None`: no grammar reads such files, or it cannot be told.
pub(super) fn is_comment(path: &RepoPath, text: &str, line: u32, worker: Option<&Path>) -> Option<bool> {
    let language = language_of(path.bytes()).filter(|language| *language != Language::Json)?;
    let files = BTreeMap::from([(path.clone(), text.as_bytes().to_vec())]);
    let outcome = answer(
        COMMENTS.iter().map(|kind| asks(language, kind, &format!("({kind}) @finding"))),
        &files,
        worker,
    );
    let found = outcome?.findings;
    let is = found.iter().any(|finding| finding.start.line == line);
    // Of so many not all are listed, and whoever has a file that nobody can read is told so elsewhere.
    (is || found.len() < engine::MAX_FINDINGS).then_some(is)
}

/// What grammars call a comment, <https://github.com/tree-sitter>; in Markdown it is a block of HTML.
const COMMENTS: [&str; 7] = [
    "comment",
    "line_comment",
    "block_comment",
    "multiline_comment",
    "js_comment",
    "marginalia",
    "html_block",
];

/// What is found and not told when these are asked of the files.
fn answer(
    checks: impl IntoIterator<Item = Check>,
    files: &Contents,
    worker: Option<&Path>,
) -> Option<Outcome> {
    let tree = MemoryTree::new(files.clone());
    let options = engine::Options { worker: worker.map(Path::to_path_buf), ..engine::Options::default() };
    let question = Arc::new(question(checks.into_iter().collect()));
    engine::assess(&[question], &tree, &options, &NoProgress).ok().map(|assessed| assessed.outcome)
}

/// For each file that does not parse, in how many places.
fn slips(files: &Contents, worker: Option<&Path>) -> BTreeMap<RepoPath, usize> {
    let mut languages: Vec<Language> = files.keys().filter_map(|path| language_of(path.bytes())).collect();
    languages.sort();
    languages.dedup();
    let checks: Vec<Check> = languages.into_iter().flat_map(parses).collect();
    // Of a file that has no format it cannot be told whether it can be loaded; that is nothing wrong with it.
    let is_data = |(path, _): &(&RepoPath, &Vec<u8>)| format_of(path.bytes()).is_some();
    let data: Contents =
        files.iter().filter(is_data).map(|(path, content)| (path.clone(), content.clone())).collect();
    let mut slips = BTreeMap::new();
    for (checks, files) in [(checks, files), (vec![loads()], &data)] {
        if !checks.is_empty()
            && !files.is_empty()
            && let Some(outcome) = answer(checks, files, worker)
        {
            count(&outcome, &mut slips);
        }
    }
    slips
}

fn count(outcome: &Outcome, slips: &mut BTreeMap<RepoPath, usize>) {
    for finding in &outcome.findings {
        *slips.entry(finding.path.clone()).or_default() += 1;
    }
    // What is too deep, too big or takes too long is not known to be right either. Only a query that a grammar does not
    // have says nothing of the file.
    for unknown in &outcome.not_assessed {
        if let Some(path) = &unknown.path {
            *slips.entry(path.clone()).or_default() += 1;
        }
    }
}

/// That code of a language parses. A grammar that knows no such query asks nothing.
fn parses(language: Language) -> [Check; 2] {
    [asks(language, "error", "(ERROR) @finding"), asks(language, "missing", "(MISSING) @finding")]
}

/// A query of a language.
fn asks(language: Language, id: &str, query: &str) -> Check {
    Check {
        id: format!("{id}-{}", language.name()),
        kind: CheckKind::Code(CodeCheck {
            language,
            rule: None,
            query: Some(query.to_owned()),
            files: vec![],
            ignores: vec![],
        }),
        message: Some("is there".to_owned()),
        fix: None,
    }
}

/// That data can be loaded.
fn loads() -> Check {
    Check {
        id: "loads".to_owned(),
        kind: CheckKind::Data(DataCheck {
            files: vec!["**".to_owned()],
            except: vec![],
            format: None,
            select: None,
            // Kept by everything that can be loaded.
            assert: Some(DataSchema::Object(serde_json::Map::new())),
            assert_file: None,
            require: false,
        }),
        message: None,
        fix: None,
    }
}

fn question(checks: Vec<Check>) -> Guideline {
    // An id that is surely one.
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
    fn what_parsed_still_parses_or_it_is_told() {
        let files = |all: &[(&str, &str)]| -> Contents {
            all.iter().map(|(path, text)| (RepoPath::from(*path), text.as_bytes().to_vec())).collect()
        };
        let broken = |path: &str, old: &str, new: &str| {
            Proof::new(&files(&[(path, old)]), &files(&[(path, new)]), None).broken(&path.into()).is_some()
        };
        for (path, good, bad) in [
            ("a.py", "f(1)\n", "f(1\n"),
            ("a.rs", "fn a() {}\n", "fn a() {\n"),
            ("a.json", "{\"a\": 1}", "{\"a\": 1"),
            ("a.yaml", "a: 1\n", "a: [1\n"),
            ("a.toml", "a = 1\n", "a = \n"),
            // The grammars do not mind; whoever loads it does.
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
        assert!(broken("a.yaml", "a: 1\n", &deep), "nobody could load it any more");
    }

    /// A file of no format is not asked to be loaded because another has one.
    #[test]
    fn a_new_file_without_a_format_is_right_beside_data() {
        let good = ["docs/plain", "LICENSE", "a.txt", "a.py", "a.toml"];
        let mut new: Contents =
            good.iter().map(|path| (RepoPath::from(*path), b"a = 1\n".to_vec())).collect();
        new.insert("b.toml".into(), b"a = \n".to_vec());
        let proof = Proof::new(&Contents::new(), &new, None);
        for path in good {
            assert_eq!(proof.broken(&path.into()), None, "{path}");
        }
        assert!(proof.broken(&"b.toml".into()).is_some());
    }

    #[test]
    fn a_comment_is_what_the_grammar_says() {
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
