//! `.stanchion/waivers.toml`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::HashSet;
use semver::VersionReq;
use serde::Deserialize;
use serde_json::Value;

use super::raw::{RawWaiver, RawWaivers};
use super::{fields, quick};
use crate::data::{Kind, Limits, Node};
use crate::format::diagnose::diagnose;
use crate::format::parse::sorted;
use crate::format::schema::{of, version};
use crate::format::source::{Document, Source, keys};
use crate::format::toml_file;
use crate::model::{Date, GuidelineId, Problem, RepoPath, Waiver, WaiverPlace, WaiverReach};
use crate::text::{LineIndex, Span};

/// Largest file, in bytes.
const FILE_BYTES: usize = 64 << 20;
/// Largest file that is read as TOML, in bytes: it takes up to sixty times as much memory.
const TOML_BYTES: usize = 3 << 20;
/// How many values it may hold.
const LIMITS: Limits = Limits { max_depth: 8, max_nodes: 4_000_000, aliases: false };
/// What to do with a merge that is not resolved.
const CONFLICT: &str =
    "until then no waiver has an effect: take the marks out, and keep the waivers of both sides";

/// So many problems are explained; the others are only told.
const EXPLAINED: usize = 400;

/// The waivers of a file, and what is wrong with the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WaiverFile {
    /// Those that can be used, in the order of the file.
    pub waivers: Vec<Waiver>,
    /// What is wrong, in order of place. What has a problem has no effect.
    pub problems: Vec<Problem>,
}

/// The schema of `.stanchion/waivers.toml`.
#[must_use]
pub fn waivers_schema() -> Value {
    of::<RawWaivers>()
}

/// Reads the file of waivers at `path`; `file` is its name as the user knows it. Places count without a byte order
/// mark.
#[must_use]
pub fn parse_waivers(file: &str, path: &RepoPath, text: &str) -> WaiverFile {
    match as_lines(path, text) {
        Ok(waivers) => WaiverFile { waivers, problems: vec![] },
        Err(at) if text.len() > TOML_BYTES => {
            let unresolved = toml_file::unresolved_merge(file, text, CONFLICT);
            let problem = unresolved.unwrap_or_else(|| too_large(file, text, at));
            WaiverFile { waivers: vec![], problems: vec![problem] }
        }
        Err(_) => as_toml(file, path, text),
    }
}

/// That a file is too large to be read as TOML; at `at` stands what is not written as it would have to be.
fn too_large(file: &str, text: &str, at: usize) -> Problem {
    // Not all of a file of any size is kept for one problem.
    let (first_line, line) = excerpt(text, at);
    Problem {
        file: Arc::from(file),
        span: Span::new(0, line.len()),
        text: Arc::from(line),
        message: format!(
            "a file of waivers of more than {} MiB has to be written as `stanchion waive` writes it: until then no waiver \
             in it has an effect",
            TOML_BYTES >> 20
        ),
        label: "this is not, or the waiver above it".to_owned(),
        help: Some(
            "one key and its value in each line, texts in plain double quotes, lists in one line, no comment behind a \
             value; a smaller file may be written in any way that is TOML"
                .to_owned(),
        ),
        first_line,
    }
}

/// The line that begins at `at`, as much of it as is shown, and its number.
fn excerpt(text: &str, at: usize) -> (u32, &str) {
    let number = memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count() + 1;
    let line = text[at..].lines().next().unwrap_or_default();
    let end = (0..=line.len().min(200)).rev().find(|&end| line.is_char_boundary(end)).unwrap_or(0);
    (u32::try_from(number).unwrap_or(u32::MAX), &line[..end])
}

/// The waivers of a file that is simple enough, and in which nothing is wrong.
///
/// # Errors
/// Where it is not.
fn as_lines(path: &RepoPath, text: &str) -> Result<Vec<Waiver>, usize> {
    if text.len() > FILE_BYTES {
        return Err(0);
    }
    let mark = "\u{feff}".len();
    let (text, before) = text.strip_prefix('\u{feff}').map_or((text, 0), |text| (text, mark));
    let mut known = Known::default();
    // One that can be used has at least so many bytes.
    let most = text.len() / 48;
    let many = memchr::memmem::find_iter(text.as_bytes(), "\n[[waiver]]").take(most).count();
    let mut waivers = Vec::with_capacity(many);
    quick::each(text, |(raw, span, line)| {
        let mut wrong = false;
        let mut tell = |_: &str, _: String, _: Option<String>| wrong = true;
        let place = WaiverPlace { path: path.clone(), line, span, inline: false };
        let waiver = understand(raw, place, &mut known, &mut tell)?;
        waivers.push(waiver);
        (!wrong).then_some(())
    })
    .map_err(|at| at + before)?;
    Ok(waivers)
}

