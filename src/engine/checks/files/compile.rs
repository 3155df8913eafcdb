//! From a `files` check as written to one that can be asked, with every problem at once.

use regex::bytes::RegexBuilder;

use super::names::{NameRule, Names};
use super::pair::{Pair, Template};
use super::presence::{Require, Wanted};
use super::properties::{Executable, Size};
use super::{CompiledFiles, EachDirectory, Question};
use crate::data::Step;
use crate::engine::found::SpecProblem;
use crate::engine::glob::{CapturingGlob, Globs, is_literal};
use crate::engine::size::parse_size;
use crate::model::{self, Each, FilesCheck, FilesQuestion};

/// Memory of one compiled expression.
const REGEX_SIZE: usize = 1 << 20;
/// Longest expression in bytes.
const REGEX_LEN: usize = 8 << 10;

/// Compiles a check.
///
/// # Errors
/// Every problem of it, with the way to the place from the check's own mapping (`files`, `require`, …).
pub fn compile(check: &FilesCheck) -> Result<CompiledFiles, Vec<SpecProblem>> {
    let mut compiler = Compiler { problems: Vec::new() };
    let questions = check.questions();
    let question = match questions.as_slice() {
        [question] => compiler.question(*question),
        [] => compiler.problem(
            &[],
            "a `files` check asks nothing",
            "give it one of `require`, `forbid`, `names`, `pair`, `size`, `executable` and `duplicates`",
        ),
        several => {
            let words: Vec<String> =
                several.iter().map(|question| format!("`{}`", word(*question))).collect();
            let message =
                format!("a `files` check asks one question, and this one asks {}", words.join(" and "));
            compiler.problem(&[], message, "split it into several checks")
        }
    };
    let asks_in_directories =
        matches!(questions.as_slice(), [FilesQuestion::Require(_) | FilesQuestion::Forbid(_)]);
    if check.each.is_some() && !asks_in_directories && questions.len() == 1 {
        let _: Option<()> = compiler.problem(
            &["each"],
            "`each` goes with `require` and `forbid` only",
            "write the directories into the globs of `paths` (or of `for`)",
        );
    }
    let each = check.each.as_ref().map(|each| compiler.each(each));
    let except = compiler.globs(&["except"], &check.except);
    match (question, each, except) {
        (Some(question), None, Some(except)) if compiler.problems.is_empty() => {
            Ok(CompiledFiles { each: None, question, except })
        }
        (Some(question), Some(Some(each)), Some(except)) if compiler.problems.is_empty() => {
            Ok(CompiledFiles { each: Some(each), question, except })
        }
        _ => Err(compiler.problems),
    }
}

