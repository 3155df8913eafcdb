//! Supervises one run of the program, in a separate process.
//!
//! The corpus starts itself again as this runner for each case. As a new process, the runner gets resource
//! usage (largest resident set, processor time) of its own children only. It becomes the parent of all
//! processes that the program leaves behind, and can kill them.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// Multiple of the expected duration after which a run is killed.
const TIMEOUT_FACTOR: u32 = 6;
/// Maximum resident memory of all processes of a run, in KiB; beyond it the run is killed.
const MOST_RESIDENT: u64 = 1 << 20;
/// Maximum address space of one process, in bytes, to protect the machine that runs the tests.
const MOST_ADDRESSES: u64 = 6 << 30;

/// A run to supervise. Arguments and paths are bytes, as for the system.
#[derive(Serialize, Deserialize)]
pub struct Order {
    pub program: PathBuf,
    pub arguments: Vec<Vec<u8>>,
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    pub directory: PathBuf,
    /// Shell commands to run before the shell is replaced by the program, such as `ulimit -n 32`.
    pub before: Option<String>,
    /// Redirections of the shell, such as `<&-`.
    pub redirect: String,
    /// User and group to run as.
    pub user: Option<u32>,
    /// Expected maximum duration, in milliseconds.
    pub most_wall_ms: u64,
    pub out: PathBuf,
    pub err: PathBuf,
}

/// Result of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ending {
    pub status: Option<i32>,
    pub signal: Option<i32>,
    /// Reason why the runner killed the run, if it did.
    pub ended: Option<String>,
    pub wall_ms: u64,
    pub cpu_ms: u64,
    /// Largest resident set of one process, in KiB, from the kernel.
    pub process_kib: u64,
    /// Largest sum over all processes at one moment, in KiB, sampled. Excludes file pages, because all
    /// processes share the executable.
    pub tree_kib: u64,
    /// Largest number of threads of one process, sampled.
    pub threads: usize,
    /// Largest number of processes at one moment, sampled.
    pub processes: usize,
    /// Processes that still ran half a second after the program had ended.
    pub left_behind: usize,
}

/// Runs the order in the file `order` and prints the ending as JSON.
pub fn main(order: &str) {
    let order: Order = serde_json::from_slice(&fs::read(order).expect("the order file should exist"))
        .expect("the order should be JSON");
    let ending = run(&order);
    println!("{}", serde_json::to_string(&ending).expect("the ending should serialize"));
}

fn run(order: &Order) -> Ending {
    nix::unistd::setsid().expect("a new session");
    nix::sys::prctl::set_child_subreaper(true).expect("the runner should become a subreaper");
    setrlimit(Resource::RLIMIT_CORE, 0, 0).expect("core files should be disabled");
    setrlimit(Resource::RLIMIT_AS, MOST_ADDRESSES, MOST_ADDRESSES)
        .expect("the address space should be limited");
    let started = Instant::now();
    let mut child = spawn(order);
    let mut ending = Ending::default();
    let most = Duration::from_millis(order.most_wall_ms) * TIMEOUT_FACTOR;
    watch(&mut child, started, most, &mut ending);
    ending.wall_ms = started.elapsed().as_millis().try_into().expect("the duration should fit");
    clean_up(&mut ending);
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("usage");
    ending.process_kib = u64::try_from(usage.max_rss()).expect("usage should not be negative");
    let time = |value: nix::sys::time::TimeVal| {
        u64::try_from(value.tv_sec() * 1000 + value.tv_usec() / 1000).expect("usage should not be negative")
    };
    ending.cpu_ms = time(usage.user_time()) + time(usage.system_time());
    ending
}

fn spawn(order: &Order) -> Child {
    let os = |bytes: &Vec<u8>| OsString::from_vec(bytes.clone());
    let mut command = match &order.before {
        None => Command::new(&order.program),
        Some(before) => {
            let mut shell = Command::new("/bin/sh");
            let script = format!("{before}\nexec \"$0\" \"$@\" {}", order.redirect);
            shell.arg("-c").arg(script).arg(&order.program);
            shell
        }
    };
    command.args(order.arguments.iter().map(os));
    command.env_clear().envs(order.environment.iter().map(|(key, value)| (os(key), os(value))));
    command.current_dir(&order.directory).stdin(Stdio::null());
    command.stdout(fs::File::create(&order.out).expect("a file"));
    command.stderr(fs::File::create(&order.err).expect("a file"));
    if let Some(user) = order.user {
        command.uid(user).gid(user);
    }
    command.spawn().expect("the program should start")
}

fn watch(child: &mut Child, started: Instant, most: Duration, ending: &mut Ending) {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().expect("the state of the child") {
            ending.status = status.code();
            ending.signal = status.signal();
            return;
        }
        sample(ending);
        let why = if started.elapsed() > most {
            Some(format!("still running after {} s", most.as_secs()))
        } else if ending.tree_kib > MOST_RESIDENT {
            Some(format!("more than {} MiB", MOST_RESIDENT >> 10))
        } else {
            None
        };
        if let Some(why) = why {
            ending.ended = Some(why);
            kill_descendants();
            // The process id stays valid until `wait`.
            let _ = child.wait();
            return;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(8));
    }
}

/// Samples memory, threads and number of all descendant processes.
fn sample(ending: &mut Ending) {
    let below = descendants();
    let resident = below.iter().map(|&process| resident_kib(process)).sum();
    let threads = |process: &i32| fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count);
    ending.tree_kib = ending.tree_kib.max(resident);
    ending.processes = ending.processes.max(below.len());
    ending.threads = ending.threads.max(below.iter().map(threads).max().unwrap_or(0));
}

/// Ids of all descendant processes, parents first.
fn descendants() -> Vec<i32> {
    let mut found = Vec::new();
    let mut open = vec![i32::try_from(std::process::id()).expect("a process id")];
    while let Some(process) = open.pop() {
        let Ok(tasks) = fs::read_dir(format!("/proc/{process}/task")) else { continue };
        for task in tasks.flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|child| child.parse::<i32>().ok());
            for child in children {
                found.push(child);
                open.push(child);
            }
        }
    }
    found
}

fn resident_kib(process: i32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    let mut pages = statm.split_whitespace().map(|pages| pages.parse::<u64>().unwrap_or(0)).skip(1);
    let (resident, shared) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
    resident.saturating_sub(shared) * 4
}

fn kill_descendants() {
    for process in descendants() {
        let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
    }
}

/// Waits for processes that the program left behind, and kills the remaining ones.
fn clean_up(ending: &mut Ending) {
    for round in 0..100 {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Err(_) => return,
                Ok(WaitStatus::StillAlive) => break,
                Ok(_) => {}
            }
        }
        if round == 50 {
            ending.left_behind = descendants().len();
            kill_descendants();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
