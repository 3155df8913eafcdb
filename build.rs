//! Computes an identifier of each build, so that no build reads the cache of another build.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

/// Files that can change the result of a run. A packaged crate does not contain all of them.
const SOURCES: [&str; 5] = ["build.rs", "Cargo.toml", "Cargo.lock", "src", "rules"];

fn main() {
    let mut hash = DefaultHasher::new();
    for source in SOURCES {
        if Path::new(source).exists() {
            // For a folder, Cargo watches all files below it.
            println!("cargo::rerun-if-changed={source}");
        }
        for file in find_files(Path::new(source)) {
            hash_bytes(&mut hash, file.to_string_lossy().as_bytes());
            hash_bytes(&mut hash, &read_content(&file));
        }
    }
    // Each target, profile and set of features is a separate build.
    let mut variables: Vec<_> = std::env::vars_os().collect();
    variables.sort();
    for (name, value) in variables {
        let name = name.to_string_lossy();
        if matches!(&*name, "TARGET" | "PROFILE" | "OPT_LEVEL") || name.starts_with("CARGO_FEATURE_") {
            hash_bytes(&mut hash, name.as_bytes());
            hash_bytes(&mut hash, value.to_string_lossy().as_bytes());
        }
    }
    println!("cargo::rustc-env=STANCHION_BUILD={:016x}", hash.finish());
}

fn hash_bytes(hash: &mut DefaultHasher, bytes: &[u8]) {
    hash.write_u64(bytes.len() as u64);
    hash.write(bytes);
}

#[expect(clippy::disallowed_methods, reason = "a build script reads the sources")]
fn read_content(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_default()
}

/// Files at or below `path`, sorted; empty if `path` does not exist.
fn find_files(path: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![path.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_file() {
            found.push(path);
        } else if let Ok(entries) = std::fs::read_dir(&path) {
            open.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    found.sort();
    found
}
