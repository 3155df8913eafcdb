//! Client of a registry: reads its static index, over HTTP or from a folder, and publishes to it.
//!
//! Responses are untrusted: their size is limited, texts are checked against their digest, and errors are
//! returned as sentences. This module does not use the command line, the environment, the terminal or files
//! of the repository. No outcome depends on it: `check` never contacts a registry.

mod cached_index;
#[cfg(feature = "online")]
mod http;
#[cfg(not(feature = "online"))]
#[path = "offline.rs"]
mod http;
mod index;
mod outcome;
#[cfg(feature = "online")]
mod publish;
mod source;

pub use cached_index::CachedIndex;
#[cfg(not(feature = "online"))]
pub use http::Publisher;
pub use index::{RegistryEntry, RegistryEntryKind};
pub use outcome::{PublishError, SubmitOutcome};
#[cfg(feature = "online")]
pub use publish::Publisher;
pub use source::{RegistryClient, RegistryLocation};
