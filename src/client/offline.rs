//! Replacement of `http` and `publish` for builds without the feature `online`: every request fails with an
//! explanation.

use super::cached_index::CachedIndex;
use super::index::RegistryEntryKind;
use super::outcome::{PublishError, RequestError, SubmitOutcome};
use crate::model::GuidelineId;

/// Error message of every request.
const WHY: &str = "this build of stanchion has no network access (the feature `online` is off); use a folder \
                   with a copy of the registry instead";

/// A registry that cannot be queried.
pub(super) struct Http {
    cached_index: CachedIndex,
}

impl Http {
    pub(super) fn new(_: &str, cached_index: CachedIndex) -> Self {
        Self { cached_index }
    }

    pub(super) fn cached_index(&self) -> CachedIndex {
        self.cached_index.clone()
    }

    #[expect(clippy::unused_self, reason = "same signature as with the feature `online`")]
    pub(super) fn fetch(&self, _: &str) -> Result<Option<String>, RequestError> {
        Err(RequestError(WHY.to_owned()))
    }
}

/// A registry to which nothing can be published.
pub struct Publisher;

impl Publisher {
    /// Same signature as with the feature `online`.
    #[must_use]
    pub fn new(_: &str, _: String) -> Self {
        Self
    }

    /// Fails without publishing.
    ///
    /// # Errors
    /// Always.
    pub fn publish(
        &self,
        _: RegistryEntryKind,
        _: &GuidelineId,
        _: &str,
        _: &str,
    ) -> Result<SubmitOutcome, PublishError> {
        Err(PublishError { messages: vec![WHY.to_owned()], affects_all: true })
    }
}
