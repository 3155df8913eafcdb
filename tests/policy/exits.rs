//! Only the repository's own promise decides the exit status.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::world::World;

#[test]
fn a_thousand_findings_without_a_promise_exit_with_0() {
    let world = World::new();
    let calls: String = (0..1_000).fold("import requests\n".to_owned(), |mut text, n| {
        let _ = writeln!(text, "requests.get(\"{n}\")");
        text
    });
    world.write("a.py", &calls);
    world.write("README.md", "# x\n");
    let run = world.run_expecting(0, &["check"]);
    assert!(run.out.contains("(1,000 findings)"), "{}", run.out);
    world.run_expecting(0, &["promise", "resilience/http-timeouts", "--anyway"]);
    let broken = world.run_expecting(1, &["check"]);
    assert!(
        broken
            .out
            .lines()
            .next()
            .is_some_and(|line| line.contains("promise not kept: resilience/http-timeouts"))
    );
    let quiet = world.run_expecting(1, &["check", "--quiet"]);
    assert_eq!(quiet.out.lines().next(), Some("promise not kept: resilience/http-timeouts: 1,000 findings"));
    let report = world.report(&[]);
    assert_eq!(report["summary"]["promises_broken"], 1);
    assert_eq!(report["promises"][0]["findings"], 1_000);
    // A run with `--guidelines` judges no promise.
    world.write("drafts/x.md", include_str!("../../rules/resilience/http-timeouts.md"));
    world.run_expecting(0, &["check", "--guidelines", "drafts"]);
}

/// Possible contents of files other than `stanchion.toml`.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("import requests\nrequests.get(1)\n".to_owned()),
        Just("# stanchion: waive resilience/http-timeouts -- because it is so\nrequests.get(1)\n".to_owned()),
        Just("schema = 1\n[[waiver]]\nid = \"w\"\nguideline = \"resilience/http-timeouts\"\nreason = \"because\"\n".to_owned()),
        Just("schema = 1\n\n[\"resilience/http-timeouts\"]\nsince = 2026-01-01\nfound = [\n]\n".to_owned()),
        Just("schema = 1\n[promises]\n\"resilience/http-timeouts\" = { since = 2026-01-01 }\n".to_owned()),
        "\\PC{0,200}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Without a promise in stanchion.toml the exit status is never 1, for any content of other files.
    #[test]
    fn no_other_file_can_fail_a_run(
        waivers in any_text(), baseline in any_text(), lock in any_text(), code in any_text(), copy in any_text(),
        standard in any_text(),
    ) {
        let world = World::new();
        world.write("stanchion.toml", "schema = 1\nfollow = [\"starter\", \"acme/base\"]\n");
        for (path, text) in [
            (".stanchion/waivers.toml", &waivers),
            (".stanchion/baseline.toml", &baseline),
            (".stanchion/lock.toml", &lock),
            (".stanchion/guidelines/acme/base.md", &copy),
            (".stanchion/standards/acme/base.toml", &standard),
            ("code.py", &code),
            ("promises.toml", &waivers),
        ] {
            world.write(path, text);
        }
        let run = world.run(&["check", "--format", "json"]);
        prop_assert_eq!(run.status, 0, "{}{}", run.out, run.err);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&run.out).is_ok());
    }
}
