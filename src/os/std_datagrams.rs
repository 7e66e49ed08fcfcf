//! Many datagrams by the standard library, which has no more than one in one buffer: one by one,
//! with the same result. What cannot be said of a datagram is
//! [`Unsupported`](std::io::ErrorKind::Unsupported).
//!
//! For systems of which this crate knows no shorter way.

use std::cmp;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;

use crate::os::datagram::control::{CannotBeSaid, Told};
use crate::os::datagram::kept::Kept;
use crate::os::datagram::received::{Envelope, Received};
use crate::os::datagram::rows::{self, Message, Offload, Outbox, Progress, Refusal};
use crate::os::datagram::{Capabilities, Transmit, Wish, cannot_be_said};

/// No datagram is larger.
const LARGEST: usize = 65_535;

/// Sends one datagram, the bytes of these buffers.
pub(crate) fn send_vectored(
    socket: &UdpSocket,
    buffers: &[IoSlice<'_>],
    target: Option<&SocketAddr>,
) -> io::Result<usize> {
    send_parts(socket, buffers.iter().map(|buffer| &buffer[..]), &mut Vec::new(), target)
}

/// Sends one datagram, the bytes of these parts, which are gathered in `bytes` if they are several.
fn send_parts<'m>(
    socket: &UdpSocket,
    mut parts: impl Iterator<Item = &'m [u8]>,
    bytes: &mut Vec<u8>,
    target: Option<&SocketAddr>,
) -> io::Result<usize> {
    let first = parts.next().unwrap_or_default();
    let Some(second) = parts.next() else { return send(socket, first, target) };
    bytes.clear();
    for part in [first, second].into_iter().chain(parts) {
        // A byte more than fits has the system refuse it.
        let room = LARGEST + 1 - bytes.len();
        bytes.extend_from_slice(&part[..cmp::min(part.len(), room)]);
    }
    send(socket, bytes, target)
}

fn send(socket: &UdpSocket, bytes: &[u8], target: Option<&SocketAddr>) -> io::Result<usize> {
    match target {
        Some(target) => socket.send_to(bytes, target),
        None => socket.send(bytes),
    }
}

