//! The `text` check kind: regular expressions that always take linear time.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use crate::engine::budget::TimeBudget;
use crate::engine::file_result::{CannotTell, RawFinding};
use crate::engine::prefilter::{Requirement, requirement_of_regex};
use crate::engine::source_text::{FIX_BYTES, SourceText};
use crate::engine::{MAX_FINDINGS, SpecProblem};
use crate::model::{Edit, Fix, FixSpec, Reason, TextCheck};
use crate::text::Span;

/// Maximum size of a compiled expression, in bytes.
const MAX_COMPILED_BYTES: usize = 1024 * 1024;
/// Maximum memory of one expression while searching, in bytes; a process may have hundreds of them.
const MAX_SEARCH_BYTES: usize = 256 * 1024;
/// Maximum nesting of groups in an expression.
const MAX_NESTING: u32 = 64;
/// Number of matches, and of bytes of text, after which the time budget is checked.
const MATCHES_PER_CLOCK_CHECK: usize = 32;
const BYTES_PER_CLOCK_CHECK: usize = 16 * 1024;
/// Length after which a message template is not expanded further, in bytes; longer messages are truncated
/// anyway.
const MAX_MESSAGE_BYTES: usize = 2 * 1024;

/// A `text` check, ready to run.
///
/// The expression is parsed at once but compiled only when the first file passes the prefilter: compiling is
/// most of the cost of a short run, and most runs never need it.
pub struct CompiledText {
    pattern: String,
    dot_matches_new_line: bool,
    case_insensitive: bool,
    regex: OnceLock<Result<Regex, String>>,
    mode: TextMode,
    message: Option<String>,
    fix: Option<FixSpec>,
    requirement: Requirement,
}

enum TextMode {
    /// Each match is a finding.
    Find,
    /// A file without a match is a finding.
    Expect,
}

impl CompiledText {
    /// Compiles a check.
    ///
    /// # Errors
    /// If the expression is invalid, or if not exactly one of `find` and `expect` is given.
    pub fn new(
        check: &TextCheck,
        message: Option<&str>,
        fix: Option<&FixSpec>,
    ) -> Result<Self, Vec<SpecProblem>> {
        let (key, pattern, mode) = match (&check.find, &check.expect) {
            (Some(pattern), None) => ("find", pattern, TextMode::Find),
            (None, Some(pattern)) => ("expect", pattern, TextMode::Expect),
            (Some(_), Some(_)) => {
                let message = "a `text` check cannot have both `find` and `expect`";
                return Err(vec![SpecProblem::new(&["text"], message).with_help("split it into two checks")]);
            }
            (None, None) => {
                let message = "a `text` check needs `find` or `expect`";
                let help = "`find` reports each match, `expect` reports files without a match";
                return Err(vec![SpecProblem::new(&["text"], message).with_help(help)]);
            }
        };
        let hir = regex_syntax::ParserBuilder::new()
            .multi_line(true)
            .dot_matches_new_line(check.multi_line)
            .case_insensitive(check.ignore_case)
            .crlf(true)
            .nest_limit(MAX_NESTING)
            .build()
            .parse(pattern)
            .map_err(|error| {
                vec![SpecProblem::new(&["text", key], regex_error_message(&error.to_string()))]
            })?;
        let requirement = match mode {
            // `expect` reports files without a match, so no file can be skipped.
            TextMode::Expect => Requirement::Anything,
            TextMode::Find => requirement_of_regex(&hir),
        };
        Ok(Self {
            pattern: pattern.clone(),
            dot_matches_new_line: check.multi_line,
            case_insensitive: check.ignore_case,
            regex: OnceLock::new(),
            mode,
            message: message.map(str::to_owned),
            fix: fix.cloned(),
            requirement,
        })
    }

    /// Returns the compiled expression.
    ///
    /// # Errors
    /// If it is larger than [`MAX_COMPILED_BYTES`]; the error is a message.
    fn regex(&self) -> Result<&Regex, &str> {
        let build = || {
            RegexBuilder::new(&self.pattern)
                .multi_line(true)
                .dot_matches_new_line(self.dot_matches_new_line)
                .case_insensitive(self.case_insensitive)
                .crlf(true)
                .size_limit(MAX_COMPILED_BYTES)
                .dfa_size_limit(MAX_SEARCH_BYTES)
                .nest_limit(MAX_NESTING)
                .build()
                .map_err(|error| regex_error_message(&error.to_string()))
        };
        self.regex.get_or_init(build).as_ref().map_err(String::as_str)
    }

    /// Whether the expression has been compiled.
    #[must_use]
    pub fn is_compiled(&self) -> bool {
        self.regex.get().is_some()
    }

    /// Compiles the expression now.
    ///
    /// # Errors
    /// If it is too large.
    pub fn compile_now(&self) -> Result<(), Vec<SpecProblem>> {
        let key = match self.mode {
            TextMode::Find => "find",
            TextMode::Expect => "expect",
        };
        self.regex().map(|_| ()).map_err(|words| vec![SpecProblem::new(&["text", key], words)])
    }

