//! Data types of the product: guideline, check, finding, outcome.
//!
//! This module contains values only: no I/O, no clock, no output formats and no engine.

mod baseline;
mod bloom_filter;
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
mod standard;
mod timings;
mod waiver;

pub use baseline::{Baseline, BaselineEntry, BaselinePart};
pub use bloom_filter::BloomFilter;
pub use check::{
    Check, CheckKind, CodeCheck, DataCheck, DataFormat, DataSchema, DuplicateNames, Each, Executable,
    FilesCheck, FilesCondition, FixSpec, NameOf, NameStyle, Names, Pair, Require, Size, TextCheck, ToolCheck,
};
pub use date::Date;
pub use finding::{ContentHash, Edit, Finding, FindingHashes, FindingStatus, Fingerprint, Fix};
pub use guideline::{
    Applies, Consequence, Example, ExampleFile, Expectation, Guideline, GuidelineId, Level, Offer, Origin,
    Section, SettingKind, SettingSpec, Stage,
};
pub use language::{Language, language_of};
pub use outcome::{
    ComparedWith, Comparison, GuidelineOutcome, News, NewsKind, NotAssessed, Note, Outcome, PathCounts,
    Reason, Verdict,
};
pub use path::{RepoPath, join_unless_remote, path_below_root};
pub use problem::Problem;
pub use promise::{Promise, PromiseOutcome, PromiseVerdict, Unassessed};
pub use standard::Standard;
pub use timings::{CheckTiming, Timings};
pub use waiver::{
    InlineComment, LONGEST_INLINE, Waiver, WaiverEffect, WaiverEnd, WaiverKind, WaiverOutcome, WaiverPlace,
    WaiverReach,
};
