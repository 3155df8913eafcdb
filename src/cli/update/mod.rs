//! `stanchion update`: newer versions of what is followed, as copies in the repository.

pub(super) mod copy;
mod offers;
mod preview;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::Version;

use super::guidelines::Copies;
use super::party::{CONFIG, Party};
use super::terminal::Terminal;
use super::{Exit, Failure, cache, root};
use crate::format::{self, Lock};
use crate::model::{Guideline, GuidelineId, Origin};
use crate::report::escape::escape;
use crate::report::{Role, differences, wrap};
use copy::{Wanted, choose, locked};
use offers::{Offered, Offers};

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

/// What is to be done about one copy.
pub(super) struct Step {
    id: GuidelineId,
    is_standard: bool,
    /// The version that is here.
    here: Option<Version>,
    /// The text that is here.
    text: Option<String>,
    /// Whether it was edited here.
    edited: bool,
    /// What comes.
    new: Offered,
    /// Its text.
    new_text: String,
}

/// Everything that there is to do, and to say.
#[derive(Default)]
struct Plan {
    steps: Vec<Step>,
    /// The lock as it will be.
    lock: Lock,
    /// What else is worth saying.
    notes: Vec<String>,
    /// Copies that are as they should be.
    current: usize,
}

/// Updates.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Exit, Failure> {
    let base = root::current_directory()?;
    let place = root::locate(&base, arguments.path.as_slice())?;
    let party = Party::read(&place.root)?;
    let (copies, problems) = Copies::read(&place.root);
    if !problems.is_empty() {
        return Err(Failure::Problems { what: "the lock cannot be used".to_owned(), problems });
    }
    if party.text.is_none() {
        return Err(Failure::new(format!("there is no {CONFIG} here, so nothing is followed by name"))
            .with_help("`stanchion init` writes one, with copies of the starter set"));
    }
    let mut offers = Offers::of(&party, &cache::of_registry);
    offers.ask(&copy::named(&party));
    let plan = plan(arguments, &party, &copies, &mut offers)?;
    for (registry, remembered) in offers.remembered() {
        cache::keep_of_registry(registry, &remembered);
    }
    if arguments.preview {
        let text = preview::preview(&place.root, &party, &plan.steps, terminal)?;
        terminal.print(&text)?;
        terminal.print(&closing(&plan, &offers, true, terminal))?;
        return Ok(Exit::Ran);
    }
    for step in &plan.steps {
        let path = copy::path_of(&step.id, step.is_standard);
        let target = if step.edited { beside(&path) } else { path };
        copy::write(&place.root, &target, &step.new_text)?;
        terminal.print(&line(step, &target, terminal))?;
    }
    copy::write_lock(&place.root, &copies.lock, &plan.lock)?;
    terminal.print(&closing(&plan, &offers, false, terminal))?;
    Ok(Exit::Ran)
}

/// Where the published text is put when the copy was edited here: no check reads it there.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".published");
    PathBuf::from(name)
}

fn plan(arguments: &Arguments, party: &Party, copies: &Copies, offers: &mut Offers) -> Result<Plan, Failure> {
    let (mut guidelines, standards) = copy::wanted(party, offers, &copies.lock, false);
    let mut members = BTreeSet::new();
    let mut plan = Plan::default();
    let majors: Vec<GuidelineId> = arguments
        .major
        .iter()
        .map(|id| GuidelineId::new(id).map_err(|why| Failure::new(format!("`{id}` is no guideline: {why}"))))
        .collect::<Result<_, _>>()?;
    for (id, wanted) in &standards {
        let text = plan.add(id, true, wanted, offers, &majors, party, copies)?;
        let Some(text) = text else { continue };
        match format::parse_standard(id.as_str(), &text, Origin::File(id.to_string())) {
            Ok(standard) => {
                for (member, range, _) in standard.members {
                    let wanted = Wanted { range: Some(range), source: None };
                    if !guidelines.contains_key(&member) {
                        members.insert(member.clone());
                    }
                    guidelines.entry(member).or_insert(wanted);
                }
            }
            Err(problems) => {
                let what = format!("the standard {id} cannot be used");
                return Err(Failure::Problems { what, problems });
            }
        }
    }
    offers.ask(&members);
    for (id, wanted) in &guidelines {
        plan.add(id, false, wanted, offers, &majors, party, copies)?;
    }
    for id in majors.iter().filter(|id| !guidelines.contains_key(*id) && !standards.contains_key(*id)) {
        plan.notes.push(format!("{id} is not followed by name here, so there is no copy of it to update"));
    }
    for gone in copies.lock.guidelines.iter().filter(|locked| !guidelines.contains_key(&locked.id)) {
        plan.notes.push(format!(
            "{} is not followed any more; its copy can go: git rm {}",
            gone.id,
            Copies::guideline_path(&gone.id).display()
        ));
    }
    Ok(plan)
}