    /// Returns what a file must contain to be worth decoding.
    #[must_use]
    pub fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    /// Assesses a file.
    pub fn assess(
        &self,
        number: u32,
        source: &SourceText<'_>,
        budget: &TimeBudget,
        found: &mut Vec<RawFinding>,
        cannot_tell: &mut Vec<CannotTell>,
    ) {
        let regex = match self.regex() {
            Ok(regex) => regex,
            Err(words) => {
                let detail = words.to_owned();
                cannot_tell.push(CannotTell { check: Some(number), reason: Reason::Guideline, detail });
                return;
            }
        };
        match self.mode {
            TextMode::Find => self.find_matches(number, regex, source, budget, found, cannot_tell),
            TextMode::Expect => {
                if !regex.is_match(source.text()) {
                    let message = self
                        .message
                        .clone()
                        .unwrap_or_else(|| format!("nothing in this file matches `{}`", self.pattern));
                    let first = source.lines().line_span(source.text(), 0);
                    found.push(source.found(number, message, Span::new(0, first.end), "expected", None));
                }
            }
        }
    }

    fn find_matches(
        &self,
        number: u32,
        regex: &Regex,
        source: &SourceText<'_>,
        budget: &TimeBudget,
        found: &mut Vec<RawFinding>,
        cannot_tell: &mut Vec<CannotTell>,
    ) {
        let mut report_incomplete = |detail: String| {
            cannot_tell.push(CannotTell { check: Some(number), reason: Reason::Budget, detail });
        };
        let (mut count, mut steps, mut checked_at) = (0usize, 0usize, 0usize);
        // Returns false if the maximum number of findings is reached or the time is up.
        let mut one = |whole: regex::Match<'_>, captures: Option<&regex::Captures<'_>>| {
            // Reading the clock is a system call, so the budget is checked only every few matches or bytes.
            steps += 1;
            if steps % MATCHES_PER_CLOCK_CHECK == 1 || whole.start() - checked_at > BYTES_PER_CLOCK_CHECK {
                checked_at = whole.start();
                if budget.is_spent() {
                    report_incomplete(format!("searching took longer than {}", budget.describe()));
                    return false;
                }
            }
            // An empty match has no position to report.
            if whole.is_empty() {
                return true;
            }
            if count >= MAX_FINDINGS {
                report_incomplete(format!("more than {MAX_FINDINGS} findings; the rest is not listed"));
                return false;
            }
            count += 1;
            let filled = |template: &str, most| match captures {
                Some(captures) => expand_template(captures, template, most),
                None => template.to_owned(),
            };
            let message = match &self.message {
                Some(template) => filled(template, MAX_MESSAGE_BYTES),
                None => format!("found `{}`", first_line_excerpt(whole.as_str())),
            };
            let fix = self.fix.as_ref().and_then(|fix| {
                let with = filled(fix.replace.as_ref()?, FIX_BYTES);
                let edits = vec![Edit::Replace { span: whole.range().into(), with }];
                Some(Fix { title: fix.title.clone(), edits })
            });
            found.push(source.found(number, message, whole.range().into(), whole.as_str(), fix));
            true
        };
        if self.names_captures() {
            let mut all = regex.captures_iter(source.text());
            while all.next().is_some_and(|it| it.get(0).is_none_or(|whole| one(whole, Some(&it)))) {}
        } else {
            // Finding the start and end of a match is much faster than finding its captures.
            let mut all = regex.find_iter(source.text());
            while all.next().is_some_and(|whole| one(whole, None)) {}
        }
    }

    /// Whether a template of the message or fix may refer to a capture.
    fn names_captures(&self) -> bool {
        let replace = self.fix.as_ref().and_then(|fix| fix.replace.as_ref());
        self.message.iter().chain(replace).any(|template| template.contains('$'))
    }
}

/// Expands `$1` and `${name}`. Stops soon after the text exceeds `most` bytes, since a template may repeat a
/// capture that covers a whole file.
fn expand_template(captures: &regex::Captures<'_>, template: &str, most: usize) -> String {
    let mut out = String::new();
    let mut rest = template;
    while !rest.is_empty() && out.len() <= most {
        // Up to the next `$` that begins a reference; `$$` and `${name}` are units.
        let begun = match rest.as_bytes() {
            [b'$', b'$', ..] => 2,
            [b'$', b'{', ..] => rest.find('}').unwrap_or(1),
            [b'$', ..] => 1,
            _ => 0,
        };
        let end = rest[begun..].find('$').map_or(rest.len(), |at| begun + at);
        captures.expand(&rest[..end], &mut out);
        rest = &rest[end..];
    }
    out
}

fn first_line_excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let short: String = line.chars().take(60).collect();
    if short.len() < text.trim_end().len() { format!("{short}…") } else { short }
}

