//! Renders a change as a patch for `git apply`.

use std::fmt::Write as _;
use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

use super::super::terminal::Terminal;
use crate::model::RepoPath;
use crate::report::Role;
use crate::report::escape::escape;

/// Number of context lines around each change.
const CONTEXT: usize = 3;

/// Renders the patch of one file: colored and escaped for a terminal, otherwise unchanged for git.
pub(super) fn render_patch(path: &RepoPath, old: Option<&[u8]>, new: &[u8], terminal: &Terminal) -> String {
    let before = String::from_utf8_lossy(old.unwrap_or_default()).into_owned();
    let after = String::from_utf8_lossy(new).into_owned();
    let text = plain_patch(path, old.is_some().then_some(before.as_str()), &after);
    if terminal.is_piped() {
        return text;
    }
    let paint = terminal.paint();
    let mut out = String::new();
    for line in text.lines() {
        let shown = escape(line);
        let role = match line.as_bytes().first() {
            Some(b'+') if !line.starts_with("+++ ") => Some(Role::Kept),
            Some(b'-') if !line.starts_with("--- ") => Some(Role::Warning),
            Some(b'@') => Some(Role::Code),
            Some(b' ' | b'\\') => None,
            _ => Some(Role::Strong),
        };
        out.push_str(&role.map_or_else(|| shown.to_string(), |role| paint.text(role, &shown)));
        out.push('\n');
    }
    out
}

fn plain_patch(path: &RepoPath, old: Option<&str>, new: &str) -> String {
    let (a, b) = (quote_git_path("a/", path.bytes()), quote_git_path("b/", path.bytes()));
    let mut out = format!("diff --git {a} {b}\n");
    // Writing to a String cannot fail.
    let _ = match old {
        Some(_) => writeln!(out, "--- {a}\n+++ {b}"),
        None => writeln!(out, "new file mode 100644\n--- /dev/null\n+++ {b}"),
    };
    let old = old.unwrap_or_default();
    let input = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let (before, after) = (split_lines(old), split_lines(new));
    let range = |range: &Range<u32>| range.start as usize..range.end as usize;
    let hunks: Vec<(Range<usize>, Range<usize>)> =
        diff.hunks().map(|hunk| (range(&hunk.before), range(&hunk.after))).collect();
    let mut at = 0;
    while at < hunks.len() {
        // Hunks with overlapping context are merged.
        let mut end = at + 1;
        while end < hunks.len() && hunks[end].0.start.saturating_sub(hunks[end - 1].0.end) <= 2 * CONTEXT {
            end += 1;
        }
        write_hunk(&mut out, &before, &after, &hunks[at..end]);
        at = end;
    }
    out
}

fn split_lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn write_hunk(out: &mut String, before: &[&str], after: &[&str], parts: &[(Range<usize>, Range<usize>)]) {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
    let lead = first.0.start.min(CONTEXT);
    let start = first.0.start - lead;
    let end = (last.0.end + CONTEXT).min(before.len());
    let new_start = first.1.start - lead;
    let new_end = last.1.end + (end - last.0.end);
    let place = |start: usize, end: usize| {
        // For an empty side, git uses the number of the previous line.
        let line = if start == end { start } else { start + 1 };
        format!("{line},{}", end - start)
    };
    let _ = writeln!(out, "@@ -{} +{} @@", place(start, end), place(new_start, new_end));
    let mut put = |sign: char, line: &str| {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    };
    let mut at = start;
    for (old, new) in parts {
        before[at..old.start].iter().for_each(|line| put(' ', line));
        before[old.clone()].iter().for_each(|line| put('-', line));
        after[new.clone()].iter().for_each(|line| put('+', line));
        at = old.end;
    }
    before[at..end].iter().for_each(|line| put(' ', line));
}

/// Quotes a path like git does in a patch, if it contains special characters.
fn quote_git_path(prefix: &str, path: &[u8]) -> String {
    let plain = path.iter().all(|&byte| byte >= b' ' && byte != b'"' && byte != b'\\' && byte < 0x7f);
    if plain {
        let name = format!("{prefix}{}", String::from_utf8_lossy(path));
        return name;
    }
    let mut out = format!("\"{prefix}");
    for &byte in path {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(byte.into());
            }
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b' '..=b'~' => out.push(byte.into()),
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_has_the_format_of_git() {
        let old: String = (1..=20).map(|n| format!("{n}\n")).collect();
        let new = old.replace("10\n", "ten\n").replace("\n20\n", "\n20");
        let text = plain_patch(&RepoPath::from("a b"), Some(&old), &new);
        assert_eq!(
            text,
            "diff --git a/a b b/a b\n--- a/a b\n+++ b/a b\n@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n@@ -17,4 +17,4 @@\n 17\n 18\n 19\n-20\n+20\n\\ No newline at end of file\n"
        );
        let new = plain_patch(&RepoPath::from("é\"x"), None, "a\n");
        assert_eq!(
            new,
            "diff --git \"a/\\303\\251\\\"x\" \"b/\\303\\251\\\"x\"\nnew file mode 100644\n--- /dev/null\n+++ \"b/\\303\\251\\\"x\"\n@@ -0,0 +1,1 @@\n+a\n"
        );
    }
}
