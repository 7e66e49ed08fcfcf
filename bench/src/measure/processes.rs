//! What a server costs besides its messages: starting, and memory for each connection.

use super::Context;
use crate::load::Shape;
use crate::load::echo::Clients;
use crate::server::Server;

const START: (&str, &str) = ("start-up", "ms");
const AT_REST: (&str, &str) = ("memory without connections", "KiB");
const EACH: (&str, &str) = ("memory per connection", "B");

pub fn run(context: &mut Context<'_>) -> Result<(), String> {
    let connections = if context.settings.quick { 100 } else { 10_000 };
    let shape = Shape::new(connections, 64);
    let setting = format!("{} connections, a buffer of 4 KiB", super::grouped(connections));
    let peers = context.peers("echo");
    let mut peers: Vec<_> = peers.iter().map(|row| (row.0.name, row)).collect();
    let rounds = context.settings.rounds;
    context.in_rounds(&setting, rounds, &mut peers, |context, (peer, program), round| {
        let server = Server::start(program, "echo", &["buffer=4096".into()])?;
        context.add(peer.name, &setting, START, round, server.start_up.as_secs_f64() * 1000.0);
        if round > 2 {
            return Ok(());
        }
        let before = server.memory()?;
        let mut clients = Clients::connect(&server.address, peer.framing, shape)
            .map_err(|error| error.to_string())?;
        // Each is used once, so that what a connection needs is there.
        clients.run_rounds(1).map_err(|error| error.to_string())?;
        let each = (server.memory()? - before) / connections as f64;
        context.add(peer.name, &setting, AT_REST, round, before / 1024.0);
        context.add(peer.name, &setting, EACH, round, each);
        Ok(())
    });
    Ok(())
}
