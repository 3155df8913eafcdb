//! A run: list the tree, plan, ask the checks of names, then stream the files through all cores.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use rayon::prelude::*;

use super::assess::{Scratch, assess_file};
use super::class::{Class, Classes};
use super::focus::Focus;
use super::found::FileResult;
use super::options::{Options, Progress};
use super::outcome::{Assembly, NamesResult};
use super::plan::{Compiled, Plan, compile, compile_names};
use super::tree::{Entry, EntryKind, Listing, ReadError, Tree};
use crate::model::{FixSpec, Guideline, Outcome, RepoPath, language_of};

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

    let focus = options.focus.as_ref();
    let names = names(guidelines, &mut plan, &listing, tree, &in_scope, options);
    let (classes, class_of) = select(guidelines, &plan, &listing.entries, &in_scope, focus);
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

    let mut assembly = Assembly::new(guidelines, &plan, &listing, &in_scope, focus);
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
    options: &Options,
) -> NamesResult {
    let mut result = NamesResult { looked: vec![false; listing.entries.len()], ..NamesResult::default() };
    let mut problems = Vec::new();
    for (number, planned) in plan.checks.iter().enumerate() {
        if planned.selector.is_some() || !plan.applies[planned.guideline] {
            continue;
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let guideline = &guidelines[planned.guideline];
        let spec = &guideline.checks[planned.check];
        let focus = options.focus.as_ref().filter(|focus| !focus.judges_whole(&guideline.id));
        match compile_names(spec) {
            Ok(Some(check)) => {
                let mut looked_at = 0usize;
                let (message, fix): (_, Option<&FixSpec>) = (spec.message.as_deref(), spec.fix.as_ref());
                let looked = &mut result.looked;
                let (entries, found, unknown) =
                    (&listing.entries, &mut result.found, &mut result.cannot_tell);
                let mut look = |entry: usize| {
                    if in_scope(&entries[entry].path) {
                        looked[entry] = true;
                        looked_at += 1;
                    }
                };
                match focus {
                    None => {
                        let root = RepoPath::from("");
                        check.assess(number, entries, tree, &root, message, fix, found, unknown, &mut look);
                    }
                    Some(focus) => {
                        focus.ask(&check, number, entries, tree, message, fix, found, unknown, &mut look);
                    }
                }
                // A question about the whole repository is not asked of a part of it.
                let whole = options.scopes.is_empty() && focus.is_none();
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

/// Puts every file that some check looks into in a class.
fn select(
    guidelines: &[Arc<Guideline>],
    plan: &Plan,
    entries: &[Entry],
    in_scope: &(impl Fn(&RepoPath) -> bool + Sync),
    focus: Option<&Focus>,
) -> (Classes, Vec<(u32, u32)>) {
    let checks_of = |entry: &Entry| -> Option<(Vec<u32>, Option<crate::model::Language>)> {
        let content = matches!(entry.kind, EntryKind::File | EntryKind::Special);
        if !content || focus.is_some_and(|focus| !focus.counts(&entry.path)) || !in_scope(&entry.path) {
            return None;
        }
        let changed = focus.is_none_or(|focus| focus.looks_into(&entry.path));
        let path = entry.path.bytes();
        let language = language_of(path);
        let mut holds: Vec<Option<bool>> = vec![None; plan.conditions.len()];
        let mut numbers = Vec::new();
        for (number, planned) in plan.checks.iter().enumerate() {
            let (Some(selector), Some(condition)) = (&planned.selector, &plan.conditions[planned.guideline])
            else {
                continue;
            };
            let whole = || focus.is_some_and(|focus| focus.judges_whole(&guidelines[planned.guideline].id));
            if !plan.applies[planned.guideline] || !(changed || whole()) || !selector.selects(path, language)
            {
                continue;
            }
            if *holds[planned.guideline].get_or_insert_with(|| condition.holds_for(path, language)) {
                numbers.push(u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        (!numbers.is_empty()).then_some((numbers, language))
    };
    let chosen: Vec<_> = entries.par_iter().map(checks_of).collect();
    let mut classes = Classes::default();
    let mut class_of = Vec::new();
    for (file, chosen) in chosen.into_iter().enumerate() {
        if let Some((numbers, language)) = chosen {
            class_of.push((u32::try_from(file).unwrap_or(u32::MAX), classes.of(numbers, language)));
        }
    }
    (classes, class_of)
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
