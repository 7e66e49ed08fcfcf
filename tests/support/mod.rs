//! What the tests of the public interface share: statements about events and errors, addresses, and
//! paths of sockets. Its modules hold the table of what a platform can do, and all unsafe code.

// Each test binary uses a part.
#![allow(dead_code)]

pub mod capabilities;
#[cfg(any(unix, windows))]
pub mod conversions;
#[cfg(unix)]
pub mod descriptor;
#[cfg(windows)]
#[path = "socket.rs"]
pub mod descriptor;
#[cfg(all(target_env = "p2", feature = "net"))]
mod host;
#[cfg(windows)]
pub mod named_pipe;
#[cfg(windows)]
pub mod object;
#[cfg(unix)]
pub mod signals;
#[cfg(target_os = "linux")]
pub mod waiting;
#[cfg(windows)]
#[path = "waiting_unseen.rs"]
pub mod waiting;

use std::ffi::OsString;
use std::fmt::Debug;
use std::io::{self, Read};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Poll, Token};

/// How long what is expected may take. Not waited for unless a test fails.
pub const LIMIT: Duration = Duration::from_secs(10);

/// A question to an event, for example `Event::is_readable`.
pub type Answer = fn(&Event) -> bool;

/// Waits until each of these tokens had an event with this answer, and returns all events seen. One
/// event may give several answers.
#[track_caller]
pub fn expect_events(poll: &mut Poll, expected: &[(Token, Answer)]) -> Vec<Event> {
    let deadline = Instant::now() + LIMIT;
    let mut seen: Vec<Event> = Vec::new();
    loop {
        let is_seen = |(token, answer): &(Token, Answer)| {
            seen.iter().any(|event| event.token() == *token && answer(event))
        };
        let missing: Vec<_> = (0..expected.len()).filter(|at| !is_seen(&expected[*at])).collect();
        if missing.is_empty() {
            return seen;
        }
        let remaining = deadline.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            let tokens: Vec<_> = missing.iter().map(|at| expected[*at].0).collect();
            panic!("expectations {missing:?}, of {tokens:?}, were not met by {seen:#?}");
        }
        seen.extend(poll_for(poll, remaining));
    }
}

/// Waits until this token had an event with this answer, and returns that event.
#[track_caller]
pub fn expect_event(poll: &mut Poll, token: Token, answer: Answer) -> Event {
    let seen = expect_events(poll, &[(token, answer)]);
    let event = seen.into_iter().find(|event| event.token() == token && answer(event));
    event.expect("it was seen just now")
}

/// Nothing is ready now. To be used once what could make an event is known to be over.
#[track_caller]
pub fn expect_no_events(poll: &mut Poll) {
    let seen = poll_for(poll, Duration::ZERO);
    assert!(seen.is_empty(), "no events were expected, but there are {seen:#?}");
}

/// The events of one poll. Signals do not end it.
#[track_caller]
pub fn poll_for(poll: &mut Poll, timeout: Duration) -> Vec<Event> {
    until_known();
    let mut events = Events::with_capacity(64);
    loop {
        match poll.poll(&mut events, Some(timeout)) {
            Ok(()) => return events.iter().cloned().collect(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("poll failed: {error}"),
        }
    }
}

/// Waits until what has happened to sockets before is known to polls and operations. Of most
/// systems it is at once.
pub fn until_known() {
    #[cfg(all(target_env = "p2", feature = "net"))]
    host::until_known();
}

/// It is an error of this kind, which is returned.
#[track_caller]
pub fn expect_error<T: Debug>(result: io::Result<T>, kind: io::ErrorKind) -> io::Error {
    let error = result.expect_err("an error was expected");
    assert_eq!(error.kind(), kind, "another error was expected than {error:?}");
    error
}

/// It is the error that the system knows by this number.
#[track_caller]
pub fn expect_os_error<T: Debug>(result: io::Result<T>, number: i32) {
    let error = result.expect_err("an error was expected");
    assert_eq!(error.raw_os_error(), Some(number), "another error was expected than {error:?}");
}

/// This side has shut down writing.
#[track_caller]
pub fn expect_shut_down<T: Debug>(result: io::Result<T>) {
    #[cfg(windows)]
    expect_os_error(result, windows_sys::Win32::Networking::WinSock::WSAESHUTDOWN);
    #[cfg(not(windows))]
    expect_error(result, io::ErrorKind::BrokenPipe);
}

/// There is nothing to be had at the moment.
#[track_caller]
pub fn expect_would_block<T: Debug>(result: io::Result<T>) {
    expect_error(result, io::ErrorKind::WouldBlock);
}

/// All that can be read before reading would block.
#[track_caller]
pub fn read_until_would_block(mut source: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => panic!("the stream ended after {} bytes", bytes.len()),
            Ok(length) => bytes.extend_from_slice(&buffer[..length]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => panic!("read failed: {error}"),
        }
    }
}

/// A port of the system's choice on the loopback interface.
pub fn loopback_v4() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

/// A port of the system's choice on the loopback interface of IPv6.
pub fn loopback_v6() -> SocketAddr {
    (Ipv6Addr::LOCALHOST, 0).into()
}

/// An address that is set aside for documentation (RFC 5737), so that no machine has it.
pub fn nobodys_address() -> SocketAddr {
    (Ipv4Addr::new(198, 51, 100, 1), 9).into()
}

/// Whether this build waits by poll(2): it was asked to, or the system has nothing better.
pub const fn is_poll2() -> bool {
    let has_better = is_kqueue() || cfg!(any(target_os = "linux", target_os = "android"));
    cfg!(mio_unsupported_force_poll_poll) || !has_better
}

/// Whether this build waits by kqueue: that of the system, or one for tests on Linux.
pub const fn is_kqueue() -> bool {
    cfg!(all(
        any(
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "netbsd",
            target_os = "openbsd",
            target_vendor = "apple",
            mio_unsupported_force_kqueue_model,
            mio_unsupported_force_libkqueue,
        ),
        not(mio_unsupported_force_poll_poll),
    ))
}

/// Whether this is Wine and not Windows.
pub fn is_wine() -> bool {
    #[cfg(windows)]
    return descriptor::is_wine();
    #[cfg(not(windows))]
    return false;
}

/// The words that start a program of this processor on another one, if that is where this runs: the
/// one that starts the tests has them in a variable.
pub fn emulator() -> Vec<OsString> {
    let words = std::env::var("MIO_TEST_EMULATOR").unwrap_or_default();
    words.split_whitespace().map(OsString::from).collect()
}

/// A path for a socket that nobody else uses. What is there in the end is removed.
#[derive(Debug)]
pub struct SocketPath(PathBuf);

impl SocketPath {
    pub fn new() -> SocketPath {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mio-test-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        // A process that was killed leaves its sockets, and its number is given out again.
        let _ = std::fs::remove_file(&path);
        SocketPath(path)
    }
}

impl AsRef<Path> for SocketPath {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for SocketPath {
    fn drop(&mut self) {
        // Most tests leave a file, some none.
        let _ = std::fs::remove_file(&self.0);
    }
}
