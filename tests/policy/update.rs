//! Copies, the lock, and `update`.

use super::world::World;

/// A guideline that finds `words`.
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
fn versions_come_as_copies_that_check_uses() {
    let world = world();
    let absent = world.ends(0, &["check"]);
    assert!(absent.out.contains("acme/base is followed, but has no copy here"), "{}", absent.out);
    world.ends(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), guideline("1.0.0", "one"), "byte for byte");
    assert!(world.read(".stanchion/lock.toml").contains("source = \"./mirror\""));
    assert_eq!(world.report(&[])["summary"]["findings"], 1);
    // The source may burn.
    std::fs::rename(world.path("mirror"), world.path("burnt")).expect("renamed");
    assert_eq!(world.report(&[])["summary"]["findings"], 1);
    std::fs::rename(world.path("burnt"), world.path("mirror")).expect("renamed");
    assert!(world.ends(0, &["update"]).out.contains("Everything is current"), "a second time");

    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two|three"));
    world.write("mirror/acme/words-2.md", guideline("2.0.0", "."));
    let preview = world.ends(0, &["update", "--preview"]);
    for words in [
        "acme/words 1.0.0 → 1.1.0 from ./mirror",
        "the check `words` looks for something else",
        "2 findings would come here:",
        "a.txt:2 a word",
        "1 finding would go here:",
        "acme/words 2.0.0 is there, outside of what is followed here",
        "nothing was written",
    ] {
        assert!(preview.out.contains(words), "{words} in\n{}", preview.out);
    }
    assert_eq!(world.report(&[])["summary"]["findings"], 1, "nothing was written");
    world.ends(0, &["update"]);
    assert_eq!(world.report(&[])["summary"]["findings"], 2);
    world.ends(0, &["update", "--major", "acme/words"]);
    assert!(world.read(".stanchion/guidelines/acme/words.md").contains("version: 2.0.0"));
}

#[test]
fn other_line_ends_are_no_edit() {
    let world = world();
    world.ends(0, &["update"]);
    // As git for Windows checks it out.
    let crlf = |text: &str| text.replace('\n', "\r\n");
    for file in [COPY, ".stanchion/standards/acme/base.toml", ".stanchion/lock.toml", "stanchion.toml"] {
        world.write(file, crlf(&world.read(file)));
    }
    assert!(!world.ends(0, &["check"]).out.contains("edited here"));
    assert_eq!(world.report(&[])["summary"]["findings"], 1);
    assert!(world.ends(0, &["update"]).out.contains("Everything is current"));
    assert_eq!(world.read(COPY), crlf(&guideline("1.0.0", "one")), "nothing was written");
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
    assert!(!world.ends(0, &["update"]).out.contains("edited"));
    assert_eq!(world.read(COPY), guideline("1.1.0", "two"));
    world.write(COPY, crlf(&guideline("1.1.0", "three")));
    assert!(world.ends(0, &["check"]).out.contains("edited here"), "an edit is one with any line ends");
}

#[test]
fn other_line_ends_are_no_edit_of_any_version_that_is_offered() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let old = guideline("1.0.0", "one");
    // Half of it, as an editor leaves it that writes its own line ends.
    let mixed = old.replacen('\n', "\r\n", 5);
    for here in [crlf(&old), mixed] {
        let world = world();
        world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
        world.ends(0, &["update"]);
        // A merge took the lock of one side and the copy of the other.
        world.write(COPY, &here);
        let update = world.ends(0, &["update"]).out;
        assert!(!update.contains("edited") && update.contains("1.0.0 → 1.1.0"), "{update}");
        assert_eq!(world.read(COPY), guideline("1.1.0", "two"));
        assert!(!world.path(&format!("{COPY}.published")).exists());
    }
    // Without a lock: the copies are those of the starter set.
    let world = World::new();
    world.ends(0, &["init"]);
    std::fs::remove_file(world.path(".stanchion/lock.toml")).expect("removed");
    let copy = ".stanchion/guidelines/resilience/http-timeouts.md";
    world.write(copy, crlf(&world.read(copy)));
    let update = world.ends(0, &["update"]).out;
    assert!(!update.contains("edited") && update.contains("Everything is current"), "{update}");
    assert!(!world.path(&format!("{copy}.published")).exists());
    world.write(copy, format!("{}\r\nMore.\r\n", world.read(copy)));
    assert!(world.ends(0, &["update"]).out.contains("edited here"), "an edit is one with any line ends");
}

