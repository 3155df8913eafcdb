//! The hostile corpus: repositories made to crash, hang, blind or fool the program, made from a seed.
//!
//! `cargo test --test hostile` runs the gate of 500 cases. Environment: `STANCHION_HOSTILE` the number of
//! cases, `STANCHION_HOSTILE_SEED` the seed, `STANCHION_HOSTILE_CASE` only the case of that number,
//! `STANCHION_HOSTILE_KEEP` keeps what was made, `STANCHION_BIN` another program to run. An argument that is
//! no option runs the families whose name contains it.

#![expect(
    clippy::disallowed_methods,
    reason = "the runner starts the program, measures it and reads what it wrote"
)]
#![allow(
    clippy::struct_excessive_bools,
    clippy::struct_field_names,
    reason = "records of what a case expects"
)]
#![expect(clippy::print_stdout, reason = "a test runner says what it did")]

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

/// Limits and what is used of them are read from Linux's `/proc`.
#[cfg(not(target_os = "linux"))]
fn main() {
    println!("test result: ok. 0 passed; 0 failed; 0 ignored; the hostile corpus runs on Linux");
}
