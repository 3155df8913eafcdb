//! Asking registries: the static index of one, over HTTP or in a folder, and publishing to one.
//!
//! What comes from there is somebody else's: it is capped, checked against its digest, and given on as values or as a
//! sentence about what was wrong. No command line, environment, terminal or file of the repository enters here, and
//! no outcome depends on anything in here: `check` never asks anybody.

#[cfg(feature = "online")]
mod http;
#[cfg(not(feature = "online"))]
#[path = "offline.rs"]
mod http;
mod index;
#[cfg(feature = "online")]
mod publish;
mod remembered;
mod source;
mod told;

#[cfg(not(feature = "online"))]
pub use http::Publisher;
pub use index::{Entry, Kind};
#[cfg(feature = "online")]
pub use publish::Publisher;
pub use remembered::Remembered;
pub use source::{Place, Source};
pub use told::{Refused, Sent};
