//! User-space instructions for each message, counted by valgrind's callgrind: the same whatever
//! else the machine does.
//!
//! A server runs twice under it, with fewer and with more messages. What the difference in
//! messages made in instructions is the cost of one; starting up is in both and falls out.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Context, describe};
use crate::load::Shape;
use crate::load::echo::Clients;
use crate::peers::{OURS, PUBLISHED, Peer, RAW};
use crate::programs::{Program, quietly};
use crate::server::{Server, Wrapper};

pub const COUNT: (&str, &str) = ("instructions per message", "");

/// Those whose profiles are kept.
pub const PROFILED: [&str; 3] = [OURS, RAW, PUBLISHED];

pub fn run(context: &mut Context<'_>) -> Result<(), String> {
    if !context.has_tool("valgrind") {
        return Ok(());
    }
    let peers: Vec<_> = context.peers("echo");
    let mut peers: Vec<_> = peers
        .iter()
        .filter(|(peer, _)| peer.counts_instructions)
        .filter(|(peer, _)| !context.settings.quick || PROFILED.contains(&peer.name))
        .map(|row| (row.0.name, row))
        .collect();
    let shapes = [Shape::new(100, 64), Shape::new(1, 64)];
    for shape in &shapes[..if context.settings.quick { 1 } else { 2 }] {
        let shape = *shape;
        let setting = describe(shape);
        context.in_rounds(&setting, 1, &mut peers, |context, (peer, program), round| {
            let count = slope(context, peer, program, shape)?;
            context.add(peer.name, &setting, COUNT, round, count);
            Ok(())
        });
    }
    Ok(())
}

fn slope(
    context: &Context<'_>,
    peer: &Peer,
    program: &Program,
    shape: Shape,
) -> Result<f64, String> {
    let rounds = if context.settings.quick { 200 } else { 2000 } / shape.connections.min(20);
    let output = context.scratch()?.join(format!("{}.callgrind", peer.name));
    let few = count(peer, program, shape, rounds, &output)?;
    let many = count(peer, program, shape, 4 * rounds, &output)?;
    if PROFILED.contains(&peer.name) && shape.connections > 1 && !context.settings.quick {
        keep_profile(&context.profiles, peer, &output)?;
    }
    Ok((many - few) / (3 * rounds * shape.connections) as f64)
}

/// All instructions of a server that has answered so many rounds of messages.
fn count(
    peer: &Peer,
    program: &Program,
    shape: Shape,
    rounds: usize,
    output: &Path,
) -> Result<f64, String> {
    let words = ["valgrind", "--tool=callgrind", "--quiet"].map(str::to_owned);
    let mut wrapper = Wrapper(words.into());
    wrapper.0.push(format!("--callgrind-out-file={}", output.display()));
    let settings = [format!("buffer={}", shape.buffer())];
    let server = Server::start_in(&wrapper, program, "echo", &settings)?;
    let mut clients = Clients::connect(&server.address, peer.framing, shape)
        .map_err(|error| error.to_string())?;
    clients.run_rounds(rounds).map_err(|error| error.to_string())?;
    // While the clients are still connected, so that closing is not counted.
    server.terminate()?;
    let text = std::fs::read_to_string(output).map_err(|error| error.to_string())?;
    total(&text).ok_or_else(|| "callgrind counted nothing".into())
}

/// The sum in callgrind's output.
fn total(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| {
        line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: "))
    })?;
    line.split_whitespace().next()?.parse().ok()
}

/// Where the instructions went, function by function.
fn keep_profile(folder: &Path, peer: &Peer, output: &Path) -> Result<(), String> {
    let mut command = Command::new("callgrind_annotate");
    command.args(["--threshold=98", "--auto=no"]).arg(output);
    let text = quietly(&mut command)?;
    let functions: Vec<String> = text
        .lines()
        .skip_while(|line| !line.contains("file:function"))
        .filter(|line| !line.trim().is_empty())
        .take(24)
        .map(without_machine)
        .collect();
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let file: PathBuf = folder.join(format!("{}.txt", peer.name));
    std::fs::write(&file, functions.join("\n") + "\n").map_err(|error| error.to_string())
}

/// A line of a profile without where this machine keeps its files: the path from the name of the
/// crate or the library on, and no object file.
fn without_machine(line: &str) -> String {
    let line = line.split(" [").next().unwrap_or_default();
    let Some((count, place)) = line.split_once(")  ") else { return line.to_owned() };
    let starts = ["/programs/", "/registry/src/", "/library/"];
    let place = starts
        .iter()
        .find_map(|start| place.split_once(start))
        .map_or(place, |(_, rest)| rest)
        .trim_start_matches("../");
    let place = match place.split_once('/') {
        Some((index, rest)) if index.starts_with("index.") => rest,
        _ => place,
    };
    format!("{count})  {place}")
}

#[cfg(test)]
mod tests {
    use super::{total, without_machine};

    #[test]
    fn a_profile_names_no_folder_of_the_machine() {
        let line = "8 (2 %)  /home/x/.cargo/registry/src/index.crates.io-1/a-1/src/b.rs:c::d [/o]";
        assert_eq!(without_machine(line), "8 (2 %)  a-1/src/b.rs:c::d");
        let line = "8 (2 %)  /rustc/0a1b/library/core/src/option.rs:e::f";
        assert_eq!(without_machine(line), "8 (2 %)  core/src/option.rs:e::f");
        let line = "8 (2 %)  bench/peers/ours/../programs/mio/main.rs:g [/home/x/mio]";
        assert_eq!(without_machine(line), "8 (2 %)  mio/main.rs:g");
    }

    #[test]
    fn the_sum_is_found_in_callgrinds_output() {
        assert_eq!(total("# callgrind\nevents: Ir\n1 2\n\ntotals: 4711\n"), Some(4711.0));
        assert_eq!(total("summary: 12 3\n"), Some(12.0));
        assert_eq!(total("events: Ir\n"), None);
    }
}
