//! A cache file may hold anything.
//!
//! `STANCHION_CORRUPTIONS=10000 cargo test --test cache corruption` for the long form; with `STANCHION_BIN`, of another
//! program.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{Numbers, World, assert_same, has, left_out, number, settle};

/// One of many ways to spoil the cache file `whole`; `other` is that of another repository.
fn spoil(whole: &[u8], other: &[u8], numbers: &mut Numbers) -> (String, Vec<u8>) {
    let mut bytes = whole.to_vec();
    let what = match numbers.below(7) {
        0 => {
            bytes.truncate(numbers.below(whole.len()));
            "cut short"
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
            // The beginning is right, so that more is looked at.
            let from = numbers.below(bytes.len());
            bytes[from..].fill_with(|| numbers.below(256).to_le_bytes()[0]);
            "a random end"
        }
        4 => {
            let at = numbers.below(whole.len().min(other.len()));
            bytes = [&whole[..at], &other[at..]].concat();
            "half of another's"
        }
        5 => {
            let (from, to) = (numbers.below(whole.len()), numbers.below(whole.len()));
            bytes.swap(from, to);
            let middle = from.min(to);
            bytes.rotate_left(middle);
            "turned round"
        }
        _ => {
            bytes.extend_from_slice(&other[..numbers.below(other.len())]);
            "too long"
        }
    };
    (what.to_owned(), bytes)
}

/// The world with a warm cache, its report, and the cache file of another one.
fn warm() -> (World, String, Vec<u8>) {
    let (world, other) = (World::new(), World::new());
    other.write("tree/src/a.py", "# DONE\n");
    settle();
    let expected = world.same("at first");
    other.same("the other");
    let stolen = fs::read(other.only()).expect("read");
    (world, expected, stolen)
}

#[test]
fn a_spoiled_file_is_no_cache() {
    let (world, expected, other) = warm();
    let path = world.only();
    let whole = fs::read(&path).expect("read");
    let mut numbers = Numbers::seeded();
    for round in 0..number("STANCHION_CORRUPTIONS", 200) {
        let (what, bytes) = spoil(&whole, &other, &mut numbers);
        fs::write(&path, &bytes).expect("written");
        assert_same(&world.check(), &expected, &format!("round {round}, {what}"));
    }
    assert_same(&world.same("afterwards"), &expected, "afterwards");
}

#[test]
fn a_file_of_another_repository_or_another_name_is_no_cache() {
    let (world, expected, other) = warm();
    let path = world.only();
    fs::write(&path, &other).expect("written");
    assert_same(&world.check(), &expected, "another repository's");
    // Two files of one repository that changed places.
    world.write("tree/stanchion.toml", "schema = 1\nowner = \"us\"\nfollow = [\"starter\"]\n");
    let starter = world.same("the starter guidelines");
    let kept = world.kept();
    assert_eq!(kept.len(), 2);
    fs::rename(&kept[0], world.path("x")).expect("renamed");
    fs::rename(&kept[1], &kept[0]).expect("renamed");
    fs::rename(world.path("x"), &kept[1]).expect("renamed");
    assert_same(&world.same("changed places"), &starter, "changed places");
}

/// Puts something else where the file was.
type Replace = fn(&Path);

#[test]
fn what_is_no_regular_file_of_modest_size_is_no_cache() {
    let (world, expected, _) = warm();
    let path = world.only();
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
        assert_same(&world.same(what), &expected, what);
        let _ = fs::remove_dir(&path);
    }
    if !has("mkfifo") {
        left_out("mkfifo is not installed");
        return;
    }
    let _ = fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().expect("runs").success());
    assert_same(&world.same("a FIFO"), &expected, "a FIFO");
    assert!(path.symlink_metadata().expect("there").is_file(), "the FIFO was not replaced");
}

#[test]
fn a_link_to_a_good_cache_is_not_followed() {
    let (world, expected, _) = warm();
    let path = world.only();
    fs::rename(&path, world.path("elsewhere")).expect("renamed");
    let before = fs::read(world.path("elsewhere")).expect("read");
    symlink(world.path("elsewhere"), &path).expect("linked");
    assert_same(&world.same("linked"), &expected, "linked");
    assert_eq!(
        fs::read(world.path("elsewhere")).expect("read"),
        before,
        "something was written behind a link"
    );
}
