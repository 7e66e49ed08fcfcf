//! What went wrong in libraries of this kind before, row by row: `rows.rs` says which test shows
//! that it does not here. Numbers like `mio#941` are threads at github.com/tokio-rs/mio.
//!
//! All but the table is public interface, so that each selector is tested by the same code.
#![cfg(all(target_os = "linux", feature = "os-poll", feature = "os-ext", feature = "net"))]

#[path = "../support/mod.rs"]
mod support;

mod alone;
mod closing;
mod connection;
mod descriptors;
mod edges;
mod registrations;
mod signals;
mod system;
mod timeouts;
mod unix_addresses;
mod wakes;
