//! stub
use crate::engine::{Found, CannotTell, SpecProblem, tree::{Entry,Tree}};
use crate::model::{FilesCheck, FixSpec, RepoPath};
pub struct CompiledFiles;
pub fn compile(_: &FilesCheck) -> Result<CompiledFiles, Vec<SpecProblem>> { Ok(CompiledFiles) }
impl CompiledFiles { 
pub fn asks_of_the_whole(&self) -> bool { true }
pub fn assess(&self, _: u32, _: &[Entry], _: &dyn Tree, _: &RepoPath, _: Option<&str>, _: Option<&FixSpec>, _: &mut Vec<(RepoPath, Found)>, _: &mut Vec<(RepoPath, CannotTell)>, _: &mut dyn FnMut(usize)) {} }
