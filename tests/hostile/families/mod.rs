//! The families of hostile repositories. A family draws its parameters from the case's random numbers.

mod bytes;
mod code;
mod environment;
mod files;
mod git;
mod guidelines;
mod objects;
mod own;
mod says;
pub mod shapes;
mod structure;

use crate::case::Case;
use shapes::{SHAPES, Shape};

/// A kind of hostile repository.
pub struct Family {
    pub name: &'static str,
    pub build: Box<dyn Fn(&mut Case) + Sync>,
}

type Build = fn(&mut Case);

/// Every family; those of shapes by the file they make.
pub fn families() -> Vec<Family> {
    let plain: [&[(&'static str, Build)]; 10] = [
        files::FAMILIES,
        bytes::FAMILIES,
        structure::FAMILIES,
        code::FAMILIES,
        guidelines::FAMILIES,
        own::FAMILIES,
        says::FAMILIES,
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
        families.push(Family { name, build: Box::new(move |case| shaped(case, name)) });
    }
    families
}

/// Depths and lengths at which limits lie, and far beyond them.
const TIMES: [usize; 12] = [1, 17, 64, 128, 129, 300, 510, 1_000, 3_000, 10_000, 33_000, 100_000];
/// Largest text of a shape in bytes, where a debug build reads it.
const MOST: usize = 1 << 20;

/// A file of some shape with that name.
fn shaped(case: &mut Case, name: &str) {
    let shapes: Vec<&Shape> = SHAPES.iter().filter(|shape| shape.name == name).collect();
    let shape = *case.random.pick(&shapes);
    let times = *case.random.pick(&TIMES);
    let times = times.min(shape.times(if case.large { 4 * MOST } else { MOST }));
    case.note(format!("{:?} {times} times", shape.open));
    case.plant(shape.name, shape.text(times), &[]);
}

/// A file of a shape and a size, for measurements.
pub fn grown(case: &mut Case, shape: &Shape, bytes: usize) {
    case.write(shape.name, shape.text(shape.times(bytes)));
}
