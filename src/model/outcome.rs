//! The outcome of a run: everything a report may say.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Date, Finding, Guideline, GuidelineId, Problem, PromiseOutcome, PromiseVerdict, RepoPath, Standing,
    Unassessed, WaiverOutcome,
};

/// Why something could not be assessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The file is larger than the limit.
    TooBig,
    /// The file holds a NUL byte and is not UTF-16 with a mark.
    Binary,
    /// The bytes are in an encoding that nothing announces.
    Encoding,
    /// The operating system did not let us read it.
    Unreadable,
    /// Not a regular file (a FIFO, a socket, a device).
    Special,
    /// The path is longer than the system or stanchion can open.
    PathTooLong,
    /// It does not parse where the check looks.
    ParseError,
    /// Nothing says which data format it is in.
    #[serde(rename = "unknown-format")]
    Format,
    /// Nested deeper than the limit.
    TooDeep,
    /// More parts (nodes, aliases) than the limit.
    TooManyNodes,
    /// A time budget ran out.
    Budget,
    /// The assessment of the file itself failed.
    Died,
    /// It changed or went away while it was read.
    Changed,
    /// A merge is under way in it: git's index has several versions.
    Unmerged,
    /// The guideline itself could not be used (a bad pattern, a newer schema).
    Guideline,
    /// An ignore file could not be used.
    IgnoreFile,
    /// The directory could not be listed.
    Directory,
    /// Nobody gave the results of the tool that the check is about.
    NoResults,
}

impl Reason {
    /// The word in machine formats.
    #[must_use]
    pub fn word(self) -> &'static str {
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

    /// The word as people say it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::TooBig => "too big",
            Self::Binary => "binary",
            Self::Encoding => "unknown encoding",
            Self::Unreadable => "unreadable",
            Self::Special => "not a regular file",
            Self::PathTooLong => "path too long",
            Self::ParseError => "does not parse where the check looks",
            Self::Format => "data format unknown",
            Self::TooDeep => "nested too deeply",
            Self::TooManyNodes => "too many parts",
            Self::Budget => "a budget is used up",
            Self::Died => "the assessment failed",
            Self::Changed => "changed while it was read",
            Self::Unmerged => "merge not resolved",
            Self::Guideline => "the guideline cannot be used",
            Self::IgnoreFile => "ignore file not used",
            Self::Directory => "directory not listed",
            Self::NoResults => "no results of the tool",
        }
    }
}

/// A path (or a whole guideline) that could not be assessed, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotAssessed {
    /// The path; `None` when a guideline could not be used at all.
    pub path: Option<RepoPath>,
    /// Index of the guideline in [`Outcome::guidelines`]; `None` when every guideline is meant.
    pub guideline: Option<usize>,
    /// Id of the check, where only one is meant.
    pub check: Option<String>,
    /// The kind of reason.
    pub reason: Reason,
    /// More words: sizes, places, the system's message.
    pub detail: String,
}

/// What a run says about one guideline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It applies and nothing was found.
    Kept,
    /// It applies and something was found.
    NotKept,
    /// Everything that was found is waived.
    Waived,
    /// Nothing was found, but something could not be assessed.
    CannotTell,
    /// Nothing here is asked by it.
    NotApplicable,
}

impl Verdict {
    /// The word in machine formats.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::NotKept => "not_kept",
            Self::Waived => "waived",
            Self::CannotTell => "cannot_tell",
            Self::NotApplicable => "not_applicable",
        }
    }

    /// The word as people say it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::NotKept => "not kept",
            Self::Waived => "waived",
            Self::CannotTell => "cannot tell",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// One guideline and what the run says about it.
#[derive(Clone, Debug)]
pub struct GuidelineOutcome {
    /// The guideline.
    pub guideline: Arc<Guideline>,
    /// What the run says.
    pub verdict: Verdict,
    /// Number of findings, however they stand.
    pub findings: usize,
    /// Number of findings that are waived.
    pub waived: usize,
    /// Whether something that it asks about could not be told.
    pub blind: bool,
    /// Whether the repository promises it.
    pub promised: bool,
    /// Whether the repository's copy is not what was published: it was edited here.
    pub edited: bool,
}

/// Every path seen, by what became of it.
/// `seen = assessed + not_applicable + cannot_tell`, and `ignored` stands apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathCounts {
    /// Files, links and special files of the repository that were considered.
    pub seen: usize,
    /// At least one check looked, and every check that looked could tell.
    pub assessed: usize,
    /// No check asks anything of it.
    pub not_applicable: usize,
    /// At least one check could not tell.
    pub cannot_tell: usize,
    /// Left out by ignore files (a directory left out as a whole counts once), version-control
    /// folders and nested repositories.
    pub ignored: usize,
}

