//! What the fuzz targets do with their bytes. Each function must come back whatever it is given; the
//! assertions say what must hold besides.

mod assess;
mod encode;
mod model;
mod read;

pub use assess::{code_query, code_rule, code_scan, sarif_in, select_schema, text_check};
pub use encode::{escape, report};
pub use model::glob;
pub use read::{
    config, decode, guideline, inline_waiver, kept, load_env, load_ini, load_json, load_jsonc, load_toml,
    load_yaml, waivers,
};
#[cfg(fuzzing)]
pub use read::{git_index, ignore_file};

/// The text before the first NUL byte and the rest behind it.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let at = bytes.iter().position(|&byte| byte == 0)?;
    Some((std::str::from_utf8(&bytes[..at]).ok()?, &bytes[at + 1..]))
}

/// What is written for people holds nothing that moves, hides or reorders text.
fn safe_for_terminals(text: &str) {
    let bad = text.chars().find(|&c| c != '\n' && stanchion::report::escape::is_unsafe(c));
    assert!(bad.is_none(), "{bad:?} reaches the terminal");
}
