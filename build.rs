//! Gives every build a number of its own, so that what one build remembered is never used by another.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

/// Whatever can change what a run answers. Not all of it is there in a packaged crate.
const SOURCES: [&str; 5] = ["build.rs", "Cargo.toml", "Cargo.lock", "src", "rules"];

fn main() {
    let mut hash = DefaultHasher::new();
    for source in SOURCES {
        if Path::new(source).exists() {
            // Cargo looks at all files below a folder.
            println!("cargo::rerun-if-changed={source}");
        }
        for file in files(Path::new(source)) {
            add(&mut hash, file.to_string_lossy().as_bytes());
            add(&mut hash, &content(&file));
        }
    }
    // Another target, profile or set of features is another build.
    let mut variables: Vec<_> = std::env::vars_os().collect();
    variables.sort();
    for (name, value) in variables {
        let name = name.to_string_lossy();
        if matches!(&*name, "TARGET" | "PROFILE" | "OPT_LEVEL") || name.starts_with("CARGO_FEATURE_") {
            add(&mut hash, name.as_bytes());
            add(&mut hash, value.to_string_lossy().as_bytes());
        }
    }
    println!("cargo::rustc-env=STANCHION_BUILD={:016x}", hash.finish());
}

fn add(hash: &mut DefaultHasher, bytes: &[u8]) {
    hash.write_u64(bytes.len() as u64);
    hash.write(bytes);
}

#[expect(clippy::disallowed_methods, reason = "a build script reads the sources")]
fn content(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_default()
}

/// The files at or below `path`, sorted; none where there is nothing.
fn files(path: &Path) -> Vec<PathBuf> {
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
