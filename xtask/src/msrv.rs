//! The oldest supported Rust, tried with a real compiler of that age: that of Debian 13.
//!
//! Its packages are unpacked into the cache, not installed. They need a newer C library than the
//! machine may have, so they run on the one they come with, by way of its own program loader.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::Run;
use crate::debian;
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

/// Downloads and unpacks Debian's packages, with settings that leave the machine's own alone.
fn fetch(folder: &Path) -> Result<(), String> {
    paths::remove(folder)?;
    let state = folder.join("apt");
    for part in ["lists/partial", "state", "cache/archives/partial", "packages"] {
        paths::create(&state.join(part))?;
    }
    let source = format!("deb {} {RELEASE} main\n", mirror()?);
    paths::write(&state.join("sources.list"), &source)?;
    // Nothing counts as installed, so the answer does not depend on the machine.
    paths::write(&state.join("status"), "")?;
    let apt = |line: &str| {
        let path = |name: &str| state.join(name).display().to_string();
        Run::new("apt-get")
            .words("-q -o APT::Sandbox::User=root -o Debug::NoLocking=1")
            .words("-o Dir::Etc::sourceparts=/dev/null")
            .words(&format!("-o Dir::Etc::sourcelist={}", path("sources.list")))
            .words(&format!("-o Dir::State={}", path("state")))
            .words(&format!("-o Dir::State::lists={}", path("lists")))
            .words(&format!("-o Dir::State::status={}", path("status")))
            .words(&format!("-o Dir::Cache={}", path("cache")))
            .words(line)
            .directory(&state.join("packages"))
    };
    apt("update").run()?;
    let plan = apt("--simulate --no-install-recommends install rustc cargo").output()?;
    apt(&format!("download {}", debian::planned(&plan, &NOT_NEEDED).join(" "))).run()?;
    unpack(&state.join("packages"), &folder.join("root"))?;
    paths::remove(&state)
}

/// The first Debian mirror that the machine itself uses, signed by the key it uses.
fn mirror() -> Result<String, String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    let address = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .find_map(|text| mirror_in(&text))
        .ok_or("no Debian mirror in /etc/apt: this check runs on Debian")?;
    Ok(format!("[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {address}"))
}

/// The address of Debian's main archive in either form of apt's source lists.
fn mirror_in(text: &str) -> Option<String> {
    text.lines()
        .filter(|line| line.starts_with("URIs:") || line.starts_with("deb "))
        .flat_map(str::split_whitespace)
        .map(|word| word.trim_end_matches('/'))
        .find(|word| word.contains("://") && word.ends_with("/debian"))
        .map(str::to_owned)
}

fn unpack(packages: &Path, root: &Path) -> Result<(), String> {
    // The links that make /lib and /usr/lib one, which no package brings.
    for name in ["bin", "lib", "lib64", "sbin"] {
        paths::create(&root.join("usr").join(name))?;
        std::os::unix::fs::symlink(format!("usr/{name}"), root.join(name))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    let entries = fs::read_dir(packages).map_err(|error| error.to_string())?;
    for entry in entries.flatten() {
        Run::new("dpkg").argument("-x").argument(entry.path()).argument(root).run()?;
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::mirror_in;

    #[test]
    fn the_mirror_is_found_in_both_forms_of_source_lists() {
        let new = "Types: deb\n# http://a.example/debian\nURIs: http://b.example/debian/\n";
        assert_eq!(mirror_in(new).as_deref(), Some("http://b.example/debian"));
        let old = "deb [signed-by=/k.gpg] https://c.example/debian bookworm main\n";
        assert_eq!(mirror_in(old).as_deref(), Some("https://c.example/debian"));
        assert_eq!(mirror_in("URIs: http://b.example/debian-security\n"), None);
    }
}
