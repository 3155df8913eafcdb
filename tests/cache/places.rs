//! Allowed and refused locations of the cache folder.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::{
    CHECK, World, assert_same, is_installed, list_folder, report_skipped, run_command, unwrap_lines,
};

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().expect("there").permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

/// Asserts that a run with these variables gives the report of a run without a cache.
///
/// Returns the output of `check --verbose` and of `cache info`.
fn run_with_location(world: &World, set: &[(&str, &str)]) -> (String, String) {
    let expected = world.report_without_cache();
    let with = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        command
            .env_remove("XDG_CACHE_HOME")
            .env_remove("HOME")
            .env("COLUMNS", "120")
            .envs(set.iter().copied());
        run_command(&mut command)
    };
    for _ in 0..2 {
        assert_same(&with(&CHECK), &expected, &format!("{set:?}"));
    }
    (unwrap_lines(&with(&["check", "--verbose"])), unwrap_lines(&with(&["cache", "info"])))
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn cache_files_are_private_to_the_user() {
    let world = World::new();
    world.assert_cache_agrees("at first");
    assert_eq!(mode(&world.caches()), 0o700);
    assert_eq!(mode(&world.only_cache_file()), 0o600);
    let tag = fs::read_to_string(world.caches().join("CACHEDIR.TAG")).expect("a tag");
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"), "{tag}");
}

#[test]
fn an_untrusted_cache_folder_is_not_used() {
    let world = World::new();
    let elsewhere = world.path("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    symlink(&elsewhere, world.caches()).expect("linked");
    let caches = world.path("caches");
    let usual = [("XDG_CACHE_HOME", path_text(&caches))];
    for (why, set) in [("is a symbolic link", 0), ("is writable by other users", 1), ("is not a folder", 2)] {
        match set {
            0 => {}
            1 => {
                fs::remove_file(world.caches()).expect("removed");
                fs::create_dir(world.caches()).expect("made");
                set_mode(&world.caches(), 0o777);
            }
            _ => {
                fs::remove_dir(world.caches()).expect("removed");
                fs::write(world.caches(), "mine").expect("written");
            }
        }
        let (verbose, info) = run_with_location(&world, &usual);
        assert!(verbose.contains(why) && verbose.contains("note: results are not cached"), "{verbose}");
        assert!(info.contains("The cache is not used") && info.contains(why), "{info}");
        assert_eq!(list_folder(&elsewhere), [] as [&Path; 0]);
        assert_eq!(list_folder(&world.caches()), [] as [&Path; 0]);
    }
    assert_eq!(fs::read_to_string(world.caches()).expect("still there"), "mine");
}

#[test]
fn the_cache_is_never_inside_the_assessed_tree() {
    let world = World::new();
    symlink(world.path("tree"), world.path("way")).expect("linked");
    for place in ["tree", "tree/deep/er", "way/x"] {
        let place = world.path(place);
        let (verbose, info) = run_with_location(&world, &[("XDG_CACHE_HOME", path_text(&place))]);
        for output in [verbose, info] {
            assert!(output.contains("is inside the assessed repository"), "{output}");
        }
        assert!(!place.join("stanchion").exists() && !world.path("tree/x").exists());
    }
}

#[test]
fn without_a_cache_folder_nothing_is_cached() {
    let world = World::new();
    for set in
        [&[][..], &[("XDG_CACHE_HOME", "here"), ("HOME", "there")], &[("XDG_CACHE_HOME", ""), ("HOME", "")]]
    {
        let (verbose, info) = run_with_location(&world, set);
        assert!(!verbose.contains("note: results are not cached"), "{verbose}");
        assert!(info.contains("The cache is not used: no environment variable"), "{info}");
    }
    assert!(!world.path("tree/here").exists() && !world.path("tree/there").exists());
    // A missing home folder is not created.
    let home = world.path("home");
    run_with_location(&world, &[("HOME", path_text(&home))]);
    assert!(!home.exists());
    // A relative XDG_CACHE_HOME is ignored in favour of HOME.
    fs::create_dir(&home).expect("made");
    run_with_location(&world, &[("XDG_CACHE_HOME", "here"), ("HOME", path_text(&home))]);
    let place = if cfg!(target_os = "macos") { "Library/Caches/stanchion" } else { ".cache/stanchion" };
    assert_eq!(list_folder(&home.join(place)).len(), 2);
}

#[test]
fn a_read_only_cache_folder_does_not_change_a_run() {
    let world = World::new();
    fs::create_dir(world.caches()).expect("made");
    set_mode(&world.caches(), 0o500);
    world.assert_cache_agrees("read-only");
    if list_folder(&world.caches()).is_empty() {
        set_mode(&world.caches(), 0o700);
        return;
    }
    report_skipped("root ignores folder permissions; a read-only file system is used instead");
    run_in_mount("ro,size=1m", "true");
}

#[test]
fn a_full_disk_changes_nothing() {
    run_in_mount("size=1m", "mkdir -m 700 $1/stanchion; head -c 2000000 /dev/zero > $1/zeros 2>/dev/null");
}

/// Runs twice with the cache on a separate file system, after the shell script `prepare` (the mount point is
/// `$1`).
fn run_in_mount(options: &str, prepare: &str) {
    let script = format!(
        "mount -t tmpfs -o {options} none \"$1\" && touch \"$2/mounted\" && {{ {prepare}; \
         shift 2; \"$@\" > /dev/null && exec \"$@\"; }}"
    );
    let world = World::new();
    let mut outer = Command::new("unshare");
    outer.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
    outer.arg(world.path("caches")).arg(world.folder.path());
    let mut command = world.command_through(outer, &CHECK);
    command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let output = is_installed("unshare").then(|| command.output().expect("runs"));
    if !world.path("mounted").exists() {
        report_skipped("mounting a file system is not permitted");
        return;
    }
    let found = super::successful_output(&output.expect("it ran"));
    assert_same(&found, &world.report_without_cache(), options);
}
