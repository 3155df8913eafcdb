//! Parses a waiver in a comment: `stanchion: waive ID [until=DATE] [kind=K] … -- reason`.

use std::sync::Arc;

use super::fields;
use crate::format::suggest::did_you_mean;
use crate::model::{
    Date, InlineComment, LONGEST_INLINE, Problem, Waiver, WaiverKind, WaiverPlace, WaiverReach,
};
use crate::text::Span;

/// Number of lines at the top of a file in which `waive-file` is allowed.
const TOP_LINES: u32 = 20;
/// Keys of an inline waiver.
const KEYS: [&str; 9] =
    ["until", "kind", "owner", "versions", "checks", "declared", "review-on", "withdrawn", "instead"];
/// Example for help texts.
const EXAMPLE: &str = "for example `stanchion: waive ns/guideline until=2027-05-22 kind=cost -- why`";

/// Parses the waiver in a comment. `file` is the name of the file as shown to the user.
///
/// # Errors
/// Returns all problems of the waiver, which then has no effect.
pub fn parse_inline(file: &str, comment: &InlineComment) -> Result<Waiver, Vec<Problem>> {
    let mut reader = InlineWaiverReader {
        file,
        comment,
        source: Arc::from(comment.source.as_str()),
        problems: Vec::new(),
    };
    let waiver = reader.read_waiver();
    match waiver {
        Some(waiver) if reader.problems.is_empty() => Ok(waiver),
        _ => {
            if reader.problems.is_empty() {
                reader.report((0, 5), "this waiver cannot be read".to_owned(), Some(EXAMPLE.to_owned()));
            }
            Err(reader.problems)
        }
    }
}

struct InlineWaiverReader<'c> {
    file: &'c str,
    comment: &'c InlineComment,
    source: Arc<str>,
    problems: Vec<Problem>,
}

/// A word and its span in the text, in bytes.
pub(super) type LocatedWord<'t> = (&'t str, (usize, usize));

