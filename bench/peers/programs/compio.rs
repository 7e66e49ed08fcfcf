//! compio on io_uring, one thread: a task for each connection. The kernel performs the operations.

mod support;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use compio::BufResult;
use compio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use compio::net::{TcpListener, UdpSocket, UnixListener};
use support::{Arguments, print, quantile};
use tokio::sync::broadcast::{self, Receiver, Sender};
use tokio::sync::oneshot;

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    support::raise_limit_of_files();
    let runtime = compio::runtime::Runtime::new()?;
    match arguments.load.as_str() {
        "echo" | "broadcast" => runtime.block_on(serve(&arguments)),
        "datagrams" => runtime.block_on(datagrams(arguments.get("buffer"))),
        "timeouts" => runtime.block_on(timeouts(&arguments)),
        _ => arguments.unknown(),
    }
}

async fn serve(arguments: &Arguments) -> io::Result<()> {
    let buffer: usize = arguments.get("buffer");
    let audience = match arguments.load.as_str() {
        "broadcast" => Some(broadcast::channel(1024).0),
        _ => None,
    };
    match arguments.find::<String>("path") {
        Some(path) => {
            let listener = UnixListener::bind(&path).await?;
            support::listening(path);
            loop {
                let (stream, _) = listener.accept().await?;
                start(stream, buffer, audience.as_ref());
            }
        }
        None => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            support::listening(listener.local_addr()?);
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                start(stream, buffer, audience.as_ref());
            }
        }
    }
}

/// Serves a connection, or with an audience what it says and what all say, each in its task.
fn start<S>(stream: S, buffer: usize, audience: Option<&Sender<Arc<[u8]>>>)
where
    S: AsyncRead + AsyncWrite + Clone + 'static,
{
    match audience {
        Some(sender) => {
            let (writing, receiver) = (stream.clone(), sender.subscribe());
            let (is_open, end) = oneshot::channel();
            compio::runtime::spawn(tell_one(writing, receiver, end)).detach();
            compio::runtime::spawn(listen_to(stream, buffer, sender.clone(), is_open)).detach();
        }
        None => compio::runtime::spawn(echo(stream, buffer)).detach(),
    }
}

/// Drops `_is_open` when the connection has ended.
async fn listen_to(
    mut stream: impl AsyncRead,
    buffer: usize,
    sender: Sender<Arc<[u8]>>,
    _is_open: oneshot::Sender<()>,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(buffer);
    loop {
        buffer.clear();
        let BufResult(count, read) = stream.read(buffer).await;
        if count? == 0 {
            return Ok(());
        }
        // Nobody left to be told is no error.
        let _ = sender.send(read.as_slice().into());
        buffer = read;
    }
}

async fn tell_one(
    mut stream: impl AsyncWrite,
    mut receiver: Receiver<Arc<[u8]>>,
    mut end: oneshot::Receiver<()>,
) -> io::Result<()> {
    loop {
        let message = tokio::select! {
            message = receiver.recv() => message,
            _ = &mut end => return Ok(()),
        };
        let Ok(message) = message else { return Ok(()) };
        let BufResult(written, _) = stream.write_all(message).await;
        written?;
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

async fn timeouts(arguments: &Arguments) -> io::Result<()> {
    let timeout = Duration::from_micros(arguments.get("microseconds"));
    let count: usize = arguments.get("count");
    let mut waits = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        compio::time::sleep(timeout).await;
        waits.push(start.elapsed().as_nanos() as u64);
    }
    print("p50_microseconds", quantile(&mut waits, 0.50) as f64 / 1000.0);
    print("p99_microseconds", quantile(&mut waits, 0.99) as f64 / 1000.0);
    Ok(())
}
