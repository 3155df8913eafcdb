//! The `tool` check kind: imports findings of another linter, which then get the guideline's reasons,
//! promises and waivers.
//!
//! Results are read from SARIF files that the user provides; no tool is run. Without results of the tool, the
//! verdict is "cannot tell".

mod region;
mod sarif;

use crate::engine::file_result::RawFinding;
use crate::engine::source_text::SourceText;
use crate::engine::{MAX_FINDINGS, SpecProblem};
use crate::model::ToolCheck;
pub use region::Region;
pub use sarif::{ToolResult, ToolRun, read_sarif};

/// A `tool` check, ready to run.
pub struct CompiledTool<'c> {
    spec: &'c ToolCheck,
    message: Option<&'c str>,
}

impl<'c> CompiledTool<'c> {
    /// Creates the check from its specification.
    #[must_use]
    pub fn new(spec: &'c ToolCheck, message: Option<&'c str>) -> Self {
        Self { spec, message }
    }

    /// Whether a run belongs to the check's tool: its name is equal, or begins with it (`Semgrep OSS`).
    #[must_use]
    pub fn is_run_of_tool(&self, run: &ToolRun) -> bool {
        let (wanted, name) = (self.spec.name.to_lowercase(), run.tool.to_lowercase());
        name.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '-', '/']))
    }

    /// Whether the rule of a result is one of the check's rules.
    #[must_use]
    pub fn matches_rule(&self, result: &ToolResult) -> bool {
        self.spec.rules.iter().any(|pattern| matches_pattern(pattern, &result.rule))
    }

    /// Creates the finding for a result in a file with this text.
    #[must_use]
    pub fn finding(&self, number: u32, result: &ToolResult, source: &SourceText<'_>) -> RawFinding {
        let span = region::find_span(&result.region, source.text(), source.lines());
        let content = source.text().get(span.start..span.end).unwrap_or_default();
        let message = match self.message {
            Some(template) => template.replace("$RULE", &result.rule).replace("$MESSAGE", &result.message),
            None => format!("{} ({} {})", result.message, self.spec.name, result.rule),
        };
        // Different rules may report the same place, so the rule is part of the fingerprint.
        let content = format!("{} {content}", result.rule);
        let mut found = source.found(number, message, span, &content, None);
        if result.region.line.is_none() {
            found.excerpt = None;
        }
        found
    }
}

/// Maximum number of findings of one check in one file, as for the other kinds.
pub const MAX_FINDINGS_PER_FILE: usize = MAX_FINDINGS;

/// Finds the problems of a check's specification.
#[must_use]
pub fn find_problems(spec: &ToolCheck) -> Vec<SpecProblem> {
    let mut all = Vec::new();
    if spec.name.trim().is_empty() {
        all.push(SpecProblem::new(&["tool", "name"], "`name` is empty").with_help(
            "write the name of the tool as in its SARIF output, for example `ruff`, `ESLint` or `semgrep`",
        ));
    }
    if spec.rules.is_empty() {
        all.push(
            SpecProblem::new(&["tool", "rules"], "`rules` is empty").with_help(
                "write IDs of the tool's rules; `S5*` matches every rule that begins with `S5`, and `*` matches all",
            ),
        );
    }
    all
}

/// Whether an ID matches a pattern, in which `*` stands for any text.
fn matches_pattern(pattern: &str, id: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| id.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_patterns() {
        for (pattern, id, expected) in [
            ("S113", "S113", true),
            ("S113", "S1130", false),
            ("S1*", "S113", true),
            ("*", "anything/at.all", true),
            ("python.*.audit.*", "python.lang.security.audit.eval", true),
            ("python.*.audit.*", "python.lang.security.eval", false),
            ("*eval", "no-eval", true),
            ("a*a", "a", false),
            ("a**b", "ab", true),
        ] {
            assert_eq!(matches_pattern(pattern, id), expected, "{pattern} {id}");
        }
    }

    #[test]
    fn tools_are_identified_by_their_name() {
        let spec = |name: &str| ToolCheck { name: name.to_owned(), rules: vec!["*".to_owned()] };
        let run = |tool: &str| ToolRun { tool: tool.to_owned(), succeeded: true, results: vec![] };
        for (name, tool, expected) in [
            ("semgrep", "Semgrep OSS", true),
            ("ruff", "ruff", true),
            ("eslint", "ESLint", true),
            ("ruff", "ruffian", false),
            ("lint", "ESLint", false),
        ] {
            assert_eq!(
                CompiledTool::new(&spec(name), None).is_run_of_tool(&run(tool)),
                expected,
                "{name} {tool}"
            );
        }
    }
}
