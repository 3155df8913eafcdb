//! Runs the fuzz targets of `fuzz/` on their seeds and on some thousand mutations, without a fuzzer, in a few
//! seconds.
//!
//! The mutations are deterministic. `STANCHION_FUZZ_SEED=n` selects others; `STANCHION_FUZZ_TIMES=n` sets
//! their number per seed.

#![allow(clippy::print_stdout, reason = "a skipped part or a count is reported")]
#![expect(clippy::disallowed_methods, reason = "tests read their seeds")]

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use std::fs;
use std::path::Path;

/// Number of mutations per seed.
const TIMES: usize = 40;
/// Tokens with a meaning for parsers, inserted at random offsets.
const PIECES: [&[u8]; 28] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\"",
    b"'",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\\",
    b"$",
    b"*",
    b"**/",
    b"..",
    b"&a ",
    b"*a",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xae",
    b"\x1b[31m",
    b"- ",
    b": ",
    b"#",
    b"<<",
    b"9999999999999999999999",
    "é😀".as_bytes(),
];

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        usize::try_from((self.0 >> 33) % end.max(1) as u64).expect("small")
    }
}

/// Mutates `bytes`, and sometimes inserts a part of `other`.
fn mutate(random: &mut Random, bytes: &[u8], other: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(out.len() + 1);
        let end = (at + 1 + random.below(8)).min(out.len());
        match random.below(6) {
            0 => drop(out.splice(at..at, PIECES[random.below(PIECES.len())].iter().copied())),
            1 => drop(out.drain(at..end)),
            2 => {
                let again = out[at..end].repeat(1 + random.below(40));
                drop(out.splice(at..at, again));
            }
            3 if at < out.len() => out[at] = u8::try_from(random.below(256)).expect("a byte"),
            4 => {
                let from = random.below(other.len() + 1);
                let to = (from + random.below(20)).min(other.len());
                drop(out.splice(at..end.max(at), other[from..to].iter().copied()));
            }
            _ => drop(out.splice(at..end.max(at), PIECES[random.below(PIECES.len())].iter().copied())),
        }
    }
    out.truncate(4_096);
    out
}

fn number_from_env(key: &str) -> Option<usize> {
    std::env::var(key).ok().and_then(|value| value.parse().ok())
}

fn run(target: &str, fuzz: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the target should have a folder of seeds")
        .map(|entry| entry.expect("a folder entry").path())
        .collect();
    files.sort();
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).expect("a seed")).collect();
    let mut random = Random(number_from_env("STANCHION_FUZZ_SEED").unwrap_or(1) as u64);
    let times = number_from_env("STANCHION_FUZZ_TIMES").unwrap_or(TIMES);
    let show = |input: &[u8]| println!("{target}: b\"{}\"", input.escape_ascii());
    for seed in &seeds {
        fuzz(seed);
        for _ in 0..times {
            let other = &seeds[random.below(seeds.len())];
            let input = mutate(&mut random, seed, other);
            let bytes = input.clone();
            if let Err(panic) = std::panic::catch_unwind(move || fuzz(&bytes)) {
                show(&input);
                std::panic::resume_unwind(panic);
            }
        }
    }
}

macro_rules! targets {
    ($($name:ident),*) => { $(#[test] fn $name() { run(stringify!($name), targets::$name); })* };
}

targets!(
    code_query,
    code_rule,
    code_scan,
    config,
    decode,
    escape,
    glob,
    guideline,
    inline_waiver,
    lock_and_baseline,
    load_env,
    load_ini,
    load_json,
    load_jsonc,
    load_toml,
    load_yaml,
    report,
    sarif_in,
    select_schema,
    text_check,
    waivers
);
