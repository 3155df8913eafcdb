//! `cache info`, `cache clear`, and removal of old cache files.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{World, list_folder, run_command, unwrap_lines, wait_until_settled};

fn run_cache_command(world: &World, what: &str) -> String {
    unwrap_lines(&run_command(&mut world.command(&["cache", what])))
}

/// Creates a file in the cache folder that was last used `days` days ago.
fn create_cache_file(world: &World, name: &str, bytes: u64, days: u64) -> PathBuf {
    let path = world.caches().join(name);
    let file = fs::File::create(&path).expect("made");
    file.set_len(bytes).expect("set");
    file.set_modified(SystemTime::now() - Duration::from_hours(24 * days)).expect("set");
    path
}

#[test]
fn info_and_clear_succeed_without_a_cache() {
    let world = World::new();
    for _ in 0..2 {
        assert!(
            run_cache_command(&world, "info").contains("It is empty"),
            "{}",
            run_cache_command(&world, "info")
        );
        assert!(run_cache_command(&world, "clear").contains("There is no cache to clear"));
    }
    assert!(!world.caches().exists());
}

#[test]
fn info_describes_the_cache_and_clear_removes_it() {
    let world = World::new();
    wait_until_settled();
    world.assert_cache_agrees("at first");
    let info = run_cache_command(&world, "info");
    for words in
        ["one repository with one set of guidelines", "less than a day ago", "files", "with findings"]
    {
        assert!(info.contains(words), "{words}: {info}");
    }
    let narrow = run_command(world.command(&["cache", "info"]).env("COLUMNS", "30"));
    let wide = |line: &&str| line.chars().count() > 30 && line.trim().contains(' ');
    assert_eq!(narrow.lines().find(wide), None, "{narrow}");
    let hex = "0".repeat(64);
    let mine = ["notes.txt", "0.cache", &format!("{hex}.cache.bak")]
        .map(|name| create_cache_file(&world, name, 3, 99));
    create_cache_file(&world, &format!(".{hex}-1-0.tmp"), 3, 0);
    let output = run_cache_command(&world, "clear");
    assert!(output.contains("Removed 2 files") && output.contains("Other files in it stay."), "{output}");
    assert_eq!(list_folder(&world.caches()).len(), mine.len());
    assert!(run_cache_command(&world, "clear").contains("There were no cached results"));
    mine.iter().for_each(|path| fs::remove_file(path).expect("still there"));
    world.assert_cache_agrees("again");
    assert!(run_cache_command(&world, "clear").contains("Removed 1 file,"));
    assert!(!world.caches().exists(), "{:?}", list_folder(&world.caches()));
}

#[test]
fn file_names_cannot_forge_output() {
    let world = World::new();
    let place = world.path("caches\u{1b}[2J\nx");
    let info = run_command(world.command(&["cache", "info"]).env("XDG_CACHE_HOME", &place));
    assert!(!info.contains('\u{1b}') && info.contains("\\x1b[2J\\nx"), "{info:?}");
}

#[test]
fn old_and_excess_cache_files_are_removed() {
    let world = World::new();
    world.assert_cache_agrees("at first");
    let name = |number: usize| format!("{number:064x}.cache");
    let old = create_cache_file(&world, &name(1), 9, 31);
    let notes = create_cache_file(&world, "notes.cache", 9, 99);
    let (big, bigger) = (
        create_cache_file(&world, &name(2), 200 << 20, 1),
        create_cache_file(&world, &name(3), 200 << 20, 2),
    );
    world.write("tree/src/b.py", "# TODO\n");
    world.assert_cache_agrees("cache larger than the limit");
    let there = [&old, &notes, &big, &bigger].map(|path| path.exists());
    assert_eq!(there, [false, true, true, false]);
    (10..250).for_each(|number| drop(create_cache_file(&world, &name(number), 1, 3)));
    world.write("tree/src/b.py", "# TODO more\n");
    world.assert_cache_agrees("more files than the limit");
    assert_eq!(world.cache_files().len(), 201, "200 files, and the one with a foreign name");
}

#[test]
fn the_time_of_last_use_is_updated_once_a_day() {
    let world = World::new();
    wait_until_settled();
    world.assert_cache_agrees("at first");
    let name = world.only_cache_file();
    let set = |hours: u64| {
        let time = SystemTime::now() - Duration::from_hours(hours);
        fs::File::options().append(true).open(&name).and_then(|file| file.set_modified(time)).expect("set");
        world.report_with_cache();
        name.metadata().and_then(|it| it.modified()).expect("a modification time") != time
    };
    assert_eq!([set(23), set(25)], [false, true]);
}

#[test]
fn nothing_is_cached_when_the_cache_is_off() {
    let world = World::new();
    for without in ["--no-cache", "--no-prefilter", "--no-worker"] {
        run_command(&mut world.command(&["check", "--format", "json", without]));
        assert!(!world.caches().exists(), "{without}");
    }
    let timed = world.command(&["check", "--timings"]).output().expect("the program should start");
    assert!(timed.status.success() && !world.caches().exists(), "{timed:?}");
}
