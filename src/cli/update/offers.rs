//! Versions that the sources of a project offer: the starter set, folders, and registries.
//!
//! This module decides which registry owns a name: the one in the lock, or else the first in stanchion.toml
//! that has it. While an earlier registry is unavailable, no other one is used. Otherwise an attacker could
//! publish the name in another registry and take it over while its own registry is down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use semver::Version;

use super::super::failure::system_words;
use super::super::guidelines::STARTER;
use super::super::links;
use super::super::project::Project;
use super::folder::{self, FolderRegistry};
use crate::client::{CachedIndex, RegistryClient, RegistryEntry, RegistryEntryKind, RegistryLocation};
use crate::format::{self, Lock, RegistryPlace};
use crate::model::{GuidelineId, Origin};

/// Maximum number of parallel requests to one registry.
const MAX_PARALLEL_QUERIES: usize = 8;

/// A version that a source offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offered {
    /// Version.
    pub(super) version: Version,
    /// SHA-256 digest of the content.
    pub(super) sha256: String,
    /// Name of the source, as in the lock.
    pub(super) source: String,
    /// Reason why the version was yanked; empty without a reason. `None` if it was not yanked.
    pub(super) yanked: Option<String>,
    /// Content, or where to fetch it.
    pub(super) text: OfferedText,
}

impl Offered {
    /// An example of this version, without content.
    #[cfg(test)]
    pub(super) fn example(version: &str) -> Self {
        Self {
            version: version.parse().expect("a version"),
            sha256: String::new(),
            source: "x".to_owned(),
            yanked: None,
            text: OfferedText::Here(String::new()),
        }
    }
}

/// Content of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OfferedText {
    Here(String),
    /// In the registry with this index.
    At(usize, RegistryEntry),
}

/// A registry with its name in stanchion.toml.
struct OpenedRegistry {
    name: String,
    has: RegistryState,
}

enum RegistryState {
    /// The registry could not be reached or read.
    Unavailable,
    Folder(FolderRegistry),
    Indexed(RegistryClient),
}

/// Result of looking up a name in all registries.
enum NameLookup {
    /// Versions of this kind, latest first.
    Known(RegistryEntryKind, Vec<Offered>),
    /// The registry that owns or may own the name is unavailable.
    Unavailable(String),
    /// No registry has the name.
    NotFound,
}

/// Result of looking up a name in one registry.
enum RegistryAnswer {
    Has(RegistryEntryKind, Vec<Offered>),
    Unavailable,
    Unknown,
}

/// All versions that the sources of a project offer.
#[derive(Default)]
pub(super) struct Offers {
    starter: BTreeMap<GuidelineId, Vec<Offered>>,
    registries: Vec<OpenedRegistry>,
    found: BTreeMap<GuidelineId, NameLookup>,
    /// Messages about unavailable sources and unreadable files.
    pub(super) messages: Vec<String>,
}

impl Offers {
    /// Only the starter set.
    pub(super) fn starter() -> Self {
        let mut offers = Self::default();
        for (name, text) in format::starter_guidelines() {
            let origin = Origin::File(name.to_owned());
            if let Ok(guideline) = format::parse_guideline(name, text, origin, &|_| None) {
                let offered = Offered {
                    version: guideline.version,
                    sha256: guideline.sha256,
                    source: STARTER.to_owned(),
                    yanked: None,
                    text: OfferedText::Here(text.to_owned()),
                };
                offers.starter.entry(guideline.id).or_default().push(offered);
            }
        }
        offers
    }

