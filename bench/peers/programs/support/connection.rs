//! What a task does with a connection: the same for all that are built on Tokio.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::broadcast::{Receiver, Sender};

pub async fn echo(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    buffer: usize,
) -> io::Result<()> {
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
pub async fn tell_all(
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
