//! `.stanchion/baseline.toml`: findings that existed when promises were made "from here".
//!
//! Written by the program and read at every check. A file as the program writes it is parsed line by line
//! (`line_parser`); any other file is parsed as TOML.

mod line_parser;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use self::line_parser::{BaselineEntryParser, parse_rendered};
use super::parse::sort_problems;
use super::schema::check_format_version;
use super::source::LocatedDocument;
use super::toml_file;
use crate::data::{DocumentLimits, Node, NodeKind};
use crate::model::{
    Baseline, BaselineEntry, BaselinePart, BloomFilter, Date, FindingHashes, GuidelineId, Problem, RepoPath,
};
use crate::text::Span;

/// Maximum size of the file, in bytes.
const FILE_BYTES: usize = 64 << 20;
/// Maximum size of a file that is parsed as TOML, in bytes: this takes many times as much memory.
const TOML_BYTES: usize = 3 << 20;
/// Maximum depth and number of values in the file.
const LIMITS: DocumentLimits = DocumentLimits { max_depth: 8, max_nodes: 1_000_000, aliases: false };
/// Help for an unresolved merge conflict.
const CONFLICT_HELP: &str = "remove the conflict markers and keep the lines of both sides, then run `stanchion \
                             baseline prune` to sort them";
/// Beginning of the file. The line parser accepts only files that begin with exactly this text or with
/// [`FORMER_HEAD`].
const HEAD: &str = "# Written by `stanchion promise --from-here`: findings that existed on that day. They do not break the promise.\n\
                    # `stanchion baseline prune` removes the entries of fixed findings.\nschema = 1\n";
/// Beginning of files that earlier versions wrote. It must not change: these files may be too large to be
/// parsed as TOML.
const FORMER_HEAD: &str = "# Written by `stanchion promise --from-here`: what was found on that day, and does not break the promise.\n\
                           # `stanchion baseline prune` takes out what is mended.\nschema = 1\n";

/// Renders the baseline as the text of its file: equal values give equal bytes.
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
            let FindingHashes { fingerprint, content, head } = &entry.hashes;
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

/// Writes a path inside double quotes: plain characters unchanged, and every other byte as `%NN`.
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

/// Parses a baseline.
///
/// # Errors
/// Returns every problem of the file, in order of place.
pub fn parse_baseline(file: &str, text: &str) -> Result<Baseline, Vec<Problem>> {
    parse(file, text, None)
}

/// Parses a baseline, but may leave out entries that match none of the findings in `filter`.
///
/// The whole file is checked, so the problems are those of the complete file.
///
/// # Errors
/// Same as [`parse_baseline`].
pub fn parse_baseline_for(file: &str, text: &str, filter: &BloomFilter) -> Result<Baseline, Vec<Problem>> {
    parse(file, text, Some(filter))
}

fn parse(file: &str, text: &str, filter: Option<&BloomFilter>) -> Result<Baseline, Vec<Problem>> {
    let mut line = 0;
    match parse_rendered(text, filter, &mut line) {
        Some(baseline) => Ok(baseline),
        None if text.len() > TOML_BYTES => {
            let conflict = toml_file::find_merge_conflict(file, text, CONFLICT_HELP);
            Err(vec![conflict.unwrap_or_else(|| too_large(file, text, line))])
        }
        None => parse_as_toml(file, text),
    }
}

/// Returns the problem of a file too large to be parsed as TOML. `line` is the first line that the line
/// parser does not accept.
fn too_large(file: &str, text: &str, line: u32) -> Problem {
    // The problem keeps only part of the line: the file can be very large.
    let shown: String =
        text.lines().nth(line.saturating_sub(1) as usize).unwrap_or_default().chars().take(100).collect();
    Problem {
        file: Arc::from(file),
        span: Span::new(0, shown.len()),
        text: Arc::from(shown),
        message: format!(
            "a baseline of more than {} MiB must be exactly as `stanchion promise --from-here` writes it, but this one was \
             edited",
            TOML_BYTES >> 20
        ),
        label: "here".to_owned(),
        help: Some(
            "restore the file of an earlier commit (git checkout REV -- .stanchion/baseline.toml), then run `stanchion \
             baseline prune` to remove what was fixed since"
                .to_owned(),
        ),
        first_line: line.max(1),
    }
}

