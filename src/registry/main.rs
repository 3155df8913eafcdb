//! Program of the web registry. All code is in the library, so that tests can reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    stanchion::registry::main()
}
