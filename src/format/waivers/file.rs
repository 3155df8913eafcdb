//! Parses `.stanchion/waivers.toml`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::HashSet;
use semver::VersionReq;
use serde::Deserialize;
use serde_json::Value;

use super::raw::{RawWaiver, RawWaivers};
use super::{fields, line_parser};
use crate::data::{DocumentLimits, Node, NodeKind};
use crate::format::diagnose::diagnose;
use crate::format::parse::sort_problems;
use crate::format::schema::{check_format_version, schema_of};
use crate::format::source::{LocatedDocument, SourceFile, pointer_to};
use crate::format::toml_file;
use crate::model::{Date, GuidelineId, Problem, RepoPath, Waiver, WaiverPlace, WaiverReach};
use crate::text::{LineIndex, Span};

/// Maximum size of the file, in bytes.
const FILE_BYTES: usize = 64 << 20;
/// Maximum size of a file that is parsed as TOML, in bytes: this takes up to sixty times as much memory.
const TOML_BYTES: usize = 3 << 20;
/// Maximum depth and number of values in the file.
const LIMITS: DocumentLimits = DocumentLimits { max_depth: 8, max_nodes: 4_000_000, aliases: false };
/// Help for an unresolved merge conflict.
const CONFLICT_HELP: &str =
    "no waiver has an effect until then: remove the conflict markers and keep the waivers of both sides";

/// Number of problems that are explained in detail; any others are only reported.
const MAX_EXPLAINED: usize = 400;

/// The valid waivers of a file, and its problems.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaiverFile {
    /// Valid waivers, in the order of the file.
    pub waivers: Vec<Waiver>,
    /// Problems, in order of place. A waiver with a problem has no effect.
    pub problems: Vec<Problem>,
}

/// Returns the JSON Schema of `.stanchion/waivers.toml`.
#[must_use]
pub fn waivers_schema() -> Value {
    schema_of::<RawWaivers>()
}

/// Parses the waivers file at `path`. `file` is the name shown to the user. Positions are counted without a
/// byte order mark.
#[must_use]
pub fn parse_waivers(file: &str, path: &RepoPath, text: &str) -> WaiverFile {
    match parse_lines(path, text) {
        Ok(waivers) => WaiverFile { waivers, problems: vec![] },
        Err(at) if text.len() > TOML_BYTES => {
            let conflict = toml_file::find_merge_conflict(file, text, CONFLICT_HELP);
            let problem = conflict.unwrap_or_else(|| too_large(file, text, at));
            WaiverFile { waivers: vec![], problems: vec![problem] }
        }
        Err(_) => parse_as_toml(file, path, text),
    }
}

/// Returns the problem of a file too large to be parsed as TOML. The line at byte `at` is not simple enough.
fn too_large(file: &str, text: &str, at: usize) -> Problem {
    // The problem keeps only part of the line: the file can be very large.
    let (first_line, line) = excerpt(text, at);
    Problem {
        file: Arc::from(file),
        span: Span::new(0, line.len()),
        text: Arc::from(line),
        message: format!(
            "a waivers file of more than {} MiB must be written as `stanchion waive` writes it: until then, none of its \
             waivers has an effect",
            TOML_BYTES >> 20
        ),
        label: "this line or the waiver above it differs".to_owned(),
        help: Some(
            "write one key and its value per line, texts in plain double quotes, lists on one line, and no comment after a \
             value; a smaller file may use any valid TOML"
                .to_owned(),
        ),
        first_line,
    }
}

/// Returns the number of the line at byte `at`, and at most 200 bytes of its text.
fn excerpt(text: &str, at: usize) -> (u32, &str) {
    let number = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
    let line = text[at..].lines().next().unwrap_or_default();
    let end = (0..=line.len().min(200)).rev().find(|&end| line.is_char_boundary(end)).unwrap_or(0);
    (u32::try_from(number).unwrap_or(u32::MAX), &line[..end])
}

