//! The words of the product as pure values: guideline, check, finding, outcome.
//!
//! No I/O, no clock, no output format and no engine may enter here.

mod baseline;
mod check;
mod date;
mod devices;
mod finding;
mod guideline;
mod language;
mod outcome;
mod path;
mod problem;
mod promise;
mod sieve;
mod standard;
mod timings;
mod waiver;

pub use baseline::{Baseline, BaselineEntry, BaselinePart};
pub use check::{
    Check, CheckKind, CodeCheck, DataCheck, DataFormat, DataSchema, DuplicateNames, Each, Executable,
    FilesCheck, FilesQuestion, FixSpec, NameOf, NameStyle, Names, Pair, Require, Size, TextCheck, ToolCheck,
};
pub use date::Date;
pub use finding::{Edit, Finding, Fingerprint, Fix, Standing, Trace, Traces};
pub use guideline::{
    Applies, Consequence, Example, ExampleFile, Expectation, Guideline, GuidelineId, Level, Offer, Origin,
    Section, SettingKind, SettingSpec, Stage,
};
pub use language::{Language, language_of};
pub use outcome::{
    Compared, ComparedWith, GuidelineOutcome, News, NewsKind, NotAssessed, Note, Outcome, PathCounts, Reason,
    Verdict,
};
pub use path::{RepoPath, named_from, place_below};
pub use problem::Problem;
pub use promise::{Promise, PromiseOutcome, PromiseVerdict, Unassessed};
pub use sieve::TraceSieve;
pub use standard::Standard;
pub use timings::{CheckTiming, Timings};
pub use waiver::{
    Effect, InlineComment, LONGEST_INLINE, Waiver, WaiverEnd, WaiverKind, WaiverOutcome, WaiverPlace,
    WaiverReach,
};
