//! System calls that have to be the same as the standard library's.

use std::io;
use std::os::unix::net::SocketAddr;

use mio::net::{TcpListener, UnixListener};

use crate::support::loopback_v4;
use crate::{skip, tracer};

/// The second argument of the one `listen(2)` that this makes.
fn backlog<R>(bind: impl FnOnce() -> io::Result<R>) -> Option<i32> {
    let calls = tracer::trace(|| Ok(()), |()| bind())?;
    let listens: Vec<_> = calls.iter().filter(|call| call.number == libc::SYS_listen).collect();
    assert_eq!(listens.len(), 1, "{calls:?}");
    Some(listens[0].arguments[1] as i32)
}

/// L14, mio#1896, mio#1934: the queue of a listener is as long as the standard library's.
#[test]
fn a_listener_has_the_backlog_of_the_standard_library() {
    let (Some(ours), Some(standard)) = (
        backlog(|| TcpListener::bind(loopback_v4())),
        backlog(|| std::net::TcpListener::bind(loopback_v4())),
    ) else {
        return skip();
    };
    assert_eq!(ours, standard, "TCP");
    let unnamed = SocketAddr::from_pathname("").unwrap();
    let ours = backlog(|| UnixListener::bind_addr(&unnamed)).unwrap();
    let standard = backlog(|| std::os::unix::net::UnixListener::bind_addr(&unnamed)).unwrap();
    assert_eq!(ours, standard, "Unix");
}
