//! What `update` is going to do: decided copy by copy, in the order in which the party follows them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::{Comparator, Op, Version, VersionReq};

use super::super::Failure;
use super::super::guidelines::{Copies, STARTER, as_published};
use super::super::party::Party;
use super::copy::{self, Wanted, choose, fits, locked};
use super::offers::{Offered, Offers};
use super::version_of;
use crate::format::{self, Follow, Lock, Locked};
use crate::model::{GuidelineId, Origin};

/// Most texts of one name that are asked for in vain.
const TRIES: usize = 5;

/// What is to be done about one copy.
pub(super) struct Step {
    pub(super) id: GuidelineId,
    pub(super) is_standard: bool,
    /// The version that is here.
    pub(super) here: Option<Version>,
    /// The text that is here.
    pub(super) text: Option<String>,
    /// Whether it was edited here.
    pub(super) edited: bool,
    /// What comes.
    pub(super) new: Offered,
    /// Its text.
    pub(super) new_text: String,
}

/// Everything that there is to do, and to say.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// What was published of copies that were edited here, to lie beside them.
    pub(super) beside: Vec<(PathBuf, String)>,
    /// The lock as it will be.
    pub(super) lock: Lock,
    /// What else is worth saying.
    pub(super) notes: Vec<String>,
    /// Copies that are as they should be.
    pub(super) current: usize,
    /// Copies that nobody follows any more, relative to the party.
    pub(super) gone: Vec<(GuidelineId, PathBuf)>,
    /// Whether anything is followed by name, or by copies.
    pub(super) follows: bool,
}

/// Where the published text is put when the copy was edited here: no check reads it there.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".published");
    PathBuf::from(name)
}

/// Decides what is done. `majors` are taken whatever range is followed.
///
/// # Errors
/// A copy that cannot be read, a standard that cannot be used.
pub(super) fn plan(
    majors: &[GuidelineId],
    party: &Party,
    copies: &Copies,
    offers: &mut Offers,
) -> Result<Plan, Failure> {
    offers.ask(&copy::named(party), &copies.lock);
    let mut planner = Planner { majors, party, copies, offers, plan: Plan::default() };
    let mut wants = Wants::default();
    let mut standards = BTreeSet::new();
    // A standard whose members nobody knows today.
    let mut incomplete = false;
    for entry in &party.config.follow {
        match &entry.what {
            Follow::Directory(_) => {}
            Follow::Starter => {
                for id in copy::starter(planner.offers, copies) {
                    wants.add(id, Wanted { range: None, source: Some(STARTER), asker: None });
                }
            }
            Follow::Named { id, range } => {
                let wanted = Wanted { range: range.clone(), source: None, asker: None };
                if !planner.is_standard(id) {
                    wants.add(id.clone(), wanted);
                } else if standards.insert(id.clone()) {
                    let Some(text) = planner.decide(id, true, &wanted)? else {
                        incomplete = true;
                        continue;
                    };
                    for (member, range) in members(id, &text)? {
                        wants.add(
                            member,
                            Wanted { range: Some(range), source: None, asker: Some(id.clone()) },
                        );
                    }
                }
            }
        }
    }
    planner.plan.follows = !wants.order.is_empty() || !standards.is_empty();
    planner.offers.ask(&wants.not_asked(party), &copies.lock);
    for id in &wants.order {
        let wanted = &wants.first[id];
        planner.decide(id, false, wanted)?;
        planner.tell_of_others(id, wanted, wants.others.get(id));
    }
    let known = |id: &GuidelineId| wants.first.contains_key(id) || standards.contains(id);
    for id in majors.iter().filter(|id| !known(id)) {
        planner
            .plan
            .notes
            .push(format!("{id} is not followed by name here, so there is no copy of it to update"));
    }
    planner.leave(&wants, &standards, incomplete);
    Ok(planner.plan)
}

/// The members of a standard with their ranges.
fn members(id: &GuidelineId, text: &str) -> Result<Vec<(GuidelineId, VersionReq)>, Failure> {
    match format::parse_standard(id.as_str(), text, Origin::File(id.to_string())) {
        Ok(standard) => Ok(standard.members.into_iter().map(|(member, range, _)| (member, range)).collect()),
        Err(problems) => {
            Err(Failure::Problems { what: format!("the standard {id} cannot be used"), problems })
        }
    }
}

