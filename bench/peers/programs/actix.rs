//! actix-server with one worker, on Tokio: a service for each connection.

mod support;

use std::io;
use std::os::unix::net::UnixListener as StdUnixListener;

use actix_rt::net::{TcpStream, UnixStream};
use actix_server::Server;
use actix_service::fn_service;
use support::Arguments;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    match arguments.load.as_str() {
        "echo" => actix_rt::System::new().block_on(serve(&arguments)),
        _ => arguments.unknown(),
    }
}

async fn serve(arguments: &Arguments) -> io::Result<()> {
    let buffer: usize = arguments.get("buffer");
    let server = Server::build().workers(1).max_concurrent_connections(20_000).disable_signals();
    let server = match arguments.find::<String>("path") {
        Some(path) => {
            let listener = StdUnixListener::bind(&path)?;
            support::listening(path);
            server.listen_uds("echo", listener, move || {
                fn_service(move |stream: UnixStream| echo(stream, buffer))
            })?
        }
        None => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
            support::listening(listener.local_addr()?);
            server.listen("echo", listener, move || {
                fn_service(move |stream: TcpStream| async move {
                    stream.set_nodelay(true)?;
                    echo(stream, buffer).await
                })
            })?
        }
    };
    server.run().await
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite + Unpin, buffer: usize) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}
