//! The measurements: each by its name, and what they share.

pub mod build;
mod bursts;
pub mod calls;
pub mod echo;
pub mod idle;
pub mod instructions;
mod latency;
pub mod printed;
mod processes;
pub mod wakes;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::load::Shape;
use crate::peers::{self, OURS, Peer};
use crate::programs::{self, Program, Programs};
use crate::samples::{Sample, Samples};
use crate::settings::Settings;

pub struct Measurement {
    pub name: &'static str,
    pub about: &'static str,
    run: fn(&mut Context<'_>) -> Result<(), String>,
}

const fn measurement(
    name: &'static str,
    run: fn(&mut Context<'_>) -> Result<(), String>,
    about: &'static str,
) -> Measurement {
    Measurement { name, about, run }
}

/// In the order of their importance: when time is up, the rest is left out.
pub const MEASUREMENTS: &[Measurement] = &[
    measurement(
        "instructions",
        instructions::run,
        "user-space instructions for each message that is sent back, counted by callgrind",
    ),
    measurement(
        "wake-pending",
        wakes::pending,
        "a wake of a loop that has one pending, and its system calls",
    ),
    measurement(
        "wake-channel",
        wakes::channel,
        "one thread sends through a channel with a wake after each message, another receives",
    ),
    measurement(
        "wake-round-trip",
        wakes::round_trip,
        "two threads wake each other, each asleep until then",
    ),
    measurement("spawn", wakes::spawn, "tasks that another thread spawns on a runtime of one"),
    measurement("timeouts", wakes::timeouts, "how long a wait of 10 microseconds takes"),
    measurement(
        "idle",
        idle::epoll,
        "the time of an event, and memory, with up to a million idle sources",
    ),
    measurement("idle-poll", idle::poll, "1,000 sources of which 1 is active, by poll(2)"),
    measurement("build", build::run, "building the crate with all features, and a small server"),
    measurement("tcp-echo", echo::tcp, "messages sent back over TCP"),
    measurement("unix-echo", echo::unix, "messages sent back over a Unix socket"),
    measurement("system-calls", calls::run, "system calls for each message, counted by strace"),
    measurement(
        "latency",
        latency::run,
        "the time until a message is back at a rate that all can serve",
    ),
    measurement("processes", processes::run, "start-up, and memory for each connection"),
    measurement("datagrams", echo::datagrams, "datagrams sent back over UDP"),
    measurement(
        "datagram-bursts",
        bursts::run,
        "bursts of 32 datagrams, sent and received by one thread",
    ),
    measurement("churn", echo::churn, "connections that live for one message"),
    measurement("broadcast", echo::broadcast, "messages passed on to all connections"),
    measurement("tcp-echo-shapes", echo::shapes, "TCP with more connections and larger messages"),
];

/// What a measurement works with.
pub struct Context<'a> {
    pub programs: &'a Programs,
    pub settings: &'a Settings,
    pub samples: Samples,
    /// What was left out and why, and what failed.
    pub notes: Vec<(&'static str, String)>,
    /// Where measurements may put files.
    pub folder: PathBuf,
    pub profiles: PathBuf,
    end: Option<Instant>,
    most_rounds: usize,
    name: &'static str,
}

impl<'a> Context<'a> {
    pub fn new(programs: &'a Programs, settings: &'a Settings, profiles: PathBuf) -> Context<'a> {
        Context {
            programs,
            settings,
            samples: Samples::default(),
            notes: Vec::new(),
            folder: programs::target(),
            profiles,
            end: settings.limit.map(|limit| Instant::now() + limit),
            most_rounds: usize::MAX,
            name: "",
        }
    }

    /// Runs a measurement. If it fails that is noted, and others can run all the same.
    pub fn run(&mut self, measurement: &'static Measurement) {
        self.name = measurement.name;
        if self.time_is_up() {
            self.note("left out, no time");
            return;
        }
        println!("{}: {}", measurement.name, measurement.about);
        let start = Instant::now();
        if let Err(reason) = (measurement.run)(self) {
            self.note(&format!("failed: {reason}"));
        }
        println!("  {:.1} s", start.elapsed().as_secs_f64());
    }

    /// How often comparisons are made now.
    fn rounds(&self) -> usize {
        self.settings.rounds.min(self.most_rounds)
    }

    pub fn time_is_up(&self) -> bool {
        self.end.is_some_and(|end| Instant::now() >= end)
    }

    /// Whether a program is there that a measurement needs; that it is not is noted.
    fn has_tool(&mut self, name: &str) -> bool {
        let answer = programs::quietly(Command::new(name).arg("--version"));
        if answer.is_err() {
            self.note(&format!("left out: {name} is not there (apt-get install {name})"));
        }
        answer.is_ok()
    }

    pub fn note(&mut self, text: &str) {
        println!("  {text}");
        self.notes.push((self.name, text.to_owned()));
    }

    pub fn add(
        &mut self,
        peer: &'static str,
        setting: &str,
        (metric, unit): (&'static str, &'static str),
        round: usize,
        value: f64,
    ) {
        let (measurement, setting) = (self.name, setting.to_owned());
        self.samples.all.push(Sample { measurement, peer, setting, metric, unit, round, value });
    }

    /// The peers that have a load and a program here.
    pub fn peers(&self, load: &str) -> Vec<(&'static Peer, Program)> {
        peers::with_load(load)
            .filter(|peer| self.wants(peer))
            .filter_map(|peer| Some((peer, self.programs.get(peer.name)?.clone())))
            .collect()
    }

    fn wants(&self, peer: &Peer) -> bool {
        let chosen = &self.settings.peers;
        chosen.is_empty() || peer.name == OURS || chosen.iter().any(|name| name == peer.name)
    }

    /// Runs an action for each peer in each round, the peers in another order each time, until
    /// all rounds are done or the time is up. A peer that fails is noted and left out from then on.
    pub fn in_rounds<P: Copy>(
        &mut self,
        setting: &str,
        rounds: usize,
        peers: &mut Vec<(&'static str, P)>,
        mut action: impl FnMut(&mut Context<'a>, P, usize) -> Result<(), String>,
    ) {
        for round in 0..rounds {
            let mut order = peers.clone();
            let shift = round % order.len().max(1);
            order.rotate_left(shift);
            if round % 2 == 1 {
                order.reverse();
            }
            for (name, peer) in order {
                if self.time_is_up() {
                    let done = format!("{round} whole rounds instead of {rounds}");
                    self.note(&format!("{setting}: {done}, no time"));
                    return;
                }
                progress(&format!("{setting}, round {} of {rounds}: {name}", round + 1));
                if let Err(reason) = action(self, peer, round) {
                    self.note(&format!("{setting}: {name} left out: {reason}"));
                    peers.retain(|(other, _)| *other != name);
                }
            }
        }
        progress("");
    }

    /// A folder for sockets and what tools write.
    pub fn scratch(&self) -> Result<PathBuf, String> {
        let folder = self.folder.join("scratch");
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder)
    }

    /// Time under load, longer where one round has to settle first.
    pub fn warm_up(&self, peer: &Peer, round: usize) -> Duration {
        match peer.warms_up() && round == 0 && !self.settings.quick {
            true => Duration::from_secs(4),
            false => self.settings.burst / 4,
        }
    }
}

/// One line that the next one takes the place of, where somebody looks.
pub fn progress(text: &str) {
    use std::io::{IsTerminal, Write};
    let mut output = std::io::stderr();
    if output.is_terminal() {
        let _ = write!(output, "\r\x1b[K{text:.100}");
        let _ = output.flush();
    }
}

pub fn describe(shape: Shape) -> String {
    format!("{} connections, {}", grouped(shape.connections), bytes(shape.size))
}

fn grouped(number: usize) -> String {
    match number {
        0..=999 => number.to_string(),
        _ => format!("{},{:03}", grouped(number / 1000), number % 1000),
    }
}

fn bytes(size: usize) -> String {
    match size {
        0..=1023 => format!("{size} B"),
        1024..=1048575 => format!("{} KiB", size / 1024),
        _ => format!("{} MiB", size / 1048576),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, grouped};

    #[test]
    fn numbers_are_written_for_readers() {
        assert_eq!([grouped(1), grouped(10_000), grouped(1_000_000)], ["1", "10,000", "1,000,000"]);
        assert_eq!([bytes(64), bytes(16_384), bytes(1 << 20)], ["64 B", "16 KiB", "1 MiB"]);
    }
}
