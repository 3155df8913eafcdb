//! `waive` and `waivers`: entries are written to the right file or comment, and cover no more than requested.

use super::world::World;

const ID: &str = "resilience/http-timeouts";
const WHY: [&str; 4] = ["--kind", "cost", "--reason", "it is a tool that an operator watches"];

fn world() -> World {
    let world = World::new();
    world.write("README.md", "# x\n");
    world.write("src/a.py", "import requests\n\n\ndef f(u):\n    requests.get(u)\n    requests.put(u)\n");
    world.write("b.py", "import requests\nrequests.get(1)\n");
    world
}

fn waive(world: &World, arguments: &[&str]) -> super::world::Run {
    let all: Vec<&str> = ["waive", ID].iter().chain(arguments).chain(&WHY).copied().collect();
    world.run(&all)
}

/// Number of findings that count, and number of waived findings.
fn counts(world: &World, today: &str) -> (u64, u64) {
    let report = world.report(&["--today", today]);
    let all = report["summary"]["findings"].as_u64().expect("a number");
    let waived = report["summary"]["findings_waived"].as_u64().expect("a number");
    (all - waived, waived)
}

#[test]
fn a_waiver_covers_the_named_location() {
    let today = "2026-11-25";
    for (arguments, expected) in [
        (&[][..], (0, 3)),
        (&["--path", "src/**"], (1, 2)),
        (&["src"], (1, 2)),
        (&["src/a.py"], (1, 2)),
        (&["b.py:2"], (2, 1)),
        (&["src/a.py:5"], (2, 1)),
        (&["src/a.py:5:5"], (2, 1)),
        (&["src/a.py:6", "--inline"], (2, 1)),
        (&["src/a.py", "--inline"], (1, 2)),
        (&["--check", "requests", "--path", "b.py"], (2, 1)),
    ] {
        let world = world();
        let run = waive(&world, arguments);
        assert_eq!(run.status, 0, "{arguments:?}: {}{}", run.out, run.err);
        assert_eq!(counts(&world, today), expected, "{arguments:?}");
        let last = world.report(&[])["waivers"][0]["until"]
            .as_str()
            .expect("`until` should default to 180 days")
            .to_owned();
        assert_eq!(counts(&world, &last), expected, "{arguments:?}: a waiver is active on its last day");
        let after = last.parse::<stanchion::model::Date>().expect("a date").plus_days(1).to_string();
        assert_eq!(counts(&world, &after), (3, 0), "{arguments:?}: lapsed");
    }
}

#[test]
fn invalid_waivers_are_not_written() {
    let world = world();
    let before = world.git(&["status", "--short"]);
    for (arguments, status, words) in [
        (&["waive", ID][..], 2, "--kind is missing"),
        (&["waive", ID, "--kind", "cost"], 2, "--reason is missing"),
        (&["waive", ID, "--kind", "cost", "--reason", " . "], 2, "needs a reason in words"),
        (&["waive", "resilience/http-timeoust", "--kind", "cost", "--reason", "because"], 2, "did you mean"),
        (&["waive", "resilience/*", "--kind", "cost", "--reason", "because"], 2, "no guideline"),
        (&["waive", ID, "--kind", "cost", "--reason", "because", "--until", "2020-01-01"], 2, "in the past"),
        (
            &["waive", ID, "--kind", "cost", "--reason", "because", "--until", "2027-02-30"],
            2,
            "does not exist",
        ),
        (&["waive", ID, "--kind", "cost", "--reason", "because", "--path", "/src"], 2, "write `src`"),
        (
            &["waive", ID, "--kind", "cost", "--reason", "because", "--fingerprint", "abc"],
            2,
            "not a fingerprint",
        ),
        (
            &["waive", ID, "--kind", "cost", "--reason", "because", "--name", "a b"],
            2,
            "an id may only contain",
        ),
        (&["waive", ID, "--kind", "cost", "--reason", "because", "--check", "nope"], 2, "has no check"),
        (&["waive", ID, "b.py:1", "--kind", "cost", "--reason", "because"], 2, "has no findings at"),
        (
            &["waive", ID, "b.py:1", "--inline", "--kind", "cost", "--reason", "because"],
            2,
            "would not cover the findings",
        ),
        (
            &["waive", ID, "b.py:2", "--inline", "--kind", "cost", "--reason", "two\nlines"],
            2,
            "several lines",
        ),
    ] {
        let run = world.run(arguments);
        assert_eq!(run.status, status, "{arguments:?}: {}{}", run.out, run.err);
        assert!(run.err.contains(words), "{arguments:?}: {}", run.err);
    }
    assert_eq!(before, world.git(&["status", "--short"]));
}

