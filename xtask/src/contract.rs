//! The public interface compared with that of mio 1.2.5, for which this crate stands in.

use std::collections::HashSet;

use crate::command::Run;
use crate::no_arguments;
use crate::paths;
use crate::step::{Outcome, Step};
use crate::tools;

/// Every line that `cargo public-api --all-features -ss` prints for mio 1.2.5 on Linux.
const CONTRACT: &str = "xtask/api/mio-1.2.5-linux.txt";

/// The release whose interface and behaviour this crate keeps.
pub const BASELINE: &str = "1.2.5";

pub fn public_api(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new("public-api", check_public_api)])
}

pub fn semver(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new("semver", || {
        Run::new(tools::tool("cargo-semver-checks")?)
            .words("semver-checks --package mio --all-features --baseline-version")
            .argument(BASELINE)
            .run()?;
        Ok(String::new())
    })])
}

/// rustdoc's JSON is not stable, so the compiler is told to behave like a nightly one: with the
/// tool pinned to its format, a machine needs no second toolchain.
fn check_public_api() -> Outcome {
    let folder = paths::target("public-api");
    Run::cargo("rustdoc --package mio --lib --all-features")
        .words("-- -Zunstable-options --output-format json --cap-lints allow")
        .variable("RUSTC_BOOTSTRAP", "1")
        .variable("CARGO_TARGET_DIR", &folder)
        .run()?;
    let listed = Run::new(tools::tool("cargo-public-api")?)
        .words("public-api -ss --rustdoc-json")
        .argument(folder.join("doc/mio.json"))
        .output()?;
    let contract = paths::read(&paths::root().join(CONTRACT))?;
    let missing = lines_only_in(&contract, &listed);
    let added = lines_only_in(&listed, &contract);
    for line in &added {
        println!("new: {line}");
    }
    for line in &missing {
        println!("MISSING: {line}");
    }
    if missing.is_empty() {
        Ok(format!("all {} lines there, {} new", contract.lines().count(), added.len()))
    } else {
        Err(format!("{} of {} lines missing", missing.len(), contract.lines().count()))
    }
}

fn lines_only_in<'a>(text: &'a str, other: &str) -> Vec<&'a str> {
    let other: HashSet<&str> = other.lines().collect();
    text.lines().filter(|line| !other.contains(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::lines_only_in;

    #[test]
    fn a_line_that_changed_is_missing() {
        assert_eq!(lines_only_in("a\nb(u8)\n", "b(u16)\na\nc\n"), ["b(u8)"]);
    }
}
