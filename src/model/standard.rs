//! Standards: named, versioned sets of guidelines.

use std::sync::Arc;

use semver::{Version, VersionReq};

use super::{GuidelineId, Origin};
use crate::text::Span;

/// A set of guidelines that a repository follows as a whole.
#[derive(Clone, Debug)]
pub struct Standard {
    /// Namespace and slug.
    pub id: GuidelineId,
    /// Version of the standard.
    pub version: Version,
    /// Purpose of the standard, in one line.
    pub title: String,
    /// Summary, in one sentence.
    pub summary: Option<String>,
    /// Team that is responsible for the standard.
    pub owner: String,
    /// Guidelines in order of id, each with its accepted versions and its position in the file.
    pub members: Vec<(GuidelineId, VersionReq, Span)>,
    /// Location of the file.
    pub origin: Origin,
    /// SHA-256 of the file's bytes, in hexadecimal.
    pub sha256: String,
    /// Text of the file without a byte order mark; spans refer to it.
    pub text: Arc<str>,
}