#[test]
fn an_edited_copy_is_kept_and_said() {
    let world = world();
    world.ends(0, &["update"]);
    let edited = guideline("1.0.0", "three");
    world.write(".stanchion/guidelines/acme/words.md", &edited);
    let check = world.ends(0, &["check"]);
    assert!(check.out.contains("edited here, and not what was published: acme/words"), "{}", check.out);
    assert!(check.out.contains("acme/words 1.0.0 · edited here"), "{}", check.out);
    assert_eq!(world.report(&[])["guidelines"][0]["edited"], true);
    world.write("mirror/acme/words.md", guideline("1.1.0", "two"));
    let update = world.ends(0, &["update"]);
    assert!(update.out.contains("was edited here and is kept"), "{}", update.out);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), edited);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md.published"), guideline("1.1.0", "two"));
    assert_eq!(world.report(&[])["findings"][0]["start"]["line"], 3, "the edited one is used");
}

#[test]
fn the_starter_set_is_copied_once_and_independent_of_the_program() {
    let world = World::new();
    world.write("src/a.py", "import requests\nrequests.get(1)\n");
    world.ends(0, &["init"]);
    let before = world.report(&[]);
    world.write(
        ".stanchion/lock.toml",
        world.read(".stanchion/lock.toml").replace(
            "\n[[guideline]]\nid = \"resilience/http-timeouts\"",
            "\n[[guideline]]\nid = \"resilience/gone\"",
        ),
    );
    let without = world.ends(0, &["check"]);
    assert!(
        without.out.contains("resilience/gone (of starter) is followed, but has no copy here"),
        "{}",
        without.out
    );
    assert_eq!(before["summary"]["guidelines"], 22);
    assert!(world.ends(2, &["init"]).err.contains("is there already"));
}

#[test]
fn a_newer_schema_is_no_failure_but_an_open_question() {
    let world = world();
    world.ends(0, &["update"]);
    world.write(
        ".stanchion/guidelines/acme/words.md",
        guideline("1.0.0", "one").replace("schema: 1", "schema: 9"),
    );
    let run = world.ends(0, &["check"]);
    assert!(run.out.contains("needs a newer stanchion"), "{}", run.out);
    world.replace("stanchion.toml", "registries", "unassessed = \"break\"\nregistries");
    world.replace(
        "stanchion.toml",
        "[\"./mirror\"]\n",
        "[\"./mirror\"]\n[promises]\n\"acme/words\" = { since = 2026-01-01 }\n",
    );
    world.ends(1, &["check"]);
}

#[test]
fn two_that_contradict_are_told_and_the_order_decides() {
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
fn settings_are_the_repositorys() {
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
    let wrong = world.ends(0, &["check"]);
    assert!(
        wrong.out.contains("stanchion.toml:4:1") && wrong.out.contains("did you mean `word`"),
        "{}",
        wrong.out
    );
    world.write("stanchion.toml", config("[settings.\"acme/words\"]\nword = 3\n"));
    assert!(world.ends(0, &["check"]).out.contains("`word` is a text"));
    world.write("stanchion.toml", config("[settings.\"acme/other\"]\nword = 3\n"));
    assert!(world.ends(0, &["check"]).out.contains("acme/other is not followed here"));
}

#[test]
fn versions_come_from_an_exported_index_and_only_as_they_were_published() {
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
    world.ends(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), text, "byte for byte");
    // One that was yanked, one whose text is another, one that says something else of itself, and nonsense.
    let yanked = guideline("1.1.0", "two");
    publish("1.1.0", &yanked, &yanked, true);
    publish("1.2.0", &guideline("1.2.0", "two"), &guideline("1.2.0", "three"), false);
    publish("1.3.0", &guideline("1.9.0", "two"), &guideline("1.9.0", "two"), false);
    let update = world.ends(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), text);
    for words in [
        "acme/words 1.2.0 is not the one that was published",
        "acme/words 1.3.0 says that it is acme/words 1.9.0",
    ] {
        let out = update.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(out.contains(words), "{words} in\n{}", update.out);
    }
    let good = guideline("1.4.0", "two|three");
    publish("1.4.0", &good, &good, false);
    world.ends(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), good);
    world.write("site/index/acme/words.jsonl", "nonsense\n");
    assert!(world.ends(0, &["update"]).out.contains("it cannot be read"));
}

