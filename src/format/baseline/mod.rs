//! `.stanchion/baseline.toml`: what was found when promises were made "from here". Written by tool, and read at
//! every check: the lines that the tool writes are read as lines (`written`), anything else as the TOML that it is.

mod written;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use self::written::{Entries, as_written};
use super::parse::sorted;
use super::schema::version;
use super::source::Document;
use super::toml_file;
use crate::data::{Kind, Limits, Node};
use crate::model::{
    Baseline, BaselineEntry, BaselinePart, Date, GuidelineId, Problem, RepoPath, TraceSieve, Traces,
};
use crate::text::Span;

/// Largest file, in bytes.
const FILE_BYTES: usize = 64 << 20;
/// Largest file that is read as TOML, in bytes: it takes many times as much memory.
const TOML_BYTES: usize = 3 << 20;
/// How many values it may hold.
const LIMITS: Limits = Limits { max_depth: 8, max_nodes: 1_000_000, aliases: false };
/// What to do with a merge that is not resolved.
const CONFLICT: &str =
    "take the marks out and keep the lines of both sides; `stanchion baseline prune` then puts them in order";
/// How the file begins.
const HEAD: &str = "# Written by `stanchion promise --from-here`: what was found on that day, and does not break the promise.\n\
                    # `stanchion baseline prune` takes out what is mended.\nschema = 1\n";

/// The baseline as its file: equal values give equal bytes.
#[must_use]
pub fn render_baseline(baseline: &Baseline) -> String {
    let mut out = HEAD.to_owned();
    for (id, part) in &baseline.guidelines {
        let mut entries: Vec<&BaselineEntry> = part.entries.iter().collect();
        entries.sort();
        entries.dedup();
        // Writing to a String cannot fail.
        let _ = write!(out, "\n[\"{id}\"]\nsince = {}\nfound = [\n", part.since);
        for entry in entries {
            let Traces { fingerprint, content, head } = &entry.traces;
            let _ = write!(out, "  \"{} {fingerprint} {content} ", entry.check);
            let _ = match head {
                Some(head) => write!(out, "{head} "),
                None => write!(out, "- "),
            };
            write_path(&mut out, &entry.path);
            out.push_str("\",\n");
        }
        out.push_str("]\n");
    }
    out
}

/// A path between double quotes: plain characters as they are, and every other byte as `%NN`.
fn write_path(out: &mut String, path: &RepoPath) {
    for chunk in path.bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if matches!(c, '"' | '\\' | '%')
                || c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
            {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| {
                    let _ = write!(out, "%{byte:02x}");
                });
            } else {
                out.push(c);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "%{byte:02x}");
        }
    }
}

/// Reads a baseline.
///
/// # Errors
/// Every problem of the file, in order of place.
pub fn parse_baseline(file: &str, text: &str) -> Result<Baseline, Vec<Problem>> {
    parse(file, text, None)
}

/// Reads a baseline to find the entries that stand for something that `sieve` knows. All of it is looked at and may be
/// wrong, but entries that stand for nothing there can be missing in the value.
///
/// # Errors
/// As [`parse_baseline`].
pub fn parse_baseline_for(file: &str, text: &str, sieve: &TraceSieve) -> Result<Baseline, Vec<Problem>> {
    parse(file, text, Some(sieve))
}

fn parse(file: &str, text: &str, sieve: Option<&TraceSieve>) -> Result<Baseline, Vec<Problem>> {
    let mut line = 0;
    match as_written(text, sieve, &mut line) {
        Some(baseline) => Ok(baseline),
        None if text.len() > TOML_BYTES => {
            let unresolved = toml_file::unresolved_merge(file, text, CONFLICT);
            Err(vec![unresolved.unwrap_or_else(|| too_large(file, text, line))])
        }
        None => as_toml(file, text),
    }
}

/// That a file is too large to be read as TOML; the line with this number is not as it was written.
fn too_large(file: &str, text: &str, line: u32) -> Problem {
    // Not all of a file of any size is kept for one problem.
    let shown: String =
        text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default().chars().take(100).collect();
    Problem {
        file: Arc::from(file),
        span: Span::new(0, shown.len()),
        text: Arc::from(shown),
        message: format!(
            "a baseline of more than {} MiB has to be as `stanchion promise --from-here` writes it, line by line, and this \
             one was edited",
            TOML_BYTES >> 20
        ),
        label: "here".to_owned(),
        help: Some(
            "take the file of an earlier commit (git checkout REV -- .stanchion/baseline.toml), then `stanchion baseline \
             prune` takes out what was mended since"
                .to_owned(),
        ),
        first_line: line.max(1),
    }
}