/// Reads it as TOML, with everything that is wrong.
fn as_toml(file: &str, path: &RepoPath, text: &str) -> WaiverFile {
    let replaced = fields::without_impossible_days(text);
    let readable = replaced.as_deref().unwrap_or(text);
    let (source, root) = match toml_file::open(file, readable, (&LIMITS, TOML_BYTES), CONFLICT) {
        // Places are the same, and what is shown is what stands in the file.
        Ok((_, root)) => (Source::new(file, text.strip_prefix('\u{feff}').unwrap_or(text)), root),
        Err(_) if replaced.is_some() => {
            let problems =
                toml_file::open(file, text, (&LIMITS, TOML_BYTES), CONFLICT).err().unwrap_or_default();
            return WaiverFile { waivers: vec![], problems };
        }
        Err(problems) => return WaiverFile { waivers: vec![], problems },
    };
    let mut out = WaiverFile::default();
    let Kind::Object(members) = &root.kind else { return out };
    let entries = match members.iter().find(|member| member.key == "waiver").map(|member| &member.value.kind)
    {
        Some(Kind::Array(entries)) => entries.as_slice(),
        _ => &[],
    };
    if let Some(newer) = top_level(&source, &root, &mut out.problems) {
        return WaiverFile { waivers: vec![], problems: vec![newer] };
    }
    let lines = LineIndex::new(&source.text);
    let mut desk = Desk { source: &source, schema: None, known: Known::default(), problems: Vec::new() };
    for node in entries {
        let span = place_of(&source.text, node);
        let (line, _) = lines.line_column(&source.text, span.start);
        let told = desk.problems.len();
        let place = WaiverPlace { path: path.clone(), line, span, inline: false };
        let waiver = desk.waiver(node, place);
        if desk.problems.len() == told {
            out.waivers.extend(waiver);
        }
    }
    out.problems.append(&mut desk.problems);
    out.problems = sorted(out.problems);
    out
}

/// Looks at everything but the waivers themselves. Returns the one problem of a file in a later format.
fn top_level(source: &Source, root: &Node, problems: &mut Vec<Problem>) -> Option<Problem> {
    let document = Document { source, root, home: Span::at(0) };
    let Kind::Object(members) = &root.kind else { return None };
    let head = members.iter().filter(|member| member.key != "waiver");
    let mut json = Value::Object(head.map(|member| (member.key.clone(), member.value.to_json())).collect());
    match version(&document, &mut json) {
        Ok(found) => problems.extend(found),
        Err(newer) => return Some(newer),
    }
    if let Some(member) = members.iter().find(|member| member.key == "waiver")
        && !matches!(member.value.kind, Kind::Array(_))
    {
        json["waiver"] = member.value.to_json();
    }
    problems.extend(diagnose(&waivers_schema(), &document, &json));
    None
}

/// Where an entry stands: from its first key to the end of its last value.
fn place_of(text: &str, node: &Node) -> Span {
    match &node.kind {
        Kind::Object(members) => {
            let start = members.iter().map(|member| member.key_span.start).min();
            let end = members.iter().map(|member| member.value.span.end).max();
            Span::new(start.unwrap_or(node.span.start), end.unwrap_or(node.span.end).min(text.len()))
        }
        _ => node.span,
    }
}

/// Where waivers are read one by one.
struct Desk<'s> {
    source: &'s Source,
    /// Made when the first waiver has to be explained.
    schema: Option<Value>,
    known: Known<'static>,
    problems: Vec<Problem>,
}

impl Desk<'_> {
    /// The waiver that `node` holds. What is wrong is told; then the value is not to be used.
    fn waiver(&mut self, node: &Node, place: WaiverPlace) -> Option<Waiver> {
        let json = node.to_json();
        let span = place.span;
        let document = Document { source: self.source, root: node, home: span };
        let raw = match RawWaiver::deserialize(&json) {
            Ok(raw) => raw,
            Err(error) => {
                let schema = self.schema.get_or_insert_with(of::<RawWaiver>);
                // Of very many only the first are shown.
                let explained = self.problems.len() < EXPLAINED;
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
        let mut tell = |key: &str, message: String, help: Option<String>| {
            let span = document.value(&keys(&[key]));
            problems.push(document.source.problem(span, message, "no effect", help));
        };
        understand(raw, place, &mut self.known, &mut tell)
    }
}

/// What was read in earlier waivers of the file.
#[derive(Default)]
struct Known<'t> {
    /// Every id.
    ids: HashSet<Cow<'t, str>>,
    /// Guidelines and ranges of versions: few are different.
    guidelines: HashMap<Cow<'t, str>, GuidelineId>,
    ranges: HashMap<Cow<'t, str>, VersionReq>,
}

