//! A baseline and the edits of every day: what was there stays known, and one more is new.

use std::sync::Arc;

use proptest::prelude::*;
use stanchion::engine::waive::{entry_of, match_baseline};
use stanchion::engine::{self, MemoryTree, NoProgress, Options};
use stanchion::format;
use stanchion::model::{BaselineEntry, Finding, Guideline, Origin, RepoPath};

/// Finds calls (of one line and of several), and whole functions that have a certain name.
const GUIDELINE: &str = r#"---
schema: 1
guideline: test/calls
version: 1.0.0
title: No calls
summary: Calls are found.
stage: trial
owner: test
checks:
  - id: call
    message: a call
    code: { language: python, rule: { pattern: "fetch($$$ARGS)" } }
  - id: whole
    message: a function
    code: { language: python, rule: { kind: function_definition, has: { field: name, regex: ^old } } }
  - id: mark
    text: { find: "FIXME[^\n]*" }
    message: a mark
---
# No calls

## Why
To test.
"#;

fn guideline() -> Arc<Guideline> {
    let parsed = format::parse("g.md", GUIDELINE, Origin::File("g.md".to_owned()), &|_| None);
    Arc::new(parsed.unwrap_or_else(|problems| panic!("{problems:#?}")))
}

type Blocks = Vec<String>;
type Files = Vec<(String, Blocks)>;

/// Blocks of code; `number` makes each another one. Some are alike on purpose.
fn block(kind: usize, number: usize) -> String {
    match kind {
        0 => format!("fetch({number})\n"),
        1 => "fetch(same)\n".to_owned(),
        2 => format!("fetch(\n    \"{number}\",\n    timeout,\n)\n"),
        3 => format!("def old{number}(x):\n    y = x + {number}\n    return y\n"),
        4 => format!("# FIXME {number} later\n"),
        _ => format!("a{number} = {number}\n"),
    }
}

fn findings(files: &Files) -> Vec<Finding> {
    let tree =
        files.iter().map(|(path, blocks)| (RepoPath::from(path.as_str()), blocks.concat().into_bytes()));
    let tree = MemoryTree::new(tree);
    let assessed = engine::assess(&[guideline()], &tree, &Options::default(), &NoProgress).expect("listed");
    assert!(assessed.outcome.not_assessed.is_empty(), "{:?}", assessed.outcome.not_assessed);
    assessed.outcome.findings
}

/// An edit that takes nothing away and adds no finding.
#[derive(Clone, Debug)]
enum Edit {
    /// Lines without anything to find, somewhere.
    Insert(usize, usize),
    /// One block goes to another place of its file.
    Move(usize, usize, usize),
    /// A file gets another name.
    Rename(usize),
    /// A block goes to the end of another file.
    Carry(usize, usize, usize),
    /// A function gets another line.
    Inside(usize),
    /// Everything in a file is written with other white space.
    Respace(usize),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let n = 0..64_usize;
    prop_oneof![
        (n.clone(), n.clone()).prop_map(|(a, b)| Edit::Insert(a, b)),
        (n.clone(), n.clone(), n.clone()).prop_map(|(a, b, c)| Edit::Move(a, b, c)),
        n.clone().prop_map(Edit::Rename),
        (n.clone(), n.clone(), n.clone()).prop_map(|(a, b, c)| Edit::Carry(a, b, c)),
        n.clone().prop_map(Edit::Inside),
        n.prop_map(Edit::Respace),
    ]
}

