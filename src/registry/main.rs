//! The web registry's program. So far it only says which version it is; the server comes with its own
//! issue. Built with `--features registry`; nothing of it is in the lean linter.

use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let version = concat!("stanchion-registry ", env!("CARGO_PKG_VERSION"));
    let known = matches!(asked.iter().map(String::as_str).collect::<Vec<_>>()[..], ["--version" | "-V"]);
    if known {
        // A closed pipe is not a failure.
        let _ = writeln!(std::io::stdout(), "{version}");
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(
        std::io::stderr(),
        "{version}\n\nThis program will publish guidelines and be a website to read them on. It is not built yet:\n\
         so far it answers to --version only. The linter is the program `stanchion`."
    );
    ExitCode::from(2)
}
