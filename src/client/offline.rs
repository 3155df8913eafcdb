//! What stands in the place of `http` and `publish` where the program is built without the feature `online`: nothing here
//! knows a network, and whoever asks is told so.

use super::index::Kind;
use super::remembered::Remembered;
use super::told::{Refused, Sent, Trouble};
use crate::model::GuidelineId;

/// Why nobody is asked.
const WHY: &str = "this stanchion was built without the feature `online`, and asks no network; a folder with a copy of the \
                   registry can be used instead";

/// A registry that is not asked.
pub(super) struct Http {
    remembered: Remembered,
}

impl Http {
    pub(super) fn new(_: &str, remembered: Remembered) -> Self {
        Self { remembered }
    }

    pub(super) fn remembered(&self) -> Remembered {
        self.remembered.clone()
    }

    #[expect(clippy::unused_self, reason = "as the one that asks")]
    pub(super) fn get(&self, _: &str) -> Result<Option<String>, Trouble> {
        Err(Trouble(WHY.to_owned()))
    }
}

/// A registry that nothing is published to.
pub struct Publisher;

impl Publisher {
    /// As the one that publishes.
    #[must_use]
    pub fn new(_: &str, _: String) -> Self {
        Self
    }

    /// Says that nothing is published.
    ///
    /// # Errors
    /// Always.
    pub fn publish(&self, _: Kind, _: &GuidelineId, _: &str, _: &str) -> Result<Sent, Refused> {
        Err(Refused { words: vec![WHY.to_owned()], for_all: true })
    }
}
