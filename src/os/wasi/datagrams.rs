//! Many datagrams where the system has no more than one in one buffer: one by one, with the same
//! result. What cannot be said of a datagram is [`Unsupported`](std::io::ErrorKind::Unsupported).

use std::cmp;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use crate::os::datagram::control::{CannotBeSaid, Told};
use crate::os::datagram::kept::Kept;
use crate::os::datagram::received::{Envelope, Received};
use crate::os::datagram::rows::{self, Message, Offload, Outbox, Progress, Refusal};
use crate::os::datagram::{Buffer, Capabilities, Transmit, Wish, cannot_be_said};

/// No datagram is larger.
const LARGEST: usize = 65_535;

/// Sends one datagram, the bytes of these buffers.
pub(crate) fn send_vectored(
    socket: &UdpSocket,
    buffers: &[IoSlice<'_>],
    target: Option<&SocketAddr>,
) -> io::Result<usize> {
    send_parts(socket, buffers.iter().map(|buffer| &buffer[..]), target)
}

/// Sends one datagram, the bytes of these parts.
fn send_parts<'m>(
    socket: &UdpSocket,
    parts: impl Iterator<Item = &'m [u8]>,
    target: Option<&SocketAddr>,
) -> io::Result<usize> {
    // There is no call for several buffers. A byte more than fits has the system refuse it.
    let mut bytes = [0; LARGEST + 1];
    let mut length = 0;
    for part in parts {
        let room = &mut bytes[length..];
        let count = cmp::min(part.len(), room.len());
        room[..count].copy_from_slice(&part[..count]);
        length += count;
    }
    match target {
        Some(target) => socket.send_to(&bytes[..length], target),
        None => socket.send(&bytes[..length]),
    }
}

/// Receives one datagram into these buffers: its length, and where it came from.
pub(crate) fn recv_vectored(
    socket: &UdpSocket,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<(usize, SocketAddr)> {
    let mut bytes = [0; LARGEST];
    let (length, source) = socket.recv_from(&mut bytes)?;
    let mut left = &bytes[..length];
    for buffer in buffers {
        let count = cmp::min(left.len(), buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        left = &left[count..];
    }
    Ok((length - left.len(), source))
}

/// Nothing but a number: each datagram is sent by itself.
pub(crate) struct SendRoom {
    capacity: usize,
}

impl SendRoom {
    pub(crate) fn with_capacity(capacity: usize) -> SendRoom {
        SendRoom { capacity }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }
}

/// Sends until all is sent or the system takes no more.
pub(crate) fn send_many(
    socket: &UdpSocket,
    _: &mut SendRoom,
    transmits: &[Transmit<'_>],
) -> Progress {
    let (mut offload, mut one) = (Offload::NONE, One { socket, message: None });
    rows::send_all(transmits, &mut offload, &mut one)
}

/// The one message that goes into a call.
struct One<'r, 'm> {
    socket: &'r UdpSocket,
    message: Option<Message<'m>>,
}

impl<'m> Outbox<'m> for One<'_, 'm> {
    fn clear(&mut self) {
        self.message = None;
    }

    fn push(&mut self, message: Message<'m>) -> io::Result<bool> {
        if !message.transmit.marks().is_empty() {
            return Err(cannot_be_said(CannotBeSaid));
        }
        let has_room = self.message.is_none();
        if has_room {
            self.message = Some(message);
        }
        Ok(has_room)
    }

    fn send(&mut self) -> io::Result<usize> {
        let Some(message) = self.message.take() else { return Ok(0) };
        send_parts(self.socket, message.parts(), message.transmit.address())?;
        Ok(1)
    }

    fn refusal(_: &io::Error) -> Option<Refusal> {
        None
    }
}

/// An error that ended a call which had received something, and the socket it is of.
/// Nothing but a number, and what is left of the last call.
pub(crate) struct RecvRoom {
    capacity: usize,
    kept: Kept,
}

impl RecvRoom {
    pub(crate) fn with_capacity(capacity: usize) -> RecvRoom {
        RecvRoom { capacity, kept: Kept::default() }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }
}

/// Receives as many datagrams as there are, each into a buffer of its own, as long as there is room
/// for them; and adds what is known of each to `received`.
pub(crate) fn recv_many(
    socket: &UdpSocket,
    room: &mut RecvRoom,
    buffers: &mut [IoSliceMut<'_>],
    received: &mut Vec<Received>,
) -> io::Result<()> {
    room.kept.take(socket.as_raw_fd())?;
    let count = cmp::min(buffers.len(), room.capacity);
    // Larger than any buffer has to be, so that it is known what was cut.
    let mut bytes = [0; LARGEST];
    for buffer in &mut buffers[..count] {
        match socket.recv_from(&mut bytes) {
            Ok((length, source)) => {
                let fit = cmp::min(length, buffer.len());
                buffer[..fit].copy_from_slice(&bytes[..fit]);
                let envelope = Envelope {
                    length: fit,
                    source,
                    truncated: fit < length,
                    control_truncated: false,
                };
                received.push(Received::new(envelope, Told::default()));
            }
            Err(error) if received.is_empty() => return Err(error),
            Err(error) => {
                room.kept.keep(socket.as_raw_fd(), error);
                break;
            }
        }
    }
    Ok(())
}

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "WASI has no such option of datagrams"))
}

pub(crate) fn set_wish(_: &UdpSocket, _: Wish, on: bool) -> io::Result<()> {
    if on { unsupported() } else { Ok(()) }
}

pub(crate) fn wish(_: &UdpSocket, _: Wish) -> io::Result<bool> {
    Ok(false)
}

pub(crate) fn set_buffer_size(_: &UdpSocket, _: Buffer, _: usize) -> io::Result<()> {
    unsupported()
}

pub(crate) fn buffer_size(_: &UdpSocket, _: Buffer) -> io::Result<usize> {
    unsupported()
}

pub(crate) fn capabilities(_: &UdpSocket) -> io::Result<Capabilities> {
    Ok(Capabilities {
        one_call: false,
        send_segments: 1,
        receive_segments: 1,
        receive_destination: false,
        send_source: false,
        receive_ecn: false,
        send_ecn: false,
        dont_fragment: false,
    })
}