/// Parses a file that is simple enough and has no problems.
///
/// # Errors
/// Returns the byte offset of the first line that is not simple enough or belongs to a waiver with a problem.
fn parse_lines(path: &RepoPath, text: &str) -> Result<Vec<Waiver>, usize> {
    if text.len() > FILE_BYTES {
        return Err(0);
    }
    let mark = "\u{feff}".len();
    let (text, before) = text.strip_prefix('\u{feff}').map_or((text, 0), |text| (text, mark));
    let mut known = EarlierWaivers::default();
    // A valid waiver has at least 48 bytes.
    let max_waivers = text.len() / 48;
    let count = memchr::memmem::find_iter(text.as_bytes(), "\n[[waiver]]").take(max_waivers).count();
    let mut waivers = Vec::with_capacity(count);
    line_parser::for_each_waiver(text, |(raw, span, line)| {
        let mut wrong = false;
        let mut report = |_: &str, _: String, _: Option<String>| wrong = true;
        let place = WaiverPlace { path: path.clone(), line, span, inline: false };
        let waiver = build_waiver(raw, place, &mut known, &mut report)?;
        waivers.push(waiver);
        (!wrong).then_some(())
    })
    .map_err(|at| at + before)?;
    Ok(waivers)
}

/// Parses a file as TOML and reports all problems.
fn parse_as_toml(file: &str, path: &RepoPath, text: &str) -> WaiverFile {
    let replaced = fields::replace_impossible_dates(text);
    let readable = replaced.as_deref().unwrap_or(text);
    let (source, root) = match toml_file::parse_toml(file, readable, (&LIMITS, TOML_BYTES), CONFLICT_HELP) {
        // Positions are the same in both texts, and messages show the original text.
        Ok((_, root)) => (SourceFile::new(file, text.strip_prefix('\u{feff}').unwrap_or(text)), root),
        Err(_) if replaced.is_some() => {
            let problems = toml_file::parse_toml(file, text, (&LIMITS, TOML_BYTES), CONFLICT_HELP)
                .err()
                .unwrap_or_default();
            return WaiverFile { waivers: vec![], problems };
        }
        Err(problems) => return WaiverFile { waivers: vec![], problems },
    };
    let mut out = WaiverFile::default();
    let NodeKind::Object(members) = &root.kind else { return out };
    let entries = match members.iter().find(|member| member.key == "waiver").map(|member| &member.value.kind)
    {
        Some(NodeKind::Array(entries)) => entries.as_slice(),
        _ => &[],
    };
    if let Some(newer) = check_top_level(&source, &root, &mut out.problems) {
        return WaiverFile { waivers: vec![], problems: vec![newer] };
    }
    let lines = LineIndex::new(&source.text);
    let mut reader = WaiverReader {
        source: &source,
        schema: None,
        known: EarlierWaivers::default(),
        problems: Vec::new(),
    };
    for node in entries {
        let span = entry_span(&source.text, node);
        let (line, _) = lines.line_column(&source.text, span.start);
        let before = reader.problems.len();
        let place = WaiverPlace { path: path.clone(), line, span, inline: false };
        let waiver = reader.read_waiver(node, place);
        if reader.problems.len() == before {
            out.waivers.extend(waiver);
        }
    }
    out.problems.append(&mut reader.problems);
    out.problems = sort_problems(out.problems);
    out
}

/// Checks everything except the waivers themselves. Returns the only problem of a file in a newer format.
fn check_top_level(source: &SourceFile, root: &Node, problems: &mut Vec<Problem>) -> Option<Problem> {
    let document = LocatedDocument { source, root, home: Span::at(0) };
    let NodeKind::Object(members) = &root.kind else { return None };
    let head = members.iter().filter(|member| member.key != "waiver");
    let mut json = Value::Object(head.map(|member| (member.key.clone(), member.value.to_json())).collect());
    match check_format_version(&document, &mut json) {
        Ok(found) => problems.extend(found),
        Err(newer) => return Some(newer),
    }
    if let Some(member) = members.iter().find(|member| member.key == "waiver")
        && !matches!(member.value.kind, NodeKind::Array(_))
    {
        json["waiver"] = member.value.to_json();
    }
    problems.extend(diagnose(&waivers_schema(), &document, &json));
    None
}

