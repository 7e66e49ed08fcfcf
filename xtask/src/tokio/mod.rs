//! Tokio's own tests, run on this crate: the largest program that shows what stands in for mio.
//!
//! The suite comes from the package on crates.io. It is copied into the cache, where its manifest
//! is told to take mio from this work tree, and itself as the tokio that its helper crates use.

mod verdict;
mod windows;

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::command::Run;
use crate::contract::BASELINE;
use crate::paths;
use crate::step::{Outcome, Step};
use crate::tools;
use verdict::{Backend, Verdict};

const VERSION: &str = "1.54.1";

/// An older tokio that the suite's lock file has for its helper crates, until it is patched.
const OTHER_VERSION: &str = "1.54.0";

const FEATURES: &str = "--features full,test-util";

/// A test that hangs is ended and fails. A second try tells a flaky test, which is reported, from
/// a broken one: some of these tests measure time.
const NEXTEST: &str = r#"[profile.default]
fail-fast = false
retries = 1
slow-timeout = { period = "60s", terminate-after = 3 }
failure-output = "final"
status-level = "slow"
final-status-level = "flaky"
junit = { path = "junit.xml" }
"#;

/// Which mio the suite runs on, and on which of its selectors.
struct Subject {
    backend: Backend,
    published: bool,
}

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    if matches!(arguments, [argument] if argument == "--windows") {
        return Ok(vec![Step::new("tokio windows", windows::compare)]);
    }
    let mut subject = Subject { backend: Backend::Epoll, published: false };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--published" => subject.published = true,
            "--backend" => {
                subject.backend = match arguments.next().map(String::as_str) {
                    Some("epoll") => Backend::Epoll,
                    Some("poll") => Backend::Poll,
                    _ => return Err("--backend is epoll or poll".into()),
                };
            }
            _ => return Err(format!("unknown argument: {argument}")),
        }
    }
    Ok(vec![Step::new(format!("tokio {}", subject.name()), move || run(&subject))])
}

impl Subject {
    fn name(&self) -> String {
        let origin = if self.published { "-published" } else { "" };
        format!("{}{origin}", self.backend.name())
    }
}

fn run(subject: &Subject) -> Outcome {
    let folder = paths::cache(&format!("tokio/{VERSION}-{}", subject.name()))?;
    let suite = folder.join("suite");
    let target = folder.join("target");
    lay_out(subject.published, &suite)?;
    check_dependencies(subject.published, &suite)?;
    if !subject.published {
        forget_older_tree(&suite, &target)?;
    }
    let results = suite.join("target/nextest/default/junit.xml");
    paths::remove(&suite.join("target"))?;
    // The verdict is that of the results: some failures may be expected.
    let status = Run::new(tools::nextest()?)
        .words("nextest run")
        .words(FEATURES)
        .variable("CARGO_TARGET_DIR", &target)
        .variable("CARGO_INCREMENTAL", "0")
        .variable("CARGO_PROFILE_DEV_DEBUG", "0")
        .variable("RUSTFLAGS", subject.backend.flags())
        .variable("RUST_BACKTRACE", "0")
        .directory(&suite)
        .status()?;
    if !results.exists() {
        return Err(format!("nextest ended with {status} before it ran a test"));
    }
    let verdict = Verdict::of(subject.backend, &paths::read(&results)?);
    verdict.print();
    if subject.published { Ok(verdict.counts()) } else { verdict.outcome() }
}

/// Puts the suite where it runs. Its manifest and lock file are laid anew each time, so that they
/// depend on nothing but the package and this work tree.
fn lay_out(published: bool, suite: &Path) -> Result<(), String> {
    let package = fetch_package()?;
    if !suite.join("tests").exists() {
        copy_folder(&package, suite)?;
    }
    let mut manifest = paths::read(&package.join("Cargo.toml"))?;
    manifest.push_str("\n[workspace]\n\n[patch.crates-io]\ntokio = { path = \".\" }\n");
    if !published {
        manifest.push_str(&format!("mio = {{ path = {:?} }}\n", paths::root()));
    }
    paths::write(&suite.join("Cargo.toml"), &manifest)?;
    paths::write(&suite.join("Cargo.lock"), &paths::read(&package.join("Cargo.lock"))?)?;
    paths::create(&suite.join(".config"))?;
    paths::write(&suite.join(".config/nextest.toml"), NEXTEST)?;
    let update = |line: &str| Run::cargo("update --quiet").words(line).directory(suite).run();
    update(&format!("tokio@{OTHER_VERSION}"))?;
    update(&if published { format!("mio --precise {BASELINE}") } else { "mio".into() })
}

