//! `stanchion update`: newer versions of what is followed, as copies in the repository.

pub(super) mod copy;
mod folder;
mod offers;
mod plan;
mod preview;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::Version;

use super::guidelines::{Copies, LOCK, STARTER};
use super::party::{CONFIG, FOLDER, Party};
use super::terminal::Terminal;
use super::{Exit, Failure, cache, root, shell, turn};
use crate::format::{self, Follow, Lock, Locked};
use crate::model::{Guideline, GuidelineId, Origin};
use crate::report::escape::escape;
use crate::report::{Role, differences, wrap};
use copy::{Wanted, choose, locked};
use offers::Offers;
use plan::{Plan, Step, beside};

/// Bring newer versions of what is followed
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion update --preview              what would change here, first
  stanchion update                        bring it
  stanchion update --major acme/logs      also where it asks for more

Copies in .stanchion are what `check` uses: it never asks anybody. Versions
come from the `registries` in stanchion.toml (addresses and folders, the first
that knows a name), and from this program for the starter set. A registry that
does not answer costs 15 seconds at most, and everything stays as it is. A copy
that was edited here is kept.")]
pub(super) struct Arguments {
    /// A path in the repository; without it, the repository you are in
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Write nothing: say what changed in words, and which findings would come or go here
    #[arg(long)]
    preview: bool,
    /// Take this guideline's newest version, even one that asks for more; may be given again
    #[arg(long, value_name = "ID")]
    major: Vec<String>,
}

/// Updates.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = root::locate(&base, arguments.path.as_slice())?;
    let party = Party::read(&place.root)?;
    let copies = Copies::merged(&place.root)
        .map_err(|problems| Failure::Problems { what: "the lock cannot be used".to_owned(), problems })?;
    if party.text.is_none() {
        return Err(Failure::new(format!("there is no {CONFIG} here, so nothing is followed by name"))
            .with_help("`stanchion init` writes one, with copies of the starter set"));
    }
    let mut offers = Offers::of(&party, &cache::of_registry);
    let majors: Vec<GuidelineId> = arguments
        .major
        .iter()
        .map(|id| GuidelineId::new(id).map_err(|why| Failure::new(format!("`{id}` is no guideline: {why}"))))
        .collect::<Result<_, _>>()?;
    let plan = plan::plan(&majors, &party, &copies, &mut offers)?;
    for (registry, remembered) in offers.remembered() {
        cache::keep_of_registry(registry, &remembered);
    }
    if arguments.preview {
        let text = preview::preview(&place.root, &party, &plan.steps, terminal)?;
        terminal.print(&text)?;
        terminal.print(&closing(&plan, &offers, (&base, &place.root), true, terminal))?;
        return Ok(Exit::Ran);
    }
    write(&place.root, &copies.lock, &plan, terminal)?;
    terminal.print(&closing(&plan, &offers, (&base, &place.root), false, terminal))?;
    Ok(Exit::Ran)
}

/// Writes the copies, and then what they are.
fn write(root: &Path, before: &Lock, plan: &Plan, terminal: &Terminal) -> Result<(), Failure> {
    let _turn = turn::take(root)?;
    let changed = |what: &Path| {
        Failure::new(format!("{} was changed meanwhile", what.display()))
            .with_help("run `stanchion update` again; nothing was written")
    };
    if Copies::merged(root).map_or(true, |copies| copies.lock != *before) {
        return Err(changed(Path::new(LOCK)));
    }
    for step in &plan.steps {
        let path = copy::path_of(&step.id, step.is_standard);
        if copy::read(root, &path)? != step.text {
            return Err(changed(&path));
        }
    }
    let mut told = String::new();
    for (nth, step) in plan.steps.iter().enumerate() {
        let path = copy::path_of(&step.id, step.is_standard);
        let target = if step.edited { beside(&path) } else { path };
        if let Err(failure) = copy::write(root, &target, &step.new_text) {
            // What was written is said all the same, as far as that goes: the first failure is the one to tell.
            let _ = copy::write_lock(root, before, &half(before, plan, nth));
            return Err(failure);
        }
        told.push_str(&line(step, &target, terminal));
    }
    // Before anything that may fail for other reasons: what the copies are is said as soon as they are there.
    copy::write_lock(root, before, &plan.lock)?;
    terminal.print(&told)?;
    for (path, text) in &plan.beside {
        if copy::read(root, path)?.as_deref() != Some(text.as_str()) {
            copy::write(root, path, text)?;
        }
    }
    Ok(())
}

/// The lock after the first steps: what comes after them is as it was.
fn half(before: &Lock, plan: &Plan, done: usize) -> Lock {
    let is_open = |id: &GuidelineId, is_standard: bool| {
        plan.steps[done..].iter().any(|step| step.id == *id && step.is_standard == is_standard)
    };
    let of = |before: &[Locked], after: &[Locked], is_standard: bool| -> Vec<Locked> {
        let new = after.iter().filter(|it| !is_open(&it.id, is_standard));
        new.chain(before.iter().filter(|it| is_open(&it.id, is_standard))).cloned().collect()
    };
    Lock {
        guidelines: of(&before.guidelines, &plan.lock.guidelines, false),
        standards: of(&before.standards, &plan.lock.standards, true),
    }
}

/// The guideline that a text holds.
fn guideline(id: &GuidelineId, text: &str) -> Option<Guideline> {
    format::parse(id.as_str(), text, Origin::File(id.to_string()), &|_| Some("{}".to_owned())).ok()
}