    /// The starter set and the registries of a project, which are opened in parallel. `cached_index`
    /// returns the cached index of a URL.
    pub(super) fn of(project: &Project, cached_index: &(dyn Fn(&str) -> CachedIndex + Sync)) -> Self {
        let mut offers = Self::starter();
        let open = |place: &RegistryPlace| -> (String, Result<RegistryState, String>, Vec<String>) {
            match place {
                RegistryPlace::Folder(name) => {
                    // The folder may be anywhere, and its path may contain symbolic links.
                    let find = links::resolve_locally;
                    let full = match find(&project.root, Path::new(name)) {
                        Ok(full) => full,
                        Err(error) => {
                            let why = format!("{name} cannot be listed: {}", system_words(&error));
                            return (name.clone(), Err(why), vec![]);
                        }
                    };
                    if find(&full, Path::new("index/config.json")).is_ok_and(|config| config.is_file()) {
                        let opened = RegistryClient::open(name, RegistryLocation::Folder(full, find));
                        return (name.clone(), opened.map(RegistryState::Indexed), vec![]);
                    }
                    let (read, messages) = folder::read_folder(&full, name);
                    (name.clone(), read.map(RegistryState::Folder), messages)
                }
                RegistryPlace::Url(url) => {
                    let opened =
                        RegistryClient::open(url, RegistryLocation::Url(url.clone(), cached_index(url)));
                    (url.clone(), opened.map(RegistryState::Indexed), vec![])
                }
            }
        };
        // Opened in parallel, so that an unavailable registry does not delay the others.
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                project.config.registries.iter().map(|it| scope.spawn(|| open(&it.place))).collect();
            threads.into_iter().map(join_thread).collect()
        });
        for (name, opened, messages) in opened {
            offers.messages.extend(messages);
            let has = opened.unwrap_or_else(|why| {
                offers.messages.push(why);
                RegistryState::Unavailable
            });
            offers.registries.push(OpenedRegistry { name, has });
        }
        offers
    }

    /// Looks up these names in all registries in parallel. `lock` contains the sources of existing copies.
    pub(super) fn query(&mut self, names: &BTreeSet<GuidelineId>, lock: &Lock) {
        let origins = origins(lock);
        // The starter set is always available, so a registry that has the same names does not take over its
        // guidelines.
        let is_here = |source: &str| {
            source == STARTER || self.registries.iter().any(|registry| same_place(&registry.name, source))
        };
        // The registry that owns each name of the lock.
        let only: BTreeMap<&GuidelineId, (RegistryEntryKind, &str)> = names
            .iter()
            .filter_map(|id| Some((id, origins.get(id).copied().filter(|(_, source)| is_here(source))?)))
            .collect();
        let answers: Vec<BTreeMap<&GuidelineId, (RegistryAnswer, Vec<String>)>> =
            std::thread::scope(|scope| {
                let query_own = |number: usize, registry: &OpenedRegistry| {
                    let own = |id: &&GuidelineId| {
                        only.get(*id).is_none_or(|(_, source)| same_place(&registry.name, source))
                    };
                    query_registry(number, registry, &names.iter().filter(own).collect::<Vec<_>>())
                };
                let threads: Vec<_> = self
                    .registries
                    .iter()
                    .enumerate()
                    .map(|(number, registry)| scope.spawn(move || query_own(number, registry)))
                    .collect();
                threads.into_iter().map(join_thread).collect()
            });
        let mut answers = answers;
        let mut messages = Vec::new();
        for id in names {
            let mut found = NameLookup::NotFound;
            let mut is_undecided = true;
            for (number, registry) in self.registries.iter().enumerate() {
                let Some((answer, own_messages)) = answers[number].remove(id) else { continue };
                // Of the registries after the deciding one, only their unavailability is reported.
                if is_undecided || matches!(answer, RegistryAnswer::Unavailable) {
                    messages.extend(own_messages);
                }
                if !is_undecided {
                    continue;
                }
                match answer {
                    RegistryAnswer::Unknown => {}
                    RegistryAnswer::Unavailable => found = NameLookup::Unavailable(registry.name.clone()),
                    RegistryAnswer::Has(kind, mut versions) => {
                        versions.sort_by(|a, b| b.version.cmp(&a.version));
                        found = NameLookup::Known(kind, versions);
                    }
                }
                is_undecided = matches!(found, NameLookup::NotFound);
            }
            if let (Some((kind, source)), NameLookup::Known(is, _)) = (only.get(id), &found)
                && is != kind
            {
                messages.push(format!(
                    "{id} in {source} is of a different kind (guideline or standard) than the copy here; it is not used"
                ));
                found = NameLookup::Unavailable((*source).to_owned());
            }
            self.found.insert(id.clone(), found);
        }
        for message in messages {
            if !self.messages.contains(&message) {
                self.messages.push(message);
            }
        }
    }

    /// Ids of the starter set.
    pub(super) fn starter_ids(&self) -> impl Iterator<Item = &GuidelineId> {
        self.starter.keys()
    }

    /// Versions of a guideline or standard, latest first.
    pub(super) fn versions(&self, id: &GuidelineId, is_standard: bool) -> Vec<Offered> {
        let kind = if is_standard { RegistryEntryKind::Standard } else { RegistryEntryKind::Guideline };
        let mut all = match self.found.get(id) {
            Some(NameLookup::Known(is, versions)) if *is == kind => versions.clone(),
            _ => vec![],
        };
        // The built-in guideline does not replace one of an unavailable registry.
        if !is_standard && self.unavailable_registry(id).is_none() {
            all.extend(self.starter.get(id).into_iter().flatten().cloned());
        }
        // A stable sort: of equal versions, the one of a registry stays first.
        all.sort_by(|a, b| b.version.cmp(&a.version));
        all
    }

    /// Whether a registry has the name as a standard.
    pub(super) fn is_standard(&self, id: &GuidelineId) -> bool {
        matches!(self.found.get(id), Some(NameLookup::Known(RegistryEntryKind::Standard, _)))
    }

    /// The unavailable registry that owns or may own a name.
    pub(super) fn unavailable_registry(&self, id: &GuidelineId) -> Option<&str> {
        match self.found.get(id) {
            Some(NameLookup::Unavailable(registry)) => Some(registry),
            _ => None,
        }
    }

    /// Fetches the content of a version.
    ///
    /// # Errors
    /// A message: the content is missing, or its digest does not match.
    pub(super) fn fetch_text(&self, offered: &Offered) -> Result<String, String> {
        match &offered.text {
            OfferedText::Here(text) => Ok(text.clone()),
            OfferedText::At(number, entry) => match &self.registries[*number].has {
                RegistryState::Indexed(source) => source.fetch_text(entry),
                RegistryState::Unavailable | RegistryState::Folder(_) => {
                    Err(format!("{} is unavailable", offered.source))
                }
            },
        }
    }

    /// The index to cache for each URL.
    pub(super) fn cached_indexes(&self) -> impl Iterator<Item = (&str, CachedIndex)> {
        self.registries.iter().filter_map(|registry| match &registry.has {
            RegistryState::Indexed(source) => Some((source.name(), source.cached_index()?)),
            RegistryState::Unavailable | RegistryState::Folder(_) => None,
        })
    }
}

