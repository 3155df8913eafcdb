//! Copies: bringing guidelines and standards into `.stanchion`, with a lock that says what they were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use super::super::failure::system_words;
use super::super::guidelines::{Copies, LOCK, is_plain};
use super::super::party::Party;
use super::super::{Failure, files};
use crate::format::{self, Follow, Lock, Locked, RegistryPlace};
use crate::model::{GuidelineId, Origin};

/// The name of the starter set, as a source.
pub(in super::super) const STARTER: &str = "starter";

/// A version that a source offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Offered {
    /// Its version.
    pub(in super::super) version: Version,
    /// Its bytes.
    pub(in super::super) text: String,
    /// SHA-256 of them.
    pub(in super::super) sha256: String,
    /// Where it comes from, as the lock says it.
    pub(in super::super) source: String,
}

/// Everything that the sources of a party offer, best first: later versions first, of equal ones the earlier source.
#[derive(Debug, Default)]
pub(in super::super) struct Offers {
    /// Guidelines.
    pub(in super::super) guidelines: BTreeMap<GuidelineId, Vec<Offered>>,
    /// Standards.
    pub(in super::super) standards: BTreeMap<GuidelineId, Vec<Offered>>,
    /// Sources that could not be asked, and files that could not be read: sentences.
    pub(in super::super) troubles: Vec<String>,
}

impl Offers {
    /// Asks the starter set and every folder among the registries of a party.
    pub(in super::super) fn of(party: &Party) -> Self {
        let mut offers = Self::default();
        for (name, text) in format::starter() {
            offers.add_guideline(name, text, STARTER);
        }
        for registry in &party.config.registries {
            match &registry.what {
                RegistryPlace::Folder(folder) => offers.add_folder(&party.root, folder),
                RegistryPlace::Url(url) => offers.troubles.push(format!(
                    "{url} was not asked: this version updates from folders only, the registry's comes with it"
                )),
            }
        }
        for versions in offers.guidelines.values_mut().chain(offers.standards.values_mut()) {
            // Stable: of equal versions the one of the earlier source stays first.
            versions.sort_by(|a, b| b.version.cmp(&a.version));
        }
        offers
    }

    fn add_guideline(&mut self, name: &str, text: &str, source: &str) {
        match format::parse(name, text, Origin::File(name.to_owned()), &|_| Some("{}".to_owned())) {
            Ok(guideline) => self.guidelines.entry(guideline.id).or_default().push(Offered {
                version: guideline.version,
                text: text.to_owned(),
                sha256: guideline.sha256,
                source: source.to_owned(),
            }),
            Err(problems) => {
                let first =
                    problems.first().map_or_else(String::new, |problem| format!(": {}", problem.message));
                self.troubles.push(format!("{name} of {source} cannot be used{first}"));
            }
        }
    }

    fn add_folder(&mut self, root: &Path, folder: &str) {
        let full = root.join(folder);
        if full.join("index/config.json").is_file() {
            return self.add_index(&full, folder);
        }
        let found = match files::below(&full, &["md", "toml"]) {
            Ok(found) => found,
            Err((at, error)) => {
                let words = system_words(&error);
                return self.troubles.push(format!("{} cannot be listed: {words}", at.display()));
            }
        };
        for path in found {
            let shown = path.strip_prefix(&full).unwrap_or(&path).to_string_lossy().into_owned();
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
                    self.add_guideline(&shown, &text, folder);
                }
            } else if text.contains("standard") {
                match format::parse_standard(&shown, &text, Origin::File(shown.clone())) {
                    Ok(standard) => self.standards.entry(standard.id.clone()).or_default().push(Offered {
                        version: standard.version,
                        sha256: standard.sha256,
                        text,
                        source: folder.to_owned(),
                    }),
                    Err(problems) => {
                        let first = problems.first().map_or("", |problem| problem.message.as_str());
                        self.troubles.push(format!("{shown} of {folder} is no standard: {first}"));
                    }
                }
            }
        }
    }
}

/// A line of the index of a registry, as far as it is asked for.
#[derive(serde::Deserialize)]
struct IndexLine {
    /// The format.
    v: u32,
    /// `namespace/slug`
    name: String,
    version: String,
    sha256: String,
    #[serde(default)]
    yanked: bool,
}