/// Something worth saying once about the run as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Stable kebab-case code.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// The change that a run looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// With what.
    pub with: ComparedWith,
    /// Number of paths that were added, modified or removed.
    pub changes: usize,
}

/// What a change is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ComparedWith {
    /// Git's index with the last commit.
    Staged,
    /// The work tree with the commit where it parted from a revision.
    Since {
        /// The revision as it was written.
        revision: String,
        /// The commit, in hexadecimal digits.
        base: String,
    },
}

impl Compared {
    /// The word for it in machine formats: `staged`, or the commit.
    #[must_use]
    pub fn revision(&self) -> &str {
        match &self.with {
            ComparedWith::Staged => "staged",
            ComparedWith::Since { base, .. } => base,
        }
    }
}

/// What is told before everything else about a change: it concerns what the repository says of itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct News {
    /// The kind of news.
    pub kind: NewsKind,
    /// The guideline that it is about, if it is about one.
    pub guideline: Option<GuidelineId>,
    /// The file that shows it.
    pub path: RepoPath,
    /// One sentence without a final full stop. Not escaped.
    pub message: String,
}

/// Kinds of news, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NewsKind {
    /// A promise was taken back.
    PromiseWithdrawn,
    /// A promise asks for less: its baseline has grown, it counts "from here" now, or what cannot be told no
    /// longer breaks it.
    PromiseWeakened,
    /// A promised guideline no longer sees something: a file was moved or renamed out of its view, is ignored now,
    /// or cannot be assessed any more.
    OutOfSight,
    /// A waiver was added.
    WaiverAdded,
    /// A waiver covers more, or lasts longer.
    WaiverWidened,
    /// The text of a followed guideline changed, or its settings.
    GuidelineChanged,
    /// A guideline is no longer followed, or another order decides.
    FollowChanged,
    /// A promise was made.
    PromiseMade,
}

impl NewsKind {
    /// The word in machine formats.
    #[must_use]
    pub fn word(self) -> &'static str {
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

/// Everything one run found out. Sorted; the same inputs give the same value.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The guidelines in order of id.
    pub guidelines: Vec<GuidelineOutcome>,
    /// Findings by guideline, path, place.
    pub findings: Vec<Finding>,
    /// What could not be assessed, by path.
    pub not_assessed: Vec<NotAssessed>,
    /// Paths by what became of them.
    pub paths: PathCounts,
    /// Problems in guideline files, for people: each stands in `not_assessed` too.
    pub problems: Vec<Problem>,
    /// Other things worth saying.
    pub notes: Vec<Note>,
    /// The change that the run looked at; `None` when it looked at everything.
    pub compared: Option<Compared>,
    /// What the change says about promises, waivers and guidelines, in order; told first.
    pub news: Vec<News>,
    /// The promises of the repository, in order of guideline.
    pub promises: Vec<PromiseOutcome>,
    /// Whether what cannot be told breaks a promise.
    pub unassessed: Unassessed,
    /// The waivers that could be read, and what each does.
    pub waivers: Vec<WaiverOutcome>,
    /// What is wrong in waivers that have no effect therefore; each points at the text.
    pub waiver_problems: Vec<Problem>,
    /// The day of the run (UTC); `None` where nothing depends on it.
    pub today: Option<Date>,
}

impl Outcome {
    /// Whether a promise of the repository is not kept: the one reason for exit status 1.
    #[must_use]
    pub fn breaks_a_promise(&self) -> bool {
        self.promises.iter().any(|promise| match promise.verdict {
            PromiseVerdict::Broken => true,
            PromiseVerdict::CannotTell => self.unassessed == Unassessed::Break,
            PromiseVerdict::Kept => false,
        })
    }

    /// The promise about a guideline.
    #[must_use]
    pub fn promise(&self, id: &GuidelineId) -> Option<&PromiseOutcome> {
        self.promises.iter().find(|promise| promise.guideline == *id)
    }

    /// Whether `finding` breaks a promise.
    #[must_use]
    pub fn is_breaking(&self, finding: &Finding) -> bool {
        finding.standing == Standing::Open
            && self.guidelines.get(finding.guideline).is_some_and(|entry| entry.promised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_stored_as_its_word() {
        for reason in [Reason::TooBig, Reason::ParseError, Reason::Format, Reason::TooDeep, Reason::Directory]
        {
            assert_eq!(serde_json::to_string(&reason).expect("JSON"), format!("{:?}", reason.word()));
        }
    }
}
