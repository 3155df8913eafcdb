//! scratch
use std::sync::Arc;
use stanchion::engine::*;
use stanchion::{format, model::*};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let mut gs = vec![];
    let mut fs: Vec<_> = std::fs::read_dir(&a[1]).unwrap().map(|e| e.unwrap().path()).collect();
    fs.sort();
    for p in fs {
        let t = std::fs::read_to_string(&p).unwrap();
        gs.push(Arc::new(format::parse("x", &t, Origin::File("x".into()), &|_| None).map_err(|p| p.into_iter().map(|p| p.message).collect::<Vec<_>>()).unwrap()));
    }
    gs.sort_by(|a, b| a.id.cmp(&b.id));
    let tree = walk::DiskTree::open(std::path::Path::new(&a[2])).unwrap();
    let o = assess(&gs, &tree, &Options { prefilter: a.len() < 4, ..Options::default() }, &NoProgress).unwrap();
    println!("{:?} findings {} not {}", o.paths, o.findings.len(), o.not_assessed.len());
    for n in o.not_assessed.iter().take(12) { println!("{n:?}"); }
}
