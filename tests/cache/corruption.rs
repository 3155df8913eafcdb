//! Damaged cache files are ignored.
//!
//! `STANCHION_CORRUPTIONS=10000 cargo test --test cache corruption` runs the long form; `STANCHION_BIN` names
//! another program to test.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{Numbers, World, assert_same, is_installed, number_from_env, report_skipped, wait_until_settled};

/// Damages the cache file `whole` in a random way. `other` is a cache file of another repository.
fn damage_bytes(whole: &[u8], other: &[u8], numbers: &mut Numbers) -> (String, Vec<u8>) {
    let mut bytes = whole.to_vec();
    let what = match numbers.below(7) {
        0 => {
            bytes.truncate(numbers.below(whole.len()));
            "truncated"
        }
        1 => {
            let at = numbers.below(bytes.len());
            bytes[at] ^= 1 << numbers.below(8);
            "a flipped bit"
        }
        2 => {
            bytes =
                (0..numbers.below(2 * whole.len())).map(|_| numbers.below(256).to_le_bytes()[0]).collect();
            "random bytes"
        }
        3 => {
            // The beginning stays valid, so that more of the file is parsed.
            let from = numbers.below(bytes.len());
            bytes[from..].fill_with(|| numbers.below(256).to_le_bytes()[0]);
            "a random end"
        }
        4 => {
            let at = numbers.below(whole.len().min(other.len()));
            bytes = [&whole[..at], &other[at..]].concat();
            "joined with another cache file"
        }
        5 => {
            let (from, to) = (numbers.below(whole.len()), numbers.below(whole.len()));
            bytes.swap(from, to);
            let middle = from.min(to);
            bytes.rotate_left(middle);
            "rotated"
        }
        _ => {
            bytes.extend_from_slice(&other[..numbers.below(other.len())]);
            "too long"
        }
    };
    (what.to_owned(), bytes)
}

/// Repository with a warm cache, its report, and a cache file of another repository.
fn warm_cache() -> (World, String, Vec<u8>) {
    let (world, other) = (World::new(), World::new());
    other.write("tree/src/a.py", "# DONE\n");
    wait_until_settled();
    let expected = world.assert_cache_agrees("at first");
    other.assert_cache_agrees("other repository");
    let stolen = fs::read(other.only_cache_file()).expect("read");
    (world, expected, stolen)
}

#[test]
fn a_damaged_cache_file_is_ignored() {
    let (world, expected, other) = warm_cache();
    let path = world.only_cache_file();
    let whole = fs::read(&path).expect("read");
    let mut numbers = Numbers::seeded();
    for round in 0..number_from_env("STANCHION_CORRUPTIONS", 200) {
        let (what, bytes) = damage_bytes(&whole, &other, &mut numbers);
        fs::write(&path, &bytes).expect("written");
        assert_same(&world.report_with_cache(), &expected, &format!("round {round}, {what}"));
    }
    assert_same(&world.assert_cache_agrees("afterwards"), &expected, "afterwards");
}

#[test]
fn a_cache_file_of_another_repository_or_name_is_ignored() {
    let (world, expected, other) = warm_cache();
    let path = world.only_cache_file();
    fs::write(&path, &other).expect("written");
    assert_same(&world.report_with_cache(), &expected, "cache of another repository");
    // Two cache files of one repository that swapped names.
    world.write("tree/stanchion.toml", "schema = 1\nowner = \"us\"\nfollow = [\"starter\"]\n");
    let starter = world.assert_cache_agrees("the starter guidelines");
    let kept = world.cache_files();
    assert_eq!(kept.len(), 2);
    fs::rename(&kept[0], world.path("x")).expect("renamed");
    fs::rename(&kept[1], &kept[0]).expect("renamed");
    fs::rename(world.path("x"), &kept[1]).expect("renamed");
    assert_same(&world.assert_cache_agrees("swapped names"), &starter, "swapped names");
}

/// Creates something else in place of the cache file.
type Replace = fn(&Path);

#[test]
fn only_a_regular_file_of_limited_size_is_read_as_cache() {
    let (world, expected, _) = warm_cache();
    let path = world.only_cache_file();
    let replacements: [(&str, Replace); 6] = [
        ("a huge file", |path| fs::File::create(path).and_then(|file| file.set_len(10 << 30)).expect("made")),
        ("an empty file", |path| drop(fs::File::create(path).expect("made"))),
        ("a directory", |path| fs::create_dir(path).expect("made")),
        ("a link", |path| symlink("/etc/passwd", path).expect("made")),
        ("a link to itself", |path| symlink(path, path).expect("made")),
        ("an endless device", |path| symlink("/dev/zero", path).expect("made")),
    ];
    for (what, replace) in replacements {
        let _ = fs::remove_file(&path);
        replace(&path);
        assert_same(&world.assert_cache_agrees(what), &expected, what);
        let _ = fs::remove_dir(&path);
    }
    if !is_installed("mkfifo") {
        report_skipped("mkfifo is not installed");
        return;
    }
    let _ = fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo should start").success());
    assert_same(&world.assert_cache_agrees("a FIFO"), &expected, "a FIFO");
    assert!(path.symlink_metadata().expect("there").is_file(), "the FIFO was not replaced");
}

#[test]
fn a_symbolic_link_to_a_valid_cache_file_is_not_followed() {
    let (world, expected, _) = warm_cache();
    let path = world.only_cache_file();
    fs::rename(&path, world.path("elsewhere")).expect("renamed");
    let before = fs::read(world.path("elsewhere")).expect("read");
    symlink(world.path("elsewhere"), &path).expect("linked");
    assert_same(&world.assert_cache_agrees("linked"), &expected, "linked");
    assert_eq!(
        fs::read(world.path("elsewhere")).expect("read"),
        before,
        "the target of the link was written to"
    );
}
