//! Metal I/O: non-blocking sockets and pipes, and one way to wait for them, close to the operating
//! system.
//!
//! For those who write event loops, runtimes and servers: [`Poll`] waits for any number of sources,
//! and what it reports costs no more than the system's own facility does. There are no timers, no
//! files, no threads and no buffers in here.
//!
//! This is an independent implementation of the API of mio 1.x. The [`guide`] leads from nothing to
//! a correct server. Nothing is on by default: see [`features`]. A server wants `os-poll` and
//! `net`.
//!
//! # Examples
//!
//! A server that sends each datagram back:
//!
//! ```no_run
//! # #[cfg(all(feature = "os-poll", feature = "net"))]
//! # fn main() -> std::io::Result<()> {
//! use std::io;
//!
//! use mio::net::UdpSocket;
//! use mio::{Events, Interest, Poll, Token};
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(128);
//! let mut socket = UdpSocket::bind("127.0.0.1:4000".parse().unwrap())?;
//! poll.registry().register(&mut socket, Token(0), Interest::READABLE)?;
//!
//! let mut buffer = [0; 65_535];
//! loop {
//!     match poll.poll(&mut events, None) {
//!         Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
//!         result => result?,
//!     }
//!     for event in &events {
//!         println!("{event:?}");
//!         // Until it would block: one event may stand for many datagrams.
//!         loop {
//!             match socket.recv_from(&mut buffer) {
//!                 // What cannot be sent at once is lost, as datagrams may be.
//!                 Ok((length, peer)) => drop(socket.send_to(&buffer[..length], peer)),
//!                 Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
//!                 Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
//!                 Err(error) => return Err(error),
//!             }
//!         }
//!     }
//! }
//! # }
//! # #[cfg(not(all(feature = "os-poll", feature = "net")))]
//! # fn main() {}
//! ```
#![deny(missing_docs, unsafe_code, unsafe_op_in_unsafe_fn)]
#![deny(clippy::undocumented_unsafe_blocks)]
// Features, forced selectors and other systems leave parts of the inside unused; by default nothing
// may be.
#![cfg_attr(
    any(
        mio_unsupported_force_kqueue_model,
        mio_unsupported_force_libkqueue,
        not(target_os = "linux"),
        mio_unsupported_force_poll_poll,
        not(all(feature = "os-poll", feature = "os-ext", feature = "net")),
    ),
    allow(dead_code, unused_imports)
)]

#[macro_use]
mod macros;

pub mod event;
pub mod features;
pub mod guide;
#[cfg(any(feature = "net", all(feature = "os-ext", unix)))]
mod handle_traits;
mod interest;
#[cfg(any(feature = "net", all(feature = "os-ext", unix)))]
mod io_source;
mod log;
#[cfg(feature = "net")]
pub mod net;
mod os;
mod poll;
mod selector;
#[cfg(any(feature = "net", all(feature = "os-ext", unix)))]
mod stream_io;
mod token;
#[cfg(all(any(unix, target_os = "hermit"), feature = "os-ext"))]
pub mod unix;
mod waker;
#[cfg(all(windows, feature = "os-ext"))]
pub mod windows;

pub use self::event::Events;
pub use self::interest::Interest;
pub use self::poll::{Poll, Registry};
pub use self::token::Token;
pub use self::waker::Waker;