/// Parses the baseline as TOML.
///
/// # Errors
/// Returns every problem of the file, in order of place.
fn parse_as_toml(file: &str, text: &str) -> Result<Baseline, Vec<Problem>> {
    let (source, root) = toml_file::parse_toml(file, text, (&LIMITS, TOML_BYTES), CONFLICT_HELP)?;
    let document = LocatedDocument { source: &source, root: &root, home: Span::at(0) };
    let mut problems = Vec::new();
    let NodeKind::Object(members) = &root.kind else { return Ok(Baseline::default()) };
    let schema = members.iter().find(|member| member.key == "schema").map(|member| member.value.to_json());
    let mut head = serde_json::json!({ "schema": schema });
    problems.extend(check_format_version(&document, &mut head).map_err(|newer| vec![newer])?);
    let mut report = |span: Span, message: String| {
        let help = "`stanchion promise --from-here` and `stanchion baseline prune` write this file; undo manual edits";
        problems.push(source.problem(span, message, "here", Some(help.to_owned())));
    };
    if schema.is_none() {
        report(Span::at(0), "the key `schema` is missing".to_owned());
    }
    let mut reader = BaselineEntryParser::default();
    let mut guidelines = BTreeMap::new();
    for member in members.iter().filter(|member| member.key != "schema") {
        match GuidelineId::new(&member.key) {
            Ok(id) => {
                let part = read_part(&member.value, member.key_span, &mut reader, &mut report);
                guidelines.insert(id, part);
            }
            Err(message) => report(member.key_span, message),
        }
    }
    if problems.is_empty() { Ok(Baseline { guidelines }) } else { Err(sort_problems(problems)) }
}

