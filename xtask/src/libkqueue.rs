//! The tests with the selector of Apple systems and the BSDs over libkqueue, which others wrote: a
//! second opinion on what the model of kqueue in this tree says.
//!
//! libkqueue makes a kqueue of epoll, and not all of it. Tests that fail for that are listed in
//! `xtask/libkqueue.txt`, each under the limit that explains it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::command::Run;
use crate::debian::Archive;
use crate::no_arguments;
use crate::paths;
use crate::step::{Outcome, Step};
use crate::tools;

const RELEASE: &str = "experimental";
const PACKAGES: [&str; 2] = ["libkqueue0t64", "libkqueue-dev"];

const LIST: &str = "xtask/libkqueue.txt";

/// Each test is a process of its own, and ends though it may wait for what never comes. It is
/// killed with the programs that it started: one of them outlives the signal that asks it to end.
/// Most that fail do so after a long wait, so that more of them run than there are processors.
const NEXTEST: &str = "[profile.default]\n\
    test-threads = 8\n\
    slow-timeout = { period = \"60s\", terminate-after = 1, grace-period = \"0s\" }\n";

/// As the tests build the examples that they run, which is not to count as time of theirs.
const EXAMPLES: &str = "build --quiet --package mio --no-default-features \
    --features os-poll,net,os-ext,log --examples";

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    no_arguments(arguments)?;
    Ok(vec![Step::new("libkqueue", check)])
}

fn check() -> Outcome {
    let limits = Limits::parse(&paths::read(&paths::root().join(LIST))?)?;
    let library = fetch()?;
    let folder = paths::target("libkqueue");
    paths::create(&folder)?;
    paths::write(&folder.join("nextest.toml"), NEXTEST)?;
    let library = library.display();
    let flags = format!(
        "--cfg mio_unsupported_force_libkqueue -L native={library} -C link-arg=-Wl,-rpath,{library}"
    );
    Run::cargo(EXAMPLES)
        .variable("RUSTFLAGS", &flags)
        .variable("CARGO_TARGET_DIR", &folder)
        .run()?;
    let run = Run::new(tools::nextest()?)
        .words("nextest run --package mio --all-features --lib --tests --no-fail-fast")
        .words("--status-level all --final-status-level none --color never --config-file")
        .argument(folder.join("nextest.toml"))
        .variable("RUSTFLAGS", flags)
        .variable("CARGO_TARGET_DIR", &folder);
    let (_, output) = run.attempt()?;
    let results = Results::parse(&output);
    if results.passed.is_empty() {
        println!("{output}");
    }
    limits.explain(&results)
}

/// The folder with the library, unpacked first where it is not there.
fn fetch() -> Result<PathBuf, String> {
    let folder = paths::cache("libkqueue")?;
    let _alone = paths::lock(&folder.with_extension("lock"))?;
    let root = folder.join("root");
    if !folder.join("complete").exists() {
        paths::remove(&root)?;
        Archive::open(folder.join("apt"), &[RELEASE])?.unpack(&PACKAGES, &root)?;
        paths::write(&folder.join("complete"), "")?;
    }
    Ok(root.join("usr/lib/x86_64-linux-gnu"))
}

/// The names of tests, by what became of them.
#[derive(Debug, Default, PartialEq)]
struct Results {
    passed: BTreeSet<String>,
    failed: BTreeSet<String>,
    /// How many tests there are, of which a run that was ended early has no result.
    all: usize,
}

impl Results {
    /// Reads lines such as `PASS [ 0.1s] (1/2) mio::tcp stream::a_test`.
    fn parse(output: &str) -> Results {
        let mut results = Results::default();
        for line in output.lines() {
            let Some((word, rest)) = line.trim().split_once(" [") else { continue };
            let Some((_, name)) = rest.split_once("] ") else { continue };
            let Some((place, name)) = name.split_once(") ") else { continue };
            if let Some(all) = place.split_once('/').and_then(|(_, all)| all.parse().ok()) {
                results.all = all;
            }
            let name = name.trim().to_owned();
            match word {
                "PASS" | "LEAK" => results.passed.insert(name),
                "FAIL" | "TIMEOUT" | "ABORT" => results.failed.insert(name),
                _ if word.starts_with("SIG") => results.failed.insert(name),
                _ => false,
            };
        }
        results
    }
}

