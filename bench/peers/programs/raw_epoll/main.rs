//! epoll(7) by hand, through `libc`: what a careful programmer writes without a library. This is
//! the limit for programs that wait for readiness.

#[path = "../support/mod.rs"]
mod support;

mod bursts;
mod calls;
mod datagrams;
mod idle;
mod streams;
mod wakes;

use std::io;

use support::Arguments;

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    match arguments.load.as_str() {
        "echo" | "broadcast" => serve(&arguments),
        "datagrams" => datagrams::serve(arguments.get("buffer")),
        "bursts-one-by-one" => bursts::one_by_one(&arguments),
        "bursts-many" => bursts::many(&arguments),
        "bursts-offload" => bursts::offload(&arguments),
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
            let listener = std::os::unix::net::UnixListener::bind(&path)?;
            listener.set_nonblocking(true)?;
            support::listening(path);
            streams::serve(listener.into(), false, buffer, broadcast)
        }
        None => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
            listener.set_nonblocking(true)?;
            support::listening(listener.local_addr()?);
            streams::serve(listener.into(), true, buffer, broadcast)
        }
    }
}
