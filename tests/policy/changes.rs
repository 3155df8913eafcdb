//! Two hundred changes that weaken a policy: each is reported in the first ten lines of `check --since`.

use std::fmt::Write as _;

use super::world::World;

/// Deterministic pseudo-random number derived from `seed`.
fn pseudo_random(seed: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x1234_5678_9ABC_DEF1;
    x ^= x >> 31;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 29)
}

const PROMISED: [&str; 5] = [
    "resilience/http-timeouts",
    "debug/no-breakpoints",
    "python/no-bare-except",
    "secrets/no-private-keys",
    "hygiene/no-merge-conflict-markers",
];
const FILES: usize = 12;

/// A repository with promises, waivers of both forms, a baseline and copies.
fn world() -> World {
    let world = World::new();
    world.write("README.md", "# x\n");
    for n in 0..FILES {
        let mut text = "import requests\n".to_owned();
        let _ = write!(text, "\n\ndef f{n}(url):\n    return requests.get(url, data=\"{n}\")\n");
        let _ = write!(text, "\n\ndef g{n}():\n    return {n}\n");
        world.write(&format!("src/m{n}.py"), text);
    }
    world.write("src/inline.py", "# stanchion: waive debug/no-breakpoints until=2027-06-01 checks=breakpoint -- a demo that stops\nbreakpoint()\n");
    world.run_expecting(0, &["init"]);
    world.replace("stanchion.toml", "schema = 1\n", "schema = 1\nunassessed = \"break\"\n");
    let mut waivers = "schema = 1\n".to_owned();
    for n in 0..6 {
        let _ = write!(
            waivers,
            "\n[[waiver]]\nid = \"w{n}\"\nguideline = \"{}\"\nversions = \"^1\"\nchecks = [\"c\"]\npaths = [\"tools/{n}/**\"]\nkind = \"cost\"\nreason = \"number {n} is a tool\"\nuntil = 2027-05-0{}\n",
            PROMISED[n % PROMISED.len()],
            n + 1
        );
    }
    world.write(".stanchion/waivers.toml", waivers);
    world.run_expecting(0, &["promise", PROMISED[0], "--from-here"]);
    for id in &PROMISED[1..] {
        world.run_expecting(0, &["promise", id, "--anyway"]);
    }
    world.commit();
    world
}