/// What libkqueue does not do, and the tests that fail for it.
struct Limits {
    limits: Vec<(String, BTreeSet<String>)>,
}

impl Limits {
    /// A line that begins with `limit:` opens a list of tests, one a line. `#` begins a comment.
    fn parse(text: &str) -> Result<Limits, String> {
        let mut limits: Vec<(String, BTreeSet<String>)> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(limit) = line.strip_prefix("limit: ") {
                limits.push((limit.to_owned(), BTreeSet::new()));
            } else {
                let (_, tests) =
                    limits.last_mut().ok_or(format!("{LIST}:{}: no limit above", number + 1))?;
                tests.insert(line.to_owned());
            }
        }
        Ok(Limits { limits })
    }

    /// Prints each limit with the tests that failed for it. A failure without one is an error.
    fn explain(&self, results: &Results) -> Outcome {
        for (limit, tests) in &self.limits {
            let failed: Vec<&String> = tests.intersection(&results.failed).collect();
            println!("{} fail: {limit}", failed.len());
            for test in failed {
                println!("    {test}");
            }
            for test in tests.intersection(&results.passed) {
                println!("    passes all the same: {test}");
            }
        }
        let is_explained =
            |test: &&String| self.limits.iter().any(|(_, tests)| tests.contains(*test));
        let unexplained: Vec<&str> =
            results.failed.iter().filter(|test| !is_explained(test)).map(String::as_str).collect();
        let (passed, failed) = (results.passed.len(), results.failed.len());
        let counts = format!("{passed} passed, {failed} failed");
        if passed + failed != results.all {
            return Err(format!("{counts}, of {} tests", results.all));
        }
        if passed == 0 || !unexplained.is_empty() {
            return Err(format!("{counts}, not explained: {}", unexplained.join(", ")));
        }
        Ok(format!("{counts}, each for one of {} limits", self.limits.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::{LIST, Limits, Results};
    use crate::paths;

    const OUTPUT: &str = "    PASS [   0.013s] (  1/4) mio a::b\n\
                          \x20   FAIL [  11.070s] (  2/4) mio::tcp c\n\
                          \x20   SLOW [> 30.000s] (---) mio::tcp c\n\
                          \x20   TIMEOUT [  30.001s] (  3/4) mio::tcp d\n\
                          \x20   SIGABRT [   0.1s] (  4/4) mio::tcp e\n";

    #[test]
    fn results_are_read_of_tests_that_end_in_any_way() {
        let results = Results::parse(OUTPUT);
        assert!(results.passed.iter().eq(["mio a::b"]));
        assert!(results.failed.iter().eq(["mio::tcp c", "mio::tcp d", "mio::tcp e"]));
    }

    #[test]
    fn what_fails_has_to_be_explained() {
        let limits = Limits::parse("# why\nlimit: none\nmio::tcp c\nmio::tcp d\n").unwrap();
        let error = limits.explain(&Results::parse(OUTPUT)).unwrap_err();
        assert_eq!(error, "1 passed, 3 failed, not explained: mio::tcp e");
        let limits = Limits::parse("limit: a\nmio::tcp c\nlimit: b\nmio::tcp d\nmio::tcp e\n");
        let counts = limits.unwrap().explain(&Results::parse(OUTPUT)).unwrap();
        assert_eq!(counts, "1 passed, 3 failed, each for one of 2 limits");
        let ended_early = OUTPUT.replace("/4)", "/5)");
        let error = limits_of_the_tree().explain(&Results::parse(&ended_early)).unwrap_err();
        assert_eq!(error, "1 passed, 3 failed, of 5 tests");
        assert!(Limits::parse("mio::tcp c\n").is_err());
        assert!(limits_of_the_tree().explain(&Results::default()).is_err(), "nothing ran");
    }

    fn limits_of_the_tree() -> Limits {
        Limits::parse(&paths::read(&paths::root().join(LIST)).unwrap()).unwrap()
    }
}
