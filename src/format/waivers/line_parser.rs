//! Parses a waivers file line by line, if it is as simple as tools and most people write it.
//!
//! A file with ten thousand waivers is not unusual, and `check` reads it each time. Any other file is left to
//! the TOML parser. Both parsers must return the same value for every file that this one accepts.

use std::borrow::Cow;

use super::raw::RawWaiver;
use crate::model::WaiverKind;
use crate::text::Span;

/// A waiver as written, its span from the first key to the end of the last value in bytes, and its line.
pub(super) type ListedWaiver<'t> = (RawWaiver<'t>, Span, u32);

/// Passes each waiver of `text` to `take`.
///
/// # Errors
/// Returns the start of the first line that is not simple enough. If `take` returns `None` for a waiver, this
/// is the line after that waiver.
pub(super) fn for_each_waiver<'t>(
    text: &'t str,
    take: impl FnMut(ListedWaiver<'t>) -> Option<()>,
) -> Result<(), usize> {
    let mut at = 0;
    parse_lines(text, &mut at, take).ok_or(at)
}

/// Does the work of [`for_each_waiver`]. `place` receives the start of the current line, in bytes.
fn parse_lines<'t>(
    text: &'t str,
    place: &mut usize,
    mut take: impl FnMut(ListedWaiver<'t>) -> Option<()>,
) -> Option<()> {
    let mut open: Option<WaiverDraft<'t>> = None;
    let (mut at, mut number, mut has_schema) = (0, 0u32, false);
    while at < text.len() {
        number = number.checked_add(1)?;
        let start = at;
        *place = start;
        let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length);
        at = end + 1;
        let line = &text[start..end];
        // Git may check the file out with CRLF line endings.
        let line = line.strip_suffix('\r').filter(|_| end < text.len()).unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix('#') {
            if comment.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
                return None;
            }
            continue;
        }
        if line == "[[waiver]]" {
            if !has_schema {
                return None;
            }
            if let Some(entry) = finish_draft(open.replace(WaiverDraft::default()))? {
                take(entry)?;
            }
            continue;
        }
        let (key, value) = split_pair(line)?;
        match &mut open {
            None if line == "schema = 1" && !has_schema => has_schema = true,
            None => return None,
            Some(draft) => {
                draft.set_key(key, value)?;
                let end = start + line.len();
                let (span, _) = draft.place.get_or_insert((Span::new(start, end), number));
                span.end = end;
            }
        }
    }
    if let Some(entry) = finish_draft(open)? {
        take(entry)?;
    }
    has_schema.then_some(())
}

/// Splits a line at its first ` = ` into key and value.
fn split_pair(line: &str) -> Option<(&str, &str)> {
    // A key is short: comparing each byte is faster than setting up a search.
    let at = line.bytes().position(|byte| byte == b'=')?;
    let key = line[..at].strip_suffix(' ')?;
    Some((key, line[at + 1..].strip_prefix(' ')?))
}

/// Completes the current waiver. Returns `Some(None)` if there was none, and `None` if a required key is
/// missing.
#[expect(clippy::option_option, reason = "no waiver, or an incomplete one")]
fn finish_draft(draft: Option<WaiverDraft<'_>>) -> Option<Option<ListedWaiver<'_>>> {
    let Some(draft) = draft else { return Some(None) };
    let (span, line) = draft.place?;
    let mut raw = draft.raw;
    raw.id = draft.id?;
    raw.guideline = draft.guideline?;
    raw.reason = draft.reason?;
    Some(Some((raw, span, line)))
}

/// A waiver whose lines are being read.
struct WaiverDraft<'t> {
    raw: RawWaiver<'t>,
    id: Option<Cow<'t, str>>,
    guideline: Option<Cow<'t, str>>,
    reason: Option<Cow<'t, str>>,
    kind: bool,
    place: Option<(Span, u32)>,
}

impl Default for WaiverDraft<'_> {
    fn default() -> Self {
        let raw = RawWaiver {
            id: Cow::default(),
            guideline: Cow::default(),
            versions: None,
            checks: None,
            paths: None,
            fingerprints: None,
            kind: WaiverKind::Other,
            reason: Cow::default(),
            instead: None,
            owner: None,
            declared: None,
            until: None,
            standing: None,
            review_on: None,
            withdrawn: None,
            renewed: None,
        };
        Self { raw, id: None, guideline: None, reason: None, kind: false, place: None }
    }
}

impl<'t> WaiverDraft<'t> {
    /// Stores a key and its value. Returns `None` if the value is not simple or the key is already set.
    ///
    /// A date is not checked here: every text that the date parser accepts later is also a date in TOML.
    fn set_key(&mut self, key: &str, value: &'t str) -> Option<()> {
        let raw = &mut self.raw;
        match key {
            "id" => set_once(&mut self.id, parse_text(value)?),
            "guideline" => set_once(&mut self.guideline, parse_text(value)?),
            "reason" => set_once(&mut self.reason, parse_text(value)?),
            "versions" => set_once(&mut raw.versions, parse_text(value)?),
            "instead" => set_once(&mut raw.instead, parse_text(value)?),
            "owner" => set_once(&mut raw.owner, parse_text(value)?),
            "checks" => set_once(&mut raw.checks, parse_list(value, parse_text)?),
            "paths" => set_once(&mut raw.paths, parse_list(value, parse_text)?),
            "fingerprints" => set_once(&mut raw.fingerprints, parse_list(value, parse_text)?),
            "declared" => set_once(&mut raw.declared, Cow::Borrowed(value)),
            "until" => set_once(&mut raw.until, Cow::Borrowed(value)),
            "review-on" => set_once(&mut raw.review_on, Cow::Borrowed(value)),
            "withdrawn" => set_once(&mut raw.withdrawn, Cow::Borrowed(value)),
            "renewed" => set_once(&mut raw.renewed, parse_list(value, |day| Some(Cow::Borrowed(day)))?),
            "standing" => set_once(&mut raw.standing, value.parse().ok()?),
            "kind" if !self.kind => {
                let word = parse_text(value)?;
                raw.kind = WaiverKind::ALL.into_iter().find(|kind| kind.as_str() == word)?;
                self.kind = true;
                Some(())
            }
            _ => None,
        }
    }
}

fn set_once<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.is_none().then(|| *slot = Some(value))
}

/// Parses a text in double quotes without escapes.
fn parse_text(value: &str) -> Option<Cow<'_, str>> {
    let inside = value.strip_prefix('"')?.strip_suffix('"')?;
    // No early return, so that the compiler can process many bytes at once.
    #[expect(clippy::needless_bitwise_bool, reason = "no branches")]
    let odd = |byte: u8| (byte < b' ') & (byte != b'\t') | (byte == 0x7f) | (byte == b'"') | (byte == b'\\');
    (!inside.bytes().fold(false, |found, byte| found | odd(byte))).then_some(Cow::Borrowed(inside))
}

/// Parses a list in brackets with `, ` between the items.
fn parse_list<'t>(
    value: &'t str,
    item: impl Fn(&'t str) -> Option<Cow<'t, str>>,
) -> Option<Vec<Cow<'t, str>>> {
    let inside = value.strip_prefix('[')?.strip_suffix(']')?;
    if inside.is_empty() {
        return Some(Vec::new());
    }
    if memchr::memchr(b',', inside.as_bytes()).is_none() {
        return Some(vec![item(inside)?]);
    }
    // A text that contains the separator is split as well, and then its parts are not valid texts.
    inside.split(", ").map(item).collect()
}
