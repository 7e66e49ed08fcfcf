//! Many datagrams in one system call, and what goes with each: for QUIC and other users of many
//! datagrams.
//!
//! [`UdpSocket::send_many`] sends [`Transmit`]s, [`UdpSocket::recv_many`] fills buffers and says of
//! each by a [`Received`] where it came from, where it was sent to, and how it was marked. Both
//! work in storage that the caller makes once, [`SendBatch`] and [`RecvBatch`], and allocate
//! nothing.
//!
//! Where the kernel can, a row of datagrams of one size crosses it as one: *segmentation offload*.
//! Sending takes [`Transmit::segment_size`] on every system, and where there is no offload the row
//! is sent one by one. Receiving has to be asked for, by [`UdpSocket::set_recv_offload`], as it
//! needs larger buffers.
//!
//! [`UdpSocket::capabilities`] tells what the system and its kernel have.
//!
//! # Examples
//!
//! ```
//! # #[cfg(feature = "os-poll")]
//! # fn main() -> std::io::Result<()> {
//! use std::io::{self, IoSliceMut};
//!
//! use mio::net::UdpSocket;
//! use mio::net::udp::{Ecn, RecvBatch, SendBatch, Transmit};
//! use mio::{Events, Interest, Poll, Token};
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let sender = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
//! let mut receiver = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
//! let receives_marks = receiver.set_recv_ecn(true).is_ok();
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//!
//! // Once: storage, and buffers.
//! let mut sending = SendBatch::with_capacity(32);
//! let mut receiving = RecvBatch::with_capacity(32);
//! let mut storage = [[0; 1500]; 32];
//! let mut buffers = storage.each_mut().map(|buffer| IoSliceMut::new(buffer));
//!
//! let to = receiver.local_addr()?;
//! let mark = if sender.capabilities()?.send_ecn { Ecn::Ect0 } else { Ecn::NotEct };
//! let marked = |bytes| match mark {
//!     Ecn::NotEct => Transmit::new(bytes).target(to),
//!     mark => Transmit::new(bytes).target(to).ecn(mark),
//! };
//! assert_eq!(sender.send_many(&mut sending, &[marked(b"one"), marked(b"three")])?, 2);
//!
//! let mut lengths = Vec::new();
//! while lengths.len() < 2 {
//!     poll.poll(&mut events, None)?;
//!     loop {
//!         match receiver.recv_many(&mut receiving, &mut buffers) {
//!             Ok(_) => {}
//!             Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
//!             Err(error) => return Err(error),
//!         }
//!         for (received, buffer) in receiving.received().iter().zip(&buffers) {
//!             assert_eq!(received.source(), sender.local_addr()?);
//!             assert!(!receives_marks || received.ecn() == Some(mark));
//!             lengths.extend(received.segments(buffer).map(<[u8]>::len));
//!         }
//!     }
//! }
//! assert_eq!(lengths, [3, 5]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "os-poll"))]
//! # fn main() {}
//! ```
//!
//! [`UdpSocket`]: crate::net::UdpSocket
//! [`UdpSocket::send_many`]: crate::net::UdpSocket::send_many
//! [`UdpSocket::recv_many`]: crate::net::UdpSocket::recv_many
//! [`UdpSocket::set_recv_offload`]: crate::net::UdpSocket::set_recv_offload
//! [`UdpSocket::capabilities`]: crate::net::UdpSocket::capabilities

mod batch;
mod socket;

pub use self::batch::{RecvBatch, SendBatch};
pub use crate::os::datagram::{Capabilities, Ecn, Received, Segments, SegmentsMut, Transmit};
