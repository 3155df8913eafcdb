//! What a registry answered before, and under which tag: asked again, it need not say it again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Most bytes that are kept of one registry.
const MOST: usize = 16 << 20;

/// Answers by path. A hint: what is not what was asked for is asked again, and texts are checked all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    answers: BTreeMap<String, Answer>,
}

/// An answer and its tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) tag: String,
    pub(super) body: String,
}

impl Remembered {
    /// What [`Remembered::to_bytes`] gave; nothing where it is anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// As bytes; `None` where it is too much to be kept.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok().filter(|bytes| bytes.len() <= MOST)
    }

    #[cfg(feature = "online")]
    pub(super) fn get(&self, path: &str) -> Option<&Answer> {
        self.answers.get(path)
    }

    #[cfg(feature = "online")]
    pub(super) fn put(&mut self, path: &str, answer: Option<Answer>) {
        match answer {
            Some(answer) => drop(self.answers.insert(path.to_owned(), answer)),
            None => drop(self.answers.remove(path)),
        }
    }
}
