//! A waiver: a repository steps over a guideline, says why, and until when.
//!
//! The values only. Its effect is computed by `engine::waive` from these, the facts and one clock, and is
//! never stored.

use schemars::JsonSchema;
use semver::VersionReq;
use serde::{Deserialize, Serialize};

use super::{Date, GuidelineId, RepoPath};
use crate::text::Span;

/// Why a guideline is stepped over.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverKind {
    /// The finding is wrong.
    FalseFinding,
    /// The guideline has nothing to do with this place.
    NotApplicable,
    /// Its aim is reached in another way.
    MetOtherwise,
    /// This is better: a proposal to its owner.
    BetterWay,
    /// Something outside does not allow it.
    Constraint,
    /// What is around it is done this way.
    Consistency,
    /// Keeping it costs more than it brings here.
    Cost,
    /// It will be kept, later.
    Deferred,
    /// None of these.
    #[default]
    Other,
}

impl WaiverKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::FalseFinding,
        Self::NotApplicable,
        Self::MetOtherwise,
        Self::BetterWay,
        Self::Constraint,
        Self::Consistency,
        Self::Cost,
        Self::Deferred,
        Self::Other,
    ];

    /// The word as written in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::FalseFinding => "false-finding",
            Self::NotApplicable => "not-applicable",
            Self::MetOtherwise => "met-otherwise",
            Self::BetterWay => "better-way",
            Self::Constraint => "constraint",
            Self::Consistency => "consistency",
            Self::Cost => "cost",
            Self::Deferred => "deferred",
            Self::Other => "other",
        }
    }

    /// What it says, in one line for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::FalseFinding => "the finding is wrong",
            Self::NotApplicable => "the guideline has nothing to do with this place",
            Self::MetOtherwise => "its aim is reached in another way",
            Self::BetterWay => "this is better: a proposal to the guideline's owner",
            Self::Constraint => "something outside does not allow it",
            Self::Consistency => "everything around it is done this way",
            Self::Cost => "keeping it costs more than it brings here",
            Self::Deferred => "it will be kept, later",
            Self::Other => "none of these",
        }
    }
}

/// When a waiver ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaiverEnd {
    /// With this day, which still counts (UTC).
    Until(Date),
    /// It stands, and is looked at again on this day.
    Standing {
        /// The day.
        review_on: Date,
    },
    /// Nothing is said: it never ends, and that is mentioned.
    Never,
}

/// What a waiver covers inside its guideline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaiverReach {
    /// Findings whose path matches one of these globs; every path when there is none.
    Paths(Vec<String>),
    /// Findings with one of these fingerprints.
    Fingerprints(Vec<String>),
    /// An inline comment: findings that begin or end in this line (from 1) of the file.
    Line {
        /// The file.
        path: RepoPath,
        /// The line.
        line: u32,
    },
    /// An inline comment at the top: every finding in the file.
    File {
        /// The file.
        path: RepoPath,
    },
}

/// Where a waiver is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverPlace {
    /// The file, relative to the root.
    pub path: RepoPath,
    /// Its line, from 1.
    pub line: u32,
    /// The entry in `.stanchion/waivers.toml`, in bytes of that file. Of an inline comment, where the word `waive` begins, in
    /// bytes of its line.
    pub span: Span,
    /// Whether it is an inline comment.
    pub inline: bool,
}

/// A justified step over a guideline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Unique in the repository. An inline one is called after its place: `path:line`, and
    /// `path:line:column` where another one stands before it in the line.
    pub id: String,
    /// The guideline.
    pub guideline: GuidelineId,
    /// The versions of it that were looked at; `None` is any.
    pub versions: Option<VersionReq>,
    /// Ids of the checks; empty is all.
    pub checks: Vec<String>,
    /// What it covers.
    pub reach: WaiverReach,
    /// Why, in a word.
    pub kind: WaiverKind,
    /// Why, in words.
    pub reason: String,
    /// What is done instead.
    pub instead: Option<String>,
    /// Who answers for it; `None` is the owner of the repository.
    pub owner: Option<String>,
    /// The day on which it was written.
    pub declared: Option<Date>,
    /// When it ends.
    pub end: WaiverEnd,
    /// From this day on it has no effect: it was taken back, and is kept for the record.
    pub withdrawn: Option<Date>,
    /// The days on which its end was moved.
    pub renewed: Vec<Date>,
    /// Where it is written.
    pub place: WaiverPlace,
}

/// Longest inline waiver that has an effect, in bytes from the word `waive` on.
pub const LONGEST_INLINE: usize = 2 << 10;

/// A comment that begins an inline waiver, as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineComment {
    /// The file.
    pub path: RepoPath,
    /// The line of the comment, from 1.
    pub line: u32,
    /// The line that a waiver of a line covers.
    pub covers: u32,
    /// From the word `waive` on, to the end of the comment or of the line.
    pub text: String,
    /// The whole line, for an excerpt.
    pub source: String,
    /// Where `text` begins in `source`, in bytes.
    pub at: u32,
}

/// What a waiver does today. Computed, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It covers what it says.
    Active,
    /// The same, and it ends (or is to be looked at again) within 30 days.
    Lapsing,
    /// Its last day is over: what it covered is back.
    Lapsed,
    /// It was taken back.
    Withdrawn,
    /// The guideline has a version that it does not speak about, or no longer the check that it names, or is
    /// not followed.
    Outdated,
    /// It would take effect, but there is nothing that it covers.
    Unused,
    /// Everything that it covers is covered by another waiver.
    Superseded,
}

impl Effect {
    /// The word in machine formats, and for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Lapsing => "lapsing",
            Self::Lapsed => "lapsed",
            Self::Withdrawn => "withdrawn",
            Self::Outdated => "outdated",
            Self::Unused => "unused",
            Self::Superseded => "superseded",
        }
    }
}

/// A waiver and what it does in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverOutcome {
    /// The waiver.
    pub waiver: Waiver,
    /// What it does.
    pub effect: Effect,
    /// Number of findings that it covers.
    pub used: usize,
    /// Id of the waiver that covers what it would, where it is superseded.
    pub superseded_by: Option<String>,
}