/// Returns the span of an entry, from its first key to the end of its last value.
fn entry_span(text: &str, node: &Node) -> Span {
    match &node.kind {
        NodeKind::Object(members) => {
            let start = members.iter().map(|member| member.key_span.start).min();
            let end = members.iter().map(|member| member.value.span.end).max();
            Span::new(start.unwrap_or(node.span.start), end.unwrap_or(node.span.end).min(text.len()))
        }
        _ => node.span,
    }
}

/// Decodes waivers one by one and collects their problems.
struct WaiverReader<'s> {
    source: &'s SourceFile,
    /// JSON Schema of a waiver, generated when the first waiver cannot be decoded.
    schema: Option<Value>,
    known: EarlierWaivers<'static>,
    problems: Vec<Problem>,
}

impl WaiverReader<'_> {
    /// Decodes the waiver in `node`. If it reports a problem, the returned value must not be used.
    fn read_waiver(&mut self, node: &Node, place: WaiverPlace) -> Option<Waiver> {
        let json = node.to_json();
        let span = place.span;
        let document = LocatedDocument { source: self.source, root: node, home: span };
        let raw = match RawWaiver::deserialize(&json) {
            Ok(raw) => raw,
            Err(error) => {
                let schema = self.schema.get_or_insert_with(schema_of::<RawWaiver>);
                // With very many problems, only the first ones are explained.
                let explained = self.problems.len() < MAX_EXPLAINED;
                let found = if explained { diagnose(schema, &document, &json) } else { vec![] };
                if found.is_empty() {
                    let message = format!("this waiver cannot be read: {error}");
                    self.problems.push(self.source.problem(span, message, "no effect", None));
                }
                self.problems.extend(found);
                return None;
            }
        };
        let problems = &mut self.problems;
        let mut report = |key: &str, message: String, help: Option<String>| {
            let span = document.value_span(&pointer_to(&[key]));
            problems.push(document.source.problem(span, message, "no effect", help));
        };
        build_waiver(raw, place, &mut self.known, &mut report)
    }
}

/// Values of the earlier waivers of the file.
#[derive(Default)]
struct EarlierWaivers<'t> {
    /// All ids.
    ids: HashSet<Cow<'t, str>>,
    /// Parsed guidelines and version requirements, of which a file has only a few different ones.
    guidelines: HashMap<Cow<'t, str>, GuidelineId>,
    ranges: HashMap<Cow<'t, str>, VersionReq>,
}

/// Receives a problem: key, message, help.
type ReportProblem<'t> = dyn FnMut(&str, String, Option<String>) + 't;

