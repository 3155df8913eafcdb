//! Workers killed at random moments: the exit status stays 0, and only the files in flight are lost.
//!
//! `STANCHION_KILLS=1000 cargo test --test worker kills` runs the long form.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{children, program};

fn number_from_env(name: &str, default: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test takes its length from the environment")]
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Pseudo-random numbers (xorshift), so that a run can be repeated by its seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn paths(report: &serde_json::Value, key: &str) -> BTreeSet<String> {
    let all = report[key].as_array().expect("an array").iter();
    all.filter_map(|item| item["path"].as_str().map(str::to_owned)).collect()
}

#[cfg(target_os = "linux")]
#[test]
#[expect(clippy::disallowed_methods, reason = "a test runs the program")]
fn killed_workers_cost_only_the_files_in_flight() {
    let wanted = number_from_env("STANCHION_KILLS", 30);
    let mut numbers = Numbers(number_from_env("STANCHION_SEED", 7) as u64 | 1);
    let folder = tempfile::tempdir().expect("a folder");
    let guidelines = folder.path().join("guidelines");
    std::fs::create_dir(&guidelines).expect("made");
    // With many checks, some kills hit a worker while it compiles them.
    let more: String = (0..40)
        .map(|n| format!("  - id: more-{n}\n    code: {{ language: rust, rule: {{ pattern: never{n}($$$A).unwrap() }} }}\n"))
        .collect();
    let guideline = super::guideline(&format!("{}{more}", super::UNWRAP));
    std::fs::write(guidelines.join("one.md"), guideline.text.as_bytes()).expect("written");
    let tree = folder.path().join("tree");
    std::fs::create_dir(&tree).expect("made");
    for n in 0..150 {
        std::fs::write(tree.join(format!("{n:03}.rs")), super::lines(40 + n % 60)).expect("written");
    }
    let (mut kills, mut runs) = (0, 0);
    while kills < wanted {
        runs += 1;
        assert!(runs < 20 * wanted, "only {kills} kills in {runs} runs");
        let mut child = Command::new(program())
            .args(["check", "--no-cache", "--format", "json", "--guidelines"])
            .args([&guidelines, &tree])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program should start");
        let mut output = child.stdout.take().expect("piped");
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut output, &mut text).map(|_| text)
        });
        let mut killed = 0;
        while child.try_wait().expect("the state of the child").is_none() {
            std::thread::sleep(Duration::from_micros(numbers.below(60_000)));
            let victims = children(child.id());
            if victims.is_empty() || killed >= 10 {
                continue;
            }
            let victim = victims[usize::try_from(numbers.below(victims.len() as u64)).expect("small")];
            let pid = rustix::process::Pid::from_raw(i32::try_from(victim).expect("a pid")).expect("not 0");
            killed += usize::from(rustix::process::kill_process(pid, rustix::process::Signal::KILL).is_ok());
        }
        let status = child.wait().expect("ended");
        let text = reader.join().expect("read").expect("UTF-8");
        assert_eq!(status.code(), Some(0), "{text}");
        let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let (lost, found) = (paths(&report, "not_assessed"), paths(&report, "findings"));
        assert!(lost.len() <= killed, "{killed} kills, lost files: {lost:?}");
        assert_eq!(
            lost.len() + found.len(),
            150,
            "each file must have a finding or be reported as not assessed: {lost:?}"
        );
        assert!(lost.is_disjoint(&found));
        kills += killed;
    }
    println!("{kills} kills in {runs} runs");
}
