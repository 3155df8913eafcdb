//! `stanchion test`: runs the examples of a guideline and returns a verdict for each.
//!
//! This module returns values and prints nothing. `stanchion test`, the tests of this repository and the
//! registry use it.

mod case;
mod fixes;

pub use case::{CaseFinding, CaseVerdict, ExampleCase, ExampleResults, UnprovenCheck, verify_examples};
