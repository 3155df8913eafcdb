//! Holds the layout of docs/ARCHITECTURE.md: who may import whom, and what the documents claim.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rooms and what each may import. `registry` is a program of its own.
const ALLOWED: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("data", &["text"]),
    ("model", &["text"]),
    ("format", &["model", "data", "text"]),
    ("engine", &["model", "data", "text"]),
    // Git's data become a tree and a focus of the engine; nobody else needs to know where they come from.
    ("git", &["engine", "model", "text"]),
    ("news", &["engine", "format", "model", "text"]),
    ("report", &["model", "text"]),
    ("verify", &["engine", "format", "model", "text"]),
    ("client", &["format", "model"]),
    ("registry", &["verify", "engine", "report", "format", "model", "text"]),
    ("cli", &["client", "verify", "report", "news", "git", "engine", "format", "model", "data", "text"]),
];

/// Inside the engine: the check kinds know neither the plan nor the run that uses them.
const ENGINE_LAYERS: &[(&str, &[&str])] = &[
    (
        "cache",
        &["checks", "plan", "run", "class", "assess", "select", "outcome", "prefilter", "walk", "applies"],
    ),
    ("checks", &["plan", "run", "class", "assess", "select", "outcome", "walk", "applies"]),
    ("prefilter", &["checks", "plan", "run", "class", "assess", "select", "outcome", "walk", "applies"]),
    ("walk", &["checks", "plan", "run", "class", "assess", "select", "outcome", "prefilter", "applies"]),
    (
        "glob",
        &["checks", "plan", "run", "class", "assess", "select", "outcome", "prefilter", "walk", "applies"],
    ),
];

