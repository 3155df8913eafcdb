//! Concurrent runs on one cache, and runs that are killed.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use super::{
    CHECK, Numbers, World, assert_same, list_folder, number_from_env, successful_output, wait_until_settled,
};

fn start(world: &World) -> Child {
    world.command(&CHECK).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started")
}

#[test]
fn concurrent_runs_on_one_cache_agree() {
    for cold in [true, false] {
        let world = World::new();
        wait_until_settled();
        let expected = world.report_without_cache();
        if !cold {
            world.assert_cache_agrees("warm");
            world.write("tree/src/more/1.py", "# TODO\n");
        }
        let expected = if cold { expected } else { world.report_without_cache() };
        let runs: Vec<Child> = (0..16).map(|_| start(&world)).collect();
        for run in runs {
            assert_same(&successful_output(&run.wait_with_output().expect("ended")), &expected, "concurrent");
        }
        assert_same(&world.assert_cache_agrees("afterwards"), &expected, "afterwards");
        // One cache file and the cache directory tag; no temporary file is left.
        assert_eq!(list_folder(&world.caches()).len(), 2, "{:?}", list_folder(&world.caches()));
    }
}

#[test]
fn a_killed_run_leaves_no_harmful_files() {
    let world = World::new();
    wait_until_settled();
    let mut numbers = Numbers::seeded();
    for round in 0..number_from_env("STANCHION_KILLS", 16) {
        world.write("tree/src/b.py", &format!("# TODO {round}\n"));
        let mut run = start(&world);
        std::thread::sleep(Duration::from_micros(numbers.below(400_000) as u64));
        run.kill().expect("killed");
        run.wait_with_output().expect("ended");
        let expected = world.report_without_cache();
        assert_same(&world.report_with_cache(), &expected, &format!("round {round}"));
    }
    // A temporary file as left by a run that was killed during a write.
    let name = world.only_cache_file().file_stem().expect("a name").to_string_lossy().into_owned();
    let left = world.caches().join(format!(".{name}-1234-0.tmp"));
    fs::write(&left, "half").expect("written");
    world.write("tree/src/b.py", "# TODO at last\n");
    world.assert_cache_agrees("with a temporary file that may be in use");
    assert!(left.exists(), "a temporary file of another run was removed");
    for path in
        list_folder(&world.caches()).iter().filter(|path| path.extension().is_some_and(|it| it == "tmp"))
    {
        let file = fs::File::options().append(true).open(path).expect("opened");
        file.set_modified(SystemTime::now() - Duration::from_hours(2)).expect("set");
    }
    world.write("tree/src/b.py", "# TODO once more\n");
    world.assert_cache_agrees("with an old temporary file");
    assert_eq!(list_folder(&world.caches()).len(), 2, "{:?}", list_folder(&world.caches()));
}
