//! Asking registries: the static index of one, over HTTP or in a folder, and publishing to one.
//!
//! What comes from there is somebody else's: it is capped, checked against its digest, and given on as values or as a
//! sentence about what was wrong. No command line, environment, terminal or file of the repository enters here, and
//! no outcome depends on anything in here: `check` never asks anybody.

mod http;
mod index;
mod publish;
mod remembered;
mod source;

pub use index::{Entry, Kind};
pub use publish::{Publisher, Refused, Sent};
pub use remembered::Remembered;
pub use source::{Place, Source};
