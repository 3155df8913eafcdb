//! `primaryLocationLineHash`, by which GitHub recognizes an alert after lines have moved.
//!
//! Algorithm of `fingerprints.ts` in github/codeql-action (MIT): a rolling hash over one hundred characters
//! from the beginning of a line, without spaces and tabs, and a number that distinguishes equal hashes.

use std::collections::{HashMap, VecDeque};

/// Number of characters in a hash.
const WINDOW: usize = 100;
/// Multiplier for each character.
const FACTOR: u64 = 37;
/// Marks the end of the text.
const END: u16 = 65_535;

/// Returns the hash of each line of `text` in order: up to sixteen hexadecimal digits, `:`, and the number of
/// the occurrence, from 1.
#[must_use]
pub fn line_hashes(text: &str) -> Vec<String> {
    let mut state = RollingHash::new();
    let mut before_was_return = false;
    for unit in text.encode_utf16() {
        match unit {
            // Every kind of line ending counts as one `\n`.
            0x0a if before_was_return => {}
            0x0a | 0x0d => state.push_unit(0x0a),
            0x20 | 0x09 => {}
            other => state.push_unit(other),
        }
        before_was_return = unit == 0x0d;
    }
    state.push_unit(END);
    // Hashes the lines that are still inside the window.
    for _ in 0..WINDOW {
        state.emit_line_hash();
        state.shift_window(0);
    }
    state.hashes
}

/// State of the window that moves over the text.
struct RollingHash {
    window: VecDeque<u16>,
    hash: u64,
    /// `FACTOR` to the power of `WINDOW`.
    first: u64,
    /// Number of characters before each line whose beginning is inside the window.
    begins: VecDeque<usize>,
    seen: usize,
    at_line_start: bool,
    counts: HashMap<u64, usize>,
    hashes: Vec<String>,
}

impl RollingHash {
    fn new() -> Self {
        Self {
            window: std::iter::repeat_n(0, WINDOW).collect(),
            hash: 0,
            first: (0..WINDOW).fold(1, |power, _| power.wrapping_mul(FACTOR)),
            begins: VecDeque::new(),
            seen: 0,
            at_line_start: true,
            counts: HashMap::new(),
            hashes: Vec::new(),
        }
    }

    /// Adds a significant character.
    fn push_unit(&mut self, unit: u16) {
        self.emit_line_hash();
        if self.at_line_start {
            self.begins.push_back(self.seen);
        }
        self.at_line_start = unit == 0x0a;
        self.shift_window(unit);
    }

    /// Hashes the line whose first character is about to leave the window.
    fn emit_line_hash(&mut self) {
        if self.begins.front().is_some_and(|begin| begin + WINDOW == self.seen) {
            self.begins.pop_front();
            let count = self.counts.entry(self.hash).or_insert(0);
            *count += 1;
            self.hashes.push(format!("{:x}:{count}", self.hash));
        }
    }

    fn shift_window(&mut self, unit: u16) {
        let oldest = self.window.pop_front().unwrap_or(0);
        self.window.push_back(unit);
        let out = self.first.wrapping_mul(u64::from(oldest));
        self.hash = self.hash.wrapping_mul(FACTOR).wrapping_add(u64::from(unit)).wrapping_sub(out);
        self.seen += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of `fingerprints.test.ts` in github/codeql-action.
    #[test]
    fn the_published_vectors() {
        for (text, expected) in [
            ("", "c129715d7a2bc9a3:1"),
            (
                " a\nb\n  \t\tc\n d",
                "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1",
            ),
            (
                " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
                "e9496ae3ebfced30:1 fb7c023a8b9ccb3f:1 ce8ba1a563dcdaca:1 e20e36e16fcb0cc8:1 b3edc88f2938467e:1 \
                 c8e28b0b4002a3a0:1 c129715d7a2bc9a3:1",
            ),
            (
                "x = 2\nx = 1\nprint(x)\nx = 3\nprint(x)\nx = 4\nprint(x)\n",
                "e54938cc54b302f1:1 bb609acbe9138d60:1 1131fd5871777f34:1 5c482a0f8b35ea28:1 54517377da7028d2:1 \
                 2c644846cb18d53e:1 f1b89f20de0d133:1 c129715d7a2bc9a3:1",
            ),
        ] {
            assert_eq!(line_hashes(text).join(" "), expected, "{text:?}");
        }
        let lorem = line_hashes(&"Lorem ipsum dolor sit amet.\n".repeat(10)).join(" ");
        let equal: Vec<String> = (1..=6).map(|n| format!("a7f2ff13bc495cf2:{n}")).collect();
        assert_eq!(
            lorem,
            format!(
                "{} a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 c129715d7a2bc9a3:1",
                equal.join(" ")
            )
        );
    }

    #[test]
    fn every_line_has_one() {
        for (text, lines) in [("a", 1), ("a\n", 2), ("\n\n\n", 4), ("a\r\nb\rc", 3)] {
            assert_eq!(line_hashes(text).len(), lines, "{text:?}");
        }
        let long = "x".repeat(100_000);
        assert_eq!(line_hashes(&format!("{long}\n{long}")).len(), 2);
    }
}
