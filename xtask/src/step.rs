//! A step is one named piece of a command; a run is a list of steps with a summary at its end.
//!
//! A failed step does not stop the ones after it: one run shows everything that is wrong.

use std::time::{Duration, Instant};

/// What a step says of itself in the summary (often nothing), or why it failed.
pub type Outcome = Result<String, String>;

pub struct Step {
    name: String,
    action: Box<dyn FnOnce() -> Outcome>,
}

impl Step {
    pub fn new(name: impl Into<String>, action: impl FnOnce() -> Outcome + 'static) -> Step {
        Step { name: name.into(), action: Box::new(action) }
    }
}

struct Done {
    name: String,
    outcome: Outcome,
    took: Duration,
}

/// Runs every step in order and prints the summary; true when all of them passed.
pub fn run_all(steps: Vec<Step>) -> bool {
    let total = steps.len();
    let mut done = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        println!("\n=== [{}/{total}] {}", index + 1, step.name);
        let start = Instant::now();
        let outcome = (step.action)();
        if let Err(reason) = &outcome {
            println!("FAILED: {reason}");
        }
        done.push(Done { name: step.name, outcome, took: start.elapsed() });
    }
    print_summary(&done)
}

fn print_summary(done: &[Done]) -> bool {
    let width = done.iter().map(|step| step.name.len()).max().unwrap_or(0);
    println!("\n{:width$}  result     time", "step");
    for step in done {
        let result = if step.outcome.is_ok() { "ok" } else { "FAILED" };
        let seconds = step.took.as_secs_f64();
        let remark = match &step.outcome {
            Ok(note) => note,
            Err(reason) => reason.lines().next().unwrap_or_default(),
        };
        println!("{}", format!("{:width$}  {result:6} {seconds:7.1}s  {remark}", step.name).trim());
    }
    let failed = done.iter().filter(|step| step.outcome.is_err()).count();
    let total: Duration = done.iter().map(|step| step.took).sum();
    println!("{:width$}         {:7.1}s", "together", total.as_secs_f64());
    println!("steps: {} passed, {failed} failed", done.len() - failed);
    failed == 0
}
