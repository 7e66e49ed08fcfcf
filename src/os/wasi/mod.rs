//! WASI: sockets as the standard library has them, and as little more as there is.
//!
//! Of preview 1 that is accepting, reading and writing; sockets come in as open descriptors. What
//! else the types can be asked for is [`Unsupported`](std::io::ErrorKind::Unsupported), as it is in
//! the standard library. Preview 2 has sockets of its own. Neither has threads or pipes.

#[cfg(all(feature = "net", target_env = "p1"))]
mod preview1;
#[cfg(all(feature = "net", not(target_env = "p1")))]
mod preview2;
#[cfg(feature = "os-poll")]
pub(crate) mod wake;

#[cfg(all(feature = "net", target_env = "p1"))]
pub(crate) use self::preview1::{tcp, udp};
#[cfg(all(feature = "net", not(target_env = "p1")))]
pub(crate) use self::preview2::{tcp, udp};
