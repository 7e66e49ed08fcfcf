//! Receiving: one datagram into several buffers, and many in one call.

use std::cmp;
use std::io::{self, IoSliceMut};
use std::iter;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use super::CallForMany;
use super::one_by_one::{self, moved};
use super::send::empty_message;
use super::systems::{self, Header, SYSTEM};
use crate::os::datagram::control::{self, RECEIVE_SPACE, Space};
use crate::os::datagram::kept::Kept;
use crate::os::datagram::received::{Envelope, NOBODY, Received};
use crate::os::posix::address;

/// gVisor has the call, but takes its flag (`MSG_WAITFORONE`) for invalid. Nothing else that is
/// asked of it here could be.
static RECVMMSG: CallForMany = CallForMany::new(&[libc::ENOSYS, libc::EINVAL]);

/// Receives one datagram into these buffers: its length, and where it came from.
#[allow(unsafe_code)]
pub(crate) fn recv_vectored(
    socket: &UdpSocket,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<(usize, SocketAddr)> {
    let mut name = address::Received::empty();
    let mut message = empty_message();
    set_name(&mut message, &mut name);
    message.msg_iov = buffers.as_mut_ptr().cast();
    message.msg_iovlen = buffers.len() as _;
    // SAFETY: the name has room for any address, the buffers are valid for their lengths; an
    // `IoSliceMut` is laid out as an `iovec`.
    let length = moved(unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, 0) })?;
    name.set_length(message.msg_namelen);
    Ok((length, name.ip().unwrap_or(NOBODY)))
}

/// Room for the messages of one call, made once.
pub(crate) struct RecvRoom {
    headers: Box<[Header]>,
    names: Box<[address::Received]>,
    control: Box<[Space<RECEIVE_SPACE>]>,
    kept: Kept,
}

// SAFETY: the pointers in it are written anew for each call, and used during that call alone.
#[allow(unsafe_code)]
unsafe impl Send for RecvRoom {}
// SAFETY: as above; without `&mut` nothing reads them.
#[allow(unsafe_code)]
unsafe impl Sync for RecvRoom {}

impl RecvRoom {
    pub(crate) fn with_capacity(capacity: usize) -> RecvRoom {
        RecvRoom {
            headers: super::headers(capacity),
            names: iter::repeat_with(address::Received::empty).take(capacity).collect(),
            control: vec![Space([0; RECEIVE_SPACE]); capacity].into(),
            kept: Kept::default(),
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.headers.len()
    }
}

/// Receives as many datagrams as there are, each into a buffer of its own, as long as there is room
/// for them; and adds what was said of each to `received`.
#[allow(unsafe_code)]
pub(crate) fn recv_many(
    socket: &UdpSocket,
    room: &mut RecvRoom,
    buffers: &mut [IoSliceMut<'_>],
    received: &mut Vec<Received>,
) -> io::Result<()> {
    room.kept.take(socket.as_raw_fd())?;
    let count = cmp::min(buffers.len(), room.headers.len());
    prepare(room, &mut buffers[..count]);
    let headers = &mut room.headers[..count];
    // SAFETY: names and control messages are in the room, which is borrowed; buffers are borrowed
    // too. Each header has its own.
    let many = RECVMMSG.attempt(|| unsafe { systems::receive(socket.as_fd(), headers) });
    let count = match many {
        Some(result) => result?,
        None => {
            // SAFETY: as above.
            match unsafe { one_by_one::receive(socket.as_fd(), headers) } {
                (0, Some(error)) => return Err(error),
                (count, error) => {
                    if let Some(error) = error {
                        room.kept.keep(socket.as_raw_fd(), error);
                    }
                    count
                }
            }
        }
    };
    for at in 0..count {
        received.push(read(room, at));
    }
    Ok(())
}

/// Points each header to a name, a buffer, and room for control messages.
fn prepare(room: &mut RecvRoom, buffers: &mut [IoSliceMut<'_>]) {
    let rooms = room.names.iter_mut().zip(&mut room.control);
    for ((header, buffer), (name, control)) in room.headers.iter_mut().zip(buffers).zip(rooms) {
        let message = &mut header.msg_hdr;
        *message = empty_message();
        set_name(message, name);
        message.msg_iov = ptr::from_mut(buffer).cast();
        message.msg_iovlen = 1;
        if !SYSTEM.messages.received.is_empty() {
            message.msg_control = control.0.as_mut_ptr().cast();
            message.msg_controllen = control.0.len() as _;
        }
    }
}

/// What the system said of the datagram at this place.
fn read(room: &mut RecvRoom, at: usize) -> Received {
    let message = &room.headers[at].msg_hdr;
    let name = &mut room.names[at];
    name.set_length(message.msg_namelen);
    let envelope = Envelope {
        length: room.headers[at].msg_len as usize,
        source: name.ip().unwrap_or(NOBODY),
        truncated: message.msg_flags & libc::MSG_TRUNC != 0,
        control_truncated: message.msg_flags & libc::MSG_CTRUNC != 0,
    };
    let control = &room.control[at].0;
    // As wide as a pointer on some systems.
    #[allow(clippy::unnecessary_cast)]
    let said = cmp::min(message.msg_controllen as usize, control.len());
    let said = if SYSTEM.messages.received.is_empty() { 0 } else { said };
    Received::new(envelope, control::decode(&SYSTEM.messages, &control[..said]))
}

fn set_name(message: &mut libc::msghdr, name: &mut address::Received) {
    let (pointer, length) = name.room();
    message.msg_name = pointer.cast();
    message.msg_namelen = length;
}
