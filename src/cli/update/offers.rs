//! What the sources of a party offer: the starter set, folders, and registries that are asked by name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use semver::Version;

use super::super::failure::system_words;
use super::super::files;
use super::super::party::Party;
use crate::client::{Entry, Kind, Place, Remembered, Source};
use crate::format::{self, RegistryPlace};
use crate::model::{GuidelineId, Origin};

/// Questions to one registry at the same time.
const ASKING: usize = 8;

/// The name of the starter set, as a source.
pub(super) const STARTER: &str = "starter";

/// A version that a source offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offered {
    /// Its version.
    pub(super) version: Version,
    /// SHA-256 of its bytes.
    pub(super) sha256: String,
    /// Where it comes from, as the lock says it.
    pub(super) source: String,
    /// Its bytes, or where they are.
    text: Text,
}

impl Offered {
    /// One of this version, without a text.
    #[cfg(test)]
    pub(super) fn example(version: &str) -> Self {
        Self {
            version: version.parse().expect("a version"),
            sha256: String::new(),
            source: "x".to_owned(),
            text: Text::Here(String::new()),
        }
    }
}

/// The bytes of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Text {
    Here(String),
    /// With the registry of this number.
    At(usize, Entry),
}

/// Everything that the sources of a party offer, best first: later versions first, of equal ones the earlier source.
#[derive(Default)]
pub(super) struct Offers {
    /// Guidelines.
    pub(super) guidelines: BTreeMap<GuidelineId, Vec<Offered>>,
    /// Standards.
    pub(super) standards: BTreeMap<GuidelineId, Vec<Offered>>,
    /// Sources that could not be asked, and files that could not be read: sentences.
    pub(super) troubles: Vec<String>,
    /// Those of the registries that are asked by name, with their place in the order of all.
    asked: Vec<(usize, Source)>,
    /// The place in the order of registries from which a name comes.
    first: BTreeMap<GuidelineId, usize>,
}

impl Offers {
    /// The starter set, and nothing else.
    pub(super) fn starter() -> Self {
        let mut offers = Self::default();
        for (name, text) in format::starter() {
            offers.add_guideline(name, text, STARTER, None);
        }
        offers.in_order()
    }

