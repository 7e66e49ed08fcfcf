//! Metal I/O: non-blocking sockets and pipes, and one way to wait for them, close to the operating
//! system.
#![deny(missing_docs, unsafe_code, unsafe_op_in_unsafe_fn)]
#![deny(clippy::undocumented_unsafe_blocks)]
// Features and forced selectors leave parts of the inside unused; by default nothing may be.
#![cfg_attr(
    any(
        mio_unsupported_force_poll_poll,
        not(all(feature = "os-poll", feature = "os-ext", feature = "net")),
    ),
    allow(dead_code, unused_imports)
)]

#[macro_use]
mod macros;

pub mod event;
#[cfg(all(unix, any(feature = "net", feature = "os-ext")))]
mod handle_traits;
mod interest;
#[cfg(any(feature = "net", feature = "os-ext"))]
mod io_source;
mod log;
#[cfg(feature = "net")]
pub mod net;
mod os;
mod poll;
mod selector;
#[cfg(any(feature = "net", feature = "os-ext"))]
mod stream_io;
mod token;
#[cfg(all(unix, feature = "os-ext"))]
pub mod unix;
mod waker;

pub use self::event::Events;
pub use self::interest::Interest;
pub use self::poll::{Poll, Registry};
pub use self::token::Token;
pub use self::waker::Waker;
