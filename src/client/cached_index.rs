//! Cache of a registry's index files, with their HTTP entity tags for conditional requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Maximum size of the cache of one registry, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// Responses by path.
///
/// The cache is only a hint: unreadable bytes count as an empty cache, and a stored response is used only if
/// the registry confirms its entity tag. Texts are not stored here; they are checked against their digest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachedIndex {
    #[serde(rename = "answers")]
    responses: BTreeMap<String, TaggedResponse>,
}

/// Body and entity tag of a response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TaggedResponse {
    pub(super) tag: String,
    pub(super) body: String,
}

impl CachedIndex {
    /// Deserializes the result of [`CachedIndex::to_bytes`]; empty if the bytes are invalid.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Serializes the cache; `None` if it exceeds the size limit.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        serde_json::to_vec(self).ok().filter(|bytes| bytes.len() <= MAX_BYTES)
    }

    #[cfg(feature = "online")]
    pub(super) fn get(&self, path: &str) -> Option<&TaggedResponse> {
        self.responses.get(path)
    }

    #[cfg(feature = "online")]
    pub(super) fn put(&mut self, path: &str, response: Option<TaggedResponse>) {
        match response {
            Some(response) => drop(self.responses.insert(path.to_owned(), response)),
            None => drop(self.responses.remove(path)),
        }
    }
}