/// Is told what is wrong: at which key, what, and what to do.
type Tell<'t> = dyn FnMut(&str, String, Option<String>) + 't;

/// The waiver that is meant. What is wrong is told; then the value is not to be used.
fn understand<'t>(
    raw: RawWaiver<'t>,
    place: WaiverPlace,
    known: &mut Known<'t>,
    tell: &mut Tell<'_>,
) -> Option<Waiver> {
    let id = match fields::id_problem(&raw.id) {
        Some(message) => Err(message),
        None if !known.ids.insert(raw.id.clone()) => {
            Err(format!("`{}` is the id of an earlier waiver: this one has no effect", raw.id))
        }
        None => Ok(raw.id),
    };
    let id = take("id", id, tell);
    let guideline = match known.guidelines.get(&raw.guideline) {
        Some(known) => Some(known.clone()),
        None => take("guideline", fields::guideline(&raw.guideline), tell)
            .inspect(|id| drop(known.guidelines.insert(raw.guideline, id.clone()))),
    };
    let versions = raw.versions.map(|text| {
        if let Some(known) = known.ranges.get(&text) {
            return Some(known.clone());
        }
        let range = take("versions", fields::versions(&text), tell)?;
        known.ranges.insert(text, range.clone());
        Some(range)
    });
    if let Some(message) = fields::reason_problem(&raw.reason) {
        tell("reason", message, None);
    }
    for (key, value) in [("instead", &raw.instead), ("owner", &raw.owner)] {
        if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
            tell(key, format!("`{key}` is empty"), Some("leave it out".to_owned()));
        }
    }
    let mut date = |key: &str, text: Option<&Cow<'_, str>>| take(key, fields::date(text?), tell);
    let declared = date("declared", raw.declared.as_ref());
    let until = date("until", raw.until.as_ref());
    let review_on = date("review-on", raw.review_on.as_ref());
    let withdrawn = date("withdrawn", raw.withdrawn.as_ref());
    let days = raw.renewed.unwrap_or_default();
    let renewed: Vec<Date> = days.iter().filter_map(|text| date("renewed", Some(text))).collect();
    if let (Some(declared), Some(until)) = (declared, until)
        && until < declared
    {
        tell("until", format!("it ends before it was declared ({declared})"), None);
    }
    // A date that is wrong was told already.
    let written = |text: &Option<Cow<'_, str>>, date: Option<Date>| text.is_some() == date.is_some();
    let end = if written(&raw.until, until) && written(&raw.review_on, review_on) {
        let end = fields::end(until, raw.standing, review_on);
        end.map_err(|(key, message)| tell(key, message, None)).ok()
    } else {
        None
    };
    let reach = reach(raw.paths, raw.fingerprints, tell);
    let checks = raw.checks.unwrap_or_default();
    if checks.iter().any(|check| check.trim().is_empty() || check.contains('*')) {
        let help = Some("name each check by its id, or leave `checks` out for all".to_owned());
        tell("checks", "a check is named by its id".to_owned(), help);
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

/// The value, or what is wrong with it.
fn take<T>(key: &str, value: Result<T, String>, tell: &mut Tell<'_>) -> Option<T> {
    value.map_err(|message| tell(key, message, None)).ok()
}

fn reach(
    paths: Option<Vec<Cow<'_, str>>>,
    fingerprints: Option<Vec<Cow<'_, str>>>,
    tell: &mut Tell<'_>,
) -> Option<WaiverReach> {
    match (paths, fingerprints) {
        (Some(_), Some(_)) => {
            tell("fingerprints", "a waiver names paths or fingerprints, not both".to_owned(), None);
            None
        }
        (None, Some(all)) => {
            if all.is_empty() {
                let help = Some("leave it out to step over the guideline everywhere".to_owned());
                tell("fingerprints", "no finding is named".to_owned(), help);
                return None;
            }
            if let Some(wrong) = all.iter().find(|text| !fields::is_fingerprint(text)) {
                let message = format!("`{wrong}` is no fingerprint: 32 digits of 0-9 and a-f");
                let help = "`stanchion check --format json` shows that of each finding".to_owned();
                tell("fingerprints", message, Some(help));
                return None;
            }
            Some(WaiverReach::Fingerprints(owned(all)))
        }
        (Some(paths), None) if paths.is_empty() => {
            let help = Some("leave `paths` out to step over the guideline everywhere".to_owned());
            tell("paths", "no path is named".to_owned(), help);
            None
        }
        (paths, None) => Some(WaiverReach::Paths(owned(paths.unwrap_or_default()))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::format::with_waiver;

    const ALL: &str = "# ours\nschema = 1\n\n[[waiver]]\nid = \"w\"\nguideline = \"a/b\"\nversions = \"^1\"\nchecks = [\"x\", \"y\"]\npaths = [\"src/**\"]\nkind = \"cost\"\nreason = \"because it is\"\ninstead = \"y\"\nowner = \"@a\"\ndeclared = 2026-11-25\nuntil = 2027-05-24\nrenewed = [2026-12-01, 2026-12-02]\n\n# two\n[[waiver]]\nid = \"v\"\nguideline = \"a/c\"\nfingerprints = [\"0123456789abcdef0123456789abcdef\"]\nreason = \"another, one\"\nstanding = true\nreview-on = 2027-01-01\nwithdrawn = 2026-12-24\n";

    fn read(text: &str) -> WaiverFile {
        parse_waivers("w.toml", &RepoPath::from("w.toml"), text)
    }

    #[test]
    fn a_file_is_read_by_lines_and_as_toml_alike() {
        let path = RepoPath::from("w.toml");
        let quick = as_lines(&path, ALL).expect("it is simple");
        assert_eq!(WaiverFile { waivers: quick.clone(), problems: vec![] }, as_toml("w.toml", &path, ALL));
        assert_eq!(quick.len(), 2);
        assert_eq!((quick[1].place.line, &ALL[quick[1].place.span.start..][..8]), (20, "id = \"v\""));
        // What tools write can be read by lines.
        let text =
            with_waiver(Some(&with_waiver(None, &quick[0]).expect("written")), &quick[1]).expect("written");
        let again = as_lines(&path, &text).expect("it is simple");
        let plain = |all: Vec<Waiver>| -> Vec<Waiver> {
            let here = quick[0].place.clone();
            all.into_iter().map(|waiver| Waiver { place: here.clone(), ..waiver }).collect()
        };
        assert_eq!(plain(again), plain(quick.clone()));
    }

    #[test]
    fn slips_are_told_and_the_others_go_on() {
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
        for (text, said) in [
            ("", "the key `schema` is missing"),
            ("schema = 9\n[[waiver]]\nid = 3\n", "needs a newer stanchion"),
            ("schema = 1\nwaivers = 3\n", "unknown key `waivers`"),
            ("schema = 1\nwaiver = 3\n", "expected a list"),
            ("schema = 1\n<<<<<<< ours\n", "a merge is not resolved"),
        ] {
            let file = read(text);
            assert!(file.problems[0].message.contains(said), "{text}: {:?}", file.problems);
            assert_eq!(file.waivers, []);
        }
    }

    #[test]
    fn lines_may_end_as_on_windows() {
        let path = RepoPath::from("w.toml");
        let crlf = ALL.replace('\n', "\r\n");
        let quick = as_lines(&path, &crlf).expect("it is simple");
        assert_eq!(as_toml("w.toml", &path, &crlf), WaiverFile { waivers: quick.clone(), problems: vec![] });
        assert_eq!(quick.len(), 2);
        // But not in the last line alone, where it would be a part of the value.
        assert_eq!(as_lines(&path, "schema = 1\r"), Err(0));
    }

    #[test]
    fn a_large_file_is_read_by_lines_or_not_at_all() {
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
            merged.problems[0].message.contains("a merge is not resolved"),
            "{}",
            merged.problems[0].message
        );
    }

    proptest! {
        /// Whatever somebody does to a file: what is read by lines is what TOML says, and nothing without a reason
        /// or with several guidelines comes out.
        #[test]
        fn both_ways_agree_and_none_says_less(
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
            let slow = as_toml("w.toml", &path, &text);
            if let Ok(quick) = as_lines(&path, &text) {
                prop_assert_eq!(&slow.problems, &vec![]);
                prop_assert_eq!(&slow.waivers, &quick);
            }
            // As git may have checked it out.
            let crlf = text.replace('\n', "\r\n");
            if let Ok(quick) = as_lines(&path, &crlf) {
                prop_assert_eq!(&as_toml("w.toml", &path, &crlf), &WaiverFile { waivers: quick, problems: vec![] });
            }
            for waiver in slow.waivers {
                prop_assert!(fields::reason_problem(&waiver.reason).is_none());
                prop_assert!(text.contains(waiver.guideline.as_str()));
            }
        }
    }
}
