//! Asking the checks of other tools' results. Nothing is run: the results were given.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checks::tool::{CompiledTool, MOST_IN_A_FILE, ToolResult, ToolRun};
use super::found::{CannotTell, FileResult, Found};
use super::options::Options;
use super::outcome::Assembly;
use super::places::Places;
use super::plan::Plan;
use super::tree::{EntryKind, Listing, Tree};
use crate::model::{CheckKind, Guideline, Note, Reason, RepoPath};
use crate::text::decode;

/// Asks every check of kind `tool`, and adds what it says.
pub fn ask(
    assembly: &mut Assembly<'_>,
    guidelines: &[Arc<Guideline>],
    plan: &Plan,
    (listing, parties): (&Listing, &[RepoPath]),
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
        let runs: Vec<&ToolRun> = options.tools.iter().filter(|run| compiled.is_by(run)).collect();
        if runs.is_empty() {
            let detail = format!(
                "nobody gave the results of {}: run it, and give its SARIF with --sarif-in FILE",
                spec.name
            );
            assembly.tool_cannot_tell(number, Reason::NoResults, detail);
            continue;
        }
        if let Some(failed) = runs.iter().find(|run| !run.succeeded) {
            let detail = format!("{} says itself that its run did not succeed", failed.tool);
            assembly.tool_cannot_tell(number, Reason::NoResults, detail);
        }
        let mut by_file: BTreeMap<u32, Vec<&ToolResult>> = BTreeMap::new();
        for result in runs.iter().flat_map(|run| &run.results).filter(|result| compiled.wants(result)) {
            let path = RepoPath::new(result.file.clone());
            match listing.entries.binary_search_by(|entry| entry.path.cmp(&path)) {
                Ok(at) if listing.entries[at].kind == EntryKind::File => {
                    if assembly.is_about(number, &path) {
                        by_file.entry(u32::try_from(at).unwrap_or(u32::MAX)).or_default().push(result);
                    }
                }
                // A list of changed files says nothing about others.
                _ => {
                    let of_another = parties.iter().any(|party| path.is_within(party));
                    let whole = options.focus.is_none() && options.scopes.is_empty();
                    elsewhere += usize::from(whole && !of_another);
                }
            }
        }
        let look = |(file, results): (u32, Vec<&ToolResult>)| {
            in_file(number, &compiled, file, &listing.entries[file as usize].path, &results, tree, options)
        };
        assembly.add_tool(number, by_file.into_iter().map(look).collect());
    }
    if elsewhere > 0 {
        let results = if elsewhere == 1 { "1 result".to_owned() } else { format!("{elsewhere} results") };
        assembly.note(Note {
            code: "results-elsewhere".to_owned(),
            message: format!("{results} of other tools point at files that are not part of this repository (any more) and are left out"),
        });
    }
}

/// The findings in one file.
fn in_file(
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
        let detail = "a tool found something in it, and it is no text that is known here".to_owned();
        return unknown(Reason::Encoding, detail);
    };
    let places = Places::new(&decoded);
    let mut found: Vec<Found> =
        results.iter().take(MOST_IN_A_FILE).map(|result| compiled.found(number, result, &places)).collect();
    found.sort_by_key(|found| (found.start.byte, found.end.byte));
    // Several files given may be of one run.
    found.dedup();
    let mut all = FileResult { file, found, ..FileResult::default() };
    if results.len() > MOST_IN_A_FILE {
        let detail = format!("more than {MOST_IN_A_FILE} findings; the rest is not listed");
        all.cannot_tell.push(CannotTell { check: Some(number), reason: Reason::Budget, detail });
    }
    all
}
