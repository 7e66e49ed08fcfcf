//! The measurements of `bench/`: that they and the programs of the peers build without a warning,
//! and run. What comes out is for a machine that does nothing else.

use crate::command::Run;
use crate::no_arguments;
use crate::paths;
use crate::step::{Outcome, Step};

/// Workspaces of their own, which no check of this one's reaches.
const WORKSPACES: [&str; 2] = ["ours", "published"];

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new("bench peers", check_peers), Step::new("bench quick", run_quick)])
}

fn check_peers() -> Outcome {
    for workspace in WORKSPACES {
        let manifest = paths::root().join("bench/peers").join(workspace).join("Cargo.toml");
        let cargo = |line: &str| Run::cargo(line).argument("--manifest-path").argument(&manifest);
        cargo("fmt --check").run()?;
        let clippy = cargo("clippy --locked --quiet").words("-- -D warnings");
        clippy.variable("CARGO_TARGET_DIR", paths::target("bench-clippy")).run()?;
    }
    Ok(String::new())
}

fn run_quick() -> Outcome {
    Run::cargo("run --release --package bench -- quick").run()?;
    Ok(String::new())
}
