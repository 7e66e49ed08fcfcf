//! Building examples for tests that run them.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// The example, built as this test was: `cargo test --tests` builds none, or leaves an old one.
pub fn example(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/test");
    let target = profile.parent().expect("target");
    let mut features = vec!["os-poll", "net"];
    features.extend(cfg!(feature = "os-ext").then_some("os-ext"));
    features.extend(cfg!(feature = "log").then_some("log"));
    let profile_name = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet", "--no-default-features", "--profile", profile_name])
        .args(["--features", &features.join(","), "--example", name])
        .arg("--target-dir")
        .arg(target)
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    profile.join("examples").join(name)
}