/// Builds a waiver from its decoded keys. If it reports a problem, the returned value must not be used.
fn build_waiver<'t>(
    raw: RawWaiver<'t>,
    place: WaiverPlace,
    known: &mut EarlierWaivers<'t>,
    report: &mut ReportProblem<'_>,
) -> Option<Waiver> {
    let id = match fields::id_problem(&raw.id) {
        Some(message) => Err(message),
        None if !known.ids.insert(raw.id.clone()) => {
            Err(format!("an earlier waiver has the id `{}`: this one has no effect", raw.id))
        }
        None => Ok(raw.id),
    };
    let id = or_report("id", id, report);
    let guideline = match known.guidelines.get(&raw.guideline) {
        Some(known) => Some(known.clone()),
        None => or_report("guideline", fields::parse_guideline_id(&raw.guideline), report)
            .inspect(|id| drop(known.guidelines.insert(raw.guideline, id.clone()))),
    };
    let versions = raw.versions.map(|text| {
        if let Some(known) = known.ranges.get(&text) {
            return Some(known.clone());
        }
        let range = or_report("versions", fields::parse_version_range(&text), report)?;
        known.ranges.insert(text, range.clone());
        Some(range)
    });
    if let Some(message) = fields::reason_problem(&raw.reason) {
        report("reason", message, None);
    }
    for (key, value) in [("instead", &raw.instead), ("owner", &raw.owner)] {
        if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
            report(key, format!("`{key}` is empty"), Some("remove it".to_owned()));
        }
    }
    let mut date = |key: &str, text: Option<&Cow<'_, str>>| or_report(key, fields::parse_date(text?), report);
    let declared = date("declared", raw.declared.as_ref());
    let until = date("until", raw.until.as_ref());
    let review_on = date("review-on", raw.review_on.as_ref());
    let withdrawn = date("withdrawn", raw.withdrawn.as_ref());
    let days = raw.renewed.unwrap_or_default();
    let renewed: Vec<Date> = days.iter().filter_map(|text| date("renewed", Some(text))).collect();
    if let (Some(declared), Some(until)) = (declared, until)
        && until < declared
    {
        report("until", format!("the waiver ends before it was declared ({declared})"), None);
    }
    // An invalid date is already reported.
    let is_valid = |text: &Option<Cow<'_, str>>, date: Option<Date>| text.is_some() == date.is_some();
    let end = if is_valid(&raw.until, until) && is_valid(&raw.review_on, review_on) {
        let end = fields::waiver_end(until, raw.standing, review_on);
        end.map_err(|(key, message)| report(key, message, None)).ok()
    } else {
        None
    };
    let reach = read_reach(raw.paths, raw.fingerprints, report);
    let checks = raw.checks.unwrap_or_default();
    if checks.iter().any(|check| check.trim().is_empty() || check.contains('*')) {
        let help = Some("list the ids of checks, or remove `checks` for all checks".to_owned());
        report("checks", "`checks` contains an entry that is not the id of a check".to_owned(), help);
    }
    Some(Waiver {
        id: id?.into_owned(),
        guideline: guideline?,
        versions: match versions {
            Some(versions) => Some(versions?),
            None => None,
        },
        checks: owned(checks),
        reach: reach?,
        kind: raw.kind,
        reason: trimmed(raw.reason),
        instead: raw.instead.map(Cow::into_owned),
        owner: raw.owner.map(Cow::into_owned),
        declared,
        end: end?,
        withdrawn,
        renewed,
        place,
    })
}

fn trimmed(text: Cow<'_, str>) -> String {
    if text.trim().len() == text.len() { text.into_owned() } else { text.trim().to_owned() }
}

fn owned(all: Vec<Cow<'_, str>>) -> Vec<String> {
    all.into_iter().map(Cow::into_owned).collect()
}

/// Returns the value, or reports the error.
fn or_report<T>(key: &str, value: Result<T, String>, report: &mut ReportProblem<'_>) -> Option<T> {
    value.map_err(|message| report(key, message, None)).ok()
}

