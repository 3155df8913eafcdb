//! Parses the lines that `render_baseline` writes, now or in earlier versions, in any order, and nothing
//! else.
//!
//! A baseline may have fifty thousand lines, and each check reads them. Any other text is left to the TOML
//! parser. Both parsers must return the same value for every text that this one accepts.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{FILE_BYTES, FORMER_HEAD, HEAD};
use crate::model::{
    Baseline, BaselineEntry, BaselinePart, BloomFilter, ContentHash, FindingHashes, Fingerprint, GuidelineId,
    RepoPath,
};

/// Parses a baseline as `render_baseline` writes it. Returns `None` for any other text.
///
/// With a filter, entries that match none of its findings may be left out. `line` receives the number of the
/// last line that was read.
pub(super) fn parse_rendered(text: &str, filter: Option<&BloomFilter>, line: &mut u32) -> Option<Baseline> {
    if text.len() > FILE_BYTES {
        return None;
    }
    // Git may check the file out with CRLF line endings. The first line decides: a file with mixed line
    // endings was edited.
    let text = if text.split_once('\n')?.0.ends_with('\r') {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    };
    let mut baseline = Baseline::default();
    let mut reader = BaselineEntryParser::default();
    let (head, mut rest) =
        [HEAD, FORMER_HEAD].into_iter().find_map(|head| Some((head, text.strip_prefix(head)?)))?;
    // The largest file has fewer lines than `u32` can count.
    *line = u32::try_from(head.lines().count()).ok()?;
    let mut next = || {
        *line += 1;
        let end = memchr::memchr(b'\n', rest.as_bytes())?;
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        Some((line, after))
    };
    while let Some((line, _)) = next() {
        if !line.is_empty() {
            return None;
        }
        let id = next()?.0.strip_prefix("[\"")?.strip_suffix("\"]")?;
        let since = next()?.0.strip_prefix("since = ")?.parse().ok()?;
        let ("found = [", after) = next()? else { return None };
        let mut entries: Vec<BaselineEntry> = Vec::with_capacity(match filter {
            Some(_) => 0,
            None => count_list_lines(after),
        });
        loop {
            let (line, _) = next()?;
            if line == "]" {
                break;
            }
            let inside = line.strip_prefix("  \"")?.strip_suffix("\",")?;
            let TextForm::Plain { with_bytes } = TextForm::of(inside) else { return None };
            let fields = EntryFields::of(inside, with_bytes)?;
            if filter.is_none_or(|filter| filter.may_contain(&fields.hashes)) {
                entries.push(reader.build_entry(&fields)?);
            } else if fields.with_bytes {
                read_path(fields.path)?;
            }
        }
        // Lines of two branches after a merge can be unsorted and duplicated.
        if !entries.is_sorted_by(|a, b| a < b) {
            entries.sort();
            entries.dedup();
        }
        let id = GuidelineId::new(id).ok()?;
        if baseline.guidelines.insert(id, BaselinePart { since, entries }).is_some() {
            return None;
        }
    }
    // A last line without a line ending was not written by `render_baseline`.
    rest.is_empty().then_some(baseline)
}

/// Returns the number of lines of the list at the beginning of `text`.
fn count_list_lines(text: &str) -> usize {
    let end = memchr::memmem::find(text.as_bytes(), b"\n]\n").unwrap_or(0);
    memchr::memchr_iter(b'\n', &text.as_bytes()[..end]).count() + 1
}

/// Form of a text between double quotes.
enum TextForm {
    /// Valid TOML text without escapes.
    Plain {
        /// Whether it contains a `%`, so that bytes may be written as `%NN`.
        with_bytes: bool,
    },
    /// Text with characters that need escapes, or that are not allowed.
    Escaped,
}

impl TextForm {
    fn of(text: &str) -> Self {
        // No early return, so that the compiler can process many bytes at once.
        #[expect(clippy::needless_bitwise_bool, reason = "no branches")]
        let scan = |(is_escaped, with_bytes): (bool, bool), byte: u8| {
            let escaped = (byte < b' ') | (byte == 0x7f) | (byte == b'"') | (byte == b'\\');
            (is_escaped | escaped, with_bytes | (byte == b'%'))
        };
        let (is_escaped, with_bytes) = text.bytes().fold((false, false), scan);
        if is_escaped { Self::Escaped } else { Self::Plain { with_bytes } }
    }
}

/// Fields of an entry, as written in a text of the list `found`.
#[derive(Clone, Copy)]
struct EntryFields<'t> {
    check: &'t str,
    hashes: FindingHashes,
    /// As written, with `%NN` not decoded.
    path: &'t str,
    /// Whether the path contains bytes as `%NN`.
    with_bytes: bool,
}

