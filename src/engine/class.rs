//! Classes: files that the same checks look into share one prefilter.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::prefilter::{Prefilter, Requirement};
use super::task::ClassSpec;
use crate::model::Language;

/// Which class each file belongs to.
#[derive(Default)]
pub struct Classes {
    /// The checks of each class, and the language of its files.
    pub specs: Vec<ClassSpec>,
    known: HashMap<ClassSpec, u32>,
}

impl Classes {
    /// The class of files in `language` that `checks` look into.
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

/// What is asked of the files of a class before anything is parsed.
pub struct Gate<'f> {
    /// Numbers of the checks that can be used, in order.
    pub numbers: Vec<u32>,
    /// Numbers of those that name their files.
    pub named: Vec<u32>,
    requirements: Vec<&'f Requirement>,
    prefilter: OnceLock<Prefilter>,
}

impl<'f> Gate<'f> {
    /// The gate of a class. `requirement_of` is `None` for a check that cannot be used.
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

    /// Which of the checks a file may match; built for the first file that is read.
    pub fn prefilter(&self) -> &Prefilter {
        self.prefilter.get_or_init(|| Prefilter::new(self.requirements.iter().copied()))
    }
}
