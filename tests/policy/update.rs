//! Copies, the lock, and `update`.

use super::world::World;

/// Guideline text that finds `words`.
fn guideline(version: &str, words: &str) -> String {
    format!(
        "---\nschema: 1\nguideline: acme/words\nversion: {version}\ntitle: No words\nsummary: Words are found.\nstage: trial\nowner: test\nchecks:\n  - id: words\n    text: {{ files: [\"**/*.txt\"], find: \"{words}\" }}\n    message: a word\n---\n# No words\n\n## Why\nTo test {version}.\n"
    )
}

const COPY: &str = ".stanchion/guidelines/acme/words.md";

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn world() -> World {
    let world = World::new();
    world.write("stanchion.toml", "schema = 1\nfollow = [\"acme/base@1\"]\nregistries = [\"./mirror\"]\n");
    world.write("mirror/standards/base.toml", "schema = 1\nstandard = \"acme/base\"\nversion = \"1.0.0\"\ntitle = \"Base\"\nowner = \"test\"\n[guidelines]\n\"acme/words\" = \"^1\"\n");
    world.write("mirror/acme/words.md", guideline("1.0.0", "one"));
    world.write("a.txt", "one\ntwo\nthree\n");
    world
}

#[test]
fn update_writes_copies_that_check_uses() {
    let world = world();
    let absent = world.run_expecting(0, &["check"]);
    assert!(absent.out.contains("acme/base is followed but has no copy"), "{}", absent.out);
    world.run_expecting(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), guideline("1.0.0", "one"), "byte for byte");
    assert!(world.read(".stanchion/lock.toml").contains("source = \"./mirror\""));
    assert_eq!(world.report(&[])["summary"]["findings"], 1);
    // The copies do not need their source.
    std::fs::rename(world.path("mirror"), world.path("gone")).expect("renamed");
    assert_eq!(world.report(&[])["summary"]["findings"], 1);
    std::fs::rename(world.path("gone"), world.path("mirror")).expect("renamed");
    assert!(
        world.run_expecting(0, &["update"]).out.contains("Everything is up to date"),
        "a second update must change nothing"
    );

    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two|three"));
    world.write("mirror/acme/words-2.md", guideline("2.0.0", "."));
    let preview = world.run_expecting(0, &["update", "--preview"]);
    for words in [
        "acme/words 1.0.0 → 1.1.0 from ./mirror",
        "the check `words` matches differently",
        "2 findings would appear:",
        "a.txt:2 a word",
        "1 finding would disappear:",
        "acme/words 2.0.0 is available, but outside the followed range",
        "nothing was written",
    ] {
        assert!(preview.out.contains(words), "{words} in\n{}", preview.out);
    }
    assert_eq!(world.report(&[])["summary"]["findings"], 1, "nothing was written");
    world.run_expecting(0, &["update"]);
    assert_eq!(world.report(&[])["summary"]["findings"], 2);
    world.run_expecting(0, &["update", "--major", "acme/words"]);
    assert!(world.read(".stanchion/guidelines/acme/words.md").contains("version: 2.0.0"));
}

#[test]
fn other_line_endings_are_not_local_edits() {
    let world = world();
    world.run_expecting(0, &["update"]);
    // Line endings as git for Windows checks files out.
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for file in [COPY, ".stanchion/standards/acme/base.toml", ".stanchion/lock.toml", "stanchion.toml"] {
        world.write(file, crlf(&world.read(file)));
    }
    assert!(!world.run_expecting(0, &["check"]).out.contains("local edits"));
    assert_eq!(world.report(&[])["summary"]["findings"], 1);
    assert!(world.run_expecting(0, &["update"]).out.contains("Everything is up to date"));
    assert_eq!(world.read(COPY), crlf(&guideline("1.0.0", "one")), "nothing was written");
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
    assert!(!world.run_expecting(0, &["update"]).out.contains("local edits"));
    assert_eq!(world.read(COPY), guideline("1.1.0", "two"));
    world.write(COPY, crlf(&guideline("1.1.0", "three")));
    assert!(
        world.run_expecting(0, &["check"]).out.contains("local edits"),
        "an edit must be detected with any line endings"
    );
}