impl Offers {
    /// Adds what the index of a registry offers that was exported into a folder: every version that is not yanked, if
    /// its text is what the index says.
    fn add_index(&mut self, full: &Path, folder: &str) {
        let found = match files::below(&full.join("index"), &["jsonl"]) {
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
                    self.troubles
                        .push(format!("{shown} of {folder} cannot be read: {}", system_words(&error)));
                    continue;
                }
            };
            for (nth, line) in text.lines().enumerate() {
                if let Err(why) = self.add_line(full, folder, line) {
                    self.troubles.push(format!("{shown} of {folder}, line {}: {why}", nth + 1));
                }
            }
        }
    }

    fn add_line(&mut self, full: &Path, folder: &str, line: &str) -> Result<(), String> {
        let line: IndexLine =
            serde_json::from_str(line).map_err(|error| format!("it cannot be read: {error}"))?;
        if line.v != 1 {
            return Err(format!("it is of a later format ({}); update stanchion to use it", line.v));
        }
        if line.yanked {
            return Ok(());
        }
        if line.sha256.len() != 64 || !line.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("its sha256 is none".to_owned());
        }
        let path = full.join("blob").join(format!("{}.md", line.sha256));
        let text = files::read(&path)
            .map_err(|error| format!("its text cannot be read: {}", system_words(&error)))?;
        let named = format!("{} {}", line.name, line.version);
        let guideline = format::parse(&named, &text, Origin::File(named.clone()), &|_| Some("{}".to_owned()))
            .map_err(|_| format!("{named} is no guideline that this version understands"))?;
        if guideline.sha256 != line.sha256 {
            return Err(format!("the text of {named} is not the one that was published"));
        }
        if guideline.id.as_str() != line.name || guideline.version.to_string() != line.version {
            return Err(format!(
                "the text of {named} says that it is {} {}",
                guideline.id, guideline.version
            ));
        }
        self.guidelines.entry(guideline.id).or_default().push(Offered {
            version: guideline.version,
            text,
            sha256: line.sha256,
            source: folder.to_owned(),
        });
        Ok(())
    }
}

/// What is wanted of one guideline or standard.
#[derive(Clone, Debug)]
pub(in super::super) struct Wanted {
    /// The versions that are followed; `None` is any of the major that is there, or any at all where there is none.
    pub(in super::super) range: Option<VersionReq>,
    /// The only source from which it may come; `None` is any.
    pub(in super::super) source: Option<&'static str>,
}

/// Which copies a party wants: those that it follows by name, the members of standards, and the starter set where
/// it has copies of that (or is about to begin with some).
pub(in super::super) fn wanted(
    party: &Party,
    offers: &Offers,
    lock: &Lock,
    begin: bool,
) -> (BTreeMap<GuidelineId, Wanted>, BTreeMap<GuidelineId, Wanted>) {
    let (mut guidelines, mut standards) = (BTreeMap::new(), BTreeMap::new());
    for entry in &party.config.follow {
        match &entry.what {
            Follow::Starter => {
                let own = lock.guidelines.iter().any(|locked| locked.source == STARTER);
                if !own && !begin {
                    continue;
                }
                for (id, offered) in &offers.guidelines {
                    if offered.iter().any(|it| it.source == STARTER) {
                        let wanted = Wanted { range: None, source: Some(STARTER) };
                        guidelines.entry(id.clone()).or_insert(wanted);
                    }
                }
            }
            Follow::Directory(_) => {}
            Follow::Named { id, range } => {
                let wanted = Wanted { range: range.clone(), source: None };
                let is_standard =
                    offers.standards.contains_key(id) || lock.standards.iter().any(|locked| locked.id == *id);
                if is_standard {
                    standards.entry(id.clone()).or_insert(wanted);
                } else {
                    guidelines.entry(id.clone()).or_insert(wanted);
                }
            }
        }
    }
    (guidelines, standards)
}

