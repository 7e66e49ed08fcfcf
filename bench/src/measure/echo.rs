//! Servers under load: what a message costs them, and how many a second there are.

use std::io;
use std::time::{Duration, Instant};

use super::{Context, describe};
use crate::load::broadcast::Audience;
use crate::load::echo::Clients;
use crate::load::{Shape, churn, datagrams as udp};
use crate::peers::Peer;
use crate::server::{LOAD_CORE, Server, socket_path};
use crate::system;

pub const COST: (&str, &str) = ("server CPU per message", "ns");
pub const RATE: (&str, &str) = ("messages a second", "1/s");

const MIB: usize = 1 << 20;

/// What runs against a server for so long, and returns how many messages it answered.
type Load = dyn FnMut(&Server, &Peer, Duration) -> io::Result<(u64, Duration, Duration)>;

pub fn tcp(context: &mut Context<'_>) -> Result<(), String> {
    for shape in [Shape::new(100, 64), Shape::new(1, 64)] {
        echo(context, shape, false)?;
    }
    Ok(())
}

pub fn unix(context: &mut Context<'_>) -> Result<(), String> {
    for shape in [Shape::new(100, 64), Shape::new(1, 64)] {
        echo(context, shape, true)?;
    }
    Ok(())
}

/// The rest of the sizes and numbers, those that most servers see first. 10,000 connections with
/// 1 MiB under way on each would measure the kernel's memory.
pub fn shapes(context: &mut Context<'_>) -> Result<(), String> {
    let mut shapes = vec![Shape::new(1000, 64), Shape::new(10_000, 64)];
    for size in [1024, 16 * 1024] {
        shapes.extend([100, 1, 1000, 10_000].map(|connections| Shape::new(connections, size)));
    }
    shapes.extend([1, 100, 1000].map(|connections| Shape::new(connections, MIB)));
    if context.settings.quick {
        shapes = vec![Shape::new(1000, 64), Shape::new(1, MIB)];
    }
    for shape in shapes {
        if context.time_is_up() {
            context.note(&format!("{}: left out, no time", describe(shape)));
            continue;
        }
        // Of less weight than what is compared with a target; a gigabyte each way takes seconds.
        context.most_rounds = if shape.connections * shape.size < 1 << 29 { 3 } else { 1 };
        echo(context, shape, false)?;
    }
    context.most_rounds = usize::MAX;
    Ok(())
}

fn echo(context: &mut Context<'_>, shape: Shape, unix: bool) -> Result<(), String> {
    let load = move |server: &Server, peer: &Peer, duration: Duration| {
        let mut clients = Clients::connect(&server.address, peer.framing, shape)?;
        timed(server, || clients.run_for(duration))
    };
    serve(context, "echo", &describe(shape), shape, unix, Box::new(load))
}

pub fn datagrams(context: &mut Context<'_>) -> Result<(), String> {
    for (count, size) in [(1, 64), (32, 64), (32, 1024)] {
        let shape = Shape::new(count, size);
        let setting = format!("{count} under way, {size} B");
        let load = move |server: &Server, _: &Peer, duration: Duration| {
            timed(server, || udp::run(&server.address, shape, duration))
        };
        serve(context, "datagrams", &setting, shape, false, Box::new(load))?;
    }
    Ok(())
}

pub fn churn(context: &mut Context<'_>) -> Result<(), String> {
    let shape = Shape::new(1, 64);
    let load = move |server: &Server, peer: &Peer, duration: Duration| {
        timed(server, || churn::run(&server.address, peer.framing, shape, duration))
    };
    serve(context, "echo", "64 B each", shape, false, Box::new(load))
}

pub fn broadcast(context: &mut Context<'_>) -> Result<(), String> {
    for shape in [Shape::new(100, 64), Shape::new(1000, 64)] {
        let load = move |server: &Server, _: &Peer, duration: Duration| {
            let mut audience = Audience::connect(&server.address, shape)?;
            timed(server, || audience.run_for(duration))
        };
        serve(context, "broadcast", &describe(shape), shape, false, Box::new(load))?;
    }
    Ok(())
}

/// The number of messages, the server's CPU time and the time that passed.
fn timed(
    server: &Server,
    load: impl FnOnce() -> io::Result<u64>,
) -> io::Result<(u64, Duration, Duration)> {
    let cpu = || system::cpu_time(server.process());
    let (before, start) = (cpu()?, Instant::now());
    let count = load()?;
    let elapsed = start.elapsed();
    Ok((count, cpu()? - before, elapsed))
}

/// Starts every peer that has the load, and has each serve in turn.
fn serve(
    context: &mut Context<'_>,
    load: &'static str,
    setting: &str,
    shape: Shape,
    unix: bool,
    mut run: Box<Load>,
) -> Result<(), String> {
    let folder = context.scratch()?;
    let mut servers = Vec::new();
    for (peer, program) in context.peers(load) {
        let mut settings = vec![format!("buffer={}", shape.buffer())];
        if unix {
            settings.push(format!("path={}", socket_path(&folder, peer.name).display()));
        }
        match Server::start(&program, load, &settings) {
            Ok(server) => servers.push((peer, server)),
            Err(reason) => context.note(&format!("{setting}: {} left out: {reason}", peer.name)),
        }
    }
    let mut running: Vec<_> = servers.iter().map(|row| (row.0.name, row)).collect();
    system::pin(Some(LOAD_CORE));
    let (rounds, burst) = (context.rounds(), context.settings.burst);
    context.in_rounds(setting, rounds, &mut running, |context, (peer, server), round| {
        let warm_up = context.warm_up(peer, round);
        run(server, peer, warm_up).map_err(|error| error.to_string())?;
        let (count, cpu, elapsed) = run(server, peer, burst).map_err(|error| error.to_string())?;
        let cost = cpu.as_nanos() as f64 / count.max(1) as f64;
        context.add(peer.name, setting, COST, round, cost);
        context.add(peer.name, setting, RATE, round, count as f64 / elapsed.as_secs_f64());
        Ok(())
    });
    system::pin(None);
    Ok(())
}
