//! actix-server with one worker, on Tokio: a service for each connection.

mod support;

#[path = "support/connection.rs"]
mod connection;

use std::io;
use std::os::unix::net::UnixListener as StdUnixListener;
use std::sync::Arc;

use actix_rt::net::{TcpStream, UnixStream};
use actix_server::Server;
use actix_service::fn_service;
use support::Arguments;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast::{self, Sender};

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    match arguments.load.as_str() {
        "echo" | "broadcast" => actix_rt::System::new().block_on(serve(&arguments)),
        _ => arguments.unknown(),
    }
}

async fn serve(arguments: &Arguments) -> io::Result<()> {
    let buffer: usize = arguments.get("buffer");
    let audience = match arguments.load.as_str() {
        "broadcast" => Some(broadcast::channel(1024).0),
        _ => None,
    };
    let server = Server::build().workers(1).max_concurrent_connections(20_000).disable_signals();
    let server = match arguments.find::<String>("path") {
        Some(path) => {
            let listener = StdUnixListener::bind(&path)?;
            support::listening(path);
            server.listen_uds("streams", listener, move || {
                let audience = audience.clone();
                fn_service(move |stream: UnixStream| serve_one(stream, buffer, audience.clone()))
            })?
        }
        None => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
            support::listening(listener.local_addr()?);
            server.listen("streams", listener, move || {
                let audience = audience.clone();
                fn_service(move |stream: TcpStream| {
                    let audience = audience.clone();
                    async move {
                        stream.set_nodelay(true)?;
                        serve_one(stream, buffer, audience).await
                    }
                })
            })?
        }
    };
    server.run().await
}

async fn serve_one(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    buffer: usize,
    audience: Option<Sender<Arc<[u8]>>>,
) -> io::Result<()> {
    match audience {
        Some(sender) => {
            let receiver = sender.subscribe();
            connection::tell_all(stream, buffer, sender, receiver).await
        }
        None => connection::echo(stream, buffer).await,
    }
}
