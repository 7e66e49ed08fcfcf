//! What links and runs WASI programs: Debian's C library for WASI and wasmtime from PyPI, in the
//! cache, and the linkers of the machine's own Rust.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Preview;
use crate::command::Run;
use crate::debian::Archive;
use crate::paths;

/// The release that has a C library with sockets for preview 2.
const RELEASE: &str = "sid";

const RUNNER: &str = "xtask/src/wasi/run.py";

pub struct Setup {
    /// The C library.
    root: PathBuf,
    /// The package of PyPI.
    wasmtime: PathBuf,
    /// Programs that were compiled for this machine.
    compiled: PathBuf,
}

impl Setup {
    pub fn of(preview: &Preview) -> Result<Setup, String> {
        let folder = paths::cache("wasi")?;
        let _alone = paths::lock(&folder.join("lock"))?;
        let setup = Setup {
            root: folder.join("libc"),
            wasmtime: folder.join(format!("wasmtime-{}", preview.wasmtime)),
            compiled: paths::target("wasi").join("compiled").join(preview.target),
        };
        paths::complete(&setup.root, |root| {
            Archive::open(folder.join("apt"), &[RELEASE])?.unpack(&["wasi-libc"], root)
        })?;
        paths::complete(&setup.wasmtime, |root| {
            Run::new("python3")
                .words("-m pip install --quiet --no-deps --disable-pip-version-check --target")
                .argument(root)
                .argument(format!("wasmtime=={}", preview.wasmtime))
                .run()
        })?;
        paths::create(&setup.compiled)?;
        Ok(setup)
    }

    /// The compiler's flags to link with the C library. The compiler does not bring the one that
    /// its own libraries were made for.
    pub fn flags(&self, preview: &Preview) -> String {
        let library = self.root.join("usr/lib").join(preview.library);
        let library = library.display();
        format!(
            "-Clink-self-contained=no -Clink-arg={library}/crt1-command.o -Lnative={library} \
             -Clink-arg=-lc"
        )
    }

    /// A search path on which the compiler finds the linkers that come with the machine's own Rust.
    pub fn path(&self) -> Result<OsString, String> {
        let sysroot = Run::new("rustc").words("--print sysroot").output()?;
        let programs = Path::new(sysroot.trim()).join("lib/rustlib/x86_64-unknown-linux-gnu/bin");
        let usual = std::env::var_os("PATH").unwrap_or_default();
        let folders = [programs.join("gcc-ld"), programs];
        std::env::join_paths(folders.into_iter().chain(std::env::split_paths(&usual)))
            .map_err(|error| error.to_string())
    }

    /// Compiles a program for this machine, and returns what `run` takes.
    pub fn compile(&self, program: &Path) -> Result<PathBuf, String> {
        let name = program.file_stem().unwrap_or_default();
        let compiled = self.compiled.join(name).with_extension("cwasm");
        self.python("compile").argument(program).argument(&compiled).quietly()?;
        Ok(compiled)
    }

    /// Starts a compiled program, with a limit of seconds.
    pub fn run(&self, compiled: &Path, limit: &str) -> Run {
        Run::new("timeout")
            .argument(limit)
            .argument("python3")
            .argument(paths::root().join(RUNNER))
            .argument("run")
            .argument(compiled)
            .variable("PYTHONPATH", &self.wasmtime)
    }

    fn python(&self, command: &str) -> Run {
        Run::new("python3")
            .argument(paths::root().join(RUNNER))
            .argument(command)
            .variable("PYTHONPATH", &self.wasmtime)
    }
}
