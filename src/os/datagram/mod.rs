//! Datagrams with what goes with them: addresses at both ends, congestion marks, segments. Plain
//! values and decisions, the same on every system; nothing here asks the system for anything.

pub(crate) mod control;
pub(crate) mod kept;
pub(crate) mod received;
pub(crate) mod rows;
pub(crate) mod transmit;

use std::io;

pub use self::received::{Received, Segments, SegmentsMut};
pub use self::transmit::Transmit;

/// No more messages than this go into one system call: `UIO_MAXIOV` where it has a limit.
pub(crate) const MOST_MESSAGES: usize = 1024;

/// The explicit congestion notification of an IP packet (RFC 3168): two bits of its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Ecn {
    /// `00`: the transport does not take part.
    NotEct = 0b00,
    /// `01`, ECT(1): the transport takes part. L4S (RFC 9331) has a use of its own for it.
    Ect1 = 0b01,
    /// `10`, ECT(0): the transport takes part.
    Ect0 = 0b10,
    /// `11`, CE: a router on the way was congested.
    Ce = 0b11,
}

impl Ecn {
    /// What the two lowest bits of a byte say. That byte may be the whole traffic class of a
    /// packet.
    pub const fn from_bits(bits: u8) -> Ecn {
        match bits & 0b11 {
            0b00 => Ecn::NotEct,
            0b01 => Ecn::Ect1,
            0b10 => Ecn::Ect0,
            _ => Ecn::Ce,
        }
    }

    /// The two bits.
    pub const fn bits(self) -> u8 {
        self as u8
    }
}

/// What a system and its kernel can do with the datagrams of a socket; see
/// [`UdpSocket::capabilities`](crate::net::UdpSocket::capabilities).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// Several datagrams go into one system call.
    pub one_call: bool,
    /// How many segments one message to the system may have: 1 if they are sent one by one.
    pub send_segments: usize,
    /// How many datagrams may arrive as the segments of one: 1 if none ever do. A buffer that
    /// takes whatever comes then has 65,535 bytes.
    pub receive_segments: usize,
    /// The address a datagram was sent to, and its interface, can be had
    /// ([`set_recv_destination`](crate::net::UdpSocket::set_recv_destination)).
    pub receive_destination: bool,
    /// A datagram can be sent from an address of choice ([`Transmit::source`]).
    pub send_source: bool,
    /// Congestion marks can be had ([`set_recv_ecn`](crate::net::UdpSocket::set_recv_ecn)).
    pub receive_ecn: bool,
    /// Congestion marks can be set ([`Transmit::ecn`]).
    pub send_ecn: bool,
    /// Fragmentation can be forbidden
    /// ([`set_dont_fragment`](crate::net::UdpSocket::set_dont_fragment)).
    pub dont_fragment: bool,
}

/// What a socket can be asked to do with all its datagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    ReceiveDestination,
    ReceiveEcn,
    /// Datagrams of one sender that arrive together may be handed out as one.
    ReceiveOffload,
    DontFragment,
}

/// One of the two buffers that a socket has in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Buffer {
    Send,
    Receive,
}

/// The error for a datagram that cannot be sent as asked for.
pub(crate) fn cannot_be_said(_: control::CannotBeSaid) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this system cannot be told the source, interface or mark of a datagram like this",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_the_lowest_two_bits_of_a_traffic_class() {
        for mark in [Ecn::NotEct, Ecn::Ect1, Ecn::Ect0, Ecn::Ce] {
            assert_eq!(Ecn::from_bits(mark.bits()), mark);
            assert_eq!(Ecn::from_bits(mark.bits() | 0b1011_1000), mark);
        }
    }
}
