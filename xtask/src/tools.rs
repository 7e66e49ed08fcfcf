//! The programs from crates.io that the checks need, each at one version, built into the cache.

use std::path::PathBuf;

use crate::command::Run;
use crate::paths;

/// Versions are pinned: a new release of a tool must not turn an unchanged tree red. The last two
/// read the JSON that rustdoc writes, whose format is that of the toolchain: they move with it.
const VERSIONS: [(&str, &str); 4] = [
    ("cargo-nextest", "0.9.143"),
    ("cargo-hack", "0.6.46"),
    ("cargo-public-api", "0.52.0"),
    ("cargo-semver-checks", "0.51.0"),
];

/// These run for seconds and take minutes to optimize.
const PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

/// The path of a tool, built first where it is not there at its version.
pub fn tool(name: &str) -> Result<PathBuf, String> {
    let (_, version) =
        VERSIONS.iter().find(|row| row.0 == name).ok_or("a tool without a version")?;
    let folder = paths::cache(&format!("tools/{name}-{version}"))?;
    let program = folder.join("bin").join(name);
    if !program.exists() {
        let mut install = Run::cargo("install --locked --quiet --root")
            .argument(&folder)
            .argument(format!("{name}@{version}"))
            .variable("CARGO_TARGET_DIR", folder.join("build"));
        for (variable, value) in PROFILE {
            install = install.variable(variable, value);
        }
        install.run()?;
        paths::remove(&folder.join("build"))?;
    }
    Ok(program)
}

/// A machine that has nextest keeps its own: no verdict depends on its version.
pub fn nextest() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&path)
        .map(|folder| folder.join("cargo-nextest"))
        .find(|p| p.exists())
    {
        Some(program) => Ok(program),
        None => tool("cargo-nextest"),
    }
}
