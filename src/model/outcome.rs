//! Outcome of a run: all data that reports may contain.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Date, Finding, FindingStatus, Guideline, GuidelineId, Problem, PromiseOutcome, PromiseVerdict, RepoPath,
    Unassessed, WaiverOutcome,
};

/// Reason why something could not be assessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The file is larger than the size limit.
    TooBig,
    /// The file is binary: it contains a NUL byte and is not UTF-16 with a byte order mark, or it is a PDF.
    Binary,
    /// The file is not UTF-8, and no byte order mark announces another encoding.
    Encoding,
    /// The operating system reported an error on reading.
    Unreadable,
    /// Not a regular file (a FIFO, a socket, a device).
    Special,
    /// The path is too long for the operating system or for stanchion.
    PathTooLong,
    /// Syntax error in the part that the check inspects.
    ParseError,
    /// Unknown data format.
    #[serde(rename = "unknown-format")]
    Format,
    /// Nesting deeper than the limit.
    TooDeep,
    /// More nodes than the limit, after aliases are expanded.
    TooManyNodes,
    /// A time budget was exceeded.
    Budget,
    /// The assessment of the file crashed.
    Died,
    /// The file changed or disappeared while it was read.
    Changed,
    /// Unresolved merge conflict: git's index contains several versions of the file.
    Unmerged,
    /// The guideline is invalid (a bad pattern, a newer schema).
    Guideline,
    /// An ignore file could not be used.
    IgnoreFile,
    /// The directory could not be listed.
    Directory,
    /// The results of the tool that the check refers to were not provided.
    NoResults,
}

impl Reason {
    /// The word in machine formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooBig => "too-big",
            Self::Binary => "binary",
            Self::Encoding => "encoding",
            Self::Unreadable => "unreadable",
            Self::Special => "special-file",
            Self::PathTooLong => "path-too-long",
            Self::ParseError => "parse-error",
            Self::Format => "unknown-format",
            Self::TooDeep => "too-deep",
            Self::TooManyNodes => "too-many-nodes",
            Self::Budget => "budget",
            Self::Died => "parser-died",
            Self::Changed => "changed-while-read",
            Self::Unmerged => "unmerged",
            Self::Guideline => "guideline",
            Self::IgnoreFile => "ignore-file",
            Self::Directory => "directory",
            Self::NoResults => "no-results",
        }
    }

    /// Label for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::TooBig => "too big",
            Self::Binary => "binary",
            Self::Encoding => "unknown encoding",
            Self::Unreadable => "unreadable",
            Self::Special => "not a regular file",
            Self::PathTooLong => "path too long",
            Self::ParseError => "syntax error",
            Self::Format => "unknown data format",
            Self::TooDeep => "nested too deeply",
            Self::TooManyNodes => "too many values",
            Self::Budget => "budget exceeded",
            Self::Died => "assessment crashed",
            Self::Changed => "changed while being read",
            Self::Unmerged => "unresolved merge conflict",
            Self::Guideline => "invalid guideline",
            Self::IgnoreFile => "ignore file not used",
            Self::Directory => "unreadable directory",
            Self::NoResults => "no tool results",
        }
    }
}

/// A path (or a whole guideline) that could not be assessed, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotAssessed {
    /// Path; `None` if a guideline could not be used at all.
    pub path: Option<RepoPath>,
    /// Index of the guideline in [`Outcome::guidelines`]; `None` if all guidelines are affected.
    pub guideline: Option<usize>,
    /// Id of the check, if only one is affected.
    pub check: Option<String>,
    /// Kind of reason.
    pub reason: Reason,
    /// Details: sizes, positions, the message of the operating system.
    pub detail: String,
}

/// Verdict of a run about one guideline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It applies, and there are no findings.
    Kept,
    /// It applies, and there are findings.
    NotKept,
    /// All findings are waived.
    Waived,
    /// No findings, but something could not be assessed.
    CannotTell,
    /// It does not apply to anything in the repository.
    NotApplicable,
}

impl Verdict {
    /// The word in machine formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::NotKept => "not_kept",
            Self::Waived => "waived",
            Self::CannotTell => "cannot_tell",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// Label for people.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::NotKept => "not kept",
            Self::Waived => "waived",
            Self::CannotTell => "cannot tell",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// A guideline and the verdict of a run about it.
#[derive(Clone, Debug)]
pub struct GuidelineOutcome {
    /// The guideline.
    pub guideline: Arc<Guideline>,
    /// The verdict.
    pub verdict: Verdict,
    /// Number of findings, whether they count or not.
    pub findings: usize,
    /// Number of findings that are waived.
    pub waived: usize,
    /// Whether something that it checks could not be assessed.
    pub blind: bool,
    /// Whether the repository promises to keep it.
    pub promised: bool,
    /// Whether the repository's copy has local edits (differs from the published text).
    pub edited: bool,
}

/// Number of paths by result. `seen = assessed + not_applicable + cannot_tell`; `ignored` is not part of
/// `seen`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathCounts {
    /// Files, symbolic links and special files of the repository that were considered.
    pub seen: usize,
    /// At least one check applied, and all that applied gave a result.
    pub assessed: usize,
    /// No check applied.
    pub not_applicable: usize,
    /// At least one check could not give a result.
    pub cannot_tell: usize,
    /// Excluded by ignore files (an excluded directory counts once), version-control folders and nested
    /// repositories.
    pub ignored: usize,
}

