//! `cache info`, `cache clear`, and what is tidied away.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{World, listed, report, settle, unwrapped};

fn cache(world: &World, what: &str) -> String {
    unwrapped(&report(&mut world.command(&["cache", what])))
}

/// A file in the cache's folder, last used so many days ago.
fn put(world: &World, name: &str, bytes: u64, days: u64) -> PathBuf {
    let path = world.caches().join(name);
    let file = fs::File::create(&path).expect("made");
    file.set_len(bytes).expect("set");
    file.set_modified(SystemTime::now() - Duration::from_hours(24 * days)).expect("set");
    path
}

#[test]
fn info_and_clear_are_calm_where_there_is_nothing() {
    let world = World::new();
    for _ in 0..2 {
        assert!(cache(&world, "info").contains("It is empty"), "{}", cache(&world, "info"));
        assert!(cache(&world, "clear").contains("There is no cache to clear"));
    }
    assert!(!world.caches().exists());
}

#[test]
fn info_says_what_is_there_and_clear_removes_it() {
    let world = World::new();
    settle();
    world.same("at first");
    let info = cache(&world, "info");
    for words in
        ["one repository with one set of guidelines", "less than a day ago", "files", "with something to say"]
    {
        assert!(info.contains(words), "{words}: {info}");
    }
    let narrow = report(world.command(&["cache", "info"]).env("COLUMNS", "30"));
    let wide = |line: &&str| line.chars().count() > 30 && line.trim().contains(' ');
    assert_eq!(narrow.lines().find(wide), None, "{narrow}");
    let hex = "0".repeat(64);
    let mine = ["notes.txt", "0.cache", &format!("{hex}.cache.bak")].map(|name| put(&world, name, 3, 99));
    put(&world, &format!(".{hex}-1-0.tmp"), 3, 0);
    let said = cache(&world, "clear");
    assert!(
        said.contains("Removed 2 files") && said.contains("What is not stanchion's stays there."),
        "{said}"
    );
    assert_eq!(listed(&world.caches()).len(), mine.len());
    assert!(cache(&world, "clear").contains("Nothing was remembered"));
    mine.iter().for_each(|path| fs::remove_file(path).expect("still there"));
    world.same("again");
    assert!(cache(&world, "clear").contains("Removed 1 file,"));
    assert!(!world.caches().exists(), "{:?}", listed(&world.caches()));
}

#[test]
fn names_cannot_forge_what_is_shown() {
    let world = World::new();
    let place = world.path("caches\u{1b}[2J\nx");
    let info = report(world.command(&["cache", "info"]).env("XDG_CACHE_HOME", &place));
    assert!(!info.contains('\u{1b}') && info.contains("\\x1b[2J\\nx"), "{info:?}");
}

#[test]
fn what_is_old_or_too_much_is_tidied_away() {
    let world = World::new();
    world.same("at first");
    let name = |number: usize| format!("{number:064x}.cache");
    let old = put(&world, &name(1), 9, 31);
    let notes = put(&world, "notes.cache", 9, 99);
    let (big, bigger) = (put(&world, &name(2), 200 << 20, 1), put(&world, &name(3), 200 << 20, 2));
    world.write("tree/src/b.py", "# TODO\n");
    world.same("with much in it");
    let there = [&old, &notes, &big, &bigger].map(|path| path.exists());
    assert_eq!(there, [false, true, true, false]);
    (10..250).for_each(|number| drop(put(&world, &name(number), 1, 3)));
    world.write("tree/src/b.py", "# TODO more\n");
    world.same("with many in it");
    assert_eq!(world.kept().len(), 201, "200, and the one whose name is not ours");
}

#[test]
fn a_file_that_is_used_counts_as_used_again_once_a_day() {
    let world = World::new();
    settle();
    world.same("at first");
    let name = world.only();
    let set = |hours: u64| {
        let time = SystemTime::now() - Duration::from_hours(hours);
        fs::File::options().append(true).open(&name).and_then(|file| file.set_modified(time)).expect("set");
        world.check();
        name.metadata().and_then(|it| it.modified()).expect("a time") != time
    };
    assert_eq!([set(23), set(25)], [false, true]);
}

#[test]
fn nothing_is_remembered_unless_it_is_to_be() {
    let world = World::new();
    for without in ["--no-cache", "--no-prefilter", "--no-worker"] {
        report(&mut world.command(&["check", "--format", "json", without]));
        assert!(!world.caches().exists(), "{without}");
    }
    let timed = world.command(&["check", "--timings"]).output().expect("it runs");
    assert!(timed.status.success() && !world.caches().exists(), "{timed:?}");
}
