//! The life of one repository: adopt, promise, move code, break the promise, waive, let the waiver lapse,
//! withdraw.

use std::fmt::Write as _;

use super::world::World;

const ID: &str = "resilience/http-timeouts";

/// Python source in which each of these functions calls without a timeout.
fn client(functions: &[&str]) -> String {
    let mut text = "import requests\n".to_owned();
    for name in functions {
        let _ = write!(
            text,
            "\n\ndef {name}(url):\n    return requests.get(url, params={{\"of\": \"{name}\"}})\n"
        );
    }
    text
}

#[test]
fn a_promise_from_here_survives_edits_and_moves() {
    let world = World::new();
    world.write("src/client.py", client(&["one", "two", "three"]));
    world.write("README.md", "# x\n");
    world.commit();
    world.run_expecting(0, &["init"]);
    world.run_expecting(0, &["check"]);

    // A full promise would be broken from its first day, so it is not written.
    let refused = world.run_expecting(2, &["promise", ID]);
    assert!(
        refused.err.contains("3 findings here") && refused.err.contains("--from-here"),
        "{}",
        refused.err
    );
    assert!(!world.read("stanchion.toml").contains(ID));
    world.run_expecting(0, &["promise", ID, "--from-here"]);
    let again = world.run_expecting(0, &["promise", ID, "--from-here"]);
    assert!(again.out.contains("nothing was changed"), "{}", again.out);
    world.commit();
    let kept = world.run_expecting(0, &["check"]);
    assert!(
        kept.out.contains("3 findings since ") && kept.out.contains("promises kept 1 of 1"),
        "{}",
        kept.out
    );

    // Code moves: shifted lines, another order, another file, a rename with an edit nearby.
    world.write("src/client.py", format!("# a new head\n\n{}", client(&["three", "one", "two"])));
    world.run_expecting(0, &["check"]);
    world.write("src/client.py", client(&["one"]));
    world.write(
        "lib/other.py",
        client(&["two", "three"]).replace("import requests", "import requests  # moved"),
    );
    world.run_expecting(0, &["check"]);
    world.git(&["add", "-A"]);
    world.git(&["mv", "src/client.py", "src/renamed.py"]);
    world.run_expecting(0, &["check"]);
    world.commit();

    // Pruning only removes or moves entries, and changes nothing when the code did not change.
    let before = world.read(".stanchion/baseline.toml");
    world.run_expecting(0, &["baseline", "prune"]);
    let moved = world.read(".stanchion/baseline.toml");
    assert_ne!(before, moved);
    world.run_expecting(0, &["baseline", "prune"]);
    assert_eq!(moved, world.read(".stanchion/baseline.toml"));

    // One finding is fixed and a similar one is new elsewhere: the new one breaks the promise after pruning.
    world.write("lib/other.py", client(&["two"]));
    world.run_expecting(0, &["baseline", "prune"]);
    assert_eq!(world.read(".stanchion/baseline.toml").matches("requests ").count(), 2);
    world.write("lib/new.py", client(&["four"]));
    let broken = world.run_expecting(1, &["check"]);
    let first = broken.out.lines().next().unwrap_or_default();
    assert!(first.contains("promise not kept: resilience/http-timeouts"), "{}", broken.out);
    assert!(broken.out.contains("lib/new.py:5:12"), "{}", broken.out);
    assert!(!broken.out.contains("lib/other.py:5"), "known findings must not be listed individually");

    // With a waiver the promise is kept, and the waiver is shown.
    world.run_expecting(
        0,
        &[
            "waive",
            ID,
            "lib/new.py",
            "--kind",
            "deferred",
            "--reason",
            "replaced in March",
            "--until",
            "2027-03-31",
            "--today",
            "2026-11-25",
        ],
    );
    let waived = world.run_expecting(0, &["check", "--today", "2027-03-31"]);
    assert!(
        waived.out.contains("1 finding waived by http-timeouts (deferred, until 2027-03-31)"),
        "{}",
        waived.out
    );

    // When the waiver lapses, the finding counts again, with the owner and the date.
    world.replace(".stanchion/waivers.toml", "declared", "owner = \"@pay\"\ndeclared");
    let lapsed = world.run_expecting(1, &["check", "--today", "2027-04-01"]);
    assert!(lapsed.out.contains("waiver http-timeouts of @pay lapsed after 2027-03-31"), "{}", lapsed.out);
    world.run_expecting(
        0,
        &["waivers", "renew", "http-timeouts", "--until", "2027-09-30", "--today", "2027-04-01"],
    );
    world.run_expecting(0, &["check", "--today", "2027-04-01"]);

    // After withdrawal the finding is advice again, and `check --since` reports the withdrawal first.
    world.commit();
    world.run_expecting(0, &["promise", ID, "--withdraw"]);
    assert!(!world.path(".stanchion/baseline.toml").exists());
    world.run_expecting(0, &["check"]);
    let since = world.run_expecting(0, &["check", "--since", "HEAD"]);
    assert!(
        since.out.lines().nth(1).is_some_and(|line| line.contains("promise withdrawn: ")),
        "{}",
        since.out
    );
}

#[test]
fn a_baseline_entry_of_an_unassessed_file_is_kept() {
    let world = World::new();
    world.write("a.py", client(&["one", "two"]));
    world.run_expecting(0, &["promise", ID, "--from-here"]);
    let before = world.read(".stanchion/baseline.toml");
    // A file that is not UTF-8 cannot be assessed.
    world.write("a.py", b"import requests\nx = \"\xff\"\n");
    let unseen = world.run_expecting(0, &["baseline", "prune"]);
    let out = unseen.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("2 kept because their location could not be assessed"), "{out}");
    assert_eq!(before, world.read(".stanchion/baseline.toml"));
    // A similar finding elsewhere is new, because the first may still exist.
    world.write("b.py", client(&["one"]));
    let run = world.run_expecting(1, &["check"]);
    assert!(run.out.contains("promise not kept"), "{}", run.out);
}

#[test]
fn an_unjudged_promise_breaks_only_when_configured() {
    let world = World::new();
    world.write("a.py", "x = 1\n");
    world.run_expecting(0, &["promise", ID]);
    world.write("a.py", b"import requests\nx = \"\xff\"\n");
    let noted = world.run_expecting(0, &["check"]);
    assert!(noted.out.contains("promise not judged: resilience/http-timeouts"), "{}", noted.out);
    world.replace("stanchion.toml", "schema = 1\n", "schema = 1\nunassessed = \"break\"\n");
    let broken = world.run_expecting(1, &["check"]);
    assert!(broken.out.lines().next().is_some_and(|it| it.contains("promise not kept")), "{}", broken.out);
    // A promise of a guideline that is no longer followed is not judged, and breaks as configured.
    world.write("a.py", "x = 1\n");
    world.replace("stanchion.toml", "follow = [\"starter\"]", "follow = [\"./guidelines\"]");
    world.write("guidelines/README.md", "nothing");
    world.run_expecting(1, &["check"]);
}
