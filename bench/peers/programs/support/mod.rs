//! What every program of a peer shares: its arguments, what it prints, and where a server keeps
//! its connections.
//!
//! A program is started as `PROGRAM LOAD name=value...`. A server prints `listening ADDRESS` once
//! it is ready and runs until it is killed; any other load prints lines of `name value` and ends.

// Each program uses a part of it.
#![allow(dead_code)]

pub mod bursts;
pub mod idle;

use std::collections::HashMap;
use std::fmt::Display;
use std::io::Write;
use std::str::FromStr;

/// The load to run, and its settings.
pub struct Arguments {
    pub load: String,
    settings: HashMap<String, String>,
}

impl Arguments {
    pub fn of_process() -> Arguments {
        let mut words = std::env::args().skip(1);
        let load = words.next().unwrap_or_default();
        let settings = words
            .filter_map(|word| {
                word.split_once('=').map(|(name, value)| (name.into(), value.into()))
            })
            .collect();
        Arguments { load, settings }
    }

    /// A setting that the harness always gives.
    pub fn get<T: FromStr>(&self, name: &str) -> T {
        self.find(name).unwrap_or_else(|| stop(&format!("{name}=... is missing or not understood")))
    }

    pub fn find<T: FromStr>(&self, name: &str) -> Option<T> {
        self.settings.get(name)?.parse().ok()
    }

    pub fn has(&self, name: &str) -> bool {
        self.settings.contains_key(name)
    }

    /// Ends the program: this one has no such load.
    pub fn unknown(&self) -> ! {
        stop(&format!("no such load here: {}", self.load))
    }
}

pub fn stop(reason: &str) -> ! {
    eprintln!("{reason}");
    std::process::exit(2)
}

/// Tells the harness that the server is ready.
pub fn listening(address: impl Display) {
    print("listening", address);
}

/// One result of a load.
pub fn print(name: &str, value: impl Display) {
    let mut out = std::io::stdout();
    let written = writeln!(out, "{name} {value}").and_then(|()| out.flush());
    if written.is_err() {
        stop("nobody reads the results");
    }
}

/// The connections of a server, each under a small number.
pub struct Slab<T> {
    entries: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Slab<T> {
    pub fn new() -> Slab<T> {
        Slab { entries: Vec::new(), free: Vec::new() }
    }

    /// The number that the next entry will get.
    pub fn next_key(&self) -> usize {
        self.free.last().copied().unwrap_or(self.entries.len())
    }

    pub fn insert(&mut self, entry: T) -> usize {
        let key = self.next_key();
        match self.free.pop() {
            Some(_) => self.entries[key] = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        key
    }

    #[inline]
    pub fn get_mut(&mut self, key: usize) -> Option<&mut T> {
        self.entries.get_mut(key)?.as_mut()
    }

    pub fn remove(&mut self, key: usize) -> Option<T> {
        let entry = self.entries.get_mut(key)?.take();
        if entry.is_some() {
            self.free.push(key);
        }
        entry
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut T)> {
        self.entries.iter_mut().enumerate().filter_map(|(key, entry)| Some((key, entry.as_mut()?)))
    }
}

/// Lets the program have as many open files as it may.
pub fn raise_limit_of_files() {
    let limit = limit_of_files() as libc::rlim_t;
    let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
}

/// How many open files the program may have.
pub fn limit_of_files() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    limit.rlim_max as usize
}

/// Keeps the calling thread on one core. A machine that lacks it measures all the same.
pub fn pin(core: usize) {
    // SAFETY: all bytes zero are an empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the number is below the size of the set.
    unsafe { libc::CPU_SET(core, &mut set) };
    // SAFETY: the pointer is valid for the size given.
    unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
}

/// The value that this part of the values does not exceed; 0 of none.
pub fn quantile(values: &mut [u64], part: f64) -> u64 {
    values.sort_unstable();
    let last = values.len().saturating_sub(1);
    values.get((last as f64 * part).round() as usize).copied().unwrap_or(0)
}
