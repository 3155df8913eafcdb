//! What the sources of a party offer: the starter set, folders, and registries that are asked by name.
//!
//! Whose a name is, is decided here: it comes from the registry that the lock names, else from the first in
//! stanchion.toml that knows it; and from nobody while one that comes before cannot be asked. A name must not be taken
//! over by whoever publishes it elsewhere when its own registry is down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use semver::Version;

use super::super::failure::system_words;
use super::super::guidelines::STARTER;
use super::super::links;
use super::super::party::Party;
use super::folder::{self, Folder};
use crate::client::{Entry, Kind, Place, Remembered, Source};
use crate::format::{self, Lock, RegistryPlace};
use crate::model::{GuidelineId, Origin};

/// Questions to one registry at the same time.
const ASKING: usize = 8;

/// A version that a source offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offered {
    /// Its version.
    pub(super) version: Version,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// Where it comes from, as the lock says it.
    pub(super) source: String,
    /// Why it should not be chosen any more; empty where nobody says why. `None`: it may be.
    pub(super) yanked: Option<String>,
    /// Its bytes, or where they are.
    pub(super) text: Text,
}

impl Offered {
    /// One of this version, without a text.
    #[cfg(test)]
    pub(super) fn example(version: &str) -> Self {
        Self {
            version: version.parse().expect("a version"),
            sha256: String::new(),
            source: "x".to_owned(),
            yanked: None,
            text: Text::Here(String::new()),
        }
    }
}

/// The bytes of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Here(String),
    /// With the registry of this number.
    At(usize, Entry),
}

/// A registry, as stanchion.toml names it.
struct Registry {
    name: String,
    has: Has,
}

enum Has {
    /// It cannot be asked: nobody knows what it has.
    Lost,
    Folder(Folder),
    Asked(Source),
}

/// What came of asking for a name.
enum Found {
    /// Versions of this kind, the latest first.
    Known(Kind, Vec<Offered>),
    /// The registry whose name it is, or may be, could not tell.
    Unanswered(String),
    /// Nobody has it.
    Nobody,
}

/// What one registry says of a name.
enum Answer {
    Has(Kind, Vec<Offered>),
    Lost,
    Unknown,
}

/// Everything that the sources of a party offer.
#[derive(Default)]
pub(super) struct Offers {
    starter: BTreeMap<GuidelineId, Vec<Offered>>,
    registries: Vec<Registry>,
    found: BTreeMap<GuidelineId, Found>,
    /// Sources that could not be asked, and files that could not be read: sentences.
    pub(super) troubles: Vec<String>,
}

impl Offers {
    /// The starter set, and nothing else.
    pub(super) fn starter() -> Self {
        let mut offers = Self::default();
        for (name, text) in format::starter() {
            let origin = Origin::File(name.to_owned());
            if let Ok(guideline) = format::parse(name, text, origin, &|_| None) {
                let offered = Offered {
                    version: guideline.version,
                    sha256: guideline.sha256,
                    source: STARTER.to_owned(),
                    yanked: None,
                    text: Text::Here(text.to_owned()),
                };
                offers.starter.entry(guideline.id).or_default().push(offered);
            }
        }
        offers
    }

