//! Changes in what a repository says, and what is told about them.

use std::collections::BTreeMap;

use super::*;
use crate::engine::ChangeKind;

type Files = BTreeMap<&'static str, String>;

fn told(before: &[(&'static str, &str)], now: &[(&'static str, &str)]) -> Vec<String> {
    let files = |all: &[(&'static str, &str)]| -> Files {
        all.iter().map(|(path, text)| (*path, (*text).to_owned())).collect()
    };
    let (before, now) = (files(before), files(now));
    let mut changes = Vec::new();
    for path in before.keys().chain(now.keys()) {
        let kind = match (before.get(path), now.get(path)) {
            (Some(a), Some(b)) if a == b => continue,
            (Some(_), Some(_)) => ChangeKind::Modified,
            (Some(_), None) => ChangeKind::Removed,
            _ => ChangeKind::Added,
        };
        changes.push(Change { path: RepoPath::from(*path), kind });
    }
    changes.sort();
    changes.dedup();
    let read =
        |files: &Files, path: &RepoPath| files.get(path.as_str()?).map(|text| text.as_bytes().to_vec());
    let outcome = Outcome::default();
    let sides = Sides {
        changes: &changes,
        before: &|path| read(&before, path),
        now: &|path| read(&now, path),
        guidelines: &[],
        outcome: &outcome,
        new_parties: &[],
    };
    news(&sides).into_iter().map(|news| format!("{}: {}", news.kind.word(), news.message)).collect()
}

const CONFIG: &str = "schema = 1\nunassessed = \"break\"\nfollow = [\"starter\", \"./a\"]\n[promises]\n\"a/b\" = { since = 2026-01-01 }\n\"a/c\" = { since = 2026-01-01, from-here = true }\n[settings.\"a/b\"]\nx = 1\n";

#[test]
fn what_stanchion_toml_takes_back_is_told() {
    let change = |old: &str, new: &str| {
        assert!(CONFIG.contains(old), "{old}");
        told(&[("stanchion.toml", CONFIG)], &[("stanchion.toml", &CONFIG.replacen(old, new, 1))])
    };
    for (old, new, expected) in [
        (
            "\"a/b\" = { since = 2026-01-01 }\n",
            "",
            "promise-withdrawn: a/b is not promised any more (it was since 2026-01-01)",
        ),
        (
            "2026-01-01 }",
            "2026-01-01, from-here = true }",
            "promise-weakened: a/b is promised only from 2026-01-01 on; it was promised in full",
        ),
        (
            "2026-01-01, from",
            "2026-05-01, from",
            "promise-weakened: a/c is promised since 2026-05-01 now; it was since 2026-01-01",
        ),
        ("break", "note", "promise-weakened: what cannot be told does not break a promise any more"),
        (", \"./a\"", "", "follow-changed: `./a` is not followed any more"),
        (
            "\"starter\", \"./a\"",
            "\"./a\", \"starter\"",
            "follow-changed: another order decides where two disagree: `./a`, the starter set",
        ),
        ("x = 1", "x = 2", "guideline-changed: a/b: the setting `x` was 1 and is 2"),
        ("\"a/b\" = {", "\"a/d\" = { since = 2026-02-02 }\n\"a/b\" = {", "promise-made: a/d is promised now"),
    ] {
        assert_eq!(change(old, new), [expected], "{new}");
    }
    // Whoever promises in full instead of from here asks for more, though the day is a later one.
    let in_full = CONFIG.replace("2026-01-01, from-here = true", "2026-06-01");
    assert_eq!(told(&[("stanchion.toml", CONFIG)], &[("stanchion.toml", &in_full)]), [""; 0]);
    let gone = told(&[("stanchion.toml", CONFIG)], &[]);
    assert_eq!(gone.iter().filter(|it| it.starts_with("promise-withdrawn")).count(), 2);
    assert_eq!(
        told(&[("stanchion.toml", CONFIG)], &[("stanchion.toml", &format!("# hi\n{CONFIG}"))]),
        [""; 0]
    );
}

const WAIVER: &str = "schema = 1\n[[waiver]]\nid = \"w\"\nguideline = \"a/b\"\nversions = \"^1\"\nchecks = [\"x\"]\npaths = [\"src/**\"]\nreason = \"because it is\"\nuntil = 2027-01-01\n";

#[test]
fn a_waiver_that_covers_more_is_told_and_one_that_covers_less_is_not() {
    let path = ".stanchion/waivers.toml";
    let change = |old: &str, new: &str| {
        assert!(WAIVER.contains(old), "{old}");
        told(&[(path, WAIVER)], &[(path, &WAIVER.replacen(old, new, 1))])
    };
    for (old, new, expected) in [
        ("2027-01-01", "2027-02-01", "it lasts until 2027-02-01, 2027-01-01 before"),
        ("until = 2027-01-01\n", "", "it has no last day any more"),
        ("paths = [\"src/**\"]\n", "", "it covers the whole repository"),
        ("\"src/**\"", "\"src/**\", \"lib/**\"", "it covers lib/**, too"),
        ("checks = [\"x\"]\n", "", "it covers every check, too"),
        ("[\"x\"]", "[\"x\", \"y\"]", "it covers y, too"),
        ("^1", ">=1", "it speaks about >=1"),
        ("until = 2027-01-01", "standing = true\nreview-on = 2027-01-01", "it has no last day any more"),
    ] {
        let all = change(old, new);
        assert!(
            all.len() == 1 && all[0].starts_with("waiver-widened: w of a/b") && all[0].contains(expected),
            "{all:?}"
        );
    }
    for (old, new) in [
        ("2027-01-01", "2026-12-01"),
        ("because it is", "because it was"),
        ("until", "withdrawn = 2026-01-01\nuntil"),
        ("\"src/**\"", "\"src/x/*.py\""),
        ("^1", "^1.2"),
    ] {
        assert_eq!(change(old, new), [""; 0], "{new}");
    }
    // A day to be taken back that is moved away revives it, and a review that is moved away is not held.
    let back = WAIVER.replace("until", "withdrawn = 2026-01-01\nuntil");
    let later = told(&[(path, &back)], &[(path, &back.replace("2026-01-01", "2099-01-01"))]);
    assert!(later[0].contains("it is taken back only on 2099-01-01, 2026-01-01 before"), "{later:?}");
    let standing = WAIVER.replace("until = 2027-01-01", "standing = true\nreview-on = 2027-01-01");
    let later = told(&[(path, &standing)], &[(path, &standing.replace("2027", "2099"))]);
    assert!(later[0].contains("looked at again only on 2099-01-01"), "{later:?}");
    let never = told(
        &[(path, &standing)],
        &[(path, &standing.replace("standing = true\nreview-on = 2027-01-01\n", ""))],
    );
    assert!(never[0].contains("nobody is to look at it again"), "{never:?}");
    let added = told(&[], &[(path, WAIVER)]);
    assert_eq!(
        added,
        ["waiver-added: a/b is stepped over in src/** (other, until 2027-01-01): because it is"]
    );
    assert_eq!(change("a/b", "a/c").len(), 1, "another guideline is another waiver");
}

#[test]
fn waivers_in_comments_are_told_wherever_they_move() {
    let line = "f()  # stanchion: waive a/b until=2027-01-01 -- because it is\n";
    let before = [("a.py", line)];
    assert_eq!(told(&[("a.py", "f()\n")], &before).len(), 1);
    let moved = format!("\n\n{line}g()\n");
    assert_eq!(told(&before, &[("a.py", &moved)]), [""; 0]);
    let longer = line.replace("2027", "2028");
    assert!(told(&before, &[("a.py", &longer)])[0].starts_with("waiver-widened"));
    let whole = line.replace("waive a", "waive-file a");
    assert!(told(&before, &[("a.py", &whole)])[0].contains("the whole file"));
    let twice = format!("{line}{line}");
    assert!(told(&before, &[("a.py", &twice)])[0].starts_with("waiver-added"));
    assert_eq!(told(&before, &[("a.py", "f()\n")]), [""; 0]);
}

#[test]
fn a_waiver_in_a_comment_that_covers_other_code_is_told() {
    let waiver = "# stanchion: waive a/b until=2027-01-01 -- because it is\n";
    let code = |lines: [&str; 3]| lines.concat();
    let change = |before: [&str; 3], now: [&str; 3]| {
        told(&[("a.py", code(before).as_str())], &[("a.py", code(now).as_str())])
    };
    let moved = change([waiver, "f(1)\n", "g(2)\n"], ["f(1)\n", waiver, "g(2)\n"]);
    assert_eq!(moved, ["waiver-widened: a.py:2 of a/b: it covers `g(2)` now, and covered `f(1)`"]);
    assert_eq!(
        change([waiver, "f(1)\n", ""], [waiver, "h(open(x))\n", ""]).len(),
        1,
        "other code in its place"
    );
    for now in [[waiver, "f(1, x)\n", "g(2)\n"], ["g(2)\n", waiver, "f(1)\n"], [waiver, "  f(1)\n", ""]] {
        assert_eq!(change([waiver, "f(1)\n", "g(2)\n"], now), [""; 0], "{now:?}");
    }
    // Two that say the same, each with its code: their order is no news.
    let (one, two) = (format!("{waiver}f(1)\n"), format!("{waiver}g(2)\n"));
    assert_eq!(change([&one, &two, ""], [&two, &one, ""]), [""; 0]);
}

#[test]
fn a_baseline_that_grows_is_told() {
    let path = ".stanchion/baseline.toml";
    let entry = |content: char, file: &str| {
        format!("  \"c {} {} - {file}\",\n", content.to_string().repeat(32), content.to_string().repeat(16))
    };
    let text = |entries: &[String]| {
        format!("schema = 1\n[\"a/b\"]\nsince = 2026-01-01\nfound = [\n{}]\n", entries.concat())
    };
    let two = text(&[entry('0', "a"), entry('1', "a")]);
    for (now, grown) in [
        (text(&[entry('0', "a")]), false),
        (text(&[entry('0', "b"), entry('1', "c")]), false),
        (text(&[entry('0', "a"), entry('2', "a")]), true),
        (text(&[entry('0', "a"), entry('1', "a"), entry('2', "a")]), true),
    ] {
        assert_eq!(told(&[(path, &two)], &[(path, &now)]).len(), usize::from(grown), "{now}");
    }
}

#[test]
fn guidelines_of_the_repository_that_change_or_go_are_told() {
    let config = ("stanchion.toml", "schema = 1\nfollow = [\"./own\"]\n");
    let text = "---\nschema: 1\nguideline: acme/x\nversion: 1.0.0\ntitle: x\nsummary: x\nstage: trial\nowner: x\nchecks:\n  - id: x\n    text: { find: x }\n---\n# x\n";
    let guideline = ("own/x.md", text);
    let newer = text.replace("1.0.0", "1.1.0");
    for (now, words) in [
        (vec![config], "acme/x: its file is gone"),
        (vec![config, ("own/x.md", "no front matter")], "its file cannot be used any more"),
        (vec![config, ("own/x.md", newer.as_str())], "acme/x was 1.0.0 and is 1.1.0"),
        (vec![config, guideline, ("own/schema.json", "{}")], "own/schema.json, beside the guidelines"),
        (vec![config, guideline, ("own/README.txt", "x")], "own/README.txt, beside"),
    ] {
        let all = told(&[config, guideline], &now);
        assert!(all.len() == 1 && all[0].contains(words), "{words}: {all:?}");
    }
    assert_eq!(
        told(&[config, guideline], &[config, guideline, ("other/y.md", text)]),
        [""; 0],
        "not followed"
    );
}
