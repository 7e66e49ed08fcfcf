//! [`UdpSocket`].

use std::fmt;
use std::io;
use std::net::{self, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::io_source::{IoSource, impl_try_io_with};
use crate::{Interest, os};

/// A UDP socket.
///
/// It sends to and receives from any address, or after [`connect`](UdpSocket::connect) one. Each
/// call moves one datagram, whole; of one larger than the buffer the rest is lost, or the call
/// fails, as the system has it (Linux: lost). After a readable event, receive until
/// [`WouldBlock`](io::ErrorKind::WouldBlock).
///
/// Many datagrams in one call, and what goes with each: [`send_many`](UdpSocket::send_many),
/// [`recv_many`](UdpSocket::recv_many), and the module [`udp`](crate::net::udp).
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "os-poll")]
/// # fn main() -> std::io::Result<()> {
/// use mio::net::UdpSocket;
/// use mio::{Events, Interest, Poll, Token};
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(128);
/// let sender = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// let mut receiver = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
/// poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
///
/// sender.send_to(b"hello", receiver.local_addr()?)?;
///
/// poll.poll(&mut events, None)?;
/// let mut buffer = [0; 1500];
/// let (length, peer) = receiver.recv_from(&mut buffer)?;
/// assert_eq!(&buffer[..length], b"hello");
/// assert_eq!(peer, sender.local_addr()?);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "os-poll"))]
/// # fn main() {}
/// ```
pub struct UdpSocket {
    pub(super) inner: IoSource<net::UdpSocket>,
}

