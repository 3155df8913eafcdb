//! Checks docs/ARCHITECTURE.md: allowed imports between modules, layers of the engine, dependencies, and
//! links in documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Top-level modules, each with the modules that it may import.
const ALLOWED: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("data", &["text"]),
    ("model", &["text"]),
    ("format", &["model", "data", "text"]),
    ("engine", &["model", "data", "text"]),
    // Git data become a tree and a focus of the engine, so no other module needs to import `git`.
    ("git", &["engine", "model", "text"]),
    ("news", &["engine", "format", "model", "text"]),
    ("report", &["model", "text"]),
    ("verify", &["engine", "format", "model", "text"]),
    ("client", &["format", "model"]),
    ("registry", &["verify", "engine", "report", "format", "model", "text"]),
    ("cli", &["client", "verify", "report", "news", "git", "engine", "format", "model", "data", "text"]),
];

/// Engine modules, each with the engine modules that it must not import: check kinds know neither plan nor
/// run.
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
    files_with_extension(below, "rs")
}

/// Files below a folder with the extension `wanted`, sorted.
fn files_with_extension(below: &Path, wanted: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![below.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == wanted) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

#[expect(clippy::disallowed_methods, reason = "a test reads the sources")]
fn read_source(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a source file")
}

/// Identifiers after `prefix` in code, without comments. Expands one level of braces in `use`.
fn identifiers_after(text: &str, prefix: &str) -> BTreeSet<String> {
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
fn modules_import_only_what_the_table_allows() {
    let modules: BTreeSet<&str> = ALLOWED.iter().map(|(module, _)| *module).collect();
    let mut wrong = Vec::new();
    for (module, allowed) in ALLOWED {
        for file in rust_files(&Path::new("src").join(module)) {
            // Unit tests may import any module.
            let whole = read_source(&file);
            let text = whole.split("#[cfg(test)]").next().unwrap_or_default();
            for word in identifiers_after(text, "crate::") {
                if modules.contains(word.as_str()) && word != *module && !allowed.contains(&word.as_str()) {
                    wrong
                        .push(format!("{} imports {word}, which `{module}` must not import", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn engine_modules_respect_the_layers() {
    let mut wrong = Vec::new();
    for (layer, banned) in ENGINE_LAYERS {
        for file in rust_files(&Path::new("src/engine").join(layer)) {
            let text = read_source(&file);
            let words = identifiers_after(&text, "crate::engine::");
            for word in banned.iter().filter(|word| words.contains(**word)) {
                wrong.push(format!("{} imports engine::{word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The modules of the engine import each other without cycles.
#[test]
fn engine_modules_have_no_import_cycles() {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in rust_files(Path::new("src/engine")) {
        let inside = file.strip_prefix("src/engine").expect("below");
        let module = inside.iter().next().expect("a name").to_string_lossy().replace(".rs", "");
        let whole = read_source(&file);
        let text = whole.split("#[cfg(test)]").next().unwrap_or_default();
        let mut words = identifiers_after(text, "crate::engine::");
        if inside.iter().count() == 1 {
            words.extend(identifiers_after(text, "use super::"));
        }
        imports.entry(module).or_default().extend(words);
    }
    imports.remove("mod");
    // A module that imports none of the remaining modules cannot be part of a cycle.
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
    assert!(imports.is_empty(), "modules in an import cycle, or importing one: {imports:#?}");
}

#[test]
fn the_import_scanner_finds_every_form_of_import() {
    let text = "use crate::cli;\n// use crate::report;\nuse crate::{model::{A, B}, text};\nfn f() { crate::engine::x(); }";
    let found = identifiers_after(text, "crate::");
    for word in ["cli", "model", "text", "engine"] {
        assert!(found.contains(word), "{word} in {found:?}");
    }
    assert!(!found.contains("report"));
}

#[test]
fn every_module_is_in_the_import_table() {
    let modules: BTreeSet<String> = std::fs::read_dir("src")
        .expect("src")
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            path.is_dir().then(|| path.file_name().expect("a name").to_string_lossy().into_owned())
        })
        .collect();
    let known: BTreeSet<String> =
        ALLOWED.iter().map(|(module, _)| (*module).to_owned()).chain(["registry".to_owned()]).collect();
    assert_eq!(modules, known, "a new module needs a line in the table and in docs/ARCHITECTURE.md");
}

/// Type names that exist in more than one room, with the reason. Every other name has one meaning in the whole tree.
const SHARED_TYPE_NAMES: &[(&str, &str)] = &[
    ("Cli", "the arguments of each of the two programs"),
    ("Command", "the subcommands of each of the two programs"),
    ("Location", "named by the formats: SARIF, Code Quality and reviewdog"),
    ("Run", "a run of another tool is named by SARIF; `report::run::Run` is a run of this program"),
    ("Tool", "named by the formats: SARIF and our JSON report"),
];

/// Names of the types that `text` defines, up to its tests.
fn defined_types(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut names = BTreeSet::new();
    for line in code.lines() {
        let line = line.trim_start();
        let line = line.strip_prefix("pub ").unwrap_or_else(|| {
            line.strip_prefix("pub(").and_then(|rest| rest.split_once(") ")).map_or(line, |(_, rest)| rest)
        });
        let kinds = ["struct ", "enum ", "trait ", "type "];
        let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) else { continue };
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            names.insert(name);
        }
    }
    names
}

#[test]
fn type_names_have_one_meaning() {
    let mut rooms_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in rust_files(Path::new("src")) {
        let is_test = file.components().any(|part| part.as_os_str() == "tests")
            || file.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
        let Some(room) = file.iter().nth(1).filter(|_| !is_test) else { continue };
        for name in defined_types(&read_source(&file)) {
            // Associated types repeat the names of their traits.
            if !["Err", "Error", "Item", "Output"].contains(&name.as_str()) {
                rooms_of.entry(name).or_default().insert(room.to_string_lossy().into_owned());
            }
        }
    }
    assert!(rooms_of.len() > 400, "the scan finds the types: {}", rooms_of.len());
    let shared: BTreeSet<&str> =
        rooms_of.iter().filter(|(_, rooms)| rooms.len() > 1).map(|(name, _)| name.as_str()).collect();
    let argued: BTreeSet<&str> = SHARED_TYPE_NAMES.iter().map(|(name, _)| *name).collect();
    assert_eq!(shared, argued, "rename one of them, or give the reason in SHARED_TYPE_NAMES");
}

#[test]
fn modules_have_headers_and_descriptive_names() {
    let vague = ["utils", "util", "helpers", "helper", "common", "misc", "stuff", "manager"];
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("src")) {
        if !read_source(&file).starts_with("//!") {
            wrong.push(format!("{} has no module doc comment", file.display()));
        }
        let names: Vec<String> = file.iter().map(|part| part.to_string_lossy().replace(".rs", "")).collect();
        if names.iter().any(|name| vague.contains(&name.as_str())) {
            wrong.push(format!("{} has a vague name", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lean program must not depend on a network or database crate (invariant 1). `cargo tree` includes
/// transitive dependencies.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test runs cargo")]
fn the_lean_program_has_no_network_or_database_dependency() {
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
        .expect("cargo should start");
    let tree = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(
        tree.contains("ast-grep-core"),
        "the output of cargo tree is not as expected: {}",
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
            let text = read_source(&file);
            let uses_network = ["std::net", "TcpStream", "UdpSocket"].iter().any(|word| text.contains(word));
            assert!(!uses_network, "{} uses network types", file.display());
            assert!(
                !identifiers_after(&text, "crate::").contains("registry"),
                "{} imports the registry",
                file.display()
            );
        }
    }
}

/// Markdown files of the documentation.
fn documents() -> Vec<PathBuf> {
    let mut documents = vec![PathBuf::from("README.md"), PathBuf::from("CHANGELOG.md")];
    documents.extend(files_with_extension(Path::new("docs"), "md"));
    documents
}

/// Paths mentioned in documents exist.
#[test]
fn paths_in_documents_exist() {
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for document in documents() {
        for word in read_source(&document).split(|c: char| c.is_whitespace() || "`()[]\"',;".contains(c)) {
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

/// Targets of relative links between documents exist.
#[test]
fn links_in_documents_lead_to_files() {
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for document in documents() {
        let folder = document.parent().unwrap_or(Path::new(""));
        for after in read_source(&document).split("](").skip(1) {
            let target = after.split(')').next().unwrap_or_default();
            let path = target.split('#').next().unwrap_or_default();
            let is_local = !path.is_empty() && !path.contains("://") && !path.contains(char::is_whitespace);
            if is_local && !folder.join(path).exists() {
                broken.entry(document.display().to_string()).or_default().push(target.to_owned());
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