/// Reads it as TOML, with everything that is wrong.
fn as_toml(file: &str, text: &str) -> Result<Baseline, Vec<Problem>> {
    let (source, root) = toml_file::open(file, text, (&LIMITS, TOML_BYTES), CONFLICT)?;
    let document = Document { source: &source, root: &root, home: Span::at(0) };
    let mut problems = Vec::new();
    let Kind::Object(members) = &root.kind else { return Ok(Baseline::default()) };
    let schema = members.iter().find(|member| member.key == "schema").map(|member| member.value.to_json());
    let mut head = serde_json::json!({ "schema": schema });
    problems.extend(version(&document, &mut head).map_err(|newer| vec![newer])?);
    let mut told = |span: Span, message: String| {
        let help = "this file is written by `stanchion promise --from-here` and `stanchion baseline prune`; what was \
                    edited by hand can be taken out";
        problems.push(source.problem(span, message, "here", Some(help.to_owned())));
    };
    if schema.is_none() {
        told(Span::at(0), "the key `schema` is missing".to_owned());
    }
    let mut reader = Entries::default();
    let mut guidelines = BTreeMap::new();
    for member in members.iter().filter(|member| member.key != "schema") {
        match GuidelineId::new(&member.key) {
            Ok(id) => {
                let part = part(&member.value, member.key_span, &mut reader, &mut told);
                guidelines.insert(id, part);
            }
            Err(message) => told(member.key_span, message),
        }
    }
    if problems.is_empty() { Ok(Baseline { guidelines }) } else { Err(sorted(problems)) }
}

