//! What [`UdpSocket`] has beyond one datagram in one buffer.

use std::cmp;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;

use super::{Capabilities, RecvBatch, SendBatch, Transmit};
use crate::net::UdpSocket;
use crate::os::datagram::{Buffer, Wish};
use crate::{Interest, os};

/// Datagrams in several buffers, and many datagrams in one call; see [`udp`](crate::net::udp).
impl UdpSocket {
    /// Sends a datagram made of these buffers, one after the other, to the address that the socket
    /// is connected to; and returns its length. `sendmsg(2)`, `WSASendMsg`.
    ///
    /// # Errors
    ///
    /// Those of [`send`](UdpSocket::send), and more buffers than the system takes (1,024 on most;
    /// `EMSGSIZE`).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::IoSlice;
    ///
    /// use mio::net::UdpSocket;
    ///
    /// let (left, right) = (
    ///     UdpSocket::bind("127.0.0.1:0".parse().unwrap())?,
    ///     UdpSocket::bind("127.0.0.1:0".parse().unwrap())?,
    /// );
    /// left.connect(right.local_addr()?)?;
    /// let (header, body) = (IoSlice::new(b"header"), IoSlice::new(b"body"));
    /// assert_eq!(left.send_vectored(&[header, body])?, 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_vectored(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.do_io(Interest::WRITABLE, |io| os::udp::send_vectored(io, buffers, None))
    }

    /// Sends a datagram made of these buffers, one after the other, to an address, and returns its
    /// length. `sendmsg(2)`, `WSASendMsg`.
    ///
    /// # Errors
    ///
    /// Those of [`send_to`](UdpSocket::send_to), and more buffers than the system takes (1,024 on
    /// most; `EMSGSIZE`).
    pub fn send_to_vectored(
        &self,
        buffers: &[IoSlice<'_>],
        target: SocketAddr,
    ) -> io::Result<usize> {
        self.inner
            .do_io(Interest::WRITABLE, |io| os::udp::send_vectored(io, buffers, Some(&target)))
    }

    /// Receives a datagram into these buffers, one after the other, and returns its length.
    /// `recvmsg(2)`, `WSARecvMsg`. What does not fit is lost.
    ///
    /// # Errors
    ///
    /// Those of [`recv`](UdpSocket::recv), and more buffers than the system takes (1,024 on most;
    /// `EMSGSIZE`).
    pub fn recv_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.recv_from_vectored(buffers).map(|(length, _)| length)
    }

    /// Receives a datagram into these buffers, one after the other: its length, and where it came
    /// from. `recvmsg(2)`, `WSARecvMsg`. What does not fit is lost.
    ///
    /// # Errors
    ///
    /// Those of [`recv_from`](UdpSocket::recv_from), and more buffers than the system takes (1,024
    /// on most; `EMSGSIZE`).
    pub fn recv_from_vectored(
        &self,
        buffers: &mut [IoSliceMut<'_>],
    ) -> io::Result<(usize, SocketAddr)> {
        self.inner.do_io(Interest::READABLE, |io| os::udp::recv_vectored(io, buffers))
    }

    /// Sends datagrams, and returns how many of `transmits` were sent.
    ///
    /// Where the system can, as many as `batch` has room for go into one call: `sendmmsg(2)` on
    /// Linux, Android, NetBSD and OpenBSD. On Linux, Android and Windows a row with a
    /// [segment size](Transmit::segment_size) goes as one message, `UDP_SEGMENT` and
    /// `UDP_SEND_MSG_SIZE`. Elsewhere each datagram is a call, with the same result. Nothing is
    /// allocated.
    ///
    /// Fewer than all are sent when the system takes no more. The next call with those that are
    /// left then tells why, by an error or by success. So after a writable event, send until all is
    /// sent or [`WouldBlock`](io::ErrorKind::WouldBlock); or stop at fewer than all: the next
    /// change is an event, as after a short write. Of a row the system may take a part:
    /// [`SendBatch::partial`].
    ///
    /// Does the network interface refuse segments, which some do though the kernel has them, they
    /// are sent one by one, and `batch` remembers it: for this size and larger ones if that was the
    /// reason (`EINVAL`, `EMSGSIZE`), else for all (`EIO`).
    ///
    /// # Errors
    ///
    /// Of the first; errors of others are those of the next call. On Linux, an error of an earlier
    /// datagram ([`ConnectionRefused`](io::ErrorKind::ConnectionRefused)) that meets another than
    /// the first ends the batch there, and is lost.
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): the send buffer is full; room is an event.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): the system cannot be told a source,
    ///   an interface or a mark. Nothing of that datagram is sent. See
    ///   [`capabilities`](UdpSocket::capabilities).
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): `batch` has no capacity.
    /// - Those of [`send_to`](UdpSocket::send_to).
    ///
    /// # Examples
    ///
    /// All of them, with waiting left to a poll:
    ///
    /// ```
    /// use std::io;
    ///
    /// use mio::net::UdpSocket;
    /// use mio::net::udp::{SendBatch, Transmit};
    ///
    /// /// Sends from the front of `queue`, and returns what is left.
    /// fn send<'q>(
    ///     socket: &UdpSocket,
    ///     batch: &mut SendBatch,
    ///     mut queue: &'q [Transmit<'q>],
    /// ) -> io::Result<&'q [Transmit<'q>]> {
    ///     while !queue.is_empty() {
    ///         match socket.send_many(batch, queue) {
    ///             Ok(sent) => queue = &queue[sent..],
    ///             Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
    ///             Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
    ///             // The trouble of this peer. UDP may lose it as well.
    ///             Err(_) => queue = &queue[1..],
    ///         }
    ///     }
    ///     Ok(queue)
    /// }
    ///
    /// # fn main() -> io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let mut batch = SendBatch::with_capacity(16);
    /// let to = socket.local_addr()?;
    /// let queue = [Transmit::new(b"hello").target(to); 3];
    /// assert!(send(&socket, &mut batch, &queue)?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_many(
        &self,
        batch: &mut SendBatch,
        transmits: &[Transmit<'_>],
    ) -> io::Result<usize> {
        batch.partial = 0;
        if batch.capacity() == 0 {
            return Err(no_capacity());
        }
        self.inner.do_stream_io(Interest::WRITABLE, transmits.len(), |io| {
            let progress = os::udp::send_many(io, &mut batch.room, transmits);
            batch.partial = progress.partial;
            match progress.error {
                Some(error) if progress.sent == 0 => Err(error),
                _ => Ok(progress.sent),
            }
        })
    }

    /// Receives datagrams, each into a buffer of its own, and returns how many.
    /// [`RecvBatch::received`] then tells of each.
    ///
    /// Where the system can, as many as there are buffers and `batch` has room for come by one
    /// call: `recvmmsg(2)` on Linux, Android, NetBSD and OpenBSD. Elsewhere each datagram is a
    /// call, with the same result. Nothing is allocated.
    ///
    /// It never waits for more than there are. So after a readable event, receive until
    /// [`WouldBlock`](io::ErrorKind::WouldBlock); or stop when fewer came than could: the next one
    /// is an event, as after a short read.
    ///
    /// With [`set_recv_offload`](UdpSocket::set_recv_offload) a buffer may hold a row of datagrams
    /// of one sender, which [`Received::segments`](super::Received::segments) takes apart.
    ///
    /// # Errors
    ///
    /// Of the first; is there an error after some datagrams, these are returned, and the error by
    /// the next call (with the same `batch`, where the system has no call for many).
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): there is none; the next is an event.
    /// - [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): an earlier datagram found no
    ///   socket at the peer's address.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): `batch` has no capacity, or there are no
    ///   buffers.
    pub fn recv_many(
        &self,
        batch: &mut RecvBatch,
        buffers: &mut [IoSliceMut<'_>],
    ) -> io::Result<usize> {
        batch.received.clear();
        let wanted = cmp::min(batch.capacity(), buffers.len());
        if wanted == 0 {
            return Err(no_capacity());
        }
        self.inner.do_stream_io(Interest::READABLE, wanted, |io| {
            os::udp::recv_many(io, &mut batch.room, buffers, &mut batch.received)?;
            Ok(batch.received.len())
        })
    }

    /// What the system and its kernel can do with the datagrams of this socket.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
    /// let capabilities = socket.capabilities()?;
    /// if capabilities.receive_segments > 1 {
    ///     socket.set_recv_offload(true)?;
    /// }
    /// println!("{capabilities:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn capabilities(&self) -> io::Result<Capabilities> {
        os::udp::capabilities(&self.inner)
    }

    /// Sets whether [`recv_many`](UdpSocket::recv_many) tells where datagrams were sent to and by
    /// which interface they came: `IP_PKTINFO`, `IP_RECVDSTADDR`, `IPV6_RECVPKTINFO`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) where the system does not tell.
    pub fn set_recv_destination(&self, on: bool) -> io::Result<()> {
        os::udp::set_wish(&self.inner, Wish::ReceiveDestination, on)
    }

    /// Whether the destination is told. `false` where the system does not.
    pub fn recv_destination(&self) -> io::Result<bool> {
        os::udp::wish(&self.inner, Wish::ReceiveDestination)
    }

    /// Sets whether [`recv_many`](UdpSocket::recv_many) tells how datagrams were marked:
    /// `IP_RECVTOS`, `IPV6_RECVTCLASS`, `IP_RECVECN`.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) where the system does not tell; some do for IPv6
    /// only.
    pub fn set_recv_ecn(&self, on: bool) -> io::Result<()> {
        os::udp::set_wish(&self.inner, Wish::ReceiveEcn, on)
    }

    /// Whether the congestion mark is told. `false` where the system does not.
    pub fn recv_ecn(&self) -> io::Result<bool> {
        os::udp::wish(&self.inner, Wish::ReceiveEcn)
    }

    /// Sets whether datagrams of one sender that come together may be handed out as one: `UDP_GRO`
    /// on Linux (5.0 and later) and Android, `UDP_RECV_MAX_COALESCED_SIZE` on Windows.
    ///
    /// Use buffers of 65,535 bytes then, and [`recv_many`](UdpSocket::recv_many) only: other calls
    /// do not tell where one datagram ends and the next begins.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported), or the system's own error, where it cannot.
    pub fn set_recv_offload(&self, on: bool) -> io::Result<()> {
        os::udp::set_wish(&self.inner, Wish::ReceiveOffload, on)
    }

    /// Whether datagrams may be handed out as one. `false` where they never are.
    pub fn recv_offload(&self) -> io::Result<bool> {
        os::udp::wish(&self.inner, Wish::ReceiveOffload)
    }

    /// Sets whether packets may not be fragmented on their way; those that are too large are then
    /// lost, or `EMSGSIZE` if the interface is the reason. For transports that find out themselves
    /// how large a packet may be: what the system knows of the path is not taken into account.
    ///
    /// `IP_MTU_DISCOVER` with `IP_PMTUDISC_PROBE` on Linux and Android (and back to the default,
    /// `IP_PMTUDISC_WANT`), `IP_DONTFRAG` and `IPV6_DONTFRAG` elsewhere.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) where the system has no such option; some have
    /// it for IPv6 only.
    pub fn set_dont_fragment(&self, on: bool) -> io::Result<()> {
        os::udp::set_wish(&self.inner, Wish::DontFragment, on)
    }

    /// Whether packets may not be fragmented, by this option. `false` where the system has none.
    pub fn dont_fragment(&self) -> io::Result<bool> {
        os::udp::wish(&self.inner, Wish::DontFragment)
    }

    /// Sets how many bytes may wait to be received, `SO_RCVBUF`. What comes when it is full is
    /// lost. The system counts its own memory too, and cuts the size to its limit (Linux: twice the
    /// size, at most twice `net.core.rmem_max`).
    pub fn set_recv_buffer_size(&self, size: usize) -> io::Result<()> {
        os::udp::set_buffer_size(&self.inner, Buffer::Receive, size)
    }

    /// How many bytes may wait to be received, `SO_RCVBUF`.
    pub fn recv_buffer_size(&self) -> io::Result<usize> {
        os::udp::buffer_size(&self.inner, Buffer::Receive)
    }

    /// Sets how many bytes may wait to be sent, `SO_SNDBUF`, with the limits of
    /// [`set_recv_buffer_size`](UdpSocket::set_recv_buffer_size).
    pub fn set_send_buffer_size(&self, size: usize) -> io::Result<()> {
        os::udp::set_buffer_size(&self.inner, Buffer::Send, size)
    }

    /// How many bytes may wait to be sent, `SO_SNDBUF`.
    pub fn send_buffer_size(&self) -> io::Result<usize> {
        os::udp::buffer_size(&self.inner, Buffer::Send)
    }
}

fn no_capacity() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "there is no room for a single datagram")
}
