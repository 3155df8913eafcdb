//! Builds one case, runs the program on it and returns the verdict.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::case::{Case, Damage, Running, write};
use crate::families::Family;
use crate::judge::{Written, judge};
use crate::random::Random;
use crate::runner::{Ending, Order};

/// Settings of all cases.
pub struct Setting {
    pub program: PathBuf,
    /// Folder with the guidelines of the corpus.
    pub pack: PathBuf,
    pub seed: u64,
    pub large: bool,
    pub keep: bool,
}

/// Result of a case.
pub struct Verdict {
    pub number: usize,
    pub family: &'static str,
    pub what: String,
    pub ending: Ending,
    pub wrong: Vec<String>,
}

/// User and group id of the unprivileged user of permission cases (the system's `nobody`).
const UNPRIVILEGED_ID: u32 = 65_534;

/// Runs case `number`, which belongs to `family`.
pub fn run(setting: &Setting, family: &Family, number: usize) -> Verdict {
    let folder = tempfile::Builder::new().prefix("stanchion-hostile-").tempdir().expect("a folder");
    let base = folder.path().canonicalize().expect("there");
    let mut random = Random::new(setting.seed, number);
    let beacons = Random::new(random.next(), 0);
    let mut case = Case::new(&base, random, &setting.pack, setting.large);
    (family.build)(&mut case);
    let (ending, mut wrong) = assess(setting, &mut case, beacons);
    if let Some(again) = case.call.again {
        wrong.extend(repeat(setting, &case, again));
    }
    let what = case.what.join(", ");
    if setting.keep {
        let kept = folder.keep();
        wrong.iter_mut().for_each(|it| it.push_str(&format!(" [{}]", kept.display())));
    } else {
        remove(&base);
    }
    Verdict { number, family: family.name, what, ending, wrong }
}

fn assess(setting: &Setting, case: &mut Case, mut beacons: Random) -> (Ending, Vec<String>) {
    let beacons = if case.expect.beacons { case.plant_beacons(&mut beacons).to_vec() } else { vec![] };
    let bin = case.outside.join("bin");
    for name in ["git", "sh", "ssh", "less", "python3", "cat"] {
        let ran = case.outside.join("ran");
        write(&bin.join(name), format!("#!/bin/sh\n: > '{}'\n", ran.display()).as_bytes());
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).expect("changed");
    }
    case.expect.absent.push(case.outside.join("ran"));
    let before = [digest(&case.repository), digest(&case.outside)];
    let beside = case.beside.take();
    let (ending, written) = call(setting, case, "1", beside);
    let mut wrong = judge(case, &beacons, &ending, &written);
    let after = [digest(&case.repository), digest(&case.outside)];
    for (name, before, after) in
        [("the repository", &before[0], &after[0]), ("files beside the repository", &before[1], &after[1])]
    {
        let changed: Vec<_> = after
            .iter()
            .filter(|(path, state)| before.get(*path) != Some(state))
            .map(|(path, _)| path)
            .chain(before.keys().filter(|path| !after.contains_key(*path)))
            .take(3)
            .collect();
        if case.expect.untouched && !changed.is_empty() {
            wrong.push(format!("{name} was changed: {changed:?}"));
        }
    }
    (ending, wrong)
}

/// Runs again with a damaged cache, and compares the reports.
fn repeat(setting: &Setting, case: &Case, damage: Damage) -> Vec<String> {
    let first = fs::read(case.base.join("out/stdout-1")).unwrap_or_default();
    damage_cache(&case.base.join("cache"), damage);
    let (ending, written) = call(setting, case, "2", None);
    let mut wrong = Vec::new();
    if ending.status != Some(0) || written.out != first {
        wrong.push(format!("the report of a second run with the cache in state {damage:?} differs"));
    }
    wrong
}

fn damage_cache(folder: &Path, damage: Damage) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if entry.file_type().expect("a file type").is_dir() {
            damage_cache(&path, damage);
            continue;
        }
        let mut bytes = fs::read(&path).unwrap_or_default();
        let middle = bytes.len() / 2;
        match damage {
            Damage::Nothing => continue,
            Damage::Flip => bytes.iter_mut().skip(middle).step_by(97).for_each(|byte| *byte ^= 0x10),
            Damage::Cut => bytes.truncate(middle),
            Damage::Empty => bytes.clear(),
            Damage::Garbage => bytes = b"{\"version\": 1, \"findings\": [[[[".repeat(1000),
            Damage::Huge => {
                let file = fs::OpenOptions::new().write(true).open(&path).expect("opened");
                file.set_len(10 << 30).expect("a sparse file");
                continue;
            }
        }
        fs::write(&path, bytes).expect("written");
    }
}

