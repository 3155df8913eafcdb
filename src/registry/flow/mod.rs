//! Decisions of the registry: what may be published. No HTTP, no SQL, no clock enters here.

mod account;
pub(super) mod cursor;
mod provider;
mod publish;
mod token;
mod words;

pub(super) use account::{LINK_MS, Secret, Session, name, person_and_team, sealed, unsealed};
pub(super) use provider::{Discovered, Identity, Pending, identity};
pub(super) use publish::{LARGEST, Refusal, followed, prepare};
pub(super) use token::{Denied, Held, Key, may_publish, presented, scope_of};
pub(super) use words::{VALUE, topics, value, words};