/// A repository that somebody else made may hold a link where stanchion keeps its files.
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
fn what_somebody_wrote_is_kept_whatever_became_of_the_lock() {
    let world = world();
    world.ends(0, &["update"]);
    let own = world.read(".stanchion/guidelines/acme/words.md").replace("To test", "Ours, to test");
    world.write(".stanchion/guidelines/acme/words.md", &own);
    std::fs::remove_file(world.path(".stanchion/lock.toml")).expect("removed");
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
    let update = world.ends(0, &["update"]);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md"), own, "{}", update.out);
    assert_eq!(world.read(".stanchion/guidelines/acme/words.md.published"), guideline("1.1.0", "two"));
    // The way back that the documents name: what was published, over it.
    std::fs::rename(
        world.path(".stanchion/guidelines/acme/words.md.published"),
        world.path(".stanchion/guidelines/acme/words.md"),
    )
    .expect("moved");
    let update = world.ends(0, &["update"]);
    assert!(update.out.contains("Everything is current"), "{}", update.out);
    assert!(world.read(".stanchion/lock.toml").contains("1.1.0"));
    assert!(!world.ends(0, &["list"]).out.contains("edited"));
    // And a text that is another one under the same version is not taken where the copy is gone.
    std::fs::remove_file(world.path(".stanchion/guidelines/acme/words.md")).expect("removed");
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "three"));
    let update = world.ends(0, &["update"]);
    assert!(update.out.contains("under the same version"), "{}", update.out);
    assert!(!world.path(".stanchion/guidelines/acme/words.md").exists(), "{}", update.out);
}

#[test]
fn whoever_is_named_first_decides_about_the_range() {
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
    for (order, version, said) in [
        (
            "\"zeta/base\", \"acme/base\"",
            "version: 1.0.0",
            "acme/base asks for acme/words in ^2; zeta/base is named first",
        ),
        (
            "\"acme/base\", \"zeta/base\"",
            "version: 2.0.0",
            "zeta/base asks for acme/words in ^1; acme/base is named first",
        ),
    ] {
        world.write(
            "stanchion.toml",
            format!("schema = 1\nfollow = [{order}]\nregistries = [\"./mirror\"]\n"),
        );
        let update = world.ends(0, &["update"]);
        assert!(flat(&update.out).contains(said), "{said} in\n{}", update.out);
        assert!(world.read(COPY).contains(version), "{order}");
        assert!(!world.ends(0, &["check"]).out.contains("brings one that fits"), "{order}");
        assert!(flat(&world.ends(0, &["update"]).out).contains("Everything is current (3)."));
    }
    // A standard that cannot be had today says nothing about its members.
    let before = world.read(".stanchion/lock.toml");
    std::fs::remove_file(world.path(".stanchion/standards/acme/base.toml")).expect("removed");
    std::fs::remove_file(world.path(".stanchion/standards/zeta/base.toml")).expect("removed");
    std::fs::rename(world.path("mirror"), world.path("away")).expect("moved");
    let update = world.ends(0, &["update"]);
    assert!(
        !update.out.contains("git rm") && !update.out.contains("nothing is followed by name"),
        "{}",
        update.out
    );
    assert_eq!(before, world.read(".stanchion/lock.toml"));
}

#[test]
fn a_lower_range_brings_the_copy_back() {
    let world = world();
    world.write("mirror/two.md", guideline("2.0.0", "two"));
    let config = |what: &str| format!("schema = 1\nfollow = [\"{what}\"]\nregistries = [\"./mirror\"]\n");
    world.write("stanchion.toml", config("acme/words@2"));
    world.ends(0, &["update"]);
    world.write("stanchion.toml", config("acme/words@1"));
    assert!(flat(&world.ends(0, &["check"]).out).contains("`stanchion update` brings one that fits"));
    let update = world.ends(0, &["update"]);
    assert!(update.out.contains("2.0.0 → back to 1.0.0"), "{}", update.out);
    assert!(!world.ends(0, &["check"]).out.contains("brings one that fits"));
    // One that is asked for by name says what has to change if it is to stay.
    let major = world.ends(0, &["update", "--major", "acme/words"]);
    assert!(
        flat(&major.out).contains("write acme/words@2 into `follow`, else the next update goes back"),
        "{}",
        major.out
    );
    // And whoever is not followed any more says so where one is.
    world.write("stanchion.toml", config("acme/none@1"));
    world.write("deep/x.txt", "");
    let output = world.command().arg("update").current_dir(world.path("deep")).output().expect("it runs");
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(flat(&out).contains("its copy can go: git rm ../.stanchion/guidelines/acme/words.md"), "{out}");
}

