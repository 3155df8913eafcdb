//! `stanchion test`: runs the examples of a guideline and names how each came out.
//!
//! Returns verdicts; it prints nothing. The same tester serves authors, this repository's own tests
//! and, later, the registry.

mod case;
mod fixes;

pub use case::{Case, CaseVerdict, Place, Unproved, Verified, verify};