fn call(
    setting: &Setting,
    case: &Case,
    run: &str,
    beside: Option<crate::case::ConcurrentWork>,
) -> (Ending, Written) {
    let out = case.base.join("out");
    let (human, lines) = (out.join(format!("human-{run}")), out.join(format!("lines-{run}")));
    let order = order(setting, case, run, &human, &lines);
    if order.user.is_some() {
        // All folders except the repository, whose permissions are part of the case.
        for folder in [&case.base, &out, &case.base.join("cache"), &case.base.join("home")] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("changed");
        }
    }
    let path = out.join(format!("order-{run}.json"));
    fs::write(&path, serde_json::to_vec(&order).expect("JSON")).expect("written");
    let running = Running::start(beside);
    let own = std::env::current_exe().expect("the test program");
    let output = Command::new(own).arg("--run-order").arg(&path).output().expect("the runner starts");
    drop(running);
    let ending = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("the runner failed: {}", String::from_utf8_lossy(&output.stderr));
    });
    let read = |path: &Path| fs::read(path).ok();
    let written = Written {
        out: read(&order.out).unwrap_or_default(),
        err: read(&order.err).unwrap_or_default(),
        human: read(&human),
        lines: read(&lines),
    };
    (ending, written)
}

fn order(setting: &Setting, case: &Case, run: &str, human: &Path, lines: &Path) -> Order {
    let bytes = |text: &OsStr| text.as_bytes().to_vec();
    let mut arguments = vec![b"check".to_vec()];
    for folder in &case.call.guidelines {
        arguments.extend([b"--guidelines".to_vec(), bytes(folder.as_os_str())]);
    }
    for text in ["--format", "json", "--all", "--output"] {
        arguments.push(text.as_bytes().to_vec());
    }
    arguments.push([b"human=", human.as_os_str().as_bytes()].concat());
    arguments.push(b"--output".to_vec());
    arguments.push([b"jsonl=", lines.as_os_str().as_bytes()].concat());
    arguments.extend(case.call.arguments.iter().map(|it| bytes(it)));
    let folder = |name: &str| bytes(case.base.join(name).as_os_str());
    let mut environment: BTreeMap<Vec<u8>, Vec<u8>> = [
        ("HOME", folder("home")),
        ("LANG", b"C.UTF-8".to_vec()),
        ("PATH", folder("outside/bin")),
        ("XDG_CACHE_HOME", folder("cache")),
        ("XDG_CONFIG_HOME", folder("home/.config")),
    ]
    .map(|(key, value)| (key.as_bytes().to_vec(), value))
    .into();
    for (key, value) in &case.call.environment {
        environment.insert(bytes(key), bytes(value));
    }
    let root = runs_as_root();
    Order {
        program: setting.program.clone(),
        arguments,
        environment: environment.into_iter().collect(),
        directory: case.call.directory.clone().unwrap_or_else(|| case.repository.clone()),
        before: case.call.before.clone(),
        redirect: case.call.redirect.clone(),
        user: (case.call.ordinary_user && root).then_some(UNPRIVILEGED_ID),
        most_wall_ms: case.expect.most_wall_ms,
        out: case.base.join(format!("out/stdout-{run}")),
        err: case.base.join(format!("out/stderr-{run}")),
    }
}

fn runs_as_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// State of a tree: each path with its kind, mode, size, modification time and link target.
fn digest(root: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(meta) = path.symlink_metadata() else { continue };
            if meta.is_dir() && depth < 100 {
                open.push((path.clone(), depth + 1));
            }
            let target = fs::read_link(&path).unwrap_or_default();
            let (size, time) = if meta.is_file() { (meta.len(), meta.mtime_nsec()) } else { (0, 0) };
            found.insert(path, format!("{:o} {size} {time} {}", meta.mode(), target.display()));
        }
    }
    found
}

/// Removes a folder that may be thousands of levels deep or have no write permission.
fn remove(base: &Path) {
    let _ =
        Command::new("chmod").args(["-R", "u+rwX"]).arg(base).stderr(std::process::Stdio::null()).status();
    let _ = Command::new("rm").args(["-rf", "--"]).arg(base).status();
}
