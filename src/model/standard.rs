//! A standard: a named, versioned set of guidelines.

use std::sync::Arc;

use semver::{Version, VersionReq};

use super::{GuidelineId, Origin};
use crate::text::Span;

/// A set of guidelines that is followed as one.
#[derive(Clone, Debug)]
pub struct Standard {
    /// Namespace and slug.
    pub id: GuidelineId,
    /// Its version.
    pub version: Version,
    /// One line that says what it is for.
    pub title: String,
    /// One sentence more.
    pub summary: Option<String>,
    /// The team that answers for it.
    pub owner: String,
    /// Its guidelines, in order of id, with the versions that belong to it, and where each stands.
    pub members: Vec<(GuidelineId, VersionReq, Span)>,
    /// Where it was found.
    pub origin: Origin,
    /// SHA-256 of the file's bytes, hexadecimal.
    pub sha256: String,
    /// The file's whole text without a byte order mark; places count in it.
    pub text: Arc<str>,
}
