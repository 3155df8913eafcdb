//! One file: decode, load and parse at most once, ask every check that may find something.
//!
//! Takes checks and bytes, gives back plain values. Nothing is shared between files.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use super::budget::Budget;
use super::checks::code::{self, CodeScan, CompiledCode, Grammar};
use super::checks::data::{self, CompiledData};
use super::checks::text::CompiledText;
use super::compiled::Compiled;
use super::found::{CannotTell, FileResult};
use super::limits::Limits;
use super::meter::Meter;
use super::places::Places;
use super::task::Job;
use crate::data::Format;
use crate::model::{Language, Reason};
use crate::text::{Decoded, decode};

/// The checks that look into files of one class, ready to run.
pub struct Ready {
    text: Vec<(u32, Arc<CompiledText>)>,
    data: Vec<(u32, Arc<CompiledData>)>,
    code: CodeScan,
    /// The language of the files, when a code check looks into them.
    grammar: Option<Grammar>,
}

impl Ready {
    /// Sorts `checks` by what they need. Without `filter`, code is searched also where nothing can match.
    pub fn new(
        checks: impl Iterator<Item = (u32, Compiled)>,
        language: Option<Language>,
        filter: bool,
    ) -> Self {
        let (mut text, mut data) = (Vec::new(), Vec::new());
        let mut code: Vec<(u32, Arc<CompiledCode>)> = Vec::new();
        for (number, compiled) in checks {
            match compiled {
                Compiled::Text(check) => text.push((number, check)),
                Compiled::Data(check) => data.push((number, check)),
                Compiled::Code(check) => code.push((number, check)),
            }
        }
        let grammar = language.filter(|_| !code.is_empty()).map(Grammar);
        Self { text, data, code: CodeScan::new(code).everywhere(!filter), grammar }
    }
}

/// Assesses the text in `bytes` by the active checks of `job`; adds to `parsing` how long code was parsed. May
/// panic where a check does.
pub fn assess_text(
    ready: &Ready,
    job: &Job,
    bytes: &[u8],
    limits: &Limits,
    meter: &Meter,
    parsing: &Cell<Duration>,
) -> FileResult {
    let mut result = FileResult { file: job.file, ..FileResult::default() };
    // Whoever read the file has seen that it is text.
    let Ok(decoded) = decode(bytes) else { return result };
    let budget = Budget::starting_now(limits.time_for(bytes.len(), job.earlier)).after(job.earlier);
    look(ready, job, &decoded, limits, &budget, (meter, parsing), &mut result);
    result.found.sort_by_key(|a| (a.start.byte, a.end.byte, a.check));
    result
}

fn look(
    ready: &Ready,
    job: &Job,
    decoded: &Decoded<'_>,
    limits: &Limits,
    budget: &Budget,
    (meter, parsing): (&Meter, &Cell<Duration>),
    result: &mut FileResult,
) {
    let places = Places::new(decoded);
    let active = |number: u32| job.active.contains(&number);
    for (number, check) in ready.text.iter().filter(|(number, _)| active(*number)) {
        let (found, cannot_tell) = (&mut result.found, &mut result.cannot_tell);
        meter.look(*number, || check.assess(*number, &places, budget, found, cannot_tell));
    }
    look_at_data(ready, job, &places, meter, result);
    let Some(grammar) = ready.grammar else { return };
    let code_active: Vec<bool> = ready.code.checks().iter().map(|(number, _)| active(*number)).collect();
    if !code_active.contains(&true) {
        return;
    }
    if decoded.text.len() as u64 > limits.code_bytes {
        for ((number, _), _) in ready.code.checks().iter().zip(&code_active).filter(|(_, active)| **active) {
            let detail = format!("{} bytes; code is parsed up to {}", decoded.text.len(), limits.code_bytes);
            result.cannot_tell.push(CannotTell { check: Some(*number), reason: Reason::TooBig, detail });
        }
        return;
    }
    let (found, cannot_tell) = (&mut result.found, &mut result.cannot_tell);
    let mut sink = code::Sink { found, cannot_tell, meter, parsing };
    code::scan(&ready.code, &code_active, grammar, &places, budget, &mut sink);
}

/// The documents of a file in one format, or why they could not be read.
type LoadedOrNot = Result<Vec<data::Loaded>, (Reason, String)>;

fn look_at_data(ready: &Ready, job: &Job, places: &Places<'_>, meter: &Meter, result: &mut FileResult) {
    let mut loaded: Vec<(Format, LoadedOrNot)> = Vec::new();
    for (number, check) in ready.data.iter().filter(|(number, _)| job.active.contains(number)) {
        let Some(format) = check.format(job.path.bytes()) else {
            let detail =
                "its name does not say which data format it is; the check can say `format:`".to_owned();
            result.cannot_tell.push(CannotTell { check: Some(*number), reason: Reason::Format, detail });
            continue;
        };
        if !loaded.iter().any(|(known, _)| *known == format) {
            loaded.push((format, meter.parse(|| data::load(format, places.text()))));
        }
        match loaded.iter().find(|(known, _)| *known == format) {
            Some((_, Ok(documents))) => {
                let found = &mut result.found;
                let assessed = meter.look(*number, || check.assess(*number, documents, places, found));
                if let Err((reason, detail)) = assessed {
                    result.cannot_tell.push(CannotTell { check: Some(*number), reason, detail });
                }
            }
            Some((_, Err((reason, detail)))) => {
                let (reason, detail) = (*reason, detail.clone());
                result.cannot_tell.push(CannotTell { check: Some(*number), reason, detail });
            }
            None => {}
        }
    }
}
