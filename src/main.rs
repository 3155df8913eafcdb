//! The command line program. Everything is in the library, so that tests can reach it.

use std::process::ExitCode;
use std::thread::Builder;

/// Stack of the thread that does the work, in bytes. The system's own limit for the first thread depends
/// on who starts the program, and can be too small for reading arguments.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    let thread = Builder::new().name("main".to_owned()).stack_size(STACK).spawn(stanchion::cli::main);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        // It has panicked, and said so.
        Ok(Err(_)) => ExitCode::from(101),
        // No second thread: then on this one.
        Err(_) => stanchion::cli::main(),
    }
}
