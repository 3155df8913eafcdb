//! Data documents with places: JSON, YAML, TOML, .env and INI become one located tree.
//!
//! This room reads text into [`Node`]s within strict budgets. It knows no guideline and no schema.

mod node;

pub use node::{Kind, LoadError, Member, Node, Pointer, Step};
#[derive(Clone,Copy,PartialEq,Eq)] pub enum Format { Json }
