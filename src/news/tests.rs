//! Tests: changes of policy files, and the news about them.

use std::collections::BTreeMap;

use super::*;
use crate::engine::ChangeKind;

type Files = BTreeMap<&'static str, String>;

fn news_between(before: &[(&'static str, &str)], now: &[(&'static str, &str)]) -> Vec<String> {
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
    let context = ChangeContext {
        changes: &changes,
        before: &|path| read(&before, path),
        now: &|path| read(&now, path),
        guidelines: &[],
        outcome: &outcome,
        new_nested_projects: &[],
    };
    collect_news(&context)
        .into_iter()
        .map(|news| format!("{}: {}", news.kind.as_str(), news.message))
        .collect()
}

const CONFIG: &str = "schema = 1\nunassessed = \"break\"\nfollow = [\"starter\", \"./a\"]\n[promises]\n\"a/b\" = { since = 2026-01-01 }\n\"a/c\" = { since = 2026-01-01, from-here = true }\n[settings.\"a/b\"]\nx = 1\n";

#[test]
fn weaker_terms_in_stanchion_toml_are_reported() {
    let change = |old: &str, new: &str| {
        assert!(CONFIG.contains(old), "{old}");
        news_between(&[("stanchion.toml", CONFIG)], &[("stanchion.toml", &CONFIG.replacen(old, new, 1))])
    };
    for (old, new, expected) in [
        (
            "\"a/b\" = { since = 2026-01-01 }\n",
            "",
            "promise-withdrawn: a/b is no longer promised (it was promised since 2026-01-01)",
        ),
        (
            "2026-01-01 }",
            "2026-01-01, from-here = true }",
            "promise-weakened: a/b is now promised only from 2026-01-01 on; before, it was promised in full",
        ),
        (
            "2026-01-01, from",
            "2026-05-01, from",
            "promise-weakened: a/c is now promised since 2026-05-01; before, it was since 2026-01-01",
        ),
        ("break", "note", "promise-weakened: \"cannot tell\" no longer breaks a promise"),
        (", \"./a\"", "", "follow-changed: `./a` is no longer followed"),
        (
            "\"starter\", \"./a\"",
            "\"./a\", \"starter\"",
            "follow-changed: the order of precedence is now `./a`, the starter set",
        ),
        ("x = 1", "x = 2", "guideline-changed: a/b: the setting `x` changed from 1 to 2"),
        ("\"a/b\" = {", "\"a/d\" = { since = 2026-02-02 }\n\"a/b\" = {", "promise-made: a/d is now promised"),
    ] {
        assert_eq!(change(old, new), [expected], "{new}");
    }
    // A promise in full instead of "from here" is stronger, although its day is later.
    let in_full = CONFIG.replace("2026-01-01, from-here = true", "2026-06-01");
    assert_eq!(news_between(&[("stanchion.toml", CONFIG)], &[("stanchion.toml", &in_full)]), [""; 0]);
    let gone = news_between(&[("stanchion.toml", CONFIG)], &[]);
    assert_eq!(gone.iter().filter(|it| it.starts_with("promise-withdrawn")).count(), 2);
    assert_eq!(
        news_between(&[("stanchion.toml", CONFIG)], &[("stanchion.toml", &format!("# hi\n{CONFIG}"))]),
        [""; 0]
    );
}

const WAIVER: &str = "schema = 1\n[[waiver]]\nid = \"w\"\nguideline = \"a/b\"\nversions = \"^1\"\nchecks = [\"x\"]\npaths = [\"src/**\"]\nreason = \"because it is\"\nuntil = 2027-01-01\n";