#[test]
fn other_line_endings_are_not_local_edits_of_any_offered_version() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let old = guideline("1.0.0", "one");
    // Mixed line endings, as an editor with its own line endings leaves them.
    let mixed = old.replacen('\n', "\r\n", 5);
    for here in [crlf(&old), mixed] {
        let world = world();
        world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
        world.run_expecting(0, &["update"]);
        // After a merge the lock comes from one side and the copy from the other.
        world.write(COPY, &here);
        let update = world.run_expecting(0, &["update"]).out;
        assert!(!update.contains("local edits") && update.contains("1.0.0 → 1.1.0"), "{update}");
        assert_eq!(world.read(COPY), guideline("1.1.0", "two"));
        assert!(!world.path(&format!("{COPY}.published")).exists());
    }
    // Without a lock, copies of the starter set are recognized by their text.
    let world = World::new();
    world.run_expecting(0, &["init"]);
    std::fs::remove_file(world.path(".stanchion/lock.toml")).expect("removed");
    let copy = ".stanchion/guidelines/resilience/http-timeouts.md";
    world.write(copy, crlf(&world.read(copy)));
    let update = world.run_expecting(0, &["update"]).out;
    assert!(!update.contains("local edits") && update.contains("Everything is up to date"), "{update}");
    assert!(!world.path(&format!("{copy}.published")).exists());
    world.write(copy, format!("{}\r\nMore.\r\n", world.read(copy)));
    assert!(
        world.run_expecting(0, &["update"]).out.contains("local edits"),
        "an edit must be detected with any line endings"
    );
}

#[test]
fn an_edited_copy_is_kept_and_reported() {
    let world = world();
    world.run_expecting(0, &["update"]);
    let edited = guideline("1.0.0", "three");
    world.write(".stanchion/guidelines/acme/words.md", &edited);
    let check = world.run_expecting(0, &["check"]);
    assert!(check.out.contains("local edits (differs from the published text): acme/words"), "{}", check.out);
    assert!(check.out.contains("acme/words 1.0.0 · local edits"), "{}", check.out);
    assert_eq!(world.report(&[])["guidelines"][0]["edited"], true);
    world.write("mirror/acme/words.md", guideline("1.1.0", "two"));
    let update = world.run_expecting(0, &["update"]);
    assert!(flat(&update.out).contains("kept the copy with local edits"), "{}", update.out);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), edited);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md.published"), guideline("1.1.0", "two"));
    assert_eq!(world.report(&[])["findings"][0]["start"]["line"], 3, "the edited copy must be used");
}

#[test]
fn init_copies_the_starter_set_and_check_uses_the_copies() {
    let world = World::new();
    world.write("src/a.py", "import requests\nrequests.get(1)\n");
    world.run_expecting(0, &["init"]);
    let before = world.report(&[]);
    world.write(
        ".stanchion/lock.toml",
        world.read(".stanchion/lock.toml").replace(
            "\n[[guideline]]\nid = \"resilience/http-timeouts\"",
            "\n[[guideline]]\nid = \"resilience/gone\"",
        ),
    );
    let without = world.run_expecting(0, &["check"]);
    assert!(
        without.out.contains("resilience/gone (of starter) is followed but has no copy"),
        "{}",
        without.out
    );
    assert_eq!(before["summary"]["guidelines"], 22);
    assert!(world.run_expecting(2, &["init"]).err.contains("already exists"));
}

#[test]
fn a_newer_schema_is_reported_and_fails_no_run() {
    let world = world();
    world.run_expecting(0, &["update"]);
    world.write(
        ".stanchion/guidelines/acme/words.md",
        guideline("1.0.0", "one").replace("schema: 1", "schema: 9"),
    );
    let run = world.run_expecting(0, &["check"]);
    assert!(run.out.contains("needs a newer stanchion"), "{}", run.out);
    world.replace("stanchion.toml", "registries", "unassessed = \"break\"\nregistries");
    world.replace(
        "stanchion.toml",
        "[\"./mirror\"]\n",
        "[\"./mirror\"]\n[promises]\n\"acme/words\" = { since = 2026-01-01 }\n",
    );
    world.run_expecting(1, &["check"]);
}

