//! Connections that live for one message.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::stream::{Address, Framing};
use super::{PATIENCE, Shape, zmtp};

/// Connects, sends a message, waits for it to come back and closes, again and again for so long;
/// returns how often.
pub fn run(
    address: &Address,
    framing: Framing,
    shape: Shape,
    duration: Duration,
) -> io::Result<u64> {
    let Address::Network(address) = address else {
        return Err(io::Error::other("connections come and go over TCP"));
    };
    let message = framing.message(shape.size);
    let mut answer = vec![0; message.len()];
    let end = Instant::now() + duration;
    let mut count = 0;
    while Instant::now() < end {
        ask(address, framing, &message, &mut answer)?;
        count += 1;
    }
    Ok(count)
}

fn ask(
    address: &SocketAddr,
    framing: Framing,
    message: &[u8],
    answer: &mut [u8],
) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    if framing == Framing::Zmtp {
        zmtp::shake_hands(&mut stream)?;
    }
    stream.write_all(message)?;
    stream.read_exact(answer)
}