#[test]
fn only_waivers_that_cover_more_are_reported() {
    let path = ".stanchion/waivers.toml";
    let change = |old: &str, new: &str| {
        assert!(WAIVER.contains(old), "{old}");
        news_between(&[(path, WAIVER)], &[(path, &WAIVER.replacen(old, new, 1))])
    };
    for (old, new, expected) in [
        ("2027-01-01", "2027-02-01", "it lasts until 2027-02-01 instead of 2027-01-01"),
        ("until = 2027-01-01\n", "", "it no longer has a last day"),
        ("paths = [\"src/**\"]\n", "", "it covers the whole repository"),
        ("\"src/**\"", "\"src/**\", \"lib/**\"", "it also covers lib/**"),
        ("checks = [\"x\"]\n", "", "it also covers every check"),
        ("[\"x\"]", "[\"x\", \"y\"]", "it also covers y"),
        ("^1", ">=1", "it covers guideline versions >=1"),
        ("until = 2027-01-01", "standing = true\nreview-on = 2027-01-01", "it no longer has a last day"),
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
    // A later withdrawal makes the waiver effective again, and a later review delays it.
    let back = WAIVER.replace("until", "withdrawn = 2026-01-01\nuntil");
    let later = news_between(&[(path, &back)], &[(path, &back.replace("2026-01-01", "2099-01-01"))]);
    assert!(later[0].contains("it is withdrawn on 2099-01-01 instead of 2026-01-01"), "{later:?}");
    let standing = WAIVER.replace("until = 2027-01-01", "standing = true\nreview-on = 2027-01-01");
    let later = news_between(&[(path, &standing)], &[(path, &standing.replace("2027", "2099"))]);
    assert!(later[0].contains("its review is on 2099-01-01"), "{later:?}");
    let never = news_between(
        &[(path, &standing)],
        &[(path, &standing.replace("standing = true\nreview-on = 2027-01-01\n", ""))],
    );
    assert!(never[0].contains("it no longer has a review"), "{never:?}");
    let added = news_between(&[], &[(path, WAIVER)]);
    assert_eq!(
        added,
        ["waiver-added: a/b is stepped over in src/** (other, until 2027-01-01): because it is"]
    );
    assert_eq!(change("a/b", "a/c").len(), 1, "another guideline is another waiver");
}

#[test]
fn inline_waivers_are_reported_unless_they_only_move() {
    let line = "f()  # stanchion: waive a/b until=2027-01-01 -- because it is\n";
    let before = [("a.py", line)];
    assert_eq!(news_between(&[("a.py", "f()\n")], &before).len(), 1);
    let moved = format!("\n\n{line}g()\n");
    assert_eq!(news_between(&before, &[("a.py", &moved)]), [""; 0]);
    let longer = line.replace("2027", "2028");
    assert!(news_between(&before, &[("a.py", &longer)])[0].starts_with("waiver-widened"));
    let whole = line.replace("waive a", "waive-file a");
    assert!(news_between(&before, &[("a.py", &whole)])[0].contains("the whole file"));
    let twice = format!("{line}{line}");
    assert!(news_between(&before, &[("a.py", &twice)])[0].starts_with("waiver-added"));
    assert_eq!(news_between(&before, &[("a.py", "f()\n")]), [""; 0]);
}

#[test]
fn an_inline_waiver_that_covers_other_code_is_reported() {
    let waiver = "# stanchion: waive a/b until=2027-01-01 -- because it is\n";
    let code = |lines: [&str; 3]| lines.concat();
    let change = |before: [&str; 3], now: [&str; 3]| {
        news_between(&[("a.py", code(before).as_str())], &[("a.py", code(now).as_str())])
    };
    let moved = change([waiver, "f(1)\n", "g(2)\n"], ["f(1)\n", waiver, "g(2)\n"]);
    assert_eq!(moved, ["waiver-widened: a.py:2 of a/b: it now covers `g(2)` instead of `f(1)`"]);
    assert_eq!(
        change([waiver, "f(1)\n", ""], [waiver, "h(open(x))\n", ""]).len(),
        1,
        "other code in its place"
    );
    for now in [[waiver, "f(1, x)\n", "g(2)\n"], ["g(2)\n", waiver, "f(1)\n"], [waiver, "  f(1)\n", ""]] {
        assert_eq!(change([waiver, "f(1)\n", "g(2)\n"], now), [""; 0], "{now:?}");
    }
    // Two waivers with equal terms, each with its code: their order is not news.
    let (one, two) = (format!("{waiver}f(1)\n"), format!("{waiver}g(2)\n"));
    assert_eq!(change([&one, &two, ""], [&two, &one, ""]), [""; 0]);
}

#[test]
fn a_baseline_that_grows_is_reported() {
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
        assert_eq!(news_between(&[(path, &two)], &[(path, &now)]).len(), usize::from(grown), "{now}");
    }
}

#[test]
fn changed_and_removed_guidelines_of_the_repository_are_reported() {
    let config = ("stanchion.toml", "schema = 1\nfollow = [\"./own\"]\n");
    let text = "---\nschema: 1\nguideline: acme/x\nversion: 1.0.0\ntitle: x\nsummary: x\nstage: trial\nowner: x\nchecks:\n  - id: x\n    text: { find: x }\n---\n# x\n";
    let guideline = ("own/x.md", text);
    let newer = text.replace("1.0.0", "1.1.0");
    for (now, words) in [
        (vec![config], "acme/x: its file was removed"),
        (vec![config, ("own/x.md", "no front matter")], "its file is no longer a valid guideline"),
        (vec![config, ("own/x.md", newer.as_str())], "acme/x changed from 1.0.0 to 1.1.0"),
        (
            vec![config, guideline, ("own/schema.json", "{}")],
            "own/schema.json changed, in a folder of followed guidelines",
        ),
        (vec![config, guideline, ("own/README.txt", "x")], "own/README.txt changed"),
    ] {
        let all = news_between(&[config, guideline], &now);
        assert!(all.len() == 1 && all[0].contains(words), "{words}: {all:?}");
    }
    assert_eq!(
        news_between(&[config, guideline], &[config, guideline, ("other/y.md", text)]),
        [""; 0],
        "not followed"
    );
}