/// What stands about one guideline.
fn part(node: &Node, key: Span, reader: &mut Entries, told: &mut dyn FnMut(Span, String)) -> BaselinePart {
    let mut part = BaselinePart { since: Date::of_unix_seconds(0), entries: Vec::new() };
    let Kind::Object(members) = &node.kind else {
        told(key, "a table with `since` and `found` is expected".to_owned());
        return part;
    };
    let mut has_since = false;
    for member in members {
        match (member.key.as_str(), &member.value.kind) {
            ("since", Kind::String(day)) => {
                has_since = true;
                match day.parse() {
                    Ok(since) => part.since = since,
                    Err(message) => told(member.value.span, message),
                }
            }
            ("found", Kind::Array(items)) => {
                for item in items {
                    let found = if let Kind::String(text) = &item.kind { reader.read(text) } else { None };
                    match found {
                        Some(found) => part.entries.push(found),
                        None => told(item.span, "this says nothing that was found".to_owned()),
                    }
                }
            }
            ("since" | "found", _) => told(member.value.span, format!("`{}` is of another kind", member.key)),
            (other, _) => told(member.key_span, format!("unknown key `{other}`")),
        }
    }
    if !has_since {
        told(key, "the day is missing (`since`)".to_owned());
    }
    part.entries.sort();
    part.entries.dedup();
    part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Fingerprint, Trace};

    fn any_entry() -> impl Strategy<Value = BaselineEntry> {
        let path = prop_oneof![
            "[a-z]{1,8}(/[a-z .%\"\\\\]{1,8}){0,2}".prop_map(|path| RepoPath::from(path.as_str())),
            prop::collection::vec(1..=255_u8, 1..12).prop_map(RepoPath::new),
        ];
        (path, "[a-z-]{1,8}", any::<u128>(), any::<u64>(), prop::option::of(any::<u64>())).prop_map(
            |(path, check, fingerprint, content, head)| BaselineEntry {
                path,
                check: Arc::from(check),
                traces: Traces {
                    fingerprint: Fingerprint(fingerprint),
                    content: Trace(content),
                    head: head.map(Trace),
                },
            },
        )
    }

    fn any_baseline() -> impl Strategy<Value = Baseline> {
        let part =
            (0..40_000_i64, prop::collection::btree_set(any_entry(), 0..12)).prop_map(|(day, entries)| {
                BaselinePart {
                    since: Date::of_unix_seconds(day * 86_400),
                    entries: entries.into_iter().collect(),
                }
            });
        let id = "[a-z]{1,4}/[a-z]{1,4}".prop_map(|id| GuidelineId::new(&id).expect("an id"));
        prop::collection::btree_map(id, part, 0..4).prop_map(|guidelines| Baseline { guidelines })
    }

    proptest! {
        #[test]
        fn a_baseline_is_read_as_it_was_written(baseline in any_baseline()) {
            let text = render_baseline(&baseline);
            prop_assert_eq!(as_written(&text, None, &mut 0), Some(baseline.clone()));
            prop_assert_eq!(as_toml("b", &text), Ok(baseline.clone()));
            // As git may have checked it out.
            let crlf = text.replace('\n', "\r\n");
            prop_assert_eq!(as_written(&crlf, None, &mut 0), Some(baseline.clone()));
            prop_assert_eq!(as_toml("b", &crlf), Ok(baseline.clone()));
            prop_assert_eq!(render_baseline(&parse_baseline("b", &text).expect("good")), text);
        }

        /// Two branches that were merged by hand, lines of both in any order.
        #[test]
        fn lines_in_any_order_are_the_same_baseline(baseline in any_baseline(), seed: usize, twice: bool) {
            let text = render_baseline(&baseline);
            let mut lines: Vec<String> = Vec::new();
            let mut shuffled = String::new();
            for line in text.lines() {
                if line.starts_with("  ") {
                    lines.insert(seed.wrapping_mul(31).wrapping_add(line.len()) % (lines.len() + 1), format!("{line}\n"));
                    continue;
                }
                shuffled.extend(lines.iter().map(String::as_str));
                if twice {
                    shuffled.extend(lines.first().map(String::as_str));
                }
                lines.clear();
                shuffled.push_str(line);
                shuffled.push('\n');
            }
            prop_assert_eq!(as_written(&shuffled, None, &mut 0), Some(baseline.clone()));
            prop_assert_eq!(as_toml("b", &shuffled), Ok(baseline));
        }

        /// Whatever the quick way accepts after somebody was at the file, the TOML reader understands alike.
        #[test]
        fn both_ways_agree(baseline in any_baseline(), at in 0.0..1.0_f64, with in "[\\PC\n\t]{0,3}", drop in 0..3_usize) {
            let mut chars: Vec<char> = render_baseline(&baseline).chars().collect();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
            let at = (at * chars.len() as f64) as usize;
            let end = (at + drop).min(chars.len());
            chars.splice(at..end, with.chars());
            let text: String = chars.into_iter().collect();
            if let Some(quick) = as_written(&text, None, &mut 0) {
                prop_assert_eq!(as_toml("b", &text), Ok(quick));
            }
        }
    }

    proptest! {
        /// With a sieve nothing is missing that could stand for what was found, and the same is accepted.
        #[test]
        fn a_sieve_takes_out_only_what_stands_for_nothing(baseline in any_baseline(), with in "[\\PC\n]{0,2}", at in 0..4_000_usize) {
            let mut text = render_baseline(&baseline);
            if let Some((at, _)) = text.char_indices().nth(at) {
                text.insert_str(at, &with);
            }
            let entries = || baseline.guidelines.values().flat_map(|part| &part.entries);
            let known: Vec<Traces> = entries().step_by(3).map(|entry| entry.traces).collect();
            let sieve = TraceSieve::new(known.iter());
            let (all, some) = (as_written(&text, None, &mut 0), as_written(&text, Some(&sieve), &mut 0));
            prop_assert_eq!(all.is_some(), some.is_some());
            let (Some(all), Some(some)) = (all, some) else { return Ok(()) };
            prop_assert!(all.guidelines.keys().eq(some.guidelines.keys()));
            for (id, part) in &all.guidelines {
                let kept: Vec<_> = part.entries.iter().filter(|it| sieve.may_know(&it.traces)).cloned().collect();
                prop_assert_eq!(part.since, some.guidelines[id].since);
                prop_assert_eq!(&kept, &some.guidelines[id].entries);
            }
        }
    }

    #[test]
    fn a_large_file_that_was_edited_is_refused_in_words() {
        let entry = |number: usize| {
            format!("  \"c {number:032x} {} - some/longer/path/to/a/file.py\",\n", "1".repeat(16))
        };
        let all: String = (0..40_000).map(entry).collect();
        let text = format!("{HEAD}\n[\"a/b\"]\nsince = 2026-11-25\nfound = [\n{all}]\n");
        assert!(text.len() > TOML_BYTES);
        assert_eq!(parse_baseline("b", &text).expect("good").guidelines.len(), 1);
        let problems = parse_baseline("b", &text.replacen("\n]\n", "\n] # ours\n", 1)).expect_err("edited");
        let merged =
            parse_baseline("b", &text.replacen("\n]\n", "\n<<<<<<< ours\n]\n", 1)).expect_err("merged");
        assert!(merged[0].message.contains("a merge is not resolved"), "{merged:?}");
        assert!(
            problems.len() == 1
                && problems[0].message.contains("and this one was edited")
                && (problems[0].first_line, &*problems[0].text) == (40_008, "] # ours"),
            "{problems:?}"
        );
    }

    #[test]
    fn slips_are_told_with_their_place() {
        let line = format!("  \"c {} {} - a.py\",\n", "0".repeat(32), "1".repeat(16));
        let good = format!("{HEAD}\n[\"a/b\"]\nsince = 2026-11-25\nfound = [\n{line}]\n");
        assert!(as_written(&good, None, &mut 0).is_some());
        for (old, new, said) in [
            ("since", "sinse", "unknown key `sinse`"),
            ("2026-11-25", "2026-11-31", "not TOML"),
            (" - a.py", "", "says nothing"),
            ("\"a/b\"", "ab", "namespace/slug"),
            ("[\"a/b\"]", "<<<<<<< ours\n[\"a/b\"]", "a merge is not resolved"),
            ("schema = 1", "schema = 9", "needs a newer"),
        ] {
            let problems = parse_baseline("b", &good.replacen(old, new, 1)).expect_err(new);
            assert!(problems.iter().any(|it| it.message.contains(said)), "{new}: {problems:?}");
        }
        // Somebody's own order and comments are fine.
        let odd = format!("schema = 1\n# ours\n[\"a/b\"]\nfound = [\n{line}{line}]\nsince = 2026-11-25\n");
        assert_eq!(parse_baseline("b", &odd), parse_baseline("b", &good));
    }
}