#[test]
fn an_inline_waiver_uses_the_comment_syntax_of_the_file() {
    let world = World::new();
    world.write("deploy/Dockerfile", "FROM ubuntu\nRUN apt-get update\nRUN apt-get install -y curl\n");
    let report = world.report(&[]);
    let finding =
        report["findings"].as_array().into_iter().flatten().find(|it| it["path"] == "deploy/Dockerfile");
    let Some(finding) = finding else { panic!("no finding in the Dockerfile: {report}") };
    let (id, line) =
        (finding["guideline"].as_str().expect("an id"), finding["start"]["line"].as_u64().expect("a line"));
    let place = format!("deploy/Dockerfile:{line}");
    let all = ["waive", id, place.as_str(), "--inline", "--kind", "cost", "--reason", "a demo"];
    world.run_expecting(0, &all);
    assert!(world.read("deploy/Dockerfile").contains("# stanchion: waive "));
    // JSON has no comments, so the message names the waiver file.
    world.write("package.json", "{}\n");
    let run = world.run(&["waive", id, "package.json", "--inline", "--kind", "cost", "--reason", "a demo"]);
    assert_eq!(run.status, 2);
    assert!(
        run.err.contains("its format has no comments") && run.err.contains(".stanchion/waivers.toml"),
        "{}",
        run.err
    );
}

#[test]
fn links_are_not_written_through() {
    let world = world();
    world.write("outside.toml", "schema = 1\n");
    std::fs::create_dir_all(world.path(".stanchion")).expect("made");
    std::os::unix::fs::symlink("../outside.toml", world.path(".stanchion/waivers.toml")).expect("a link");
    let run = waive(&world, &["--path", "b.py"]);
    assert_eq!(run.status, 2, "{}", run.out);
    assert!(run.err.contains("is a symbolic link"), "{}", run.err);
    assert_eq!(world.read("outside.toml"), "schema = 1\n");
    std::fs::hard_link(world.path("b.py"), world.path("c.py")).expect("a hard link");
    let run = waive(&world, &["b.py:2", "--inline"]);
    assert!(run.status == 2 && run.err.contains("hard link"), "{}", run.err);
}

#[test]
fn waivers_are_listed_linted_explained_renewed_and_withdrawn() {
    let world = world();
    world.write(".stanchion/waivers.toml", "# ours\nschema = 1 # yes\n\n[[waiver]] # first\nid = \"one\" # an id\nguideline = \"resilience/http-timeouts\"\nreason = \"because it is\"\nuntil = 2027-01-01 # soon\n\n[[waiver]]\nid = \"two\"\nguideline = \"resilience/http-timeouts\"\nreason = \"\"\n\n[[waiver]]\nid = \"three\"\nguideline = \"acme/not-here\"\nreason = \"because it is\"\n");
    let before = world.read(".stanchion/waivers.toml");
    let list = world.run_expecting(0, &["waivers", "list", "--today", "2026-11-25"]);
    assert!(list.out.contains("active     one") && list.out.contains("outdated   three"), "{}", list.out);
    assert!(list.out.contains("1 more are invalid"), "{}", list.out);
    let json: serde_json::Value =
        serde_json::from_str(&world.run_expecting(0, &["waivers", "list", "--format", "json"]).out)
            .expect("JSON");
    assert_eq!(json["waivers"][0]["id"], "one");
    let linted = world.run_expecting(0, &["waivers", "lint"]);
    assert!(
        linted.out.contains("needs a reason in words")
            && linted.out.contains("acme/not-here, which is not followed"),
        "{}",
        linted.out
    );
    let why = world.run_expecting(0, &["waivers", "why", "one", "--today", "2027-01-02"]);
    assert!(why.out.contains("lapsed") && why.out.contains("b.py:2"), "{}", why.out);
    assert!(world.run_expecting(2, &["waivers", "why", "ome"]).err.contains("did you mean `one`"));
    assert_eq!(before, world.read(".stanchion/waivers.toml"), "list, lint and why must not change the file");

    world.run_expecting(0, &["waivers", "renew", "one", "--until", "2028-01-01", "--today", "2026-12-01"]);
    let renewed = world.read(".stanchion/waivers.toml");
    assert_eq!(
        renewed,
        before.replace("until = 2027-01-01 # soon\n", "until = 2028-01-01 # soon\nrenewed = [2026-12-01]\n")
    );
    world.run_expecting(0, &["waivers", "withdraw", "one", "--today", "2026-12-02"]);
    assert!(world.read(".stanchion/waivers.toml").contains("withdrawn = 2026-12-02"));
    let report = world.report(&["--today", "2026-12-02"]);
    assert_eq!(
        (report["summary"]["findings_waived"].as_u64(), report["waivers"][0]["effect"].as_str()),
        (Some(0), Some("withdrawn"))
    );
}

