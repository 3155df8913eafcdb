//! Many runs at once, and runs that are killed.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use super::{CHECK, Numbers, World, assert_same, listed, number, settle, told};

fn start(world: &World) -> Child {
    world.command(&CHECK).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
}

#[test]
fn many_runs_on_one_cache_agree() {
    for cold in [true, false] {
        let world = World::new();
        settle();
        let expected = world.plain();
        if !cold {
            world.same("warm");
            world.write("tree/src/more/1.py", "# TODO\n");
        }
        let expected = if cold { expected } else { world.plain() };
        let runs: Vec<Child> = (0..16).map(|_| start(&world)).collect();
        for run in runs {
            assert_same(&told(&run.wait_with_output().expect("ended")), &expected, "at once");
        }
        assert_same(&world.same("afterwards"), &expected, "afterwards");
        // One cache file and the tag: nothing temporary is left.
        assert_eq!(listed(&world.caches()).len(), 2, "{:?}", listed(&world.caches()));
    }
}

#[test]
fn a_run_that_is_killed_leaves_nothing_that_matters() {
    let world = World::new();
    settle();
    let mut numbers = Numbers::seeded();
    for round in 0..number("STANCHION_KILLS", 16) {
        world.write("tree/src/b.py", &format!("# TODO {round}\n"));
        let mut run = start(&world);
        std::thread::sleep(Duration::from_micros(numbers.below(400_000) as u64));
        run.kill().expect("killed");
        run.wait_with_output().expect("ended");
        let expected = world.plain();
        assert_same(&world.check(), &expected, &format!("round {round}"));
    }
    // As left by a run that was killed while it wrote.
    let name = world.only().file_stem().expect("a name").to_string_lossy().into_owned();
    let left = world.caches().join(format!(".{name}-1234-0.tmp"));
    fs::write(&left, "half").expect("written");
    world.write("tree/src/b.py", "# TODO at last\n");
    world.same("with a temporary file that may be in use");
    assert!(left.exists(), "a temporary file of another run was removed");
    for path in listed(&world.caches()).iter().filter(|path| path.extension().is_some_and(|it| it == "tmp")) {
        let file = fs::File::options().append(true).open(path).expect("opened");
        file.set_modified(SystemTime::now() - Duration::from_hours(2)).expect("set");
    }
    world.write("tree/src/b.py", "# TODO once more\n");
    world.same("with an old temporary file");
    assert_eq!(listed(&world.caches()).len(), 2, "{:?}", listed(&world.caches()));
}
