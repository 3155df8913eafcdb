//! Compiles a `files` check, and collects all of its problems.

use regex::bytes::RegexBuilder;

use super::names::{NameRule, NamesCondition};
use super::pair::{PairCondition, PairTemplate};
use super::presence::{RequireCondition, RequiredPath};
use super::properties::{ExecutableCondition, SizeCondition};
use super::{CompiledCondition, CompiledFiles, EachDirectory};
use crate::data::PointerStep;
use crate::engine::file_result::SpecProblem;
use crate::engine::glob::{CapturingGlob, Globs, is_literal};
use crate::engine::size::parse_size;
use crate::model::{self, Each, FilesCheck, FilesCondition};

/// Maximum size of a compiled expression, in bytes.
const MAX_REGEX_BYTES: usize = 1 << 20;
/// Maximum length of an expression, in bytes.
const MAX_PATTERN_BYTES: usize = 8 << 10;

/// Compiles a check.
///
/// # Errors
/// All problems of the check, each with its path from the check's mapping (`files`, `require`, …).
pub fn compile(check: &FilesCheck) -> Result<CompiledFiles, Vec<SpecProblem>> {
    let mut compiler = FilesCompiler { problems: Vec::new() };
    let conditions = check.conditions();
    let condition = match conditions.as_slice() {
        [condition] => compiler.condition(*condition),
        [] => compiler.problem(
            &[],
            "a `files` check needs one of `require`, `forbid`, `names`, `pair`, `size`, `executable` or `duplicates`",
            "",
        ),
        several => {
            let words: Vec<String> =
                several.iter().map(|condition| format!("`{}`", condition_key(*condition))).collect();
            let message =
                format!("a `files` check has one condition, but this one has {}", words.join(" and "));
            compiler.problem(&[], message, "split it into one check per condition")
        }
    };
    let may_have_each =
        matches!(conditions.as_slice(), [FilesCondition::Require(_) | FilesCondition::Forbid(_)]);
    if check.each.is_some() && !may_have_each && conditions.len() == 1 {
        let _: Option<()> = compiler.problem(
            &["each"],
            "`each` works only with `require` and `forbid`",
            "include the directories in the globs of `paths` (or of `for`)",
        );
    }
    let each = check.each.as_ref().map(|each| compiler.each(each));
    let except = compiler.globs(&["except"], &check.except);
    match (condition, each, except) {
        (Some(condition), None, Some(except)) if compiler.problems.is_empty() => {
            Ok(CompiledFiles { each: None, condition, except })
        }
        (Some(condition), Some(Some(each)), Some(except)) if compiler.problems.is_empty() => {
            Ok(CompiledFiles { each: Some(each), condition, except })
        }
        _ => Err(compiler.problems),
    }
}