#[test]
fn an_inline_waiver_is_written_only_where_a_comment_is_possible() {
    let world = World::new();
    for (path, text, line, words) in [
        ("long.py", "import requests\nx = '''\n%s\n'''\nrequests.get(1)\n", 3, ""),
        (
            "goes_on.py",
            "import requests\nx = 1 + \\\n    requests.get(1)\n",
            3,
            "the previous line continues there",
        ),
        ("a.jsx", "const a = <p>\n  {fetch(1)}\n</p>;\n", 2, ""),
    ] {
        world.write(path, text.replace("%s", "requests.get(1)"));
        let before = world.read(path);
        let place = format!("{path}:{line}");
        let run = waive(&world, &[&place, "--inline"]);
        assert_eq!(run.status, 2, "{path}: {}", run.out);
        assert!(run.err.contains(words), "{path}: {}", run.err);
        assert_eq!(before, world.read(path), "{path}");
    }
    // A file-wide waiver goes to the top, after the shebang and the encoding declaration.
    world.write(
        "top.py",
        "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\nimport requests\nrequests.get(1)\n",
    );
    assert_eq!(waive(&world, &["top.py", "--inline"]).status, 0);
    let text = world.read("top.py");
    assert!(text.lines().nth(2).is_some_and(|line| line.starts_with("# stanchion: waive-file ")), "{text}");
}

#[test]
fn renewing_and_withdrawing_change_only_the_named_inline_waiver() {
    let world = World::new();
    world.write("README.md", "# x\n");
    let text = "import requests\nrequests.get(1)  # stanchion: waive resilience/http-timeouts owner=\"us until=2020-01-01 x\" until=2027-01-01 -- until=2020-01-01 was said\n";
    world.write("a.py", text);
    world.run_expecting(0, &["waivers", "renew", "a.py:2", "--until", "2028-02-03", "--today", "2026-11-25"]);
    assert_eq!(world.read("a.py"), text.replace("until=2027-01-01", "until=2028-02-03"));
    world.run_expecting(0, &["waivers", "withdraw", "a.py:2", "--today", "2026-11-26"]);
    assert!(
        world.read("a.py").contains("until=2028-02-03 withdrawn=2026-11-26 -- until=2020"),
        "{}",
        world.read("a.py")
    );
    // Renewing removes `withdrawn`.
    world.run_expecting(0, &["waivers", "renew", "a.py:2", "--until", "2028-02-04", "--today", "2026-11-27"]);
    assert_eq!(counts(&world, "2026-11-27"), (0, 1));
    // Two waivers on one line have separate ids.
    let mark = "/* stanchion: waive acme/none until=2027-01-01 -- one of two */";
    world.write("b.c", format!("f(); {mark} g(); {mark} h();\n"));
    let list = world.report(&["--today", "2026-11-25"]);
    let ids: Vec<_> = list["waivers"]
        .as_array()
        .expect("waivers")
        .iter()
        .map(|it| it["id"].as_str().unwrap_or(""))
        .collect();
    assert!(ids.contains(&"b.c:1") && ids.contains(&"b.c:1:89"), "{ids:?}");
    world.run_expecting(0, &["waivers", "withdraw", "b.c:1:89", "--today", "2026-11-26"]);
    let (first, second) = (mark, mark.replace(" -- ", " withdrawn=2026-11-26 -- "));
    assert_eq!(world.read("b.c"), format!("f(); {first} g(); {second} h();\n"));
    // A renewal that would make the waiver invalid is not written.
    let entry = "schema = 1\n[[waiver]]\nid = \"one\"\nguideline = \"acme/none\"\nreason = \"because it is\"\ndeclared = 2027-06-01\n";
    world.write(".stanchion/waivers.toml", entry);
    let run = world
        .run_expecting(2, &["waivers", "renew", "one", "--until", "2027-01-01", "--today", "2026-11-25"]);
    assert!(run.err.contains("would be invalid; nothing was written"), "{}", run.err);
    assert_eq!(world.read(".stanchion/waivers.toml"), entry);
}

