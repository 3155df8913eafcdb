//! Classes: files that the same checks look into share one prefilter and one table of rules.

use std::collections::HashMap;

use super::checks::code::{CodeScan, Grammar};
use super::checks::data::CompiledData;
use super::checks::text::CompiledText;
use super::plan::Compiled;
use super::prefilter::{Prefilter, Requirement};
use crate::model::Language;

/// What a class of files is asked. The prefilter counts text checks first, then code checks.
pub struct Class<'p> {
    /// Text checks with their numbers.
    pub text: Vec<(u32, &'p CompiledText)>,
    /// Data checks with their numbers.
    pub data: Vec<(u32, &'p CompiledData)>,
    /// Code checks.
    pub code: CodeScan<'p>,
    /// The language of all files in it, when a code check looks into them.
    pub grammar: Option<Grammar>,
    /// Which text and code checks a file may match.
    pub prefilter: Prefilter,
    /// Numbers of all its checks, in order.
    pub numbers: Vec<u32>,
    /// Numbers of those that name their files.
    pub named: Vec<u32>,
}

/// Which class each file belongs to.
#[derive(Default)]
pub struct Classes {
    /// The checks of each class, and the language of its files.
    pub keys: Vec<(Vec<u32>, Option<Language>)>,
    known: HashMap<(Vec<u32>, Option<Language>), u32>,
}

impl Classes {
    /// The class of files in `language` that `checks` look into.
    pub fn of(&mut self, checks: Vec<u32>, language: Option<Language>) -> u32 {
        let key = (checks, language);
        if let Some(&class) = self.known.get(&key) {
            return class;
        }
        let class = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.keys.push(key.clone());
        self.known.insert(key, class);
        class
    }
}

impl<'p> Class<'p> {
    /// Builds the class of `checks`, of which `compiled` holds those that compile. With `filter`
    /// off, the prefilter passes everything.
    #[must_use]
    pub fn new(
        checks: &[u32],
        language: Option<Language>,
        compiled: &'p HashMap<u32, Compiled>,
        names_its_files: &impl Fn(u32) -> bool,
        filter: bool,
    ) -> Self {
        let (mut text, mut data, mut code) = (Vec::new(), Vec::new(), Vec::new());
        let mut numbers = Vec::new();
        for &number in checks {
            match compiled.get(&number) {
                Some(Compiled::Text(check)) => text.push((number, check)),
                Some(Compiled::Data(check)) => data.push((number, check)),
                Some(Compiled::Code(check)) => code.push((number, check)),
                None => continue,
            }
            numbers.push(number);
        }
        let prefilter = {
            let texts = text.iter().map(|(_, check)| check.requirement());
            let codes = code.iter().map(|(_, check)| check.requirement());
            Prefilter::new(
                texts
                    .chain(codes)
                    .map(|requirement| if filter { requirement } else { &Requirement::Anything }),
            )
        };
        let grammar = language.filter(|_| !code.is_empty()).map(Grammar);
        let named = numbers.iter().copied().filter(|&number| names_its_files(number)).collect();
        Self { text, data, code: CodeScan::new(code).everywhere(!filter), grammar, prefilter, numbers, named }
    }
}
