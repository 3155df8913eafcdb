//! `fix`: changed files, skipped files, and atomic replacement (each file has either its old or its new
//! content).

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use super::world::World;

const CODE: &str = "def t():\n    breakpoint()\n    return 1\n";

fn world() -> World {
    let world = World::new();
    world.write("README.md", "# x\n");
    world
}

#[test]
fn fixes_are_applied_once_and_equal_the_patch() {
    let world = world();
    for path in ["a.py", "with space.py", "quo\"te.py", "deep/er/é.py"] {
        world.write(path, CODE);
    }
    world.write("crlf.py", CODE.replace('\n', "\r\n"));
    world.write("end.py", CODE.trim_end().replace("    return 1", "    breakpoint()"));
    std::fs::remove_file(world.path("README.md")).expect("removed");
    world.commit();
    let diff = world.run_expecting(0, &["fix", "--diff"]);
    assert!(diff.out.starts_with("diff --git "), "{}", diff.out);
    assert_eq!(world.git(&["status", "--short"]), "", "--diff must not change files");
    world.write(".git/the.patch", &diff.out);
    world.git(&["apply", ".git/the.patch"]);
    world.git(&["add", "-A"]);
    let patched = world.git(&["write-tree"]);
    world.restore();
    let fixed = world.run_expecting(0, &["fix"]);
    assert!(
        fixed.out.contains("fixed a.py for debug/no-breakpoints") && fixed.out.contains("created README.md"),
        "{}",
        fixed.out
    );
    world.git(&["add", "-A"]);
    assert_eq!(patched, world.git(&["write-tree"]), "git apply must give the same tree");
    assert!(world.read("crlf.py").contains("\r\n") && !world.read("crlf.py").contains("breakpoint"));
    let again = world.run_expecting(0, &["fix"]);
    assert!(again.out.contains("Nothing to fix"), "{}", again.out);
}

#[test]
fn skipped_files_are_reported_with_the_reason() {
    let world = world();
    world.write("linked.py", CODE);
    std::fs::hard_link(world.path("linked.py"), world.path("other.py")).expect("a hard link");
    world.write("mode.py", CODE);
    std::fs::set_permissions(world.path("mode.py"), std::fs::Permissions::from_mode(0o755)).expect("set");
    world.write("waived.py", format!("# stanchion: waive-file debug/no-breakpoints -- it is a demo\n{CODE}"));
    let inode = std::fs::metadata(world.path("linked.py")).expect("there").ino();
    let run = world.run_expecting(0, &["fix"]);
    assert!(run.out.contains("skipped: linked.py: it has several hard links"), "{}", run.out);
    assert_eq!(world.read("linked.py"), CODE);
    assert_eq!(std::fs::metadata(world.path("linked.py")).expect("there").ino(), inode);
    assert_eq!(std::fs::metadata(world.path("mode.py")).expect("there").permissions().mode() & 0o777, 0o755);
    assert!(!world.read("mode.py").contains("breakpoint"));
    assert!(world.read("waived.py").contains("breakpoint"), "a waived finding must not be fixed");
}

#[test]
fn files_that_decide_what_runs_are_fixed_only_on_request() {
    let world = world();
    let guideline = "---\nschema: 1\nguideline: acme/tabs\nversion: 1.0.0\ntitle: x\nsummary: x\nstage: trial\nowner: x\nchecks:\n  - id: x\n    text: { files: [\"**/*.yml\"], find: \"FIXME\" }\n    fix: { replace: done }\n---\n# x\n";
    world.write("guidelines/x.md", guideline);
    world.write("stanchion.toml", "schema = 1\nfollow = [\"./guidelines\"]\n");
    world.write(".github/workflows/a.yml", "a: FIXME\n");
    world.write("a.yml", "a: FIXME\n");
    let run = world.run_expecting(0, &["fix"]);
    assert!(
        run.out.contains("skipped: .github/workflows/a.yml") && run.out.contains("--sensitive"),
        "{}",
        run.out
    );
    assert_eq!(world.read("a.yml"), "a: done\n");
    world.run_expecting(0, &["fix", "--sensitive"]);
    assert_eq!(world.read(".github/workflows/a.yml"), "a: done\n");
}

#[test]
fn a_fix_that_would_break_the_syntax_is_not_applied() {
    let world = world();
    let guideline = |find: &str, with: &str| {
        format!(
            "---\nschema: 1\nguideline: acme/x\nversion: 1.0.0\ntitle: x\nsummary: x\nstage: trial\nowner: x\nchecks:\n  - id: x\n    text: {{ files: [\"**/*.py\", \"**/*.json\"], find: '{find}' }}\n    fix: {{ replace: '{with}' }}\n---\n# x\n"
        )
    };
    world.write("stanchion.toml", "schema = 1\nfollow = [\"./guidelines\"]\n");
    world.write("guidelines/x.md", guideline("good|bad", "x("));
    world.write("a.py", "good = 1)\nf(2)\n");
    world.write("b.py", "bad = 1\n");
    world.write("c.json", "{\"a\": \"bad\"}\n");
    let run = world.run_expecting(0, &["fix"]);
    let out = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("the file would no longer parse"), "{out}");
    assert_eq!(world.read("b.py"), "bad = 1\n");
    assert_eq!(
        world.read("c.json"),
        "{\"a\": \"x(\"}\n",
        "a replacement inside a string keeps the JSON valid"
    );
    // Of several fixes in one file, the valid ones are applied.
    world.write("guidelines/x.md", guideline("one(\\()?", "two$1"));
    world.write("b.py", "one = 1\n");
    world.run_expecting(0, &["fix"]);
    assert_eq!(world.read("b.py"), "two = 1\n");
}

#[test]
fn a_folder_without_write_permission_is_reported_with_status_2() {
    let world = world();
    if std::fs::metadata("/root").is_ok_and(|it| it.uid() == 0) && runs_as_root() {
        // Root ignores folder permissions, so the test uses a read-only file instead.
        world.write("a.py", CODE);
        std::fs::set_permissions(world.path("a.py"), std::fs::Permissions::from_mode(0o444)).expect("set");
    } else {
        world.write("d/a.py", CODE);
        std::fs::set_permissions(world.path("d"), std::fs::Permissions::from_mode(0o555)).expect("set");
    }
    world.write("z.py", CODE);
    let run = world.run_expecting(2, &["fix"]);
    assert!(run.out.contains("skipped") && run.out.contains("fixed z.py"), "{}", run.out);
}

fn runs_as_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}

/// A run that is killed at any moment leaves each file with either its old or its new bytes.
#[test]
fn a_killed_run_leaves_no_partly_written_file() {
    let world = world();
    let old = |n: usize| format!("{CODE}# {n} {}\n", "x".repeat(2_000));
    for n in 0..60 {
        world.write(&format!("f{n}.py"), old(n));
    }
    for round in 0..20_u64 {
        let mut child = world
            .command()
            .args(["fix", "--only", "debug/no-breakpoints"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("started");
        std::thread::sleep(std::time::Duration::from_millis(30 + round * 13 % 170));
        let _ = child.kill();
        let _ = child.wait();
        let mut mended = 0;
        for n in 0..60 {
            let (now, old) = (world.read(&format!("f{n}.py")), old(n));
            let new = old.replace("breakpoint()", "pass");
            assert!(now == old || now == new, "f{n}.py has neither the old nor the new content:\n{now}");
            mended += usize::from(now == new);
        }
        if mended > 0 {
            for n in 0..60 {
                world.write(&format!("f{n}.py"), old(n));
            }
        }
    }
}
