//! What cargo itself can check: format, lints, documentation, tests, sets of features.

use crate::command::Run;
use crate::no_arguments;
use crate::paths;
use crate::step::Step;
use crate::tools;

/// One way to compile the crate: a cfg flag that forces another selector or waker.
pub struct Build {
    /// Names the step and the folder of its build results.
    pub name: &'static str,
    pub flags: &'static str,
}

pub const DEFAULT: Build = Build { name: "default", flags: "" };

pub const FORCE_POLL: Build =
    Build { name: "force-poll", flags: "--cfg mio_unsupported_force_poll_poll" };

/// The selector of Apple systems and the BSDs, over a model of kqueue.
const KQUEUE: Build = Build { name: "kqueue", flags: "--cfg mio_unsupported_force_kqueue_model" };

const FORCED: [Build; 5] = [
    FORCE_POLL,
    Build { name: "force-pipe", flags: "--cfg mio_unsupported_force_waker_pipe" },
    Build {
        name: "force-both",
        flags: "--cfg mio_unsupported_force_poll_poll --cfg mio_unsupported_force_waker_pipe",
    },
    KQUEUE,
    Build {
        name: "kqueue-pipe",
        flags: "--cfg mio_unsupported_force_kqueue_model --cfg mio_unsupported_force_waker_pipe",
    },
];

/// Sets of features with tests of their own worth: the other sets differ by what is left out.
const FEWER_FEATURES: [&str; 4] = ["", "os-poll", "net", "os-poll,net"];

/// One run shows every test that fails.
const TEST: &str = "test --no-fail-fast";

/// Every test but those in the documentation, which are slow to build and need all features.
const NO_DOCS: &str = "--lib --bins --tests";

impl Build {
    /// A cargo that compiles this way, into a folder of its own where flags differ.
    fn cargo(&self, line: &str) -> Run {
        let run = Run::cargo(line);
        if self.flags.is_empty() {
            run
        } else {
            run.variable("RUSTFLAGS", self.flags)
                .variable("RUSTDOCFLAGS", self.flags)
                .variable("CARGO_TARGET_DIR", paths::target(self.name))
        }
    }

    /// The flags concern the crate alone.
    fn packages(&self) -> &'static str {
        if self.flags.is_empty() { "--workspace" } else { "--package mio" }
    }
}

pub fn format(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![cargo_step("format", Run::cargo("fmt --all --check"))])
}

pub fn clippy(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(std::iter::once(&DEFAULT).chain(&FORCED).map(clippy_step).collect())
}

pub fn clippy_step(build: &Build) -> Step {
    let run = build.cargo("clippy").words(build.packages());
    let run = run.words("--all-targets --all-features -- -D warnings");
    cargo_step(&format!("clippy {}", build.name), run)
}

pub fn docs(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    let run = Run::cargo("doc --no-deps --all-features").variable("RUSTDOCFLAGS", "-D warnings");
    Ok(vec![cargo_step("docs", run)])
}

pub fn test(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    let release = Run::cargo(TEST).words("--workspace --all-features --release");
    let mut steps = vec![test_step(&DEFAULT), cargo_step("test release", release.words(NO_DOCS))];
    for features in FEWER_FEATURES {
        let run = Run::cargo(TEST).words(NO_DOCS).words("--no-default-features --features");
        steps.push(cargo_step(&format!("test features [{features}]"), run.argument(features)));
    }
    Ok(steps)
}

/// Every test there is: unit, integration, examples, documentation.
pub fn test_step(build: &Build) -> Step {
    let run = build.cargo(TEST).words(build.packages()).words("--all-features");
    cargo_step(&format!("test {}", build.name), run)
}

pub fn backends(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    // The model behaves as FreeBSD does, and with a pipe for waking as NetBSD.
    let macos = KQUEUE.cargo("test --package mio --all-features --lib --tests");
    let macos = macos.variable("MIO_KQUEUE_MODEL", "macos");
    let mut steps: Vec<_> = FORCED.iter().map(test_step).collect();
    steps.push(cargo_step("test kqueue as of macOS", macos));
    Ok(steps)
}

pub fn powerset(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(std::iter::once(&DEFAULT).chain(&FORCED).map(powerset_step).collect())
}

fn powerset_step(build: &Build) -> Step {
    let flags = format!("-D warnings {}", build.flags);
    let folder = paths::target(&format!("powerset-{}", build.name));
    Step::new(format!("powerset {}", build.name), move || {
        Run::new(tools::tool("cargo-hack")?)
            .words("hack check --package mio --feature-powerset")
            .variable("RUSTFLAGS", flags.trim())
            .variable("CARGO_TARGET_DIR", folder)
            .run()?;
        Ok(String::new())
    })
}

fn cargo_step(name: &str, run: Run) -> Step {
    Step::new(name, move || run.run().map(|()| String::new()))
}
