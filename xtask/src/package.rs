//! What users get: the package, and the examples.

use crate::command::Run;
use crate::no_arguments;
use crate::step::{Outcome, Step};

/// Cargo's own files and the user's; everything else in the tree is for those who work on it.
const FILES: [&str; 9] = [
    "Cargo.toml",
    "Cargo.toml.orig",
    "Cargo.lock",
    ".cargo_vcs_info.json",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "docs/features.md",
    "docs/guide.md",
];

const FOLDERS: [&str; 2] = ["src/", "examples/"];

pub fn package(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new("package", check_package)])
}

pub fn examples(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new("examples", || {
        Run::cargo("build --examples --all-features").run()?;
        Run::cargo("run --example quickstart --features os-poll,net").run()?;
        Ok(String::new())
    })])
}

fn check_package() -> Outcome {
    let listed = Run::cargo("package --package mio --list --allow-dirty").output()?;
    let files: Vec<&str> = listed.lines().collect();
    let wrong = wrong_files(&files);
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    let messages = Run::cargo("package --package mio --all-features --allow-dirty").messages()?;
    match unexpected_warning(&messages) {
        Some(warning) => Err(format!("cargo package warns: {warning}")),
        None => Ok(format!("{} files", files.len())),
    }
}

/// Cargo remarks that a test is not packed. That is what we asked for, and no other is expected.
fn unexpected_warning(messages: &str) -> Option<&str> {
    messages.lines().find(|line| {
        let expected = line.starts_with("warning: ignoring test `")
            && line.ends_with(".rs` is not included in the published package");
        line.starts_with("warning") && !expected
    })
}

fn wrong_files(files: &[&str]) -> Vec<String> {
    let is_known = |file: &&str| {
        let source = file.ends_with(".rs") && FOLDERS.iter().any(|folder| file.starts_with(folder));
        source || FILES.contains(file)
    };
    // Cargo adds this one only where it packs a commit.
    let is_there = |file: &&&str| files.contains(file) || **file == ".cargo_vcs_info.json";
    let unknown = files.iter().filter(|file| !is_known(file));
    let missing = FILES.iter().filter(|file| !is_there(file));
    unknown
        .map(|file| format!("not for users: {file}"))
        .chain(missing.map(|file| format!("missing: {file}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{FILES, unexpected_warning, wrong_files};

    #[test]
    fn only_what_users_need_is_packed() {
        let mut files = FILES.to_vec();
        files.extend(["src/lib.rs", "src/net/tcp.rs", "examples/quickstart.rs"]);
        assert!(wrong_files(&files).is_empty());
        files.extend(["tests/tcp.rs", "src/notes.md"]);
        assert_eq!(
            wrong_files(&files),
            ["not for users: tests/tcp.rs", "not for users: src/notes.md"]
        );
    }

    #[test]
    fn only_the_remark_on_tests_is_expected() {
        let remark = "warning: ignoring test `a` as `tests/a.rs` is not included in the published \
                      package";
        let messages = format!("   Packaging mio\n{remark}\n");
        assert_eq!(unexpected_warning(&messages), None);
        let other = "warning: manifest has no license";
        assert_eq!(unexpected_warning(&format!("{messages}{other}")), Some(other));
    }

    #[test]
    fn a_missing_licence_is_noticed() {
        let files: Vec<&str> = FILES.into_iter().filter(|file| *file != "LICENSE").collect();
        assert_eq!(wrong_files(&files), ["missing: LICENSE"]);
    }
}
