//! [`Received`]: what the system said of a datagram that it handed out.

use std::iter::FusedIterator;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::{cmp, slice};

use super::Ecn;
use super::control::Told;

/// What the system said of a received datagram, or of a row of datagrams that it handed out as one;
/// from [`RecvBatch::received`](crate::net::udp::RecvBatch::received).
///
/// What a socket has to be asked for first (destination, congestion mark, rows) is not told
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    length: usize,
    source: SocketAddr,
    destination: Option<IpAddr>,
    interface: Option<u32>,
    ecn: Option<Ecn>,
    segment_size: usize,
    truncated: bool,
    control_truncated: bool,
}

/// Whom a datagram comes from that the system gave no address for.
pub(crate) const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// What the call itself said, beside the control messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Envelope {
    pub(crate) length: usize,
    pub(crate) source: SocketAddr,
    pub(crate) truncated: bool,
    pub(crate) control_truncated: bool,
}

impl Received {
    pub(crate) fn new(envelope: Envelope, told: Told) -> Received {
        let Envelope { length, source, truncated, control_truncated } = envelope;
        // All of it is one segment, unless the system says so.
        let segment_size = match told.segment_size {
            Some(size) if size > 0 => cmp::min(size, length),
            _ => length,
        };
        Received {
            length,
            source,
            destination: told.destination.map(|address| in_family_of(address, &source)),
            interface: told.interface,
            ecn: told.ecn,
            segment_size,
            truncated,
            control_truncated,
        }
    }

    /// The number of bytes in the buffer.
    // A datagram without any is still one that was received.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Who sent it. On a socket of IPv6 that also takes IPv4, an address of IPv4 has its mapped
    /// form (`::ffff:192.0.2.1`).
    pub fn source(&self) -> SocketAddr {
        self.source
    }

    /// The address that it was sent to, in the same form. `None` unless the socket has
    /// [`recv_destination`](crate::net::UdpSocket::recv_destination).
    pub fn destination(&self) -> Option<IpAddr> {
        self.destination
    }

    /// The index of the interface that it came by. `None` unless the socket has
    /// [`recv_destination`](crate::net::UdpSocket::recv_destination).
    pub fn interface(&self) -> Option<u32> {
        self.interface
    }

    /// The congestion mark of its packet; of a row that of all its packets. `None` unless the
    /// socket has [`recv_ecn`](crate::net::UdpSocket::recv_ecn).
    pub fn ecn(&self) -> Option<Ecn> {
        self.ecn
    }

    /// The size of each datagram in the buffer but the last, which may be shorter; the
    /// [length](Received::len) if there is just one.
    pub fn segment_size(&self) -> usize {
        self.segment_size
    }

    /// Whether the buffer was too small: the rest is lost (`MSG_TRUNC`).
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Whether what the system has to say did not fit, so that some of it is missing
    /// (`MSG_CTRUNC`). Only a socket that was asked for more than this type tells, for example
    /// for time stamps, has so much to say.
    pub fn is_control_truncated(&self) -> bool {
        self.control_truncated
    }

    /// The datagrams in the buffer that it was received into: at least one, which may be empty.
    ///
    /// Of a buffer that is shorter than what was received, the rest is left out.
    pub fn segments<'a>(&self, buffer: &'a [u8]) -> Segments<'a> {
        let bytes = &buffer[..cmp::min(self.length, buffer.len())];
        let is_empty = bytes.is_empty();
        Segments { empty: is_empty, chunks: bytes.chunks(self.segment_size.max(1)) }
    }

    /// Like [`segments`](Received::segments), to change them where they are, as decryption does.
    pub fn segments_mut<'a>(&self, buffer: &'a mut [u8]) -> SegmentsMut<'a> {
        let end = cmp::min(self.length, buffer.len());
        let bytes = &mut buffer[..end];
        let is_empty = bytes.is_empty();
        SegmentsMut { empty: is_empty, chunks: bytes.chunks_mut(self.segment_size.max(1)) }
    }
}

/// An address as the source has it: mapped, if the source is one of IPv6.
fn in_family_of(address: IpAddr, source: &SocketAddr) -> IpAddr {
    match address {
        IpAddr::V4(plain) if source.is_ipv6() => IpAddr::V6(plain.to_ipv6_mapped()),
        address => address,
    }
}

/// Iterator of [`Received::segments`].
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    /// There is one datagram, without any bytes, and it is still to be returned.
    empty: bool,
    chunks: slice::Chunks<'a, u8>,
}

impl<'a> Iterator for Segments<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if std::mem::take(&mut self.empty) { Some(&[]) } else { self.chunks.next() }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.chunks.len() + usize::from(self.empty);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Segments<'_> {}
impl FusedIterator for Segments<'_> {}

/// Iterator of [`Received::segments_mut`].
#[derive(Debug)]
pub struct SegmentsMut<'a> {
    /// There is one datagram, without any bytes, and it is still to be returned.
    empty: bool,
    chunks: slice::ChunksMut<'a, u8>,
}

impl<'a> Iterator for SegmentsMut<'a> {
    type Item = &'a mut [u8];

    fn next(&mut self) -> Option<&'a mut [u8]> {
        if std::mem::take(&mut self.empty) { Some(&mut []) } else { self.chunks.next() }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.chunks.len() + usize::from(self.empty);
        (left, Some(left))
    }
}

impl ExactSizeIterator for SegmentsMut<'_> {}
impl FusedIterator for SegmentsMut<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(length: usize, segment_size: Option<usize>) -> Received {
        let envelope =
            Envelope { length, source: NOBODY, truncated: false, control_truncated: false };
        Received::new(envelope, Told { segment_size, ..Told::default() })
    }

    fn lengths(received: &Received, buffer: &mut [u8]) -> Vec<usize> {
        let segments = received.segments(buffer);
        let expected = segments.len();
        let lengths: Vec<usize> = segments.map(<[u8]>::len).collect();
        assert_eq!(lengths.len(), expected);
        let mutable: Vec<usize> = received.segments_mut(buffer).map(|bytes| bytes.len()).collect();
        assert_eq!(lengths, mutable);
        lengths
    }

    #[test]
    fn rows_split_into_segments_with_a_shorter_last_one() {
        let cases: [(usize, Option<usize>, &[usize]); 9] = [
            (0, None, &[0]),
            (0, Some(0), &[0]),
            (0, Some(1200), &[0]),
            (5, None, &[5]),
            (5, Some(0), &[5]),
            (5, Some(5), &[5]),
            (5, Some(9), &[5]),
            (5, Some(2), &[2, 2, 1]),
            (6, Some(2), &[2, 2, 2]),
        ];
        for (length, segment_size, expected) in cases {
            let received = received(length, segment_size);
            assert_eq!(lengths(&received, &mut [0; 16]), expected, "{length} {segment_size:?}");
        }
    }

    #[test]
    fn a_buffer_of_another_length_is_no_panic() {
        assert_eq!(lengths(&received(5, Some(2)), &mut [0; 3]), [2, 1]);
        assert_eq!(lengths(&received(5, Some(2)), &mut []), [0]);
    }

    #[test]
    fn the_destination_is_in_the_form_of_the_source() {
        let plain: IpAddr = "127.0.0.2".parse().unwrap();
        let mapped: IpAddr = "::ffff:127.0.0.2".parse().unwrap();
        let from_v6 = "[::1]:1".parse().unwrap();
        assert_eq!(in_family_of(plain, &NOBODY), plain);
        assert_eq!(in_family_of(plain, &from_v6), mapped);
        assert_eq!(in_family_of(mapped, &from_v6), mapped);
    }
}