#[test]
fn an_invalid_date_invalidates_only_its_waiver() {
    let world = world();
    let entry = |id: &str, day: &str| {
        format!(
            "[[waiver]]\nid=\"{id}\"\nguideline=\"{ID}\"\nreason=\"because it is\"\nuntil={day}\npaths=[\"b.py\"]\n"
        )
    };
    world.write(
        ".stanchion/waivers.toml",
        format!("schema=1\n{}{}", entry("good", "2027-01-01"), entry("bad", "2027-02-30")),
    );
    assert_eq!(counts(&world, "2026-11-25"), (2, 1));
    // A file with more inline waivers than the limit is reported.
    let many = format!("# stanchion: waive {ID} until=2027-01-01 -- one of many\n").repeat(1_005);
    world.write("many.py", format!("import requests\n{many}"));
    let run = world.run(&["waivers", "lint", "--today", "2026-11-25"]);
    assert!(run.out.contains("only the first 1000 inline waivers"), "{}", run.out);
}

#[test]
fn an_inline_waiver_for_one_check_covers_only_that_check() {
    let world = World::new();
    let text = "---\nschema: 1\nguideline: acme/two\nversion: 1.0.0\ntitle: Two\nsummary: Two.\nstage: trial\nowner: test\nchecks:\n  - id: first\n    text: { files: [\"**/*.py\"], find: \"foo\" }\n    message: foo\n  - id: second\n    text: { files: [\"**/*.py\"], find: \"bar\" }\n    message: bar\n---\n# Two\n\n## Why\nTo test.\n";
    world.write("rules/two.md", text);
    world.write("stanchion.toml", "schema = 1\nfollow = [\"./rules\"]\n");
    let many = "x = 1  # c\n".repeat(11_000);
    world.write("a.py", format!("{many}y = foo(bar)\n"));
    world.run_expecting(
        0,
        &[
            "waive",
            "acme/two",
            "a.py:11001",
            "--inline",
            "--check",
            "first",
            "--kind",
            "cost",
            "--reason",
            "known for now",
        ],
    );
    assert_eq!(counts(&world, "2026-11-25"), (1, 1));
}

/// Long lines that resemble comments, strings or tables are scanned in linear time.
#[test]
fn hostile_lines_are_scanned_in_linear_time() {
    let world = World::new();
    let mark = "stanchion: waive a/b -- known for now";
    let n = 1 << 20;
    world.write("a.js", format!("x=/[{}\n// {mark}\nf();\n", "=/[".repeat(n / 3)));
    world.write("b.py", format!("\"{}\n", " # stanchion: waive".repeat(n / 19)));
    world.write("c.txt", format!("\"{}\n", " # stanchion: waive".repeat(n / 19)));
    world.write(".stanchion/waivers.toml", format!("schema = 1\ny {}\n", "={".repeat(n / 2)));
    let run = world.run_expecting(0, &["waivers", "list"]);
    assert!(run.out.contains("a.js:2"), "{}", run.out);
}
