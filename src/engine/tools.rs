//! Runs checks of kind `tool` on the results of other tools. The tools are not run here; the caller passes
//! results.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checks::tool::{CompiledTool, MAX_FINDINGS_PER_FILE, ToolResult, ToolRun};
use super::file_result::{CannotTell, FileResult, RawFinding};
use super::options::Options;
use super::outcome::OutcomeBuilder;
use super::plan::Plan;
use super::source_text::SourceText;
use super::tree::{EntryKind, Listing, Tree};
use crate::model::{CheckKind, Guideline, Note, Reason, RepoPath};
use crate::text::decode;

/// Runs every check of kind `tool` and adds its results to `builder`.
pub fn assess_tool_checks(
    builder: &mut OutcomeBuilder<'_>,
    guidelines: &[Arc<Guideline>],
    plan: &Plan,
    (listing, nested): (&Listing, &[RepoPath]),
    tree: &dyn Tree,
    options: &Options,
) {
    let mut elsewhere = 0;
    for (planned, number) in plan.checks.iter().zip(0u32..) {
        let check = &guidelines[planned.guideline].checks[planned.check];
        let CheckKind::Tool(spec) = &check.kind else { continue };
        if !plan.applies[planned.guideline] {
            continue;
        }
        let compiled = CompiledTool::new(spec, check.message.as_deref());
        let runs: Vec<&ToolRun> = options.tools.iter().filter(|run| compiled.is_run_of_tool(run)).collect();
        if runs.is_empty() {
            let detail = format!(
                "no results of {} were given: run it and pass its SARIF file with --sarif-in FILE",
                spec.name
            );
            builder.tool_cannot_tell(number, Reason::NoResults, detail);
            continue;
        }
        if let Some(failed) = runs.iter().find(|run| !run.succeeded) {
            let detail =
                format!("the SARIF file of {} reports that its run failed: run it again", failed.tool);
            builder.tool_cannot_tell(number, Reason::NoResults, detail);
        }
        let mut by_file: BTreeMap<u32, Vec<&ToolResult>> = BTreeMap::new();
        for result in runs.iter().flat_map(|run| &run.results).filter(|result| compiled.matches_rule(result))
        {
            let path = RepoPath::new(result.file.clone());
            match listing.entries.binary_search_by(|entry| entry.path.cmp(&path)) {
                Ok(at) if listing.entries[at].kind == EntryKind::File => {
                    if builder.applies_to_path(number, &path) {
                        by_file.entry(u32::try_from(at).unwrap_or(u32::MAX)).or_default().push(result);
                    }
                }
                // In a run on a change or a scope, results for other files are expected.
                _ => {
                    let in_nested = nested.iter().any(|project| path.is_within(project));
                    let whole = options.focus.is_none() && options.scopes.is_empty();
                    elsewhere += usize::from(whole && !in_nested);
                }
            }
        }
        let assess_file = |(file, results): (u32, Vec<&ToolResult>)| {
            findings_in_file(
                number,
                &compiled,
                file,
                &listing.entries[file as usize].path,
                &results,
                tree,
                options,
            )
        };
        builder.add_tool(number, by_file.into_iter().map(assess_file).collect());
    }
    if elsewhere > 0 {
        let results = if elsewhere == 1 { "1 result".to_owned() } else { format!("{elsewhere} results") };
        builder.note(Note {
            code: "results-elsewhere".to_owned(),
            message: format!(
                "{results} of other tools refer to files that are not, or no longer, in this repository; they were left out"
            ),
        });
    }
}

/// Returns the findings of a tool in one file.
fn findings_in_file(
    number: u32,
    compiled: &CompiledTool<'_>,
    file: u32,
    path: &RepoPath,
    results: &[&ToolResult],
    tree: &dyn Tree,
    options: &Options,
) -> FileResult {
    let mut bytes = Vec::new();
    let unknown =
        |reason, detail| FileResult::unknown(file, vec![CannotTell { check: Some(number), reason, detail }]);
    if let Err(error) = tree.read(path, options.limits.file_bytes, &mut bytes) {
        return unknown(error.reason, error.detail);
    }
    let Ok(decoded) = decode(&bytes) else {
        let detail =
            "a tool reported a finding in this file, but it is binary or in an unknown encoding".to_owned();
        return unknown(Reason::Encoding, detail);
    };
    let source = SourceText::new(&decoded);
    let mut found: Vec<RawFinding> = results
        .iter()
        .take(MAX_FINDINGS_PER_FILE)
        .map(|result| compiled.finding(number, result, &source))
        .collect();
    found.sort_by_key(|found| (found.start.byte, found.end.byte));
    // Several SARIF files may contain the same run.
    found.dedup();
    let mut all = FileResult { file, found, ..FileResult::default() };
    if results.len() > MAX_FINDINGS_PER_FILE {
        let detail = format!("more than {MAX_FINDINGS_PER_FILE} findings; the rest are not listed");
        all.cannot_tell.push(CannotTell { check: Some(number), reason: Reason::Budget, detail });
    }
    all
}
