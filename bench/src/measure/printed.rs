//! Loads that programs run by themselves and print the results of: what they print, and running
//! them.

use std::time::Duration;

use super::Context;
use crate::server;

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
pub const CPU: (&str, &str) = ("CPU per datagram, both sides", "ns");
pub const RATE: (&str, &str) = ("datagrams a second", "1/s");

const PRINTED: [(&str, (&str, &str)); 10] = [
    ("nanoseconds", EACH),
    ("messages_per_second", MESSAGES),
    ("messages_per_poll", PER_POLL),
    ("tasks_per_second", TASKS),
    ("p50_microseconds", MEDIAN),
    ("p99_microseconds", P99),
    ("nanoseconds_per_event", EVENT),
    ("user_bytes_per_idle_source", BYTES),
    ("cpu_nanoseconds", CPU),
    ("datagrams_per_second", RATE),
];

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
