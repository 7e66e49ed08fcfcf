//! `UnixListener`, `UnixStream` and `UnixDatagram`.
#![cfg(all(unix, feature = "os-poll", feature = "net"))]

mod addresses;
mod datagram;
mod listener;
mod stream;
#[path = "../support/mod.rs"]
mod support;

use mio::event::Source;
use mio::{Interest, Poll, Token};

/// The token of the source that a test is about.
const SOURCE: Token = Token(1);

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A poll with `source` registered as [`SOURCE`].
fn polling(source: &mut impl Source, interest: Interest) -> Poll {
    let poll = Poll::new().unwrap();
    poll.registry().register(source, SOURCE, interest).unwrap();
    poll
}
