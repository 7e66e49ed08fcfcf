//! System calls, counted by strace.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Context, describe};
use crate::load::Shape;
use crate::load::echo::Clients;
use crate::peers::Peer;
use crate::programs::Program;
use crate::server::{self, Server, Wrapper};
use crate::system;

pub const CALLS: (&str, &str) = ("system calls per message", "");
pub const CALLS_EACH: (&str, &str) = ("system calls each", "");

const LIMIT: Duration = Duration::from_secs(60);

/// For each message that a server sends back.
pub fn run(context: &mut Context<'_>) -> Result<(), String> {
    if !context.has_tool("strace") {
        return Ok(());
    }
    let peers = context.peers("echo");
    let mut peers: Vec<_> = peers.iter().map(|row| (row.0.name, row)).collect();
    for shape in [Shape::new(1, 64), Shape::new(100, 64)] {
        let setting = describe(shape);
        context.in_rounds(&setting, 1, &mut peers, |context, (peer, program), round| {
            let calls = of_server(context, peer, program, shape)?;
            context.add(peer.name, &setting, CALLS, round, calls);
            Ok(())
        });
    }
    Ok(())
}

fn of_server(
    context: &Context<'_>,
    peer: &Peer,
    program: &Program,
    shape: Shape,
) -> Result<f64, String> {
    let output = context.scratch()?.join(format!("{}.strace", peer.name));
    let server = Server::start(program, "echo", &[format!("buffer={}", shape.buffer())])?;
    let error = |error: std::io::Error| error.to_string();
    let mut clients = Clients::connect(&server.address, peer.framing, shape).map_err(error)?;
    let warm_up = if peer.warms_up() { 500 } else { 10 };
    clients.run_rounds(warm_up).map_err(error)?;
    let mut tracer = attach(server.process(), &output)?;
    let rounds = 2000 / shape.connections.min(100);
    let messages = clients.run_rounds(rounds).map_err(error);
    system::terminate(tracer.id());
    let ended = server::wait(&mut tracer, LIMIT);
    let _ = tracer.kill();
    let _ = tracer.wait();
    ended?;
    Ok(total(&output)? / messages? as f64)
}

/// Starts a tracer of all threads of a process, and waits until it has them.
fn attach(process: u32, output: &Path) -> Result<Child, String> {
    let mut command = Command::new("strace");
    command.args(["-f", "-c", "-o"]).arg(output).arg("-p").arg(process.to_string());
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    system::prepare(&mut command, None);
    let mut tracer = command.spawn().map_err(|error| format!("strace: {error}"))?;
    let mut line = String::new();
    let errors = tracer.stderr.take().expect("it is piped");
    let said = BufReader::new(errors).read_line(&mut line).is_ok_and(|count| count > 0);
    if !said || !line.contains("attached") {
        let _ = tracer.kill();
        let _ = tracer.wait();
        return Err(format!("strace does not attach: {line}"));
    }
    Ok(tracer)
}

/// The number in the last line of strace's table.
fn total(output: &Path) -> Result<f64, String> {
    let text = std::fs::read_to_string(output).map_err(|error| error.to_string())?;
    number_of_calls(&text).ok_or_else(|| format!("not understood: {text}"))
}

fn number_of_calls(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.trim_end().ends_with("total"))?;
    // Share, seconds, time for each, calls, perhaps errors.
    line.split_whitespace().nth(3)?.parse().ok()
}

/// For each repetition of a load that programs run by themselves, whose number is the setting
/// `name`: the difference that more of them make.
pub fn of_runs(context: &mut Context<'_>, load: &'static str, name: &str) -> Result<(), String> {
    if !context.has_tool("strace") {
        return Ok(());
    }
    let output = context.scratch()?.join("run.strace");
    let peers = context.peers(load);
    let mut peers: Vec<_> = peers.iter().map(|row| (row.0.name, row)).collect();
    let setting = "as fast as it goes";
    context.in_rounds(setting, 1, &mut peers, |context, (peer, program), round| {
        let mut calls = [0.0; 2];
        let counts = [100, 1100];
        for (calls, count) in calls.iter_mut().zip(counts) {
            let words = ["strace", "-f", "-c", "-o", &output.display().to_string()];
            let wrapper = Wrapper(words.map(str::to_owned).into());
            server::run_in(&wrapper, program, load, &[format!("{name}={count}")], LIMIT, None)?;
            *calls = total(&output)?;
        }
        let each = (calls[1] - calls[0]) / f64::from(counts[1] - counts[0]);
        context.add(peer.name, setting, CALLS_EACH, round, each);
        Ok(())
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::number_of_calls;

    #[test]
    fn the_number_of_calls_is_found_in_straces_table() {
        let table = "% time     seconds  usecs/call     calls    errors syscall\n\
                     ------ ----------- ----------- --------- --------- --------\n \
                     99.00    0.000040           1        41         2 read\n\
                     100.00    0.000040           0        57         2 total\n";
        assert_eq!(number_of_calls(table), Some(57.0));
    }
}
