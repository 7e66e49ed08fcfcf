//! compio on io_uring, one thread: a task for each connection. The kernel performs the operations.

mod support;

use std::io;

use compio::BufResult;
use compio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use compio::net::{TcpListener, UdpSocket, UnixListener};
use support::Arguments;

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    let runtime = compio::runtime::Runtime::new()?;
    match arguments.load.as_str() {
        "echo" => runtime.block_on(serve(&arguments)),
        "datagrams" => runtime.block_on(datagrams(arguments.get("buffer"))),
        _ => arguments.unknown(),
    }
}

async fn serve(arguments: &Arguments) -> io::Result<()> {
    let buffer: usize = arguments.get("buffer");
    match arguments.find::<String>("path") {
        Some(path) => {
            let listener = UnixListener::bind(&path).await?;
            support::listening(path);
            loop {
                let (stream, _) = listener.accept().await?;
                compio::runtime::spawn(echo(stream, buffer)).detach();
            }
        }
        None => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            support::listening(listener.local_addr()?);
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                compio::runtime::spawn(echo(stream, buffer)).detach();
            }
        }
    }
}

async fn echo(mut stream: impl AsyncRead + AsyncWrite, buffer: usize) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(buffer);
    loop {
        buffer.clear();
        let BufResult(count, read) = stream.read(buffer).await;
        if count? == 0 {
            return Ok(());
        }
        let BufResult(written, all) = stream.write_all(read).await;
        written?;
        buffer = all;
    }
}

async fn datagrams(size: usize) -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    support::listening(socket.local_addr()?);
    let mut buffer = Vec::with_capacity(size);
    loop {
        buffer.clear();
        let BufResult(received, read) = socket.recv_from(buffer).await;
        let (_, peer) = received?;
        let BufResult(sent, all) = socket.send_to(read, peer).await;
        sent?;
        buffer = all;
    }
}
