//! The oldest supported Rust, tried with a real compiler of that age: that of Debian 13.
//!
//! Its packages are unpacked into the cache, not installed. They need a newer C library than the
//! machine may have, so they run on the one they come with, by way of its own program loader.

use std::fs;
use std::path::Path;

use crate::command::Run;
use crate::debian::{Archive, link_folders, planned};
use crate::no_arguments;
use crate::paths;
use crate::step::{Outcome, Step};

const RELEASE: &str = "trixie";
const VERSION: &str = "1.85";

/// Linking is left to the machine's own C compiler; these are most of the download.
const NOT_NEEDED: [&str; 8] =
    ["gcc", "cpp", "binutils", "libc6-dev", "libc-dev", "libgcc-14-dev", "linux-libc", "rpcsvc"];

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new("msrv", check)])
}

fn check() -> Outcome {
    let folder = paths::cache("rust-oldest")?;
    let programs = folder.join("bin");
    if !programs.join("complete").exists() {
        fetch(&folder)?;
        write_programs(&folder.join("root"), &programs)?;
        paths::write(&programs.join("complete"), "")?;
    }
    let version = Run::new(programs.join("rustc")).argument("--version").output()?;
    if !version.starts_with(&format!("rustc {VERSION}.")) {
        return Err(format!("this is not Rust {VERSION}: {version}"));
    }
    let cargo = |line: &str| {
        Run::new(programs.join("cargo"))
            .words(line)
            .variable("CARGO", programs.join("cargo"))
            .variable("RUSTC", programs.join("rustc"))
            .variable("RUSTDOC", programs.join("rustdoc"))
            .variable("RUSTFLAGS", "-D warnings")
            .variable("CARGO_TARGET_DIR", paths::target("msrv"))
    };
    cargo("check --locked --package mio --lib").run()?;
    cargo("check --locked --package mio --lib --all-features").run()?;
    cargo("test --locked --package mio --lib --tests --all-features").run()?;
    Ok(version.trim().to_owned())
}

/// Downloads and unpacks Debian's packages.
fn fetch(folder: &Path) -> Result<(), String> {
    paths::remove(folder)?;
    let archive = Archive::open(folder.join("apt"), &[RELEASE])?;
    let plan = archive.plan("rustc cargo")?;
    let root = folder.join("root");
    link_folders(&root)?;
    archive.unpack(&planned(&plan, &NOT_NEEDED), &root)
}

fn write_programs(root: &Path, programs: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    paths::create(programs)?;
    let root = root.display();
    for name in ["rustc", "rustdoc", "cargo"] {
        let script = format!(
            "#!/bin/sh\nexec {root}/usr/lib64/ld-linux-x86-64.so.2 \
             --library-path {root}/usr/lib/x86_64-linux-gnu {root}/usr/bin/{name} \"$@\"\n"
        );
        let path = programs.join(name);
        paths::write(&path, &script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
