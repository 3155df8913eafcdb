//! `stanchion update`: copies newer versions of followed guidelines and standards to the repository.

pub(super) mod copy;
mod folder;
mod offers;
mod plan;
mod preview;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::Version;

use super::guidelines::{Copies, LOCK, STARTER};
use super::project::{CONFIG, POLICY_FOLDER, Project};
use super::terminal::Terminal;
use super::{Exit, Failure, cache, root, shell, write_lock};
use crate::format::{self, Follow, Lock, LockEntry};
use crate::model::{Guideline, GuidelineId, Origin};
use crate::report::escape::escape;
use crate::report::{Role, describe_differences, wrap};
use copy::{WantedVersion, choose_version, lock_entry};
use offers::Offers;
use plan::{UpdatePlan, UpdateStep, published_path};

/// Update the copies of followed guidelines and standards
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  stanchion update --preview              show what would change
  stanchion update                        update the copies
  stanchion update --major acme/logs      also take a new major version

`check` only uses the copies in .stanchion and never contacts a registry.
Versions come from the `registries` in stanchion.toml (URLs and folders; the
first one that has the guideline or standard is used). The starter set comes
from this program. An unavailable registry costs at most 15 seconds and changes
nothing. Copies with local edits are kept.")]
pub(super) struct Arguments {
    /// Any path inside the repository [default: the current folder]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Show the changes, and which findings would appear or disappear, without writing anything
    #[arg(long)]
    preview: bool,
    /// Update this guideline to its newest version, even to a new major version; repeatable
    #[arg(long, value_name = "ID")]
    major: Vec<String>,
}

/// Updates the copies, or shows a preview.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let selection = root::locate(&base, arguments.path.as_slice())?;
    let project = Project::read(&selection.root)?;
    let copies = Copies::read_merged(&selection.root)
        .map_err(|problems| Failure::Problems { message: "the lock cannot be used".to_owned(), problems })?;
    if project.text.is_none() {
        return Err(Failure::new(format!("this repository has no {CONFIG}, so nothing is followed by name"))
            .with_help("create one with `stanchion init`"));
    }
    let mut offers = Offers::of(&project, &cache::read_registry_index);
    let majors: Vec<GuidelineId> = arguments
        .major
        .iter()
        .map(|id| {
            GuidelineId::new(id)
                .map_err(|why| Failure::new(format!("`{id}` is not a valid guideline id: {why}")))
        })
        .collect::<Result<_, _>>()?;
    let plan = plan::plan_update(&majors, &project, &copies, &mut offers)?;
    for (registry, index) in offers.cached_indexes() {
        cache::write_registry_index(registry, &index);
    }
    if arguments.preview {
        let text = preview::render_preview(&selection.root, &project, &plan.steps, terminal)?;
        terminal.print(&text)?;
        terminal.print(&render_summary(&plan, &offers, (&base, &selection.root), true, terminal))?;
        return Ok(Exit::Ran);
    }
    write_plan(&selection.root, &copies.lock, &plan, terminal)?;
    terminal.print(&render_summary(&plan, &offers, (&base, &selection.root), false, terminal))?;
    Ok(Exit::Ran)
}

/// Writes the copies, and then the lock.
fn write_plan(root: &Path, before: &Lock, plan: &UpdatePlan, terminal: &Terminal) -> Result<(), Failure> {
    let _lock = write_lock::acquire(root)?;
    let changed = |what: &Path| {
        Failure::new(format!("{} was changed by another process", what.display()))
            .with_help("run `stanchion update` again; nothing was written")
    };
    if Copies::read_merged(root).map_or(true, |copies| copies.lock != *before) {
        return Err(changed(Path::new(LOCK)));
    }
    for step in &plan.steps {
        let path = copy::copy_path(&step.id, step.is_standard);
        if copy::read_copy(root, &path)? != step.text {
            return Err(changed(&path));
        }
    }
    let mut out = String::new();
    for (nth, step) in plan.steps.iter().enumerate() {
        let path = copy::copy_path(&step.id, step.is_standard);
        let target = if step.edited { published_path(&path) } else { path };
        if let Err(failure) = copy::write_copy(root, &target, &step.new_text) {
            // The lock records the copies written so far. An error of this write is ignored: the first one is
            // reported.
            let _ = copy::write_lock(root, before, &partial_lock(before, plan, nth));
            return Err(failure);
        }
        out.push_str(&describe_step(step, &target, terminal));
    }
    // Written before anything else can fail, so that the lock matches the copies.
    copy::write_lock(root, before, &plan.lock)?;
    terminal.print(&out)?;
    for (path, text) in &plan.published_texts {
        if copy::read_copy(root, path)?.as_deref() != Some(text.as_str()) {
            copy::write_copy(root, path, text)?;
        }
    }
    Ok(())
}

/// The lock after the first `done` steps; entries of later steps are unchanged.
fn partial_lock(before: &Lock, plan: &UpdatePlan, done: usize) -> Lock {
    let is_open = |id: &GuidelineId, is_standard: bool| {
        plan.steps[done..].iter().any(|step| step.id == *id && step.is_standard == is_standard)
    };
    let of = |before: &[LockEntry], after: &[LockEntry], is_standard: bool| -> Vec<LockEntry> {
        let new = after.iter().filter(|it| !is_open(&it.id, is_standard));
        new.chain(before.iter().filter(|it| is_open(&it.id, is_standard))).cloned().collect()
    };
    Lock {
        guidelines: of(&before.guidelines, &plan.lock.guidelines, false),
        standards: of(&before.standards, &plan.lock.standards, true),
    }
}

