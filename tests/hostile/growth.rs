//! Finds inputs whose run time grows faster than their size: doubling the input should about double the time.
//! The result is printed and not asserted, because times vary between machines.

use std::path::Path;

use crate::families::shapes::{SHAPES, Shape};
use crate::families::{Family, write_shape};
use crate::run::{Setting, run};

/// Size of the smaller input, in bytes.
const SMALL: usize = 64 << 10;
/// Growth factor from which a shape is reported.
const STEEP: f64 = 2.6;
/// Time below which a shape is not reported, in milliseconds.
const NOISE: f64 = 60.0;

/// Runs every shape in two sizes and prints those whose time grows too fast.
pub fn report(setting: &Setting) {
    println!("\ngrowth: shapes whose time grows more than {STEEP} times for twice the input");
    let idle = time(setting, &SHAPES[0], 0);
    let mut steep = 0;
    for (index, shape) in SHAPES.iter().enumerate() {
        let one = time(setting, shape, SMALL) - idle;
        let two = time(setting, shape, 2 * SMALL) - idle;
        if two > NOISE && two / one.max(1.0) > STEEP {
            steep += 1;
            println!("  shape {index} ({}): {one:.0} ms, {two:.0} ms", Path::new(shape.name).display());
        }
    }
    println!("  {steep} of {} shapes", SHAPES.len());
}

/// Processor time of a run over one file of this shape, in milliseconds.
fn time(setting: &Setting, shape: &'static Shape, bytes: usize) -> f64 {
    let family = Family { name: "growth", build: Box::new(move |case| write_shape(case, shape, bytes)) };
    let verdict = run(setting, &family, 0);
    let milliseconds = u32::try_from(verdict.ending.cpu_ms).unwrap_or(u32::MAX);
    f64::from(milliseconds)
}
