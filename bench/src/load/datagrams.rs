//! Datagrams that come back.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::{Address, PATIENCE, Shape};

/// Keeps this many datagrams under way for so long; returns how many came back.
pub fn run(address: &Address, shape: Shape, duration: Duration) -> io::Result<u64> {
    let Address::Network(address) = address else {
        return Err(io::Error::other("datagrams go over UDP"));
    };
    let socket = connect(address)?;
    let message = vec![b'm'; shape.size];
    let mut buffer = vec![0; shape.size];
    let end = Instant::now() + duration;
    let mut done = 0;
    for _ in 0..shape.connections {
        socket.send(&message)?;
    }
    let mut under_way = shape.connections;
    while under_way > 0 {
        match socket.recv(&mut buffer) {
            Ok(_) if Instant::now() < end => drop(socket.send(&message)?),
            Ok(_) => under_way -= 1,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && done > 0 => {
                // Datagrams may be lost; those that came count.
                under_way = 0;
                continue;
            }
            Err(error) => return Err(error),
        }
        done += 1;
    }
    Ok(done)
}

fn connect(address: &SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(address)?;
    socket.set_read_timeout(Some(PATIENCE / 10))?;
    Ok(socket)
}
