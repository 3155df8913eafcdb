//! Functions of the fuzz targets. Each must return for any input; assertions check further properties.

mod assess;
mod encode;
mod model;
mod read;

pub use assess::{code_query, code_rule, code_scan, sarif_in, select_schema, text_check};
pub use encode::{escape, report};
pub use model::glob;
pub use read::{
    config, decode, guideline, inline_waiver, load_env, load_ini, load_json, load_jsonc, load_toml,
    load_yaml, lock_and_baseline, waivers,
};
#[cfg(fuzzing)]
pub use read::{git_index, ignore_file};

/// Text before the first NUL byte, and the bytes after it.
fn split_at_nul(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let at = bytes.iter().position(|&byte| byte == 0)?;
    Some((std::str::from_utf8(&bytes[..at]).ok()?, &bytes[at + 1..]))
}

/// Asserts that a text for terminals has no characters that move the cursor, or hide or reorder text.
fn assert_safe_for_terminals(text: &str) {
    let bad = text.chars().find(|&c| c != '\n' && stanchion::report::escape::is_unsafe(c));
    assert!(bad.is_none(), "{bad:?} reaches the terminal");
}