    /// The starter set, and the registries of a party: all are opened, at the same time. `remembered` is what is known of
    /// an address.
    pub(super) fn of(party: &Party, remembered: &(dyn Fn(&str) -> Remembered + Sync)) -> Self {
        let mut offers = Self::starter();
        let open = |what: &RegistryPlace| -> (String, Result<Has, String>, Vec<String>) {
            match what {
                RegistryPlace::Folder(name) => {
                    // A folder may lie anywhere, and any part of it be a link.
                    let find = links::found_without_asking;
                    let full = match find(&party.root, Path::new(name)) {
                        Ok(full) => full,
                        Err(error) => {
                            let why = format!("{name} cannot be listed: {}", system_words(&error));
                            return (name.clone(), Err(why), vec![]);
                        }
                    };
                    if find(&full, Path::new("index/config.json")).is_ok_and(|config| config.is_file()) {
                        let opened = Source::open(name, Place::Folder(full, find));
                        return (name.clone(), opened.map(Has::Asked), vec![]);
                    }
                    let (read, troubles) = folder::read(&full, name);
                    (name.clone(), read.map(Has::Folder), troubles)
                }
                RegistryPlace::Url(url) => {
                    let opened = Source::open(url, Place::Url(url.clone(), remembered(url)));
                    (url.clone(), opened.map(Has::Asked), vec![])
                }
            }
        };
        // One that does not answer must not make the others wait.
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                party.config.registries.iter().map(|it| scope.spawn(|| open(&it.what))).collect();
            threads.into_iter().map(joined).collect()
        });
        for (name, opened, troubles) in opened {
            offers.troubles.extend(troubles);
            let has = opened.unwrap_or_else(|why| {
                offers.troubles.push(why);
                Has::Lost
            });
            offers.registries.push(Registry { name, has });
        }
        offers
    }

    /// Asks for these names, all registries at the same time. `lock` says where they came from.
    pub(super) fn ask(&mut self, names: &BTreeSet<GuidelineId>, lock: &Lock) {
        let origins = origins(lock);
        // The starter set is always here: what came from it is not somebody else's because he has the name, too.
        let is_here = |source: &str| {
            source == STARTER || self.registries.iter().any(|registry| same_place(&registry.name, source))
        };
        // The registry that a name must come from.
        let only: BTreeMap<&GuidelineId, (Kind, &str)> = names
            .iter()
            .filter_map(|id| Some((id, origins.get(id).copied().filter(|(_, source)| is_here(source))?)))
            .collect();
        let answers: Vec<BTreeMap<&GuidelineId, (Answer, Vec<String>)>> = std::thread::scope(|scope| {
            let asked = |number: usize, registry: &Registry| {
                let own = |id: &&GuidelineId| {
                    only.get(*id).is_none_or(|(_, source)| same_place(&registry.name, source))
                };
                answers(number, registry, &names.iter().filter(own).collect::<Vec<_>>())
            };
            let threads: Vec<_> = self
                .registries
                .iter()
                .enumerate()
                .map(|(number, registry)| scope.spawn(move || asked(number, registry)))
                .collect();
            threads.into_iter().map(joined).collect()
        });
        let mut answers = answers;
        let mut troubles = Vec::new();
        for id in names {
            let mut found = Found::Nobody;
            let mut is_open = true;
            for (number, registry) in self.registries.iter().enumerate() {
                let Some((answer, said)) = answers[number].remove(id) else { continue };
                // Of those behind the first that counts, only that they could not be asked is worth a word.
                if is_open || matches!(answer, Answer::Lost) {
                    troubles.extend(said);
                }
                if !is_open {
                    continue;
                }
                match answer {
                    Answer::Unknown => {}
                    Answer::Lost => found = Found::Unanswered(registry.name.clone()),
                    Answer::Has(kind, mut versions) => {
                        versions.sort_by(|a, b| b.version.cmp(&a.version));
                        found = Found::Known(kind, versions);
                    }
                }
                is_open = matches!(found, Found::Nobody);
            }
            if let (Some((kind, source)), Found::Known(is, _)) = (only.get(id), &found)
                && is != kind
            {
                troubles.push(format!(
                    "{source} says that {id} is another sort of text than the copy here; it is not taken"
                ));
                found = Found::Unanswered((*source).to_owned());
            }
            self.found.insert(id.clone(), found);
        }
        for trouble in troubles {
            if !self.troubles.contains(&trouble) {
                self.troubles.push(trouble);
            }
        }
    }

    /// The guidelines of the starter set.
    pub(super) fn starter_ids(&self) -> impl Iterator<Item = &GuidelineId> {
        self.starter.keys()
    }

    /// The versions of a guideline or standard, the latest first.
    pub(super) fn versions(&self, id: &GuidelineId, is_standard: bool) -> Vec<Offered> {
        let kind = if is_standard { Kind::Standard } else { Kind::Guideline };
        let mut all = match self.found.get(id) {
            Some(Found::Known(is, versions)) if *is == kind => versions.clone(),
            _ => vec![],
        };
        // What is built in stands in for nobody who could not be asked.
        if !is_standard && self.unanswered(id).is_none() {
            all.extend(self.starter.get(id).into_iter().flatten().cloned());
        }
        // Stable: of equal versions that of a registry stays first.
        all.sort_by(|a, b| b.version.cmp(&a.version));
        all
    }

    /// Whether a name is that of a standard, as far as anybody says.
    pub(super) fn is_standard(&self, id: &GuidelineId) -> bool {
        matches!(self.found.get(id), Some(Found::Known(Kind::Standard, _)))
    }

    /// The registry that should have told about a name, and did not.
    pub(super) fn unanswered(&self, id: &GuidelineId) -> Option<&str> {
        match self.found.get(id) {
            Some(Found::Unanswered(registry)) => Some(registry),
            _ => None,
        }
    }

    /// The bytes of a version.
    ///
    /// # Errors
    /// A sentence: they are not there, or are not what was published.
    pub(super) fn text(&self, offered: &Offered) -> Result<String, String> {
        match &offered.text {
            Text::Here(text) => Ok(text.clone()),
            Text::At(number, entry) => match &self.registries[*number].has {
                Has::Asked(source) => source.text(entry),
                Has::Lost | Has::Folder(_) => Err(format!("{} cannot be asked", offered.source)),
            },
        }
    }

    /// What is to be remembered of each address.
    pub(super) fn remembered(&self) -> impl Iterator<Item = (&str, Remembered)> {
        self.registries.iter().filter_map(|registry| match &registry.has {
            Has::Asked(source) => Some((source.name(), source.remembered()?)),
            Has::Lost | Has::Folder(_) => None,
        })
    }
}

