//! Runs a test in a process of its own, for what belongs to the whole process: its descriptors and
//! its limits.

use std::env;
use std::fs;
use std::os::fd::RawFd;
use std::process::Command;
use std::thread;

use crate::support::emulator;

const MARK: &str = "MIO_TEST_IS_ALONE";

/// Runs `body` in a new process of this binary, which runs no other test. To be called by the test
/// itself, from its own thread.
#[track_caller]
pub fn alone(body: impl FnOnce()) {
    if env::var_os(MARK).is_some() {
        return body();
    }
    let current = thread::current();
    let name = current.name().expect("a test's thread has its name");
    let mut words = emulator();
    words.push(env::current_exe().unwrap().into());
    let output = Command::new(&words[0])
        .args(&words[1..])
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(MARK, "yes")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}, alone: {text}\n{errors}");
    assert!(text.contains("1 passed"), "{name} did not run: {text}\n{errors}");
}

/// The descriptors that this process has open.
pub fn open_descriptors() -> Vec<RawFd> {
    let list = fs::read_dir("/proc/self/fd").unwrap();
    let all: Vec<RawFd> =
        list.map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    // The list itself was one of them, and is no longer open.
    all.into_iter().filter(|fd| fs::exists(format!("/proc/self/fdinfo/{fd}")).unwrap()).collect()
}
