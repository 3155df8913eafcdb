//! Findings of other linters: reads `--sarif-in FILE` and resolves its paths.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::failure::system_words;
use super::{Failure, files};
use crate::engine::{ToolRun, read_sarif};

/// Maximum size of a SARIF file in bytes.
const MAX_SARIF_BYTES: u64 = 128 << 20;

/// The `--sarif-in` option.
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct ToolResultArguments {
    /// Read findings of another linter from a SARIF file, for `tool` checks; `-`: standard input; repeatable
    #[arg(long, value_name = "FILE")]
    sarif_in: Vec<PathBuf>,
}

impl ToolResultArguments {
    /// Reads the files. Relative paths in them are resolved against `root`, where the linter ran.
    ///
    /// # Errors
    /// A file cannot be read or is not SARIF.
    pub(super) fn read(&self, base: &Path, root: &Path) -> Result<ToolResults, Failure> {
        let mut all = Vec::new();
        for file in &self.sarif_in {
            let text = if file.as_os_str() == "-" {
                standard_input()
            } else {
                files::read_at_most(&base.join(file), MAX_SARIF_BYTES)
            };
            let text = text.map_err(|error| {
                let failure = Failure::new(format!("cannot read {}: {}", file.display(), system_words(&error)));
                failure.with_help("give a SARIF file of another linter, for example: ruff check --output-format sarif --output-file ruff.sarif")
            })?;
            let runs = read_sarif(&text).map_err(|message| {
                Failure::new(format!("{} cannot be used: {message}", file.display()))
                    .with_help("give a SARIF 2.1.0 file of another linter")
            })?;
            all.extend(runs);
        }
        for result in all.iter_mut().flat_map(|run| &mut run.results) {
            result.file = absolute(root, &result.file);
        }
        Ok(ToolResults { runs: all, root: root.to_owned() })
    }

    /// The options as part of a command line.
    pub(super) fn to_arguments(&self) -> String {
        let quoted = self.sarif_in.iter().map(|file| format!(" --sarif-in {}", super::shell::quote(file)));
        quoted.collect()
    }
}

fn standard_input() -> io::Result<String> {
    let mut text = String::new();
    io::stdin().lock().take(MAX_SARIF_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SARIF_BYTES {
        return Err(io::Error::other(format!("larger than {} MiB", MAX_SARIF_BYTES >> 20)));
    }
    Ok(text)
}

/// Normalizes `.` and `..` in a path, and resolves a relative path against `root`.
fn absolute(root: &Path, file: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    if !file.starts_with(b"/") && !begins_with_drive(file) {
        whole.extend_from_slice(&slashed(root));
        whole.push(b'/');
    }
    whole.extend_from_slice(file);
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in whole.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut out = Vec::new();
    for part in parts {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    // `file:///c:/x` and `C:\x` are the same file.
    if begins_with_drive(&out[1.min(out.len())..]) {
        out[1].make_ascii_uppercase();
    }
    out
}

fn begins_with_drive(path: &[u8]) -> bool {
    path.len() > 2 && path[0].is_ascii_alphabetic() && path[1] == b':' && path[2] == b'/'
}

/// The folder in the notation of result paths: with slashes, and on Windows as `/C:/work`.
fn slashed(root: &Path) -> Vec<u8> {
    let bytes = root.as_os_str().as_encoded_bytes();
    if cfg!(windows) { windows_slashed(bytes) } else { bytes.to_vec() }
}

fn windows_slashed(root: &[u8]) -> Vec<u8> {
    let root = root.strip_prefix(br"\\?\").unwrap_or(root);
    let slash = |byte: &u8| if *byte == b'\\' { b'/' } else { *byte };
    let mut out: Vec<u8> = std::iter::once(b'/').chain(root.iter().map(slash)).collect();
    if begins_with_drive(&out[1..]) {
        out[1].make_ascii_uppercase();
    }
    out
}

/// Findings of other linters, with absolute paths.
#[derive(Clone, Debug, Default)]
pub(super) struct ToolResults {
    runs: Vec<ToolRun>,
    /// Root of the project for which they were given.
    root: PathBuf,
}

impl ToolResults {
    /// The results for the project in `root`, with paths relative to it. Results outside `root` keep their
    /// absolute path for the project for which they were given, which reports them; nested projects ignore
    /// them.
    pub(super) fn for_project(&self, root: &Path) -> Vec<ToolRun> {
        let prefix = slashed(root);
        let below =
            |file: &[u8]| file.strip_prefix(prefix.as_slice())?.strip_prefix(b"/").map(<[u8]>::to_vec);
        let mut runs = self.runs.clone();
        for run in &mut runs {
            for result in &mut run.results {
                if let Some(relative) = below(&result.file) {
                    result.file = relative;
                }
            }
            if self.root != root {
                run.results.retain(|result| !result.file.starts_with(b"/"));
            }
        }
        runs
    }
}

/// The path of a result, for tests.
#[cfg(test)]
fn path(result: &crate::engine::ToolResult) -> String {
    String::from_utf8_lossy(&result.file).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn paths_are_resolved() {
        let root = Path::new("/work/repo");
        for (file, expected) in [
            ("src/a.py", "/work/repo/src/a.py"),
            ("./src//a.py", "/work/repo/src/a.py"),
            ("src/../b.py", "/work/repo/b.py"),
            ("../other/a.py", "/work/other/a.py"),
            ("/work/repo/src/a.py", "/work/repo/src/a.py"),
            ("../../../../x", "/x"),
            ("c:/work/a.py", "/C:/work/a.py"),
            ("/C:/work/a.py", "/C:/work/a.py"),
        ] {
            assert_eq!(String::from_utf8_lossy(&absolute(root, file.as_bytes())), expected, "{file}");
        }
        assert_eq!(windows_slashed(br"\\?\c:\work\repo"), b"/C:/work/repo");
        let text = r#"{"runs": [{"tool": {"driver": {"name": "x"}}, "results": [
            {"ruleId": "r", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "/work/repo/sub/a"}}}]},
            {"ruleId": "r", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "/work/repository/a"}}}]}]}]}"#;
        let runs = read_sarif(text).expect("SARIF");
        let given = ToolResults { runs, root: root.to_owned() };
        let here = given.for_project(root);
        assert_eq!(path(&here[0].results[0]), "sub/a");
        assert_eq!(path(&here[0].results[1]), "/work/repository/a");
        let below = given.for_project(Path::new("/work/repo/sub"));
        assert_eq!(below[0].results.len(), 1);
        assert_eq!(path(&below[0].results[0]), "a");
    }
}
