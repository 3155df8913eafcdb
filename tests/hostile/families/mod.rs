//! Families of hostile repositories. Each builds a case from the random numbers of the case.

mod bytes;
mod code;
mod environment;
mod files;
mod git;
mod guidelines;
mod objects;
mod own;
mod policy_files;
pub mod shapes;
mod structure;

use crate::case::Case;
use shapes::{SHAPES, Shape};

/// Kind of hostile repository.
pub struct Family {
    pub name: &'static str,
    pub build: Box<dyn Fn(&mut Case) + Sync>,
}

type Build = fn(&mut Case);

/// All families. Shapes form one family per file name.
pub fn families() -> Vec<Family> {
    let plain: [&[(&'static str, Build)]; 10] = [
        files::FAMILIES,
        bytes::FAMILIES,
        structure::FAMILIES,
        code::FAMILIES,
        guidelines::FAMILIES,
        own::FAMILIES,
        policy_files::FAMILIES,
        environment::FAMILIES,
        git::FAMILIES,
        objects::FAMILIES,
    ];
    let plain = plain.into_iter().flatten();
    let mut families: Vec<Family> =
        plain.map(|&(name, build)| Family { name, build: Box::new(build) }).collect();
    let mut names: Vec<&'static str> = SHAPES.iter().map(|shape| shape.name).collect();
    names.dedup();
    for name in names {
        families.push(Family { name, build: Box::new(move |case| plant_shape(case, name)) });
    }
    families
}

/// Numbers of repetitions near known limits, and far beyond them.
const TIMES: [usize; 12] = [1, 17, 64, 128, 129, 300, 510, 1_000, 3_000, 10_000, 33_000, 100_000];
/// Maximum size of a shape in a debug build, in bytes.
const MAX_SHAPE_BYTES: usize = 1 << 20;

/// Plants a file of a random shape with this name.
fn plant_shape(case: &mut Case, name: &str) {
    let shapes: Vec<&Shape> = SHAPES.iter().filter(|shape| shape.name == name).collect();
    let shape = *case.random.pick(&shapes);
    let times = *case.random.pick(&TIMES);
    let times = times.min(shape.times(if case.large { 4 * MAX_SHAPE_BYTES } else { MAX_SHAPE_BYTES }));
    case.note(format!("{:?} {times} times", shape.open));
    case.plant(shape.name, shape.text(times), &[]);
}

/// Writes a file of a shape and a size, for measurements.
pub fn write_shape(case: &mut Case, shape: &Shape, bytes: usize) {
    case.write(shape.name, shape.text(shape.times(bytes)));
}
