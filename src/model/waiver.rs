//! Waivers: a repository steps over a guideline, with a reason and usually an end.
//!
//! This module only contains the values. `engine::judge` computes the effect from these, the findings and the
//! date of the run; the effect is never stored.

use schemars::JsonSchema;
use semver::VersionReq;
use serde::{Deserialize, Serialize};

use super::{Date, GuidelineId, RepoPath};
use crate::text::Span;

/// Kind of reason for stepping over a guideline.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverKind {
    /// The finding is a false positive.
    FalseFinding,
    /// The guideline does not apply to this code.
    NotApplicable,
    /// The guideline's aim is reached in another way.
    MetOtherwise,
    /// This code uses a better way: a proposal to the guideline's owner.
    BetterWay,
    /// An external constraint prevents it.
    Constraint,
    /// Consistency with the surrounding code.
    Consistency,
    /// Keeping the guideline costs more than it gains here.
    Cost,
    /// The guideline will be kept later.
    Deferred,
    /// None of these.
    #[default]
    Other,
}

impl WaiverKind {
    /// All kinds, in display order.
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

    /// Value in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
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

    /// One-line description for people.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::FalseFinding => "the finding is a false positive",
            Self::NotApplicable => "the guideline does not apply to this code",
            Self::MetOtherwise => "the guideline's aim is reached in another way",
            Self::BetterWay => "this way is better: a proposal to the guideline's owner",
            Self::Constraint => "an external constraint prevents it",
            Self::Consistency => "consistency with the surrounding code",
            Self::Cost => "keeping the guideline costs more than it gains here",
            Self::Deferred => "the guideline will be kept later",
            Self::Other => "another reason",
        }
    }
}

/// End of a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaiverEnd {
    /// Last day on which the waiver has an effect (UTC).
    Until(Date),
    /// No end; the waiver is to be reviewed on this day.
    Standing {
        /// Day of the review.
        review_on: Date,
    },
    /// No end and no review. Reports mention it.
    Never,
}

/// Findings of its guideline that a waiver covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaiverReach {
    /// Findings whose path matches one of these globs; if empty, all findings.
    Paths(Vec<String>),
    /// Findings with one of these fingerprints.
    Fingerprints(Vec<String>),
    /// Inline comment: findings that begin or end in this line of the file.
    Line {
        /// The file.
        path: RepoPath,
        /// Line number, from 1.
        line: u32,
    },
    /// Inline comment for a whole file: all findings in the file.
    File {
        /// The file.
        path: RepoPath,
    },
}

/// Position of a waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverPlace {
    /// Path of the file, relative to the root.
    pub path: RepoPath,
    /// Line number, from 1.
    pub line: u32,
    /// Span of the entry in `.stanchion/waivers.toml`. For an inline comment: start of the word `waive`, in
    /// bytes from the start of its line.
    pub span: Span,
    /// Whether it is an inline comment.
    pub inline: bool,
}

/// A waiver: a repository steps over a guideline for a stated reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Unique in the repository. The id of an inline waiver is its position: `path:line`, or
    /// `path:line:column` if another waiver precedes it in the line.
    pub id: String,
    /// The guideline.
    pub guideline: GuidelineId,
    /// Guideline versions for which the waiver was written; `None` for any version.
    pub versions: Option<VersionReq>,
    /// Ids of the covered checks; empty for all checks.
    pub checks: Vec<String>,
    /// Findings that it covers.
    pub reach: WaiverReach,
    /// Kind of reason.
    pub kind: WaiverKind,
    /// Reason, as text.
    pub reason: String,
    /// Measure that the repository takes instead of keeping the guideline.
    pub instead: Option<String>,
    /// Person or team that is responsible for the waiver; `None` for the owner of the repository.
    pub owner: Option<String>,
    /// Day on which it was written.
    pub declared: Option<Date>,
    /// End of the waiver.
    pub end: WaiverEnd,
    /// Day from which it has no effect because it was withdrawn. The entry stays as a record.
    pub withdrawn: Option<Date>,
    /// Days on which its end was moved.
    pub renewed: Vec<Date>,
    /// Position of the waiver.
    pub place: WaiverPlace,
}

/// Maximum length of an inline waiver, in bytes from the word `waive` on. Longer ones have no effect.
pub const LONGEST_INLINE: usize = 2 << 10;

/// A comment in a file that begins an inline waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineComment {
    /// The file.
    pub path: RepoPath,
    /// Line number of the comment, from 1.
    pub line: u32,
    /// Number of the line that the waiver covers, unless it covers the whole file.
    pub covers: u32,
    /// Text from the word `waive` to the end of the comment or of the line.
    pub text: String,
    /// Full line, for an excerpt.
    pub source: String,
    /// Offset of `text` in `source`, in bytes.
    pub at: u32,
}

/// Effect of a waiver on the day of the run. Computed, never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverEffect {
    /// In effect.
    Active,
    /// In effect, and it ends or is to be reviewed within 30 days.
    Lapsing,
    /// Its last day has passed: the findings that it covered count again.
    Lapsed,
    /// It was withdrawn.
    Withdrawn,
    /// The waiver does not match the version of the guideline, names a check that no longer exists, or its
    /// guideline is not followed.
    Outdated,
    /// Valid, but it covers no finding.
    Unused,
    /// All findings that it matches are covered by another waiver.
    Superseded,
}

impl WaiverEffect {
    /// Value in machine-readable formats and for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
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

/// A waiver and its effect in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaiverOutcome {
    /// The waiver.
    pub waiver: Waiver,
    /// Effect in the run.
    pub effect: WaiverEffect,
    /// Number of findings that it covers in the run.
    pub used: usize,
    /// For a superseded waiver: id of the waiver that covers its findings.
    pub superseded_by: Option<String>,
}