/// A note about the run as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Stable kebab-case code.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// The change that a run assessed, as opposed to all files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// Base of the comparison.
    pub with: ComparedWith,
    /// Number of added, modified and removed paths.
    pub changes: usize,
}

/// Base with which a change is compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ComparedWith {
    /// Git's index compared with the last commit.
    Staged,
    /// The work tree compared with its merge base with a revision.
    Since {
        /// The revision, as the user wrote it.
        revision: String,
        /// Merge base: a commit id in hexadecimal digits.
        base: String,
    },
}

impl Comparison {
    /// Value in machine-readable formats: `staged`, or the commit id.
    #[must_use]
    pub fn revision(&self) -> &str {
        match &self.with {
            ComparedWith::Staged => "staged",
            ComparedWith::Since { base, .. } => base,
        }
    }
}

/// News about a change of promises, waivers or guidelines. Reports show it first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct News {
    /// Kind of news.
    pub kind: NewsKind,
    /// The affected guideline, if there is exactly one.
    pub guideline: Option<GuidelineId>,
    /// The file that changed.
    pub path: RepoPath,
    /// One sentence without a final full stop. Not escaped.
    pub message: String,
}

/// Kinds of news, in display order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewsKind {
    /// A promise was withdrawn.
    PromiseWithdrawn,
    /// A promise was weakened: its baseline grew, it is now "from here", or "cannot tell" no longer breaks
    /// it.
    PromiseWeakened,
    /// A promised guideline no longer covers a file: it was moved or renamed, is ignored now, or can no
    /// longer be assessed.
    OutOfSight,
    /// A waiver was added.
    WaiverAdded,
    /// A waiver covers more than before, or lasts longer.
    WaiverWidened,
    /// The text or the settings of a followed guideline changed.
    GuidelineChanged,
    /// A guideline is no longer followed, or the order of precedence changed.
    FollowChanged,
    /// A promise was made.
    PromiseMade,
}

impl NewsKind {
    /// The word in machine formats.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PromiseWithdrawn => "promise-withdrawn",
            Self::PromiseWeakened => "promise-weakened",
            Self::OutOfSight => "out-of-sight",
            Self::WaiverAdded => "waiver-added",
            Self::WaiverWidened => "waiver-widened",
            Self::GuidelineChanged => "guideline-changed",
            Self::FollowChanged => "follow-changed",
            Self::PromiseMade => "promise-made",
        }
    }
}

/// All results of one run. Sorted; the same inputs give the same value.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Guidelines in order of id.
    pub guidelines: Vec<GuidelineOutcome>,
    /// Findings in order of guideline, path and position.
    pub findings: Vec<Finding>,
    /// Paths and guidelines that could not be assessed, in order of path.
    pub not_assessed: Vec<NotAssessed>,
    /// Number of paths by result.
    pub paths: PathCounts,
    /// Problems in guideline files, for people. Each has an entry in `not_assessed` too.
    pub problems: Vec<Problem>,
    /// Notes about the run.
    pub notes: Vec<Note>,
    /// The change that the run assessed; `None` if it assessed all files.
    pub compared: Option<Comparison>,
    /// News about promises, waivers and guidelines in the change, in order. Reports show them first.
    pub news: Vec<News>,
    /// Promises of the repository, in order of guideline.
    pub promises: Vec<PromiseOutcome>,
    /// Whether "cannot tell" breaks a promise.
    pub unassessed: Unassessed,
    /// Valid waivers and their effects.
    pub waivers: Vec<WaiverOutcome>,
    /// Problems in invalid waivers, which have no effect.
    pub waiver_problems: Vec<Problem>,
    /// Day of the run (UTC); `None` if nothing depends on it.
    pub today: Option<Date>,
}

impl Outcome {
    /// Whether a promise of the repository is broken: the only reason for exit status 1.
    #[must_use]
    pub fn breaks_a_promise(&self) -> bool {
        self.promises.iter().any(|promise| match promise.verdict {
            PromiseVerdict::Broken => true,
            PromiseVerdict::CannotTell => self.unassessed == Unassessed::Break,
            PromiseVerdict::Kept => false,
        })
    }

    /// Promise to keep a guideline, with its verdict.
    #[must_use]
    pub fn promise(&self, id: &GuidelineId) -> Option<&PromiseOutcome> {
        self.promises.iter().find(|promise| promise.guideline == *id)
    }

    /// Whether `finding` breaks a promise.
    #[must_use]
    pub fn is_breaking(&self, finding: &Finding) -> bool {
        finding.status == FindingStatus::Open
            && self.guidelines.get(finding.guideline).is_some_and(|entry| entry.promised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_serialized_as_its_name() {
        for reason in [Reason::TooBig, Reason::ParseError, Reason::Format, Reason::TooDeep, Reason::Directory]
        {
            assert_eq!(serde_json::to_string(&reason).expect("JSON"), format!("{:?}", reason.as_str()));
        }
    }
}
