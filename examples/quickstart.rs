//! A server and three clients in one process and one thread. It prints what happens and ends by
//! itself:
//!
//!     cargo run --example quickstart --features os-poll,net
//!
//! Each client connects, sends a greeting, shuts down its writing side and reads until the end. The
//! server sends back what it receives. Messages are short here; `tcp_server` shows how to bound
//! what is kept for a client.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};

const LISTENER: Token = Token(0);
const CLIENTS: usize = 3;

/// Longer than this nothing takes here.
const LIMIT: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(128);

    let mut listener = TcpListener::bind("127.0.0.1:0".parse().expect("an address"))?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    println!("server: listening on {}", listener.local_addr()?);

    let mut clients = HashMap::new();
    for number in 1..=CLIENTS {
        let mut stream = TcpStream::connect(listener.local_addr()?)?;
        let interests = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut stream, Token(number), interests)?;
        clients.insert(Token(number), Client::new(number, stream));
    }
    let mut server = Server { listener, accepted: HashMap::new(), next: Token(CLIENTS + 1) };

    while !clients.is_empty() {
        match poll.poll(&mut events, Some(LIMIT)) {
            Ok(()) if events.is_empty() => return Err(io::ErrorKind::TimedOut.into()),
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        for event in &events {
            if event.token() == LISTENER {
                server.accept(poll.registry())?;
            } else if let Some(client) = clients.get_mut(&event.token()) {
                if client.advance()? {
                    clients.remove(&event.token());
                }
            } else {
                server.advance(event.token());
            }
        }
    }
    println!("all {CLIENTS} clients got back what they sent");
    Ok(())
}

struct Server {
    listener: TcpListener,
    /// Streams, and what is to be sent back on each.
    accepted: HashMap<Token, (TcpStream, Vec<u8>)>,
    next: Token,
}

impl Server {
    /// Accepts until that would block: one event may stand for many connections.
    fn accept(&mut self, registry: &Registry) -> io::Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut stream, peer)) => {
                    println!("server: accepted {peer}");
                    let interests = Interest::READABLE | Interest::WRITABLE;
                    match registry.register(&mut stream, self.next, interests) {
                        Ok(()) => drop(self.accepted.insert(self.next, (stream, Vec::new()))),
                        Err(error) => println!("server: cannot serve {peer}: {error}"),
                    }
                    self.next.0 += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn advance(&mut self, token: Token) {
        let Some((stream, bytes)) = self.accepted.get_mut(&token) else { return };
        match echo(stream, bytes) {
            Ok(false) => return,
            Ok(true) => println!("server: done with a client"),
            // Of this client only.
            Err(error) => println!("server: dropped a client: {error}"),
        }
        self.accepted.remove(&token);
    }
}

/// Sends back what comes. Returns whether all of it was, and nothing more will come.
fn echo(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let has_ended = receive(stream, bytes)?;
    send(stream, bytes)?;
    Ok(has_ended && bytes.is_empty())
}

struct Client {
    name: String,
    greeting: Vec<u8>,
    stream: TcpStream,
    is_connected: bool,
    to_send: Vec<u8>,
    received: Vec<u8>,
}

impl Client {
    fn new(number: usize, stream: TcpStream) -> Client {
        let greeting = format!("hello from client {number}").into_bytes();
        Client {
            name: format!("client {number}"),
            to_send: greeting.clone(),
            greeting,
            stream,
            is_connected: false,
            received: Vec::new(),
        }
    }

    /// Goes on after an event. Returns whether the client is done.
    fn advance(&mut self) -> io::Result<bool> {
        if !self.is_connected {
            match self.stream.finish_connect() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                result => result?,
            }
            println!("{}: connected to {}", self.name, self.stream.peer_addr()?);
            self.is_connected = true;
        }
        if !self.to_send.is_empty() {
            send(&mut self.stream, &mut self.to_send)?;
            if self.to_send.is_empty() {
                println!("{}: sent its greeting", self.name);
                self.stream.shutdown(Shutdown::Write)?;
            }
        }
        if !receive(&mut self.stream, &mut self.received)? {
            return Ok(false);
        }
        println!("{}: received {:?}", self.name, String::from_utf8_lossy(&self.received));
        if self.received != self.greeting {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "that is not what was sent"));
        }
        Ok(true)
    }
}

/// Receives until that would block, or the end of the stream, which it returns.
fn receive(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends until all is sent or that would block, and keeps what is left.
fn send(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => drop(bytes.drain(..count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
