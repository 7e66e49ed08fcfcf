//! [`SendBatch`] and [`RecvBatch`]: storage for what goes to the system with many datagrams.

use std::cmp;
use std::fmt;

use super::Received;
use crate::os;
use crate::os::datagram::MOST_MESSAGES;

/// Storage of [`send_many`](crate::net::UdpSocket::send_many): what the system is told of each
/// datagram of one call. Made once, used for any number of calls and sockets.
///
/// It has no datagrams of its own and keeps none.
pub struct SendBatch {
    pub(super) room: os::udp::SendRoom,
    pub(super) partial: usize,
}

impl SendBatch {
    /// Makes room for as many messages as are to go into one system call. Some tens are enough: the
    /// cost of the call is then spread. More than 1,024 are taken for that.
    ///
    /// A message is a datagram, or as many segments of one [`Transmit`](super::Transmit) as the
    /// system takes at once. More of them than there is room for are sent too, by more calls.
    pub fn with_capacity(capacity: usize) -> SendBatch {
        let capacity = cmp::min(capacity, MOST_MESSAGES);
        SendBatch { room: os::udp::SendRoom::with_capacity(capacity), partial: 0 }
    }

    /// The number of messages that go into one system call.
    pub fn capacity(&self) -> usize {
        self.room.capacity()
    }

    /// How many bytes of the next [`Transmit`](super::Transmit) the last call has sent already,
    /// before it returned: the next one behind those it counted, or the first if it failed.
    ///
    /// It is 0 but for a row of segments that the system took in part. Go on behind these bytes, or
    /// some datagrams are sent twice.
    pub fn partial(&self) -> usize {
        self.partial
    }
}

impl fmt::Debug for SendBatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SendBatch")
            .field("capacity", &self.capacity())
            .field("partial", &self.partial)
            .finish()
    }
}

/// Storage of [`recv_many`](crate::net::UdpSocket::recv_many): what the system says of each
/// datagram of one call. Made once, used for any number of calls and sockets.
///
/// The bytes go into buffers of the caller.
pub struct RecvBatch {
    pub(super) room: os::udp::RecvRoom,
    pub(super) received: Vec<Received>,
}

impl RecvBatch {
    /// Makes room for as many datagrams as are to come by one call. Some tens are enough: the cost
    /// of the call is then spread. More than 1,024 are taken for that.
    pub fn with_capacity(capacity: usize) -> RecvBatch {
        let capacity = cmp::min(capacity, MOST_MESSAGES);
        RecvBatch {
            room: os::udp::RecvRoom::with_capacity(capacity),
            received: Vec::with_capacity(capacity),
        }
    }

    /// The number of datagrams that one call can receive.
    pub fn capacity(&self) -> usize {
        self.room.capacity()
    }

    /// What the last call received, in the order of its buffers. Empty if it failed.
    pub fn received(&self) -> &[Received] {
        &self.received
    }
}

impl fmt::Debug for RecvBatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecvBatch")
            .field("capacity", &self.capacity())
            .field("received", &self.received)
            .finish()
    }
}
