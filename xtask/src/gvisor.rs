//! The tests on gVisor, a kernel in a program, with an epoll of its own, which others wrote: what
//! the tests take for granted on Linux, another reading of Linux may not give.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::debian;
use crate::explained;
use crate::no_arguments;
use crate::paths;
use crate::step::{Outcome, Step};

/// The release whose package works. That of sid is the same gVisor, compiled by a later Go, whose
/// threads it does not know: it ends by an assertion (`assertTaskGoroutine`) in one run of three,
/// whatever is run.
const RELEASE: &str = "trixie";

/// The folder for what is built, and the list of limits.
const NAME: &str = "gvisor";

/// As many as there are processors, or so: in a sandbox a test takes longer.
const THREADS: usize = 2;

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new(NAME, check)])
}

fn check() -> Outcome {
    let folder = paths::target(NAME);
    let tests = explained::tests(NAME, THREADS)?;
    let runner = folder.join("runner");
    write_runner(&runner, &fetch()?, &folder.join("files"))?;
    explained::check(
        NAME,
        &tests
            // These start programs that cargo built.
            .words("--target x86_64-unknown-linux-gnu -E")
            .argument("not binary(examples)")
            .variable("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", runner)
            .variable("RUST_BACKTRACE", "0")
            // Each is some system calls, which take longer here.
            .variable("MIO_MODEL_SEQUENCES", "500"),
    )
}

/// The program that runs a test in a sandbox of its own, with a network that is but the loopback
/// interface. Processes that it leaves, should it be killed, go with it, and files stay in a folder
/// that each run begins anew.
fn write_runner(path: &Path, runsc: &Path, files: &Path) -> Result<(), String> {
    paths::remove(files)?;
    paths::create(files)?;
    let script = format!(
        "#!/bin/sh\n\
         export TMPDIR={}\n\
         exec unshare --mount-proc --pid --fork --kill-child=KILL {} -rootless=false \\\n    \
         -network=none -platform=systrap -ignore-cgroups do env -u TMPDIR \"$@\"\n",
        files.display(),
        runsc.display()
    );
    paths::write(path, &script)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// The sandbox, unpacked first where it is not there.
fn fetch() -> Result<PathBuf, String> {
    Ok(debian::unpacked(NAME, RELEASE, &["runsc"])?.join("usr/bin/runsc"))
}