fn condition_key(condition: FilesCondition<'_>) -> &'static str {
    match condition {
        FilesCondition::Require(_) => "require",
        FilesCondition::Forbid(_) => "forbid",
        FilesCondition::Names(_) => "names",
        FilesCondition::Pair(_) => "pair",
        FilesCondition::Size(_) => "size",
        FilesCondition::Executable(_) => "executable",
        FilesCondition::Duplicates(_) => "duplicates",
    }
}

struct FilesCompiler {
    problems: Vec<SpecProblem>,
}

impl FilesCompiler {
    /// Records a problem below `files`; always returns `None`.
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
                    last.at.push(PointerStep::Index(index));
                }
                None
            }
        }
    }

    /// Compiles a list of globs that must not be empty.
    fn non_empty_globs(&mut self, at: &[&str], patterns: &[String]) -> Option<Globs> {
        if patterns.is_empty() {
            let message = format!("`{}` is empty", at.last().copied().unwrap_or_default());
            return self.problem(at, message, "add a glob, for example `**` for every path");
        }
        self.globs(at, patterns)
    }

    fn each(&mut self, each: &Each) -> Option<EachDirectory> {
        let patterns = match each {
            Each::One(pattern) => std::slice::from_ref(pattern),
            Each::Many(patterns) => patterns.as_slice(),
        };
        if patterns.is_empty() {
            return self.problem(&["each"], "`each` is empty", "add a glob of directories, or remove `each`");
        }
        let mut root = false;
        let mut globs: Vec<String> = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            if pattern == "." {
                root = true;
                continue;
            }
            // Compiled one at a time, to get the index of an invalid glob.
            if let Err((_, message)) = Globs::new(std::slice::from_ref(pattern)) {
                let help = if pattern.ends_with('/') {
                    "globs of `each` match directories themselves: remove the final `/`"
                } else {
                    ""
                };
                let _: Option<()> = self.problem(&["each"], message, help);
                if let (Some(last), Each::Many(_)) = (self.problems.last_mut(), each) {
                    last.at.push(PointerStep::Index(index));
                }
            } else {
                globs.push(pattern.clone());
            }
        }
        let words: Vec<String> = patterns.iter().map(|pattern| format!("`{pattern}`")).collect();
        Some(EachDirectory { globs: self.globs(&["each"], &globs)?, text: words.join(" or "), root })
    }

    fn condition(&mut self, condition: FilesCondition<'_>) -> Option<CompiledCondition> {
        match condition {
            FilesCondition::Require(require) => self.require(require).map(CompiledCondition::Require),
            FilesCondition::Forbid(globs) => {
                self.non_empty_globs(&["forbid"], globs).map(CompiledCondition::Forbid)
            }
            FilesCondition::Names(names) => self.names(names).map(CompiledCondition::Names),
            FilesCondition::Pair(pair) => self.pair(pair).map(CompiledCondition::Pair),
            FilesCondition::Size(size) => self.size(size).map(CompiledCondition::Size),
            FilesCondition::Executable(executable) => {
                let paths = self.non_empty_globs(&["executable", "paths"], &executable.paths)?;
                Some(CompiledCondition::Executable(ExecutableCondition { paths, set: executable.set }))
            }
            FilesCondition::Duplicates(duplicates) => self
                .non_empty_globs(&["duplicates", "paths"], &duplicates.paths)
                .map(CompiledCondition::Duplicates),
        }
    }

    fn require(&mut self, require: &model::Require) -> Option<RequireCondition> {
        if require.any.is_empty() && require.all.is_empty() {
            return self.problem(
                &["require"],
                "`require` needs `any` or `all`",
                "`any` requires at least one of its paths, `all` requires every path",
            );
        }
        let any = self.wanted("any", &require.any);
        let all = self.wanted("all", &require.all);
        Some(RequireCondition { any: any?, all: all? })
    }

    fn wanted(&mut self, key: &str, patterns: &[String]) -> Option<Vec<RequiredPath>> {
        // Compiled together first, to get the index of an invalid glob.
        self.globs(&["require", key], patterns)?;
        let each = patterns.iter().map(|text| {
            let glob =
                if is_literal(text) { None } else { Some(Globs::new(std::slice::from_ref(text)).ok()?) };
            Some(RequiredPath { text: text.clone(), glob })
        });
        each.collect()
    }

    fn names(&mut self, names: &model::Names) -> Option<NamesCondition> {
        let paths = self.non_empty_globs(&["names", "paths"], &names.paths);
        let rule = match (names.style, &names.regex) {
            (Some(style), None) => Some(NameRule::Style(style)),
            (None, Some(text)) => self.name_regex(text),
            (None, None) => self.problem(&["names"], "`names` needs `style` or `regex`", ""),
            (Some(_), Some(_)) => self.problem(
                &["names"],
                "`names` cannot have both `style` and `regex`",
                "remove one, or split it into two checks",
            ),
        };
        Some(NamesCondition { paths: paths?, of: names.of, rule: rule? })
    }

    fn name_regex(&mut self, text: &str) -> Option<NameRule> {
        let at = &["names", "regex"];
        if text.len() > MAX_PATTERN_BYTES {
            return self.problem(at, "the regular expression is longer than 8 KiB", "");
        }
        let build = |text: &str| RegexBuilder::new(text).size_limit(MAX_REGEX_BYTES).nest_limit(64).build();
        // Compiled without anchors first, so that error messages do not show the anchors added here.
        match build(text).and_then(|_| build(&format!(r"\A(?:{text})\z"))) {
            Ok(regex) => Some(NameRule::Regex(regex, text.to_owned())),
            Err(regex::Error::CompiledTooBig(_)) => self.problem(
                at,
                "the compiled regular expression is larger than 1 MiB",
                "reduce the repetition counts",
            ),
            Err(error) => {
                // The last line contains the reason; the lines before show the position.
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.problem(
                    at,
                    format!("invalid regular expression: {why}"),
                    "look-around and back-references are not supported, so that matching takes linear time",
                )
            }
        }
    }

    fn pair(&mut self, pair: &model::Pair) -> Option<PairCondition> {
        let every = match CapturingGlob::new(&pair.every) {
            Ok(every) => every,
            Err(message) => return self.problem(&["pair", "for"], message, ""),
        };
        match PairTemplate::new(&pair.want, every.capture_count()) {
            Ok(want) => Some(PairCondition { every, want }),
            Err(message) => self.problem(&["pair", "want"], message, ""),
        }
    }

    fn size(&mut self, size: &model::Size) -> Option<SizeCondition> {
        let paths = self.non_empty_globs(&["size", "paths"], &size.paths);
        let mut limit = |key: &str, text: Option<&String>| match text.map(|text| parse_size(text)) {
            None => Some(None),
            Some(Ok(bytes)) => Some(Some(bytes)),
            Some(Err(message)) => self.problem(&["size", key], message, ""),
        };
        let max = limit("max", size.max.as_ref());
        let min = limit("min", size.min.as_ref());
        match (max?, min?) {
            (None, None) => self.problem(&["size"], "`size` needs `max` or `min`", ""),
            (Some(max), Some(min)) if min > max => {
                self.problem(&["size"], "`min` is larger than `max`, so no file can satisfy both", "")
            }
            (max, min) => Some(SizeCondition { paths: paths?, max, min }),
        }
    }
}
