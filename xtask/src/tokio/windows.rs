//! Tokio's tests of the network as programs for Windows, under Wine: on the published mio and on
//! this crate, side by side.

use std::path::PathBuf;

use super::{FEATURES, VERSION, check_dependencies, forget_older_tree, lay_out};
use crate::paths;
use crate::programs::{executables, name_of};
use crate::step::Outcome;
use crate::wine::{Builder, Session, Wine};

/// How the names of the files begin that have such tests.
const FILES: [&str; 4] = ["tcp_", "udp", "net_named_pipe", "io_driver"];

/// How many seconds a test may take.
const LIMIT: u32 = 60;

/// A test, the words that run it, and how it ended.
#[derive(Debug, Clone, PartialEq)]
struct Test {
    name: String,
    words: String,
    ending: Ending,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Passed,
    /// It failed at first.
    Flaky,
    Failed,
}

impl Ending {
    fn name(self) -> &'static str {
        match self {
            Ending::Passed => "passes",
            Ending::Flaky => "flaky",
            Ending::Failed => "FAILS",
        }
    }
}

pub fn compare() -> Outcome {
    let published = run(true)?;
    let ours = run(false)?;
    verdict(&published, &ours)
}

/// All tests on one of the two.
fn run(published: bool) -> Result<Vec<Test>, String> {
    let programs = build(published)?;
    let wine = Wine::take()?;
    let session = |programs: &[(String, String)]| {
        let session = Session::of(&wine.run(LIMIT, programs)?, programs)?;
        session.print_restarts();
        Ok::<_, String>(session)
    };
    let ask: Vec<_> = programs
        .iter()
        .map(|path| (name_of(path), format!("{} --list --format terse", path.display())))
        .collect();
    let mut tests = Vec::new();
    for (asked, path) in session(&ask)?.ended.iter().zip(&programs) {
        tests.extend(listed(&asked.name, &path.display().to_string(), &asked.output));
    }
    for after in [Ending::Passed, Ending::Flaky] {
        let open: Vec<usize> =
            (0..tests.len()).filter(|at| tests[*at].ending == Ending::Failed).collect();
        let lines: Vec<_> =
            open.iter().map(|at| (tests[*at].name.clone(), tests[*at].words.clone())).collect();
        for (ended, at) in session(&lines)?.ended.iter().zip(open) {
            if !ended.has_failed() {
                tests[at].ending = after;
            } else if after == Ending::Flaky {
                println!("{}:\n{}", ended.name, ended.output);
            }
        }
    }
    Ok(tests)
}

/// The programs of these tests.
fn build(published: bool) -> Result<Vec<PathBuf>, String> {
    let of = |name: &str| paths::cache(&format!("tokio/{VERSION}-windows{name}"));
    let suite = of(if published { "-published" } else { "" })?.join("suite");
    // What the two depend on otherwise is the same.
    let target = of("-target")?;
    lay_out(published, &suite)?;
    check_dependencies(published, &suite)?;
    if !published {
        forget_older_tree(&suite, &target)?;
    }
    let mut cargo = Builder::new()?.cargo("test --no-run", "").words(FEATURES);
    for file in paths::files_below(&suite.join("tests"))? {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        if FILES.iter().any(|begin| name.starts_with(begin)) {
            cargo = cargo.argument("--test").argument(&*name);
        }
    }
    let cargo = cargo.variable("CARGO_TARGET_DIR", &target).directory(&suite);
    Ok(executables(&cargo.messages()?))
}

/// The tests that a program lists, none of which has run yet.
fn listed(program: &str, path: &str, output: &str) -> Vec<Test> {
    let names = output.lines().filter_map(|line| line.trim().strip_suffix(": test"));
    names
        .map(|name| Test {
            name: format!("{program}::{name}"),
            words: format!("{path} --exact {name}"),
            ending: Ending::Failed,
        })
        .collect()
}

/// Prints both, and says what fails here only.
fn verdict(published: &[Test], ours: &[Test]) -> Outcome {
    if published.is_empty() || !published.iter().map(|t| &t.name).eq(ours.iter().map(|t| &t.name)) {
        return Err("the two do not have the same tests".into());
    }
    let mut worse = Vec::new();
    println!("{:52} published  this crate", "test");
    for (theirs, ours) in published.iter().zip(ours) {
        println!("{:52} {:9}  {}", ours.name, theirs.ending.name(), ours.ending.name());
        if ours.ending == Ending::Failed && theirs.ending != Ending::Failed {
            worse.push(ours.name.as_str());
        }
    }
    let passing = |tests: &[Test]| tests.iter().filter(|t| t.ending != Ending::Failed).count();
    let counts = format!(
        "of {} tests {} pass on the published crate, {} on this one",
        ours.len(),
        passing(published),
        passing(ours)
    );
    if worse.is_empty() { Ok(counts) } else { Err(format!("{}; {counts}", worse.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::{Ending, Test, listed, verdict};

    fn tests(endings: &[(&str, Ending)]) -> Vec<Test> {
        let test = |(name, ending): &(&str, Ending)| Test {
            ending: *ending,
            ..listed("p", "x", name)[0].clone()
        };
        endings.iter().map(test).collect()
    }

    #[test]
    fn tests_are_listed_with_the_words_that_run_them() {
        let listed = listed("udp", "/x/udp-1.exe", "send: test\r\na::recv: test\r\n\r\n");
        let words: Vec<_> = listed.iter().map(|test| (&*test.name, &*test.words)).collect();
        assert_eq!(
            words,
            [
                ("udp::send", "/x/udp-1.exe --exact send"),
                ("udp::a::recv", "/x/udp-1.exe --exact a::recv")
            ]
        );
    }

    #[test]
    fn what_fails_here_only_is_an_error() {
        let published = tests(&[("a: test", Ending::Passed), ("b: test", Ending::Failed)]);
        let good = tests(&[("a: test", Ending::Flaky), ("b: test", Ending::Passed)]);
        let counts = verdict(&published, &good).unwrap();
        assert_eq!(counts, "of 2 tests 1 pass on the published crate, 2 on this one");
        let bad = tests(&[("a: test", Ending::Failed), ("b: test", Ending::Passed)]);
        assert!(verdict(&published, &bad).unwrap_err().starts_with("p::a; "));
        assert!(verdict(&published, &bad[..1]).is_err(), "a test is missing");
    }
}