#[test]
fn a_conflict_of_guidelines_is_reported_and_the_order_decides() {
    let world = World::new();
    let other = guideline("1.0.0", "one")
        .replace("acme/words", "acme/more")
        .replace("owner: test\n", "owner: test\nconflicts-with: [acme/words]\n");
    world.write("first/words.md", guideline("1.0.0", "two"));
    world.write("second/more.md", other);
    world.write("a.txt", "one\n");
    for (order, used) in
        [("\"./first\", \"./second\"", "acme/words"), ("\"./second\", \"./first\"", "acme/more")]
    {
        world.write("stanchion.toml", format!("schema = 1\nfollow = [{order}]\n"));
        let report = world.report(&[]);
        let ids: Vec<&str> = report["guidelines"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|it| it["id"].as_str())
            .collect();
        assert_eq!(ids, [used]);
        assert_eq!(report["notes"][0]["code"], "guidelines-in-conflict");
    }
}

#[test]
fn the_repository_sets_the_settings_of_a_guideline() {
    let world = World::new();
    let with = guideline("1.0.0", "{{word}}").replace(
        "checks:\n",
        "settings:\n  word: { type: text, default: one, about: What is found. }\nchecks:\n",
    );
    world.write("guidelines/words.md", with);
    world.write("a.txt", "one\ntwo\nthree\n");
    let config = |settings: &str| format!("schema = 1\nfollow = [\"./guidelines\"]\n{settings}");
    let line = |world: &World| world.report(&[])["findings"][0]["start"]["line"].clone();
    world.write("stanchion.toml", config(""));
    assert_eq!(line(&world), 1);
    world.write("stanchion.toml", config("[settings.\"acme/words\"]\nword = \"three\"\n"));
    assert_eq!(line(&world), 3);
    world.write("stanchion.toml", config("[settings.\"acme/words\"]\nwrod = \"three\"\n"));
    let wrong = world.run_expecting(0, &["check"]);
    assert!(
        wrong.out.contains("stanchion.toml:4:1") && wrong.out.contains("did you mean `word`"),
        "{}",
        wrong.out
    );
    world.write("stanchion.toml", config("[settings.\"acme/words\"]\nword = 3\n"));
    assert!(world.run_expecting(0, &["check"]).out.contains("`word` must be text"));
    world.write("stanchion.toml", config("[settings.\"acme/other\"]\nword = 3\n"));
    assert!(world.run_expecting(0, &["check"]).out.contains("acme/other is not followed here"));
}

#[test]
fn versions_of_an_exported_index_must_match_their_checksums() {
    use sha2::{Digest as _, Sha256};
    let world = World::new();
    world.write("stanchion.toml", "schema = 1\nfollow = [\"acme/words@1\"]\nregistries = [\"./site\"]\n");
    world.write("a.txt", "one\ntwo\nthree\n");
    world.write("site/index/config.json", "{\"v\": 1}\n");
    let mut lines = String::new();
    let mut publish = |version: &str, text: &str, stored: &str, yanked: bool| {
        let sha256: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
        world.write(&format!("site/blob/{sha256}.md"), stored);
        lines.push_str(&format!(
            "{{\"v\":1,\"name\":\"acme/words\",\"version\":\"{version}\",\"sha256\":\"{sha256}\",\"yanked\":{yanked}}}\n"
        ));
        world.write("site/index/acme/words.jsonl", &lines);
    };
    let text = guideline("1.0.0", "one");
    publish("1.0.0", &text, &text, false);
    world.run_expecting(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), text, "byte for byte");
    // A yanked version, a checksum mismatch, a text with another version in its front matter, and an invalid
    // line.
    let yanked = guideline("1.1.0", "two");
    publish("1.1.0", &yanked, &yanked, true);
    publish("1.2.0", &guideline("1.2.0", "two"), &guideline("1.2.0", "three"), false);
    publish("1.3.0", &guideline("1.9.0", "two"), &guideline("1.9.0", "two"), false);
    let update = world.run_expecting(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), text);
    for words in [
        "checksum mismatch: the text of acme/words 1.2.0",
        "the text of acme/words 1.3.0 from",
        "declares acme/words 1.9.0 instead",
    ] {
        let out = update.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(out.contains(words), "{words} in\n{}", update.out);
    }
    let good = guideline("1.4.0", "two|three");
    publish("1.4.0", &good, &good, false);
    world.run_expecting(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), good);
    world.write("site/index/acme/words.jsonl", "nonsense\n");
    assert!(flat(&world.run_expecting(0, &["update"]).out).contains("invalid entry"));
}

