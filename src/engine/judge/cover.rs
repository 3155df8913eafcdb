//! Finds the waivers that cover a finding. Waivers are indexed by place, so that ten thousand of them stay
//! fast.

use std::cell::OnceCell;
use std::collections::HashMap;

use foldhash::HashSet;

use crate::engine::glob::{Globs, is_certainly_valid, is_literal, literal_folder};
use crate::model::{Finding, Fingerprint, Waiver, WaiverReach};

/// Returns the index of the first invalid glob of a waiver, and the reason as a sentence; `None` if all are
/// valid.
#[must_use]
pub fn glob_problem(waiver: &Waiver) -> Option<(usize, String)> {
    match &waiver.reach {
        WaiverReach::Paths(globs)
            if globs.len() <= 16 && globs.iter().all(|glob| is_certainly_valid(glob)) =>
        {
            None
        }
        WaiverReach::Paths(globs) => Globs::new(globs).err(),
        _ => None,
    }
}

/// Paths of findings. Used to skip waivers early: most cover places without findings.
#[derive(Default)]
pub struct FindingPlaces {
    paths: HashSet<Vec<u8>>,
    /// All parent folders of `paths`, with a final `/`; the repository root is the empty path.
    folders: HashSet<Vec<u8>>,
}

impl FindingPlaces {
    /// Adds the path of a finding and its parent folders.
    pub fn add(&mut self, path: &[u8]) {
        if !self.paths.insert(path.to_vec()) {
            return;
        }
        self.folders.insert(Vec::new());
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            self.folders.insert(path[..=at].to_vec());
        }
    }
}

/// A waiver's number and its globs, which are compiled on first use.
type LazyGlobs<'w> = (usize, &'w [String], OnceCell<Option<Globs>>);

/// The waivers of one guideline, indexed by the places they cover. Numbers are indices into the caller's
/// list.
#[derive(Default)]
pub struct WaiverIndex<'w> {
    everything: Vec<usize>,
    by_path: HashMap<&'w [u8], Vec<usize>>,
    /// By the folder that contains all matches of the globs; compiled when that folder has a finding.
    by_folder: HashMap<&'w [u8], Vec<LazyGlobs<'w>>>,
    by_fingerprint: HashMap<Fingerprint, Vec<usize>>,
    by_line: HashMap<(&'w [u8], u32), Vec<usize>>,
}

impl<'w> WaiverIndex<'w> {
    /// Adds a waiver if it may cover one of `places`. A waiver with an invalid glob covers nothing;
    /// [`glob_problem`] reports the reason.
    pub fn add(&mut self, number: usize, waiver: &'w Waiver, places: &FindingPlaces) {
        match &waiver.reach {
            WaiverReach::Paths(globs) if globs.is_empty() => self.everything.push(number),
            WaiverReach::Paths(globs) if globs.iter().all(|glob| is_literal(glob)) => {
                let mut found = globs.iter().filter(|glob| places.paths.contains(glob.as_bytes())).peekable();
                if found.peek().is_some() && glob_problem(waiver).is_none() {
                    for glob in found {
                        self.by_path.entry(glob.as_bytes()).or_default().push(number);
                    }
                }
            }
            WaiverReach::Paths(globs) => {
                let mut folders = globs.iter().map(|glob| literal_folder(glob));
                let first = folders.next().unwrap_or_default();
                // Globs in different folders are tested against every path.
                let folder = if folders.all(|folder| folder == first) { first } else { "" };
                if places.folders.contains(folder.as_bytes()) {
                    self.by_folder.entry(folder.as_bytes()).or_default().push((
                        number,
                        globs,
                        OnceCell::new(),
                    ));
                }
            }
            WaiverReach::Fingerprints(fingerprints) => {
                for fingerprint in fingerprints {
                    // Invalid fingerprints were reported when the waiver was parsed.
                    if let Ok(digits) = u128::from_str_radix(fingerprint, 16) {
                        self.by_fingerprint.entry(Fingerprint(digits)).or_default().push(number);
                    }
                }
            }
            WaiverReach::Line { path, line } => {
                self.by_line.entry((path.bytes(), *line)).or_default().push(number);
            }
            WaiverReach::File { path } => self.by_path.entry(path.bytes()).or_default().push(number),
        }
    }

    /// Returns the numbers of the waivers that cover all of `path`, unsorted.
    pub fn covering_path(&self, path: &[u8]) -> Vec<usize> {
        let mut numbers = self.everything.clone();
        numbers.extend(self.by_path.get(path).into_iter().flatten());
        let folders = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..=at]);
        for folder in std::iter::once(&path[..0]).chain(folders) {
            for (number, globs, compiled) in self.by_folder.get(folder).into_iter().flatten() {
                let compiled = compiled.get_or_init(|| Globs::new(globs).ok());
                if compiled.as_ref().is_some_and(|globs| globs.is_match(path)) {
                    numbers.push(*number);
                }
            }
        }
        numbers
    }

    /// Returns the numbers of the waivers that cover `finding`, in ascending order. `of_path` is the result
    /// of [`WaiverIndex::covering_path`] for its path. The waivers' lists of checks are not considered here.
    pub fn covering_finding(&self, finding: &Finding, of_path: &[usize]) -> Vec<usize> {
        let mut numbers = of_path.to_vec();
        numbers.extend(self.by_fingerprint.get(&finding.hashes.fingerprint).into_iter().flatten());
        let last_line = finding.last_line();
        let lines = [finding.start.line, last_line];
        for line in &lines[..if last_line == finding.start.line { 1 } else { 2 }] {
            numbers.extend(self.by_line.get(&(finding.path.bytes(), *line)).into_iter().flatten());
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}
