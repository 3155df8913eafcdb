//! Selects the cases, runs two at a time, and prints the results.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::case::MOST_WALL_MS;
use crate::families::{Family, families};
use crate::growth;
use crate::run::{Setting, Verdict, run};

/// Number of cases of a normal test run.
const GATE: usize = 500;
/// Number of cases from which a run is a campaign, which prints more.
const CAMPAIGN: usize = 2_000;
/// Number of concurrent cases.
const AT_ONCE: usize = 2;

/// Runs the cases that `arguments` and the environment select.
pub fn main(arguments: &[String]) -> ExitCode {
    let number = |key: &str| std::env::var(key).ok().and_then(|value| value.parse::<usize>().ok());
    let filters: Vec<&String> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let families = families();
    let count = number("STANCHION_HOSTILE").unwrap_or(GATE);
    let only = number("STANCHION_HOSTILE_CASE");
    let setting = setting(number("STANCHION_HOSTILE_SEED").unwrap_or(1));
    let wanted = |family: &Family| filters.is_empty() || filters.iter().any(|it| family.name.contains(*it));
    let cases: Vec<(usize, &Family)> = (0..count.max(only.map_or(0, |it| it + 1)))
        .map(|number| (number, &families[number % families.len()]))
        .filter(|(number, family)| only.is_none_or(|only| only == *number) && wanted(family))
        .collect();
    if arguments.iter().any(|it| it == "--list") {
        families.iter().for_each(|family| println!("{}: test", family.name));
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} hostile cases of {} families, seed {}", cases.len(), families.len(), setting.seed);
    let started = Instant::now();
    let (verdicts, slow_while_concurrent) = run_all(&setting, &cases);
    let failed = print_results(&setting, &verdicts, slow_while_concurrent, count >= CAMPAIGN);
    if count >= CAMPAIGN && filters.is_empty() {
        growth::report(&setting);
    }
    let (word, passed) = (if failed == 0 { "ok" } else { "FAILED" }, verdicts.len() - failed);
    let time = started.elapsed().as_secs_f64();
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out; finished in {time:.2}s\n"
    );
    ExitCode::from(u8::from(failed > 0))
}

fn setting(seed: usize) -> Setting {
    let given = std::env::var_os("STANCHION_BIN").map(PathBuf::from);
    let program = given.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_stanchion")));
    let program = program.canonicalize().expect("STANCHION_BIN names a program");
    // A debug build is about fifty times slower than a release build.
    let debug = program.components().any(|part| part.as_os_str() == "debug");
    Setting {
        large: !debug,
        program,
        pack: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hostile/guidelines")),
        seed: seed as u64,
        keep: std::env::var_os("STANCHION_HOSTILE_KEEP").is_some(),
    }
}

/// Verdict of each case, and the number of cases that exceeded the time limit while another case ran.
fn run_all(setting: &Setting, cases: &[(usize, &Family)]) -> (Vec<Verdict>, usize) {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    let take = || {
        while let Some((number, family)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let verdict = run(setting, family, *number);
            verdicts.lock().expect("no case should panic").push(verdict);
        }
    };
    std::thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(take))));
    let mut verdicts = verdicts.into_inner().expect("no case should panic");
    verdicts.sort_by_key(|verdict: &Verdict| verdict.number);
    // A case that was slow next to another one, or on a busy machine, runs again alone. Only that time
    // counts, because a user's run has the machine to itself.
    let mut slow_while_concurrent = 0;
    for verdict in &mut verdicts {
        let is_long = setting.large && is_slow(verdict);
        slow_while_concurrent += usize::from(is_long);
        let failed = verdict.wrong.iter().any(|it| it.starts_with("took ")) && verdict.ending.ended.is_none();
        if let (true, Some((number, family))) = (
            failed || is_long && verdict.wrong.is_empty(),
            cases.iter().find(|case| case.0 == verdict.number),
        ) {
            *verdict = run(setting, family, *number);
        }
    }
    (verdicts, slow_while_concurrent)
}

fn is_slow(verdict: &Verdict) -> bool {
    verdict.ending.wall_ms > MOST_WALL_MS
}

/// Prints failures and resource usage. Returns the number of failed cases.
fn print_results(
    setting: &Setting,
    verdicts: &[Verdict],
    slow_while_concurrent: usize,
    campaign: bool,
) -> usize {
    let mut failed: BTreeMap<&str, usize> = BTreeMap::new();
    for verdict in verdicts.iter().filter(|verdict| !verdict.wrong.is_empty()) {
        println!("\n--- {} case {} ({})", verdict.family, verdict.number, verdict.what);
        for wrong in &verdict.wrong {
            println!("  {wrong}");
        }
        println!(
            "  reproduce: STANCHION_HOSTILE_SEED={} STANCHION_HOSTILE_CASE={} cargo test --test hostile",
            setting.seed, verdict.number
        );
        *failed.entry(verdict.family).or_default() += 1;
    }
    if !failed.is_empty() {
        println!("\nfailures by family: {failed:?}");
    }
    if let Some(worst) = verdicts.iter().max_by_key(|it| it.ending.wall_ms) {
        println!("\nslowest: {} ms, {} case {}", worst.ending.wall_ms, worst.family, worst.number);
    }
    let memory = |it: &&Verdict| it.ending.process_kib.max(it.ending.tree_kib);
    if let Some(worst) = verdicts.iter().max_by_key(memory) {
        println!("largest: {} MiB, {} case {}", memory(&worst) >> 10, worst.family, worst.number);
    }
    let most = |of: fn(&Verdict) -> usize| verdicts.iter().map(of).max().unwrap_or(0);
    println!(
        "most threads of a process: {}, most processes: {}",
        most(|it| it.ending.threads),
        most(|it| it.ending.processes)
    );
    let signals = verdicts.iter().filter(|it| it.ending.signal.is_some()).count();
    let slow = verdicts.iter().filter(|it| is_slow(it)).count();
    println!("runs ended by a signal: {signals}, over {} s: {slow}", MOST_WALL_MS / 1000);
    if slow_while_concurrent > 0 {
        println!("(slow next to another case: {slow_while_concurrent}; they ran again alone)");
    }
    if campaign {
        table(verdicts);
    }
    failed.values().sum()
}

fn table(verdicts: &[Verdict]) {
    println!("\nfamily                            cases  most ms  most cpu ms  most MiB");
    let mut families: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for verdict in verdicts {
        let row = families.entry(verdict.family).or_default();
        let ending = &verdict.ending;
        row[0] += 1;
        row[1] = row[1].max(ending.wall_ms);
        row[2] = row[2].max(ending.cpu_ms);
        row[3] = row[3].max(ending.process_kib.max(ending.tree_kib) >> 10);
    }
    for (family, row) in families {
        println!("{family:32} {:6} {:8} {:12} {:9}", row[0], row[1], row[2], row[3]);
    }
}
