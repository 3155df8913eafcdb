//! The `text` check kind: regular expressions, linear time always.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use crate::engine::budget::Budget;
use crate::engine::found::{CannotTell, Found};
use crate::engine::places::{FIX_BYTES, Places};
use crate::engine::prefilter::{Requirement, requirement_of_regex};
use crate::engine::{MAX_FINDINGS, SpecProblem};
use crate::model::{Edit, Fix, FixSpec, Reason, TextCheck};
use crate::text::Span;

/// Largest compiled expression, in bytes.
const SIZE_LIMIT: usize = 1024 * 1024;
/// Most memory of one that searches, in bytes: there may be hundreds in one process.
const SEARCH_LIMIT: usize = 256 * 1024;
/// Deepest nesting of groups in an expression.
const NEST_LIMIT: u32 = 64;
/// Matches, and bytes of text, after which the clock is looked at.
const STEPS_PER_LOOK: usize = 32;
const BYTES_PER_LOOK: usize = 16 * 1024;
/// How far a message is filled in, in bytes; every message of that length is cut.
const MESSAGE_BYTES: usize = 2 * 1024;

/// A `text` check, ready to run.
///
/// The expression is only parsed at first; it is compiled when the first file passes the prefilter,
/// because compiling is most of the cost of a short run and most runs never need it.
pub struct CompiledText {
    pattern: String,
    dot_matches_new_line: bool,
    case_insensitive: bool,
    regex: OnceLock<Result<Regex, String>>,
    question: Question,
    message: Option<String>,
    fix: Option<FixSpec>,
    requirement: Requirement,
}

enum Question {
    /// Each match is a finding.
    Find,
    /// A file without a match is a finding.
    Expect,
}

impl CompiledText {
    /// Compiles a check.
    ///
    /// # Errors
    /// When the expression does not compile, or not exactly one question is asked.
    pub fn new(
        check: &TextCheck,
        message: Option<&str>,
        fix: Option<&FixSpec>,
    ) -> Result<Self, Vec<SpecProblem>> {
        let (key, pattern, question) = match (&check.find, &check.expect) {
            (Some(pattern), None) => ("find", pattern, Question::Find),
            (None, Some(pattern)) => ("expect", pattern, Question::Expect),
            _ => return Err(vec![SpecProblem::new(&["text"], "a text check has either `find` or `expect`")]),
        };
        let hir = regex_syntax::ParserBuilder::new()
            .multi_line(true)
            .dot_matches_new_line(check.multi_line)
            .case_insensitive(check.ignore_case)
            .crlf(true)
            .nest_limit(NEST_LIMIT)
            .build()
            .parse(pattern)
            .map_err(|error| vec![SpecProblem::new(&["text", key], regex_words(&error.to_string()))])?;
        let requirement = match question {
            // A file without the literal is exactly what `expect` reports.
            Question::Expect => Requirement::Anything,
            Question::Find => requirement_of_regex(&hir),
        };
        Ok(Self {
            pattern: pattern.clone(),
            dot_matches_new_line: check.multi_line,
            case_insensitive: check.ignore_case,
            regex: OnceLock::new(),
            question,
            message: message.map(str::to_owned),
            fix: fix.cloned(),
            requirement,
        })
    }

    /// The compiled expression.
    ///
    /// # Errors
    /// When it is larger than [`SIZE_LIMIT`], in words.
    fn regex(&self) -> Result<&Regex, &str> {
        let build = || {
            RegexBuilder::new(&self.pattern)
                .multi_line(true)
                .dot_matches_new_line(self.dot_matches_new_line)
                .case_insensitive(self.case_insensitive)
                .crlf(true)
                .size_limit(SIZE_LIMIT)
                .dfa_size_limit(SEARCH_LIMIT)
                .nest_limit(NEST_LIMIT)
                .build()
                .map_err(|error| regex_words(&error.to_string()))
        };
        self.regex.get_or_init(build).as_ref().map_err(String::as_str)
    }

    /// Whether the expression is compiled.
    #[must_use]
    pub fn is_compiled(&self) -> bool {
        self.regex.get().is_some()
    }

    /// Compiles the expression now.
    ///
    /// # Errors
    /// When it is too large.
    pub fn compile_now(&self) -> Result<(), Vec<SpecProblem>> {
        let key = match self.question {
            Question::Find => "find",
            Question::Expect => "expect",
        };
        self.regex().map(|_| ()).map_err(|words| vec![SpecProblem::new(&["text", key], words)])
    }

    /// What a file must hold to be worth decoding.
    #[must_use]
    pub fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    /// Looks through a file.
    pub fn assess(
        &self,
        number: u32,
        places: &Places<'_>,
        budget: &Budget,
        found: &mut Vec<Found>,
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
        match self.question {
            Question::Find => self.find(number, regex, places, budget, found, cannot_tell),
            Question::Expect => {
                if !regex.is_match(places.text()) {
                    let message = self
                        .message
                        .clone()
                        .unwrap_or_else(|| format!("nothing in this file matches `{}`", self.pattern));
                    let first = places.lines().line_span(places.text(), 0);
                    found.push(places.found(number, message, Span::new(0, first.end), "expected", None));
                }
            }
        }
    }