fn rust_files(below: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![below.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[expect(clippy::disallowed_methods, reason = "a test reads the sources")]
fn source(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a source file")
}

/// The words after `prefix` in code (not in comments), braces of `use` opened one level.
fn mentions(text: &str, prefix: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(prefix) {
        let rest = &code[at + prefix.len()..];
        let list = rest.strip_prefix('{').map_or(rest, |inner| inner.split("};").next().unwrap_or(inner));
        let braced = rest.starts_with('{');
        for part in list.split(if braced { ',' } else { ';' }) {
            let word: String =
                part.trim().chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            found.insert(word);
            if !braced {
                break;
            }
        }
    }
    found
}

#[test]
fn imports_go_one_way() {
    let rooms: BTreeSet<&str> = ALLOWED.iter().map(|(room, _)| *room).collect();
    let mut wrong = Vec::new();
    for (room, allowed) in ALLOWED {
        for file in rust_files(&Path::new("src").join(room)) {
            // Tests beside the code may use any room to set their stage.
            let whole = source(&file);
            let text = whole.split("#[cfg(test)]").next().unwrap_or_default();
            for word in mentions(text, "crate::") {
                if rooms.contains(word.as_str()) && word != *room && !allowed.contains(&word.as_str()) {
                    wrong.push(format!("{} imports {word}, which `{room}` may not", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_engine_has_layers() {
    let mut wrong = Vec::new();
    for (layer, banned) in ENGINE_LAYERS {
        for file in rust_files(&Path::new("src/engine").join(layer)) {
            let text = source(&file);
            let words = mentions(&text, "crate::engine::");
            for word in banned.iter().filter(|word| words.contains(**word)) {
                wrong.push(format!("{} imports engine::{word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The modules of the engine import each other in one direction.
#[test]
fn the_engine_has_no_cycles() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in rust_files(Path::new("src/engine")) {
        let inside = file.strip_prefix("src/engine").expect("below");
        let module = inside.iter().next().expect("a name").to_string_lossy().replace(".rs", "");
        let whole = source(&file);
        let text = whole.split("#[cfg(test)]").next().unwrap_or_default();
        let mut words = mentions(text, "crate::engine::");
        if inside.iter().count() == 1 {
            words.extend(mentions(text, "use super::"));
        }
        imports.entry(module).or_default().extend(words);
    }
    imports.remove("mod");
    // Whatever imports nothing that is left cannot be on a cycle.
    loop {
        let known: BTreeSet<String> = imports.keys().cloned().collect();
        let free = |(module, words): &(&String, &BTreeSet<String>)| {
            words.iter().all(|word| word == *module || !known.contains(word))
        };
        let done: Vec<String> = imports.iter().filter(free).map(|(module, _)| module.clone()).collect();
        if done.is_empty() {
            break;
        }
        done.iter().for_each(|module| drop(imports.remove(module)));
    }
    assert!(imports.is_empty(), "on or behind a cycle: {imports:#?}");
}

#[test]
fn the_detector_sees_imports() {
    let text = "use crate::cli;\n// use crate::report;\nuse crate::{model::{A, B}, text};\nfn f() { crate::engine::x(); }";
    let found = mentions(text, "crate::");
    for word in ["cli", "model", "text", "engine"] {
        assert!(found.contains(word), "{word} in {found:?}");
    }
    assert!(!found.contains("report"));
}

#[test]
fn every_room_is_in_the_table() {
    let rooms: BTreeSet<String> = std::fs::read_dir("src")
        .expect("src")
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            path.is_dir().then(|| path.file_name().expect("a name").to_string_lossy().into_owned())
        })
        .collect();
    let known: BTreeSet<String> =
        ALLOWED.iter().map(|(room, _)| (*room).to_owned()).chain(["registry".to_owned()]).collect();
    assert_eq!(rooms, known, "a new room needs its line in the table and in docs/ARCHITECTURE.md");
}

#[test]
fn modules_have_headers_and_names_that_say_what_lives_there() {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc", "stuff", "manager"];
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("src")) {
        if !source(&file).starts_with("//!") {
            wrong.push(format!("{} has no header that says what it is for", file.display()));
        }
        let names: Vec<String> = file.iter().map(|part| part.to_string_lossy().replace(".rs", "")).collect();
        if names.iter().any(|name| vague.contains(&name.as_str())) {
            wrong.push(format!("{} has a name that says nothing", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lean program must not be able to reach a network or a database (invariant 1): asked of cargo,
/// so that transitive dependencies count.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test asks cargo")]
fn the_checker_cannot_import_the_centre() {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
            "--no-default-features",
        ])
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        tree.contains("ast-grep-core"),
        "cargo tree says nothing: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    for name in [
        "tokio",
        "axum",
        "sqlx",
        "sqlx-core",
        "reqwest",
        "ureq",
        "hyper",
        "rustls",
        "openssl",
        "rusqlite",
        "libsqlite3-sys",
        "socket2",
    ] {
        assert!(!names.contains(name), "`{name}` is part of the lean program");
    }
    for file in rust_files(Path::new("src")) {
        if !file.starts_with("src/registry") {
            let text = source(&file);
            let talks = ["std::net", "TcpStream", "UdpSocket"].iter().any(|word| text.contains(word));
            assert!(!talks, "{} talks to a network", file.display());
            assert!(
                !mentions(&text, "crate::").contains("registry"),
                "{} imports the registry",
                file.display()
            );
        }
    }
}

/// Documents name files that exist, so that they cannot rot unseen.
#[test]
fn paths_in_documents_exist() {
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut documents = vec![PathBuf::from("README.md"), PathBuf::from("CHANGELOG.md")];
    documents.extend(
        std::fs::read_dir("docs")
            .expect("docs")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|e| e == "md")),
    );
    for document in documents {
        for word in source(&document).split(|c: char| c.is_whitespace() || "`()[]\"',;".contains(c)) {
            let word = word.trim_end_matches(['.', ':']).split('#').next().unwrap_or_default();
            let ours = ["src/", "docs/", "rules/", "tests/", "scripts/", "fuzz/"]
                .iter()
                .any(|top| word.starts_with(top));
            if ours && !word.contains(['*', '<', '{', '…']) && !Path::new(word).exists() {
                missing.entry(document.display().to_string()).or_default().push(word.to_owned());
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