impl<'t> EntryFields<'t> {
    /// Splits an entry into its fields. `with_bytes` is whether the text contains a `%`.
    fn of(text: &'t str, with_bytes: bool) -> Option<Self> {
        // Ids of checks are short: comparing each byte is faster than setting up a search.
        let end = text.bytes().position(|byte| byte == b' ')?;
        let (check, rest) = (&text[..end], &text[end + 1..]);
        // 32 digits, 16 digits, 16 digits or a dash, each followed by a space.
        let bytes = rest.as_bytes();
        let is_space = |at: usize| bytes.get(at) == Some(&b' ');
        let digits = |from: usize| hex(bytes.get(from..from + 16)?);
        if !is_space(32) || !is_space(49) {
            return None;
        }
        let (head, path) = if bytes.get(50) == Some(&b'-') { (None, 51) } else { (Some(digits(50)?), 66) };
        if !is_space(path) {
            return None;
        }
        let path = rest.get(path + 1..)?;
        if check.is_empty() || path.is_empty() {
            return None;
        }
        let hashes = FindingHashes {
            fingerprint: Fingerprint(u128::from(digits(0)?) << 64 | u128::from(digits(16)?)),
            content: ContentHash(digits(33)?),
            head: head.map(ContentHash),
        };
        Some(Self { check, hashes, path, with_bytes })
    }
}

/// Decodes a path with bytes as `%NN`. Returns `None` if the digits after a `%` are invalid.
fn read_path(text: &str) -> Option<RepoPath> {
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return Some(RepoPath::from(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(byte);
        }
    }
    Some(RepoPath::new(bytes))
}

/// Parses sixteen lower-case hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u64> {
    let (upper, lower) = digits.split_first_chunk::<8>()?;
    Some(u64::from(eight_digits(*upper)?) << 32 | u64::from(eight_digits(lower.try_into().ok()?)?))
}

/// Parses eight lower-case hexadecimal digits at once in one 64-bit word: a baseline can have half a million
/// such groups.
fn eight_digits(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_be_bytes(digits);
    // The low four bits are the digit, or the digit minus nine for a letter. In a letter, the bit 0x40 is
    // set.
    let each = (word & (0x0f * ONES)) + ((word >> 6) & ONES) * 9;
    // Encoding the digits again must give the input; otherwise it has other characters. The code of `a` is 39
    // greater than the code that follows `9`.
    let letters = ((each + 6 * ONES) >> 4) & ONES;
    if each & (0x10 * ONES) != 0 || each + u64::from(b'0') * ONES + letters * 39 != word {
        return None;
    }
    let pairs = (each | each >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the upper half contains only the bits shifted out of it"
    )]
    let all = (fours | fours >> 16) as u32;
    Some(all)
}

/// Builds entries and shares the ids of checks, of which a baseline has only a few different ones.
#[derive(Default)]
pub(super) struct BaselineEntryParser {
    checks: BTreeSet<Arc<str>>,
    /// Check of the previous entry, which is usually the same.
    last: Option<Arc<str>>,
}

impl BaselineEntryParser {
    /// Parses one text of the list `found`.
    pub(super) fn parse(&mut self, text: &str) -> Option<BaselineEntry> {
        self.build_entry(&EntryFields::of(text, true)?)
    }

    fn build_entry(&mut self, fields: &EntryFields<'_>) -> Option<BaselineEntry> {
        let path = if fields.with_bytes { read_path(fields.path)? } else { RepoPath::from(fields.path) };
        Some(BaselineEntry { path, check: self.intern_check(fields.check), hashes: fields.hashes })
    }

    /// Returns the shared copy of a check's id.
    fn intern_check(&mut self, name: &str) -> Arc<str> {
        if let Some(last) = self.last.as_ref().filter(|last| ***last == *name) {
            return Arc::clone(last);
        }
        let check = self.checks.get(name).map_or_else(|| Arc::from(name), Arc::clone);
        self.checks.insert(Arc::clone(&check));
        self.last = Some(Arc::clone(&check));
        check
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sixteen_digits_are_parsed_like_the_standard_library(number: u64, length in 0..20_usize) {
            prop_assert_eq!(hex(format!("{number:016x}").as_bytes()), Some(number));
            prop_assert_eq!(hex(&vec![b'0'; length]), (length == 16).then_some(0));
        }
    }

    #[test]
    fn every_other_byte_is_refused_at_every_place() {
        for (place, byte) in (0..16).flat_map(|place| (0..=255_u8).map(move |byte| (place, byte))) {
            let mut digits = *b"0123456789abcdef";
            digits[place] = byte;
            let is_digit = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let expected = is_digit.then(|| {
                u64::from_str_radix(std::str::from_utf8(&digits).expect("digits"), 16).expect("digits")
            });
            assert_eq!(hex(&digits), expected, "{byte} at {place}");
        }
    }
}