/// Has cargo fetch the package, and returns where cargo keeps it unpacked.
fn fetch_package() -> Result<PathBuf, String> {
    let asker = paths::cache("tokio/fetch")?;
    let manifest = format!(
        "[package]\nname = \"fetch\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n\n\
         [dependencies]\ntokio = \"={VERSION}\"\n\n[workspace]\n"
    );
    paths::write(&asker.join("Cargo.toml"), &manifest)?;
    paths::write(&asker.join("lib.rs"), "")?;
    let metadata = Run::cargo("metadata --format-version 1").directory(&asker).output()?;
    let path = manifest_path(&metadata, &format!("/tokio-{VERSION}/Cargo.toml\""))?;
    Ok(path.parent().ok_or("a manifest outside any folder")?.into())
}

/// The quoted path with this end.
fn manifest_path(metadata: &str, end: &str) -> Result<PathBuf, String> {
    let at = metadata.find(end).ok_or("cargo does not say where the package is")?;
    let start = metadata[..at].rfind('"').ok_or("cargo's answer is cut off")? + 1;
    Ok(PathBuf::from(&metadata[start..at + end.len() - 1]))
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), String> {
    paths::create(to)?;
    for entry in fs::read_dir(from).map_err(|error| error.to_string())?.flatten() {
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_folder(&source, &copy)?;
        } else {
            // Written, not copied: a time of today, whatever the package says.
            let bytes = fs::read(&source).map_err(|error| error.to_string())?;
            fs::write(&copy, bytes).map_err(|error| format!("{}: {error}", copy.display()))?;
        }
    }
    Ok(())
}

/// A suite that quietly ran on another mio, or on two tokios, would prove nothing.
fn check_dependencies(published: bool, suite: &Path) -> Result<(), String> {
    let users_of = |package: &str| {
        let tree = format!("tree --edges normal,build,dev {FEATURES} --invert {package}");
        let users = Run::cargo(&tree).directory(suite).output()?;
        Ok::<_, String>(users.lines().next().unwrap_or_default().to_owned())
    };
    let expected = if published {
        format!("mio v{BASELINE}")
    } else {
        format!("({})", paths::root().display())
    };
    let mio = users_of("mio")?;
    println!("the suite runs on {mio}");
    if !mio.contains(&expected) {
        return Err(format!("the suite has {mio}, not {expected}"));
    }
    // Cargo refuses this question when there are two.
    let tokio = users_of("tokio")?;
    if !tokio.contains(&*suite.to_string_lossy()) {
        return Err(format!("the suite has {tokio}, not its own copy"));
    }
    Ok(())
}

/// Cargo compares times, and a tree moved to this place may be older than what was built here
/// from another: compare the contents too.
fn forget_older_tree(suite: &Path, target: &Path) -> Result<(), String> {
    let mut hasher = DefaultHasher::new();
    paths::read(&paths::root().join("Cargo.toml"))?.hash(&mut hasher);
    for file in paths::files_below(&paths::root().join("src"))? {
        file.hash(&mut hasher);
        paths::read(&file)?.hash(&mut hasher);
    }
    let stamp = target.join("tree-of-mio");
    let hash = format!("{:016x}", hasher.finish());
    if stamp.exists() && paths::read(&stamp)? != hash {
        Run::cargo("clean --package mio")
            .variable("CARGO_TARGET_DIR", target)
            .directory(suite)
            .run()?;
    }
    paths::create(target)?;
    paths::write(&stamp, &hash)
}

#[cfg(test)]
mod tests {
    use super::manifest_path;

    #[test]
    fn the_package_is_found_in_what_cargo_prints() {
        let metadata = r#"{"a":"/x/pin-1/Cargo.toml","b":"/r/tokio-1.2.3/Cargo.toml","c":1}"#;
        let path = manifest_path(metadata, "/tokio-1.2.3/Cargo.toml\"").unwrap();
        assert_eq!(path.to_str(), Some("/r/tokio-1.2.3/Cargo.toml"));
        assert!(manifest_path(metadata, "/tokio-9.9.9/Cargo.toml\"").is_err());
    }
}
