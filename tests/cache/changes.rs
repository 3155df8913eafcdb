//! Changes in the repository are detected, and unchanged files are not read.

use std::fs;
use std::process::Command;
use std::time::SystemTime;

use super::{
    CHECK, Numbers, WAITS, World, assert_same, guideline, is_installed, report_skipped, run_command,
    wait_until_settled,
};

/// Report of a run, and its system calls that open files or start programs (by strace).
fn trace_opens(world: &World) -> (String, String) {
    let log = world.path("calls");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-s", "200", "-e", "trace=open,openat,openat2,execve", "-o"]).arg(&log);
    let text = run_command(&mut world.command_through(strace, &CHECK));
    (text, fs::read_to_string(log).expect("strace should write its log"))
}

#[test]
fn a_second_run_reads_no_file_and_starts_no_worker() {
    if !is_installed("strace") {
        report_skipped("strace is not installed");
        return;
    }
    let world = World::new();
    wait_until_settled();
    let expected = world.report_without_cache();
    let (first, calls) = trace_opens(&world);
    assert_same(&first, &expected, "first");
    assert!(calls.contains("src/a.py") && calls.matches("execve(").count() > 1, "{calls}");
    let (second, calls) = trace_opens(&world);
    assert_same(&second, &expected, "second");
    for ending in [".py\"", ".json\"", ".txt\"", ".bak\""] {
        assert!(!calls.contains(ending), "{ending}: {calls}");
    }
    assert_eq!(calls.matches("execve(").count(), 1, "{calls}");
}

#[test]
fn the_human_report_is_the_same_with_a_cache() {
    let world = World::new();
    wait_until_settled();
    let human = |more: &[&str]| {
        run_command(
            &mut world.command(&[&["check", "--verbose", "--output", "human=../report"], more].concat()),
        );
        fs::read_to_string(world.path("report")).expect("a report")
    };
    let expected = human(&["--no-cache"]);
    assert!(expected.contains("it sleeps"), "{expected}");
    for _ in 0..2 {
        assert_same(&human(&[]), &expected, "human report");
    }
}

#[test]
fn every_change_is_detected() {
    let world = World::new();
    wait_until_settled();
    let mut before = world.assert_cache_agrees("at first");
    let mut changed = |world: &World, what: &str| {
        let now = world.assert_cache_agrees(what);
        assert!(now != before, "{what}: the report did not change, so this tests nothing");
        before = now;
    };
    world.write("tree/src/b.py", "# TODO\n");
    changed(&world, "a changed file");
    fs::rename(world.path("tree/src/a.py"), world.path("tree/src/z.py")).expect("renamed");
    changed(&world, "a renamed file");
    // The two files have swapped their names.
    fs::rename(world.path("tree/src/more/1.py"), world.path("tree/x")).expect("renamed");
    fs::rename(world.path("tree/src/more/2.py"), world.path("tree/src/more/1.py")).expect("renamed");
    fs::rename(world.path("tree/x"), world.path("tree/src/more/2.py")).expect("renamed");
    changed(&world, "files of equal size that swapped names");
    fs::remove_file(world.path("tree/src/c.json")).expect("removed");
    changed(&world, "a deleted file");
    world.write("tree/src/c.json", "{\"wait\": 98}\n");
    changed(&world, "a file that came back");
    let guidelines = "tree/guidelines/acme/waits.md";
    world.write(guidelines, &guideline("acme/waits", &WAITS.replace("a thing to do", "something left")));
    changed(&world, "another message");
    world.write(guidelines, &guideline("acme/waits", &WAITS.replace("time.sleep", "print")));
    changed(&world, "another pattern");
    let from_file = WAITS.replace("assert: { maximum: 10 }", "assert-file: waits.schema.json");
    world.write("tree/guidelines/acme/waits.schema.json", "{\"maximum\": 97}");
    world.write(guidelines, &guideline("acme/waits", &from_file));
    changed(&world, "a schema in a file");
    world.write("tree/guidelines/acme/waits.schema.json", "{\"maximum\": 200}");
    changed(&world, "another schema in that file");
    world.write("tree/guidelines/acme/more.md", &guideline("acme/more", &WAITS.replace("TODO", "nothing")));
    changed(&world, "another guideline");
    // A text check of all files does not read a binary file; one that names the file does.
    fs::write(world.path("tree/src/image.dat"), b"\0TODO\n").expect("written");
    world.write(guidelines, &guideline("acme/waits", WAITS));
    changed(&world, "a binary file that no check reads");
    let named = guideline("acme/waits", WAITS)
        .replace("checks:", "applies: { files: ['**/*.dat', '**/*.py'] }\nchecks:");
    world.write(guidelines, &named);
    changed(&world, "another condition");
    world.write("tree/stanchion.toml", "schema = 1\nowner = \"us\"\nfollow = [\"starter\"]\n");
    changed(&world, "another set of guidelines");
}