/// Makes change number `n`. Returns phrases of which the report must contain at least one.
fn change(world: &World, n: u64) -> Vec<String> {
    let random =
        |of: usize, salt: u64| usize::try_from(pseudo_random(n * 31 + salt) % (of as u64)).expect("small");
    let id = PROMISED[random(PROMISED.len(), 1)];
    let file = format!("src/m{}.py", random(FILES, 2));
    let waiver = random(6, 3);
    let toml = ".stanchion/waivers.toml";
    let entry = |world: &World, old: &str, new: &str| {
        let text = world.read(toml);
        let start = text.find(&format!("id = \"w{waiver}\"")).expect("there");
        let end = text[start..].find("\n[[").map_or(text.len(), |at| start + at);
        let part = text[start..end].replacen(old, new, 1);
        assert_ne!(part, text[start..end], "{old}");
        world.write(toml, format!("{}{part}{}", &text[..start], &text[end..]));
    };
    match n % 20 {
        0 => {
            let text = world.read("stanchion.toml");
            let kept: String = text
                .lines()
                .filter(|line| !line.starts_with(&format!("\"{id}\"")))
                .map(|line| format!("{line}\n"))
                .collect();
            world.write("stanchion.toml", kept);
            vec![format!("promise withdrawn: {id}")]
        }
        1 => {
            let id = PROMISED[1 + random(4, 4)];
            let text = world.read("stanchion.toml");
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("\"{id}\"")))
                .expect("promised")
                .to_owned();
            world.replace("stanchion.toml", &line, &line.replace(" }", ", from-here = true }"));
            vec![format!("promise weakened: {id}")]
        }
        2 => {
            world.replace("stanchion.toml", "\"break\"", "\"note\"");
            vec!["promise weakened: \"cannot tell\" no longer breaks".to_owned()]
        }
        3 => {
            entry(world, "until = 2027", "until = 2028");
            vec![format!("waiver covers more: w{waiver}")]
        }
        4 => {
            entry(world, &format!("\"tools/{waiver}/**\""), &format!("\"tools/{waiver}/**\", \"src/**\""));
            vec![format!("waiver covers more: w{waiver}")]
        }
        5 => {
            entry(world, "checks = [\"c\"]\n", "");
            vec![format!("waiver covers more: w{waiver}")]
        }
        6 => {
            entry(world, &format!("paths = [\"tools/{waiver}/**\"]\n"), "");
            vec![format!("waiver covers more: w{waiver}")]
        }
        7 => {
            let text = format!(
                "{}\n[[waiver]]\nid = \"new{n}\"\nguideline = \"{id}\"\nreason = \"because of {n}\"\n",
                world.read(toml)
            );
            world.write(toml, text);
            vec![format!("new waiver: {id}")]
        }
        8 => {
            world.replace(
                &file,
                "    return requests",
                &format!("    # stanchion: waive {id} -- because of {n}\n    return requests"),
            );
            vec![format!("new waiver: {id}")]
        }
        9 => {
            world.replace("src/inline.py", "2027-06-01", "2029-06-01");
            vec!["waiver covers more: src/inline.py:1".to_owned()]
        }
        10 => {
            let text = world.read(&file);
            world.write(&file, format!("# stanchion: waive-file {id} -- because of {n}\n{text}"));
            vec![format!("new waiver: {id}")]
        }
        11 => {
            world.replace(
                ".stanchion/baseline.toml",
                "found = [\n",
                &format!(
                    "found = [\n  \"requests {:032x} {:016x} - src/new{n}.py\",\n",
                    pseudo_random(n),
                    pseudo_random(n)
                ),
            );
            vec!["promise weakened: the baseline of resilience/http-timeouts".to_owned()]
        }
        12 => {
            let path = format!(".stanchion/guidelines/{id}.md");
            world.replace(&path, "checks:\n", "# edited\nchecks:\n");
            vec![format!("guideline changed: {id}")]
        }
        13 => {
            std::fs::remove_file(world.path(&format!(".stanchion/guidelines/{id}.md"))).expect("removed");
            vec![format!("guideline changed: {id}")]
        }
        14 => {
            // The renamed file has the same code, but no promise covers its new name.
            let new = file.replace(".py", ".txt");
            std::fs::rename(world.path(&file), world.path(&new)).expect("renamed");
            vec![format!("out of sight: {file} was moved to {new}")]
        }
        15 => {
            // Moved, with a small edit.
            let new = format!("attic/m{n}.dat");
            let text = world.read(&file).replace("import requests", "import requests  # later");
            std::fs::remove_file(world.path(&file)).expect("removed");
            world.write(&new, text);
            vec![format!("out of sight: {file} was moved to {new}")]
        }
        16 => {
            // Padded with bytes that are not UTF-8.
            let mut bytes = world.read(&file).into_bytes();
            bytes.extend([b'#', 0xff, 0xfe, b'\n']);
            world.write(&file, bytes);
            vec!["out of sight: ".to_owned()]
        }
        17 => {
            // Padded beyond the size limit.
            let text = format!("{}{}", world.read(&file), "# x\n".repeat(4_500_000));
            world.write(&file, text);
            vec!["out of sight: ".to_owned()]
        }
        18 => {
            world.replace("stanchion.toml", "follow = [\"starter\"]", "follow = [\"./own\"]");
            world.write("own/README.md", "none");
            vec!["follow changed: the starter set is no longer followed".to_owned()]
        }
        _ => {
            let path = ".stanchion/lock.toml";
            let copy = format!(".stanchion/guidelines/{id}.md");
            world.replace(&copy, "version: 1.", "version: 1.9");
            world.replace(path, "# Written", "# Changed");
            vec![format!("guideline changed: {id}")]
        }
    }
}

#[test]
fn two_hundred_weakening_changes_are_reported_first() {
    let world = world();
    let unchanged = world.run(&["check", "--since", "HEAD"]);
    assert!(!unchanged.out.contains("this change"), "{}", unchanged.out);
    for n in 0..200 {
        let words = change(&world, n);
        let run = world.run(&["check", "--since", "HEAD"]);
        let head: Vec<&str> = run.out.lines().take(10).collect();
        // The report wraps long sentences.
        let head = head.join(" ").split_whitespace().collect::<Vec<_>>().join(" ");
        let reported = words.iter().any(|words| head.contains(words.trim_end()));
        assert!(reported, "change {n}: {words:?} is not reported first:\n{}{}", run.out, run.err);
        world.restore();
    }
}
