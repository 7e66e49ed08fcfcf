//! What links programs for Windows: Debian's cross compiler, unpacked in the cache.

use std::path::PathBuf;

use super::TARGET;
use crate::command::Run;
use crate::debian::Archive;
use crate::paths;
use crate::toolchain::Toolchain;

/// The release with the oldest C library, so that its programs run with later ones as well.
const RELEASE: &str = "bookworm";

const PACKAGE: &str = "gcc-mingw-w64-x86-64-win32";

/// As it is named before it is installed.
const LINKER: &str = "x86_64-w64-mingw32-gcc-win32";

/// Builds programs for Windows.
pub struct Builder {
    toolchain: Toolchain,
    sysroot: PathBuf,
    root: PathBuf,
}

impl Builder {
    pub fn new() -> Result<Builder, String> {
        let toolchain = Toolchain::open()?;
        let sysroot = toolchain.sysroot(TARGET)?;
        let folder = paths::cache("mingw")?;
        let _alone = paths::lock(&folder.join("lock"))?;
        let root = folder.join("root");
        let complete = folder.join("complete");
        if !complete.exists() {
            paths::remove(&root)?;
            let archive = Archive::open(folder.join("apt"), &[RELEASE])?;
            let plan = archive.plan(PACKAGE)?;
            archive.unpack(&archive.beside_compiler(&plan)?, &root)?;
            paths::write(&complete, "")?;
        }
        Ok(Builder { toolchain, sysroot, root })
    }

    /// A cargo that builds for Windows, with flags for the compiler.
    pub fn cargo(&self, line: &str, flags: &str) -> Run {
        let programs = self.root.join("usr/bin");
        // The compiler of Rust also looks for a program that makes import libraries.
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{path}", programs.display());
        // What it starts itself was to be installed as well.
        let parts = self.root.join("usr/x86_64-w64-mingw32/bin");
        let flags = format!(
            "{flags} --sysroot {} -C link-arg=-B{}",
            self.sysroot.display(),
            parts.display()
        );
        self.toolchain
            .cargo(line)
            .words("--locked --target")
            .argument(TARGET)
            .variable("PATH", path)
            .variable("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER", programs.join(LINKER))
            .variable("RUSTFLAGS", flags)
    }
}
