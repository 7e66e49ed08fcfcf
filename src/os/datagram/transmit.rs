//! [`Transmit`]: a datagram that is to be sent, or a row of them.

use std::io::IoSlice;
use std::net::{IpAddr, SocketAddr};
use std::slice;

use super::Ecn;

/// A datagram to send, or a row of datagrams of one size to one address; with what
/// [`send_many`](crate::net::UdpSocket::send_many) is to say about it to the system.
///
/// It borrows its bytes and owns nothing, so that it is made anew for each call.
///
/// # Examples
///
/// ```
/// use mio::net::udp::{Ecn, Transmit};
///
/// let peer = "127.0.0.1:4433".parse().unwrap();
/// // One datagram.
/// let hello = Transmit::new(b"hello").target(peer);
/// // Ten datagrams of 1,200 bytes and one of 24, each marked.
/// let bytes = [0; 10 * 1200 + 24];
/// let row = Transmit::new(&bytes).target(peer).segment_size(1200).ecn(Ecn::Ect0);
/// assert_eq!((hello.len(), hello.segments()), (5, 1));
/// assert_eq!((row.len(), row.segments()), (12_024, 11));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Transmit<'a> {
    contents: Contents<'a>,
    target: Option<SocketAddr>,
    source: Option<IpAddr>,
    interface: u32,
    ecn: Option<Ecn>,
    segment_size: usize,
}

#[derive(Clone, Copy, Debug)]
enum Contents<'a> {
    One(IoSlice<'a>),
    Several(&'a [IoSlice<'a>]),
}

impl<'a> Transmit<'a> {
    /// These bytes, to the address that the socket is connected to.
    pub fn new(bytes: &'a [u8]) -> Transmit<'a> {
        Transmit::with_contents(Contents::One(IoSlice::new(bytes)))
    }

    /// The bytes of these buffers one after the other, to the address that the socket is connected
    /// to.
    pub fn vectored(buffers: &'a [IoSlice<'a>]) -> Transmit<'a> {
        Transmit::with_contents(Contents::Several(buffers))
    }

    fn with_contents(contents: Contents<'a>) -> Transmit<'a> {
        Transmit { contents, target: None, source: None, interface: 0, ecn: None, segment_size: 0 }
    }

    /// Sends it to this address. A socket of IPv6 reaches one of IPv4 by its mapped form
    /// (`::ffff:192.0.2.1`); Linux takes the plain one too.
    pub fn target(mut self, address: SocketAddr) -> Self {
        self.target = Some(address);
        self
    }

    /// Sends it from this address of the machine, which answers a datagram from where it was
    /// received ([`Received::destination`](super::Received::destination)). The port is the
    /// socket's. Otherwise the system chooses by its routes.
    pub fn source(mut self, address: IpAddr) -> Self {
        self.source = Some(address);
        self
    }

    /// Sends it by the interface with this index. 0, as at first, lets the system choose.
    pub fn interface(mut self, index: u32) -> Self {
        self.interface = index;
        self
    }

    /// Marks its packets. Where the mark is part of the whole traffic class (all but Windows), the
    /// rest of that, the DSCP, is zero. Otherwise the socket's own traffic class is taken.
    pub fn ecn(mut self, mark: Ecn) -> Self {
        self.ecn = Some(mark);
        self
    }

    /// Makes a row of datagrams of its bytes: each of this size, and the last of what is left. 0,
    /// as at first, sends one datagram.
    ///
    /// There may be any number of segments. The system is given as many at once as it takes, or
    /// else one by one.
    pub fn segment_size(mut self, size: usize) -> Self {
        self.segment_size = size;
        self
    }

    /// The number of bytes.
    // A datagram without any is still one to send.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.slices().iter().fold(0, |sum, slice| sum.saturating_add(slice.len()))
    }

    /// The number of datagrams, which is 1 unless there is a segment size.
    pub fn segments(&self) -> usize {
        if self.segment_size == 0 { 1 } else { self.len().div_ceil(self.segment_size).max(1) }
    }

    pub(crate) fn slices(&self) -> &[IoSlice<'a>] {
        match &self.contents {
            Contents::One(slice) => slice::from_ref(slice),
            Contents::Several(slices) => slices,
        }
    }

    pub(crate) fn segment(&self) -> usize {
        self.segment_size
    }

    /// Where it goes to, if not to the peer of the socket.
    pub(crate) fn address(&self) -> Option<&SocketAddr> {
        self.target.as_ref()
    }

    /// What is to be said beside the address.
    pub(crate) fn marks(&self) -> Marks {
        Marks { source: self.source, interface: self.interface, ecn: self.ecn }
    }
}

/// What is to be said of a datagram beside where it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) source: Option<IpAddr>,
    /// 0 for none.
    pub(crate) interface: u32,
    pub(crate) ecn: Option<Ecn>,
}

impl Marks {
    pub(crate) fn is_empty(&self) -> bool {
        self.source.is_none() && self.interface == 0 && self.ecn.is_none()
    }
}