/// Extracts the reason from an error of the regex crate: its last line; the lines before show the position.
fn regex_error_message(text: &str) -> String {
    let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    format!("invalid regular expression: {last}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::decode;

    fn run(check: &TextCheck, message: Option<&str>, fix: Option<&FixSpec>, text: &str) -> Vec<RawFinding> {
        let compiled = CompiledText::new(check, message, fix).expect("a check");
        let decoded = decode(text.as_bytes()).expect("text");
        let source = SourceText::new(&decoded);
        let (mut found, mut cannot_tell) = (Vec::new(), Vec::new());
        compiled.assess(7, &source, &TimeBudget::unlimited(), &mut found, &mut cannot_tell);
        assert_eq!(cannot_tell, []);
        if !found.is_empty() {
            assert!(
                compiled.requirement().holds_in(text.as_bytes()),
                "the prefilter would have skipped this file"
            );
        }
        found
    }

    fn check(find: &str) -> TextCheck {
        TextCheck {
            files: vec![],
            except: vec![],
            find: Some(find.into()),
            expect: None,
            multi_line: false,
            ignore_case: false,
        }
    }

    #[test]
    fn a_template_is_not_filled_in_further_than_it_is_used() {
        let regex = Regex::new("(?P<all>a+)(b)?").expect("an expression");
        let captures = regex.captures("aaab").expect("a match");
        for template in ["", "x", "$0", "x$all-$2", "$$0$$$0$", "${all}$2$$$$$", "$no.$1x.${", "${a$0}$0"] {
            let mut whole = String::new();
            captures.expand(template, &mut whole);
            assert_eq!(expand_template(&captures, template, 1_000), whole, "{template}");
        }
        assert!(expand_template(&captures, &"$0".repeat(100_000), 64).len() <= 64 + 4);
    }

    #[test]
    fn matches_carry_captures_and_fixes() {
        let fix = FixSpec { title: None, replace: Some("https://$host".into()), create: None };
        let found = run(
            &check(r"http://(?<host>\w+)"),
            Some("`${host}` in clear"),
            Some(&fix),
            "a\n http://x b\r\nhttp://y",
        );
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].start.line, found[0].start.column, found[0].message.as_str()),
            (2, 2, "`x` in clear")
        );
        assert_eq!(
            found[1].fix.as_ref().expect("a fix").edits,
            [Edit::Replace { span: Span::new(15, 23), with: "https://y".into() }]
        );
    }

    #[test]
    fn lines_and_flags() {
        assert_eq!(run(&check("^b$"), None, None, "a\r\nb\r\nc").len(), 1, "CRLF ends a line");
        assert_eq!(run(&check("a.c"), None, None, "a\nc").len(), 0);
        assert_eq!(run(&TextCheck { multi_line: true, ..check("a.c") }, None, None, "a\nc").len(), 1);
        assert_eq!(run(&TextCheck { ignore_case: true, ..check("todo") }, None, None, "ToDo").len(), 1);
        assert_eq!(run(&check("x*"), None, None, "abc").len(), 0, "an empty match does not count");
    }

    #[test]
    fn empty_matches_count_for_nothing_and_time_is_bounded() {
        let text = format!("{}a", "b".repeat(MAX_FINDINGS + 1));
        assert_eq!(run(&check("a*"), None, None, &text).len(), 1);
        let compiled = CompiledText::new(&check("(?s:.*!)?"), None, None).expect("a check");
        let text = "x".repeat(200_000);
        let decoded = decode(text.as_bytes()).expect("text");
        let (mut found, mut cannot_tell) = (Vec::new(), Vec::new());
        let budget = TimeBudget::starting_now(std::time::Duration::from_millis(20));
        compiled.assess(0, &SourceText::new(&decoded), &budget, &mut found, &mut cannot_tell);
        assert_eq!((found.len(), cannot_tell[0].reason), (0, Reason::Budget));
    }

    #[test]
    fn expect_reports_the_first_line() {
        let expect = TextCheck { find: None, expect: Some("^set -e".into()), ..check("") };
        let found = run(&expect, None, None, "#!/bin/sh\necho\n");
        assert_eq!((found[0].start.line, found[0].end.column), (1, 10));
        assert_eq!(run(&expect, None, None, "#!/bin/sh\nset -eu\n").len(), 0);
        assert_eq!(run(&expect, None, None, "").len(), 1, "an empty file lacks it too");
    }

    #[test]
    fn hostile_expressions_are_refused_with_a_message() {
        for (pattern, words) in [
            ("(", "unclosed group"),
            (r"(\w{100}){100}", "size limit"),
            (&format!("{}a{}", "(".repeat(1000), ")".repeat(1000)), "nest"),
        ] {
            let problems = CompiledText::new(&check(pattern), None, None)
                .and_then(|check| check.compile_now())
                .expect_err("refused");
            assert!(problems[0].message.contains(words), "{}", problems[0].message);
            assert!(!problems[0].message.contains('\n'));
        }
    }
}
