//! Plans an update: decides on each copy, in the order of `follow`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use semver::{Comparator, Op, Version, VersionReq};

use super::super::Failure;
use super::super::guidelines::{Copies, STARTER, as_published};
use super::super::project::Project;
use super::copy::{self, WantedVersion, choose_version, fits, lock_entry};
use super::offers::{Offered, Offers};
use super::version_of;
use crate::format::{self, Follow, Lock, LockEntry};
use crate::model::{GuidelineId, Origin};

/// Maximum number of download attempts per name, each for a different version.
const MAX_DOWNLOADS: usize = 5;

/// A planned change of one copy.
pub(super) struct UpdateStep {
    pub(super) id: GuidelineId,
    pub(super) is_standard: bool,
    /// Version of the existing copy.
    pub(super) here: Option<Version>,
    /// Text of the existing copy.
    pub(super) text: Option<String>,
    /// Whether the existing copy has local edits.
    pub(super) edited: bool,
    /// New version.
    pub(super) new: Offered,
    /// Text of the new version.
    pub(super) new_text: String,
}

/// All planned changes and notes.
#[derive(Default)]
pub(super) struct UpdatePlan {
    pub(super) steps: Vec<UpdateStep>,
    /// Published texts of copies with local edits, to be written next to them.
    pub(super) published_texts: Vec<(PathBuf, String)>,
    /// New content of the lock.
    pub(super) lock: Lock,
    /// Notes for the user.
    pub(super) notes: Vec<String>,
    /// Number of copies that are up to date.
    pub(super) current: usize,
    /// Copies that are no longer followed, relative to the project.
    pub(super) unfollowed: Vec<(GuidelineId, PathBuf)>,
    /// Whether anything is followed by name or as copies of the starter set.
    pub(super) follows: bool,
}

/// Path next to an edited copy for its published text. Its extension keeps it from being loaded as a
/// guideline.
pub(super) fn published_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".published");
    PathBuf::from(name)
}

/// Plans the update. Guidelines in `majors` are updated to the newest version, regardless of the followed
/// range.
///
/// # Errors
/// A copy that cannot be read, or an invalid standard.
pub(super) fn plan_update(
    majors: &[GuidelineId],
    project: &Project,
    copies: &Copies,
    offers: &mut Offers,
) -> Result<UpdatePlan, Failure> {
    offers.query(&copy::followed_names(project), &copies.lock);
    let mut planner = UpdatePlanner { majors, project, copies, offers, plan: UpdatePlan::default() };
    let mut wants = WantedGuidelines::default();
    let mut standards = BTreeSet::new();
    // Whether the members of a standard are unknown, because it could not be fetched.
    let mut incomplete = false;
    for entry in &project.config.follow {
        match &entry.target {
            Follow::Directory(_) => {}
            Follow::Starter => {
                for id in copy::starter_copies(planner.offers, copies) {
                    wants.add(id, WantedVersion { range: None, source: Some(STARTER), requested_by: None });
                }
            }
            Follow::Named { id, range } => {
                let wanted = WantedVersion { range: range.clone(), source: None, requested_by: None };
                if !planner.is_standard(id) {
                    wants.add(id.clone(), wanted);
                } else if standards.insert(id.clone()) {
                    let Some(text) = planner.plan_copy(id, true, &wanted)? else {
                        incomplete = true;
                        continue;
                    };
                    for (member, range) in parse_members(id, &text)? {
                        wants.add(
                            member,
                            WantedVersion {
                                range: Some(range),
                                source: None,
                                requested_by: Some(id.clone()),
                            },
                        );
                    }
                }
            }
        }
    }
    planner.plan.follows = !wants.order.is_empty() || !standards.is_empty();
    planner.offers.query(&wants.names_to_query(project), &copies.lock);
    for id in &wants.order {
        let wanted = &wants.first[id];
        planner.plan_copy(id, false, wanted)?;
        planner.note_other_ranges(id, wanted, wants.others.get(id));
    }
    let known = |id: &GuidelineId| wants.first.contains_key(id) || standards.contains(id);
    for id in majors.iter().filter(|id| !known(id)) {
        planner.plan.notes.push(format!("{id} is not followed by name, so there is no copy to update"));
    }
    planner.list_unfollowed(&wants, &standards, incomplete);
    Ok(planner.plan)
}

