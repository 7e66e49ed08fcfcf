//! Where the numbers come from: machine, system and versions.

use std::fs;
use std::process::Command;

use crate::programs::quietly;

/// Lines of what and value, for the head of the report and of the table of values.
pub fn describe() -> Vec<(&'static str, String)> {
    let first_line = |program: &str, argument: &str| {
        quietly(Command::new(program).arg(argument))
            .ok()
            .and_then(|text| text.lines().next().map(str::to_owned))
    };
    let rows = [
        ("CPU", cpu()),
        ("cores", std::thread::available_parallelism().ok().map(|count| count.to_string())),
        ("memory", memory()),
        ("kernel", first_line("uname", "-srvm")),
        ("system", release()),
        ("C library", first_line("ldd", "--version")),
        ("Rust", first_line("rustc", "--version")),
        ("C compiler", first_line("cc", "--version")),
        ("valgrind", first_line("valgrind", "--version")),
        ("Java", first_line("java", "--version")),
        ("Node.js", first_line("node", "--version")),
        ("libuv", debian("libuv1-dev")),
        ("libevent", debian("libevent-dev")),
        ("libev", debian("libev-dev")),
        ("ZeroMQ", debian("libzmq3-dev")),
        ("Netty", debian("libnetty-java")),
        ("work tree", commit()),
    ];
    rows.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn cpu() -> Option<String> {
    value_of("/proc/cpuinfo", "model name")
}

fn memory() -> Option<String> {
    value_of("/proc/meminfo", "MemTotal")
}

fn value_of(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn release() -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(line.trim_matches('"').to_owned())
}

fn debian(package: &str) -> Option<String> {
    quietly(Command::new("dpkg-query").args(["-W", "-f=${Version}", package])).ok()
}

fn commit() -> Option<String> {
    let folder = crate::programs::folder();
    let git = |line: &str| {
        quietly(Command::new("git").arg("-C").arg(&folder).args(line.split_whitespace())).ok()
    };
    let commit = git("rev-parse --short HEAD")?;
    let changed = !git("status --porcelain --untracked-files=no")?.trim().is_empty();
    Some(format!("{}{}", commit.trim(), if changed { " with changes" } else { "" }))
}