/// An untrusted repository may contain symbolic links in place of stanchion's own files.
#[test]
fn nothing_is_written_through_a_link() {
    for arguments in [
        &["init"][..],
        &["promise", "secrets/no-private-keys"],
        &["promise", "resilience/http-timeouts", "--from-here"],
        &["waive", "resilience/http-timeouts", "--kind", "cost", "--reason", "it is our own"],
        &["update"],
    ] {
        let world = World::new();
        let outside = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(outside.path(), world.path(".stanchion")).expect("a link");
        world.write("a.py", "import requests\nrequests.get(1)\n");
        if arguments[0] != "init" {
            let named = if arguments[0] == "update" { "registries = [\"./m\"]\n" } else { "" };
            world.write(
                "stanchion.toml",
                format!("schema = 1\nfollow = [\"starter\", \"acme/words\"]\n{named}"),
            );
            world.write(
                "m/words.md",
                std::fs::read("rules/hygiene/no-system-files.md").expect("a starter guideline"),
            );
        }
        let run = world.run(arguments);
        let left: Vec<_> = std::fs::read_dir(outside.path()).expect("listed").collect();
        assert!(left.is_empty(), "{arguments:?}: {left:?}\n{}{}", run.out, run.err);
    }
}

#[test]
fn local_edits_are_kept_without_a_lock_entry() {
    let world = world();
    world.run_expecting(0, &["update"]);
    let own = world.read(".stanchion/guidelines/acme/words.md").replace("To test", "Ours, to test");
    world.write(".stanchion/guidelines/acme/words.md", &own);
    std::fs::remove_file(world.path(".stanchion/lock.toml")).expect("removed");
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
    let update = world.run_expecting(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), own, "{}", update.out);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md.published"), guideline("1.1.0", "two"));
    // The documented way back: overwrite the copy with the published text.
    std::fs::rename(
        world.path(".stanchion/guidelines/acme/words.md.published"),
        world.path(".stanchion/guidelines/acme/words.md"),
    )
    .expect("moved");
    let update = world.run_expecting(0, &["update"]);
    assert!(update.out.contains("Everything is up to date"), "{}", update.out);
    assert!(world.read(".stanchion/lock.toml").contains("1.1.0"));
    assert!(!world.run_expecting(0, &["list"]).out.contains("edited"));
    // When the copy is missing, a different text with the same version is not accepted.
    std::fs::remove_file(world.path(".stanchion/guidelines/acme/words.md")).expect("removed");
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "three"));
    let update = world.run_expecting(0, &["update"]);
    assert!(flat(&update.out).contains("of the same version"), "{}", update.out);
    assert!(!world.path(".stanchion/guidelines/acme/words.md").exists(), "{}", update.out);
}

