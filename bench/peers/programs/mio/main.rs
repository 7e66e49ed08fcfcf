//! mio: this source is compiled once with this work tree's crate and once with the published one.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/echo.rs"]
mod echo;

#[cfg(feature = "batches")]
mod batches;
mod bursts;
mod datagrams;
mod idle;
mod streams;
mod timeouts;
mod wakes;

use mio::net::{TcpListener, UnixListener};
use support::Arguments;

fn main() -> std::io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    match arguments.load.as_str() {
        "echo" | "broadcast" => serve(&arguments),
        "datagrams" => datagrams::serve(arguments.get("buffer")),
        "bursts-one-by-one" => bursts::one_by_one(&arguments),
        #[cfg(feature = "batches")]
        "bursts-many" => batches::many(&arguments),
        #[cfg(feature = "batches")]
        "bursts-offload" => batches::offload(&arguments),
        "wake-pending" => wakes::pending(arguments.get("count")),
        "wake-channel" => wakes::channel(arguments.get("count")),
        "wake-round-trip" => wakes::round_trip(arguments.get("count"), arguments.has("apart")),
        "timeouts" => timeouts::run(arguments.get("microseconds"), arguments.get("count")),
        "idle" | "idle-poll" => idle::run(&arguments),
        _ => arguments.unknown(),
    }
}

fn serve(arguments: &Arguments) -> std::io::Result<()> {
    let buffer = arguments.get("buffer");
    let broadcast = arguments.load == "broadcast";
    match arguments.find::<String>("path") {
        Some(path) => {
            let listener = UnixListener::bind(&path)?;
            support::listening(path);
            streams::serve(listener, buffer, broadcast)
        }
        None => {
            let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap())?;
            support::listening(listener.local_addr()?);
            streams::serve(listener, buffer, broadcast)
        }
    }
}
