//! A compiler for targets that the machine's own toolchain does not have.
//!
//! Debian has a current Rust together with the source of its standard library. Its packages are
//! unpacked into the cache, not installed, and stay there: a newer compiler with other warnings is
//! taken when the folder has been removed.

mod library;

use std::path::{Path, PathBuf};

use crate::command::Run;
use crate::debian::{Archive, planned_version};
use crate::paths;

/// The release with the oldest C library, so that its programs run on later ones as well. The
/// compiler comes with its security updates: browsers need it.
const RELEASES: [&str; 2] = ["bookworm", "bookworm-security"];

/// The compiler, the library's source, and clippy.
const PACKAGES: &str = "rustc-web rust-web-src rust-web-clippy libstd-rust-web-dev";

/// In a folder with nothing missing.
const COMPLETE: &str = "complete";

/// Debian's compiler in the cache, in a folder named after its version.
pub struct Toolchain {
    pub version: String,
    root: PathBuf,
}

impl Toolchain {
    /// The one that is in the cache, else the newest there is.
    pub fn open() -> Result<Toolchain, String> {
        let folder = paths::cache("rust-debian")?;
        let _alone = paths::lock(&folder.with_extension("lock"))?;
        match complete_in(&folder) {
            Some(root) => Ok(Toolchain::at(root)),
            None => Toolchain::fetch(&folder),
        }
    }

    fn fetch(folder: &Path) -> Result<Toolchain, String> {
        // What an earlier run did not bring to its end.
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            paths::remove(&entry.path())?;
        }
        let archive = Archive::open(folder.join("apt"), &RELEASES)?;
        let plan = archive.plan(PACKAGES)?;
        let version = planned_version(&plan, "rustc-web").ok_or("apt plans no rustc-web")?;
        let toolchain = Toolchain::at(folder.join(version));
        // Linking is left to the machine's own C compiler, and cargo is the one that runs this.
        archive.unpack(&archive.beside_compiler(&plan)?, &toolchain.root)?;
        library::mend(&toolchain.source()?)?;
        paths::write(&toolchain.root.join(COMPLETE), "")?;
        Ok(toolchain)
    }

    fn at(root: PathBuf) -> Toolchain {
        let version = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Toolchain { version, root }
    }

    /// The source of the standard library.
    fn source(&self) -> Result<PathBuf, String> {
        let sources = self.root.join("usr/src");
        let entries = std::fs::read_dir(&sources)
            .map_err(|error| format!("{}: {error}", sources.display()))?;
        let found = entries.flatten().map(|entry| entry.path().join("library"));
        found.filter(|path| path.is_dir()).max().ok_or("no source of the standard library".into())
    }

    pub fn clippy(&self) -> PathBuf {
        self.root.join("usr/bin/clippy-driver")
    }

    /// The cargo that runs this program, with this compiler.
    pub fn cargo(&self, line: &str) -> Run {
        let [usr, root] = ["usr/lib", "lib"]
            .map(|folder| self.root.join(folder).join("x86_64-linux-gnu").display().to_string());
        Run::cargo(line)
            .variable("RUSTC", self.root.join("usr/bin/rustc"))
            .variable("RUSTDOC", self.root.join("usr/bin/rustdoc"))
            .variable("LD_LIBRARY_PATH", format!("{usr}:{root}"))
            .variable("CARGO_INCREMENTAL", "0")
            .variable("CARGO_PROFILE_DEV_DEBUG", "0")
    }
}

/// The newest toolchain of a folder that was fetched to the end.
fn complete_in(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    entries.flatten().map(|entry| entry.path()).filter(|path| path.join(COMPLETE).exists()).max()
}