/// Reads the entries of one guideline.
fn read_part(
    node: &Node,
    key: Span,
    reader: &mut BaselineEntryParser,
    report: &mut dyn FnMut(Span, String),
) -> BaselinePart {
    let mut part = BaselinePart { since: Date::of_unix_seconds(0), entries: Vec::new() };
    let NodeKind::Object(members) = &node.kind else {
        report(key, "expected a table with `since` and `found`".to_owned());
        return part;
    };
    let mut has_since = false;
    for member in members {
        match (member.key.as_str(), &member.value.kind) {
            ("since", NodeKind::String(day)) => {
                has_since = true;
                match day.parse() {
                    Ok(since) => part.since = since,
                    Err(message) => report(member.value.span, message),
                }
            }
            ("found", NodeKind::Array(items)) => {
                for item in items {
                    let found =
                        if let NodeKind::String(text) = &item.kind { reader.parse(text) } else { None };
                    match found {
                        Some(found) => part.entries.push(found),
                        None => report(item.span, "invalid baseline entry".to_owned()),
                    }
                }
            }
            ("since" | "found", _) => {
                report(member.value.span, format!("`{}` has the wrong type", member.key));
            }
            (other, _) => report(member.key_span, format!("unknown key `{other}`")),
        }
    }
    if !has_since {
        report(key, "the key `since` is missing".to_owned());
    }
    part.entries.sort();
    part.entries.dedup();
    part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{ContentHash, Fingerprint};

    fn any_entry() -> impl Strategy<Value = BaselineEntry> {
        let path = prop_oneof![
            "[a-z]{1,8}(/[a-z .%\"\\\\]{1,8}){0,2}".prop_map(|path| RepoPath::from(path.as_str())),
            prop::collection::vec(1..=255_u8, 1..12).prop_map(RepoPath::new),
        ];
        (path, "[a-z-]{1,8}", any::<u128>(), any::<u64>(), prop::option::of(any::<u64>())).prop_map(
            |(path, check, fingerprint, content, head)| BaselineEntry {
                path,
                check: Arc::from(check),
                hashes: FindingHashes {
                    fingerprint: Fingerprint(fingerprint),
                    content: ContentHash(content),
                    head: head.map(ContentHash),
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
            prop_assert_eq!(parse_rendered(&text, None, &mut 0), Some(baseline.clone()));
            prop_assert_eq!(parse_as_toml("b", &text), Ok(baseline.clone()));
            // Git may check the file out with CRLF line endings.
            let crlf = text.replace('\n', "\r\n");
            prop_assert_eq!(parse_rendered(&crlf, None, &mut 0), Some(baseline.clone()));
            prop_assert_eq!(parse_as_toml("b", &crlf), Ok(baseline.clone()));
            prop_assert_eq!(render_baseline(&parse_baseline("b", &text).expect("good")), text);
        }

        /// Two branches that were merged by hand, with the lines of both in any order.
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
            prop_assert_eq!(parse_rendered(&shuffled, None, &mut 0), Some(baseline.clone()));
            prop_assert_eq!(parse_as_toml("b", &shuffled), Ok(baseline));
        }

        /// If the line parser accepts an edited file, the TOML parser returns the same baseline.
        #[test]
        fn both_parsers_agree(baseline in any_baseline(), at in 0.0..1.0_f64, with in "[\\PC\n\t]{0,3}", drop in 0..3_usize) {
            let mut chars: Vec<char> = render_baseline(&baseline).chars().collect();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
            let at = (at * chars.len() as f64) as usize;
            let end = (at + drop).min(chars.len());
            chars.splice(at..end, with.chars());
            let text: String = chars.into_iter().collect();
            if let Some(fast) = parse_rendered(&text, None, &mut 0) {
                prop_assert_eq!(parse_as_toml("b", &text), Ok(fast));
            }
        }
    }

    proptest! {
        /// With a filter, no entry is left out that could match a finding, and the same files are accepted.
        #[test]
        fn a_filter_removes_only_entries_without_findings(baseline in any_baseline(), with in "[\\PC\n]{0,2}", at in 0..4_000_usize) {
            let mut text = render_baseline(&baseline);
            if let Some((at, _)) = text.char_indices().nth(at) {
                text.insert_str(at, &with);
            }
            let entries = || baseline.guidelines.values().flat_map(|part| &part.entries);
            let known: Vec<FindingHashes> = entries().step_by(3).map(|entry| entry.hashes).collect();
            let filter = BloomFilter::new(known.iter());
            let (all, some) = (parse_rendered(&text, None, &mut 0), parse_rendered(&text, Some(&filter), &mut 0));
            prop_assert_eq!(all.is_some(), some.is_some());
            let (Some(all), Some(some)) = (all, some) else { return Ok(()) };
            prop_assert!(all.guidelines.keys().eq(some.guidelines.keys()));
            for (id, part) in &all.guidelines {
                let kept: Vec<_> = part.entries.iter().filter(|it| filter.may_contain(&it.hashes)).cloned().collect();
                prop_assert_eq!(part.since, some.guidelines[id].since);
                prop_assert_eq!(&kept, &some.guidelines[id].entries);
            }
        }
    }

    #[test]
    fn the_line_parser_accepts_the_head_of_earlier_versions() {
        let former = "# Written by `stanchion promise --from-here`: what was found on that day, and does not break the promise.\n\
                      # `stanchion baseline prune` takes out what is mended.\nschema = 1\n";
        let body = format!(
            "\n[\"a/b\"]\nsince = 2026-11-25\nfound = [\n  \"c {} {} - a.py\",\n]\n",
            "0".repeat(32),
            "1".repeat(16)
        );
        let current = format!("{HEAD}{body}");
        let baseline = parse_rendered(&current, None, &mut 0).expect("a rendered file");
        let text = format!("{former}{body}");
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let mut line = 0;
            assert_eq!(parse_rendered(&text, None, &mut line), Some(baseline.clone()), "{text}");
            assert_eq!(usize::try_from(line), Ok(current.lines().count() + 1));
            assert_eq!(parse_as_toml("b", &text), Ok(baseline.clone()));
        }
        assert_eq!(render_baseline(&baseline), current, "the next write replaces the head");
        assert_eq!(parse_rendered(former, None, &mut 0), Some(Baseline::default()));
        let other = text.replacen("Written by", "written by", 1);
        assert_eq!(parse_rendered(&other, None, &mut 0), None, "no other head");
    }

    #[test]
    fn a_large_edited_file_is_refused() {
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
        assert!(merged[0].message.contains("unresolved merge conflict"), "{merged:?}");
        assert!(
            problems.len() == 1
                && problems[0].message.contains("but this one was edited")
                && (problems[0].first_line, &*problems[0].text) == (40_008, "] # ours"),
            "{problems:?}"
        );
    }

    #[test]
    fn mistakes_are_reported_with_their_place() {
        let line = format!("  \"c {} {} - a.py\",\n", "0".repeat(32), "1".repeat(16));
        let good = format!("{HEAD}\n[\"a/b\"]\nsince = 2026-11-25\nfound = [\n{line}]\n");
        assert!(parse_rendered(&good, None, &mut 0).is_some());
        for (old, new, expected) in [
            ("since", "sinse", "unknown key `sinse`"),
            ("2026-11-25", "2026-11-31", "invalid TOML"),
            (" - a.py", "", "invalid baseline entry"),
            ("\"a/b\"", "ab", "namespace/slug"),
            ("[\"a/b\"]", "<<<<<<< ours\n[\"a/b\"]", "unresolved merge conflict"),
            ("schema = 1", "schema = 9", "needs a newer"),
        ] {
            let problems = parse_baseline("b", &good.replacen(old, new, 1)).expect_err(new);
            assert!(problems.iter().any(|it| it.message.contains(expected)), "{new}: {problems:?}");
        }
        // Another order and comments are allowed.
        let odd = format!("schema = 1\n# ours\n[\"a/b\"]\nfound = [\n{line}{line}]\nsince = 2026-11-25\n");
        assert_eq!(parse_baseline("b", &odd), parse_baseline("b", &good));
    }
}