    /// The starter set, and what lies in folders among the registries of a party. Those that are asked by name are
    /// opened, all of them at the same time; `remembered` is what is known of an address.
    pub(super) fn of(party: &Party, remembered: &(dyn Fn(&str) -> Remembered + Sync)) -> Self {
        let mut offers = Self::starter();
        let mut places = Vec::new();
        for (order, registry) in party.config.registries.iter().enumerate() {
            match &registry.what {
                RegistryPlace::Folder(folder) => {
                    let full = party.root.join(folder);
                    if full.join("index/config.json").is_file() {
                        places.push((order, folder, None, Some(full)));
                    } else {
                        offers.add_folder(&full, folder, order);
                    }
                }
                RegistryPlace::Url(url) => places.push((order, url, Some(url), None)),
            }
        }
        let open = |name: &String, url: Option<&String>, folder: Option<PathBuf>| match (url, folder) {
            (Some(url), _) => Source::open(name, Place::Url(url.clone(), remembered(url))),
            (None, folder) => Source::open(name, Place::Folder(folder.unwrap_or_default())),
        };
        // One that does not answer must not make the others wait.
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = places
                .into_iter()
                .map(|(order, name, url, folder)| (order, scope.spawn(move || open(name, url, folder))))
                .collect();
            threads
                .into_iter()
                .map(|(order, thread)| {
                    (order, thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                })
                .collect()
        });
        for (order, opened) in opened {
            match opened {
                Ok(source) => offers.asked.push((order, source)),
                Err(why) => offers.troubles.push(why),
            }
        }
        offers.in_order()
    }

    /// Asks every registry that has an index for these names. A name comes from the first registry that knows it.
    pub(super) fn ask(&mut self, names: &BTreeSet<GuidelineId>) {
        let names: Vec<&GuidelineId> = names.iter().collect();
        for number in 0..self.asked.len() {
            let (order, source) = &self.asked[number];
            let order = *order;
            let next = AtomicUsize::new(0);
            let answers = Mutex::new(Vec::new());
            std::thread::scope(|scope| {
                for _ in 0..ASKING.min(names.len()) {
                    scope.spawn(|| {
                        while let Some(id) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                            let answer = source.entries(id);
                            answers.lock().unwrap_or_else(PoisonError::into_inner).push((*id, answer));
                        }
                    });
                }
            });
            let name = source.name().to_owned();
            let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
            answers.sort_by(|a, b| a.0.cmp(b.0));
            for (id, answer) in answers {
                match answer {
                    Ok((entries, troubles)) => {
                        self.troubles.extend(troubles);
                        // Each line says it of the whole name.
                        if let Some(why) = entries.last().and_then(|entry| entry.retired.as_ref())
                            && self.first.get(id).is_none_or(|first| *first >= order)
                        {
                            self.troubles.push(format!("{id} is {why} (says {name})"));
                        }
                        // Whoever has a name has it, also with nothing but versions that were yanked.
                        if !entries.is_empty() {
                            self.first.entry(id.clone()).or_insert(order);
                        }
                        for entry in entries.into_iter().filter(|entry| !entry.yanked) {
                            let offered = Offered {
                                version: entry.version.clone(),
                                sha256: entry.sha256.clone(),
                                source: name.clone(),
                                text: Text::At(number, entry.clone()),
                            };
                            self.add(entry.kind, id.clone(), Some(order), offered);
                        }
                    }
                    Err(why) if self.troubles.contains(&why) => {}
                    Err(why) => self.troubles.push(why),
                }
            }
        }
        self.sort();
    }

    /// The bytes of a version.
    ///
    /// # Errors
    /// A sentence: they are not there, or are not what was published.
    pub(super) fn text(&self, offered: &Offered) -> Result<String, String> {
        match &offered.text {
            Text::Here(text) => Ok(text.clone()),
            Text::At(number, entry) => self.asked[*number].1.text(entry),
        }
    }

    /// What is to be remembered of each address.
    pub(super) fn remembered(&self) -> impl Iterator<Item = (&str, Remembered)> {
        self.asked.iter().filter_map(|(_, source)| Some((source.name(), source.remembered()?)))
    }

    fn in_order(mut self) -> Self {
        self.sort();
        self
    }

    fn sort(&mut self) {
        for versions in self.guidelines.values_mut().chain(self.standards.values_mut()) {
            // Stable: of equal versions the one of the earlier source stays first.
            versions.sort_by(|a, b| b.version.cmp(&a.version));
        }
    }

    /// Adds a version. One that comes from a registry counts only where no earlier registry has the name: a name must
    /// not be taken over by whoever publishes it with a higher number elsewhere.
    fn add(&mut self, kind: Kind, id: GuidelineId, order: Option<usize>, offered: Offered) {
        let all = match kind {
            Kind::Guideline => &mut self.guidelines,
            Kind::Standard => &mut self.standards,
        };
        let Some(order) = order else {
            return all.entry(id).or_default().push(offered);
        };
        let first = self.first.entry(id.clone()).or_insert(order);
        if *first < order {
            return;
        }
        if order < *first {
            *first = order;
            for all in [&mut self.guidelines, &mut self.standards] {
                if let Some(versions) = all.get_mut(&id) {
                    versions.retain(|it| it.source == STARTER);
                }
            }
        }
        let all = match kind {
            Kind::Guideline => &mut self.guidelines,
            Kind::Standard => &mut self.standards,
        };
        all.entry(id).or_default().push(offered);
    }

    fn add_guideline(&mut self, name: &str, text: &str, source: &str, order: Option<usize>) {
        match format::parse(name, text, Origin::File(name.to_owned()), &|_| Some("{}".to_owned())) {
            Ok(guideline) => {
                let offered = Offered {
                    version: guideline.version,
                    sha256: guideline.sha256,
                    source: source.to_owned(),
                    text: Text::Here(text.to_owned()),
                };
                self.add(Kind::Guideline, guideline.id, order, offered);
            }
            Err(problems) => {
                let first =
                    problems.first().map_or_else(String::new, |problem| format!(": {}", problem.message));
                self.troubles.push(format!("{name} of {source} cannot be used{first}"));
            }
        }
    }

    /// Adds the guidelines and standards that lie in a folder.
    fn add_folder(&mut self, full: &Path, folder: &str, order: usize) {
        let found = match files::below(full, &["md", "toml"]) {
            Ok(found) => found,
            Err((at, error)) => {
                let words = system_words(&error);
                return self.troubles.push(format!("{} cannot be listed: {words}", at.display()));
            }
        };
        for path in found {
            let shown = path.strip_prefix(full).unwrap_or(&path).to_string_lossy().into_owned();
            let text = match files::read(&path) {
                Ok(text) => text,
                Err(error) => {
                    let words = system_words(&error);
                    self.troubles.push(format!("{shown} of {folder} cannot be read: {words}"));
                    continue;
                }
            };
            if path.extension().is_some_and(|extension| extension == "md") {
                if text.trim_start_matches('\u{feff}').starts_with("---") {
                    self.add_guideline(&shown, &text, folder, Some(order));
                }
            } else if text.contains("standard") {
                match format::parse_standard(&shown, &text, Origin::File(shown.clone())) {
                    Ok(standard) => {
                        let offered = Offered {
                            version: standard.version,
                            sha256: standard.sha256,
                            source: folder.to_owned(),
                            text: Text::Here(text),
                        };
                        self.add(Kind::Standard, standard.id, Some(order), offered);
                    }
                    Err(problems) => {
                        let first = problems.first().map_or("", |problem| problem.message.as_str());
                        self.troubles.push(format!("{shown} of {folder} is no standard: {first}"));
                    }
                }
            }
        }
    }
}
