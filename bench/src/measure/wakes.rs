//! Loads that programs run by themselves and print the results of: wakes, spawns, timeouts.

use std::time::Duration;

use super::{Context, bursts, calls};
use crate::server::{self, LOAD_CORE, SERVER_CORE};
use crate::system::AwakeCores;

/// How long one run may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Names of what programs print, with what the report calls them.
pub const EACH: (&str, &str) = ("time of each", "ns");
pub const MESSAGES: (&str, &str) = ("messages a second", "1/s");
const PER_POLL: (&str, &str) = ("messages per poll", "");
pub const TASKS: (&str, &str) = ("tasks a second", "1/s");
pub const MEDIAN: (&str, &str) = ("p50", "µs");
const P99: (&str, &str) = ("p99", "µs");
pub const EVENT: (&str, &str) = ("time per event", "ns");
pub const BYTES: (&str, &str) = ("user-space bytes per idle source", "B");
/// The placement of threads that decides how long a wake takes, and so is not left to the system.
pub const APART: &str = "a core each";
pub const TOGETHER: &str = "both on one core";
const PRINTED: [(&str, (&str, &str)); 10] = [
    ("nanoseconds", EACH),
    ("messages_per_second", MESSAGES),
    ("messages_per_poll", PER_POLL),
    ("tasks_per_second", TASKS),
    ("p50_microseconds", MEDIAN),
    ("p99_microseconds", P99),
    ("nanoseconds_per_event", EVENT),
    ("user_bytes_per_idle_source", BYTES),
    ("cpu_nanoseconds", bursts::CPU),
    ("datagrams_per_second", bursts::RATE),
];

pub fn pending(context: &mut Context<'_>) -> Result<(), String> {
    let count = less_if_quick(context, 1_000_000);
    run(context, "wake-pending", "as fast as it goes", &[format!("count={count}")], Some(0));
    calls::of_runs(context, "wake-pending", "count")
}

pub fn channel(context: &mut Context<'_>) -> Result<(), String> {
    let count = less_if_quick(context, 1_000_000);
    run(context, "wake-channel", "as fast as it goes", &[format!("count={count}")], None);
    Ok(())
}

pub fn round_trip(context: &mut Context<'_>) -> Result<(), String> {
    let count = |count| format!("count={}", less_if_quick(context, count));
    let (apart, together, free) = (count(10_000), count(50_000), count(10_000));
    let load = "wake-round-trip";
    let awake = AwakeCores::new(&[SERVER_CORE, LOAD_CORE]);
    run(context, load, APART, &[apart, "apart=yes".into()], None);
    drop(awake);
    run(context, load, TOGETHER, &[together], Some(0));
    // Each time other cores: a look, and no comparison.
    context.most_rounds = 3;
    run(context, load, "wherever the system has them run", &[free], None);
    context.most_rounds = usize::MAX;
    Ok(())
}

pub fn spawn(context: &mut Context<'_>) -> Result<(), String> {
    let count = less_if_quick(context, 1_000_000);
    run(context, "spawn", "as fast as it goes", &[format!("count={count}")], None);
    Ok(())
}

pub fn timeouts(context: &mut Context<'_>) -> Result<(), String> {
    let count = less_if_quick(context, 1000).max(50);
    let settings = [format!("count={count}"), "microseconds=10".into()];
    run(context, "timeouts", "10 µs", &settings, Some(0));
    Ok(())
}

fn less_if_quick(context: &Context<'_>, count: usize) -> usize {
    if context.settings.quick { count / 100 } else { count }
}

/// Has each peer run the load in each round, on one core or on all.
pub fn run(
    context: &mut Context<'_>,
    load: &'static str,
    setting: &str,
    settings: &[String],
    core: Option<usize>,
) {
    let peers = context.peers(load);
    let mut peers: Vec<_> = peers.iter().map(|row| (row.0.name, row)).collect();
    let rounds = context.rounds();
    context.in_rounds(setting, rounds, &mut peers, |context, (peer, program), round| {
        for (name, value) in server::run(program, load, settings, LIMIT, core)? {
            if let Some((_, metric)) = PRINTED.iter().find(|row| row.0 == name) {
                context.add(peer.name, setting, *metric, round, value);
            }
        }
        Ok(())
    });
}
