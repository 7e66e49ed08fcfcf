//! A compiler for targets that the machine's own toolchain does not have.
//!
//! Debian has a current Rust together with the source of its standard library. Its packages are
//! unpacked into the cache, not installed. For a type-check the library is needed as metadata only,
//! which takes a fraction of the time of compiling it.

use std::path::{Path, PathBuf};

use crate::command::Run;
use crate::debian;
use crate::paths;

/// The compiler that follows Debian's security updates, the library's source, and clippy.
const PACKAGES: &str = "rustc-web rust-web-src rust-web-clippy libstd-rust-web-dev";

/// Linking is left to the machine's own C compiler, and cargo is the one that runs this.
const NOT_NEEDED: [&str; 10] = [
    "gcc",
    "cpp",
    "binutils",
    "libc6",
    "libc-dev",
    "libgcc",
    "linux-libc",
    "rpcsvc",
    "cargo",
    "rust-web-gdb",
];

/// Where the library does not compile as it is for a target that is checked here: the file, what
/// is written there, and what its `libc` wants.
const MENDED: [(&str, &str, &str); 10] = [
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

/// Debian's compiler in the cache, in a folder named after its version.
pub struct Toolchain {
    pub version: String,
    root: PathBuf,
}

impl Toolchain {
    /// The newest that the machine's package lists have, fetched where it is not there.
    pub fn newest() -> Result<Toolchain, String> {
        let version = match version() {
            Ok(version) => version,
            Err(_) => {
                Run::new("apt-get").words("-q update").run()?;
                version()?
            }
        };
        let folder = paths::cache("rust-debian")?;
        let toolchain = Toolchain { root: folder.join(&version), version };
        let complete = toolchain.root.join("complete");
        if !complete.exists() {
            // Of an older version nothing can be used, and it is large.
            paths::remove(&folder)?;
            toolchain.fetch()?;
            paths::write(&complete, "")?;
        }
        Ok(toolchain)
    }

    fn fetch(&self) -> Result<(), String> {
        let packages = self.root.join("packages");
        paths::create(&packages)?;
        let install = "-q --simulate --no-install-recommends install";
        let plan = Run::new("apt-get").words(install).words(PACKAGES).output()?;
        let needed = debian::planned(&plan, &NOT_NEEDED).join(" ");
        let download = Run::new("apt-get").words("-q -o APT::Sandbox::User=root download");
        let download = download.words(&needed).directory(&packages);
        if download.run().is_err() {
            // The lists may be older than what the mirror still has.
            Run::new("apt-get").words("-q update").run()?;
            download.run()?;
        }
        debian::unpack(&packages, &self.root)?;
        paths::remove(&packages)?;
        self.mend()
    }

    /// What the compiler's next version mends itself is not found here, and needs nothing.
    fn mend(&self) -> Result<(), String> {
        for (file, wrong, right) in MENDED {
            let path = self.library()?.join(file);
            let text = paths::read(&path)?;
            if text.contains(wrong) {
                paths::write(&path, &text.replace(wrong, right))?;
            }
        }
        Ok(())
    }

    /// The source of the standard library.
    pub fn library(&self) -> Result<PathBuf, String> {
        let sources = self.root.join("usr/src");
        let entries = std::fs::read_dir(&sources)
            .map_err(|error| format!("{}: {error}", sources.display()))?;
        let found = entries.flatten().map(|entry| entry.path().join("library"));
        found.filter(|path| path.is_dir()).max().ok_or("no source of the standard library".into())
    }

    pub fn clippy(&self) -> PathBuf {
        self.root.join("usr/bin/clippy-driver")
    }

    /// The cargo that runs this program, with Debian's compiler.
    pub fn cargo(&self, line: &str) -> Run {
        Run::cargo(line)
            .variable("RUSTC", self.root.join("usr/bin/rustc"))
            .variable("RUSTDOC", self.root.join("usr/bin/rustdoc"))
            .variable("LD_LIBRARY_PATH", self.root.join("usr/lib/x86_64-linux-gnu"))
            .variable("CARGO_INCREMENTAL", "0")
            .variable("CARGO_PROFILE_DEV_DEBUG", "0")
    }

    fn libraries_of(&self, target: &str) -> PathBuf {
        self.root.join("usr/lib/rustlib").join(target)
    }

    /// Whether the standard library is there for a target, as it is for this machine.
    pub fn has_library(&self, target: &str) -> bool {
        self.libraries_of(target).join("lib").exists()
    }

    /// Makes the metadata of the standard library for a target.
    pub fn make_library(&self, target: &str) -> Result<(), String> {
        let build = self.root.join("build").join(target);
        paths::create(&build)?;
        let mut check = self.cargo("check --locked --quiet --package sysroot --target");
        check = check.argument(target);
        if target.contains("fuchsia") {
            // Fuchsia's part of the library does not compile without it.
            check = check.words("--features backtrace");
        }
        check
            .variable("CARGO_TARGET_DIR", &build)
            .variable("RUSTC_BOOTSTRAP", "1")
            .variable("RUSTFLAGS", "-Zforce-unstable-if-unmarked")
            .directory(&self.library()?)
            .quietly()?;
        let libraries = self.libraries_of(target);
        // Under its name once it is complete.
        let unfinished = libraries.join("unfinished");
        paths::remove(&unfinished)?;
        paths::create(&unfinished)?;
        for file in paths::files_below(&build.join(target).join("debug/deps"))? {
            if file.extension().is_some_and(|extension| extension == "rmeta") {
                copy_into(&file, &unfinished)?;
            }
        }
        std::fs::rename(&unfinished, libraries.join("lib")).map_err(|error| error.to_string())?;
        paths::remove(&build)
    }
}

fn copy_into(file: &Path, folder: &Path) -> Result<(), String> {
    let to = folder.join(file.file_name().unwrap_or_default());
    std::fs::copy(file, &to).map_err(|error| format!("{}: {error}", to.display()))?;
    Ok(())
}

/// The version of the compiler in the machine's package lists.
fn version() -> Result<String, String> {
    let shown = Run::new("apt-cache").words("show --no-all-versions rustc-web").output()?;
    let line = shown.lines().find_map(|line| line.strip_prefix("Version: "));
    line.map(str::to_owned).ok_or("Debian's package lists have no rustc-web".into())
}
