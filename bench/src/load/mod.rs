//! The load: what is sent to a server, from this process, on a core of its own.

pub mod broadcast;
pub mod churn;
pub mod datagrams;
pub mod echo;
pub mod rate;
mod stream;
mod zmtp;

pub use stream::{Address, Framing};

use std::time::Duration;

/// A server that does not answer for so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// After so many connections it is made sure that the server has accepted them, as the system would
/// make those beyond a listener's queue wait for a second.
const AT_ONCE: usize = 64;

/// What is sent, and over how many connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub connections: usize,
    pub size: usize,
}

impl Shape {
    pub const fn new(connections: usize, size: usize) -> Shape {
        Shape { connections, size }
    }

    /// The buffer that a server gets: a message of up to 16 KiB is one short read.
    pub fn buffer(self) -> usize {
        (2 * self.size).clamp(4096, 65536)
    }
}
