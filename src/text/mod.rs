//! Text and positions in it: spans, lines, columns, decoding and excerpts.
//!
//! This module handles bytes and positions only: no files, no guidelines, no output formats.

mod decode;
mod excerpt;
mod lines;
mod span;

pub use decode::{Decoded, Encoding, Undecodable, decode};
pub use excerpt::Excerpt;
pub use lines::LineIndex;
pub use span::{Position, Span};
