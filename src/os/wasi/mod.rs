//! WASI: sockets as the standard library has them, and as little more as there is.
//!
//! Of preview 1 that is accepting, reading and writing; sockets come in as open descriptors. What
//! else the types can be asked for is [`Unsupported`](std::io::ErrorKind::Unsupported), as it is in
//! the standard library. Preview 2 has sockets of its own. Neither has threads or pipes.

#[cfg(feature = "os-poll")]
#[path = "../unix/call.rs"]
#[allow(dead_code)]
pub(crate) mod call;
#[cfg(feature = "net")]
mod datagrams;
#[cfg(all(feature = "net", target_env = "p1"))]
mod preview1;
#[cfg(all(feature = "net", not(target_env = "p1")))]
mod preview2;
#[cfg(feature = "os-poll")]
pub(crate) mod wake;

/// What a selector watches on WASI.
pub(crate) type RawSource = std::os::fd::RawFd;

#[cfg(feature = "net")]
pub(crate) mod tcp {
    #[cfg(target_env = "p1")]
    pub(crate) use super::preview1::{accept, begin_connect, finish_connect, local_addr};
    #[cfg(not(target_env = "p1"))]
    pub(crate) use super::preview2::{accept, begin_connect, finish_connect, local_addr};
}

#[cfg(feature = "net")]
pub(crate) mod udp {
    pub(crate) use super::datagrams::*;
    #[cfg(target_env = "p1")]
    pub(crate) use super::preview1::{only_v6, option};
    #[cfg(not(target_env = "p1"))]
    pub(crate) use super::preview2::{only_v6, option};
}
