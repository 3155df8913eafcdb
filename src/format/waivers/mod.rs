//! Waivers as people write them: in `.stanchion/waivers.toml`, and in comments next to the code.
//!
//! An invalid waiver has no effect and is reported. It does not affect other waivers.

mod comment;
mod edit;
mod fields;
mod file;
mod inline;
mod inline_edit;
mod line_parser;
mod raw;

pub use comment::{CommentSyntax, comment_syntax, render_inline_waiver, render_waiver_comment};
pub use edit::{add_waiver, renew_waiver, withdraw_waiver};
pub use fields::{MAX_REASON_CHARS, reason_problem};
pub use file::{WaiverFile, parse_waivers, waivers_schema};
pub use inline::parse_inline;
pub use inline_edit::{renew_inline_waiver, withdraw_inline_waiver};
