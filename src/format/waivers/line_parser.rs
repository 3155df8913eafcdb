//! Reading a file of waivers by lines, where it is as simple as tools and most people write it. Ten thousand waivers
//! are no rare size, and `check` reads them each time. Whatever is not that simple is left to the TOML reader:
//! both must understand alike what is accepted here.

use std::borrow::Cow;

use super::raw::RawWaiver;
use crate::model::WaiverKind;
use crate::text::Span;

/// A waiver as written, the bytes from its first key to the end of its last value, and its line.
pub(super) type Entry<'t> = (RawWaiver<'t>, Span, u32);

/// Gives each waiver of `text` to `take`.
///
/// # Errors
/// Where a line begins that is not simple enough, or behind the last one of a waiver that `take` does not want.
pub(super) fn each<'t>(text: &'t str, take: impl FnMut(Entry<'t>) -> Option<()>) -> Result<(), usize> {
    let mut at = 0;
    lines(text, &mut at, take).ok_or(at)
}

/// [`each`]; `place` is where the line begins that is looked at.
fn lines<'t>(text: &'t str, place: &mut usize, mut take: impl FnMut(Entry<'t>) -> Option<()>) -> Option<()> {
    let mut open: Option<Draft<'t>> = None;
    let (mut at, mut number, mut has_schema) = (0, 0u32, false);
    while at < text.len() {
        number = number.checked_add(1)?;
        let start = at;
        *place = start;
        let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length);
        at = end + 1;
        let line = &text[start..end];
        // As git may have checked it out.
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
            if let Some(entry) = close(open.replace(Draft::default()))? {
                take(entry)?;
            }
            continue;
        }
        let (key, value) = pair(line)?;
        match &mut open {
            None if line == "schema = 1" && !has_schema => has_schema = true,
            None => return None,
            Some(draft) => {
                draft.set(key, value)?;
                let end = start + line.len();
                let (span, _) = draft.place.get_or_insert((Span::new(start, end), number));
                span.end = end;
            }
        }
    }
    if let Some(entry) = close(open)? {
        take(entry)?;
    }
    has_schema.then_some(())
}

/// What stands before and behind the first ` = `.
fn pair(line: &str) -> Option<(&str, &str)> {
    // A key is short: looking at each byte is faster than preparing a search.
    let at = line.bytes().position(|byte| byte == b'=')?;
    let key = line[..at].strip_suffix(' ')?;
    Some((key, line[at + 1..].strip_prefix(' ')?))
}

/// The entry that was open; `None` inside where there was none, outside where something is missing.
#[expect(clippy::option_option, reason = "nothing open, or nothing that can be read")]
fn close(draft: Option<Draft<'_>>) -> Option<Option<Entry<'_>>> {
    let Some(draft) = draft else { return Some(None) };
    let (span, line) = draft.place?;
    let mut raw = draft.raw;
    raw.id = draft.id?;
    raw.guideline = draft.guideline?;
    raw.reason = draft.reason?;
    Some(Some((raw, span, line)))
}

/// A waiver that is being read.
struct Draft<'t> {
    raw: RawWaiver<'t>,
    id: Option<Cow<'t, str>>,
    guideline: Option<Cow<'t, str>>,
    reason: Option<Cow<'t, str>>,
    kind: bool,
    place: Option<(Span, u32)>,
}

impl Default for Draft<'_> {
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

impl<'t> Draft<'t> {
    /// Takes a key and its value; `None` where it is not simple, or stands there already. What is a day when it is read is
    /// one in TOML, too.
    fn set(&mut self, key: &str, value: &'t str) -> Option<()> {
        let raw = &mut self.raw;
        match key {
            "id" => put(&mut self.id, text(value)?),
            "guideline" => put(&mut self.guideline, text(value)?),
            "reason" => put(&mut self.reason, text(value)?),
            "versions" => put(&mut raw.versions, text(value)?),
            "instead" => put(&mut raw.instead, text(value)?),
            "owner" => put(&mut raw.owner, text(value)?),
            "checks" => put(&mut raw.checks, list(value, text)?),
            "paths" => put(&mut raw.paths, list(value, text)?),
            "fingerprints" => put(&mut raw.fingerprints, list(value, text)?),
            "declared" => put(&mut raw.declared, Cow::Borrowed(value)),
            "until" => put(&mut raw.until, Cow::Borrowed(value)),
            "review-on" => put(&mut raw.review_on, Cow::Borrowed(value)),
            "withdrawn" => put(&mut raw.withdrawn, Cow::Borrowed(value)),
            "renewed" => put(&mut raw.renewed, list(value, |day| Some(Cow::Borrowed(day)))?),
            "standing" => put(&mut raw.standing, value.parse().ok()?),
            "kind" if !self.kind => {
                let word = text(value)?;
                raw.kind = WaiverKind::ALL.into_iter().find(|kind| kind.word() == word)?;
                self.kind = true;
                Some(())
            }
            _ => None,
        }
    }
}

fn put<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.is_none().then(|| *slot = Some(value))
}

/// A text between double quotes in which nothing is escaped.
fn text(value: &str) -> Option<Cow<'_, str>> {
    let inside = value.strip_prefix('"')?.strip_suffix('"')?;
    // Without leaving early, so that many bytes are looked at together.
    #[expect(clippy::needless_bitwise_bool, reason = "no branches")]
    let odd = |byte: u8| (byte < b' ') & (byte != b'\t') | (byte == 0x7f) | (byte == b'"') | (byte == b'\\');
    (!inside.bytes().fold(false, |found, byte| found | odd(byte))).then_some(Cow::Borrowed(inside))
}

/// Items between brackets, with `, ` between them.
fn list<'t>(value: &'t str, item: impl Fn(&'t str) -> Option<Cow<'t, str>>) -> Option<Vec<Cow<'t, str>>> {
    let inside = value.strip_prefix('[')?.strip_suffix(']')?;
    if inside.is_empty() {
        return Some(Vec::new());
    }
    if memchr::memchr(b',', inside.as_bytes()).is_none() {
        return Some(vec![item(inside)?]);
    }
    // A text that holds the separator is taken apart, and then none of its parts is one.
    inside.split(", ").map(item).collect()
}
