//! Logs of build servers: lines that the server would take for orders to itself are broken visibly.
//!
//! GitHub's runner obeys a line that begins with `::`, and `##[` anywhere in one; Azure's agent obeys `##vso[`,
//! TeamCity's `##teamcity[`. A report for people shows lines of files, and a file can hold anything.

use std::io;

/// Writes lines with the orders in them broken: `##[` becomes `#\x23[`, and `::` at the beginning of a line
/// `\x3a:`. Everything else passes as it is. The last line must end with `\n` or be flushed.
pub struct Guard<W: io::Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: io::Write> Guard<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }
}

impl<W: io::Write> io::Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.out.write_all(&broken(&self.line))?;
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&broken(&self.line))?;
        self.line.clear();
        self.out.flush()
    }
}

/// The same for a text as a whole.
#[must_use]
pub fn guarded(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| broken(line.as_bytes()));
    String::from_utf8_lossy(&lines.collect::<Vec<_>>().concat()).into_owned()
}

/// A text that does not begin a line, with the orders in it broken that count anywhere.
#[must_use]
pub fn unordered(text: &str) -> String {
    // What stands in front of it keeps `::` from being an order.
    guarded(&format!("x{text}")).split_off(1)
}

/// One line in which no order is left.
fn broken(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 8);
    let start = first_shown(line);
    let mut at = 0;
    while at < line.len() {
        if at == start && line[at..].starts_with(b"::") {
            out.extend_from_slice(b"\\x3a:");
            at += 2;
        } else if line[at..].starts_with(b"##") && order(&line[at + 2..]) {
            out.extend_from_slice(b"#\\x23");
            at += 2;
        } else {
            out.push(line[at]);
            at += 1;
        }
    }
    out
}

/// Where the line begins for its reader: behind blanks and our own colours.
fn first_shown(line: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match line.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(0x1b) => {
                let end =
                    line[at..].iter().position(|&byte| byte == b'm').map_or(line.len(), |end| at + end + 1);
                at = end;
            }
            // Unicode's other blanks, which the runner trims as well.
            Some(0x80..) => {
                match std::str::from_utf8(&line[at..]).ok().and_then(|rest| rest.chars().next()) {
                    Some(blank) if blank.is_whitespace() => at += blank.len_utf8(),
                    _ => return at,
                }
            }
            _ => return at,
        }
    }
}

/// Whether what stands behind `##` makes it an order.
fn order(rest: &[u8]) -> bool {
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    rest.get(word) == Some(&b'[')
}
