//! Nested projects: folders with their own stanchion.toml are assessed by it.

use super::world::World;

const TIMEOUTS: &str = "resilience/http-timeouts";

fn world() -> World {
    let world = World::new();
    let config = |rest: &str| format!("schema = 1\n{rest}");
    world.write("README.md", "# x\n");
    world.write("stanchion.toml", config("follow = [\"starter\"]\n"));
    world.write("top.py", "import requests\nrequests.get(1)\n");
    world.write(
        "services/pay/stanchion.toml",
        config(&format!("[promises]\n\"{TIMEOUTS}\" = {{ since = 2026-01-01 }}\n")),
    );
    world.write("services/pay/README.md", "# pay\n");
    world.write("services/pay/a.py", "x = 1\n");
    world.write("services/mail/stanchion.toml", config("follow = [\"./guidelines\"]\n"));
    world.write(
        "services/mail/guidelines/acme/none.md",
        include_str!("../../rules/debug/no-breakpoints.md").replace("debug/no-breakpoints", "acme/none"),
    );
    world.write("services/mail/b.py", "import requests\nrequests.get(1)\nbreakpoint()\n");
    world.commit();
    world
}

#[test]
fn each_nested_project_is_assessed_by_its_own_configuration() {
    let world = world();
    let report = world.report(&[]);
    let paths = |report: &serde_json::Value| -> Vec<String> {
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        findings
            .iter()
            .map(|it| {
                format!("{} {}", it["guideline"].as_str().unwrap_or(""), it["path"].as_str().unwrap_or(""))
            })
            .collect()
    };
    assert_eq!(paths(&report), ["resilience/http-timeouts top.py"]);
    let projects = report["parties"].as_array().cloned().unwrap_or_default();
    let roots: Vec<_> = projects.iter().map(|it| it["root"].as_str().unwrap_or("").to_owned()).collect();
    assert_eq!(roots, ["services/mail", "services/pay"]);
    assert_eq!(paths(&projects[0]), ["acme/none b.py"], "a nested project uses only its own `follow`");
    world.run_expecting(0, &["check"]);

    world.write("services/pay/a.py", "import requests\nrequests.get(1)\n");
    let broken = world.run_expecting(1, &["check"]);
    assert!(
        broken.out.contains("services/pay\n") && broken.out.contains("promise not kept"),
        "{}",
        broken.out
    );
    world.run_expecting(1, &["check", "services/pay"]);
    world.run_expecting(0, &["check", "services/mail"]);
    world.run_expecting(1, &["check", "--since", "HEAD"]);
    world.git(&["add", "-A"]);
    let staged = world.run_expecting(1, &["check", "--staged"]);
    assert!(!staged.out.contains("services/mail"), "services/mail has no change: {}", staged.out);
}

#[test]
fn a_nested_project_inherits_only_when_configured() {
    let world = world();
    world.write("services/mail/stanchion.toml", "schema = 1\ninherit = true\nfollow = [\"./guidelines\"]\n");
    let report = world.report(&["services/mail"]);
    let ids: Vec<&str> = report["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["guideline"].as_str())
        .collect();
    assert!(ids.contains(&"acme/none") && ids.contains(&TIMEOUTS), "{ids:?}");
}

#[test]
fn a_folder_that_becomes_a_nested_project_is_reported_as_out_of_sight() {
    let world = world();
    world.run_expecting(0, &["promise", "debug/no-breakpoints"]);
    world.write("lib/a.py", "x = 1\n");
    world.commit();
    world.write("lib/stanchion.toml", "schema = 1\nfollow = []\n");
    world.write("lib/a.py", "breakpoint()\n");
    let run = world.run_expecting(0, &["check", "--since", "HEAD"]);
    let head: String = run.out.lines().take(10).collect::<Vec<_>>().join(" ");
    assert!(head.contains("out of sight: lib is now a nested project"), "{}", run.out);
}
