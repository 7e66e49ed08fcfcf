//! All tests on what others wrote in place of a system, and which does not do all that is asked of
//! it. Tests that fail for that are listed in `xtask/NAME.txt`, each under the limit that explains
//! it.
//!
//! A failure that is not listed is an error, and is shown with what the test wrote. So that lists
//! stay true, a listed test that passes is an error too, unless it is listed as failing at times.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::command::Run;
use crate::paths;
use crate::step::Outcome;
use crate::tools;

/// Before the name of a test for which a limit shows only where things come together in one way.
const AT_TIMES: &str = "at times: ";

/// The run of all tests, to which the caller adds what they run on.
///
/// Each test is a process of its own, and ends though it may wait for what never comes. It is
/// killed with the programs that it started: one of them outlives the signal that asks it to end.
pub fn tests(name: &str, threads: usize) -> Result<Run, String> {
    let folder = paths::target(name);
    paths::create(&folder)?;
    let settings = folder.join("nextest.toml");
    let text = format!(
        "[profile.default]\ntest-threads = {threads}\n\
         slow-timeout = {{ period = \"60s\", terminate-after = 1, grace-period = \"0s\" }}\n"
    );
    paths::write(&settings, &text)?;
    Ok(Run::new(tools::nextest()?)
        .words("nextest run --package mio --all-features --lib --tests --no-fail-fast")
        .words("--status-level all --final-status-level none --failure-output immediate")
        .words("--color never --config-file")
        .argument(settings)
        .variable("CARGO_TARGET_DIR", folder))
}

/// Runs them, and explains what fails by the list of this name.
pub fn check(name: &str, run: &Run) -> Outcome {
    let limits = Limits::parse(&list(name), &paths::read(&list(name))?)?;
    let (_, output) = run.attempt()?;
    let results = Results::parse(&output);
    if results.passed.is_empty() {
        println!("{output}");
    }
    limits.explain(&results)
}

fn list(name: &str) -> PathBuf {
    paths::root().join("xtask").join(format!("{name}.txt"))
}

/// The names of tests, by what became of them.
#[derive(Debug, Default, PartialEq)]
struct Results {
    passed: BTreeSet<String>,
    /// With what they wrote.
    failed: BTreeMap<String, String>,
    /// How many tests there are, of which a run that was ended early has no result.
    all: usize,
}

/// What became of a test, as a line says it.
enum Word {
    Passed,
    Failed,
    /// It is told of a test that has not ended, or told again.
    Other,
}

impl Results {
    /// Reads lines such as `PASS [ 0.1s] (1/2) mio::tcp stream::a_test`. What a failed test wrote
    /// comes after its line.
    fn parse(output: &str) -> Results {
        let mut results = Results::default();
        let mut written: Option<&mut String> = None;
        for line in output.lines() {
            let Some((word, all, name)) = status(line) else {
                if line.starts_with("────") {
                    written = None;
                } else if let Some(written) = &mut written {
                    written.push_str(line);
                    written.push('\n');
                }
                continue;
            };
            results.all = all.unwrap_or(results.all);
            written = None;
            match word {
                Word::Passed => {
                    results.passed.insert(name.to_owned());
                }
                Word::Failed => written = Some(results.failed.entry(name.to_owned()).or_default()),
                Word::Other => {}
            }
        }
        results
    }
}

/// What a line says of a test, how many tests there are, and which it is.
fn status(line: &str) -> Option<(Word, Option<usize>, &str)> {
    let (word, rest) = line.trim().split_once(" [")?;
    let (_, rest) = rest.split_once("] ")?;
    let (place, name) = rest.split_once(") ")?;
    let all = place.split_once('/').and_then(|(_, all)| all.parse().ok());
    let word = match word {
        "PASS" | "LEAK" => Word::Passed,
        "FAIL" | "TIMEOUT" | "ABORT" => Word::Failed,
        _ if word.starts_with("SIG") => Word::Failed,
        "SLOW" | "TERMINATING" | "START" => Word::Other,
        _ => return None,
    };
    Some((word, all, name.trim()))
}

/// What is not done, and the tests that fail for it.
struct Limit {
    what: String,
    tests: BTreeSet<String>,
    tests_at_times: BTreeSet<String>,
}

struct Limits(Vec<Limit>);

