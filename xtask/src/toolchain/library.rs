//! The standard library for targets that the compiler came without.
//!
//! For a type-check it is needed as metadata only, which takes a fraction of the time of compiling
//! it. For programs it is compiled, into a folder of its own for each target: what was compiled
//! against one of the two is of no use with the other.

use std::path::{Path, PathBuf};

use super::Toolchain;
use crate::command::Run;
use crate::paths;

/// Where the library does not compile as it is for a target that is checked here: the file, what
/// is written there, and what its `libc` wants.
const MENDED: [(&str, &str, &str); 11] = [
    // To link it as a library that is shared takes a linker for the target, and nothing needs it.
    ("std/Cargo.toml", r#"crate-type = ["dylib", "rlib"]"#, r#"crate-type = ["rlib"]"#),
    // AIX has the times of a file as structures of another name.
    ("std/src/os/aix/fs.rs", "st_atime.tv_", "st_atim.tv_"),
    ("std/src/os/aix/fs.rs", "st_mtime.tv_", "st_mtim.tv_"),
    ("std/src/os/aix/fs.rs", "st_ctime.tv_", "st_ctim.tv_"),
    ("std/src/sys/fs/unix.rs", "st_atime.tv_", "st_atim.tv_"),
    ("std/src/sys/fs/unix.rs", "st_mtime.tv_", "st_mtim.tv_"),
    ("std/src/sys/fs/unix.rs", "st_ctime.tv_", "st_ctim.tv_"),
    // The conditions of poll(2) are of another width there.
    (
        "std/src/sys/net/connection/socket/unix.rs",
        "events: libc::POLLOUT, revents",
        "events: libc::POLLOUT as _, revents",
    ),
    (
        "std/src/sys/net/connection/socket/unix.rs",
        "pollfd.revents & (libc::POLLHUP | libc::POLLERR) != 0",
        "(pollfd.revents as i32) & ((libc::POLLHUP | libc::POLLERR) as i32) != 0",
    ),
    (
        "std/src/sys/process/unix/common.rs",
        "fds[0].events = libc::POLLIN;",
        "fds[0].events = libc::POLLIN as _;",
    ),
    (
        "std/src/sys/process/unix/common.rs",
        "fds[1].events = libc::POLLIN;",
        "fds[1].events = libc::POLLIN as _;",
    ),
];

/// What another version of the library has otherwise needs nothing.
pub fn mend(source: &Path) -> Result<(), String> {
    for (file, wrong, right) in MENDED {
        let path = source.join(file);
        if !path.exists() {
            continue;
        }
        let text = paths::read(&path)?;
        if text.contains(wrong) {
            paths::write(&path, &text.replace(wrong, right))?;
        }
    }
    Ok(())
}

impl Toolchain {
    fn described(&self, target: &str) -> PathBuf {
        self.root.join("usr/lib/rustlib").join(target).join("lib")
    }

    /// Whether the standard library of a target can be compiled against.
    pub fn describes_library(&self, target: &str) -> bool {
        self.described(target).exists()
    }

    /// Sees to it that the standard library of a target can be compiled against, but not linked.
    pub fn describe_library(&self, target: &str) -> Result<(), String> {
        self.make("check", target, "rmeta", &self.described(target))
    }

    /// A folder to give to the compiler as `--sysroot`, in which the standard library of a target
    /// is compiled, that of tests included. How to link is the caller's to know.
    pub fn sysroot(&self, target: &str) -> Result<PathBuf, String> {
        let sysroot = self.root.join("sysroots").join(target);
        let libraries = sysroot.join("lib/rustlib").join(target).join("lib");
        self.make("build --release", target, "rlib", &libraries)?;
        Ok(sysroot)
    }

    /// Makes the library where it is not there, which is one run's at a time.
    fn make(&self, how: &str, target: &str, kind: &str, libraries: &Path) -> Result<(), String> {
        paths::create(&self.root.join("build"))?;
        let name = format!("{target}-{kind}");
        let _alone = paths::lock(&self.root.join("build").join(format!("{name}.lock")))?;
        if libraries.exists() {
            return Ok(());
        }
        let build = self.root.join("build").join(&name);
        paths::create(&build)?;
        self.cargo_for_library(how, target)?.variable("CARGO_TARGET_DIR", &build).quietly()?;
        // Under its name once it is complete.
        let unfinished = libraries.with_extension("unfinished");
        paths::remove(&unfinished)?;
        paths::create(&unfinished)?;
        for file in paths::files_below(&build.join(target))? {
            if file.extension().is_some_and(|extension| extension == kind)
                && file.parent().is_some_and(|folder| folder.ends_with("deps"))
            {
                copy_into(&file, &unfinished)?;
            }
        }
        std::fs::rename(&unfinished, libraries).map_err(|error| error.to_string())?;
        paths::remove(&build)
    }

    fn cargo_for_library(&self, how: &str, target: &str) -> Result<Run, String> {
        let run = self.cargo(how).words("--locked --quiet --package sysroot --target");
        let mut run = run.argument(target);
        if target.contains("fuchsia") {
            // Fuchsia's part of the library does not compile without it.
            run = run.words("--features backtrace");
        }
        Ok(run
            .variable("RUSTC_BOOTSTRAP", "1")
            .variable("RUSTFLAGS", "-Zforce-unstable-if-unmarked")
            .directory(&self.source()?))
    }
}

fn copy_into(file: &Path, folder: &Path) -> Result<(), String> {
    let to = folder.join(file.file_name().unwrap_or_default());
    std::fs::copy(file, &to).map_err(|error| format!("{}: {error}", to.display()))?;
    Ok(())
}
