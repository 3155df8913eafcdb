//! Neutralizes text that a build server would execute as a command when it appears in its log.
//!
//! GitHub's runner executes a line that begins with `::`, and `##[` anywhere in a line; Azure's agent
//! executes `##vso[`, TeamCity's `##teamcity[`. A report for people shows lines of files, which may contain
//! such commands.

use std::io;

/// Writer that neutralizes commands: `##[` becomes `#\x23[`, and `::` at the beginning of a line becomes
/// `\x3a:`. All other text is unchanged. The last line must end with `\n` or be flushed.
pub struct LogGuard<W: io::Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: io::Write> LogGuard<W> {
    /// Creates a writer on top of `out`.
    pub fn new(out: W) -> Self {
        Self { out, line: Vec::new() }
    }
}

impl<W: io::Write> io::Write for LogGuard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.out.write_all(&neutralize_line(&self.line))?;
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&neutralize_line(&self.line))?;
        self.line.clear();
        self.out.flush()
    }
}

/// Neutralizes commands in a complete text.
#[must_use]
pub fn neutralize_commands(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| neutralize_line(line.as_bytes()));
    String::from_utf8_lossy(&lines.collect::<Vec<_>>().concat()).into_owned()
}

/// Neutralizes commands in a text that does not begin a line.
#[must_use]
pub fn neutralize_inline(text: &str) -> String {
    // The prefix prevents `::` from being treated as the beginning of a line.
    neutralize_commands(&format!("x{text}")).split_off(1)
}

/// Neutralizes the commands in one line.
fn neutralize_line(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len() + 8);
    let start = visible_start(line);
    let mut at = 0;
    while at < line.len() {
        if at == start && line[at..].starts_with(b"::") {
            out.extend_from_slice(b"\\x3a:");
            at += 2;
        } else if line[at..].starts_with(b"##") && is_command(&line[at + 2..]) {
            out.extend_from_slice(b"#\\x23");
            at += 2;
        } else {
            out.push(line[at]);
            at += 1;
        }
    }
    out
}

/// Returns the offset of the first visible character, after blanks and colour sequences.
fn visible_start(line: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match line.get(at) {
            Some(b' ' | b'\t') => at += 1,
            Some(0x1b) => {
                let end =
                    line[at..].iter().position(|&byte| byte == b'm').map_or(line.len(), |end| at + end + 1);
                at = end;
            }
            // Other Unicode white space, which the runner trims as well.
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

/// Whether the text after `##` makes it a command.
fn is_command(rest: &[u8]) -> bool {
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    rest.get(word) == Some(&b'[')
}