impl Limits {
    /// A line that begins with `limit:` opens a list of tests, one a line. `#` begins a comment.
    fn parse(path: &Path, text: &str) -> Result<Limits, String> {
        let mut limits: Vec<Limit> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(what) = line.strip_prefix("limit: ") {
                let (tests, tests_at_times) = Default::default();
                limits.push(Limit { what: what.to_owned(), tests, tests_at_times });
                continue;
            }
            let above = limits.last_mut();
            let limit =
                above.ok_or(format!("{}:{}: no limit above", path.display(), number + 1))?;
            match line.strip_prefix(AT_TIMES) {
                Some(test) => limit.tests_at_times.insert(test.to_owned()),
                None => limit.tests.insert(line.to_owned()),
            };
        }
        Ok(Limits(limits))
    }

    /// Prints each limit with the tests that failed for it, then what nothing explains.
    fn explain(&self, results: &Results) -> Outcome {
        for limit in &self.0 {
            let failed: Vec<&String> =
                limit.all().filter(|test| results.failed.contains_key(*test)).collect();
            println!("{} fail: {}", failed.len(), limit.what);
            for test in failed {
                println!("    {test}");
            }
        }
        let mut wrong = Vec::new();
        for (test, written) in &results.failed {
            if !self.0.iter().any(|limit| limit.all().any(|listed| listed == test)) {
                println!("\nnot explained: {test}\n{written}");
                wrong.push(format!("{test} is not explained"));
            }
        }
        for test in self.0.iter().flat_map(|limit| &limit.tests) {
            if results.passed.contains(test) {
                wrong.push(format!("{test} is listed and passes"));
            }
        }
        for test in self.0.iter().flat_map(Limit::all) {
            if !results.passed.contains(test) && !results.failed.contains_key(test) {
                wrong.push(format!("{test} is listed and was not run"));
            }
        }
        let (passed, failed) = (results.passed.len(), results.failed.len());
        let counts = format!("{passed} passed, {failed} failed");
        if passed == 0 || passed + failed != results.all {
            return Err(format!("{counts}, of {} tests", results.all));
        }
        if !wrong.is_empty() {
            return Err(format!("{counts}; {} wrong:\n{}", wrong.len(), wrong.join("\n")));
        }
        Ok(format!("{counts}, each for one of {} limits", self.0.len()))
    }
}

impl Limit {
    fn all(&self) -> impl Iterator<Item = &String> {
        self.tests.iter().chain(&self.tests_at_times)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Limits, Results};
    use crate::paths;

    const OUTPUT: &str = "    PASS [   0.013s] (  1/4) mio a::b\n\
                          \x20   FAIL [  11.070s] (  2/4) mio::tcp c\n\
                          \x20 stderr ───\n\
                          \x20   no [ 1] (b) c\n\
                          \x20   SLOW [> 30.000s] (---) mio::tcp d\n\
                          \x20   TIMEOUT [  30.001s] (  3/4) mio::tcp d\n\
                          \x20   SIGABRT [   0.1s] (  4/4) mio::tcp e\n\
                          aborted\n\
                          ────────────\n\
                          \x20    Summary [  37.102s] 4 tests run\n";

    fn limits(text: &str) -> Limits {
        Limits::parse(Path::new("list"), text).unwrap()
    }

    fn error_of(list: &str, output: &str) -> String {
        limits(list).explain(&Results::parse(output)).unwrap_err()
    }

    #[test]
    fn results_are_read_of_tests_that_end_in_any_way() {
        let results = Results::parse(OUTPUT);
        assert!(results.passed.iter().eq(["mio a::b"]));
        assert!(results.failed.keys().eq(["mio::tcp c", "mio::tcp d", "mio::tcp e"]));
        assert_eq!(results.all, 4);
    }

    #[test]
    fn what_a_failed_test_wrote_is_kept() {
        let results = Results::parse(OUTPUT);
        assert_eq!(results.failed["mio::tcp c"], "  stderr ───\n    no [ 1] (b) c\n");
        assert_eq!(results.failed["mio::tcp d"], "");
        assert_eq!(results.failed["mio::tcp e"], "aborted\n");
    }

    #[test]
    fn what_fails_has_to_be_explained() {
        assert_eq!(
            error_of("# why\nlimit: none\nmio::tcp c\nat times: mio::tcp d\n", OUTPUT),
            "1 passed, 3 failed; 1 wrong:\nmio::tcp e is not explained"
        );
        let list = "limit: a\nmio::tcp c\nlimit: b\nmio::tcp d\nat times: mio::tcp e\n";
        let counts = limits(list).explain(&Results::parse(OUTPUT)).unwrap();
        assert_eq!(counts, "1 passed, 3 failed, each for one of 2 limits");
        assert!(Limits::parse(Path::new("list"), "mio::tcp c\n").is_err());
    }

    #[test]
    fn what_is_listed_has_to_fail_but_where_it_does_so_at_times() {
        let list = "limit: a\nmio::tcp c\nmio::tcp d\nmio::tcp e\n";
        let passes = format!("{list}mio a::b\n");
        assert_eq!(
            error_of(&passes, OUTPUT),
            "1 passed, 3 failed; 1 wrong:\nmio a::b is listed and passes"
        );
        let at_times = format!("{list}at times: mio a::b\n");
        assert!(limits(&at_times).explain(&Results::parse(OUTPUT)).is_ok());
        let unknown = format!("{list}at times: mio z\n");
        assert_eq!(
            error_of(&unknown, OUTPUT),
            "1 passed, 3 failed; 1 wrong:\nmio z is listed and was not run"
        );
    }

    #[test]
    fn a_run_that_ended_early_has_failed() {
        let list = "limit: a\nmio::tcp c\nmio::tcp d\nmio::tcp e\n";
        let ended_early = OUTPUT.replace("/4)", "/5)");
        assert_eq!(error_of(list, &ended_early), "1 passed, 3 failed, of 5 tests");
        assert_eq!(error_of("", ""), "0 passed, 0 failed, of 0 tests");
    }

    #[test]
    fn the_lists_of_the_tree_can_be_read() {
        for name in ["gvisor", "libkqueue"] {
            let list = super::list(name);
            assert!(Limits::parse(&list, &paths::read(&list).unwrap()).is_ok(), "{name}");
        }
    }
}
