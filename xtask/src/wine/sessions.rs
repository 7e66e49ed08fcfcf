//! What programs did under Wine, read from what the script in `session.sh` wrote.

use crate::programs::number_before;
use crate::step::Outcome;

/// What one program did, or why it has to be run again.
#[derive(Debug, PartialEq)]
pub struct Ended {
    pub name: String,
    code: i32,
    milliseconds: u64,
    pub output: String,
}

impl Ended {
    pub fn has_failed(&self) -> bool {
        self.code != 0
    }

    pub fn count(&self, word: &str) -> usize {
        self.output.lines().filter_map(|line| number_before(line, word)).sum()
    }

    /// What the tests say that they leave out, each with its reason.
    fn skipped(&self) -> impl Iterator<Item = &str> {
        self.output.lines().filter_map(|line| line.find("skipped: ").map(|at| &line[at..]))
    }
}

/// What all programs of one run or of several did.
#[derive(Debug, Default)]
pub struct Session {
    pub ended: Vec<Ended>,
    /// When Wine's server ended before its time, so that a program was run again.
    restarts: Vec<String>,
}

impl Session {
    /// Reads what the script wrote when it was given these programs, of which none may be missing.
    pub fn of(text: &str, programs: &[(String, String)]) -> Result<Session, String> {
        let mut session = Session::default();
        let mut output = String::new();
        let mut is_complete = false;
        for line in text.lines() {
            // A program may leave its last line unfinished, and what Windows ends lines with.
            if let Some((_, reason)) = line.split_once("SERVER ") {
                session.restarts.push(format!("Wine's server {reason}"));
                output.clear();
            } else if let Some((_, rest)) = line.split_once("ENDED ") {
                session.ended.push(ended(rest, std::mem::take(&mut output))?);
            } else {
                is_complete |= line == "COMPLETE";
                output.push_str(line.trim_end());
                output.push('\n');
            }
        }
        let names = session.ended.iter().map(|ended| &ended.name);
        if !is_complete || !names.eq(programs.iter().map(|(name, _)| name)) {
            return Err(format!("Wine did not run all programs:\n{text}"));
        }
        Ok(session)
    }

    pub fn add(&mut self, other: Session) {
        self.ended.extend(other.ended);
        self.restarts.extend(other.restarts);
    }

    /// A line for each program, what was skipped, and the whole output of what failed.
    pub fn print(&self) {
        for ended in &self.ended {
            let seconds = ended.milliseconds as f64 / 1_000.0;
            let verdict = if ended.has_failed() { "FAILED" } else { "ok" };
            let passed = ended.count(" passed");
            println!("{:20} {verdict:6} {seconds:6.1}s  {passed} passed", ended.name);
            if ended.has_failed() {
                println!("{}ended with {}", ended.output, ended.code);
            }
        }
        self.print_restarts();
        for line in self.ended.iter().flat_map(Ended::skipped) {
            println!("{line}");
        }
    }

    pub fn print_restarts(&self) {
        for restart in &self.restarts {
            println!("run again: {restart}");
        }
    }

    pub fn outcome(&self, times: usize) -> Outcome {
        let failed: Vec<&str> = self
            .ended
            .iter()
            .filter(|ended| ended.has_failed())
            .map(|ended| ended.name.as_str())
            .collect();
        let passed: usize = self.ended.iter().map(|ended| ended.count(" passed")).sum();
        let skipped = self.ended.iter().flat_map(Ended::skipped).count();
        let counts = format!(
            "{} programs in {times} runs: {passed} tests passed, {skipped} of them skipped, \
             {} programs run again",
            self.ended.len(),
            self.restarts.len()
        );
        if failed.is_empty() { Ok(counts) } else { Err(format!("{}; {counts}", failed.join(", "))) }
    }
}

/// What stands behind `ENDED`: the name, the code, and the time.
fn ended(line: &str, output: String) -> Result<Ended, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let parsed = match words[..] {
        [name, code, time] => code.parse().ok().zip(time.parse().ok()).map(|pair| (name, pair)),
        _ => None,
    };
    let (name, (code, milliseconds)) = parsed.ok_or_else(|| format!("not understood: {line}"))?;
    Ok(Ended { name: name.to_owned(), code, milliseconds, output })
}

#[cfg(test)]
mod tests {
    use super::Session;

    fn programs(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|name| (name.to_string(), "x".into())).collect()
    }

    const GOOD: &str = "test result: ok. 3 passed; 0 failed\r\nENDED a 0 1200\n\
                        skipped: t: there is no x\r\n\
                        test result: ok. 4 passed; 0 failed\r\nENDED b 0 3\nCOMPLETE\n";

    #[test]
    fn counts_are_of_all_programs() {
        let session = Session::of(GOOD, &programs(&["a", "b"])).unwrap();
        let counts = session.outcome(1).unwrap();
        assert!(counts.contains("7 tests passed, 1 of them skipped, 0 programs"), "{counts}");
    }

    #[test]
    fn a_program_that_fails_is_named() {
        let text = GOOD.replace("ENDED b 0", "the last wordsENDED b 124");
        let session = Session::of(&text, &programs(&["a", "b"])).unwrap();
        assert!(session.outcome(1).unwrap_err().starts_with("b; "));
    }

    #[test]
    fn what_a_dead_server_spoiled_does_not_count() {
        let text = format!("test result: FAILED. 1 passed\nSERVER ended with a: assert\n{GOOD}");
        let session = Session::of(&text, &programs(&["a", "b"])).unwrap();
        let counts = session.outcome(1).unwrap();
        assert!(counts.contains("7 tests passed, 1 of them skipped, 1 programs"), "{counts}");
        assert_eq!(session.restarts, ["Wine's server ended with a: assert"]);
    }

    #[test]
    fn a_session_that_stopped_early_is_no_session() {
        assert!(Session::of(GOOD, &programs(&["a", "b", "c"])).is_err());
        assert!(Session::of(&GOOD.replace("COMPLETE", ""), &programs(&["a", "b"])).is_err());
    }
}
