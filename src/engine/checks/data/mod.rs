//! stub
use crate::data::{Format, Node};
use crate::engine::{Found, SpecProblem, places::Places};
use crate::model::{DataCheck, Reason};
pub struct CompiledData;
pub struct Loaded {
    pub node: Node,
    pub json: serde_json::Value,
}
pub fn compile(_: &DataCheck, _: Option<&str>) -> Result<CompiledData, Vec<SpecProblem>> {
    Ok(CompiledData)
}
pub fn load(_: Format, _: &str) -> Result<Vec<Loaded>, (Reason, String)> {
    Ok(vec![])
}
impl CompiledData {
    pub fn format(&self, _: &[u8]) -> Option<Format> {
        None
    }
    pub fn assess(&self, _: u32, _: &[Loaded], _: &Places<'_>, _: &mut Vec<Found>) {}
}