#[test]
fn the_first_followed_standard_decides_the_version_range() {
    let world = World::new();
    let standard = |name: &str, range: &str| {
        format!(
            "schema = 1\nstandard = \"{name}\"\nversion = \"1.0.0\"\ntitle = \"X\"\nowner = \"test\"\n[guidelines]\n\"acme/words\" = \"{range}\"\n"
        )
    };
    world.write("mirror/zeta.toml", standard("zeta/base", "^1"));
    world.write("mirror/acme.toml", standard("acme/base", "^2"));
    world.write("mirror/one.md", guideline("1.0.0", "one"));
    world.write("mirror/two.md", guideline("2.0.0", "two"));
    for (order, version, words) in [
        (
            "\"zeta/base\", \"acme/base\"",
            "version: 1.0.0",
            "acme/base requires acme/words ^2, but zeta/base comes first in `follow`",
        ),
        (
            "\"acme/base\", \"zeta/base\"",
            "version: 2.0.0",
            "zeta/base requires acme/words ^1, but acme/base comes first in `follow`",
        ),
    ] {
        world.write(
            "stanchion.toml",
            format!("schema = 1\nfollow = [{order}]\nregistries = [\"./mirror\"]\n"),
        );
        let update = world.run_expecting(0, &["update"]);
        assert!(flat(&update.out).contains(words), "{words} in\n{}", update.out);
        assert!(world.read(COPY).contains(version), "{order}");
        assert!(!world.run_expecting(0, &["check"]).out.contains("to get a matching version"), "{order}");
        assert!(
            flat(&world.run_expecting(0, &["update"]).out).contains("Everything is up to date (3 copies).")
        );
    }
    // A standard that is unavailable does not make its members unfollowed.
    let before = world.read(".stanchion/lock.toml");
    std::fs::remove_file(world.path(".stanchion/standards/acme/base.toml")).expect("removed");
    std::fs::remove_file(world.path(".stanchion/standards/zeta/base.toml")).expect("removed");
    std::fs::rename(world.path("mirror"), world.path("away")).expect("moved");
    let update = world.run_expecting(0, &["update"]);
    assert!(
        !update.out.contains("git rm") && !update.out.contains("nothing is followed by name"),
        "{}",
        update.out
    );
    assert_eq!(before, world.read(".stanchion/lock.toml"));
}

#[test]
fn a_lower_version_range_downgrades_the_copy() {
    let world = world();
    world.write("mirror/two.md", guideline("2.0.0", "two"));
    let config = |what: &str| format!("schema = 1\nfollow = [\"{what}\"]\nregistries = [\"./mirror\"]\n");
    world.write("stanchion.toml", config("acme/words@2"));
    world.run_expecting(0, &["update"]);
    world.write("stanchion.toml", config("acme/words@1"));
    assert!(
        flat(&world.run_expecting(0, &["check"]).out)
            .contains("run `stanchion update` to get a matching version")
    );
    let update = world.run_expecting(0, &["update"]);
    assert!(update.out.contains("2.0.0 → back to 1.0.0"), "{}", update.out);
    assert!(!world.run_expecting(0, &["check"]).out.contains("to get a matching version"));
    // An update of one guideline to a version outside the range reports which entry to change.
    let major = world.run_expecting(0, &["update", "--major", "acme/words"]);
    assert!(
        flat(&major.out)
            .contains("change it to acme/words@2 in `follow`, otherwise the next update reverts it"),
        "{}",
        major.out
    );
    // A guideline that is no longer followed is reported with a command relative to the current folder.
    world.write("stanchion.toml", config("acme/none@1"));
    world.write("deep/x.txt", "");
    let output = world.command().arg("update").current_dir(world.path("deep")).output().expect("it runs");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        flat(&out).contains("to remove its copy: git rm ../.stanchion/guidelines/acme/words.md"),
        "{out}"
    );
}

#[test]
fn a_yanked_version_is_kept_with_a_warning() {
    let world = World::new();
    world.write("site/index/config.json", "{\"v\": 1}\n");
    let texts = ["1.0.0", "1.1.0"].map(|version| (version, guideline(version, "one")));
    let index = |yanked: &str| {
        let mut lines = String::new();
        for (version, text) in &texts {
            let sha256 = stanchion::format::sha256_hex(text.as_bytes());
            world.write(&format!("site/blob/{sha256}.md"), text);
            let why =
                if *version == yanked { ",\"yanked\":true,\"yank_message\":\"finds too much\"" } else { "" };
            lines.push_str(&format!(
                "{{\"v\":1,\"name\":\"acme/words\",\"version\":\"{version}\",\"sha256\":\"{sha256}\"{why}}}\n"
            ));
        }
        world.write("site/index/acme/words.jsonl", lines);
    };
    let config = |what: &str| format!("schema = 1\nfollow = [\"{what}\"]\nregistries = [\"./site\"]\n");
    index("");
    world.write("stanchion.toml", config("acme/words"));
    world.run_expecting(0, &["update"]);
    index("1.1.0");
    let update = world.run_expecting(0, &["update"]);
    assert!(
        flat(&update.out).contains("acme/words 1.1.0, which is used here, was yanked: finds too much"),
        "{}",
        update.out
    );
    assert!(world.read(COPY).contains("version: 1.1.0"), "the copy must stay");
    // A missing copy is restored in the same version.
    std::fs::remove_file(world.path(COPY)).expect("removed");
    assert!(world.run_expecting(0, &["update"]).out.contains("restored 1.1.0"));
    // A new user does not get a yanked version, unless the range names it exactly.
    for (what, version) in [("acme/words", "1.0.0"), ("acme/words@=1.1.0", "1.1.0")] {
        std::fs::remove_dir_all(world.path(".stanchion")).expect("removed");
        world.write("stanchion.toml", config(what));
        world.run_expecting(0, &["update"]);
        assert!(world.read(COPY).contains(version), "{what}");
    }
}