fn edit(files: &mut Files, edit: &Edit, step: usize) {
    let count = files.len();
    match *edit {
        Edit::Insert(file, at) => {
            let blocks = &mut files[file % count].1;
            let at = at % (blocks.len() + 1);
            blocks.insert(at, format!("z{step} = \"nothing\"\n\n"));
        }
        Edit::Move(file, from, to) => {
            let blocks = &mut files[file % count].1;
            if !blocks.is_empty() {
                let block = blocks.remove(from % blocks.len());
                let to = to % (blocks.len() + 1);
                blocks.insert(to, block);
            }
        }
        Edit::Rename(file) => files[file % count].0 = format!("renamed/to{step}.py"),
        Edit::Carry(from, block, to) => {
            let (from, to) = (from % count, to % count);
            // A function that is edited and carried in one go is another one.
            let movable = files[from].1.iter().position(|text| !text.contains("edited"));
            if let Some(first) = movable.filter(|_| !files[from].1.is_empty()) {
                let at = block % files[from].1.len();
                let at = if files[from].1[at].contains("edited") { first } else { at };
                let text = files[from].1.remove(at);
                files[to].1.push(text);
            }
        }
        Edit::Inside(file) => {
            let blocks = &mut files[file % count].1;
            if let Some(text) =
                blocks.iter_mut().find(|text| text.starts_with("def old") && !text.contains("edited"))
            {
                *text = text.replace("    return", "    edited = 1\n    return");
            }
        }
        Edit::Respace(file) => {
            for text in &mut files[file % count].1 {
                *text = text.replace("    ", "        ");
            }
        }
    }
}

fn any_files() -> impl Strategy<Value = Files> {
    let blocks = prop::collection::vec(0..7_usize, 0..7);
    prop::collection::vec(blocks, 1..4).prop_map(|files| {
        let mut number = 0;
        let mut next = |kind| {
            number += 1;
            block(kind, number)
        };
        files
            .into_iter()
            .enumerate()
            .map(|(file, kinds)| (format!("src/f{file}.py"), kinds.into_iter().map(&mut next).collect()))
            .collect()
    })
}

/// How many findings of `now` no entry stands for.
fn new(entries: &[BaselineEntry], now: &[Finding]) -> usize {
    let now: Vec<&Finding> = now.iter().collect();
    match_baseline(entries, &now, &|_| true).of_finding.iter().filter(|it| it.is_none()).count()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn what_was_there_stays_known_and_one_more_is_new(
        files in any_files(), edits in prop::collection::vec(any_edit(), 0..8), extra in 0..5_usize,
    ) {
        let mut files = files;
        let then = findings(&files);
        let entries: Vec<BaselineEntry> = then.iter().map(entry_of).collect();
        // A rename and an edit inside of the same function at once makes it another one: either happens.
        let renames = edits.iter().any(|it| matches!(it, Edit::Rename(_) | Edit::Carry(..)));
        for (step, it) in edits.iter().enumerate() {
            if !(renames && matches!(it, Edit::Inside(_))) {
                edit(&mut files, it, step);
            }
        }
        let now = findings(&files);
        prop_assert_eq!(now.len(), then.len(), "the edits added no finding");
        prop_assert_eq!(new(&entries, &now), 0, "{:#?}", files);
        let before = files.clone();
        files[0].1.push(block(extra, 999));
        let more = findings(&files);
        prop_assert_eq!(new(&entries, &more), more.len() - now.len(), "{:#?}\n{:#?}", before, files);
    }
}

/// Found by the property above, with the seed fd3a4d2f07433: two that begin alike, of which one moved to where the other
/// was, and that one elsewhere.
#[test]
fn two_that_begin_alike_and_change_files_stay_known() {
    let files = |all: &[(&str, &[String])]| -> Files {
        all.iter().map(|(path, blocks)| ((*path).to_owned(), blocks.to_vec())).collect()
    };
    let (three, four) = (block(2, 3), block(2, 4));
    let (three, four) = ([three], [four]);
    let before = files(&[("src/f0.py", &three), ("src/f2.py", &four)]);
    let after = files(&[("src/f1.py", &four), ("src/f2.py", &three)]);
    let entries: Vec<BaselineEntry> = findings(&before).iter().map(entry_of).collect();
    assert_eq!(entries.len(), 2);
    assert_eq!(new(&entries, &findings(&after)), 0);
}
