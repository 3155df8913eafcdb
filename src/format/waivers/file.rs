//! `.stanchion/waivers.toml`.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;

use super::fields;
use super::raw::{RawWaiver, RawWaivers};
use crate::data::{Kind, Limits, Node};
use crate::format::diagnose::diagnose;
use crate::format::parse::sorted;
use crate::format::schema::{of, version};
use crate::format::source::{Document, Source, keys};
use crate::format::toml_file;
use crate::model::{Date, Problem, RepoPath, Waiver, WaiverPlace, WaiverReach};
use crate::text::{LineIndex, Span};

/// Largest file, in bytes.
const FILE_BYTES: usize = 64 << 20;
/// How many values it may hold.
const LIMITS: Limits = Limits { max_depth: 8, max_nodes: 4_000_000, aliases: false };
/// What to do with a merge that is not resolved.
const CONFLICT: &str =
    "until then no waiver has an effect: take the marks out, and keep the waivers of both sides";

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
    let (source, root) = match toml_file::open(file, text, (&LIMITS, FILE_BYTES), CONFLICT) {
        Ok(opened) => opened,
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
    let mut desk = Desk { source: &source, schema: None, ids: HashSet::new(), problems: Vec::new() };
    for node in entries {
        let span = place_of(&source.text, node);
        let told = desk.problems.len();
        if let Some(mut waiver) = desk.waiver(node, span) {
            let (line, _) = lines.line_column(&source.text, span.start);
            waiver.place = WaiverPlace { path: path.clone(), line, span, inline: false };
            if desk.problems.len() == told {
                out.waivers.push(waiver);
            }
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
    ids: HashSet<String>,
    problems: Vec<Problem>,
}

impl Desk<'_> {
    /// The waiver that `node` holds. What is wrong is told; then the value is not to be used.
    fn waiver(&mut self, node: &Node, span: Span) -> Option<Waiver> {
        let json = node.to_json();
        let document = Document { source: self.source, root: node, home: span };
        let raw = match RawWaiver::deserialize(&json) {
            Ok(raw) => raw,
            Err(error) => {
                let schema = self.schema.get_or_insert_with(of::<RawWaiver>);
                let found = diagnose(schema, &document, &json);
                if found.is_empty() {
                    let message = format!("this waiver cannot be read: {error}");
                    self.problems.push(self.source.problem(span, message, "no effect", None));
                }
                self.problems.extend(found);
                return None;
            }
        };
        let mut slips = Slips { document, problems: &mut self.problems };
        let id = slips.take(
            "id",
            match fields::id_problem(&raw.id) {
                Some(message) => Err(message),
                None if !self.ids.insert(raw.id.clone()) => {
                    Err(format!("`{}` is the id of an earlier waiver: this one has no effect", raw.id))
                }
                None => Ok(raw.id),
            },
        );
        let guideline = slips.take("guideline", fields::guideline(&raw.guideline));
        let versions = raw.versions.as_deref().map(|text| slips.take("versions", fields::versions(text)));
        if let Some(message) = fields::reason_problem(&raw.reason) {
            slips.tell("reason", message, None);
        }
        for (key, value) in [("instead", &raw.instead), ("owner", &raw.owner)] {
            if value.as_ref().is_some_and(|value| value.trim().is_empty()) {
                slips.tell(key, format!("`{key}` is empty"), Some("leave it out".to_owned()));
            }
        }
        let mut date = |key: &str, text: Option<&String>| slips.date(key, text);
        let declared = date("declared", raw.declared.as_ref());
        let until = date("until", raw.until.as_ref());
        let review_on = date("review-on", raw.review_on.as_ref());
        let withdrawn = date("withdrawn", raw.withdrawn.as_ref());
        let days = raw.renewed.unwrap_or_default();
        let renewed: Vec<Date> = days.iter().filter_map(|text| date("renewed", Some(text))).collect();
        if let (Some(declared), Some(until)) = (declared, until)
            && until < declared
        {
            slips.tell("until", format!("it ends before it was declared ({declared})"), None);
        }
        // A date that is wrong was told already.
        let written = |text: &Option<String>, date: Option<Date>| text.is_some() == date.is_some();
        let end = if written(&raw.until, until) && written(&raw.review_on, review_on) {
            fields::end(until, raw.standing, review_on)
                .map_err(|(key, message)| slips.tell(key, message, None))
                .ok()
        } else {
            None
        };
        let reach = slips.reach(raw.paths, raw.fingerprints);
        let checks = raw.checks.unwrap_or_default();
        if checks.iter().any(|check| check.trim().is_empty() || check.contains('*')) {
            let help = Some("name each check by its id, or leave `checks` out for all".to_owned());
            slips.tell("checks", "a check is named by its id".to_owned(), help);
        }
        Some(Waiver {
            id: id?,
            guideline: guideline?,
            versions: match versions {
                Some(versions) => Some(versions?),
                None => None,
            },
            checks,
            reach: reach?,
            kind: raw.kind,
            reason: raw.reason.trim().to_owned(),
            instead: raw.instead,
            owner: raw.owner,
            declared,
            end: end?,
            withdrawn,
            renewed,
            place: WaiverPlace { path: RepoPath::from(""), line: 1, span, inline: false },
        })
    }
}

/// Tells what is wrong with the values of one waiver.
struct Slips<'a> {
    document: Document<'a>,
    problems: &'a mut Vec<Problem>,
}

impl Slips<'_> {
    fn tell(&mut self, key: &str, message: String, help: Option<String>) {
        let span = self.document.value(&keys(&[key]));
        self.problems.push(self.document.source.problem(span, message, "no effect", help));
    }

    /// The value, or what is wrong with it.
    fn take<T>(&mut self, key: &str, value: Result<T, String>) -> Option<T> {
        value.map_err(|message| self.tell(key, message, None)).ok()
    }

    fn date(&mut self, key: &str, text: Option<&String>) -> Option<Date> {
        self.take(key, fields::date(text?))
    }

    fn reach(
        &mut self,
        paths: Option<Vec<String>>,
        fingerprints: Option<Vec<String>>,
    ) -> Option<WaiverReach> {
        match (paths, fingerprints) {
            (Some(_), Some(_)) => {
                self.tell("fingerprints", "a waiver names paths or fingerprints, not both".to_owned(), None);
                None
            }
            (None, Some(all)) => {
                if all.is_empty() {
                    let help = Some("leave it out to step over the guideline everywhere".to_owned());
                    self.tell("fingerprints", "no finding is named".to_owned(), help);
                    return None;
                }
                if let Some(wrong) = all.iter().find(|text| !fields::is_fingerprint(text)) {
                    let message = format!("`{wrong}` is no fingerprint: 32 digits of 0-9 and a-f");
                    let help = "`stanchion check --format json` shows that of each finding".to_owned();
                    self.tell("fingerprints", message, Some(help));
                    return None;
                }
                Some(WaiverReach::Fingerprints(all))
            }
            (Some(paths), None) if paths.is_empty() => {
                let help = Some("leave `paths` out to step over the guideline everywhere".to_owned());
                self.tell("paths", "no path is named".to_owned(), help);
                None
            }
            (paths, None) => Some(WaiverReach::Paths(paths.unwrap_or_default())),
        }
    }
}