#[test]
fn update_repairs_a_lock_that_contains_both_sides_of_a_merge() {
    let world = world();
    world.run_expecting(0, &["update"]);
    let ours = world.read(".stanchion/lock.toml");
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
    world.run_expecting(0, &["update"]);
    let theirs = world.read(".stanchion/lock.toml");
    let entries = |lock: &str| lock.split_once("schema = 1\n").expect("a lock").1.to_owned();
    let marked =
        format!("schema = 1\n<<<<<<< HEAD\n{}=======\n{}>>>>>>> other\n", entries(&ours), entries(&theirs));
    world.write(".stanchion/lock.toml", &marked);
    let refused = world.run_expecting(2, &["update"]);
    assert!(refused.err.contains("the lines of both sides may stay"), "{}", refused.err);
    let lines = |line: &&str| !["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    let without: Vec<&str> = marked.lines().filter(lines).collect();
    world.write(".stanchion/lock.toml", without.join("\n"));
    world.run_expecting(0, &["update"]);
    assert_eq!(theirs, world.read(".stanchion/lock.toml"));
}

#[test]
fn starter_copies_are_recognized_without_a_lock() {
    let world = World::new();
    world.write("README.md", "# x\n");
    world.run_expecting(0, &["init"]);
    let copy = ".stanchion/guidelines/docs/readme-present.md";
    let own = world.read(copy).replace("A repository has a README", "Our own words");
    assert!(own.contains("Our own words"));
    world.write(copy, &own);
    let before = world.read(".stanchion/lock.toml");
    std::fs::remove_file(world.path(".stanchion/lock.toml")).expect("removed");
    assert!(world.run_expecting(0, &["list"]).out.contains("Our own words"));
    assert!(flat(&world.run_expecting(0, &["check"]).out).contains("has no entry in the lock"));
    world.run_expecting(0, &["update"]);
    assert_eq!(world.read(copy), own);
    let after = world.read(".stanchion/lock.toml");
    assert_eq!(after, before, "the new lock must describe each copy");
    assert!(
        world
            .run_expecting(0, &["check"])
            .out
            .contains("local edits (differs from the published text): docs/readme-present")
    );
    // A guideline from a newer program's starter set stays.
    let newer = format!(
        "{after}\n[[guideline]]\nid = \"docs/from-the-future\"\nversion = \"1.0.0\"\nsha256 = \"{}\"\nsource = \"starter\"\n",
        "0".repeat(64)
    );
    world.write(".stanchion/lock.toml", newer);
    let update = world.run_expecting(0, &["update"]);
    assert!(!update.out.contains("from-the-future is not followed"), "{}", update.out);
    assert!(world.read(".stanchion/lock.toml").contains("docs/from-the-future"));
}

#[test]
fn a_manually_merged_copy_is_recognized() {
    let world = world();
    world.run_expecting(0, &["update"]);
    let edited = |version: &str| guideline(version, "one").replace("To test", "Ours, to test");
    world.write(COPY, edited("1.0.0"));
    // No newer version: the published text is written beside the copy, to undo the edits.
    let update = world.run_expecting(0, &["update"]);
    assert!(flat(&update.out).contains("it has local edits; the published text is in"), "{}", update.out);
    assert_eq!(world.read(&format!("{COPY}.published")), guideline("1.0.0", "one"));
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "one"));
    world.run_expecting(0, &["update"]);
    assert_eq!(world.read(&format!("{COPY}.published")), guideline("1.1.0", "one"));
    // The merged text has the later version in its front matter.
    world.write(COPY, edited("1.1.0"));
    let update = world.run_expecting(0, &["update"]);
    assert!(!update.out.contains("changed. To share it"), "{}", update.out);
    assert!(
        world.read(".stanchion/lock.toml").contains("version = \"1.1.0\""),
        "{}",
        world.read(".stanchion/lock.toml")
    );
    assert_eq!(world.read(COPY), edited("1.1.0"));
    std::fs::rename(world.path(&format!("{COPY}.published")), world.path(COPY)).expect("moved");
    assert!(!world.run_expecting(0, &["check"]).out.contains("local edits"));
}

