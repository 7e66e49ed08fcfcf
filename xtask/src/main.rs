//! The checks of this work tree. `cargo xtask` prints what there is; `cargo xtask ci` runs it all.
//!
//! Each command is a list of steps. A step prints the programs it starts, a failed step does not
//! stop the others, and a summary with times ends the run.

mod archs;
mod bench;
mod builds;
mod command;
mod contract;
mod debian;
mod explained;
mod gvisor;
mod kernels;
mod libkqueue;
mod msrv;
mod package;
mod paths;
mod platforms;
mod programs;
mod step;
mod targets;
mod tidy;
mod tokio;
mod toolchain;
mod tools;
mod wasi;
mod wine;

use std::process::ExitCode;

use step::Step;

/// What a command adds to a run. Arguments that it does not know are an error.
type Steps = fn(&[String]) -> Result<Vec<Step>, String>;

struct Command {
    name: &'static str,
    about: &'static str,
    steps: Steps,
}

const fn command(name: &'static str, steps: Steps, about: &'static str) -> Command {
    Command { name, about, steps }
}

/// The order is that of `ci`: what is cheap and fails often comes first.
const CHECKS: [Command; 22] = [
    command("tidy", tidy::steps, "rules of this tree that no compiler knows"),
    command("format", builds::format, "rustfmt changes nothing"),
    command("clippy", builds::clippy, "no warning, with each forced cfg too"),
    command("docs", builds::docs, "the documentation builds without a warning"),
    command("test", builds::test, "all tests: debug, release, fewer features"),
    command("backends", builds::backends, "all tests with each forced cfg"),
    command("powerset", builds::powerset, "each set of features, with each forced cfg, no warning"),
    command("examples", package::examples, "examples build, the quick start runs"),
    command("package", package::package, "cargo package is clean and has what users need only"),
    command("msrv", msrv::steps, "check and test with the oldest compiler, from Debian"),
    command("targets", targets::steps, "each platform compiles [TARGET...] [--tier N]"),
    command("public-api", contract::public_api, "no line of mio 1.2.5's public API is missing"),
    command("semver", contract::semver, "no break since mio 1.2.5"),
    command("tokio", tokio::steps, "Tokio's tests [--windows | --backend NAME] [--published]"),
    command("wasi", wasi::steps, "all tests as programs for WASI, under wasmtime"),
    command("archs", archs::steps, "all tests for other processors and musl, in qemu [TARGET...]"),
    command("wine", wine::steps, "all tests as a program for Windows, under Wine [--times N]"),
    command("kernels", kernels::steps, "all tests on an old and a new Linux, in qemu"),
    command("bench", bench::steps, "the measurements run; nothing is judged by time"),
    command("libkqueue", libkqueue::steps, "all tests over libkqueue; what fails is explained"),
    command("gvisor", gvisor::steps, "all tests in gVisor; what fails is explained"),
    command("quick", quick, "the inner loop: tidy, format, clippy, tests in debug"),
];

/// What `ci` leaves out: a part of it, and what emulates machines and takes its time.
const NOT_IN_CI: [&str; 5] = ["quick", "archs", "kernels", "libkqueue", "gvisor"];

/// What `ci` says to a command to keep it short on a machine that has nothing in its cache.
const ARGUMENTS_IN_CI: [(&str, &[&str]); 1] = [("targets", &["--tier", "2"])];

fn quick(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    let mut steps = tidy::steps(&[])?;
    steps.extend(builds::format(&[])?);
    steps.push(builds::clippy_step(&builds::DEFAULT));
    steps.push(builds::test_step(&builds::DEFAULT));
    Ok(steps)
}

fn ci(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    let mut steps = Vec::new();
    for check in CHECKS.iter().filter(|check| !NOT_IN_CI.contains(&check.name)) {
        let row = ARGUMENTS_IN_CI.iter().find(|row| row.0 == check.name);
        let arguments: Vec<String> =
            row.into_iter().flat_map(|row| row.1).map(|word| word.to_string()).collect();
        steps.extend((check.steps)(&arguments)?);
    }
    Ok(steps)
}

/// The answer of a command that takes none.
pub fn no_arguments(arguments: &[String]) -> Result<(), String> {
    match arguments.first() {
        None => Ok(()),
        Some(argument) => Err(format!("unknown argument: {argument}")),
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let steps = match CHECKS.iter().find(|check| check.name == name) {
        Some(check) => check.steps,
        None if name == "ci" => ci as Steps,
        None => return usage(),
    };
    match steps(&rest).map(step::run_all) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("cargo xtask {name}: {reason}");
            ExitCode::from(2)
        }
    }
}

fn usage() -> ExitCode {
    println!("cargo xtask COMMAND, one of:\n");
    for check in &CHECKS {
        println!("  {:11} {}", check.name, check.about);
    }
    println!("  {:11} all of the above but {}", "ci", NOT_IN_CI.join(", "));
    println!("\nWhat is fetched is kept in MIO_CACHE, else in ~/.cache/mio-xtask.");
    ExitCode::from(2)
}