/// Whether two names refer to the same registry: a trailing slash, the default port and the case of the host
/// do not matter.
fn same_place(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> String {
        let text = text.trim_end_matches('/');
        match text.split_once("://") {
            Some((scheme, rest)) => {
                let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
                let scheme = scheme.to_ascii_lowercase();
                let host = host.to_ascii_lowercase();
                let port = if scheme == "https" { ":443" } else { ":80" };
                format!("{scheme}://{}/{path}", host.strip_suffix(port).unwrap_or(&host))
            }
            None => text.split('/').filter(|part| !matches!(*part, "." | "")).collect::<Vec<_>>().join("/"),
        }
    };
    a == b || plain(a) == plain(b)
}

/// Kind and source of each copy in the lock.
fn origins(lock: &Lock) -> BTreeMap<&GuidelineId, (RegistryEntryKind, &str)> {
    let guidelines =
        lock.guidelines.iter().map(|it| (&it.id, (RegistryEntryKind::Guideline, it.source.as_str())));
    let standards =
        lock.standards.iter().map(|it| (&it.id, (RegistryEntryKind::Standard, it.source.as_str())));
    guidelines.chain(standards).collect()
}

/// Looks up names in one registry. Returns the answer and messages for each name.
fn query_registry<'n>(
    number: usize,
    registry: &OpenedRegistry,
    names: &[&'n GuidelineId],
) -> BTreeMap<&'n GuidelineId, (RegistryAnswer, Vec<String>)> {
    match &registry.has {
        RegistryState::Unavailable => {
            names.iter().map(|id| (*id, (RegistryAnswer::Unavailable, vec![]))).collect()
        }
        RegistryState::Folder(folder) => {
            let answer = |id: &GuidelineId| match folder.names.get(id) {
                Some((kind, versions)) => RegistryAnswer::Has(*kind, versions.clone()),
                None => RegistryAnswer::Unknown,
            };
            names.iter().map(|id| (*id, (answer(id), vec![]))).collect()
        }
        RegistryState::Indexed(source) => {
            let next = AtomicUsize::new(0);
            let answers = Mutex::new(BTreeMap::new());
            std::thread::scope(|scope| {
                for _ in 0..MAX_PARALLEL_QUERIES.min(names.len()) {
                    scope.spawn(|| {
                        while let Some(id) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let answer = query_source(number, source, id);
                            answers.lock().unwrap_or_else(PoisonError::into_inner).insert(*id, answer);
                        }
                    });
                }
            });
            answers.into_inner().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

/// Looks up a name in a registry with an index.
fn query_source(number: usize, source: &RegistryClient, id: &GuidelineId) -> (RegistryAnswer, Vec<String>) {
    let (entries, mut messages) = match source.fetch_entries(id) {
        Ok(entries) => entries,
        Err(why) => return (RegistryAnswer::Unavailable, vec![why]),
    };
    let Some(last) = entries.last() else {
        // The name exists, but all of its index lines are unreadable.
        return (
            if messages.is_empty() { RegistryAnswer::Unknown } else { RegistryAnswer::Unavailable },
            messages,
        );
    };
    let kind = last.kind;
    // Each index line contains the status of the whole name.
    if let Some(why) = &last.retired {
        messages.push(format!("{id} is {why} (according to {})", source.name()));
    }
    let offered = |entry: RegistryEntry| Offered {
        version: entry.version.clone(),
        sha256: entry.sha256.clone(),
        source: source.name().to_owned(),
        yanked: entry.yanked.clone(),
        text: OfferedText::At(number, entry),
    };
    let versions = entries.into_iter().filter(|entry| entry.kind == kind).map(offered).collect();
    (RegistryAnswer::Has(kind, versions), messages)
}

fn join_thread<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