/// Whether two names are those of one registry: a slash more, or other letters in the name of a machine, make no other.
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

/// Where each copy came from, and what it is.
fn origins(lock: &Lock) -> BTreeMap<&GuidelineId, (Kind, &str)> {
    let guidelines = lock.guidelines.iter().map(|it| (&it.id, (Kind::Guideline, it.source.as_str())));
    let standards = lock.standards.iter().map(|it| (&it.id, (Kind::Standard, it.source.as_str())));
    guidelines.chain(standards).collect()
}

/// What one registry says of these names, each with what is worth telling.
fn answers<'n>(
    number: usize,
    registry: &Registry,
    names: &[&'n GuidelineId],
) -> BTreeMap<&'n GuidelineId, (Answer, Vec<String>)> {
    match &registry.has {
        Has::Lost => names.iter().map(|id| (*id, (Answer::Lost, vec![]))).collect(),
        Has::Folder(folder) => {
            let answer = |id: &GuidelineId| match folder.names.get(id) {
                Some((kind, versions)) => Answer::Has(*kind, versions.clone()),
                None => Answer::Unknown,
            };
            names.iter().map(|id| (*id, (answer(id), vec![]))).collect()
        }
        Has::Asked(source) => {
            let next = AtomicUsize::new(0);
            let answers = Mutex::new(BTreeMap::new());
            std::thread::scope(|scope| {
                for _ in 0..ASKING.min(names.len()) {
                    scope.spawn(|| {
                        while let Some(id) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let answer = asked(number, source, id);
                            answers.lock().unwrap_or_else(PoisonError::into_inner).insert(*id, answer);
                        }
                    });
                }
            });
            answers.into_inner().unwrap_or_else(PoisonError::into_inner)
        }
    }
}

/// What a registry with an index says of a name.
fn asked(number: usize, source: &Source, id: &GuidelineId) -> (Answer, Vec<String>) {
    let (entries, mut troubles) = match source.entries(id) {
        Ok(entries) => entries,
        Err(why) => return (Answer::Lost, vec![why]),
    };
    let Some(last) = entries.last() else {
        // Lines that cannot be read are lines about the name.
        return (if troubles.is_empty() { Answer::Unknown } else { Answer::Lost }, troubles);
    };
    let kind = last.kind;
    // Each line says it of the whole name.
    if let Some(why) = &last.retired {
        troubles.push(format!("{id} is {why} (says {})", source.name()));
    }
    let offered = |entry: Entry| Offered {
        version: entry.version.clone(),
        sha256: entry.sha256.clone(),
        source: source.name().to_owned(),
        yanked: entry.yanked.clone(),
        text: Text::At(number, entry),
    };
    let versions = entries.into_iter().filter(|entry| entry.kind == kind).map(offered).collect();
    (Answer::Has(kind, versions), troubles)
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
