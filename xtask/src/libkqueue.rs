//! The tests with the selector of Apple systems and the BSDs over libkqueue, which others wrote: a
//! second opinion on what the model of kqueue in this tree says.
//!
//! libkqueue makes a kqueue of epoll, and not all of it.

use std::path::PathBuf;

use crate::command::Run;
use crate::debian;
use crate::explained;
use crate::no_arguments;
use crate::paths;
use crate::step::{Outcome, Step};

const RELEASE: &str = "experimental";
const PACKAGES: [&str; 2] = ["libkqueue0t64", "libkqueue-dev"];

/// The folder for what is built, and the list of limits.
const NAME: &str = "libkqueue";

/// Most that fail do so after a long wait, so that more of them run than there are processors.
const THREADS: usize = 8;

/// As the tests build the examples that they run, which is not to count as time of theirs.
const EXAMPLES: &str = "build --quiet --package mio --no-default-features \
    --features os-poll,net,os-ext,log --examples";

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new(NAME, check)])
}

fn check() -> Outcome {
    let library = fetch()?;
    let library = library.display();
    let flags = format!(
        "--cfg mio_unsupported_force_libkqueue -L native={library} -C link-arg=-Wl,-rpath,{library}"
    );
    Run::cargo(EXAMPLES)
        .variable("RUSTFLAGS", &flags)
        .variable("CARGO_TARGET_DIR", paths::target(NAME))
        .run()?;
    explained::check(NAME, &explained::tests(NAME, THREADS)?.variable("RUSTFLAGS", flags))
}

/// The folder with the library, unpacked first where it is not there.
fn fetch() -> Result<PathBuf, String> {
    Ok(debian::unpacked(NAME, RELEASE, &PACKAGES)?.join("usr/lib/x86_64-linux-gnu"))
}