#[test]
fn a_touched_file_with_the_same_content_changes_nothing() {
    let world = World::new();
    wait_until_settled();
    let before = world.assert_cache_agrees("at first");
    for path in ["tree/src/a.py", "tree/src/c.json"] {
        let file = fs::File::options().append(true).open(world.path(path)).expect("opened");
        file.set_modified(SystemTime::now()).expect("touched");
    }
    assert_same(&world.assert_cache_agrees("touched"), &before, "touched");
    // A new file with the same content.
    world.write("tree/new", "import time\ntime.sleep(1)\n# TODO\n");
    fs::rename(world.path("tree/new"), world.path("tree/src/a.py")).expect("renamed");
    assert_same(&world.assert_cache_agrees("written again"), &before, "written again");
}

#[test]
fn an_edit_of_equal_size_and_timestamp_is_detected() {
    let world = World::new();
    let mut numbers = Numbers::seeded();
    let path = world.path("tree/src/b.py");
    let long_ago = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let mut reports = std::collections::BTreeSet::new();
    for round in 0..12 {
        let text = ["# TODO\n", "# DONE\n", "#TODO \n"][numbers.below(3)];
        fs::write(&path, text).expect("written");
        if round % 3 == 0 {
            // Restores the old timestamp.
            fs::File::options()
                .append(true)
                .open(&path)
                .and_then(|file| file.set_modified(long_ago))
                .expect("set");
        }
        std::thread::sleep(std::time::Duration::from_millis(numbers.below(40) as u64));
        let found = world.report_with_cache();
        assert_same(&found, &world.report_without_cache(), &format!("round {round}"));
        reports.insert(found);
    }
    assert!(reports.len() > 1, "the edits changed nothing");
}

#[test]
fn a_since_report_is_the_same_with_a_cache() {
    if !is_installed("git") {
        report_skipped("git is not installed");
        return;
    }
    let world = World::new();
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=us", "-c", "user.email=us@example.com", "-c", "commit.gpgsign=false"]);
        git.args(arguments).current_dir(world.path("tree")).env("HOME", world.path("home"));
        assert!(git.output().expect("git runs").status.success(), "{arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "first"]);
    world.write("tree/src/a.py", "import time\ntime.sleep(1)\n# TODO\ntime.sleep(2)\n");
    world.write("tree/src/new.py", "time.sleep(3)\n");
    wait_until_settled();
    let with = |more: &[&str]| run_command(&mut world.command(&[&CHECK[..], more].concat()));
    let (part, all) = (with(&["--since", "HEAD", "--no-cache"]), world.report_without_cache());
    assert_ne!(part, all);
    // Each kind of run may use the results that another kind cached.
    for round in 0..2 {
        assert_same(&with(&["--since", "HEAD"]), &part, &format!("a part, round {round}"));
        assert_same(&world.report_with_cache(), &all, &format!("everything, round {round}"));
        assert_same(&with(&["src/more"]), &with(&["src/more", "--no-cache"]), &format!("a folder, {round}"));
    }
    let before = world.cache_files();
    fs::remove_dir_all(world.caches()).expect("removed");
    assert_same(&with(&["--staged"]), &with(&["--staged", "--no-cache"]), "nothing is staged");
    assert!(
        before.len() == 1 && world.cache_files().is_empty(),
        "no file was read, so nothing must be cached"
    );
    // Staged contents are cached separately, by content only.
    for (round, text) in ["time.sleep(1)\n", "time.sleep(2)\n# TODO\n", "import os\n"].iter().enumerate() {
        world.write("tree/src/a.py", text);
        git(&["add", "--all"]);
        world.write("tree/src/a.py", "time.sleep(4)\n# not staged\n");
        let expected = with(&["--staged", "--no-cache"]);
        for again in 0..2 {
            assert_same(&with(&["--staged"]), &expected, &format!("staged, round {round}, {again}"));
        }
        assert_eq!(world.cache_files().len(), 1);
    }
    world.report_with_cache();
    assert_eq!(world.cache_files().len(), 2);
}