/// Receives one datagram into these buffers: its length, and where it came from.
pub(crate) fn recv_vectored(
    socket: &UdpSocket,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<(usize, SocketAddr)> {
    if let [buffer] = buffers {
        return socket.recv_from(buffer);
    }
    let room = buffers.iter().fold(0_usize, |sum, buffer| sum.saturating_add(buffer.len()));
    let mut bytes = vec![0; cmp::min(room, LARGEST)];
    let (length, source) = socket.recv_from(&mut bytes)?;
    let mut left = &bytes[..length];
    for buffer in buffers {
        let count = cmp::min(left.len(), buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        left = &left[count..];
    }
    Ok((length - left.len(), source))
}

/// How many datagrams a call takes, though each is sent by itself; and room to gather one.
// No array of that size: stacks are small on some of these systems.
pub(crate) struct SendRoom {
    capacity: usize,
    bytes: Vec<u8>,
}

impl SendRoom {
    pub(crate) fn with_capacity(capacity: usize) -> SendRoom {
        SendRoom { capacity, bytes: Vec::new() }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }
}

/// Sends until all is sent or the system takes no more.
pub(crate) fn send_many(
    socket: &UdpSocket,
    room: &mut SendRoom,
    transmits: &[Transmit<'_>],
) -> Progress {
    let mut one = One { socket, bytes: &mut room.bytes, message: None };
    let mut offload = Offload::NONE;
    rows::send_all(transmits, &mut offload, &mut one)
}

/// The one message that goes into a call.
struct One<'r, 'm> {
    socket: &'r UdpSocket,
    bytes: &'r mut Vec<u8>,
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
        send_parts(self.socket, message.parts(), self.bytes, message.transmit.address())?;
        Ok(1)
    }

    fn refusal(_: &io::Error) -> Option<Refusal> {
        None
    }
}

/// How many datagrams a call takes, room for one, and what is left of the last call.
pub(crate) struct RecvRoom {
    capacity: usize,
    /// Larger than any buffer has to be, so that it is known what was cut.
    bytes: Box<[u8]>,
    kept: Kept,
}

impl RecvRoom {
    pub(crate) fn with_capacity(capacity: usize) -> RecvRoom {
        let bytes = if capacity == 0 { 0 } else { LARGEST };
        RecvRoom { capacity, bytes: vec![0; bytes].into(), kept: Kept::default() }
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
    let RecvRoom { capacity, bytes, kept } = room;
    kept.take(socket.as_raw_fd())?;
    let count = cmp::min(buffers.len(), *capacity);
    kept.receive_each(socket.as_raw_fd(), &mut buffers[..count], received, |buffer| {
        receive(socket, buffer, bytes)
    })
}

/// Receives one datagram, by way of room for the largest.
fn receive(
    socket: &UdpSocket,
    buffer: &mut IoSliceMut<'_>,
    bytes: &mut [u8],
) -> io::Result<Received> {
    let (length, source) = socket.recv_from(bytes)?;
    let fit = cmp::min(length, buffer.len());
    buffer[..fit].copy_from_slice(&bytes[..fit]);
    let envelope =
        Envelope { length: fit, source, truncated: fit < length, control_truncated: false };
    Ok(Received::new(envelope, Told::default()))
}

pub(crate) fn set_wish(_: &UdpSocket, _: Wish, on: bool) -> io::Result<()> {
    if on {
        let error = "datagrams have no such option on this system";
        return Err(io::Error::new(io::ErrorKind::Unsupported, error));
    }
    Ok(())
}

pub(crate) fn wish(_: &UdpSocket, _: Wish) -> io::Result<bool> {
    Ok(false)
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

/// Beside what Unix has: the same calls with the same result.
#[cfg(all(test, unix))]
mod tests {
    use std::net::IpAddr;
    use std::{env, thread};

    use super::*;
    use crate::os::unix::udp as system;

    /// Two sockets, the second connected to the first.
    fn connected() -> (UdpSocket, UdpSocket) {
        let socket = || UdpSocket::bind("127.0.0.1:0").unwrap();
        let (receiver, sender) = (socket(), socket());
        sender.connect(receiver.local_addr().unwrap()).unwrap();
        receiver.set_nonblocking(true).unwrap();
        (receiver, sender)
    }

    /// The result of a call, once something has arrived.
    fn when_readable<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match call() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::yield_now(),
                result => return result,
            }
        }
    }

    /// What was said of a datagram, and the bytes of it that fitted.
    type Arrived = (SocketAddr, bool, Vec<u8>);

    /// Receives this many datagrams by one of the two, at most `room` with a call.
    macro_rules! receive_by {
        ($by:ident, $socket:expr, $count:expr, $room:expr) => {{
            let mut room = $by::RecvRoom::with_capacity($room);
            let mut arrived: Vec<Arrived> = Vec::new();
            let count: usize = $count;
            while arrived.len() < count {
                let mut storage = [[0_u8; 4]; 8];
                let mut buffers = storage.each_mut().map(|bytes| IoSliceMut::new(bytes));
                let mut received = Vec::new();
                when_readable(|| $by::recv_many($socket, &mut room, &mut buffers, &mut received))
                    .unwrap();
                assert!((1..=$room).contains(&received.len()));
                for (received, bytes) in received.iter().zip(storage) {
                    let bytes = bytes[..received.len()].to_vec();
                    arrived.push((received.source(), received.is_truncated(), bytes));
                }
            }
            arrived
        }};
    }

    /// Sends all that can be sent by one of the two: how many, the error, and what arrived.
    macro_rules! exchange_by {
        ($by:ident, $batch:expr, $room:expr) => {{
            let (receiver, sender) = connected();
            let progress =
                $by::send_many(&sender, &mut $by::SendRoom::with_capacity($room), $batch);
            let datagrams = $batch[..progress.sent].iter().map(Transmit::segments).sum();
            let arrived = receive_by!($by, &receiver, datagrams, $room);
            let source = sender.local_addr().unwrap();
            let arrived: Vec<_> = arrived
                .into_iter()
                .map(|(from, is_cut, bytes)| (from == source, is_cut, bytes))
                .collect();
            // Behind what was sent a call for many does not tell of it.
            let error = progress.error.filter(|_| progress.sent == 0);
            let error = error.and_then(|error| error.raw_os_error());
            (progress.sent, progress.partial, error, arrived)
        }};
    }

    #[test]
    fn datagrams_go_and_come_as_by_the_calls_of_the_system() {
        use crate::os::std_datagrams as plain;

        let too_large = vec![0; 70_000];
        let parts = [&b"o"[..], b"", b"n", b"e"].map(IoSlice::new);
        let too_large_parts = [&too_large[..], &too_large].map(IoSlice::new);
        let batches: [&[Transmit<'_>]; 6] = [
            &[Transmit::new(b"one")],
            &[Transmit::vectored(&parts), Transmit::new(b""), Transmit::vectored(&parts)],
            &[Transmit::new(b"fits"), Transmit::new(b"longer")],
            &[Transmit::new(b"fits"), Transmit::vectored(&too_large_parts)],
            &[Transmit::new(&too_large), Transmit::new(b"fits")],
            &[Transmit::new(b"rows!").segment_size(2), Transmit::vectored(&[])],
        ];
        // An emulator of another byte order hands on another size for the rows that come last.
        let is_emulated = env::var_os("MIO_TEST_EMULATOR").is_some();
        let count = if is_emulated && cfg!(target_endian = "big") { 5 } else { 6 };
        for batch in &batches[..count] {
            for room in 1..5 {
                assert_eq!(exchange_by!(plain, batch, room), exchange_by!(system, batch, room));
            }
        }
    }

    #[test]
    fn a_datagram_goes_out_of_several_buffers_and_into_several() {
        let (receiver, sender) = connected();
        let target = receiver.local_addr().unwrap();
        for (parts, target) in [
            (&["he", "", "llo"][..], None),
            (&["hello"], Some(&target)),
            (&["", "hello"], Some(&target)),
            (&[], None),
        ] {
            let whole = parts.concat();
            let slices: Vec<_> = parts.iter().map(|part| IoSlice::new(part.as_bytes())).collect();
            assert_eq!(send_vectored(&sender, &slices, target).unwrap(), whole.len());
            let (mut first, mut second) = ([0; 3], [0; 8]);
            let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
            let (length, source) =
                when_readable(|| recv_vectored(&receiver, &mut buffers)).unwrap();
            assert_eq!((length, source), (whole.len(), sender.local_addr().unwrap()));
            assert_eq!(&[&first[..], &second].concat()[..length], whole.as_bytes());
        }
    }

    #[test]
    fn of_a_datagram_that_does_not_fit_the_rest_is_lost() {
        let (receiver, sender) = connected();
        sender.send(b"longer").unwrap();
        let (mut first, mut second) = ([0; 1], [0; 2]);
        let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(when_readable(|| recv_vectored(&receiver, &mut buffers)).unwrap().0, 3);
        assert_eq!((&first, &second), (b"l", b"on"));
        sender.send(b"longer").unwrap();
        let mut buffers = [IoSliceMut::new(&mut second)];
        assert_eq!(when_readable(|| recv_vectored(&receiver, &mut buffers)).unwrap().0, 2);
        assert_eq!(&second, b"lo");
    }

    #[test]
    fn what_cannot_be_said_of_a_datagram_is_unsupported() {
        let (_receiver, sender) = connected();
        let marked = Transmit::new(b"1").source(IpAddr::from([127, 0, 0, 1]));
        let mut room = SendRoom::with_capacity(2);
        let progress = send_many(&sender, &mut room, &[Transmit::new(b"0"), marked]);
        assert_eq!(progress.sent, 1);
        let progress = send_many(&sender, &mut room, &[marked]);
        assert_eq!(progress.sent, 0);
        assert_eq!(progress.error.unwrap().kind(), io::ErrorKind::Unsupported);
        let error = set_wish(&sender, Wish::ReceiveEcn, true).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        set_wish(&sender, Wish::ReceiveEcn, false).unwrap();
        assert!(!wish(&sender, Wish::ReceiveEcn).unwrap());
    }

    /// The system has handed it out, and it would be lost.
    #[test]
    fn an_error_that_came_behind_datagrams_is_told_by_the_next_call() {
        let (left, right) = connected();
        left.connect(right.local_addr().unwrap()).unwrap();
        right.set_nonblocking(true).unwrap();
        let mut room = RecvRoom::with_capacity(2);
        room.kept.keep(right.as_raw_fd(), io::ErrorKind::ConnectionRefused.into());
        left.send(b"one").unwrap();
        let mut bytes = [0; 4];
        let mut buffers = [IoSliceMut::new(&mut bytes)];
        let mut received = Vec::new();
        let error = recv_many(&right, &mut room, &mut buffers, &mut received).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        when_readable(|| recv_many(&right, &mut room, &mut buffers, &mut received)).unwrap();
        assert_eq!(received[0].len(), 3);
        let error = recv_many(&right, &mut room, &mut buffers, &mut received).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }
}
