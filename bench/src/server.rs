//! A program of a peer, started and watched. It ends when this handle does, whatever happens.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::load::Address;
use crate::programs::Program;
use crate::system;

/// The core that what is measured runs on; the load runs on the other.
pub const SERVER_CORE: usize = 0;
pub const LOAD_CORE: usize = 1;

/// How long a program may take to be ready. Under valgrind it takes a while.
const READY: Duration = Duration::from_secs(60);

/// What is started in front of a program.
#[derive(Clone, Debug, Default)]
pub struct Wrapper(pub Vec<String>);

pub struct Server {
    child: Child,
    pub address: Address,
    /// From the start of the process until it was ready.
    pub start_up: Duration,
    socket: Option<PathBuf>,
    // The server may write to it as long as it lives.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a load of a program with settings of the form `name=value`, and waits until it
    /// listens.
    pub fn start(program: &Program, load: &str, settings: &[String]) -> Result<Server, String> {
        Server::start_in(&Wrapper::default(), program, load, settings)
    }

    pub fn start_in(
        wrapper: &Wrapper,
        program: &Program,
        load: &str,
        settings: &[String],
    ) -> Result<Server, String> {
        let mut command = wrapped(wrapper, program);
        command.arg(load).args(settings).stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        system::prepare(&mut command, Some(SERVER_CORE));
        let start = Instant::now();
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.name))?;
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let errors = child.stderr.take().expect("it is piped");
        let errors = thread::spawn(move || read_all(errors));
        let (line, output) = match first_line(output) {
            Ok(answer) => answer,
            Err(reason) => {
                end(&mut child);
                let errors = errors.join().unwrap_or_default();
                return Err(format!("{}: {reason} {errors}", program.name));
            }
        };
        let start_up = start.elapsed();
        let Some(address) = line.trim().strip_prefix("listening ") else {
            end(&mut child);
            return Err(format!("{}: it says {line:?}", program.name));
        };
        let address = Address::parse(address);
        let socket = match &address {
            Address::Path(path) => Some(path.clone()),
            Address::Network(_) => None,
        };
        Ok(Server { child, address, start_up, socket, _output: output })
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The memory that it has for itself, in bytes.
    pub fn memory(&self) -> Result<f64, String> {
        let path = format!("/proc/{}/smaps_rollup", self.process());
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let kilobytes = text
            .lines()
            .filter(|line| line.starts_with("Private_"))
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        Ok(kilobytes.sum::<f64>() * 1024.0)
    }

    /// Asks it to end, so that what watches it from within can say what it saw.
    pub fn terminate(mut self) -> Result<(), String> {
        system::terminate(self.process());
        wait(&mut self.child, READY).map(drop)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
        if let Some(path) = &self.socket {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Runs a load that ends by itself and prints lines of `name value`.
pub fn run(
    program: &Program,
    load: &str,
    settings: &[String],
    limit: Duration,
    core: Option<usize>,
) -> Result<Vec<(String, f64)>, String> {
    run_in(&Wrapper::default(), program, load, settings, limit, core)
}

pub fn run_in(
    wrapper: &Wrapper,
    program: &Program,
    load: &str,
    settings: &[String],
    limit: Duration,
    core: Option<usize>,
) -> Result<Vec<(String, f64)>, String> {
    let mut command = wrapped(wrapper, program);
    command.arg(load).args(settings).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    system::prepare(&mut command, core);
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.name))?;
    let output = child.stdout.take().expect("it is piped");
    let errors = child.stderr.take().expect("it is piped");
    let output = thread::spawn(move || read_all(output));
    let errors = thread::spawn(move || read_all(errors));
    let status = wait(&mut child, limit);
    end(&mut child);
    let errors = errors.join().unwrap_or_default();
    if !status? {
        return Err(format!("{} {load} failed: {}", program.name, errors.trim()));
    }
    let output = output.join().unwrap_or_default();
    Ok(output.lines().filter_map(result).collect())
}

fn result(line: &str) -> Option<(String, f64)> {
    let (name, value) = line.split_once(' ')?;
    Some((name.to_owned(), value.trim().parse().ok()?))
}

fn wrapped(wrapper: &Wrapper, program: &Program) -> Command {
    let words: Vec<&str> = wrapper
        .0
        .iter()
        .map(String::as_str)
        .chain(program.words.iter().map(String::as_str))
        .collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

/// Whether it ended well, within the limit.
pub fn wait(child: &mut Child, limit: Duration) -> Result<bool, String> {
    let end = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status.success()),
            Ok(None) if Instant::now() > end => return Err(format!("not done in {limit:?}")),
            Ok(None) => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn read_all(mut source: impl Read) -> String {
    let mut text = Vec::new();
    let _ = source.read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The first line of what a server says, and the rest to come.
fn first_line(
    mut output: BufReader<ChildStdout>,
) -> Result<(String, BufReader<ChildStdout>), String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let result: io::Result<usize> = output.read_line(&mut line);
        let _ = sender.send((result.map(|_| line), output));
    });
    match receiver.recv_timeout(READY) {
        Ok((Ok(line), output)) if !line.is_empty() => Ok((line, output)),
        Ok(_) => Err("it ended before it was ready:".into()),
        Err(_) => Err(format!("it was not ready in {READY:?}")),
    }
}

/// A name for a Unix socket that no other server has.
pub fn socket_path(folder: &Path, peer: &str) -> PathBuf {
    folder.join(format!("{peer}-{}.socket", std::process::id()))
}