/// Parses the members of a standard with their ranges.
fn parse_members(id: &GuidelineId, text: &str) -> Result<Vec<(GuidelineId, VersionReq)>, Failure> {
    match format::parse_standard(id.as_str(), text, Origin::File(id.to_string())) {
        Ok(standard) => Ok(standard.members.into_iter().map(|(member, range, _)| (member, range)).collect()),
        Err(problems) => {
            Err(Failure::Problems { message: format!("the standard {id} cannot be used"), problems })
        }
    }
}

/// Constraints per guideline; the first one in the order of `follow` applies.
#[derive(Default)]
struct WantedGuidelines {
    order: Vec<GuidelineId>,
    first: BTreeMap<GuidelineId, WantedVersion>,
    others: BTreeMap<GuidelineId, Vec<WantedVersion>>,
}

impl WantedGuidelines {
    fn add(&mut self, id: GuidelineId, wanted: WantedVersion) {
        if self.first.contains_key(&id) {
            self.others.entry(id).or_default().push(wanted);
        } else {
            self.order.push(id.clone());
            self.first.insert(id, wanted);
        }
    }

    /// Names that have not been looked up yet: members of standards.
    fn names_to_query(&self, project: &Project) -> BTreeSet<GuidelineId> {
        let named = copy::followed_names(project);
        let open = |(id, wanted): &(&GuidelineId, &WantedVersion)| {
            wanted.source != Some(STARTER) && !named.contains(*id)
        };
        self.first.iter().filter(open).map(|(id, _)| id.clone()).collect()
    }
}

struct UpdatePlanner<'p> {
    majors: &'p [GuidelineId],
    project: &'p Project,
    copies: &'p Copies,
    offers: &'p mut Offers,
    plan: UpdatePlan,
}