/// What is wanted of guidelines: who is named first decides.
#[derive(Default)]
struct Wants {
    order: Vec<GuidelineId>,
    first: BTreeMap<GuidelineId, Wanted>,
    others: BTreeMap<GuidelineId, Vec<Wanted>>,
}

impl Wants {
    fn add(&mut self, id: GuidelineId, wanted: Wanted) {
        if self.first.contains_key(&id) {
            self.others.entry(id).or_default().push(wanted);
        } else {
            self.order.push(id.clone());
            self.first.insert(id, wanted);
        }
    }

    /// The names that registries have not been asked for: members of standards.
    fn not_asked(&self, party: &Party) -> BTreeSet<GuidelineId> {
        let named = copy::named(party);
        let open =
            |(id, wanted): &(&GuidelineId, &Wanted)| wanted.source != Some(STARTER) && !named.contains(*id);
        self.first.iter().filter(open).map(|(id, _)| id.clone()).collect()
    }
}

struct Planner<'p> {
    majors: &'p [GuidelineId],
    party: &'p Party,
    copies: &'p Copies,
    offers: &'p mut Offers,
    plan: Plan,
}

impl Planner<'_> {
    /// Whether a name is that of a standard: as the lock says, or those who have it.
    fn is_standard(&self, id: &GuidelineId) -> bool {
        let lock = &self.copies.lock;
        let has = |all: &[Locked]| all.iter().any(|locked| locked.id == *id);
        has(&lock.standards) || !has(&lock.guidelines) && self.offers.is_standard(id)
    }

    /// What the lock says of a copy.
    fn old(&self, id: &GuidelineId, is_standard: bool) -> Option<&Locked> {
        let lock = &self.copies.lock;
        let all = if is_standard { &lock.standards } else { &lock.guidelines };
        all.iter().find(|locked| locked.id == *id)
    }

    fn note(&mut self, note: String) {
        self.plan.notes.push(note);
    }

    /// Decides about one copy. Returns the text that will be there.
    fn decide(
        &mut self,
        id: &GuidelineId,
        is_standard: bool,
        wanted: &Wanted,
    ) -> Result<Option<String>, Failure> {
        let path = copy::path_of(id, is_standard);
        let text = copy::read(&self.party.root, &path)?;
        let old = self.old(id, is_standard).cloned();
        let mut offered = self.offers.versions(id, is_standard);
        // After a merge, or without a lock, the copy may be any of the versions that somebody offers.
        let is_published = |sha: &str| {
            old.as_ref().is_some_and(|old| old.sha256 == sha) || offered.iter().any(|it| it.sha256 == sha)
        };
        let sha = text.as_deref().map(|text| format::digest(as_published(text, is_published).as_bytes()));
        // A text that somebody offers is that version, whatever the lock says; one that nobody offers and no lock knows is
        // somebody's own work.
        let known = offered.iter().find(|it| sha.as_deref() == Some(it.sha256.as_str())).cloned();
        let is_locked = matches!((&sha, &old), (Some(sha), Some(old)) if *sha == old.sha256);
        let edited = text.is_some() && known.is_none() && !is_locked;
        // An edited copy that gives itself a later version was merged with that one.
        let written = version_of(text.as_deref(), is_standard);
        let later = |version: &Version| old.as_ref().is_none_or(|old| *version > old.version);
        let merged = written.as_ref().filter(|version| edited && later(version));
        let merged = merged.and_then(|version| offered.iter().find(|it| it.version == *version)).cloned();
        let base = merged.as_ref().map(|it| locked(id, it)).or_else(|| old.clone());
        let here = known.as_ref().map(|it| it.version.clone());
        let here = here.or_else(|| base.as_ref().map(|base| base.version.clone())).or(written);
        let is_major = self.majors.contains(id);
        let free = Wanted { range: Some(VersionReq::STAR), ..wanted.clone() };
        let followed = wanted;
        let wanted = if is_major { &free } else { wanted };
        self.take_out(id, &mut offered, text.is_some(), old.as_ref(), (sha.as_deref(), wanted));
        // What is here stays while it fits and nothing later does.
        let stays = |best: &Offered| {
            text.is_some() && here.as_ref().is_some_and(|here| fits(here, wanted) && best.version <= *here)
        };
        // A text that does not come, or is not what was published, gives way to the next best version.
        let mut new_text = None;
        for _ in 0..TRIES {
            let Some(best) = choose(&offered, wanted, here.as_ref()).0 else { break };
            if stays(best) {
                break;
            }
            match self.offers.text(best) {
                Ok(text) => {
                    new_text = Some(text);
                    break;
                }
                Err(why) => {
                    let lost = best.clone();
                    offered.retain(|it| *it != lost);
                    self.note(why);
                }
            }
        }
        let (best, beyond) = choose(&offered, wanted, here.as_ref());
        if let Some(beyond) = beyond {
            let how = match (&wanted.asker, &wanted.range) {
                (Some(asker), Some(range)) => format!("{asker} asks for {range}"),
                (_, Some(_)) => format!("follow {id}@{} to have it", beyond.version.major),
                (_, None) => format!("`stanchion update --major {id}` brings it"),
            };
            self.note(format!("{id} {} is there, outside of what is followed here; {how}", beyond.version));
        }
        let best = best.cloned();
        match (best, new_text) {
            (Some(best), Some(new_text)) => {
                // The lock says what the copy was made from, until somebody merges the two.
                let entry = if edited { base.clone() } else { None };
                self.keep(entry.unwrap_or_else(|| locked(id, &best)), is_standard);
                if is_major {
                    self.tell_of_range(id, followed, &best.version);
                }
                let will = if edited { text.clone() } else { Some(new_text.clone()) };
                let step = Step { id: id.clone(), is_standard, here, text, edited, new: best, new_text };
                self.plan.steps.push(step);
                Ok(will)
            }
            (best, _) => {
                let entry = match (&known, base) {
                    (Some(known), _) if !is_locked => Some(locked(id, known)),
                    (_, base) => base,
                };
                if let Some(entry) = entry {
                    self.keep(entry, is_standard);
                }
                if text.is_some() {
                    self.plan.current += 1;
                } else {
                    self.tell_of_none(id, is_standard, wanted, best.is_some());
                }
                if edited {
                    self.put_beside(id, is_standard, here.as_ref());
                }
                Ok(text)
            }
        }
    }

    /// Takes out of what is offered what must not be taken, and says why.
    fn take_out(
        &mut self,
        id: &GuidelineId,
        offered: &mut Vec<Offered>,
        is_here: bool,
        old: Option<&Locked>,
        (sha, wanted): (Option<&str>, &Wanted),
    ) {
        // A version has one text for ever: that which was copied.
        let other = old.and_then(|old| {
            let other = |it: &&Offered| it.version == old.version && it.sha256 != old.sha256;
            offered.iter().find(other).map(|it| (old, it.source.clone()))
        });
        if let Some((old, source)) = other {
            let what = if is_here { "the copy is left as it is" } else { "it is not taken" };
            self.note(format!(
                "{id} {} has another text in {source} than the one that was copied, under the same version; {what}",
                old.version
            ));
            // Nor is an earlier one, which asks for something else.
            offered.retain(|it| it.version > old.version || it.sha256 == old.sha256);
        }
        // What was yanked is for those who have it, and for those who name it.
        let own =
            |it: &Offered| sha == Some(it.sha256.as_str()) || old.is_some_and(|old| old.sha256 == it.sha256);
        if let Some((version, why)) =
            offered.iter().find(|it| own(it)).and_then(|it| Some((it.version.clone(), it.yanked.clone()?)))
        {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            self.note(format!("{id} {version}, which is followed here, was yanked{why}"));
        }
        let is_named =
            |it: &Offered| wanted.range.as_ref().is_some_and(|range| is_exactly(range, &it.version));
        offered.retain(|it| it.yanked.is_none() || own(it) || is_named(it));
    }

    /// Says that the range has to change if what came is to stay.
    fn tell_of_range(&mut self, id: &GuidelineId, followed: &Wanted, version: &Version) {
        let Some(range) = followed.range.as_ref().filter(|range| !range.matches(version)) else { return };
        let major = copy::major(version);
        self.note(match &followed.asker {
            None => format!("{id} is followed in {range}: write {id}@{major} into `follow`, else the next update goes back"),
            Some(asker) => format!("{asker} asks for {id} in {range}: name {id}@{major} before it in `follow`, else the next update goes back"),
        });
    }

    /// Says that there is no copy, and none comes.
    fn tell_of_none(&mut self, id: &GuidelineId, is_standard: bool, wanted: &Wanted, is_offered: bool) {
        let what = if is_standard { "standard" } else { "guideline" };
        let note = match (self.offers.unanswered(id), &wanted.range) {
            // Why was said for each of its texts.
            _ if is_offered => return,
            (Some(registry), _) => {
                format!(
                    "the {what} {id} has no copy yet, and {registry} could not be asked: nobody else is asked instead"
                )
            }
            (None, Some(range)) => format!("no source has the {what} {id} in {range}"),
            (None, None) => format!("no source has the {what} {id}"),
        };
        self.note(note);
    }

    /// Others who want the same guideline, in a range that is not served.
    fn tell_of_others(&mut self, id: &GuidelineId, first: &Wanted, others: Option<&Vec<Wanted>>) {
        let step = self.plan.steps.iter().find(|step| step.id == *id && !step.is_standard);
        let version = step.map(|step| step.new.version.clone());
        let kept = || self.plan.lock.guidelines.iter().find(|it| it.id == *id).map(|it| it.version.clone());
        let Some(version) = version.or_else(kept) else { return };
        let asker = |wanted: &Wanted| match (&wanted.asker, wanted.source) {
            (Some(asker), _) => asker.to_string(),
            (None, Some(source)) => format!("`{source}`"),
            (None, None) => "`follow`".to_owned(),
        };
        for other in others.into_iter().flatten() {
            if let Some(range) = other.range.as_ref().filter(|range| !range.matches(&version)) {
                self.plan.notes.push(format!(
                    "{} asks for {id} in {range}; {} is named first, and counts",
                    asker(other),
                    asker(first)
                ));
            }
        }
    }

    /// Says that a copy was edited, and puts what was published beside it.
    fn put_beside(&mut self, id: &GuidelineId, is_standard: bool, here: Option<&Version>) {
        let path = copy::path_of(id, is_standard);
        let sha = self.plan.locked(id, is_standard).map(|locked| locked.sha256.clone());
        let published =
            self.offers.versions(id, is_standard).into_iter().find(|it| Some(&it.sha256) == sha.as_ref());
        let version = here.map_or_else(String::new, |here| format!(" ({here})"));
        let text = published.map(|it| self.offers.text(&it));
        let place = beside(&path);
        let note = match text {
            Some(Ok(text)) => {
                let note = format!(
                    "the copy of {id}{version} was edited here and is kept; what was published lies beside it in {}",
                    place.display()
                );
                self.plan.beside.push((place, text));
                note
            }
            _ => format!("the copy of {id}{version} was edited here and is kept"),
        };
        self.note(note);
    }

    /// What stays in the lock of what nobody follows any more, and what goes.
    fn leave(&mut self, wants: &Wants, standards: &BTreeSet<GuidelineId>, incomplete: bool) {
        let of_starter = self.party.config.follow.iter().any(|entry| matches!(entry.what, Follow::Starter));
        let lock = self.copies.lock.clone();
        for locked in lock.guidelines.into_iter().filter(|locked| !wants.first.contains_key(&locked.id)) {
            // A newer program's starter set may have more than this one's; members of a standard that did not come are not
            // known.
            if incomplete || of_starter && locked.source == STARTER {
                self.plan.current += 1;
                self.keep(locked, false);
            } else {
                let path = Copies::guideline_path(&locked.id);
                self.plan.gone.push((locked.id, path));
            }
        }
        for locked in lock.standards.into_iter().filter(|locked| !standards.contains(&locked.id)) {
            let path = Copies::standard_path(&locked.id);
            self.plan.gone.push((locked.id, path));
        }
        let root = &self.party.root;
        self.plan.gone.retain(|(_, path)| root.join(path).symlink_metadata().is_ok());
    }

    fn keep(&mut self, locked: Locked, is_standard: bool) {
        let lock = &mut self.plan.lock;
        let all = if is_standard { &mut lock.standards } else { &mut lock.guidelines };
        all.push(locked);
    }
}

impl Plan {
    fn locked(&self, id: &GuidelineId, is_standard: bool) -> Option<&Locked> {
        let all = if is_standard { &self.lock.standards } else { &self.lock.guidelines };
        all.iter().find(|locked| locked.id == *id)
    }
}

/// Whether a range names this version and no other.
fn is_exactly(range: &VersionReq, version: &Version) -> bool {
    matches!(range.comparators.as_slice(), [Comparator { op: Op::Exact, minor: Some(_), patch: Some(_), .. }])
        && range.matches(version)
}