    fn find(
        &self,
        number: u32,
        regex: &Regex,
        places: &Places<'_>,
        budget: &Budget,
        found: &mut Vec<Found>,
        cannot_tell: &mut Vec<CannotTell>,
    ) {
        let mut refuse = |detail: String| {
            cannot_tell.push(CannotTell { check: Some(number), reason: Reason::Budget, detail });
        };
        let (mut count, mut steps, mut looked_at) = (0usize, 0usize, 0usize);
        // Returns false when enough is found, or time is up.
        let mut one = |whole: regex::Match<'_>, captures: Option<&regex::Captures<'_>>| {
            // The clock is a system call: it is looked at after so much text, or so many steps.
            steps += 1;
            if steps % STEPS_PER_LOOK == 1 || whole.start() - looked_at > BYTES_PER_LOOK {
                looked_at = whole.start();
                if budget.is_spent() {
                    refuse(format!("searching took longer than {}", budget.words()));
                    return false;
                }
            }
            // An empty match points at nothing.
            if whole.is_empty() {
                return true;
            }
            if count >= MAX_FINDINGS {
                refuse(format!("more than {MAX_FINDINGS} findings; the rest is not listed"));
                return false;
            }
            count += 1;
            let filled = |template: &str, most| match captures {
                Some(captures) => expand(captures, template, most),
                None => template.to_owned(),
            };
            let message = match &self.message {
                Some(template) => filled(template, MESSAGE_BYTES),
                None => format!("found `{}`", first_words(whole.as_str())),
            };
            let fix = self.fix.as_ref().and_then(|fix| {
                let with = filled(fix.replace.as_ref()?, FIX_BYTES);
                let edits = vec![Edit::Replace { span: whole.range().into(), with }];
                Some(Fix { title: fix.title.clone(), edits })
            });
            found.push(places.found(number, message, whole.range().into(), whole.as_str(), fix));
            true
        };
        if self.names_captures() {
            let mut all = regex.captures_iter(places.text());
            while all.next().is_some_and(|it| it.get(0).is_none_or(|whole| one(whole, Some(&it)))) {}
        } else {
            // Where a match begins and ends is found much faster than what is in it.
            let mut all = regex.find_iter(places.text());
            while all.next().is_some_and(|whole| one(whole, None)) {}
        }
    }

    /// Whether a text that is filled in may name a part of the match.
    fn names_captures(&self) -> bool {
        let replace = self.fix.as_ref().and_then(|fix| fix.replace.as_ref());
        self.message.iter().chain(replace).any(|template| template.contains('$'))
    }
}

/// Fills `$1` and `${name}` in. No further than needed to see that the text is longer than `most` bytes:
/// a template may name a capture of a whole file many times.
fn expand(captures: &regex::Captures<'_>, template: &str, most: usize) -> String {
    let mut out = String::new();
    let mut rest = template;
    while !rest.is_empty() && out.len() <= most {
        // Up to the next `$` that begins something; `$$` and `${name}` belong together.
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

fn first_words(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let short: String = line.chars().take(60).collect();
    if short.len() < text.trim_end().len() { format!("{short}…") } else { short }
}

/// The last line of the regex crate's words holds the reason; the lines before draw a picture.
fn regex_words(text: &str) -> String {
    let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    format!("this regular expression does not compile: {last}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::decode;

    fn run(check: &TextCheck, message: Option<&str>, fix: Option<&FixSpec>, text: &str) -> Vec<Found> {
        let compiled = CompiledText::new(check, message, fix).expect("a check");
        let decoded = decode(text.as_bytes()).expect("text");
        let places = Places::new(&decoded);
        let (mut found, mut cannot_tell) = (Vec::new(), Vec::new());
        compiled.assess(7, &places, &Budget::unlimited(), &mut found, &mut cannot_tell);
        assert_eq!(cannot_tell, []);
        if !found.is_empty() {
            assert!(compiled.requirement().holds_in(text.as_bytes()), "the prefilter would have lost this");
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
            assert_eq!(expand(&captures, template, 1_000), whole, "{template}");
        }
        assert!(expand(&captures, &"$0".repeat(100_000), 64).len() <= 64 + 4);
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
        assert_eq!(run(&check("x*"), None, None, "abc").len(), 0, "an empty match is no finding");
    }

    #[test]
    fn empty_matches_count_for_nothing_and_time_is_bounded() {
        let text = format!("{}a", "b".repeat(MAX_FINDINGS + 1));
        assert_eq!(run(&check("a*"), None, None, &text).len(), 1);
        let compiled = CompiledText::new(&check("(?s:.*!)?"), None, None).expect("a check");
        let text = "x".repeat(200_000);
        let decoded = decode(text.as_bytes()).expect("text");
        let (mut found, mut cannot_tell) = (Vec::new(), Vec::new());
        let budget = Budget::starting_now(std::time::Duration::from_millis(20));
        compiled.assess(0, &Places::new(&decoded), &budget, &mut found, &mut cannot_tell);
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
    fn hostile_expressions_are_refused_in_words() {
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
