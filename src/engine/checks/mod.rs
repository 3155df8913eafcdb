//! The check kinds, one file or folder each. A new kind needs a module here and an arm in the plan.

pub mod code;
pub mod data;
pub mod files;
pub mod text;
pub mod tool;
