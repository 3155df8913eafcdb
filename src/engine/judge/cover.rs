//! Which waivers cover a finding. Made for many: ten thousand waivers are asked by place, not one by one.

use std::cell::OnceCell;
use std::collections::HashMap;

use foldhash::HashSet;

use crate::engine::glob::{Globs, is_literal, is_surely_fine, literal_folder};
use crate::model::{Finding, Fingerprint, Waiver, WaiverReach};

/// Why a glob of a waiver cannot be used: which one, and a sentence. `None`: all can.
#[must_use]
pub fn glob_problem(waiver: &Waiver) -> Option<(usize, String)> {
    match &waiver.reach {
        WaiverReach::Paths(globs) if globs.len() <= 16 && globs.iter().all(|glob| is_surely_fine(glob)) => {
            None
        }
        WaiverReach::Paths(globs) => Globs::new(globs).err(),
        _ => None,
    }
}

/// Where something was found: waivers are many, and most cover places where nothing is.
#[derive(Default)]
pub struct Places {
    paths: HashSet<Vec<u8>>,
    /// Each folder above one of them, with a final `/`; the empty one for all of them.
    folders: HashSet<Vec<u8>>,
}

impl Places {
    /// Adds the path of a finding.
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

/// A waiver's number and its globs, which are compiled when they are first asked.
type Lazy<'w> = (usize, &'w [String], OnceCell<Option<Globs>>);

/// The waivers of one guideline, by what they cover. Numbers are those of the list it is made from.
#[derive(Default)]
pub struct Covers<'w> {
    everything: Vec<usize>,
    by_path: HashMap<&'w [u8], Vec<usize>>,
    /// By the folder in which everything lies that the globs match; compiled when something there is found.
    by_folder: HashMap<&'w [u8], Vec<Lazy<'w>>>,
    by_fingerprint: HashMap<Fingerprint, Vec<usize>>,
    by_line: HashMap<(&'w [u8], u32), Vec<usize>>,
}

impl<'w> Covers<'w> {
    /// Adds a waiver, if it may cover something in `places`. One with a glob that cannot be used covers nothing:
    /// [`glob_problem`] says why.
    pub fn add(&mut self, number: usize, waiver: &'w Waiver, places: &Places) {
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
                // Globs of several folders are asked about every path.
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
                    // What is no fingerprint was told when it was read.
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

    /// The waivers that cover `path` as a whole, in order.
    pub fn of_path(&self, path: &[u8]) -> Vec<usize> {
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

    /// The waivers that cover `finding`, in order; `of_path` is what [`Covers::of_path`] says of its path. That
    /// a waiver names other checks is not looked at here.
    pub fn of_finding(&self, finding: &Finding, of_path: &[usize]) -> Vec<usize> {
        let mut numbers = of_path.to_vec();
        numbers.extend(self.by_fingerprint.get(&finding.traces.fingerprint).into_iter().flatten());
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