impl UdpSocket {
    /// Opens a socket on a local address. Port 0 lets the system choose;
    /// [`local_addr`](UdpSocket::local_addr) tells which.
    ///
    /// # Errors
    ///
    /// - [`AddrInUse`](io::ErrorKind::AddrInUse): another socket has it.
    /// - [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable): this machine does not have the
    ///   address.
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): the port is reserved.
    pub fn bind(addr: SocketAddr) -> io::Result<UdpSocket> {
        let socket = net::UdpSocket::bind(addr)?;
        socket.set_nonblocking(true)?;
        Ok(UdpSocket::from_std(socket))
    }

    /// Makes one of the standard library's sockets.
    ///
    /// It is taken as it is. Set it non-blocking before, or operations will wait.
    pub fn from_std(socket: net::UdpSocket) -> UdpSocket {
        UdpSocket { inner: IoSource::new(socket) }
    }

    /// The local address.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    ///
    /// [`NotConnected`](io::ErrorKind::NotConnected) before [`connect`](UdpSocket::connect).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }

    /// Sends a datagram to an address, and returns its length.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the send buffer is full; room is an event.
    /// - The datagram is larger than one can be (`EMSGSIZE`).
    /// - [`PermissionDenied`](io::ErrorKind::PermissionDenied): a broadcast address, and
    ///   [`set_broadcast`](UdpSocket::set_broadcast) is off.
    pub fn send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.inner.do_io(Interest::WRITABLE, |io| io.send_to(buf, target))
    }

    /// Receives a datagram: its length, and where it came from.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): there is none; the next is an event.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): an earlier datagram found no
    ///   socket at the peer's address.
    pub fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.do_io(Interest::READABLE, |io| io.recv_from(buf))
    }

    /// Receives a datagram without consuming it, `MSG_PEEK`: the next call returns the same.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): there is none; the next is an event.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): an earlier datagram found no
    ///   socket at the peer's address.
    pub fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.inner.do_io(Interest::READABLE, |io| io.peek_from(buf))
    }

    /// Sends a datagram to the address that the socket is connected to, and returns its length.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the send buffer is full; room is an event.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): an earlier datagram found no
    ///   socket at that address.
    /// - Without [`connect`](UdpSocket::connect), that there is no address (`EDESTADDRREQ`).
    pub fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.inner.do_io(Interest::WRITABLE, |io| io.send(buf))
    }

    /// Receives a datagram, and returns its length; of a connected socket, one from its peer.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): there is none; the next is an event.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): an earlier datagram found no
    ///   socket at the peer's address.
    pub fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.do_io(Interest::READABLE, |io| io.recv(buf))
    }

    /// Like [`recv`](UdpSocket::recv) without consuming the datagram, `MSG_PEEK`: the next call
    /// returns the same.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): there is none; the next is an event.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): an earlier datagram found no
    ///   socket at the peer's address.
    pub fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.do_io(Interest::READABLE, |io| io.peek(buf))
    }

    /// Connects to an address: [`send`](UdpSocket::send) goes there, and only what comes from there
    /// is received. Nothing is sent, so that this never waits. A second call replaces the
    /// address.
    ///
    /// # Errors
    ///
    /// What the system knows by itself, for example that there is no route
    /// ([`NetworkUnreachable`](io::ErrorKind::NetworkUnreachable)).
    pub fn connect(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.connect(addr)
    }

    /// Sets `SO_BROADCAST`: allows sending to broadcast addresses.
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        os::udp::option(self.inner.set_broadcast(on))
    }

    /// The value of `SO_BROADCAST`.
    pub fn broadcast(&self) -> io::Result<bool> {
        os::udp::option(self.inner.broadcast())
    }

    /// Sets `IP_MULTICAST_LOOP`: whether multicast datagrams are received on this machine too. May
    /// have no effect on a socket of IPv6.
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        os::udp::option(self.inner.set_multicast_loop_v4(on))
    }

    /// The value of `IP_MULTICAST_LOOP`.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        os::udp::option(self.inner.multicast_loop_v4())
    }

    /// Sets `IP_MULTICAST_TTL`: how many hops multicast datagrams may take, 0 to 255, at first 1.
    /// May have no effect on a socket of IPv6.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): out of that range.
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        os::udp::option(self.inner.set_multicast_ttl_v4(ttl))
    }

    /// The value of `IP_MULTICAST_TTL`.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        os::udp::option(self.inner.multicast_ttl_v4())
    }

    /// Sets `IPV6_MULTICAST_LOOP`: whether multicast datagrams are received on this machine too.
    /// Only a socket of IPv6.
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        os::udp::option(self.inner.set_multicast_loop_v6(on))
    }

    /// The value of `IPV6_MULTICAST_LOOP`. Only a socket of IPv6.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        os::udp::option(self.inner.multicast_loop_v6())
    }

    /// Sets `IP_TTL`: how many hops datagrams may take, 1 to 255.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): out of that range.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.inner.set_ttl(ttl)
    }

    /// The value of `IP_TTL`: how many hops datagrams may take.
    pub fn ttl(&self) -> io::Result<u32> {
        self.inner.ttl()
    }

    /// Joins a multicast group, `IP_ADD_MEMBERSHIP`, on the interface that has the address
    /// `interface`, or on one that the system chooses for [`Ipv4Addr::UNSPECIFIED`].
    ///
    /// # Errors
    ///
    /// `multiaddr` is not a multicast address ([`InvalidInput`](io::ErrorKind::InvalidInput)), no
    /// interface fits (`ENODEV`), or the socket is in the group already
    /// ([`AddrInUse`](io::ErrorKind::AddrInUse)).
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub fn join_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        os::udp::option(self.inner.join_multicast_v4(multiaddr, interface))
    }

    /// Joins a multicast group, `IPV6_ADD_MEMBERSHIP`, on the interface with this index, or on one
    /// that the system chooses for 0.
    ///
    /// # Errors
    ///
    /// Those of [`join_multicast_v4`](UdpSocket::join_multicast_v4), or the socket is of IPv4.
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        os::udp::option(self.inner.join_multicast_v6(multiaddr, interface))
    }

    /// Leaves a group that [`join_multicast_v4`](UdpSocket::join_multicast_v4) joined.
    ///
    /// # Errors
    ///
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable): the socket is not in it.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub fn leave_multicast_v4(&self, multiaddr: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        os::udp::option(self.inner.leave_multicast_v4(multiaddr, interface))
    }

    /// Leaves a group that [`join_multicast_v6`](UdpSocket::join_multicast_v6) joined.
    ///
    /// # Errors
    ///
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable): the socket is not in it.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        os::udp::option(self.inner.leave_multicast_v6(multiaddr, interface))
    }

    /// The value of `IPV6_V6ONLY`: whether a socket of IPv6 leaves IPv4 alone.
    ///
    /// # Errors
    ///
    /// The socket is of IPv4.
    pub fn only_v6(&self) -> io::Result<bool> {
        os::udp::only_v6(&self.inner)
    }

    /// Takes the pending error, `SO_ERROR`, which is then cleared.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Runs an operation on the descriptor that the type does not have, such as `recvmsg(2)`.
    ///
    /// On selectors without edges of their own this is how they learn that it would block: its
    /// error is then [`WouldBlock`](io::ErrorKind::WouldBlock), and the next change is an
    /// event. So the operation has to be one of this very socket, and not of another. Its
    /// result is returned as it is.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(socket: &mio::net::UdpSocket) -> std::io::Result<usize> {
    /// let mut buffer = [0; 1500];
    /// socket.try_io(|| socket.recv(&mut buffer))
    /// # }
    /// ```
    pub fn try_io<F, T>(&self, f: F) -> io::Result<T>
    where
        F: FnOnce() -> io::Result<T>,
    {
        self.inner.try_io(f)
    }
}

impl_try_io_with! {
    /// ```no_run
    /// # fn example(socket: &mio::net::UdpSocket) -> std::io::Result<usize> {
    /// use mio::Interest;
    ///
    /// let mut buffer = [0; 1500];
    /// socket.try_io_with(Interest::READABLE, || socket.recv(&mut buffer))
    /// # }
    /// ```
    UdpSocket
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(formatter)
    }
}
