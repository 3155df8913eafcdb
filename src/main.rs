//! The command-line program. All code is in the library, so that tests can call it.

use std::process::ExitCode;
use std::thread::Builder;

/// Stack size of the thread that does the work, in bytes. The system's limit for the first thread depends on
/// the parent process, and can be too small for parsing arguments.
const STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    let thread = Builder::new().name("main".to_owned()).stack_size(STACK_BYTES).spawn(stanchion::cli::main);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        // The thread panicked; the panic handler has already printed the message.
        Ok(Err(_)) => ExitCode::from(101),
        // The thread could not be started: run on this one.
        Err(_) => stanchion::cli::main(),
    }
}