#[test]
fn what_was_yanked_is_said_to_those_who_have_it() {
    let world = World::new();
    world.write("site/index/config.json", "{\"v\": 1}\n");
    let texts = ["1.0.0", "1.1.0"].map(|version| (version, guideline(version, "one")));
    let index = |yanked: &str| {
        let mut lines = String::new();
        for (version, text) in &texts {
            let sha256 = stanchion::format::digest(text.as_bytes());
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
    world.ends(0, &["update"]);
    index("1.1.0");
    let update = world.ends(0, &["update"]);
    assert!(
        flat(&update.out).contains("acme/words 1.1.0, which is followed here, was yanked: finds too much"),
        "{}",
        update.out
    );
    assert!(world.read(COPY).contains("version: 1.1.0"), "and stays");
    // A copy that is lost is the same again.
    std::fs::remove_file(world.path(COPY)).expect("removed");
    assert!(world.ends(0, &["update"]).out.contains("1.1.0 is here again"));
    // Whoever begins today gets what stands, unless he names it.
    for (what, version) in [("acme/words", "1.0.0"), ("acme/words@=1.1.0", "1.1.0")] {
        std::fs::remove_dir_all(world.path(".stanchion")).expect("removed");
        world.write("stanchion.toml", config(what));
        world.ends(0, &["update"]);
        assert!(world.read(COPY).contains(version), "{what}");
    }
}

#[test]
fn a_merge_of_two_locks_is_put_in_order() {
    let world = world();
    world.ends(0, &["update"]);
    let ours = world.read(".stanchion/lock.toml");
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
    world.ends(0, &["update"]);
    let theirs = world.read(".stanchion/lock.toml");
    let entries = |lock: &str| lock.split_once("schema = 1\n").expect("a lock").1.to_owned();
    let marked =
        format!("schema = 1\n<<<<<<< HEAD\n{}=======\n{}>>>>>>> other\n", entries(&ours), entries(&theirs));
    world.write(".stanchion/lock.toml", &marked);
    let refused = world.ends(2, &["update"]);
    assert!(refused.err.contains("both sides' lines may stay"), "{}", refused.err);
    let lines = |line: &&str| !["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    let without: Vec<&str> = marked.lines().filter(lines).collect();
    world.write(".stanchion/lock.toml", without.join("\n"));
    world.ends(0, &["update"]);
    assert_eq!(theirs, world.read(".stanchion/lock.toml"));
}

#[test]
fn copies_of_the_starter_set_are_copies_without_a_lock_too() {
    let world = World::new();
    world.write("README.md", "# x\n");
    world.ends(0, &["init"]);
    let copy = ".stanchion/guidelines/docs/readme-present.md";
    let own = world.read(copy).replace("A repository starts with a README", "Our own words");
    assert!(own.contains("Our own words"));
    world.write(copy, &own);
    let before = world.read(".stanchion/lock.toml");
    std::fs::remove_file(world.path(".stanchion/lock.toml")).expect("removed");
    assert!(world.ends(0, &["list"]).out.contains("Our own words"));
    assert!(flat(&world.ends(0, &["check"]).out).contains("is not in the lock"));
    world.ends(0, &["update"]);
    assert_eq!(world.read(copy), own);
    let after = world.read(".stanchion/lock.toml");
    assert_eq!(after, before, "it says what each is");
    assert!(
        world
            .ends(0, &["check"])
            .out
            .contains("edited here, and not what was published: docs/readme-present")
    );
    // What a newer program's set has, stays.
    let newer = format!(
        "{after}\n[[guideline]]\nid = \"docs/from-the-future\"\nversion = \"1.0.0\"\nsha256 = \"{}\"\nsource = \"starter\"\n",
        "0".repeat(64)
    );
    world.write(".stanchion/lock.toml", newer);
    let update = world.ends(0, &["update"]);
    assert!(!update.out.contains("from-the-future is not followed"), "{}", update.out);
    assert!(world.read(".stanchion/lock.toml").contains("docs/from-the-future"));
}

#[test]
fn an_edited_copy_is_merged_by_hand_and_that_is_seen() {
    let world = world();
    world.ends(0, &["update"]);
    let edited = |version: &str| guideline(version, "one").replace("To test", "Ours, to test");
    world.write(COPY, edited("1.0.0"));
    // Nothing newer: what was published lies beside it, for the way back.
    let update = world.ends(0, &["update"]);
    assert!(
        flat(&update.out).contains("was edited here and is kept; what was published lies beside it"),
        "{}",
        update.out
    );
    assert_eq!(world.read(&format!("{COPY}.published")), guideline("1.0.0", "one"));
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "one"));
    world.ends(0, &["update"]);
    assert_eq!(world.read(&format!("{COPY}.published")), guideline("1.1.0", "one"));
    // Merged: it gives itself the later version.
    world.write(COPY, edited("1.1.0"));
    let update = world.ends(0, &["update"]);
    assert!(!update.out.contains("changed. To make it known"), "{}", update.out);
    assert!(
        world.read(".stanchion/lock.toml").contains("version = \"1.1.0\""),
        "{}",
        world.read(".stanchion/lock.toml")
    );
    assert_eq!(world.read(COPY), edited("1.1.0"));
    std::fs::rename(world.path(&format!("{COPY}.published")), world.path(COPY)).expect("moved");
    assert!(!world.ends(0, &["check"]).out.contains("edited here"));
}

#[test]
fn what_needs_a_file_beside_it_is_no_copy() {
    let world = world();
    let text = guideline("1.2.0", "one").replace(
        "    text: { files: [\"**/*.txt\"], find: \"one\" }\n",
        "    data: { files: [\"**/*.json\"], assert-file: s.json }\n",
    );
    world.write("mirror/acme/beside.md", text);
    world.write("mirror/acme/s.json", "{}");
    let update = world.ends(0, &["update"]);
    assert!(flat(&update.out).contains("takes something from a file beside it"), "{}", update.out);
    assert!(world.read(COPY).contains("version: 1.0.0"));
}

/// A repository that somebody else made may show with its lock what lies elsewhere.
#[test]
fn a_lock_that_is_a_link_is_not_read() {
    let world = world();
    world.ends(0, &["update"]);
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("secret"), "schema = 1\nsecret = \"of somebody\"\n").expect("written");
    std::fs::remove_file(world.path(".stanchion/lock.toml")).expect("removed");
    std::os::unix::fs::symlink(outside.path().join("secret"), world.path(".stanchion/lock.toml"))
        .expect("a link");
    let run = world.ends(2, &["update"]);
    assert!(
        run.err.contains("is a link, and is not read") && !run.err.contains("of somebody"),
        "{}",
        run.err
    );
}

