//! A greeting between a virtual machine and its host: `AF_VSOCK`, by way of `SourceFd`.
//!
//!     cargo run --example vsock --features os-poll,os-ext -- listen 4000
//!     cargo run --example vsock --features os-poll,os-ext -- connect 2 4000
//!
//! An address is the number of a machine (its context identifier: 1 the machine itself, where the
//! kernel has `vsock_loopback`, 2 the host) and a port. The crate `socket2` opens the sockets, this
//! crate waits. Linux only.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("vsock: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
use recipe::run;

#[cfg(not(target_os = "linux"))]
fn run(_: &[String]) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
mod recipe {
    use std::io::{self, Read, Write};
    use std::os::fd::AsRawFd;

    use mio::unix::SourceFd;
    use mio::{Events, Interest, Poll, Token};
    use rustix::io::Errno;
    use socket2::{Domain, SockAddr, Socket, Type};

    const SOCKET: Token = Token(0);

    /// `VMADDR_CID_ANY`: whichever number this machine has.
    const ANY_MACHINE: u32 = u32::MAX;

    pub fn run(arguments: &[String]) -> io::Result<()> {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match words[..] {
            ["listen", port] => listen(number(port)?),
            ["connect", machine, port] => connect(number(machine)?, number(port)?),
            _ => Err(invalid("listen PORT, or connect MACHINE PORT".into())),
        }
    }

    fn number(word: &str) -> io::Result<u32> {
        word.parse().map_err(|error| invalid(format!("{word}: {error}")))
    }

    fn invalid(message: String) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, message)
    }

    fn open() -> io::Result<Socket> {
        let socket = Socket::new(Domain::VSOCK, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// Greets one client.
    fn listen(port: u32) -> io::Result<()> {
        let listener = open()?;
        listener.bind(&SockAddr::vsock(ANY_MACHINE, port))?;
        listener.listen(128)?;
        println!("listening on port {port}");
        let mut waiting = Waiting::new()?;
        let (client, peer) =
            waiting.until_done(&listener, Interest::READABLE, || listener.accept())?;
        println!("a client from machine {:?}", peer.as_vsock_address());
        client.set_nonblocking(true)?;
        waiting.until_done(&client, Interest::WRITABLE, || (&client).write_all(b"hello\n"))
    }

    /// Prints a greeting.
    fn connect(machine: u32, port: u32) -> io::Result<()> {
        let stream = open()?;
        match stream.connect(&SockAddr::vsock(machine, port)) {
            // It goes on by itself.
            Err(error) if error.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error()) => {}
            result => result?,
        }
        let mut waiting = Waiting::new()?;
        waiting.until_done(&stream, Interest::WRITABLE, || match stream.take_error()? {
            Some(error) => Err(error),
            None => stream.peer_addr().map(drop).map_err(|_| io::ErrorKind::WouldBlock.into()),
        })?;
        let mut greeting = [0; 64];
        let length =
            waiting.until_done(&stream, Interest::READABLE, || (&stream).read(&mut greeting))?;
        print!("{}", String::from_utf8_lossy(&greeting[..length]));
        Ok(())
    }

    /// A poll for one thing at a time.
    struct Waiting {
        poll: Poll,
        events: Events,
    }

    impl Waiting {
        fn new() -> io::Result<Waiting> {
            Ok(Waiting { poll: Poll::new()?, events: Events::with_capacity(1) })
        }

        /// Tries an operation of a socket, after each of its events, until it does not block.
        fn until_done<T>(
            &mut self,
            socket: &Socket,
            interest: Interest,
            mut operation: impl FnMut() -> io::Result<T>,
        ) -> io::Result<T> {
            let fd = socket.as_raw_fd();
            self.poll.registry().register(&mut SourceFd(&fd), SOCKET, interest)?;
            let result = loop {
                match operation() {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    result => break result,
                }
                match self.poll.poll(&mut self.events, None) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    waited => waited?,
                }
            };
            self.poll.registry().deregister(&mut SourceFd(&fd))?;
            result
        }
    }
}
