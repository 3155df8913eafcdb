//! Decisions of the registry: what may be published. No HTTP, no SQL, no clock enters here.

mod publish;
mod token;

pub(super) use publish::{LARGEST, Refusal, prepare};
pub(super) use token::{Denied, Held, Key, may_publish, presented, scope_of};
