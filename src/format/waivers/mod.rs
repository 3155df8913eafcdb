//! Waivers as people write them: in `.stanchion/waivers.toml`, and in comments beside the code.
//!
//! A waiver that is not as it should be has no effect at all, and is told; the others are not disturbed by it.

mod comment;
mod edit;
mod fields;
mod file;
mod inline;
mod inline_edit;
mod quick;
mod raw;

pub use comment::{CommentSyntax, comment_syntax, inline_line, inline_text};
pub use edit::{renewed, with_waiver, withdrawn};
pub use fields::{LONGEST_REASON, reason_problem};
pub use file::{WaiverFile, parse_waivers, waivers_schema};
pub use inline::parse_inline;
pub use inline_edit::{renewed_inline, withdrawn_inline};
