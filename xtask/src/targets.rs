//! The rows of `docs/PLATFORMS.md`, compiled: each with every set of features, no warning allowed.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::paths;
use crate::platforms::{self, Platform};
use crate::step::{Outcome, Step};
use crate::toolchain::Toolchain;

/// The sets of features that differ in what is compiled.
const FEATURES: [&str; 5] = ["", "os-poll", "net", "os-ext", "net,os-ext,log"];

/// Rows of a tier above this one are left out where the library has not been made for them.
struct Choice {
    targets: Vec<String>,
    tier: u8,
}

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    let choice = choose(arguments)?;
    Ok(vec![Step::new("targets", move || check(&choice))])
}

fn choose(arguments: &[String]) -> Result<Choice, String> {
    let mut choice = Choice { targets: Vec::new(), tier: 3 };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--tier" {
            let tier = words.next().ok_or("--tier wants a number")?;
            choice.tier = tier.parse().map_err(|_| format!("--tier {tier}: not a number"))?;
        } else if word.starts_with('-') {
            return Err(format!("unknown argument: {word}"));
        } else {
            choice.targets.push(word.clone());
        }
    }
    Ok(choice)
}

fn check(choice: &Choice) -> Outcome {
    let table = platforms::read()?;
    for target in &choice.targets {
        if !table.iter().any(|row| row.target == *target) {
            return Err(format!("{target} is no row of the table"));
        }
    }
    let chosen =
        |row: &&Platform| choice.targets.is_empty() || choice.targets.contains(&row.target);
    let toolchain = Toolchain::open()?;
    let is_wanted =
        |row: &&Platform| row.tier <= choice.tier || toolchain.describes_library(&row.target);
    let (rows, left_out): (Vec<_>, Vec<_>) = table.iter().filter(chosen).partition(is_wanted);
    for row in &left_out {
        println!("left out, as its library would have to be made: {}", row.target);
    }
    let failed = for_each(&rows, |row| {
        toolchain.describe_library(&row.target)?;
        check_row(&toolchain, row)
    });
    match failed.len() {
        0 => Ok(format!(
            "{} targets with rustc {}, {} left out",
            rows.len(),
            toolchain.version,
            left_out.len()
        )),
        number => Err(format!("{number} of {} targets: {}", rows.len(), failed.join(", "))),
    }
}

fn check_row(toolchain: &Toolchain, row: &Platform) -> Result<(), String> {
    let folder = paths::target("targets").join(&row.target);
    for features in FEATURES {
        let run = toolchain
            .cargo("check --quiet --locked --package mio --lib --no-default-features")
            .argument("--target")
            .argument(&row.target)
            .argument("--features")
            .argument(features)
            .variable("CARGO_TARGET_DIR", &folder)
            .variable("RUSTFLAGS", "-D warnings");
        // What `cargo clippy` does, with the clippy of this toolchain.
        let run = match row.tier {
            1 | 2 => run.variable("RUSTC_WORKSPACE_WRAPPER", toolchain.clippy()),
            _ => run,
        };
        run.quietly()?;
    }
    Ok(())
}

/// Does the same for each row, as many at a time as there are processors, and returns the targets
/// that failed. What failed is printed when it did.
fn for_each(
    rows: &[&Platform],
    action: impl Fn(&Platform) -> Result<(), String> + Sync,
) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let work = || {
        while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
            let start = Instant::now();
            let result = action(row);
            let seconds = start.elapsed().as_secs_f64();
            let verdict = if result.is_ok() { "ok" } else { "FAILED" };
            println!("{:32} {verdict:6} {seconds:6.1}s", row.target);
            if let Err(reason) = result {
                println!("{}: {reason}", row.target);
                failed.lock().expect("nothing panics in here").push(row.target.clone());
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(work);
        }
    });
    failed.into_inner().expect("nothing panics in here")
}
