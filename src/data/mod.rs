//! stub
mod node;
pub use node::{Kind, LoadError, Member, Node, Pointer, Step};
#[derive(Clone,Copy,PartialEq,Eq)] pub enum Format { Json,Jsonc,Yaml,Toml,Env,Ini }
pub struct Limits { pub max_depth: usize, pub max_nodes: usize, pub aliases: bool }
impl Limits { pub const FRONT_MATTER: Self = Self{max_depth:32,max_nodes:20000,aliases:false}; }
fn conv(v: serde_json::Value) -> Node { use serde_json::Value as V; let kind = match v { V::Null=>Kind::Null, V::Bool(b)=>Kind::Bool(b), V::Number(n)=>Kind::Number(n), V::String(s)=>Kind::String(s), V::Array(a)=>Kind::Array(a.into_iter().map(conv).collect()), V::Object(o)=>Kind::Object(o.into_iter().map(|(k,v)| Member{key:k,key_span:Default::default(),value:conv(v)}).collect())}; Node{span:Default::default(),kind} }
pub fn load(_: Format, text: &str, _: &Limits) -> Result<Vec<Node>, LoadError> {
 let v: serde_json::Value = serde_saphyr::from_str(text).map_err(|e| LoadError::Syntax{message:e.to_string(),span:Default::default()})?; Ok(vec![conv(v)]) }
