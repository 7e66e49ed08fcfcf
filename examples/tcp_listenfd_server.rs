//! The line echo of `tcp_server`, on a listener that a service manager opened: `sd_listen_fds(3)`.
//!
//!     cargo build --example tcp_listenfd_server --features os-poll,net
//!     systemd-socket-activate -l 127.0.0.1:4000 target/debug/examples/tcp_listenfd_server
//!     nc 127.0.0.1 4000
//!
//! The manager opens the socket before it starts the server. So no client is refused while the
//! server starts anew, and the server needs no rights to open the port.

mod line_echo;

use std::env;
use std::io;
use std::process::{self, ExitCode};

use mio::net::TcpListener;

/// The first descriptor that is passed on, by definition.
const FIRST: i32 = 3;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tcp_listenfd_server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    expect("LISTEN_PID", process::id())?;
    expect("LISTEN_FDS", 1)?;
    let listener = inherited_listener().map_err(|error| {
        io::Error::new(error.kind(), format!("descriptor {FIRST} is no TCP listener: {error}"))
    })?;
    println!("listening on {}", listener.local_addr()?);
    line_echo::serve(listener)
}

/// Checks one of the variables that tell a process what it was passed.
fn expect(name: &str, wanted: u32) -> io::Result<()> {
    let reason = match env::var(name) {
        Ok(value) if value.parse() == Ok(wanted) => return Ok(()),
        Ok(value) => format!("{name} is {value}, and should be {wanted}"),
        Err(_) => format!("{name} is not set: start this from a service manager"),
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, reason))
}

#[cfg(unix)]
fn inherited_listener() -> io::Result<TcpListener> {
    use std::net;
    use std::os::fd::BorrowedFd;

    // SAFETY: the manager promises that it is open, and nothing in this program closes it. Were the
    // promise broken, the only call made on it would fail.
    let inherited = unsafe { BorrowedFd::borrow_raw(FIRST) };
    // The manager cannot pass it on as close-on-exec, the duplicate is.
    let listener = net::TcpListener::from(inherited.try_clone_to_owned()?);
    // Fails for what is not a socket, or not one of the internet.
    listener.local_addr()?;
    listener.set_nonblocking(true)?;
    Ok(TcpListener::from_std(listener))
}

#[cfg(not(unix))]
fn inherited_listener() -> io::Result<TcpListener> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "only Unix passes descriptors on by number"))
}
