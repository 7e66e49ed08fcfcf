//! Measures this work tree's mio side by side with its peers, each a program of its own, and
//! writes a report. `cargo run --release -p bench` says how it is used.

mod load;
mod machine;
mod measure;
mod peers;
mod programs;
mod report;
mod samples;
mod server;
mod settings;
mod system;
mod targets;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use measure::{Context, MEASUREMENTS, Measurement};
use programs::Programs;
use settings::{Command, Settings};

fn main() -> ExitCode {
    match settings::parse(std::env::args().skip(1)) {
        Command::Usage(reason) => {
            eprintln!("{reason}\n\n{}", settings::USAGE);
            ExitCode::from(2)
        }
        Command::List => {
            list();
            ExitCode::SUCCESS
        }
        Command::Measure(settings) => match measure(&settings) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(reason) => {
                eprintln!("{reason}");
                ExitCode::from(2)
            }
        },
    }
}

fn list() {
    println!("measurements:");
    for measurement in MEASUREMENTS {
        println!("  {:16} {}", measurement.name, measurement.about);
    }
    println!("peers:");
    for peer in peers::PEERS {
        println!("  {:16} {}", peer.name, peer.about);
    }
}

/// Whether something was measured, and in a quick run, whether nothing failed.
fn measure(settings: &Settings) -> Result<bool, String> {
    let chosen = choose(settings)?;
    system::raise_limit_of_files(measure::idle::FILES);
    let start = Instant::now();
    let programs = Programs::build(|peer| {
        let named = &settings.peers;
        named.is_empty() || peer.name == peers::OURS || named.iter().any(|name| name == peer.name)
    });
    println!("built in {:.0} s", start.elapsed().as_secs_f64());
    let folder = report_folder(settings);
    let mut context = Context::new(&programs, settings, folder.join("profiles"));
    let machine = machine::describe();
    // Written after each measurement, so that a run that is ended has its report.
    for measurement in &chosen {
        context.run(measurement);
        report::write(&folder, &context, &machine)?;
    }
    println!("{}", folder.join("README.md").display());
    for verdict in targets::verdicts(&context.samples) {
        if verdict.outcome != targets::Outcome::NotMeasured {
            println!(
                "{}: {} ({}): {}",
                verdict.what, verdict.measured, verdict.target, verdict.words
            );
        }
    }
    let failed = settings.quick && context.notes.iter().any(|(_, note)| note.contains("failed"));
    Ok(!context.samples.all.is_empty() && !failed)
}

fn choose(settings: &Settings) -> Result<Vec<&'static Measurement>, String> {
    let unknown = |name: &&String| MEASUREMENTS.iter().all(|known| known.name != **name);
    if let Some(name) = settings.names.iter().find(unknown) {
        return Err(format!("no such measurement: {name}"));
    }
    let is_chosen = |measurement: &&Measurement| {
        settings.names.is_empty() || settings.names.iter().any(|name| name == measurement.name)
    };
    Ok(MEASUREMENTS.iter().filter(is_chosen).collect())
}

/// What is committed is written by a run of everything only.
fn report_folder(settings: &Settings) -> PathBuf {
    match settings.names.is_empty() && settings.peers.is_empty() && !settings.quick {
        true => programs::folder().join("report"),
        false => programs::target().join("report"),
    }
}
