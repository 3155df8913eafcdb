//! Classes of files: files that are selected by the same checks share one prefilter.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::prefilter::{Prefilter, Requirement};
use super::task::ClassSpec;
use crate::model::Language;

/// The classes of a run, deduplicated by their checks and language.
#[derive(Default)]
pub struct Classes {
    /// The checks of each class, and the language of its files.
    pub specs: Vec<ClassSpec>,
    known: HashMap<ClassSpec, u32>,
}

impl Classes {
    /// Returns the class of files in `language` that `checks` select, creating it if necessary.
    pub fn of(&mut self, checks: Vec<u32>, language: Option<Language>) -> u32 {
        let spec = ClassSpec { numbers: checks, language };
        if let Some(&class) = self.known.get(&spec) {
            return class;
        }
        let class = u32::try_from(self.specs.len()).unwrap_or(u32::MAX);
        self.specs.push(spec.clone());
        self.known.insert(spec, class);
        class
    }
}

/// The usable checks of a class, and the prefilter that runs before anything is parsed.
pub struct ClassChecks<'f> {
    /// Numbers of the checks that compiled, in ascending order.
    pub numbers: Vec<u32>,
    /// Numbers of those that select files by name, so that a binary file is reported as "cannot tell".
    pub named: Vec<u32>,
    requirements: Vec<&'f Requirement>,
    prefilter: OnceLock<Prefilter>,
}

impl<'f> ClassChecks<'f> {
    /// Prepares the checks of a class. `requirement_of` returns `None` for a check that did not compile.
    pub fn new(
        spec: &ClassSpec,
        requirement_of: impl Fn(u32) -> Option<&'f Requirement>,
        names_its_files: impl Fn(u32) -> bool,
    ) -> Self {
        let usable = spec.numbers.iter().filter_map(|&number| Some((number, requirement_of(number)?)));
        let (numbers, requirements): (Vec<u32>, Vec<&Requirement>) = usable.unzip();
        let named = numbers.iter().copied().filter(|&number| names_its_files(number)).collect();
        Self { numbers, named, requirements, prefilter: OnceLock::new() }
    }

    /// Returns the prefilter, which is built for the first file that is read.
    pub fn prefilter(&self) -> &Prefilter {
        self.prefilter.get_or_init(|| Prefilter::new(self.requirements.iter().copied()))
    }
}
