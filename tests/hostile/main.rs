//! The hostile corpus: generated repositories that try to crash, hang, blind or fool the program.
//!
//! `cargo test --test hostile` runs 500 cases. Environment: `STANCHION_HOSTILE` is the number of cases,
//! `STANCHION_HOSTILE_SEED` the seed, `STANCHION_HOSTILE_CASE` the number of the only case to run,
//! `STANCHION_HOSTILE_KEEP` keeps the generated files, `STANCHION_BIN` names another program to run. A
//! positional argument selects the families whose name contains it.

#![expect(
    clippy::disallowed_methods,
    reason = "the runner starts the program, measures it and reads what it wrote"
)]
#![allow(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "records of the expectations of a case"
)]
#![expect(clippy::print_stdout, reason = "a test runner prints its results")]

#[cfg(target_os = "linux")]
mod case;
#[cfg(target_os = "linux")]
mod families;
#[cfg(target_os = "linux")]
mod growth;
#[cfg(target_os = "linux")]
mod judge;
#[cfg(target_os = "linux")]
mod plan;
#[cfg(target_os = "linux")]
mod random;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod runner;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, order] = arguments.as_slice()
        && flag == "--run-order"
    {
        runner::main(order);
        return std::process::ExitCode::SUCCESS;
    }
    plan::main(&arguments)
}

/// The runner reads resource usage from `/proc`, which only Linux has.
#[cfg(not(target_os = "linux"))]
fn main() {
    println!("test result: ok. 0 passed; 0 failed; 0 ignored; the hostile corpus runs on Linux");
}