impl Plan {
    /// Decides about one copy. Returns the text that will be there.
    #[expect(clippy::too_many_arguments, reason = "one decision, by everything that is known")]
    fn add(
        &mut self,
        id: &GuidelineId,
        is_standard: bool,
        wanted: &Wanted,
        offers: &Offers,
        majors: &[GuidelineId],
        party: &Party,
        copies: &Copies,
    ) -> Result<Option<String>, Failure> {
        let text = copy::read(&party.root, &copy::path_of(id, is_standard))?;
        let of_lock = if is_standard { &copies.lock.standards } else { &copies.lock.guidelines };
        let old = of_lock.iter().find(|locked| locked.id == *id);
        let new_lock = if is_standard { &mut self.lock.standards } else { &mut self.lock.guidelines };
        let sha = text.as_deref().map(sha256);
        let offered = if is_standard { offers.standards.get(id) } else { offers.guidelines.get(id) };
        let mut offered = offered.cloned().unwrap_or_default();
        // A text that somebody offers is that version, whatever the lock says; one that nobody offers and no lock knows is
        // somebody's own work.
        let known = offered.iter().find(|it| sha.as_deref() == Some(it.sha256.as_str())).cloned();
        let is_locked = matches!((&sha, old), (Some(sha), Some(old)) if *sha == old.sha256);
        let edited = text.is_some() && known.is_none() && !is_locked;
        let here = known.as_ref().map(|known| known.version.clone());
        let here = here.or_else(|| old.map(|old| old.version.clone()));
        let here = here.or_else(|| version_of(text.as_deref(), is_standard));
        let free = Wanted { range: Some(semver::VersionReq::STAR), ..wanted.clone() };
        let wanted = if majors.contains(id) { &free } else { wanted };
        let is_newer = |it: &Offered| here.as_ref().is_none_or(|here| it.version > *here);
        // A version has one text for ever: that which was copied.
        if let (None, Some(old)) = (&text, old)
            && let Some(other) =
                offered.iter().find(|it| it.version == old.version && it.sha256 != old.sha256).cloned()
        {
            self.notes.push(format!(
                "{id} {} has another text in {} than the one that was copied, under the same version; it is not taken",
                old.version, other.source
            ));
            // Nor is an earlier one, which asks for something else.
            offered.retain(|it| it.version > old.version || it.sha256 == old.sha256);
        }
        // A text that does not come, or is not what was published, gives way to the next best version.
        let mut new_text = None;
        while let Some(best) = choose(&offered, wanted, here.as_ref()).0 {
            if text.is_some() && !is_newer(best) {
                break;
            }
            match offers.text(best) {
                Ok(text) => {
                    new_text = Some(text);
                    break;
                }
                Err(why) => {
                    self.notes.push(why);
                    let lost = best.clone();
                    offered.retain(|it| *it != lost);
                }
            }
        }
        let (best, beyond) = choose(&offered, wanted, here.as_ref());
        if let Some(beyond) = beyond {
            let how = if wanted.range.is_some() {
                format!("follow {id}@{} to have it", beyond.version.major)
            } else {
                format!("`stanchion update --major {id}` brings it")
            };
            self.notes
                .push(format!("{id} {} is there, outside of what is followed here; {how}", beyond.version));
        }
        let Some(best) = best else {
            if let Some(old) = old {
                new_lock.push(old.clone());
            }
            let what = if is_standard { "standard" } else { "guideline" };
            match (&text, wanted.range.as_ref()) {
                (Some(_), _) => {}
                (None, Some(range)) => self.notes.push(format!("no source has the {what} {id} in {range}")),
                (None, None) => self.notes.push(format!("no source has the {what} {id}")),
            }
            return Ok(text);
        };
        let Some(new_text) = new_text else {
            if let (Some(known), false) = (&known, is_locked) {
                new_lock.push(locked(id, known));
            } else if let Some(old) = old {
                if best.version == old.version && best.sha256 != old.sha256 {
                    self.notes.push(format!(
                        "{id} {} has another text in {} than the one that was copied, under the same version; the \
                         copy is left as it is",
                        old.version, best.source
                    ));
                }
                new_lock.push(old.clone());
            } else if sha.as_deref() == Some(best.sha256.as_str()) {
                new_lock.push(locked(id, best));
            }
            self.current += 1;
            return Ok(text);
        };
        if edited && let Some(old) = old {
            // The lock says what the copy was made from, until somebody merges the two.
            new_lock.push(old.clone());
        } else {
            new_lock.push(locked(id, best));
        }
        let will = if edited { text.clone() } else { Some(new_text.clone()) };
        let new = best.clone();
        self.steps.push(Step { id: id.clone(), is_standard, here, text, edited, new, new_text });
        Ok(will)
    }
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    sha2::Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
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
        (Some(here), false) => {
            let (arrow, new) = (terminal.paint().arrow(), &step.new);
            format!("{id}: {here} {arrow} {} from {}", new.version, escape(&new.source))
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
fn closing(plan: &Plan, offers: &Offers, preview: bool, terminal: &Terminal) -> String {
    let paint = terminal.paint();
    let mut out = String::new();
    for note in plan.notes.iter().chain(&offers.troubles) {
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
            paint.command("git add .stanchion")
        )),
    });
    out
}

/// The copies that a party begins with, and their lock: for `stanchion init`.
pub(super) fn beginning(party: &Party) -> (BTreeMap<PathBuf, String>, Lock) {
    let offers = Offers::starter();
    let (guidelines, _) = copy::wanted(party, &offers, &Lock::default(), true);
    let mut files = BTreeMap::new();
    let mut lock = Lock::default();
    for (id, wanted) in guidelines {
        let best = offers.guidelines.get(&id).and_then(|offered| choose(offered, &wanted, None).0);
        if let Some((best, Ok(text))) = best.map(|best| (best, offers.text(best))) {
            files.insert(Copies::guideline_path(&id), text);
            lock.guidelines.push(locked(&id, best));
        }
    }
    (files, lock)
}
