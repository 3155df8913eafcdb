//! Decisions of the registry: what may be published. No HTTP, no SQL, no clock enters here.

mod publish;

pub(super) use publish::{LARGEST, Refusal, prepare};
