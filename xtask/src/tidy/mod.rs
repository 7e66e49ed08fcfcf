//! Rules of this tree that no compiler knows. The numbers that may not grow, and the exceptions
//! with their reasons, are in `xtask/tidy.txt`.

mod documents;
mod modules;
mod rules;
mod source;
mod systems;
mod table;
mod unsafety;

use std::path::Path;

use crate::no_arguments;
use crate::paths;
use crate::step::{Outcome, Step};
use source::Source;
use table::Table;

const TABLE: &str = "xtask/tidy.txt";

/// Where Rust files are.
const FOLDERS: [&str; 6] = ["src", "tests", "examples", "xtask/src", "bench", "fuzz"];

/// What is wrong, and where: `path:line: sentence`.
type Findings = Vec<String>;

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new("tidy", check)])
}

fn check() -> Outcome {
    let root = paths::root();
    let table = Table::parse(&paths::read(&root.join(TABLE))?)?;
    let sources = read_sources(&root)?;
    let mut findings = Findings::new();
    for source in &sources {
        rules::check(source, &table, &mut findings);
        unsafety::check(source, &table, &mut findings);
    }
    systems::check(&sources, &table, &mut findings);
    modules::check(&sources, &mut findings);
    table.check_paths(&root, &mut findings);
    let documents = documents::check(&root, &mut findings)?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(format!("{} Rust files, {documents} documents", sources.len())),
        number => Err(format!("{number} findings")),
    }
}

fn read_sources(root: &Path) -> Result<Vec<Source>, String> {
    let mut sources = Vec::new();
    for folder in FOLDERS {
        for file in paths::files_below(&root.join(folder))? {
            let inside = file.strip_prefix(root).unwrap_or(&file);
            if file.extension().is_some_and(|extension| extension == "rs") {
                sources.push(Source::new(&inside.to_string_lossy(), &paths::read(&file)?));
            }
        }
    }
    Ok(sources)
}