impl InlineWaiverReader<'_> {
    /// Records a problem at the byte range `at` of the comment's text.
    fn report(&mut self, at: (usize, usize), message: String, help: Option<String>) {
        let start = self.comment.at as usize;
        let char_boundary = |mut at: usize| {
            at = at.min(self.source.len());
            while !self.source.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        self.problems.push(Problem {
            file: Arc::from(self.file),
            text: Arc::clone(&self.source),
            first_line: self.comment.line,
            span: Span::new(char_boundary(start + at.0), char_boundary(start + at.1)),
            message,
            label: "no effect".to_owned(),
            help,
        });
    }

    fn read_waiver(&mut self) -> Option<Waiver> {
        let comment = self.comment;
        let text = comment.text.trim_end();
        if text.len() > LONGEST_INLINE {
            let message =
                format!("this comment is longer than {} KiB and has no effect", LONGEST_INLINE >> 10);
            self.report(
                (0, 5),
                message,
                Some("write the waiver in .stanchion/waivers.toml instead".to_owned()),
            );
            return None;
        }
        let (head, reason) = match split_reason(text) {
            Some((head, reason)) => (head, Some(reason)),
            None => (text, None),
        };
        let words = split_words(head);
        let mut words = words.into_iter();
        let (verb, verb_at) = words.next()?;
        let whole_file = match verb {
            "waive" => false,
            "waive-file" => true,
            _ => {
                let help = did_you_mean(verb, ["waive", "waive-file"]).unwrap_or_else(|| EXAMPLE.to_owned());
                self.report(verb_at, format!("unknown word `{verb}`"), Some(help));
                return None;
            }
        };
        if whole_file && comment.line > TOP_LINES {
            let message = format!("`waive-file` is only allowed in the first {TOP_LINES} lines of a file");
            self.report(verb_at, message, Some("move it to the top, or use `waive` for one line".to_owned()));
        }
        let id = words.next().filter(|(word, _)| !word.contains('='));
        let guideline = match id {
            None => {
                self.report(verb_at, "the waiver names no guideline".to_owned(), Some(EXAMPLE.to_owned()));
                None
            }
            Some((word, at)) => {
                fields::parse_guideline_id(word).map_err(|message| self.report(at, message, None)).ok()
            }
        };
        let mut waiver = Waiver {
            id: format!("{}:{}", comment.path.lossless(), comment.line),
            guideline: guideline?,
            versions: None,
            checks: vec![],
            reach: if whole_file {
                WaiverReach::File { path: comment.path.clone() }
            } else {
                WaiverReach::Line { path: comment.path.clone(), line: comment.covers }
            },
            kind: WaiverKind::Other,
            reason: String::new(),
            instead: None,
            owner: None,
            declared: None,
            end: crate::model::WaiverEnd::Never,
            withdrawn: None,
            renewed: vec![],
            place: WaiverPlace {
                path: comment.path.clone(),
                line: comment.line,
                span: Span::at(comment.at as usize),
                inline: true,
            },
        };
        self.read_keys(words, verb_at, reason.is_some(), &mut waiver);
        if let Some((reason, at)) = reason {
            reason.clone_into(&mut waiver.reason);
            if let Some(message) = fields::reason_problem(reason) {
                self.report((at, at + reason.len()), message, None);
            }
        } else {
            let help = format!("write the reason after ` -- `, {EXAMPLE}");
            self.report((0, text.len()), "a waiver needs a reason".to_owned(), Some(help));
        }
        Some(waiver)
    }

    /// Reads `key=value` words into `waiver`.
    fn read_keys<'t>(
        &mut self,
        words: impl Iterator<Item = LocatedWord<'t>>,
        verb_at: (usize, usize),
        has_reason: bool,
        waiver: &mut Waiver,
    ) {
        let mut seen: Vec<&str> = Vec::new();
        let (mut until, mut review_on) = (None, None);
        let mut dated = true;
        for (word, at) in words {
            let Some((key, value)) = word.split_once('=') else {
                if !has_reason {
                    // Most likely the reason without ` -- ` before it; the caller reports this once.
                    continue;
                }
                let help = if crate::model::GuidelineId::new(word).is_ok() {
                    "a waiver names one guideline: write a second comment for the other".to_owned()
                } else {
                    "the reason begins after ` -- `; words before it have the form key=value".to_owned()
                };
                self.report(at, format!("unknown word `{word}`"), Some(help));
                continue;
            };
            let value =
                value.strip_prefix('"').map_or(value, |inner| inner.strip_suffix('"').unwrap_or(inner));
            if !KEYS.contains(&key) {
                let help =
                    did_you_mean(key, KEYS).unwrap_or_else(|| format!("known keys: {}", KEYS.join(", ")));
                self.report(at, format!("unknown key `{key}`"), Some(help));
                continue;
            }
            if seen.contains(&key) {
                self.report(at, format!("`{key}` is given twice"), None);
                continue;
            }
            seen.push(key);
            if value.trim().is_empty() {
                self.report(at, format!("`{key}` is empty"), Some("remove it".to_owned()));
                continue;
            }
            let mut date = || -> Option<Date> {
                let date = fields::parse_date(value);
                dated &= date.is_ok();
                date.map_err(|message| self.report(at, message, None)).ok()
            };
            match key {
                "until" => until = date(),
                "review-on" => review_on = date(),
                "declared" => waiver.declared = date(),
                "withdrawn" => waiver.withdrawn = date(),
                "owner" => waiver.owner = Some(value.to_owned()),
                "instead" => waiver.instead = Some(value.to_owned()),
                "checks" => waiver.checks = value.split(',').map(|check| check.trim().to_owned()).collect(),
                "versions" => match fields::parse_version_range(value) {
                    Ok(versions) => waiver.versions = Some(versions),
                    Err(message) => self.report(at, message, None),
                },
                _ => self.read_kind(value, at, waiver),
            }
        }
        if waiver.checks.iter().any(|check| check.is_empty() || check.contains('*')) {
            self.report(
                verb_at,
                "`checks` needs the ids of checks, as in checks=first,second".to_owned(),
                None,
            );
        }
        if let (Some(declared), Some(until)) = (waiver.declared, until)
            && until < declared
        {
            self.report(
                verb_at,
                format!("the waiver ends ({until}) before it was declared ({declared})"),
                None,
            );
        }
        if dated {
            let standing = review_on.is_some().then_some(true);
            match fields::waiver_end(until, standing, review_on) {
                Ok(end) => waiver.end = end,
                Err((_, message)) => self.report(verb_at, message, None),
            }
        }
    }
}

impl InlineWaiverReader<'_> {
    fn read_kind(&mut self, value: &str, at: (usize, usize), waiver: &mut Waiver) {
        if let Some(kind) = WaiverKind::ALL.into_iter().find(|kind| kind.as_str() == value) {
            waiver.kind = kind;
            return;
        }
        let known = WaiverKind::ALL.map(WaiverKind::as_str);
        let help = did_you_mean(value, known).unwrap_or_else(|| format!("known kinds: {}", known.join(", ")));
        self.report(at, format!("unknown kind `{value}`"), Some(help));
    }
}