/// Parses the text of a guideline.
fn parse_guideline(id: &GuidelineId, text: &str) -> Option<Guideline> {
    format::parse_guideline(id.as_str(), text, Origin::File(id.to_string()), &|_| Some("{}".to_owned())).ok()
}

/// Parses the text of a guideline with the project's valid settings for it.
fn parse_with_settings(project: &Project, id: &GuidelineId, text: &str) -> Option<Guideline> {
    let plain = parse_guideline(id, text)?;
    let fits = |setting: &&format::Setting| {
        setting.guideline == *id && format::setting_problem(&plain, &setting.name, &setting.value).is_none()
    };
    let own = project.config.settings.iter().filter(fits);
    let values: Vec<_> = own.map(|setting| (setting.name.clone(), setting.value.clone())).collect();
    if values.is_empty() {
        return Some(plain);
    }
    let origin = Origin::File(id.to_string());
    format::parse_guideline_with_settings(id.as_str(), text, origin, &|_| Some("{}".to_owned()), &values).ok()
}

fn version_of(text: Option<&str>, is_standard: bool) -> Option<Version> {
    let text = text?;
    if is_standard {
        return format::parse_standard("", text, Origin::Starter).ok().map(|standard| standard.version);
    }
    format::parse_guideline("", text, Origin::Starter, &|_| Some("{}".to_owned()))
        .ok()
        .map(|guideline| guideline.version)
}

/// Describes the change of one copy.
fn describe_step(step: &UpdateStep, target: &Path, terminal: &Terminal) -> String {
    let paint = terminal.paint();
    let id = paint.text(Role::Strong, step.id.as_str());
    let text = match (&step.here, step.edited) {
        (Some(here), true) => format!(
            "{id}: kept the copy with local edits ({here}); wrote {} to {} for you to merge",
            step.new.version,
            escape(&target.to_string_lossy())
        ),
        (Some(here), false) if step.text.is_none() && *here == step.new.version => {
            format!("{id}: restored {here} from {}", escape(&step.new.source))
        }
        (Some(here), false) => {
            let (arrow, new) = (terminal.paint().arrow(), &step.new);
            let back = if *here > new.version { "back to " } else { "" };
            format!("{id}: {here} {arrow} {back}{} from {}", new.version, escape(&new.source))
        }
        (None, _) => format!("{id}: {} from {}", step.new.version, escape(&step.new.source)),
    };
    let mut out = wrap(terminal.width, "", "  ", &text);
    for change in describe_changes(step) {
        out.push_str(&wrap(terminal.width, "  - ", "    ", &escape(&change)));
    }
    out
}

/// Describes the differences between the old and the new text.
fn describe_changes(step: &UpdateStep) -> Vec<String> {
    if step.is_standard {
        return vec![];
    }
    let old = step.text.as_deref().and_then(|text| parse_guideline(&step.id, text));
    match (old, parse_guideline(&step.id, &step.new_text)) {
        (Some(old), Some(new)) => describe_differences(&old, &new),
        _ => vec![],
    }
}

/// Renders the summary at the end.
fn render_summary(
    plan: &UpdatePlan,
    offers: &Offers,
    (base, root): (&Path, &Path),
    preview: bool,
    terminal: &Terminal,
) -> String {
    let paint = terminal.paint();
    let mut out = String::new();
    let gone = plan.unfollowed.iter().map(|(id, path)| {
        let command = shell::git_command(base, root, "rm", [&*path.to_string_lossy()]);
        format!("{id} is no longer followed; to remove its copy: {command}")
    });
    let gone: Vec<String> = gone.collect();
    for note in plan.notes.iter().chain(&gone).chain(&offers.messages) {
        let label = paint.text(Role::Note, "note:");
        out.push_str(&wrap(terminal.width, "", "      ", &format!("{label} {}", escape(note))));
    }
    let line = |text: &str| wrap(terminal.width, "", "  ", text);
    let number = plan.steps.len();
    let current = match plan.current {
        0 => String::new(),
        1 => "; 1 other is up to date".to_owned(),
        current => format!("; {current} others are up to date"),
    };
    out.push_str(&match (number, preview) {
        (0, _) if plan.current == 0 && plan.follows => {
            line("Nothing was changed: no source provided a followed guideline.")
        }
        (0, _) if plan.current == 0 => line(
            "Nothing to update: nothing is followed by name, and the starter set is built in. List guidelines or \
             standards in `follow`, and their sources in `registries`.",
        ),
        (0, _) if plan.current == 1 => line("Everything is up to date (1 copy)."),
        (0, _) => line(&format!("Everything is up to date ({} copies).", plan.current)),
        (_, true) => line(&format!(
            "{number} would change{current}; nothing was written. To apply: {}",
            paint.command("stanchion update")
        )),
        (_, false) => line(&format!(
            "{number} changed{current}. To share it: {}, then commit.",
            paint.command(&escape(&shell::git_command(base, root, "add", [POLICY_FOLDER])))
        )),
    });
    out
}

/// The first copies of a project and their lock, for `stanchion init`.
pub(super) fn initial_copies(project: &Project) -> (BTreeMap<PathBuf, String>, Lock) {
    let offers = Offers::starter();
    let follows = project.config.follow.iter().any(|entry| matches!(entry.target, Follow::Starter));
    let mut files = BTreeMap::new();
    let mut lock = Lock::default();
    let wanted = WantedVersion { range: None, source: Some(STARTER), requested_by: None };
    for id in offers.starter_ids().filter(|_| follows) {
        let offered = offers.versions(id, false);
        let best = choose_version(&offered, &wanted, None).0;
        if let Some((best, Ok(text))) = best.map(|best| (best, offers.fetch_text(best))) {
            files.insert(Copies::guideline_path(id), text);
            lock.guidelines.push(lock_entry(id, best));
        }
    }
    (files, lock)
}
