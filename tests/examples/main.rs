//! The examples as their users start them, each with real clients.
//!
//! The servers run until they are killed, which they are at the end of each test, failed or not.
//! One test runs at a time, so that all have enough descriptors under the usual limit of 1,024.
#![cfg(all(unix, feature = "os-poll", feature = "net"))]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connection::{Connection, LONGEST_LINE, Progress};

#[path = "../../examples/line_echo/connection.rs"]
#[allow(dead_code)]
mod connection;
#[path = "../support/example.rs"]
mod example;
#[cfg(all(target_os = "linux", feature = "os-ext"))]
mod recipes;

use example::example;

/// How long to wait for what has to come.
const LIMIT: Duration = Duration::from_secs(30);

/// Lets one test at a time have the descriptors.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server that is killed when this is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    /// Open as long as the server runs: writing to a closed one would end it.
    _output: ChildStdout,
    _turn: MutexGuard<'static, ()>,
}

impl Server {
    fn start(name: &str) -> Server {
        Server::spawn(Command::new(example(name)).arg("127.0.0.1:0"))
    }

    /// Starts a server through a shell, in which `$0` is the program, to be run by `exec`.
    fn start_by_shell(name: &str, script: &str, stdin: impl Into<Stdio>) -> Server {
        Server::spawn(shell(name, script).stdin(stdin))
    }

    fn spawn(command: &mut Command) -> Server {
        let turn = turn();
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a server");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        let result = output.read_line(&mut line);
        let address = line.trim_end().strip_prefix("listening on ").and_then(|it| it.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            panic!("the server said {line:?}, {result:?}, {:?}", child.wait());
        };
        Server { child, address, _output: output.into_inner(), _turn: turn }
    }

    fn connect(&self) -> TcpStream {
        let client = TcpStream::connect_timeout(&self.address, LIMIT).expect("a connection");
        client.set_read_timeout(Some(LIMIT)).unwrap();
        client.set_write_timeout(Some(LIMIT)).unwrap();
        client
    }

