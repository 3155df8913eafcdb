//! One repository from its first day on: adopt, promise, move code around, depart, step over, let it lapse.

use std::fmt::Write as _;

use super::world::World;

const ID: &str = "resilience/http-timeouts";

/// Python that calls without a timeout in these functions.
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
fn a_promise_from_here_lives_with_the_code() {
    let world = World::new();
    world.write("src/client.py", client(&["one", "two", "three"]));
    world.write("README.md", "# x\n");
    world.commit();
    world.ends(0, &["init"]);
    world.ends(0, &["check"]);

    // In full it would be broken from its first day, so that is not written.
    let refused = world.ends(2, &["promise", ID]);
    assert!(
        refused.err.contains("3 findings here") && refused.err.contains("--from-here"),
        "{}",
        refused.err
    );
    assert!(!world.read("stanchion.toml").contains(ID));
    world.ends(0, &["promise", ID, "--from-here"]);
    let again = world.ends(0, &["promise", ID, "--from-here"]);
    assert!(again.out.contains("nothing was changed"), "{}", again.out);
    world.commit();
    let calm = world.ends(0, &["check"]);
    assert!(calm.out.contains("3 findings of ") && calm.out.contains("promises kept 1 of 1"), "{}", calm.out);

    // Code moves: lines, order, another file, a rename with an edit nearby.
    world.write("src/client.py", format!("# a new head\n\n{}", client(&["three", "one", "two"])));
    world.ends(0, &["check"]);
    world.write("src/client.py", client(&["one"]));
    world.write(
        "lib/other.py",
        client(&["two", "three"]).replace("import requests", "import requests  # moved"),
    );
    world.ends(0, &["check"]);
    world.git(&["add", "-A"]);
    world.git(&["mv", "src/client.py", "src/renamed.py"]);
    world.ends(0, &["check"]);
    world.commit();

    // The baseline is brought up to date, one way only, and is the same when nothing changed.
    let before = world.read(".stanchion/baseline.toml");
    world.ends(0, &["baseline", "prune"]);
    let moved = world.read(".stanchion/baseline.toml");
    assert_ne!(before, moved);
    world.ends(0, &["baseline", "prune"]);
    assert_eq!(moved, world.read(".stanchion/baseline.toml"));

    // One mended, one new of the same kind elsewhere: the new one breaks the promise after the prune.
    world.write("lib/other.py", client(&["two"]));
    world.ends(0, &["baseline", "prune"]);
    assert_eq!(world.read(".stanchion/baseline.toml").matches("requests ").count(), 2);
    world.write("lib/new.py", client(&["four"]));
    let broken = world.ends(1, &["check"]);
    let first = broken.out.lines().next().unwrap_or_default();
    assert!(first.contains("promise not kept: resilience/http-timeouts"), "{}", broken.out);
    assert!(broken.out.contains("lib/new.py:5:12"), "{}", broken.out);
    assert!(!broken.out.contains("lib/other.py:5"), "what is known is not told one by one");

    // Stepped over, with a reason: it passes, and is shown.
    world.ends(
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
    let waived = world.ends(0, &["check", "--today", "2027-03-31"]);
    assert!(waived.out.contains("1 finding by http-timeouts (deferred, until 2027-03-31)"), "{}", waived.out);

    // It lapses, and comes back with whose waiver lapsed when.
    world.replace(".stanchion/waivers.toml", "declared", "owner = \"@pay\"\ndeclared");
    let lapsed = world.ends(1, &["check", "--today", "2027-04-01"]);
    assert!(lapsed.out.contains("waiver http-timeouts of @pay lapsed after 2027-03-31"), "{}", lapsed.out);
    world.ends(0, &["waivers", "renew", "http-timeouts", "--until", "2027-09-30", "--today", "2027-04-01"]);
    world.ends(0, &["check", "--today", "2027-04-01"]);

    // Taken back: advice again, and a reviewer is told first.
    world.commit();
    world.ends(0, &["promise", ID, "--withdraw"]);
    assert!(!world.path(".stanchion/baseline.toml").exists());
    world.ends(0, &["check"]);
    let told = world.ends(0, &["check", "--since", "HEAD"]);
    assert!(
        told.out.lines().nth(1).is_some_and(|line| line.contains("promise taken back: ")),
        "{}",
        told.out
    );
}

#[test]
fn a_place_that_was_not_looked_at_keeps_its_entry() {
    let world = World::new();
    world.write("a.py", client(&["one", "two"]));
    world.ends(0, &["promise", ID, "--from-here"]);
    let before = world.read(".stanchion/baseline.toml");
    // Not UTF-8: nothing can be told about it.
    world.write("a.py", b"import requests\nx = \"\xff\"\n");
    let unseen = world.ends(0, &["baseline", "prune"]);
    assert!(unseen.out.contains("2 kept because their place could not be looked at"), "{}", unseen.out);
    assert_eq!(before, world.read(".stanchion/baseline.toml"));
    // A finding elsewhere that looks the same is new: the first may still be there.
    world.write("b.py", client(&["one"]));
    let run = world.ends(1, &["check"]);
    assert!(run.out.contains("promise not kept"), "{}", run.out);
}

#[test]
fn what_cannot_be_told_is_shown_and_breaks_only_if_asked() {
    let world = World::new();
    world.write("a.py", "x = 1\n");
    world.ends(0, &["promise", ID]);
    world.write("a.py", b"import requests\nx = \"\xff\"\n");
    let noted = world.ends(0, &["check"]);
    assert!(noted.out.contains("promised, and it cannot be told: resilience/http-timeouts"), "{}", noted.out);
    world.replace("stanchion.toml", "schema = 1\n", "schema = 1\nunassessed = \"break\"\n");
    let broken = world.ends(1, &["check"]);
    assert!(broken.out.lines().next().is_some_and(|it| it.contains("promise not kept")), "{}", broken.out);
    // A guideline that is not followed any more cannot be kept unseen.
    world.write("a.py", "x = 1\n");
    world.replace("stanchion.toml", "follow = [\"starter\"]", "follow = [\"./guidelines\"]");
    world.write("guidelines/README.md", "nothing");
    world.ends(1, &["check"]);
}
