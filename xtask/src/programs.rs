//! The test programs that cargo built, as they are carried to where they run.

use std::path::{Path, PathBuf};

/// The programs that cargo says it built.
pub fn executables(messages: &str) -> Vec<PathBuf> {
    messages
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Executable ")?.split_once(" ("))
        .filter_map(|(_, path)| path.strip_suffix(')').map(PathBuf::from))
        .collect()
}

/// The name of a test without what cargo appends.
pub fn name_of(program: &Path) -> String {
    let name = program.file_stem().unwrap_or_default().to_string_lossy();
    name.rsplit_once('-').map_or(name.as_ref(), |(name, _)| name).to_owned()
}

/// The number in front of a word of the line that ends a program's tests.
pub fn number_before(line: &str, word: &str) -> Option<usize> {
    line.split_once(word)?.0.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{executables, name_of, number_before};

    #[test]
    fn programs_are_found_and_named() {
        let messages = "   Compiling mio\n  Executable unittests src/lib.rs (/x/deps/mio-1a)\n  \
                        Executable tests/a/main.rs (/x/deps/a-2b.exe)\n";
        let names: Vec<String> = executables(messages).iter().map(|path| name_of(path)).collect();
        assert_eq!(names, ["mio", "a"]);
    }

    #[test]
    fn counts_are_read() {
        let line = "test result: ok. 13 passed; 0 failed; 2 ignored";
        assert_eq!(number_before(line, " passed"), Some(13));
        assert_eq!(number_before(line, " ignored"), Some(2));
        assert_eq!(number_before("Segmentation fault", " passed"), None);
    }
}
