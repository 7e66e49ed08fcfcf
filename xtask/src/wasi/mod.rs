//! The tests as programs for WASI, under wasmtime: preview 2 with all that it has of sockets, of
//! preview 1 what needs no socket but one that is handed in.
//!
//! A panic ends a program there, so each test has a process of its own. As long as it takes to
//! start one it is no loss: the programs are compiled for the machine once.

mod setup;

use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::no_arguments;
use crate::paths;
use crate::programs::{executables, name_of};
use crate::step::{Outcome, Step};
use crate::toolchain::Toolchain;
use setup::Setup;

/// One of the interfaces that are called WASI.
pub struct Preview {
    target: &'static str,
    /// The folder of its C library.
    library: &'static str,
    /// The version of wasmtime that runs it. Later ones than that of preview 2 refuse to bind
    /// sockets when they are called from Python, and for preview 1 those versions that can hand in
    /// a socket are old.
    wasmtime: &'static str,
    /// The tests that are built.
    tests: &'static str,
}

const PREVIEWS: [Preview; 2] = [
    Preview {
        target: "wasm32-wasip2",
        library: "wasm32-wasip2",
        wasmtime: "47.0.1",
        tests: "--lib --tests",
    },
    Preview {
        target: "wasm32-wasip1",
        library: "wasm32-wasi",
        wasmtime: "15.0.0",
        tests: "--lib --test preview1",
    },
];

/// How many seconds one test may take.
const LIMIT: &str = "120";

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    let step = |preview: &'static Preview| Step::new(preview.target, move || check(preview));
    Ok(PREVIEWS.iter().map(step).collect())
}

/// A test, by its name and the compiled program that has it.
struct Test {
    program: String,
    compiled: PathBuf,
    name: String,
}

fn check(preview: &Preview) -> Outcome {
    let setup = Setup::of(preview)?;
    let mut tests = Vec::new();
    for program in build(preview, &setup)? {
        let compiled = setup.compile(&program)?;
        let list = setup.run(&compiled, LIMIT).argument("--list").quietly()?;
        for name in list.lines().filter_map(|line| line.strip_suffix(": test")) {
            let (program, compiled) = (name_of(&program), compiled.clone());
            tests.push(Test { program, compiled, name: name.to_owned() });
        }
    }
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Counts::default());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(test) = tests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let run = setup.run(&test.compiled, LIMIT);
                    let result = run.words("--exact --nocapture").argument(&test.name).quietly();
                    counts.lock().unwrap_or_else(PoisonError::into_inner).add(test, result);
                }
            });
        }
    });
    counts.into_inner().unwrap_or_else(PoisonError::into_inner).outcome()
}

/// The programs of all tests that there are for WASI.
fn build(preview: &Preview, setup: &Setup) -> Result<Vec<PathBuf>, String> {
    let toolchain = Toolchain::open()?;
    let sysroot = toolchain.sysroot(preview.target)?;
    let flags = format!("-D warnings --sysroot {} {}", sysroot.display(), setup.flags(preview));
    let messages = toolchain
        .cargo("test --no-run --locked --package mio --all-features")
        .words(preview.tests)
        .argument("--target")
        .argument(preview.target)
        .variable("RUSTFLAGS", flags)
        .variable("PATH", setup.path()?)
        .variable("CARGO_TARGET_DIR", paths::target("wasi"))
        .messages()?;
    Ok(executables(&messages))
}

/// What the tests did.
#[derive(Default)]
struct Counts {
    passed: usize,
    skipped: usize,
    failed: Vec<String>,
}

impl Counts {
    /// Counts a test, and shows what it wrote if it was skipped or failed.
    fn add(&mut self, test: &Test, result: Result<String, String>) {
        let Test { program, name, .. } = test;
        match result {
            Ok(output) if output.contains("\ntest result: ok. 1 passed") => {
                self.passed += 1;
                for line in output.lines().filter(|line| line.contains("skipped: ")) {
                    let (_, reason) = line.rsplit_once(": ").unwrap_or_default();
                    println!("{program}: {name} skipped: {reason}");
                    self.skipped += 1;
                }
            }
            Ok(output) | Err(output) => {
                println!("{program}: {name} FAILED\n{output}");
                self.failed.push(format!("{program}: {name}"));
            }
        }
    }

    fn outcome(self) -> Outcome {
        let Counts { passed, skipped, failed } = self;
        let counts = format!("{passed} passed, {skipped} of them skipped");
        match failed.len() {
            _ if passed == 0 => Err("no test ran".into()),
            0 => Ok(counts),
            number => Err(format!("{number} failed: {}; {counts}", failed.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Test};

    fn test(name: &str) -> Test {
        Test { program: "p".into(), compiled: "p.cwasm".into(), name: name.into() }
    }

    #[test]
    fn tests_are_counted_and_the_failed_are_named() {
        let passed = "running 1 test\n\ntest result: ok. 1 passed; 0 failed";
        let mut counts = Counts::default();
        counts.add(&test("a"), Ok(passed.into()));
        counts.add(&test("b"), Ok(format!("skipped: b: there is no peeking\n{passed}")));
        assert_eq!(counts.outcome().unwrap(), "2 passed, 1 of them skipped");
    }

    #[test]
    fn what_did_not_pass_failed() {
        let mut counts = Counts::default();
        counts.add(&test("a"), Ok("\ntest result: ok. 1 passed".into()));
        counts.add(&test("b"), Ok("\ntest result: ok. 0 passed".into()));
        counts.add(&test("c"), Err("unreachable".into()));
        assert_eq!(
            counts.outcome().unwrap_err(),
            "2 failed: p: b, p: c; 1 passed, 0 of them skipped"
        );
        assert!(Counts::default().outcome().is_err());
    }
}
