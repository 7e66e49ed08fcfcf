//! What went wrong in libraries of this kind before, row by row, does not go wrong here. `rows.rs`
//! has the rows. Numbers like `mio#941` are threads at github.com/tokio-rs/mio.
//!
//! All is public interface, so that each selector and each waker is tested by the same code.
#![cfg(all(target_os = "linux", feature = "os-poll", feature = "os-ext", feature = "net"))]

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod alone;
mod closing;
mod connection;
mod descriptors;
mod edges;
mod registrations;
mod rows;
mod signals;
mod system;
mod timeouts;
mod wakes;
