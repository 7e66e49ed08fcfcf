//! Windows: sockets are polled through AFD, the driver behind Winsock, and each poll that ends puts
//! a packet into a completion port.
//!
//! A poll tells of levels, once. So it is submitted for what is still to be reported, before each
//! wait or at once when one is under way, and what it finds is reported once: that makes the edges.
//! What is to be done for a socket at any time is decided in `socket.rs`, for a named pipe in
//! `pipe.rs`.

#[cfg(windows)]
mod device;
mod groups;
#[cfg(windows)]
mod handles;
#[cfg(windows)]
mod key;
#[cfg(all(test, feature = "net", unix))]
mod model;
mod pipe;
#[cfg(windows)]
mod pipes;
#[cfg(windows)]
mod selector;
mod socket;
#[cfg(windows)]
mod table;

#[cfg(windows)]
pub(crate) use self::pipes::SharedPipe;
#[cfg(windows)]
pub(crate) use self::selector::Afd;
