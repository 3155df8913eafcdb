//! The check kinds, one file (or folder) each. A new kind is one more here and one arm in the plan.

pub mod code;
pub mod data;
pub mod files;
pub mod text;
pub mod tool;
