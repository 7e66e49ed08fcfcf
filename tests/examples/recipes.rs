//! The examples that wait for sources of other crates by way of `SourceFd`, run as their users do.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};

use crate::example::example;

/// An example that is ended, with all that it started, should it take more than a minute.
fn limited(name: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "60"]).arg(example(name));
    command
}

fn run(name: &str, arguments: &[&str]) -> Output {
    limited(name).args(arguments).output().expect("the example")
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
        .arg("exec sleep 60")
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
    assert!(rest.ends_with("exec sleep 60: signal: 15 (SIGTERM)\n"), "{rest}");
    assert!(child.0.wait().unwrap().success());
}

#[test]
fn the_supervisor_tells_each_second_how_many_commands_run() {
    let mut child = limited("supervisor")
        .args(["read line; exit 3", "true"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the supervisor");
    let input = child.stdin.take();
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut child = Running(child);
    let mut next = || lines.next().expect("a line").unwrap();
    let mut seen = [next(), next()];
    seen.sort_unstable();
    assert_eq!(seen, ["2 commands run", "true: exit status: 0"]);
    // A timer that is not read again tells of itself once.
    let seconds = [next(), next()].map(|line| {
        let second =
            line.strip_prefix("after ").and_then(|line| line.strip_suffix(" s: 1 running"));
        second.and_then(|second| second.parse::<u64>().ok()).unwrap_or_else(|| panic!("{line}"))
    });
    assert!(0 < seconds[0] && seconds[0] < seconds[1], "{seconds:?}");
    drop(input);
    let end = std::iter::repeat_with(next).find(|line| !line.starts_with("after "));
    assert_eq!(end.as_deref(), Some("read line; exit 3: exit status: 3"));
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