/// The best version for what is wanted, and a later one that is out of its range.
pub(in super::super) fn choose<'o>(
    offered: &'o [Offered],
    wanted: &Wanted,
    now: Option<&Version>,
) -> (Option<&'o Offered>, Option<&'o Offered>) {
    let fits = |it: &&Offered| {
        let source = wanted.source.is_none_or(|source| it.source == source);
        let range = match (&wanted.range, now) {
            (Some(range), _) => range.matches(&it.version),
            // Without a range, a new major needs saying.
            (None, Some(now)) => same_major(now, &it.version),
            (None, None) => true,
        };
        // A version that is tried out is taken only by name.
        let plain = it.version.pre.is_empty() || wanted.range.is_some();
        source && range && plain
    };
    let best = offered.iter().find(fits);
    let beyond = offered.iter().find(|it| {
        it.version.pre.is_empty()
            && wanted.source.is_none_or(|source| it.source == source)
            && best.or(None).is_none_or(|best| it.version > best.version)
            && now.is_none_or(|now| it.version > *now)
    });
    (best, beyond.filter(|beyond| best.is_none_or(|best| best.version != beyond.version)))
}

/// Whether two versions promise the same to those who keep them: in 0.x the second number is the major.
pub(in super::super) fn same_major(a: &Version, b: &Version) -> bool {
    a.major == b.major && (a.major > 0 || a.minor == b.minor)
}

/// Where the copy of a guideline (or of a standard) lies, relative to the party.
pub(in super::super) fn path_of(id: &GuidelineId, is_standard: bool) -> PathBuf {
    if is_standard { Copies::standard_path(id) } else { Copies::guideline_path(id) }
}

/// The text of a copy; `None` where there is none.
///
/// # Errors
/// When it cannot be read, or is a link.
pub(in super::super) fn read(root: &Path, path: &Path) -> Result<Option<String>, Failure> {
    let full = root.join(path);
    if full.symlink_metadata().is_err() {
        return Ok(None);
    }
    if !is_plain(root, path) {
        return Err(Failure::new(format!("{} is a link, and is left as it is", path.display())));
    }
    files::read(&full).map(Some).map_err(|error| Failure::io("read", path, &error))
}

/// Writes a copy, byte for byte.
///
/// # Errors
/// What the system says.
pub(in super::super) fn write(root: &Path, path: &Path, text: &str) -> Result<(), Failure> {
    if !is_plain(root, path) {
        return Err(Failure::new(format!("{} is a link, and is left as it is", path.display())));
    }
    files::write_own(&root.join(path), text.as_bytes()).map_err(|error| Failure::io("write", path, &error))
}

/// Writes the lock, if it changed.
///
/// # Errors
/// What the system says.
pub(in super::super) fn write_lock(root: &Path, before: &Lock, lock: &Lock) -> Result<(), Failure> {
    if before == lock && root.join(LOCK).exists() {
        return Ok(());
    }
    write(root, Path::new(LOCK), &lock.render())
}

/// What the lock says of a copy that was just made.
pub(in super::super) fn locked(id: &GuidelineId, offered: &Offered) -> Locked {
    Locked {
        id: id.clone(),
        version: offered.version.clone(),
        sha256: offered.sha256.clone(),
        source: offered.source.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(version: &str, source: &str) -> Offered {
        Offered {
            version: version.parse().expect("a version"),
            text: String::new(),
            sha256: String::new(),
            source: source.to_owned(),
        }
    }

    #[test]
    fn ranges_are_respected_and_majors_need_saying() {
        let all = ["3.0.0", "2.2.0-beta", "2.1.0", "2.0.0", "1.5.0", "1.0.0"].map(|it| offered(it, "x"));
        let version = |text: &str| text.parse::<Version>().expect("a version");
        let chosen = |range: Option<&str>, now: Option<&str>| {
            let wanted = Wanted { range: range.map(|it| it.parse().expect("a range")), source: None };
            let now = now.map(version);
            let (best, beyond) = choose(&all, &wanted, now.as_ref());
            let text = |it: Option<&Offered>| it.map(|it| it.version.to_string());
            (text(best), text(beyond))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(chosen(Some("^2"), None), (some("2.1.0"), some("3.0.0")));
        assert_eq!(chosen(Some("^2"), Some("2.0.0")), (some("2.1.0"), some("3.0.0")));
        assert_eq!(chosen(None, Some("1.0.0")), (some("1.5.0"), some("3.0.0")));
        assert_eq!(chosen(None, None), (some("3.0.0"), None));
        assert_eq!(chosen(Some("=2.2.0-beta"), None), (some("2.2.0-beta"), some("3.0.0")));
        assert_eq!(chosen(Some("^4"), None), (None, some("3.0.0")));
        assert!(
            !same_major(&version("0.1.0"), &version("0.2.0"))
                && same_major(&version("0.1.0"), &version("0.1.9"))
        );
    }
}