/// Whatever fails besides, the lock says what the copies are.
#[test]
fn a_report_that_cannot_be_written_leaves_no_half_an_update() {
    let world = world();
    world.ends(0, &["update"]);
    world.write("mirror/acme/words-1.1.md", guideline("1.1.0", "two"));
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let run = world.command().arg("update").stdout(full).output().expect("it runs");
    assert_eq!(run.status.code(), Some(2));
    assert!(world.read(COPY).contains("version: 1.1.0"));
    assert!(world.read(".stanchion/lock.toml").contains("version = \"1.1.0\""));
    assert!(!world.ends(0, &["check"]).out.contains("edited here"));
}

/// Another spelling of a registry is no other registry, and what is built in is not somebody else's.
#[test]
fn a_name_stays_where_it_came_from_however_that_is_written() {
    let world = world();
    world.ends(0, &["update"]);
    world.write("evil/acme/words.md", guideline("1.9.0", "two"));
    let config = |first: &str| {
        format!("schema = 1\nfollow = [\"acme/base@1\"]\nregistries = [\"./evil\", \"{first}\"]\n")
    };
    for spelling in ["./mirror/", "././mirror", "./mirror"] {
        world.write("stanchion.toml", config(spelling));
        world.ends(0, &["update"]);
        assert!(world.read(COPY).contains("version: 1.0.0"), "{spelling}");
    }
    let world = World::new();
    world.write("README.md", "# x\n");
    world.ends(0, &["init"]);
    let text = world.read(".stanchion/guidelines/docs/readme-present.md");
    world.write("evil/readme.md", text.replace("version: 1.0.0", "version: 1.9.0"));
    world.write(
        "stanchion.toml",
        "schema = 1\nfollow = [\"docs/readme-present\"]\nregistries = [\"./evil\"]\n",
    );
    world.ends(0, &["update"]);
    assert_eq!(text, world.read(".stanchion/guidelines/docs/readme-present.md"));
}
