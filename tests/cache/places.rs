//! Where a cache may lie, and where it may not.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::{CHECK, World, assert_same, has, left_out, listed, report, unwrapped};

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().expect("there").permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

/// A run with this environment is as one without a cache; what `check --verbose` and `cache info` say.
fn in_place(world: &World, set: &[(&str, &str)]) -> (String, String) {
    let expected = world.plain();
    let with = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        command
            .env_remove("XDG_CACHE_HOME")
            .env_remove("HOME")
            .env("COLUMNS", "120")
            .envs(set.iter().copied());
        report(&mut command)
    };
    for _ in 0..2 {
        assert_same(&with(&CHECK), &expected, &format!("{set:?}"));
    }
    (unwrapped(&with(&["check", "--verbose"])), unwrapped(&with(&["cache", "info"])))
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn what_is_made_is_for_our_eyes_only() {
    let world = World::new();
    world.same("at first");
    assert_eq!(mode(&world.caches()), 0o700);
    assert_eq!(mode(&world.only()), 0o600);
    let tag = fs::read_to_string(world.caches().join("CACHEDIR.TAG")).expect("a tag");
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"), "{tag}");
}

#[test]
fn places_that_cannot_be_trusted_are_not_used() {
    let world = World::new();
    let elsewhere = world.path("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    symlink(&elsewhere, world.caches()).expect("linked");
    let caches = world.path("caches");
    let usual = [("XDG_CACHE_HOME", text(&caches))];
    for (why, set) in [("is a link", 0), ("can be written by other users", 1), ("is not a folder", 2)] {
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
        let (verbose, info) = in_place(&world, &usual);
        assert!(verbose.contains(why) && verbose.contains("note: nothing is remembered"), "{verbose}");
        assert!(info.contains("No cache is used") && info.contains(why), "{info}");
        assert_eq!(listed(&elsewhere), [] as [&Path; 0]);
        assert_eq!(listed(&world.caches()), [] as [&Path; 0]);
    }
    assert_eq!(fs::read_to_string(world.caches()).expect("still there"), "mine");
}

#[test]
fn the_assessed_tree_is_no_place_for_it() {
    let world = World::new();
    symlink(world.path("tree"), world.path("way")).expect("linked");
    for place in ["tree", "tree/deep/er", "way/x"] {
        let place = world.path(place);
        let (verbose, info) = in_place(&world, &[("XDG_CACHE_HOME", text(&place))]);
        for said in [verbose, info] {
            assert!(said.contains("lies in the repository that is assessed"), "{said}");
        }
        assert!(!place.join("stanchion").exists() && !world.path("tree/x").exists());
    }
}

#[test]
fn without_a_place_there_is_none() {
    let world = World::new();
    for set in
        [&[][..], &[("XDG_CACHE_HOME", "here"), ("HOME", "there")], &[("XDG_CACHE_HOME", ""), ("HOME", "")]]
    {
        let (verbose, info) = in_place(&world, set);
        assert!(!verbose.contains("note: nothing is remembered"), "{verbose}");
        assert!(info.contains("No cache is used: no variable"), "{info}");
    }
    assert!(!world.path("tree/here").exists() && !world.path("tree/there").exists());
    // A home that is not there is not made.
    let home = world.path("home");
    in_place(&world, &[("HOME", text(&home))]);
    assert!(!home.exists());
    // A relative folder is not heeded; the home is.
    fs::create_dir(&home).expect("made");
    in_place(&world, &[("XDG_CACHE_HOME", "here"), ("HOME", text(&home))]);
    let place = if cfg!(target_os = "macos") { "Library/Caches/stanchion" } else { ".cache/stanchion" };
    assert_eq!(listed(&home.join(place)).len(), 2);
}

#[test]
fn a_place_that_must_not_be_written_to_changes_nothing() {
    let world = World::new();
    fs::create_dir(world.caches()).expect("made");
    set_mode(&world.caches(), 0o500);
    world.same("read-only");
    if listed(&world.caches()).is_empty() {
        set_mode(&world.caches(), 0o700);
        return;
    }
    left_out("the superuser writes everywhere; a read-only file system is tried instead");
    in_mount("ro,size=1m", "true");
}

#[test]
fn a_full_disk_changes_nothing() {
    in_mount("size=1m", "mkdir -m 700 $1/stanchion; head -c 2000000 /dev/zero > $1/zeros 2>/dev/null");
}

/// Runs twice with the cache on a file system of its own, which `prepare` (a shell script, the place is `$1`)
/// has got ready.
fn in_mount(options: &str, prepare: &str) {
    let script = format!(
        "mount -t tmpfs -o {options} none \"$1\" && touch \"$2/mounted\" && {{ {prepare}; \
         shift 2; \"$@\" > /dev/null && exec \"$@\"; }}"
    );
    let world = World::new();
    let mut outer = Command::new("unshare");
    outer.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
    outer.arg(world.path("caches")).arg(world.folder.path());
    let mut command = world.through(outer, &CHECK);
    command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let output = has("unshare").then(|| command.output().expect("runs"));
    if !world.path("mounted").exists() {
        left_out("no file system can be mounted");
        return;
    }
    let found = super::told(&output.expect("it ran"));
    assert_same(&found, &world.plain(), options);
}
