//! Reading the lines that `render_baseline` writes, in any order, and nothing else: a baseline may have fifty thousand of
//! them, and each check reads them. What is not written like that is left to the TOML reader; both must understand alike what is
//! accepted here.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{FILE_BYTES, HEAD};
use crate::model::{
    Baseline, BaselineEntry, BaselinePart, Fingerprint, GuidelineId, RepoPath, Trace, TraceSieve, Traces,
};

/// The baseline that `text` holds, if its lines are as they were written. With a sieve, entries that stand for nothing that it knows
/// are left out. `line` is left at the number of the last line that was looked at.
pub(super) fn as_written(text: &str, sieve: Option<&TraceSieve>, line: &mut u32) -> Option<Baseline> {
    if text.len() > FILE_BYTES {
        return None;
    }
    // As git may have checked it out: who mixes both has edited it.
    let text = if memchr::memchr(b'\r', text.get(..HEAD.len())?.as_bytes()).is_some() {
        Cow::Owned(text.replace("\r\n", "\n"))
    } else {
        Cow::Borrowed(text)
    };
    let mut baseline = Baseline::default();
    let mut reader = Entries::default();
    let mut rest = text.strip_prefix(HEAD)?;
    // There are fewer than bytes in the largest file.
    *line = u32::try_from(HEAD.lines().count()).ok()?;
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
        let mut entries: Vec<BaselineEntry> = Vec::with_capacity(match sieve {
            Some(_) => 0,
            None => lines_of_list(after),
        });
        loop {
            let (line, _) = next()?;
            if line == "]" {
                break;
            }
            let inside = line.strip_prefix("  \"")?.strip_suffix("\",")?;
            let Written::Plainly { with_bytes } = Written::of(inside) else { return None };
            let fields = Fields::of(inside, with_bytes)?;
            if sieve.is_none_or(|sieve| sieve.may_know(&fields.traces)) {
                entries.push(reader.entry(&fields)?);
            } else if fields.with_bytes {
                read_path(fields.path)?;
            }
        }
        // Lines of two branches that somebody merged.
        if !entries.is_sorted_by(|a, b| a < b) {
            entries.sort();
            entries.dedup();
        }
        let id = GuidelineId::new(id).ok()?;
        if baseline.guidelines.insert(id, BaselinePart { since, entries }).is_some() {
            return None;
        }
    }
    // What has no line end was not written by us.
    rest.is_empty().then_some(baseline)
}

/// How many lines a list has that begins here.
fn lines_of_list(text: &str) -> usize {
    let end = memchr::memmem::find(text.as_bytes(), b"\n]\n").unwrap_or(0);
    memchr::memchr_iter(b'\n', &text.as_bytes()[..end]).count() + 1
}

/// How a text between double quotes is written.
enum Written {
    /// It needs no unescaping, and is TOML as it stands.
    Plainly {
        /// Whether bytes may stand in it as `%NN`.
        with_bytes: bool,
    },
    Oddly,
}

impl Written {
    fn of(text: &str) -> Self {
        // Without leaving early, so that many bytes are looked at together.
        #[expect(clippy::needless_bitwise_bool, reason = "no branches")]
        let look = |(is_odd, with_bytes): (bool, bool), byte: u8| {
            let odd = (byte < b' ') | (byte == 0x7f) | (byte == b'"') | (byte == b'\\');
            (is_odd | odd, with_bytes | (byte == b'%'))
        };
        let (is_odd, with_bytes) = text.bytes().fold((false, false), look);
        if is_odd { Self::Oddly } else { Self::Plainly { with_bytes } }
    }
}

/// An entry as it stands in a text of the list `found`.
#[derive(Clone, Copy)]
struct Fields<'t> {
    check: &'t str,
    traces: Traces,
    /// As it is written.
    path: &'t str,
    /// Whether `%NN` is a byte in it.
    with_bytes: bool,
}

impl<'t> Fields<'t> {
    /// `with_bytes` is whether there is a `%` in the text.
    fn of(text: &'t str, with_bytes: bool) -> Option<Self> {
        // Names of checks are short: looking at each byte is faster than preparing a search.
        let end = text.bytes().position(|byte| byte == b' ')?;
        let (check, rest) = (&text[..end], &text[end + 1..]);
        // 32 digits, 16 digits, 16 digits or a dash: each with a blank behind it.
        let bytes = rest.as_bytes();
        let blank = |at: usize| bytes.get(at) == Some(&b' ');
        let digits = |from: usize| hex(bytes.get(from..from + 16)?);
        if !blank(32) || !blank(49) {
            return None;
        }
        let (head, path) = if bytes.get(50) == Some(&b'-') { (None, 51) } else { (Some(digits(50)?), 66) };
        if !blank(path) {
            return None;
        }
        let path = rest.get(path + 1..)?;
        if check.is_empty() || path.is_empty() {
            return None;
        }
        let traces = Traces {
            fingerprint: Fingerprint(u128::from(digits(0)?) << 64 | u128::from(digits(16)?)),
            content: Trace(digits(33)?),
            head: head.map(Trace),
        };
        Some(Self { check, traces, path, with_bytes })
    }
}

/// The path that is written.
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

/// The number that sixteen lower-case hexadecimal digits say.
fn hex(digits: &[u8]) -> Option<u64> {
    let (upper, lower) = digits.split_first_chunk::<8>()?;
    Some(u64::from(eight_digits(*upper)?) << 32 | u64::from(eight_digits(lower.try_into().ok()?)?))
}

/// The number that eight lower-case hexadecimal digits say, all of them worked out together in one word: a baseline has
/// half a million times eight.
fn eight_digits(digits: [u8; 8]) -> Option<u32> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_be_bytes(digits);
    // The lower half of a byte is the digit, nine less for a letter; of a letter the bit with value 64 is set.
    let each = (word & (0x0f * ONES)) + ((word >> 6) & ONES) * 9;
    // Written again they are what stands there, or it was something else. Letters stand 39 behind where digits would go on.
    let letters = ((each + 6 * ONES) >> 4) & ONES;
    if each & (0x10 * ONES) != 0 || each + u64::from(b'0') * ONES + letters * 39 != word {
        return None;
    }
    let pairs = (each | each >> 4) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
    #[expect(clippy::cast_possible_truncation, reason = "the upper half holds what was shifted out of it")]
    let all = (fours | fours >> 16) as u32;
    Some(all)
}

/// Makes entries; names of checks, of which there are few, are kept once.
#[derive(Default)]
pub(super) struct Entries {
    checks: BTreeSet<Arc<str>>,
    /// The one before: mostly it is the same again.
    last: Option<Arc<str>>,
}

impl Entries {
    /// The entry that a text of the list `found` holds.
    pub(super) fn read(&mut self, text: &str) -> Option<BaselineEntry> {
        self.entry(&Fields::of(text, true)?)
    }

    fn entry(&mut self, fields: &Fields<'_>) -> Option<BaselineEntry> {
        let path = if fields.with_bytes { read_path(fields.path)? } else { RepoPath::from(fields.path) };
        Some(BaselineEntry { path, check: self.check(fields.check), traces: fields.traces })
    }

    fn check(&mut self, name: &str) -> Arc<str> {
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
        fn sixteen_digits_are_read_as_the_standard_library_does(number: u64, length in 0..20_usize) {
            prop_assert_eq!(hex(format!("{number:016x}").as_bytes()), Some(number));
            prop_assert_eq!(hex(&vec![b'0'; length]), (length == 16).then_some(0));
        }
    }

    #[test]
    fn every_other_byte_is_no_digit_wherever_it_stands() {
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
