//! The check kinds, one file (or folder) each.

pub mod files;