fn word(question: FilesQuestion<'_>) -> &'static str {
    match question {
        FilesQuestion::Require(_) => "require",
        FilesQuestion::Forbid(_) => "forbid",
        FilesQuestion::Names(_) => "names",
        FilesQuestion::Pair(_) => "pair",
        FilesQuestion::Size(_) => "size",
        FilesQuestion::Executable(_) => "executable",
        FilesQuestion::Duplicates(_) => "duplicates",
    }
}

struct Compiler {
    problems: Vec<SpecProblem>,
}

impl Compiler {
    /// Notes a problem below `files`; always `None`.
    fn problem<T>(&mut self, at: &[&str], message: impl Into<String>, help: &str) -> Option<T> {
        let at: Vec<&str> = std::iter::once("files").chain(at.iter().copied()).collect();
        let problem = SpecProblem::new(&at, message);
        self.problems.push(if help.is_empty() { problem } else { problem.with_help(help) });
        None
    }

    fn globs(&mut self, at: &[&str], patterns: &[String]) -> Option<Globs> {
        match Globs::new(patterns) {
            Ok(globs) => Some(globs),
            Err((index, message)) => {
                let _: Option<()> = self.problem(at, message, "");
                if let Some(last) = self.problems.last_mut() {
                    last.at.push(Step::Index(index));
                }
                None
            }
        }
    }

    /// Globs of which there must be one.
    fn some_globs(&mut self, at: &[&str], patterns: &[String]) -> Option<Globs> {
        if patterns.is_empty() {
            return self.problem(
                at,
                "the list of globs is empty",
                "write for example `[\"**\"]` for every path",
            );
        }
        self.globs(at, patterns)
    }

    fn each(&mut self, each: &Each) -> Option<EachDirectory> {
        let patterns = match each {
            Each::One(pattern) => std::slice::from_ref(pattern),
            Each::Many(patterns) => patterns.as_slice(),
        };
        if patterns.is_empty() {
            return self.problem(
                &["each"],
                "the list of directories is empty",
                "write a glob, or leave `each` out",
            );
        }
        let mut root = false;
        let mut globs: Vec<String> = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            if pattern == "." {
                root = true;
                continue;
            }
            // One at a time, so that the place of a problem is right.
            if let Err((_, message)) = Globs::new(std::slice::from_ref(pattern)) {
                let help = if pattern.ends_with('/') {
                    "globs of `each` match directories as they are: leave the final `/` out"
                } else {
                    ""
                };
                let _: Option<()> = self.problem(&["each"], message, help);
                if let (Some(last), Each::Many(_)) = (self.problems.last_mut(), each) {
                    last.at.push(Step::Index(index));
                }
            } else {
                globs.push(pattern.clone());
            }
        }
        let words: Vec<String> = patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
        Some(EachDirectory { globs: self.globs(&["each"], &globs)?, text: words.join(" or "), root })
    }

    fn question(&mut self, question: FilesQuestion<'_>) -> Option<Question> {
        match question {
            FilesQuestion::Require(require) => self.require(require).map(Question::Require),
            FilesQuestion::Forbid(globs) => self.some_globs(&["forbid"], globs).map(Question::Forbid),
            FilesQuestion::Names(names) => self.names(names).map(Question::Names),
            FilesQuestion::Pair(pair) => self.pair(pair).map(Question::Pair),
            FilesQuestion::Size(size) => self.size(size).map(Question::Size),
            FilesQuestion::Executable(executable) => {
                let paths = self.some_globs(&["executable", "paths"], &executable.paths)?;
                Some(Question::Executable(Executable { paths, set: executable.set }))
            }
            FilesQuestion::Duplicates(duplicates) => {
                self.some_globs(&["duplicates", "paths"], &duplicates.paths).map(Question::Duplicates)
            }
        }
    }

    fn require(&mut self, require: &model::Require) -> Option<Require> {
        if require.any.is_empty() && require.all.is_empty() {
            return self.problem(
                &["require"],
                "`require` names no path",
                "give it `any` (one is enough) or `all`",
            );
        }
        let any = self.wanted("any", &require.any);
        let all = self.wanted("all", &require.all);
        Some(Require { any: any?, all: all? })
    }

    fn wanted(&mut self, key: &str, patterns: &[String]) -> Option<Vec<Wanted>> {
        // All of them at once first, for the place of a problem.
        self.globs(&["require", key], patterns)?;
        let each = patterns.iter().map(|text| {
            let glob =
                if is_literal(text) { None } else { Some(Globs::new(std::slice::from_ref(text)).ok()?) };
            Some(Wanted { text: text.clone(), glob })
        });
        each.collect()
    }

    fn names(&mut self, names: &model::Names) -> Option<Names> {
        let paths = self.some_globs(&["names", "paths"], &names.paths);
        let rule = match (names.style, &names.regex) {
            (Some(style), None) => Some(NameRule::Style(style)),
            (None, Some(text)) => self.name_regex(text),
            (None, None) => {
                self.problem(&["names"], "`names` says no way to write them", "give it `style` or `regex`")
            }
            (Some(_), Some(_)) => self.problem(
                &["names"],
                "`names` says both `style` and `regex`",
                "keep one, or split the check in two",
            ),
        };
        Some(Names { paths: paths?, of: names.of, rule: rule? })
    }

    fn name_regex(&mut self, text: &str) -> Option<NameRule> {
        let at = &["names", "regex"];
        if text.len() > REGEX_LEN {
            return self.problem(at, "the regular expression is longer than 8 KiB", "");
        }
        let build = |text: &str| RegexBuilder::new(text).size_limit(REGEX_SIZE).nest_limit(64).build();
        // As written first: its messages must not show the anchors that we add.
        match build(text).and_then(|_| build(&format!(r"\A(?:{text})\z"))) {
            Ok(regex) => Some(NameRule::Regex(regex, text.to_owned())),
            Err(regex::Error::CompiledTooBig(_)) => self.problem(
                at,
                "the regular expression needs more than 1 MiB once compiled",
                "make repetitions smaller",
            ),
            Err(error) => {
                // The last line says what; those above draw the place.
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.problem(
                    at,
                    format!("the regular expression cannot be read: {why}"),
                    "look-around and back-references are not offered, so that matching takes linear time",
                )
            }
        }
    }

    fn pair(&mut self, pair: &model::Pair) -> Option<Pair> {
        let every = match CapturingGlob::new(&pair.every) {
            Ok(every) => every,
            Err(message) => return self.problem(&["pair", "for"], message, ""),
        };
        match Template::new(&pair.want, every.capture_count()) {
            Ok(want) => Some(Pair { every, want }),
            Err(message) => self.problem(&["pair", "want"], message, ""),
        }
    }

    fn size(&mut self, size: &model::Size) -> Option<Size> {
        let paths = self.some_globs(&["size", "paths"], &size.paths);
        let mut limit = |key: &str, text: Option<&String>| match text.map(|text| parse_size(text)) {
            None => Some(None),
            Some(Ok(bytes)) => Some(Some(bytes)),
            Some(Err(message)) => self.problem(&["size", key], message, ""),
        };
        let max = limit("max", size.max.as_ref());
        let min = limit("min", size.min.as_ref());
        match (max?, min?) {
            (None, None) => self.problem(&["size"], "`size` names no limit", "give it `max` or `min`"),
            (Some(max), Some(min)) if min > max => {
                self.problem(&["size"], "`min` is larger than `max`, so no file can keep both", "")
            }
            (max, min) => Some(Size { paths: paths?, max, min }),
        }
    }
}
