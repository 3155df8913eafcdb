//! Check kind `tool`: what another linter found keeps its finder, and gets a guideline's why, promises and waivers.
//!
//! Results come as SARIF that somebody else wrote; nothing is run here. Without results of the tool it cannot be told
//! whether the guideline is kept.

mod place;
mod sarif;

use crate::engine::found::Found;
use crate::engine::places::Places;
use crate::engine::{MAX_FINDINGS, SpecProblem};
use crate::model::ToolCheck;
pub use place::Region;
pub use sarif::{ToolResult, ToolRun, read_sarif};

/// A check of a tool's results, ready to be asked.
pub struct CompiledTool<'c> {
    spec: &'c ToolCheck,
    message: Option<&'c str>,
}

impl<'c> CompiledTool<'c> {
    /// Takes the check as written.
    #[must_use]
    pub fn new(spec: &'c ToolCheck, message: Option<&'c str>) -> Self {
        Self { spec, message }
    }

    /// Whether a run was one of the tool that is meant: its name, or one that begins with it (`Semgrep OSS`).
    #[must_use]
    pub fn is_by(&self, run: &ToolRun) -> bool {
        let (wanted, name) = (self.spec.name.to_lowercase(), run.tool.to_lowercase());
        name.strip_prefix(&wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '-', '/']))
    }

    /// Whether a result is about a rule that is meant.
    #[must_use]
    pub fn wants(&self, result: &ToolResult) -> bool {
        self.spec.rules.iter().any(|pattern| matches(pattern, &result.rule))
    }

    /// The finding of a result in a file with this text.
    #[must_use]
    pub fn found(&self, number: u32, result: &ToolResult, places: &Places<'_>) -> Found {
        let span = place::find(&result.region, places.text(), places.lines());
        let content = places.text().get(span.start..span.end).unwrap_or_default();
        let message = match self.message {
            Some(template) => template.replace("$RULE", &result.rule).replace("$MESSAGE", &result.message),
            None => format!("{} ({} {})", result.message, self.spec.name, result.rule),
        };
        // Two rules may speak about one place.
        let content = format!("{} {content}", result.rule);
        let mut found = places.found(number, message, span, &content, None);
        if result.region.line.is_none() {
            found.excerpt = None;
        }
        found
    }
}

/// Most findings of one check in one file, as for the other kinds.
pub const MOST_IN_A_FILE: usize = MAX_FINDINGS;

/// What is wrong with a check as written.
#[must_use]
pub fn problems(spec: &ToolCheck) -> Vec<SpecProblem> {
    let mut all = Vec::new();
    if spec.name.trim().is_empty() {
        all.push(SpecProblem::new(&["tool", "name"], "`name` is empty").with_help(
            "write the name of the tool as it stands in its SARIF, for example `ruff`, `ESLint` or `semgrep`",
        ));
    }
    if spec.rules.is_empty() {
        all.push(
            SpecProblem::new(&["tool", "rules"], "`rules` names no rule").with_help(
                "write ids of rules of the tool; `S5*` is every rule that begins so, and `*` is all",
            ),
        );
    }
    all
}

/// Whether an id is what a pattern means: the same, with `*` for anything.
fn matches(pattern: &str, id: &str) -> bool {
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
            assert_eq!(matches(pattern, id), expected, "{pattern} {id}");
        }
    }

    #[test]
    fn tools_are_known_by_their_name() {
        let spec = |name: &str| ToolCheck { name: name.to_owned(), rules: vec!["*".to_owned()] };
        let run = |tool: &str| ToolRun { tool: tool.to_owned(), succeeded: true, results: vec![] };
        for (name, tool, expected) in [
            ("semgrep", "Semgrep OSS", true),
            ("ruff", "ruff", true),
            ("eslint", "ESLint", true),
            ("ruff", "ruffian", false),
            ("lint", "ESLint", false),
        ] {
            assert_eq!(CompiledTool::new(&spec(name), None).is_by(&run(tool)), expected, "{name} {tool}");
        }
    }
}
