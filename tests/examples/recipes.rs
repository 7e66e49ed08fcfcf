//! The examples that wait for sources of other crates by way of `SourceFd`, run as their users do.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

use crate::example::example;

fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(example(name)).args(arguments).output().expect("the example")
}

fn printed(output: &Output) -> Vec<&str> {
    let text = std::str::from_utf8(&output.stdout).expect("text");
    text.lines().collect()
}

/// Ends with the test, failed or not.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn records_come_as_they_were_sent() {
    let output = run("seqpacket", &[]);
    assert!(output.status.success(), "{output:?}");
    let records = ["record: one", "record: a second record", "record: three", "end"];
    assert_eq!(printed(&output), records);
}

#[test]
fn the_supervisor_tells_how_each_command_ends() {
    let output = run("supervisor", &["exit 7", "true", "kill -9 $$"]);
    assert!(output.status.success(), "{output:?}");
    let lines = printed(&output);
    let ends =
        ["exit 7: exit status: 7", "true: exit status: 0", "kill -9 $$: signal: 9 (SIGKILL)"];
    for end in ends {
        assert!(lines.contains(&end), "no {end:?} in {lines:?}");
    }
}

#[test]
fn the_supervisor_passes_a_signal_on_and_ends_with_its_commands() {
    let mut child = Command::new(example("supervisor"))
        .arg("exec sleep 1000")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the supervisor");
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut child = Running(child);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "1 commands run\n");
    let kill = format!("kill -s TERM {}", child.0.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().expect("sh").success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("a signal\n"), "{rest}");
    assert!(rest.ends_with("exec sleep 1000: signal: 15 (SIGTERM)\n"), "{rest}");
    assert!(child.0.wait().unwrap().success());
}

/// The kernel needs `vsock_loopback` for a machine to reach itself.
#[test]
fn a_greeting_goes_from_a_machine_to_itself() {
    let port = (1 << 20 | std::process::id()).to_string();
    let mut listening = Command::new(example("vsock"))
        .args(["listen", &port])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example");
    let mut output = BufReader::new(listening.stdout.take().expect("its output"));
    let _listening = Running(listening);
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let greeted = run("vsock", &["connect", "1", &port]);
    if line.is_empty() || !greeted.status.success() {
        let reason = String::from_utf8_lossy(&greeted.stderr).into_owned();
        assert!(reason.starts_with("vsock: "), "{reason}");
        let _ = writeln!(std::io::stderr(), "skipped: vsock: there is no loopback: {reason}");
        return;
    }
    assert_eq!(line, format!("listening on port {port}\n"));
    assert_eq!(greeted.stdout, b"hello\n");
}

#[test]
fn arguments_that_are_none_are_said_so() {
    for arguments in [&[][..], &["listen"], &["listen", "many"], &["connect", "2"]] {
        let output = run("vsock", arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("vsock: "), "{output:?}");
    }
}