/// Splits a text at the first ` -- ` outside of quotes. Returns the text before it, and the reason with its
/// offset in bytes.
fn split_reason(text: &str) -> Option<(&str, (&str, usize))> {
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        quoted ^= c == '"';
        let is_word = |rest: &str| rest == "--" || rest.starts_with("-- ") || rest.starts_with("--\t");
        if !quoted && is_word(&text[at..]) && text[..at].ends_with([' ', '\t']) {
            let rest = &text[at + 2..];
            let reason = rest.trim_start();
            return Some((&text[..at], (reason, at + 2 + (rest.len() - reason.len()))));
        }
    }
    None
}

/// Returns the text before the reason.
pub(super) fn before_reason(text: &str) -> &str {
    split_reason(text).map_or(text, |(head, _)| head)
}

/// Splits a text into words; a value in double quotes may contain spaces.
pub(super) fn split_words(text: &str) -> Vec<LocatedWord<'_>> {
    let mut words = Vec::new();
    let (mut start, mut quoted) = (None, false);
    for (at, c) in text.char_indices() {
        quoted ^= c == '"';
        match (start, c.is_whitespace() && !quoted) {
            (None, false) => start = Some(at),
            (Some(first), true) => {
                words.push((&text[first..at], (first, at)));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|first| (&text[first..], (first, text.len()))));
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RepoPath, WaiverEnd};

    fn comment(line: u32, text: &str) -> InlineComment {
        let source = format!("x = 1  # stanchion: {text}");
        let at = u32::try_from(source.len() - text.len()).expect("short");
        InlineComment {
            path: RepoPath::from("src/a.py"),
            line,
            covers: line,
            text: text.to_owned(),
            source,
            at,
        }
    }

    #[test]
    fn a_waiver_in_a_comment_is_read() {
        let text = "waive acme/time until=2027-05-22 kind=consistency owner=\"@pay ments\" versions=^2 checks=a,b -- same notation -- as crontab";
        let waiver = parse_inline("src/a.py", &comment(3, text)).expect("good");
        assert_eq!((waiver.id.as_str(), waiver.guideline.as_str()), ("src/a.py:3", "acme/time"));
        assert_eq!(waiver.end, WaiverEnd::Until("2027-05-22".parse().expect("a date")));
        assert_eq!(waiver.reason, "same notation -- as crontab");
        assert_eq!((waiver.kind, waiver.owner.as_deref()), (WaiverKind::Consistency, Some("@pay ments")));
        assert_eq!(waiver.checks, ["a", "b"]);
        assert_eq!(waiver.reach, WaiverReach::Line { path: "src/a.py".into(), line: 3 });
        let file = parse_inline("a", &comment(20, "waive-file a/b review-on=2027-01-01 -- generated"))
            .expect("good");
        assert_eq!(file.reach, WaiverReach::File { path: "src/a.py".into() });
        assert!(matches!(file.end, WaiverEnd::Standing { .. }));
    }

    #[test]
    fn mistakes_are_reported_and_have_no_effect() {
        let mut all = String::new();
        for text in [
            "waive",
            "waive -- because",
            "waive a/b",
            "waive a/b because it is so",
            "waive a/b --",
            "waive a/b -- \u{200b}\u{200b} .",
            "waive a/b unitl=2027-01-01 -- because",
            "waive a/b until=2027-02-30 -- because",
            "waive a/b until=2027-01-01T00:00:00Z -- because",
            "waive a/b until=2027-01-01 until=2028-01-01 -- because",
            "waive a/b until= -- because",
            "waive a/b c/d -- because",
            "waive a/* -- because",
            "waive * -- because",
            "waive all -- because",
            "waive a/b kind=costs -- because",
            "waive a/b checks=a,* -- because",
            "waive a/b versions=latest -- because",
            "waive a/b declared=2027-01-02 until=2027-01-01 -- because",
            "waive a/b until=2027-01-01 review-on=2027-01-01 -- because",
            "waives a/b -- because",
            "waive-file a/b -- because",
        ] {
            let problems = parse_inline("src/a.py", &comment(21, text)).expect_err(text);
            all.push_str(&format!("{}\n", text.replace('\u{200b}', "_")));
            for problem in problems {
                let marked = &problem.text[problem.span.start..problem.span.end];
                let marked = marked.replace('\u{200b}', "_");
                let help = problem.help.map_or_else(String::new, |help| format!(" -> {help}"));
                all.push_str(&format!("  [{marked}] {}{help}\n", problem.message));
            }
        }
        insta::assert_snapshot!(all);
    }
}