/// The guideline that a text holds, with the settings that the party has for it, as far as they fit.
fn with_settings(party: &Party, id: &GuidelineId, text: &str) -> Option<Guideline> {
    let plain = guideline(id, text)?;
    let fits = |setting: &&format::Setting| {
        setting.guideline == *id && format::setting_problem(&plain, &setting.name, &setting.value).is_none()
    };
    let own = party.config.settings.iter().filter(fits);
    let values: Vec<_> = own.map(|setting| (setting.name.clone(), setting.value.clone())).collect();
    if values.is_empty() {
        return Some(plain);
    }
    let origin = Origin::File(id.to_string());
    format::parse_with(id.as_str(), text, origin, &|_| Some("{}".to_owned()), &values).ok()
}

fn version_of(text: Option<&str>, is_standard: bool) -> Option<Version> {
    let text = text?;
    if is_standard {
        return format::parse_standard("", text, Origin::Starter).ok().map(|standard| standard.version);
    }
    format::parse("", text, Origin::Starter, &|_| Some("{}".to_owned()))
        .ok()
        .map(|guideline| guideline.version)
}

/// What was done about one copy.
fn line(step: &Step, target: &Path, terminal: &Terminal) -> String {
    let paint = terminal.paint();
    let id = paint.text(Role::Strong, step.id.as_str());
    let text = match (&step.here, step.edited) {
        (Some(here), true) => format!(
            "{id}: the copy was edited here and is kept ({here}); {} lies beside it in {}: merge what you want of it",
            step.new.version,
            escape(&target.to_string_lossy())
        ),
        (Some(here), false) if step.text.is_none() && *here == step.new.version => {
            format!("{id}: {here} is here again, from {}", escape(&step.new.source))
        }
        (Some(here), false) => {
            let (arrow, new) = (terminal.paint().arrow(), &step.new);
            let back = if *here > new.version { "back to " } else { "" };
            format!("{id}: {here} {arrow} {back}{} from {}", new.version, escape(&new.source))
        }
        (None, _) => format!("{id}: {} from {}", step.new.version, escape(&step.new.source)),
    };
    let mut out = wrap(terminal.width, "", "  ", &text);
    for change in changes(step) {
        out.push_str(&wrap(terminal.width, "  - ", "    ", &escape(&change)));
    }
    out
}

/// What changed, in words.
fn changes(step: &Step) -> Vec<String> {
    if step.is_standard {
        return vec![];
    }
    let old = step.text.as_deref().and_then(|text| guideline(&step.id, text));
    match (old, guideline(&step.id, &step.new_text)) {
        (Some(old), Some(new)) => differences(&old, &new),
        _ => vec![],
    }
}

/// What is said at the end.
fn closing(
    plan: &Plan,
    offers: &Offers,
    (base, root): (&Path, &Path),
    preview: bool,
    terminal: &Terminal,
) -> String {
    let paint = terminal.paint();
    let mut out = String::new();
    let gone = plan.gone.iter().map(|(id, path)| {
        let command = shell::git(base, root, "rm", [&*path.to_string_lossy()]);
        format!("{id} is not followed any more; its copy can go: {command}")
    });
    let gone: Vec<String> = gone.collect();
    for note in plan.notes.iter().chain(&gone).chain(&offers.troubles) {
        let label = paint.text(Role::Note, "note:");
        out.push_str(&wrap(terminal.width, "", "      ", &format!("{label} {}", escape(note))));
    }
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let number = plan.steps.len();
    let current = match plan.current {
        0 => String::new(),
        1 => "; 1 other is current".to_owned(),
        current => format!("; {current} others are current"),
    };
    out.push_str(&match (number, preview) {
        (0, _) if plan.current == 0 && plan.follows => {
            line("Nothing was changed: nothing came of what is followed here.")
        }
        (0, _) if plan.current == 0 => line(
            "There is nothing to update: nothing is followed by name, and the starter set is built in here. \
             Name standards or guidelines in `follow`, and where they come from in `registries`.",
        ),
        (0, _) => line(&format!("Everything is current ({}).", plan.current)),
        (_, true) => line(&format!(
            "{number} would change{current}; nothing was written. To bring them: {}",
            paint.command("stanchion update")
        )),
        (_, false) => line(&format!(
            "{number} changed{current}. To make it known: {}, and commit.",
            paint.command(&escape(&shell::git(base, root, "add", [FOLDER])))
        )),
    });
    out
}

/// The copies that a party begins with, and their lock: for `stanchion init`.
pub(super) fn beginning(party: &Party) -> (BTreeMap<PathBuf, String>, Lock) {
    let offers = Offers::starter();
    let follows = party.config.follow.iter().any(|entry| matches!(entry.what, Follow::Starter));
    let mut files = BTreeMap::new();
    let mut lock = Lock::default();
    let wanted = Wanted { range: None, source: Some(STARTER), asker: None };
    for id in offers.starter_ids().filter(|_| follows) {
        let offered = offers.versions(id, false);
        let best = choose(&offered, &wanted, None).0;
        if let Some((best, Ok(text))) = best.map(|best| (best, offers.text(best))) {
            files.insert(Copies::guideline_path(id), text);
            lock.guidelines.push(locked(id, best));
        }
    }
    (files, lock)
}
