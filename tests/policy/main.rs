//! What a repository says (promises, waivers, what it follows) over real repositories, with the real program and git.

#![expect(
    clippy::disallowed_methods,
    reason = "these tests start git and the program and read what they wrote"
)]
#![cfg(unix)]

mod asking;
mod changes;
mod edits;
mod exits;
mod fix;
mod parties;
mod promises;
#[cfg(feature = "online")]
mod registries;
mod story;
mod update;
mod waivers;
mod world;