fn read_reach(
    paths: Option<Vec<Cow<'_, str>>>,
    fingerprints: Option<Vec<Cow<'_, str>>>,
    report: &mut ReportProblem<'_>,
) -> Option<WaiverReach> {
    match (paths, fingerprints) {
        (Some(_), Some(_)) => {
            report("fingerprints", "a waiver names paths or fingerprints, not both".to_owned(), None);
            None
        }
        (None, Some(all)) => {
            if all.is_empty() {
                let help = Some("remove `fingerprints` to step over the guideline everywhere".to_owned());
                report("fingerprints", "`fingerprints` is empty".to_owned(), help);
                return None;
            }
            if let Some(wrong) = all.iter().find(|text| !fields::is_fingerprint(text)) {
                let message = format!("`{wrong}` is not a fingerprint (32 digits 0-9, a-f)");
                let help = "`stanchion check --format json` shows the fingerprint of each finding".to_owned();
                report("fingerprints", message, Some(help));
                return None;
            }
            Some(WaiverReach::Fingerprints(owned(all)))
        }
        (Some(paths), None) if paths.is_empty() => {
            let help = Some("remove `paths` to step over the guideline everywhere".to_owned());
            report("paths", "`paths` is empty".to_owned(), help);
            None
        }
        (paths, None) => Some(WaiverReach::Paths(owned(paths.unwrap_or_default()))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::add_waiver;

    const ALL: &str = "# ours\nschema = 1\n\n[[waiver]]\nid = \"w\"\nguideline = \"a/b\"\nversions = \"^1\"\nchecks = [\"x\", \"y\"]\npaths = [\"src/**\"]\nkind = \"cost\"\nreason = \"because it is\"\ninstead = \"y\"\nowner = \"@a\"\ndeclared = 2026-11-25\nuntil = 2027-05-24\nrenewed = [2026-12-01, 2026-12-02]\n\n# two\n[[waiver]]\nid = \"v\"\nguideline = \"a/c\"\nfingerprints = [\"0123456789abcdef0123456789abcdef\"]\nreason = \"another, one\"\nstanding = true\nreview-on = 2027-01-01\nwithdrawn = 2026-12-24\n";

    fn read(text: &str) -> WaiverFile {
        parse_waivers("w.toml", &RepoPath::from("w.toml"), text)
    }

    #[test]
    fn both_parsers_read_the_same_waivers() {
        let path = RepoPath::from("w.toml");
        let quick = parse_lines(&path, ALL).expect("it is simple");
        assert_eq!(
            WaiverFile { waivers: quick.clone(), problems: vec![] },
            parse_as_toml("w.toml", &path, ALL)
        );
        assert_eq!(quick.len(), 2);
        assert_eq!((quick[1].place.line, &ALL[quick[1].place.span.start..][..8]), (20, "id = \"v\""));
        // The line parser accepts the files that the program writes.
        let text =
            add_waiver(Some(&add_waiver(None, &quick[0]).expect("written")), &quick[1]).expect("written");
        let again = parse_lines(&path, &text).expect("it is simple");
        let plain = |all: Vec<Waiver>| -> Vec<Waiver> {
            let here = quick[0].place.clone();
            all.into_iter().map(|waiver| Waiver { place: here.clone(), ..waiver }).collect()
        };
        assert_eq!(plain(again), plain(quick.clone()));
    }

    #[test]
    fn mistakes_are_reported_and_other_waivers_stay_valid() {
        let mut all = String::new();
        let cases = [
            ("reason = \"because it is\"\n", ""),
            ("\"because it is\"", "\" \u{200b} . \""),
            ("\"a/b\"", "\"a/*\""),
            ("\"a/b\"", "\"ab\""),
            ("id = \"w\"", "id = \"v\""),
            ("id = \"w\"", "id = \"w w\""),
            ("until = 2027-05-24", "unitl = 2027-05-24"),
            ("until = 2027-05-24", "until = \"2027-02-30\""),
            ("until = 2027-05-24", "until = 2027-02-30 # soon"),
            ("until = 2027-05-24", "until = 2027-05-24T00:00:00Z"),
            ("until = 2027-05-24", "until = 2026-05-24"),
            ("until = 2027-05-24", "until = 2027-05-24\nstanding = true"),
            ("until = 2027-05-24", "standing = true"),
            ("until = 2027-05-24", "standing = false"),
            ("until = 2027-05-24", "review-on = 2027-05-24"),
            ("\"cost\"", "\"costs\""),
            ("[\"src/**\"]", "[]"),
            ("[\"src/**\"]", "\"src/**\""),
            ("[\"src/**\"]", "[\"src/**\"]\nfingerprints = []"),
            ("\"^1\"", "\"latest\""),
            ("[\"x\", \"y\"]", "[\"*\"]"),
            ("owner = \"@a\"", "owner = \" \""),
        ];
        for (old, new) in cases {
            assert!(ALL.contains(old), "{old}");
            let text = ALL.replacen(old, new, 1);
            let file = read(&text);
            let ids: Vec<&str> = file.waivers.iter().map(|waiver| waiver.id.as_str()).collect();
            all.push_str(&format!("{old:?} => {new:?} leaves {ids:?}\n"));
            for problem in &file.problems {
                let (line, column) =
                    LineIndex::new(&problem.text).line_column(&problem.text, problem.span.start);
                let help = problem.help.as_ref().map_or_else(String::new, |help| format!(" -> {help}"));
                all.push_str(&format!("  {line}:{column} {}{help}\n", problem.message));
            }
            assert!(!file.problems.is_empty() && ids == ["v"] || new == "id = \"v\"", "{new}: {ids:?}");
        }
        insta::assert_snapshot!(all.replace('\u{200b}', "_"));
        for (text, expected) in [
            ("", "the key `schema` is missing"),
            ("schema = 9\n[[waiver]]\nid = 3\n", "needs a newer stanchion"),
            ("schema = 1\nwaivers = 3\n", "unknown key `waivers`"),
            ("schema = 1\nwaiver = 3\n", "expected a list"),
            ("schema = 1\n<<<<<<< ours\n", "unresolved merge conflict"),
        ] {
            let file = read(text);
            assert!(file.problems[0].message.contains(expected), "{text}: {:?}", file.problems);
            assert_eq!(file.waivers, []);
        }
    }

    #[test]
    fn windows_line_endings_are_accepted() {
        let path = RepoPath::from("w.toml");
        let crlf = ALL.replace('\n', "\r\n");
        let quick = parse_lines(&path, &crlf).expect("it is simple");
        assert_eq!(
            parse_as_toml("w.toml", &path, &crlf),
            WaiverFile { waivers: quick.clone(), problems: vec![] }
        );
        assert_eq!(quick.len(), 2);
        // A carriage return at the end of the file, without a line feed, would be part of the value.
        assert_eq!(parse_lines(&path, "schema = 1\r"), Err(0));
    }

    #[test]
    fn a_large_file_is_only_read_by_the_line_parser() {
        let one = |number: usize, rest: &str| {
            format!(
                "\n[[waiver]]\nid = \"w{number}\"\nguideline = \"a/b\"\nreason = \"{}\"\n{rest}",
                "because ".repeat(20)
            )
        };
        let all: String = (0..20_000).map(|number| one(number, "")).collect();
        let text = format!("schema = 1\n{all}");
        assert!(text.len() > TOML_BYTES);
        assert_eq!((read(&text).waivers.len(), read(&text).problems), (20_000, vec![]));
        for (rest, line) in [
            ("kind = 'cost'\n", 100_007),
            ("kind = \"dear\"\n", 100_007),
            ("until = 2027-01-01 # then\n", 100_007),
        ] {
            let file = read(&format!("{text}{}", one(20_000, rest)));
            let [problem] = file.problems.as_slice() else {
                panic!("{rest}: {} problems", file.problems.len())
            };
            assert!(problem.message.contains("more than 3 MiB"), "{}", problem.message);
            assert_eq!((problem.first_line, &*problem.text), (line, rest.trim_end()));
            assert_eq!(file.waivers, []);
        }
        let merged = read(&format!("{text}<<<<<<< ours\n"));
        assert!(
            merged.problems[0].message.contains("unresolved merge conflict"),
            "{}",
            merged.problems[0].message
        );
    }

    proptest! {
        /// For any edit of a file: both parsers return the same waivers, and every waiver has a reason and
        /// one guideline.
        #[test]
        fn both_parsers_agree_on_edited_files(
            edits in prop::collection::vec((0.0..1.0_f64, "[\\PC\n\t\"=#\\[\\]]{0,4}", 0..6_usize), 0..4),
        ) {
            let mut chars: Vec<char> = ALL.chars().collect();
            for (at, with, drop) in edits {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
                let at = (at * chars.len() as f64) as usize;
                let end = (at + drop).min(chars.len());
                chars.splice(at..end, with.chars());
            }
            let text: String = chars.into_iter().collect();
            let path = RepoPath::from("w.toml");
            let slow = parse_as_toml("w.toml", &path, &text);
            if let Ok(quick) = parse_lines(&path, &text) {
                prop_assert_eq!(&slow.problems, &vec![]);
                prop_assert_eq!(&slow.waivers, &quick);
            }
            // Git may check the file out with CRLF line endings.
            let crlf = text.replace('\n', "\r\n");
            if let Ok(quick) = parse_lines(&path, &crlf) {
                prop_assert_eq!(&parse_as_toml("w.toml", &path, &crlf), &WaiverFile { waivers: quick, problems: vec![] });
            }
            for waiver in slow.waivers {
                prop_assert!(fields::reason_problem(&waiver.reason).is_none());
                prop_assert!(text.contains(waiver.guideline.as_str()));
            }
        }
    }
}
