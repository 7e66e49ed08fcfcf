//! What went wrong on Windows before, in libraries of this kind, does not go wrong here. The rows
//! are those of `tests/regressions/rows.rs`.
#![cfg(all(windows, feature = "os-poll", feature = "os-ext", feature = "net"))]

mod handles;
mod pipe_registrations;
mod pipes;
mod sockets;
mod source_sockets;
#[path = "../support/mod.rs"]
mod support;
mod unix_sockets;
