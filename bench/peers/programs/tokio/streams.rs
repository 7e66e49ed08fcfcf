//! Servers of streams: a task for each connection.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::broadcast::{self, Receiver, Sender};

pub trait Listener {
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    fn next(&self) -> impl Future<Output = io::Result<Self::Stream>>;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn next(&self) -> io::Result<TcpStream> {
        let (stream, _) = self.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Listener for UnixListener {
    type Stream = UnixStream;

    async fn next(&self) -> io::Result<UnixStream> {
        self.accept().await.map(|(stream, _)| stream)
    }
}

pub async fn serve<L: Listener>(listener: L, buffer: usize, broadcast: bool) -> io::Result<()> {
    let (sender, _) = broadcast::channel(1024);
    loop {
        let stream = listener.next().await?;
        match broadcast {
            true => {
                let (receiver, sender) = (sender.subscribe(), sender.clone());
                tokio::spawn(tell_all(stream, buffer, sender, receiver))
            }
            false => tokio::spawn(echo(stream, buffer)),
        };
    }
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

/// Passes on what this connection says, and tells it what all have said.
async fn tell_all(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    buffer: usize,
    sender: Sender<Arc<[u8]>>,
    mut receiver: Receiver<Arc<[u8]>>,
) -> io::Result<()> {
    let mut buffer = vec![0; buffer];
    let (mut reading, mut writing) = tokio::io::split(stream);
    loop {
        tokio::select! {
            count = reading.read(&mut buffer) => match count? {
                0 => return Ok(()),
                count => drop(sender.send(buffer[..count].into())),
            },
            message = receiver.recv() => match message {
                Ok(message) => writing.write_all(&message).await?,
                Err(_) => return Ok(()),
            },
        }
    }
}