    fn signal(&self, name: &str) {
        let command = format!("kill -s {name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &command]).status().expect("sh").success());
    }

    /// A new client is served.
    fn check(&self) {
        let mut client = self.connect();
        client.write_all(b"are you there?\n").unwrap();
        expect(&mut client, b"are you there?\n");
        finish(&mut client);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn shell(name: &str, script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(example(name));
    command
}

/// Reads exactly these bytes.
fn expect(client: &mut TcpStream, bytes: &[u8]) {
    let mut received = vec![0; bytes.len()];
    client.read_exact(&mut received).expect("an echo");
    assert!(received == bytes, "received {:?}", String::from_utf8_lossy(&received));
}

/// Half-closes, and reads the end of the stream.
fn finish(client: &mut TcpStream) {
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.read(&mut [0; 16]).expect("the end of the stream"), 0);
}

fn error_of(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_quick_start_ends_by_itself_and_well() {
    let example = example("quickstart");
    let _turn = turn();
    let output = Command::new(example).output().expect("the quick start");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    for number in 1..=3 {
        let line = format!("client {number}: received \"hello from client {number}\"");
        assert!(printed.contains(&line), "no {line:?} in {printed}");
    }
}

#[test]
fn a_thousand_clients_at_once_get_every_line_back() {
    let server = Server::start("tcp_server");
    let mut clients: Vec<_> = (0..1000).map(|_| server.connect()).collect();
    for round in 0..4 {
        let line =
            |number| format!("client {number}, line {round}: {}\n", "x".repeat(number % 700));
        for (number, client) in clients.iter_mut().enumerate() {
            client.write_all(line(number).as_bytes()).unwrap();
        }
        for (number, client) in clients.iter_mut().enumerate() {
            expect(client, line(number).as_bytes());
        }
    }
    for client in &mut clients {
        finish(client);
    }
}

#[test]
fn lines_come_back_whole_and_the_end_of_the_stream_ends_the_last() {
    let server = Server::start("tcp_server");
    let mut client = server.connect();
    client.write_all(b"one\ntwo\nthr").unwrap();
    expect(&mut client, b"one\ntwo\n");
    client.set_nonblocking(true).unwrap();
    let early = client.read(&mut [0; 16]).unwrap_err();
    assert_eq!(early.kind(), io::ErrorKind::WouldBlock, "a line that is not whole is not sent");
    client.set_nonblocking(false).unwrap();
    client.write_all(b"ee\nfour").unwrap();
    expect(&mut client, b"three\n");
    client.shutdown(Shutdown::Write).unwrap();
    expect(&mut client, b"four");
    assert_eq!(client.read(&mut [0; 16]).unwrap(), 0);
}

#[test]
fn a_client_that_does_not_receive_has_to_wait_and_then_loses_nothing() {
    const LINE: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.\n";
    /// What the kernel holds on both ways is far less, though by default some megabytes.
    const TOO_MUCH: usize = 256 << 20;
    let server = Server::start("tcp_server");
    let mut client = server.connect();

    let lines = LINE.repeat(1 << 10);
    client.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut sent = 0;
    loop {
        match client.write(&lines[sent % LINE.len()..]) {
            Ok(count) => sent += count,
            Err(error) => break assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        assert!(sent < TOO_MUCH, "the server takes without end what it cannot give back");
    }
    server.check();

    client.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::with_capacity(sent);
    client.read_to_end(&mut received).unwrap();
    assert_eq!(received.len(), sent);
    assert!(received.chunks(LINE.len()).all(|line| LINE.starts_with(line)));
}

#[test]
fn a_turn_ends_though_the_client_has_more() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (stream, peer) = listener.accept().unwrap();
    client.write_all(&b"again\n".repeat(8_000)).unwrap();
    // Enough for a turn is there before the turn begins.
    let mut received = vec![0; 40_002];
    while stream.peek(&mut received).unwrap() < received.len() {}

    stream.set_nonblocking(true).unwrap();
    let mut connection = Connection::new(mio::net::TcpStream::from_std(stream), peer);
    let mut scratch = vec![0; LONGEST_LINE];
    assert!(matches!(connection.advance(&mut scratch), Ok(Progress::Unfinished)));
    while !matches!(connection.advance(&mut scratch), Ok(Progress::HasToWait)) {}
    client.read_exact(&mut received).unwrap();
    assert!(received.chunks(6).all(|line| line == b"again\n"));
}

#[test]
fn a_client_that_takes_many_turns_gets_them_without_an_event() {
    let server = Server::start("tcp_server");
    let mut client = server.connect();
    server.signal("STOP");
    // In the buffers of the kernel, all of it, so that no more arrives while the server reads.
    let lines = b"again\n".repeat(10_000);
    client.write_all(&lines).unwrap();
    server.signal("CONT");
    expect(&mut client, &lines);
}

#[test]
fn what_goes_wrong_with_one_client_does_not_hurt_others() {
    let server = Server::start("tcp_server");
    let mut patient = server.connect();
    patient.write_all(b"first ").unwrap();

    let mut endless = server.connect();
    let result =
        endless.write_all(&[b'x'; LONGEST_LINE + 1]).and_then(|()| endless.read(&mut [0; 16]));
    assert!(matches!(result, Ok(0) | Err(_)), "a line without end is not kept: {result:?}");

    // Closed with echoes unread, which resets the connection.
    let mut rude = server.connect();
    rude.write_all(&b"and never read\n".repeat(100)).unwrap();
    let mut begin = [0; 1];
    rude.read_exact(&mut begin).unwrap();
    drop(rude);

    drop(server.connect());
    server.check();
    patient.write_all(b"and last\n").unwrap();
    expect(&mut patient, b"first and last\n");
    finish(&mut patient);
}

#[test]
fn a_server_without_descriptors_serves_those_it_has_and_later_the_others() {
    let script = r#"ulimit -n 16 && exec "$0" 127.0.0.1:0"#;
    let server = Server::start_by_shell("tcp_server", script, Stdio::null());
    let mut clients: Vec<_> = (0..40).map(|_| server.connect()).collect();
    // The first is served while the last waits for a descriptor.
    clients[0].write_all(b"hello\n").unwrap();
    expect(&mut clients[0], b"hello\n");
    for mut client in clients {
        client.write_all(b"my turn\n").unwrap();
        expect(&mut client, b"my turn\n");
        finish(&mut client);
    }
    server.check();
}

#[test]
fn an_address_that_is_none_or_is_taken_is_said_so() {
    let example = example("tcp_server");
    let _turn = turn();
    let start = |address: &str| Command::new(&example).arg(address).output().unwrap();
    assert!(error_of(&start("nowhere")).contains("nowhere: not an address and a port"));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = error_of(&start(&taken.local_addr().unwrap().to_string()));
    assert!(error.contains("in use"), "{error}");
}

/// Passes on standard input as the descriptor that the server is to take.
const AS_A_MANAGER: &str = r#"exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0""#;

#[test]
fn a_listener_that_was_passed_on_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // One who came before the server did.
    let mut early = TcpStream::connect(address).unwrap();
    early.set_read_timeout(Some(LIMIT)).unwrap();
    early.write_all(b"early\n").unwrap();
    let server =
        Server::start_by_shell("tcp_listenfd_server", AS_A_MANAGER, OwnedFd::from(listener));
    assert_eq!(server.address, address);
    expect(&mut early, b"early\n");
    finish(&mut early);
    server.check();
}

#[test]
fn a_server_without_a_listener_says_what_is_missing() {
    let script =
        |before: &str| shell("tcp_listenfd_server", &format!(r#"{before} exec "$0" 3<&-"#));
    let cases = [
        (script(""), "LISTEN_PID is not set"),
        (script("LISTEN_FDS=1 LISTEN_PID=1"), "LISTEN_PID is 1, and should be"),
        (script("LISTEN_FDS=2 LISTEN_PID=$$"), "LISTEN_FDS is 2, and should be 1"),
        (script("LISTEN_FDS=1 LISTEN_PID=$$"), "descriptor 3 is no TCP listener"),
        (shell("tcp_listenfd_server", AS_A_MANAGER), "descriptor 3 is no TCP listener"),
    ];
    let _turn = turn();
    for (mut command, expected) in cases {
        command.env_remove("LISTEN_PID").env_remove("LISTEN_FDS").stdin(Stdio::null());
        let error = error_of(&command.output().unwrap());
        assert!(error.contains(expected), "{error}, and not {expected}");
    }
}

#[test]
fn a_socket_that_does_not_listen_ends_the_server() {
    let example = shell("tcp_listenfd_server", AS_A_MANAGER);
    let _turn = turn();
    let (mut example, listener) = (example, TcpListener::bind("127.0.0.1:0").unwrap());
    let connected = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    drop(accepted);
    let output = example.stdin(OwnedFd::from(connected)).output().unwrap();
    assert!(error_of(&output).contains("Invalid argument"), "{output:?}");
}

#[test]
fn datagrams_of_any_size_come_back_to_their_senders() {
    let server = Server::start("udp_server");
    let clients: Vec<_> = (0..20)
        .map(|_| {
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            client.set_read_timeout(Some(LIMIT)).unwrap();
            client.connect(server.address).unwrap();
            client
        })
        .collect();
    let mut buffer = vec![0; 65_536];
    for size in [0, 1, 1_400, 9_000, 65_507] {
        for (number, client) in clients.iter().enumerate() {
            let datagram = vec![number as u8; size];
            assert_eq!(client.send(&datagram).unwrap(), size);
            let received = client.recv(&mut buffer).expect("an echo");
            assert!(buffer[..received] == datagram, "{received} bytes came back of {size}");
        }
    }
}

#[test]
fn a_sender_that_is_gone_does_not_hurt_others() {
    let server = Server::start("udp_server");
    for _ in 0..20 {
        let gone = UdpSocket::bind("127.0.0.1:0").unwrap();
        gone.send_to(b"no need to answer", server.address).unwrap();
    }
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    client.send_to(b"hello", server.address).unwrap();
    let mut buffer = [0; 16];
    let (count, sender) = client.recv_from(&mut buffer).expect("an echo");
    assert_eq!((&buffer[..count], sender), (&b"hello"[..], server.address));
}
