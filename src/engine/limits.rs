//! Bounds of the work on one file. Values only; who keeps to them stands elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Sizes and times that bound the work on one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Largest file that is read, in bytes.
    pub file_bytes: u64,
    /// Largest text that is parsed as code, in bytes.
    pub code_bytes: u64,
    /// How long the checks may work on one file.
    pub file_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 16 << 20, code_bytes: 4 << 20, file_time: Duration::from_secs(2) }
    }
}
