//! Windows: sockets, named pipes, and the completion port on which all that was begun comes to its
//! end.
//!
//! Everything opened here is non-blocking or overlapped, and no child process inherits it. What the
//! standard library does that way already is left to it.

#[cfg(feature = "net")]
mod address;
mod call;
#[cfg(feature = "os-poll")]
pub(crate) mod lent;
#[cfg(feature = "os-poll")]
pub(crate) mod pipe;
#[cfg(feature = "os-poll")]
pub(crate) mod port;
#[cfg(any(feature = "os-poll", feature = "net"))]
pub(crate) mod socket;
#[cfg(feature = "os-poll")]
pub(crate) mod status;
#[cfg(feature = "net")]
pub(crate) mod tcp;
#[cfg(feature = "net")]
pub(crate) mod udp;
#[cfg(feature = "net")]
pub(crate) mod uds;
#[cfg(feature = "os-poll")]
pub(crate) mod wait;

/// What a selector watches on Windows.
pub(crate) type RawSource = std::os::windows::io::RawSocket;
