//! Assesses one file: decodes, loads and parses it at most once, and runs every check that may match.
//!
//! Takes checks and bytes, and returns plain values. No state is shared between files.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use super::budget::TimeBudget;
use super::checks::code::{self, CodeScan, CompiledCode, Grammar};
use super::checks::data::{self, CompiledData};
use super::checks::text::CompiledText;
use super::compiled::Compiled;
use super::file_result::{CannotTell, FileResult};
use super::limits::Limits;
use super::meter::Meter;
use super::source_text::SourceText;
use super::task::FileJob;
use crate::data::DocumentFormat;
use crate::model::{Language, Reason};
use crate::text::{Decoded, decode};

/// The compiled checks of one class of files.
pub struct ReadyChecks {
    text: Vec<(u32, Arc<CompiledText>)>,
    data: Vec<(u32, Arc<CompiledData>)>,
    code: CodeScan,
    /// The grammar of the files; `None` when no code check selects them.
    grammar: Option<Grammar>,
}

impl ReadyChecks {
    /// Groups `checks` by kind. Without `filter`, code checks visit every node, even where no rule can match.
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

/// Runs the active checks of `job` on the text in `bytes`, and adds the time spent parsing code to `parsing`.
///
/// # Panics
/// If a check panics; the caller catches it.
pub fn assess_text(
    ready: &ReadyChecks,
    job: &FileJob,
    bytes: &[u8],
    limits: &Limits,
    meter: &Meter,
    parsing: &Cell<Duration>,
) -> FileResult {
    let mut result = FileResult { file: job.file, ..FileResult::default() };
    // The reading thread has already decoded the file successfully.
    let Ok(decoded) = decode(bytes) else { return result };
    let budget = TimeBudget::starting_now(limits.time_for(bytes.len(), job.earlier)).after(job.earlier);
    run_checks(ready, job, &decoded, limits, &budget, (meter, parsing), &mut result);
    result.found.sort_by_key(|a| (a.start.byte, a.end.byte, a.check));
    result
}

fn run_checks(
    ready: &ReadyChecks,
    job: &FileJob,
    decoded: &Decoded<'_>,
    limits: &Limits,
    budget: &TimeBudget,
    (meter, parsing): (&Meter, &Cell<Duration>),
    result: &mut FileResult,
) {
    let source = SourceText::new(decoded);
    let active = |number: u32| job.active.contains(&number);
    for (number, check) in ready.text.iter().filter(|(number, _)| active(*number)) {
        let (found, cannot_tell) = (&mut result.found, &mut result.cannot_tell);
        meter.search(*number, || check.assess(*number, &source, budget, found, cannot_tell));
    }
    run_data_checks(ready, job, &source, meter, result);
    let Some(grammar) = ready.grammar else { return };
    let code_active: Vec<bool> = ready.code.checks().iter().map(|(number, _)| active(*number)).collect();
    if !code_active.contains(&true) {
        return;
    }
    if decoded.text.len() as u64 > limits.code_bytes {
        for ((number, _), _) in ready.code.checks().iter().zip(&code_active).filter(|(_, active)| **active) {
            let detail =
                format!("{} bytes; code is parsed up to {} bytes", decoded.text.len(), limits.code_bytes);
            result.cannot_tell.push(CannotTell { check: Some(*number), reason: Reason::TooBig, detail });
        }
        return;
    }
    let (found, cannot_tell) = (&mut result.found, &mut result.cannot_tell);
    let mut sink = code::ScanOutput { found, cannot_tell, meter, parsing };
    code::scan_file(&ready.code, &code_active, grammar, &source, budget, &mut sink);
}

/// The documents of a file in one format, or the reason why they could not be loaded.
type LoadResult = Result<Vec<data::LoadedDocument>, (Reason, String)>;

fn run_data_checks(
    ready: &ReadyChecks,
    job: &FileJob,
    source: &SourceText<'_>,
    meter: &Meter,
    result: &mut FileResult,
) {
    let mut loaded: Vec<(DocumentFormat, LoadResult)> = Vec::new();
    for (number, check) in ready.data.iter().filter(|(number, _)| job.active.contains(number)) {
        let Some(format) = check.format(job.path.bytes()) else {
            let detail =
                "the file name does not determine the data format: set `format:` in the check".to_owned();
            result.cannot_tell.push(CannotTell { check: Some(*number), reason: Reason::Format, detail });
            continue;
        };
        if !loaded.iter().any(|(known, _)| *known == format) {
            loaded.push((format, meter.parse(|| data::load_documents(format, source.text()))));
        }
        match loaded.iter().find(|(known, _)| *known == format) {
            Some((_, Ok(documents))) => {
                let found = &mut result.found;
                let assessed = meter.search(*number, || check.assess(*number, documents, source, found));
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
