//! How long a message takes, at a rate that leaves every peer time.

use super::{Context, describe};
use crate::load::{Shape, rate};
use crate::samples::quantile;
use crate::server::{LOAD_CORE, Server};
use crate::system;

/// Messages a second. The slowest peers can serve several times as many on one core.
const RATE: u64 = 10_000;

const QUANTILES: [(f64, (&str, &str)); 3] =
    [(0.5, ("p50", "µs")), (0.99, ("p99", "µs")), (0.999, ("p99.9", "µs"))];

pub fn run(context: &mut Context<'_>) -> Result<(), String> {
    let shape = Shape::new(100, 64);
    let setting = format!("{RATE} messages a second, {}", describe(shape));
    let mut servers = Vec::new();
    for (peer, program) in context.peers("echo") {
        match Server::start(&program, "echo", &[format!("buffer={}", shape.buffer())]) {
            Ok(server) => servers.push((peer, server)),
            Err(reason) => context.note(&format!("{} left out: {reason}", peer.name)),
        }
    }
    let mut running: Vec<_> = servers.iter().map(|row| (row.0.name, row)).collect();
    system::pin(Some(LOAD_CORE));
    let (rounds, burst) = (context.settings.rounds, context.settings.burst);
    context.in_rounds(&setting, rounds, &mut running, |context, (peer, server), round| {
        let warm_up = context.warm_up(peer, round);
        let run = |duration| {
            rate::run(&server.address, peer.framing, shape, RATE, duration)
                .map_err(|error| error.to_string())
        };
        run(warm_up)?;
        let latencies = run(2 * burst)?;
        let mut microseconds: Vec<f64> =
            latencies.iter().map(|nanoseconds| *nanoseconds as f64 / 1000.0).collect();
        microseconds.sort_by(f64::total_cmp);
        for (part, metric) in QUANTILES {
            context.add(peer.name, &setting, metric, round, quantile(&microseconds, part));
        }
        Ok(())
    });
    system::pin(None);
    Ok(())
}
