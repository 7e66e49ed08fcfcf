//! Tokio on one thread: this source is compiled once on this work tree's mio and once on the
//! published one.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/connection.rs"]
mod connection;

mod streams;
mod tasks;

use std::io;

use support::Arguments;
use tokio::net::{TcpListener, UdpSocket, UnixListener};

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.load.as_str() {
        "echo" | "broadcast" => runtime.block_on(serve(&arguments)),
        "datagrams" => runtime.block_on(datagrams(arguments.get("buffer"))),
        "spawn" => tasks::spawn(&runtime, arguments.get("count")),
        "wake-channel" => tasks::channel(&runtime, arguments.get("count")),
        "timeouts" => tasks::timeouts(&runtime, &arguments),
        _ => arguments.unknown(),
    }
}

async fn serve(arguments: &Arguments) -> io::Result<()> {
    let buffer = arguments.get("buffer");
    let broadcast = arguments.load == "broadcast";
    match arguments.find::<String>("path") {
        Some(path) => {
            let listener = UnixListener::bind(&path)?;
            support::listening(path);
            streams::serve(listener, buffer, broadcast).await
        }
        None => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            support::listening(listener.local_addr()?);
            streams::serve(listener, buffer, broadcast).await
        }
    }
}

/// Sends datagrams back. What finds no room is waited for.
async fn datagrams(buffer: usize) -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    support::listening(socket.local_addr()?);
    let mut buffer = vec![0; buffer];
    loop {
        let (count, peer) = socket.recv_from(&mut buffer).await?;
        socket.send_to(&buffer[..count], peer).await?;
    }
}
