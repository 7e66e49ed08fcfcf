//! A server that sends each datagram back to where it came from.
//!
//!     cargo run --example udp_server --features os-poll,net -- 127.0.0.1:4000
//!     nc -u 127.0.0.1 4000
//!
//! A datagram that cannot be sent at once is held, and until it can be none is received: those that
//! come meanwhile wait in the kernel, which drops what it has no room for. So memory is bounded,
//! and loss is where UDP has it anyway. (Not for the open internet: the sender's address may be a
//! lie.)

use std::env;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};

const DEFAULT_ADDRESS: &str = "127.0.0.1:4000";

/// No datagram is larger.
const LARGEST: usize = 65_535;

fn main() -> ExitCode {
    let argument = env::args().nth(1);
    let argument = argument.as_deref().unwrap_or(DEFAULT_ADDRESS);
    match run(argument) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("udp_server {argument}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(address: &str) -> io::Result<()> {
    let address: SocketAddr = address
        .parse()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "not an address and a port"))?;
    let mut socket = UdpSocket::bind(address)?;
    println!("listening on {}", socket.local_addr()?);

    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(8);
    let interests = Interest::READABLE | Interest::WRITABLE;
    poll.registry().register(&mut socket, Token(0), interests)?;

    let mut echo = Echo { socket, buffer: vec![0; LARGEST], held: None };
    loop {
        match poll.poll(&mut events, None) {
            // There is one source only: whatever the event, go on until something would block.
            Ok(()) => echo.advance()?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

struct Echo {
    socket: UdpSocket,
    buffer: Vec<u8>,
    /// The datagram in the buffer that is still to be sent: its length, and to whom.
    held: Option<(usize, SocketAddr)>,
}

impl Echo {
    fn advance(&mut self) -> io::Result<()> {
        loop {
            let step = match self.held {
                Some((length, peer)) => self.send(length, peer),
                None => self.receive(),
            };
            match step {
                Ok(()) => {}
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return Ok(()),
                    // The last two tell of an earlier datagram that nobody took.
                    io::ErrorKind::Interrupted
                    | io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::ConnectionReset => {}
                    _ => return Err(error),
                },
            }
        }
    }

    fn receive(&mut self) -> io::Result<()> {
        self.held = Some(self.socket.recv_from(&mut self.buffer)?);
        Ok(())
    }

    fn send(&mut self, length: usize, peer: SocketAddr) -> io::Result<()> {
        match self.socket.send_to(&self.buffer[..length], peer) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                return Err(error);
            }
            // The trouble of this peer: nothing leads there, or it has no port.
            Err(error) => eprintln!("{peer}: {error}"),
            Ok(_) => {}
        }
        self.held = None;
        Ok(())
    }
}
