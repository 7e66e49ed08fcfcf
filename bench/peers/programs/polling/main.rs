//! The crate `polling`, edge-triggered, with sockets of the standard library.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/echo.rs"]
mod echo;

mod datagrams;
mod idle;
mod streams;
mod wakes;

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use support::Arguments;

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    match arguments.load.as_str() {
        "echo" | "broadcast" => serve(&arguments),
        "datagrams" => datagrams::serve(arguments.get("buffer")),
        "wake-pending" => wakes::pending(arguments.get("count")),
        "wake-channel" => wakes::channel(arguments.get("count")),
        "wake-round-trip" => wakes::round_trip(arguments.get("count"), arguments.has("apart")),
        "timeouts" => wakes::timeouts(arguments.get("microseconds"), arguments.get("count")),
        "idle" => idle::run(&arguments),
        _ => arguments.unknown(),
    }
}

fn serve(arguments: &Arguments) -> io::Result<()> {
    let buffer = arguments.get("buffer");
    let broadcast = arguments.load == "broadcast";
    match arguments.find::<String>("path") {
        Some(path) => {
            let listener = UnixListener::bind(&path)?;
            listener.set_nonblocking(true)?;
            support::listening(path);
            streams::serve(listener, buffer, broadcast)
        }
        None => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            listener.set_nonblocking(true)?;
            support::listening(listener.local_addr()?);
            streams::serve(listener, buffer, broadcast)
        }
    }
}