#[test]
fn a_guideline_that_needs_another_file_is_not_copied() {
    let world = world();
    let text = guideline("1.2.0", "one").replace(
        "    text: { files: [\"**/*.txt\"], find: \"one\" }\n",
        "    data: { files: [\"**/*.json\"], assert-file: s.json }\n",
    );
    world.write("mirror/acme/beside.md", text);
    world.write("mirror/acme/s.json", "{}");
    let update = world.run_expecting(0, &["update"]);
    assert!(flat(&update.out).contains("it uses another file"), "{}", update.out);
    assert!(world.read(COPY).contains("version: 1.0.0"));
}

/// A lock that is a symbolic link could disclose a file outside the repository in a message.
#[test]
fn a_lock_that_is_a_symbolic_link_is_not_read() {
    let world = world();
    world.run_expecting(0, &["update"]);
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret"), "schema = 1\nsecret = \"of another user\"\n")
        .expect("written");
    std::fs::remove_file(world.path(".stanchion/lock.toml")).expect("removed");
    std::os::unix::fs::symlink(outside.path().join("secret"), world.path(".stanchion/lock.toml"))
        .expect("a link");
    let run = world.run_expecting(2, &["update"]);
    assert!(
        run.err.contains("is a symbolic link and was not read") && !run.err.contains("of another user"),
        "{}",
        run.err
    );
}

/// When the report cannot be written, the lock still describes the copies.
#[test]
fn a_failing_report_leaves_the_lock_and_copies_consistent() {
    let world = world();
    world.run_expecting(0, &["update"]);
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let run = world.command().arg("update").stdout(full).output().expect("it runs");
    assert_eq!(run.status.code(), Some(2));
    assert!(world.read(COPY).contains("version: 1.1.0"));
    assert!(world.read(".stanchion/lock.toml").contains("version = \"1.1.0\""));
    assert!(!world.run_expecting(0, &["check"]).out.contains("local edits"));
}

/// Another spelling of a URL is the same registry, and a registry cannot take over a built-in guideline.
#[test]
fn a_guideline_stays_with_its_registry_under_any_spelling_of_the_url() {
    let world = world();
    world.run_expecting(0, &["update"]);
    world.write("evil/acme/words.md", guideline("1.9.0", "two"));
    let config = |first: &str| {
        format!("schema = 1\nfollow = [\"acme/base@1\"]\nregistries = [\"./evil\", \"{first}\"]\n")
    };
    for spelling in ["./mirror/", "././mirror", "./mirror"] {
        world.write("stanchion.toml", config(spelling));
        world.run_expecting(0, &["update"]);
        assert!(world.read(COPY).contains("version: 1.0.0"), "{spelling}");
    }
    let world = World::new();
    world.write("README.md", "# x\n");
    world.run_expecting(0, &["init"]);
    let text = world.read(".stanchion/guidelines/docs/readme-present.md");
    world.write("evil/readme.md", text.replace("version: 1.0.0", "version: 1.9.0"));
    world.write(
        "stanchion.toml",
        "schema = 1\nfollow = [\"docs/readme-present\"]\nregistries = [\"./evil\"]\n",
    );
    world.run_expecting(0, &["update"]);
    assert_eq!(text, world.read(".stanchion/guidelines/docs/readme-present.md"));
}
