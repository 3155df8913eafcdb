//! A run: list the tree, plan, ask the checks of names, then stream the files through all cores.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::assess::{Scratch, assess_file};
use super::choose::select;
use super::class::{Class, Classes};
use super::found::FileResult;
use super::options::{Options, Progress};
use super::outcome::{Assembly, NamesResult};
use super::plan::{Compiled, Plan, compile, compile_names};
use super::tree::{Entry, EntryKind, Listing, ReadError, Tree};
use crate::model::{FixSpec, Guideline, Outcome, RepoPath};

/// Assesses `tree` against `guidelines`, which must be in order of id.
///
/// # Errors
/// Only when the tree itself cannot be listed. Everything else is in the outcome.
pub fn assess(
    guidelines: &[Arc<Guideline>],
    tree: &dyn Tree,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Outcome, ReadError> {
    let listing = tree.list()?;
    let mut plan = Plan::new(guidelines, &listing.entries, options.assume_exists);
    let in_scope = |path: &RepoPath| {
        options.scopes.is_empty() || options.scopes.iter().any(|scope| path.is_within(scope))
    };

    let names = names(guidelines, &mut plan, &listing, tree, &in_scope, options.scopes.is_empty());
    let (classes, class_of) = select(&plan, &listing.entries, &in_scope);
    let compiled = compile_selected(guidelines, &mut plan, &classes);
    let ready: Vec<Class<'_>> = classes
        .keys
        .iter()
        .map(|(checks, language)| {
            let names_its_files = |number: u32| {
                let planned = &plan.checks[number as usize];
                let condition = plan.conditions[planned.guideline].as_ref();
                planned
                    .selector
                    .as_ref()
                    .zip(condition)
                    .is_some_and(|(selector, condition)| selector.names_its_files(condition))
            };
            Class::new(checks, *language, &compiled, &names_its_files, options.prefilter)
        })
        .collect();

    let mut assembly = Assembly::new(guidelines, &plan, &listing, &in_scope);
    assembly.add_names(names);
    let work: Vec<(u32, u32)> =
        class_of.iter().copied().filter(|&(_, class)| !ready[class as usize].numbers.is_empty()).collect();
    for &(file, class) in &work {
        assembly.add_look(file, &ready[class as usize].numbers);
    }
    let files: Vec<(u32, u32)> = work
        .into_iter()
        .filter(|&(file, class)| {
            let special = listing.entries[file as usize].kind == EntryKind::Special;
            if special {
                assembly.add_special(file, &ready[class as usize].numbers);
            }
            !special
        })
        .collect();
    progress.start(files.len());
    stream(&files, &ready, &listing.entries, tree, options, |result| {
        progress.step();
        assembly.add(result);
    });
    Ok(assembly.finish())
}

/// Asks the checks of names, on this thread: they need no contents.
fn names(
    guidelines: &[Arc<Guideline>],
    plan: &mut Plan,
    listing: &Listing,
    tree: &dyn Tree,
    in_scope: &impl Fn(&RepoPath) -> bool,
    whole: bool,
) -> NamesResult {
    let mut result = NamesResult { looked: vec![false; listing.entries.len()], ..NamesResult::default() };
    let mut problems = Vec::new();
    for (number, planned) in plan.checks.iter().enumerate() {
        if planned.selector.is_some() || !plan.applies[planned.guideline] {
            continue;
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let spec = &guidelines[planned.guideline].checks[planned.check];
        match compile_names(spec) {
            Ok(Some(check)) => {
                let mut looked_at = 0usize;
                let (message, fix): (_, Option<&FixSpec>) = (spec.message.as_deref(), spec.fix.as_ref());
                let looked = &mut result.looked;
                check.assess(
                    number,
                    &listing.entries,
                    tree,
                    &RepoPath::from(""),
                    message,
                    fix,
                    &mut result.found,
                    &mut result.cannot_tell,
                    &mut |entry| {
                        if in_scope(&listing.entries[entry].path) {
                            looked[entry] = true;
                            looked_at += 1;
                        }
                    },
                );
                // A question about the whole repository is not asked of a part of it.
                if looked_at > 0 || (whole && check.asks_of_the_whole()) {
                    result.asked.push(number);
                }
            }
            Ok(None) => {}
            Err(found) => problems.push((planned.guideline, planned.check, found)),
        }
    }
    for (guideline, check, found) in problems {
        plan.report(guideline, Some(check), found);
    }
    result
}

/// Compiles the checks that some file asks for; the others cost nothing.
fn compile_selected(
    guidelines: &[Arc<Guideline>],
    plan: &mut Plan,
    classes: &Classes,
) -> HashMap<u32, Compiled> {
    let mut wanted: Vec<u32> = classes.keys.iter().flat_map(|(checks, _)| checks.iter().copied()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let mut compiled = HashMap::new();
    for number in wanted {
        let planned = &plan.checks[number as usize];
        let (guideline, check) = (planned.guideline, planned.check);
        match compile(&guidelines[guideline].checks[check]) {
            Ok(Some(ready)) => {
                compiled.insert(number, ready);
            }
            Ok(None) => {}
            Err(problems) => plan.report(guideline, Some(check), problems),
        }
    }
    compiled
}

/// Streams the files through the threads; `sink` gets each result on this thread, in any order.
fn stream(
    files: &[(u32, u32)],
    classes: &[Class<'_>],
    entries: &[Entry],
    tree: &dyn Tree,
    options: &Options,
    mut sink: impl FnMut(FileResult),
) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = if options.threads == 0 { cores } else { options.threads }.min(files.len().max(1));
    let next = AtomicUsize::new(0);
    let work = |mut give: Box<dyn FnMut(FileResult) + '_>| {
        let mut scratch = Scratch::default();
        while let Some(&(file, class)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let path = &entries[file as usize].path;
            give(assess_file(&classes[class as usize], tree, path, file, &options.limits, &mut scratch));
        }
    };
    if threads <= 1 {
        return work(Box::new(&mut sink));
    }
    std::thread::scope(|scope| {
        // Bounded, so that findings do not pile up when they come faster than they are put in order.
        let (sender, receiver) = mpsc::sync_channel::<FileResult>(256);
        for _ in 0..threads {
            let sender = sender.clone();
            let work = &work;
            scope.spawn(move || work(Box::new(move |result| drop(sender.send(result)))));
        }
        drop(sender);
        receiver.into_iter().for_each(&mut sink);
    });
}
