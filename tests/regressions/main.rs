//! What went wrong in libraries of this kind before, row by row, does not go wrong here. `rows.rs`
//! has the rows. Numbers like `mio#941` are threads at github.com/tokio-rs/mio.
//!
//! All is public interface, so that each selector and each waker is tested by the same code. What
//! has Unix sockets, pipes or limits of a process is left out on Windows.
#![cfg(all(
    any(target_os = "linux", windows),
    feature = "os-poll",
    feature = "os-ext",
    feature = "net"
))]

#[path = "../support/mod.rs"]
mod support;

#[cfg(unix)]
mod addresses;
#[cfg(unix)]
mod alone;
#[cfg(unix)]
mod closing;
// What Unix sockets are tested with is of no use there.
#[cfg_attr(windows, allow(dead_code))]
mod connection;
#[cfg(unix)]
mod descriptors;
mod edges;
#[cfg(unix)]
mod registrations;
mod rows;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod system;
mod timeouts;
mod wakes;
