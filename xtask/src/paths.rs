//! Where things are: the work tree, the folder for build results, the folder for what is fetched.

use std::fs::File;
use std::path::{Path, PathBuf};

/// The root of the work tree.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the work tree").into()
}

/// The folder for build results with flags of their own, so that they do not evict each other.
pub fn target(name: &str) -> PathBuf {
    let base = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root().join(base).join(name)
}

/// A folder inside the cache, created if need be. Everything in the cache can be rebuilt.
pub fn cache(name: &str) -> Result<PathBuf, String> {
    let base = match std::env::var_os("MIO_CACHE") {
        Some(path) => PathBuf::from(path),
        None => {
            let home = std::env::var_os("HOME").ok_or("neither MIO_CACHE nor HOME is set")?;
            PathBuf::from(home).join(".cache/mio-xtask")
        }
    };
    let path = base.join(name);
    create(&path)?;
    Ok(path)
}

pub fn create(path: &Path) -> Result<(), String> {
    std::fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))
}

pub fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

pub fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Waits until no other run works on something in the cache, and keeps others off it. `name` is
/// that of a file, which is made.
pub fn lock(name: &Path) -> Result<File, String> {
    File::create(name)
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| format!("{}: {error}", name.display()))
}

/// Removes a folder with all it contains; one that is not there is fine.
pub fn remove(path: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Fills a folder unless an earlier run did so to the end.
pub fn complete(
    folder: &Path,
    fill: impl FnOnce(&Path) -> Result<(), String>,
) -> Result<(), String> {
    let mark = folder.join("complete");
    if mark.exists() {
        return Ok(());
    }
    remove(folder)?;
    create(folder)?;
    fill(folder)?;
    write(&mark, "")
}

/// Every file in a folder and below it, sorted, less what cargo builds there; none where there is
/// no such folder.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    if folder.exists() {
        add_files(folder, &mut files).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    files.sort();
    Ok(files)
}

fn add_files(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.ends_with("target") {
            continue;
        }
        if path.is_dir() {
            add_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
