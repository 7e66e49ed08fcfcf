//! What a run of Tokio's suite has to show, and which of its tests may fail and why.

use crate::builds;
use crate::step::Outcome;

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Backend {
    Epoll,
    Poll,
}

use Backend::{Epoll, Poll};

impl Backend {
    pub fn name(self) -> &'static str {
        match self {
            Epoll => "epoll",
            Poll => "poll",
        }
    }

    pub fn flags(self) -> &'static str {
        match self {
            Epoll => builds::DEFAULT.flags,
            Poll => builds::FORCE_POLL.flags,
        }
    }
}

/// A suite that shrinks would pass unnoticed.
const TESTS: usize = 1578;

struct Expected {
    test: &'static str,
    backends: &'static [Backend],
    why: &'static str,
}

const EXPECTED_FAILURES: [Expected; 1] = [Expected {
    test: "fs_try_exists::try_exists",
    backends: &[Epoll, Poll],
    why: "looks for a file it may not read, and root may read all; no socket is involved",
}];

/// What the results of one run amount to.
pub struct Verdict {
    backend: Backend,
    passed: usize,
    flaky: Vec<String>,
    expected: Vec<(String, &'static str)>,
    failed: Vec<String>,
}

impl Verdict {
    /// Reads the results in the form of JUnit, as nextest writes them: an element a test, on one
    /// line, which ends there when the test passed at the first try.
    pub fn of(backend: Backend, results: &str) -> Verdict {
        let mut verdict = Verdict {
            backend,
            passed: 0,
            flaky: Vec::new(),
            expected: Vec::new(),
            failed: Vec::new(),
        };
        for case in results.split("<testcase ").skip(1) {
            let (head, body) = case.split_once('>').unwrap_or((case, ""));
            let body = if head.ends_with('/') { "" } else { body };
            let body = body.split_once("</testcase>").map_or(body, |(inside, _)| inside);
            verdict.add(test_name(head), body);
        }
        verdict
    }

    fn add(&mut self, test: String, body: &str) {
        if !body.contains("<failure") && !body.contains("<error") {
            self.passed += 1;
            if body.contains("<flaky") {
                self.flaky.push(test);
            }
            return;
        }
        let expected = EXPECTED_FAILURES
            .iter()
            .find(|row| row.test == test && row.backends.contains(&self.backend));
        match expected {
            Some(row) => self.expected.push((test, row.why)),
            None => self.failed.push(format!("{test}{}", how_it_failed(body))),
        }
    }

    fn run(&self) -> usize {
        self.passed + self.expected.len() + self.failed.len()
    }

    pub fn print(&self) {
        for test in &self.flaky {
            println!("flaky, passed at the second try: {test}");
        }
        for (test, why) in &self.expected {
            println!("failed as expected: {test}: {why}");
        }
        for test in &self.failed {
            println!("FAILED: {test}");
        }
    }

    pub fn counts(&self) -> String {
        let mut counts = format!("{} of {} pass", self.passed, self.run());
        for (number, what) in [
            (self.expected.len(), "fail as expected"),
            (self.failed.len(), "fail"),
            (self.flaky.len(), "flaky"),
        ] {
            if number > 0 {
                counts.push_str(&format!(", {number} {what}"));
            }
        }
        counts
    }

    pub fn outcome(&self) -> Outcome {
        if !self.failed.is_empty() {
            Err(format!("{}: {}", self.counts(), self.failed.join(", ")))
        } else if self.run() < TESTS {
            Err(format!("{} tests ran, not {TESTS}", self.run()))
        } else {
            Ok(self.counts())
        }
    }
}

/// `binary::path::of_test`, or `path::of_test` in the library itself.
fn test_name(attributes: &str) -> String {
    let value = |name: &str| {
        let start = attributes.find(name).map_or(0, |at| at + name.len());
        attributes[start..].split('"').next().unwrap_or_default()
    };
    let binary = value("classname=\"").trim_start_matches("tokio").trim_start_matches("::");
    let test = value("name=\"");
    if binary.is_empty() { test.into() } else { format!("{binary}::{test}") }
}

fn how_it_failed(body: &str) -> &'static str {
    if body.contains("timeout") { " (hangs)" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(failures: &[(&str, &str)], passed: usize) -> String {
        let mut text = String::from("<testsuite name=\"tokio\">\n");
        for number in 0..passed {
            text += &format!("<testcase name=\"n{number}\" classname=\"tokio\" time=\"1\"/>\n");
        }
        for (binary, test) in failures {
            text += &format!(
                "<testcase name=\"{test}\" classname=\"tokio::{binary}\">\n\
                 <failure type=\"test failure\">no &gt; 1</failure>\n</testcase>\n"
            );
        }
        text
    }

    #[test]
    fn the_failure_of_the_table_is_accepted() {
        let verdict = Verdict::of(Epoll, &results(&[("fs_try_exists", "try_exists")], TESTS - 1));
        assert_eq!(verdict.outcome(), Ok("1577 of 1578 pass, 1 fail as expected".into()));
    }

    #[test]
    fn any_other_failure_is_not() {
        let verdict = Verdict::of(Epoll, &results(&[("udp", "send_recv")], TESTS - 1));
        assert!(verdict.outcome().unwrap_err().contains("udp::send_recv"));
    }

    #[test]
    fn a_suite_that_shrank_is_not() {
        let verdict = Verdict::of(Epoll, &results(&[], TESTS - 1));
        assert_eq!(verdict.outcome(), Err("1577 tests ran, not 1578".into()));
    }

    #[test]
    fn a_second_try_that_passes_is_reported() {
        let case =
            "<testcase name=\"a\" classname=\"tokio\">\n<flakyFailure type=\"x\"/>\n</testcase>";
        let verdict = Verdict::of(Poll, case);
        assert_eq!((verdict.passed, verdict.flaky.len(), verdict.failed.len()), (1, 1, 0));
    }

    #[test]
    fn a_test_that_was_ended_is_told_from_one_that_failed() {
        let case = "<testcase name=\"a\" classname=\"tokio::udp\">\n\
                    <failure type=\"test timeout\"/>\n</testcase>";
        assert_eq!(Verdict::of(Poll, case).failed, ["udp::a (hangs)"]);
    }
}
