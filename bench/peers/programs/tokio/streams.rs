//! Servers of streams: a task for each connection.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::broadcast;

use crate::connection::{echo, tell_all};

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
