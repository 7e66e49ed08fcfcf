//! Files that nothing compiles: every file is a root that cargo knows, or some `mod` names it.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use super::Findings;
use super::source::Source;

/// The folders of which each file is a crate of its own, and the crates with one root.
const FOLDERS_OF_ROOTS: [&str; 4] =
    ["tests", "examples", "bench/peers/programs", "fuzz/fuzz_targets"];
const ROOTS: [&str; 3] = ["src/lib.rs", "xtask/src/main.rs", "bench/src/main.rs"];

pub fn check(sources: &[Source], findings: &mut Findings) {
    let by_path: HashMap<&Path, &Source> =
        sources.iter().map(|source| (Path::new(&source.path), source)).collect();
    let mut reached: HashSet<PathBuf> = HashSet::new();
    let mut waiting: Vec<PathBuf> =
        by_path.keys().filter(|path| is_root(path)).map(|path| path.to_path_buf()).collect();
    while let Some(path) = waiting.pop() {
        if let Some(source) = by_path.get(path.as_path()) {
            waiting.extend(modules_of(source).into_iter().filter(|path| !reached.contains(path)));
            reached.insert(path);
        }
    }
    for source in sources {
        if !reached.contains(Path::new(&source.path)) {
            findings.push(format!("{}: no `mod` names this file", source.path));
        }
    }
}

fn is_root(path: &Path) -> bool {
    let in_folder_of_roots = FOLDERS_OF_ROOTS.iter().any(|folder| {
        let is_main = path.ends_with("main.rs")
            && path.parent().and_then(Path::parent) == Some(Path::new(folder));
        path.parent() == Some(Path::new(folder)) || is_main
    });
    in_folder_of_roots || ROOTS.iter().any(|root| Path::new(root) == path)
}

/// Where the files of a file's `mod name;` lines may be.
fn modules_of(source: &Source) -> Vec<PathBuf> {
    let path = Path::new(&source.path);
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_folder_head = is_root(path) || path.ends_with("mod.rs");
    let inside = if is_folder_head { folder.to_owned() } else { path.with_extension("") };
    let mut files = Vec::new();
    let mut named: Option<PathBuf> = None;
    for line in &source.lines {
        let code = line.code.trim();
        if code.starts_with("#[path") {
            named = line.text.split('"').nth(1).map(|name| resolved(&folder.join(name)));
        } else if let Some(name) = module_name(code) {
            match named.take() {
                Some(file) => files.push(file),
                None => {
                    files.push(inside.join(format!("{name}.rs")));
                    files.push(inside.join(name).join("mod.rs"));
                }
            }
        }
    }
    files
}

/// A path without its `..`, as the other paths are written.
fn resolved(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// The name in `mod name;`, whatever its visibility and the attributes before it.
fn module_name(code: &str) -> Option<&str> {
    let before = code.strip_suffix(';')?;
    let (head, name) = before.rsplit_once(' ')?;
    (head == "mod" || head.ends_with(" mod")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(files: &[(&str, &str)]) -> Findings {
        let sources: Vec<Source> =
            files.iter().map(|(path, text)| Source::new(path, text)).collect();
        let mut findings = Findings::new();
        check(&sources, &mut findings);
        findings
    }

    #[test]
    fn files_named_by_modules_are_alive() {
        let files = [
            ("src/lib.rs", "mod poll;\n#[cfg(unix)]\npub(crate) mod os;\n"),
            ("src/poll.rs", "#[path = \"elsewhere.rs\"]\nmod other;\nmod deep;\n"),
            ("src/elsewhere.rs", ""),
            ("src/poll/deep.rs", ""),
            ("src/os/mod.rs", "mod unix;\n"),
            ("src/os/unix.rs", ""),
            ("tests/tcp/main.rs", "#[path = \"../support/mod.rs\"]\nmod support;\n"),
            ("tests/support/mod.rs", "mod waiting;\n"),
            ("tests/support/waiting.rs", ""),
        ];
        assert_eq!(dead(&files), Findings::new());
    }

    #[test]
    fn a_file_named_in_a_comment_or_by_a_dead_file_is_dead() {
        let files = [
            ("src/lib.rs", "// mod poll;\n"),
            ("src/poll.rs", "mod deep;\n"),
            ("src/poll/deep.rs", ""),
        ];
        assert_eq!(dead(&files).len(), 2);
    }
}
