//! TCP, UDP and Unix sockets that never block.
//!
//! The types are those of [`std::net`] and `std::os::unix::net` under the same names, with three
//! differences: they are made non-blocking, so that what would wait returns [`WouldBlock`]; they
//! can be registered with a [`Poll`]; and what takes several attempts in the standard library
//! (resolving a name, trying one address after the other) is left to the caller.
//!
//! # Operations the types do not have
//!
//! Anything else the system offers can be done on the descriptor, through crates like `socket2` or
//! `rustix`. If the operation can block, run it in the type's `try_io`: selectors without edges of
//! their own learn there that it would.
//!
//! [`WouldBlock`]: std::io::ErrorKind::WouldBlock
//! [`Poll`]: crate::Poll

mod tcp_listener;
mod tcp_stream;
pub mod udp;
mod udp_socket;
#[cfg(unix)]
mod unix_datagram;
#[cfg(any(unix, windows))]
mod unix_listener;
#[cfg(any(unix, windows))]
mod unix_stream;

pub use self::tcp_listener::TcpListener;
pub use self::tcp_stream::TcpStream;
pub use self::udp_socket::UdpSocket;
#[cfg(unix)]
pub use self::unix_datagram::UnixDatagram;
#[cfg(any(unix, windows))]
pub use self::unix_listener::UnixListener;
#[cfg(any(unix, windows))]
pub use self::unix_stream::UnixStream;
/// The address of a Unix socket, as the system at hand has it: the standard library's type where
/// there is one.
#[cfg(any(unix, windows))]
pub use crate::os::uds::SocketAddr as UnixSocketAddr;

use crate::io_source::impl_source;

impl_source!(TcpListener, TcpStream, UdpSocket);
#[cfg(unix)]
impl_source!(UnixDatagram);
#[cfg(any(unix, windows))]
impl_source!(UnixListener, UnixStream);

use crate::handle_traits::impl_into_std;

impl_into_std!(
    TcpListener => std::net::TcpListener,
    TcpStream => std::net::TcpStream,
    UdpSocket => std::net::UdpSocket,
);
#[cfg(unix)]
impl_into_std!(
    UnixDatagram => std::os::unix::net::UnixDatagram,
    UnixListener => std::os::unix::net::UnixListener,
    UnixStream => std::os::unix::net::UnixStream,
);

#[cfg(windows)]
use crate::handle_traits::impl_socket_traits;

#[cfg(windows)]
impl_socket_traits!(
    TcpListener => std::net::TcpListener,
    TcpStream => std::net::TcpStream,
    UdpSocket => std::net::UdpSocket,
    UnixListener => crate::os::uds::Listener,
    UnixStream => crate::os::uds::Stream,
);

#[cfg(not(windows))]
use crate::handle_traits::impl_fd_traits;

#[cfg(not(windows))]
impl_fd_traits!(
    TcpListener => std::net::TcpListener,
    TcpStream => std::net::TcpStream,
    UdpSocket => std::net::UdpSocket,
);
#[cfg(unix)]
impl_fd_traits!(
    UnixDatagram => std::os::unix::net::UnixDatagram,
    UnixListener => std::os::unix::net::UnixListener,
    UnixStream => std::os::unix::net::UnixStream,
);