impl UpdatePlanner<'_> {
    /// Whether a name is a standard, according to the lock or to the registries.
    fn is_standard(&self, id: &GuidelineId) -> bool {
        let lock = &self.copies.lock;
        let has = |all: &[LockEntry]| all.iter().any(|locked| locked.id == *id);
        has(&lock.standards) || !has(&lock.guidelines) && self.offers.is_standard(id)
    }

    /// Lock entry of a copy.
    fn locked_entry(&self, id: &GuidelineId, is_standard: bool) -> Option<&LockEntry> {
        let lock = &self.copies.lock;
        let all = if is_standard { &lock.standards } else { &lock.guidelines };
        all.iter().find(|locked| locked.id == *id)
    }

    fn add_note(&mut self, note: String) {
        self.plan.notes.push(note);
    }

    /// Decides on one copy. Returns the text that it will have.
    fn plan_copy(
        &mut self,
        id: &GuidelineId,
        is_standard: bool,
        wanted: &WantedVersion,
    ) -> Result<Option<String>, Failure> {
        let path = copy::copy_path(id, is_standard);
        let text = copy::read_copy(&self.project.root, &path)?;
        let old = self.locked_entry(id, is_standard).cloned();
        let mut offered = self.offers.versions(id, is_standard);
        // After a merge or without a lock, the copy may be any offered version.
        let is_published = |sha: &str| {
            old.as_ref().is_some_and(|old| old.sha256 == sha) || offered.iter().any(|it| it.sha256 == sha)
        };
        let sha = text.as_deref().map(|text| format::sha256_hex(as_published(text, is_published).as_bytes()));
        // A copy with the digest of an offered version is that version, regardless of the lock. A copy that
        // matches neither an offered version nor the lock has local edits.
        let known = offered.iter().find(|it| sha.as_deref() == Some(it.sha256.as_str())).cloned();
        let is_locked = matches!((&sha, &old), (Some(sha), Some(old)) if *sha == old.sha256);
        let edited = text.is_some() && known.is_none() && !is_locked;
        // An edited copy with a later version in its front matter was merged with that version.
        let written = version_of(text.as_deref(), is_standard);
        let later = |version: &Version| old.as_ref().is_none_or(|old| *version > old.version);
        let merged = written.as_ref().filter(|version| edited && later(version));
        let merged = merged.and_then(|version| offered.iter().find(|it| it.version == *version)).cloned();
        let base = merged.as_ref().map(|it| lock_entry(id, it)).or_else(|| old.clone());
        let here = known.as_ref().map(|it| it.version.clone());
        let here = here.or_else(|| base.as_ref().map(|base| base.version.clone())).or(written);
        let is_major = self.majors.contains(id);
        let free = WantedVersion { range: Some(VersionReq::STAR), ..wanted.clone() };
        let followed = wanted;
        let wanted = if is_major { &free } else { wanted };
        self.drop_unusable_offers(id, &mut offered, text.is_some(), old.as_ref(), (sha.as_deref(), wanted));
        // The existing copy stays if it satisfies the range and no later version does.
        let stays = |best: &Offered| {
            text.is_some() && here.as_ref().is_some_and(|here| fits(here, wanted) && best.version <= *here)
        };
        // If a download fails or its digest does not match, the next best version is tried.
        let mut new_text = None;
        for _ in 0..MAX_DOWNLOADS {
            let Some(best) = choose_version(&offered, wanted, here.as_ref()).0 else { break };
            if stays(best) {
                break;
            }
            match self.offers.fetch_text(best) {
                Ok(text) => {
                    new_text = Some(text);
                    break;
                }
                Err(why) => {
                    let lost = best.clone();
                    offered.retain(|it| *it != lost);
                    self.add_note(why);
                }
            }
        }
        let (best, beyond) = choose_version(&offered, wanted, here.as_ref());
        if let Some(beyond) = beyond {
            let advice = match (&wanted.requested_by, &wanted.range) {
                (Some(requested_by), Some(range)) => format!("{requested_by} requires {range}"),
                (_, Some(_)) => format!("to get it, follow {id}@{}", beyond.version.major),
                (_, None) => format!("to get it, run `stanchion update --major {id}`"),
            };
            self.add_note(format!(
                "{id} {} is available, but outside the followed range; {advice}",
                beyond.version
            ));
        }
        let best = best.cloned();
        match (best, new_text) {
            (Some(best), Some(new_text)) => {
                // The lock keeps the version the edited copy is based on, until the user merges the new one.
                let entry = if edited { base.clone() } else { None };
                self.keep_entry(entry.unwrap_or_else(|| lock_entry(id, &best)), is_standard);
                if is_major {
                    self.note_range_change(id, followed, &best.version);
                }
                let will = if edited { text.clone() } else { Some(new_text.clone()) };
                let step =
                    UpdateStep { id: id.clone(), is_standard, here, text, edited, new: best, new_text };
                self.plan.steps.push(step);
                Ok(will)
            }
            (best, _) => {
                let entry = match (&known, base) {
                    (Some(known), _) if !is_locked => Some(lock_entry(id, known)),
                    (_, base) => base,
                };
                if let Some(entry) = entry {
                    self.keep_entry(entry, is_standard);
                }
                if text.is_some() {
                    self.plan.current += 1;
                } else {
                    self.note_missing_copy(id, is_standard, wanted, best.is_some());
                }
                if edited {
                    self.plan_published_text(id, is_standard, here.as_ref());
                }
                Ok(text)
            }
        }
    }

    /// Removes versions that must not be used from the offers, and adds notes with the reasons.
    fn drop_unusable_offers(
        &mut self,
        id: &GuidelineId,
        offered: &mut Vec<Offered>,
        is_here: bool,
        old: Option<&LockEntry>,
        (sha, wanted): (Option<&str>, &WantedVersion),
    ) {
        // The text of a version never changes, so a different digest for the copied version is a conflict.
        let other = old.and_then(|old| {
            let other = |it: &&Offered| it.version == old.version && it.sha256 != old.sha256;
            offered.iter().find(other).map(|it| (old, it.source.clone()))
        });
        if let Some((old, source)) = other {
            let what = if is_here { "the copy is unchanged" } else { "it is not used" };
            self.add_note(format!(
                "checksum mismatch: {id} {} in {source} differs from the copied text of the same version; {what}",
                old.version
            ));
            // Earlier versions are not used either: they may require something else.
            offered.retain(|it| it.version > old.version || it.sha256 == old.sha256);
        }
        // A yanked version is only used if it is already copied or requested exactly.
        let own =
            |it: &Offered| sha == Some(it.sha256.as_str()) || old.is_some_and(|old| old.sha256 == it.sha256);
        if let Some((version, why)) =
            offered.iter().find(|it| own(it)).and_then(|it| Some((it.version.clone(), it.yanked.clone()?)))
        {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            self.add_note(format!("{id} {version}, which is used here, was yanked{why}"));
        }
        let is_named =
            |it: &Offered| wanted.range.as_ref().is_some_and(|range| is_exactly(range, &it.version));
        offered.retain(|it| it.yanked.is_none() || own(it) || is_named(it));
    }

    /// Notes that `follow` must change to keep the new version.
    fn note_range_change(&mut self, id: &GuidelineId, followed: &WantedVersion, version: &Version) {
        let Some(range) = followed.range.as_ref().filter(|range| !range.matches(version)) else { return };
        let major = copy::major_range(version);
        self.add_note(match &followed.requested_by {
            None => format!("{id} is followed as {range}: change it to {id}@{major} in `follow`, otherwise the next update reverts it"),
            Some(requested_by) => format!("{requested_by} requires {id} {range}: add {id}@{major} before it in `follow`, otherwise the next update reverts it"),
        });
    }

    /// Notes that there is no copy, and no source for it.
    fn note_missing_copy(
        &mut self,
        id: &GuidelineId,
        is_standard: bool,
        wanted: &WantedVersion,
        is_offered: bool,
    ) {
        let what = if is_standard { "standard" } else { "guideline" };
        let fits = |version: &Version| wanted.range.as_ref().is_none_or(|range| range.matches(version));
        let offered = self.offers.versions(id, is_standard);
        let yanked = offered.iter().find(|it| it.yanked.is_some() && fits(&it.version));
        let yanked =
            yanked.map_or_else(String::new, |it| format!(", apart from {}, which was yanked", it.version));
        let note = match (self.offers.unavailable_registry(id), &wanted.range) {
            // The reasons have been noted for each download.
            _ if is_offered => return,
            (Some(registry), _) => {
                format!(
                    "the {what} {id} has no copy yet, and {registry} is unavailable; no other registry is used instead"
                )
            }
            (None, Some(range)) => format!("no source has the {what} {id} in {range}{yanked}"),
            (None, None) => format!("no source has the {what} {id}{yanked}"),
        };
        self.add_note(note);
    }

    /// Notes later constraints on the same guideline that the chosen version does not satisfy.
    fn note_other_ranges(
        &mut self,
        id: &GuidelineId,
        first: &WantedVersion,
        others: Option<&Vec<WantedVersion>>,
    ) {
        let step = self.plan.steps.iter().find(|step| step.id == *id && !step.is_standard);
        let version = step.map(|step| step.new.version.clone());
        let kept = || self.plan.lock.guidelines.iter().find(|it| it.id == *id).map(|it| it.version.clone());
        let Some(version) = version.or_else(kept) else { return };
        let requested_by = |wanted: &WantedVersion| match (&wanted.requested_by, wanted.source) {
            (Some(requested_by), _) => requested_by.to_string(),
            (None, Some(source)) => format!("`{source}`"),
            (None, None) => "`follow`".to_owned(),
        };
        for other in others.into_iter().flatten() {
            if let Some(range) = other.range.as_ref().filter(|range| !range.matches(&version)) {
                let winner = match (&first.requested_by, first.source) {
                    (None, None) => "the entry of the guideline itself".to_owned(),
                    _ => requested_by(first),
                };
                self.plan.notes.push(format!(
                    "{} requires {id} {range}, but {winner} comes first in `follow` and decides",
                    requested_by(other),
                ));
            }
        }
    }

    /// Notes that a copy has local edits, and plans to write the published text next to it.
    fn plan_published_text(&mut self, id: &GuidelineId, is_standard: bool, here: Option<&Version>) {
        let path = copy::copy_path(id, is_standard);
        let sha = self.plan.locked(id, is_standard).map(|locked| locked.sha256.clone());
        let published =
            self.offers.versions(id, is_standard).into_iter().find(|it| Some(&it.sha256) == sha.as_ref());
        let version = here.map_or_else(String::new, |here| format!(" ({here})"));
        let text = published.map(|it| self.offers.fetch_text(&it));
        let place = published_path(&path);
        let note = match text {
            Some(Ok(text)) => {
                let note = format!(
                    "kept the copy of {id}{version}: it has local edits; the published text is in {}",
                    place.display()
                );
                self.plan.published_texts.push((place, text));
                note
            }
            _ => format!("kept the copy of {id}{version}: it has local edits"),
        };
        self.add_note(note);
    }

    /// Decides which lock entries that are no longer followed are kept, and lists the copies to remove.
    fn list_unfollowed(
        &mut self,
        wants: &WantedGuidelines,
        standards: &BTreeSet<GuidelineId>,
        incomplete: bool,
    ) {
        let of_starter =
            self.project.config.follow.iter().any(|entry| matches!(entry.target, Follow::Starter));
        let lock = self.copies.lock.clone();
        for locked in lock.guidelines.into_iter().filter(|locked| !wants.first.contains_key(&locked.id)) {
            // Kept if it may still be followed: a newer version of stanchion may have a larger starter set,
            // and the members of a standard that could not be fetched are unknown.
            if incomplete || of_starter && locked.source == STARTER {
                self.plan.current += 1;
                self.keep_entry(locked, false);
            } else {
                let path = Copies::guideline_path(&locked.id);
                self.plan.unfollowed.push((locked.id, path));
            }
        }
        for locked in lock.standards.into_iter().filter(|locked| !standards.contains(&locked.id)) {
            let path = Copies::standard_path(&locked.id);
            self.plan.unfollowed.push((locked.id, path));
        }
        let root = &self.project.root;
        self.plan.unfollowed.retain(|(_, path)| root.join(path).symlink_metadata().is_ok());
    }

    fn keep_entry(&mut self, locked: LockEntry, is_standard: bool) {
        let lock = &mut self.plan.lock;
        let all = if is_standard { &mut lock.standards } else { &mut lock.guidelines };
        all.push(locked);
    }
}

impl UpdatePlan {
    fn locked(&self, id: &GuidelineId, is_standard: bool) -> Option<&LockEntry> {
        let all = if is_standard { &self.lock.standards } else { &self.lock.guidelines };
        all.iter().find(|locked| locked.id == *id)
    }
}

/// Whether a range matches exactly this version.
fn is_exactly(range: &VersionReq, version: &Version) -> bool {
    matches!(range.comparators.as_slice(), [Comparator { op: Op::Exact, minor: Some(_), patch: Some(_), .. }])
        && range.matches(version)
}
