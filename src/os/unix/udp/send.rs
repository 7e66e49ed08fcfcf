//! Sending: one datagram from several buffers, and many in one call.

use std::io::{self, IoSlice};
use std::iter;
use std::marker::PhantomData;
use std::mem;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use libc::iovec;

use super::one_by_one::{self, moved};
use super::systems::{self, Header, SYSTEM};
use super::{CallForMany, segments_of};
use crate::os::datagram::control::{self, SEND_SPACE, Space};
use crate::os::datagram::rows::{self, Message, Offload, Outbox, Progress, Refusal};
use crate::os::datagram::{MOST_MESSAGES, Transmit, cannot_be_said};
use crate::os::posix::address::ToSend;

static SENDMMSG: CallForMany = CallForMany::new(&[libc::ENOSYS]);

/// Sends one datagram, the bytes of these buffers.
#[allow(unsafe_code)]
pub(crate) fn send_vectored(
    socket: &UdpSocket,
    buffers: &[IoSlice<'_>],
    target: Option<&SocketAddr>,
) -> io::Result<usize> {
    let target = target.map(ToSend::ip);
    let mut message = empty_message();
    set_name(&mut message, target.as_ref());
    message.msg_iov = buffers.as_ptr().cast_mut().cast();
    message.msg_iovlen = buffers.len() as _;
    // SAFETY: address and buffers are valid for the call, which only reads them; an `IoSlice` is
    // laid out as an `iovec`.
    moved(unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) })
}

/// Room for the messages of one call, made once.
pub(crate) struct SendRoom {
    headers: Box<[Header]>,
    names: Box<[Option<ToSend>]>,
    control: Box<[Space<SEND_SPACE>]>,
    /// For messages that are part of their buffers.
    pieces: Box<[iovec]>,
    /// What this kernel takes in segments, and what a socket that used this room was refused; not
    /// known before the first.
    offload: Option<Offload>,
}

// SAFETY: the pointers in it are written anew for each call, and used during that call alone.
#[allow(unsafe_code)]
unsafe impl Send for SendRoom {}
// SAFETY: as above; without `&mut` nothing reads them.
#[allow(unsafe_code)]
unsafe impl Sync for SendRoom {}

impl SendRoom {
    pub(crate) fn with_capacity(capacity: usize) -> SendRoom {
        let no_piece = iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        SendRoom {
            headers: super::headers(capacity),
            names: iter::repeat_with(|| None).take(capacity).collect(),
            control: vec![Space([0; SEND_SPACE]); capacity].into(),
            pieces: vec![no_piece; if capacity == 0 { 0 } else { MOST_MESSAGES }].into(),
            offload: None,
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.headers.len()
    }
}

/// Sends until all is sent or the system takes no more.
pub(crate) fn send_many(
    socket: &UdpSocket,
    room: &mut SendRoom,
    transmits: &[Transmit<'_>],
) -> Progress {
    let mut offload = room.offload.unwrap_or(Offload::NONE);
    if room.offload.is_none() && transmits.iter().any(|transmit| transmit.segments() > 1) {
        offload = Offload::of(segments_of(socket));
        room.offload = Some(offload);
    }
    let mut filled = Filled { socket, room, messages: 0, pieces: 0, peer: None, lent: PhantomData };
    let progress = rows::send_all(transmits, &mut offload, &mut filled);
    if let Some(known) = &mut room.offload {
        *known = offload;
    }
    progress
}

/// A room with messages in it, which borrow for as long as `'m`.
struct Filled<'r, 'm> {
    socket: &'r UdpSocket,
    room: &'r mut SendRoom,
    messages: usize,
    pieces: usize,
    /// Whom the socket is connected to, once that was asked.
    peer: Option<IpAddr>,
    lent: PhantomData<&'m [u8]>,
}

impl Filled<'_, '_> {
    /// Writes what is to be said of a message, and returns how many bytes that takes.
    fn say(&mut self, message: &Message<'_>) -> io::Result<usize> {
        let marks = message.transmit.marks();
        if marks.is_empty() && message.segment == 0 {
            return Ok(0);
        }
        let mut target = message.transmit.address().map(SocketAddr::ip);
        let is_known = target.or(marks.source).is_some() || marks.is_empty();
        if !is_known && !SYSTEM.messages.skips_other_family {
            if self.peer.is_none() {
                self.peer = Some(self.socket.peer_addr()?.ip());
            }
            target = self.peer;
        }
        let space = &mut self.room.control[self.messages];
        control::encode(&SYSTEM.messages, target, &marks, message.segment, space)
            .map_err(cannot_be_said)
    }

    /// Copies the buffers that a message is part of, and returns how many these are; or `None` if
    /// there is no room for them.
    fn cut(&mut self, message: &Message<'_>) -> Option<usize> {
        let first = self.pieces;
        for part in message.parts() {
            let piece = self.room.pieces.get_mut(self.pieces)?;
            *piece = iovec { iov_base: part.as_ptr().cast_mut().cast(), iov_len: part.len() };
            self.pieces += 1;
        }
        Some(self.pieces - first)
    }

    /// Points the headers to what was gathered in the room. From here on nothing of that changes.
    // The number of buffers is as wide as a pointer on some systems.
    #[allow(clippy::unnecessary_cast)]
    fn point(&mut self) {
        let SendRoom { headers, names, control, pieces, .. } = &mut *self.room;
        let mut next_piece = pieces.as_mut_ptr();
        let rooms = names.iter().zip(control);
        for (header, (name, control)) in headers[..self.messages].iter_mut().zip(rooms) {
            let header = &mut header.msg_hdr;
            set_name(header, name.as_ref());
            if header.msg_controllen > 0 {
                header.msg_control = control.0.as_mut_ptr().cast();
            }
            // Else to the buffers of the user.
            if header.msg_iov.is_null() {
                header.msg_iov = next_piece;
                next_piece = next_piece.wrapping_add(header.msg_iovlen as usize);
            }
        }
    }
}

impl<'m> Outbox<'m> for Filled<'_, 'm> {
    fn clear(&mut self) {
        self.messages = 0;
        self.pieces = 0;
    }

    fn push(&mut self, message: Message<'m>) -> io::Result<bool> {
        let at = self.messages;
        if at == self.room.headers.len() {
            return Ok(false);
        }
        let said = self.say(&message)?;
        let mut header = empty_message();
        header.msg_controllen = said as _;
        if let Some(slices) = message.whole() {
            header.msg_iov = slices.as_ptr().cast_mut().cast();
            header.msg_iovlen = slices.len() as _;
        } else {
            let Some(count) = self.cut(&message) else { return Ok(false) };
            header.msg_iovlen = count as _;
        }
        self.room.headers[at].msg_hdr = header;
        self.room.names[at] = message.transmit.address().map(ToSend::ip);
        self.messages += 1;
        Ok(true)
    }

    #[allow(unsafe_code)]
    fn send(&mut self) -> io::Result<usize> {
        self.point();
        let (socket, headers) = (self.socket.as_fd(), &mut self.room.headers[..self.messages]);
        // SAFETY: what the headers point to is in the room, which is borrowed, or was borrowed for
        // `'m`, which is not over. It is only read.
        let many = SENDMMSG.attempt(|| unsafe { systems::send(socket, headers) });
        match many {
            Some(result) => result,
            // SAFETY: as above.
            None => unsafe { one_by_one::send(socket, headers) },
        }
    }

    fn refusal(error: &io::Error) -> Option<Refusal> {
        match error.raw_os_error()? {
            libc::EINVAL | libc::EMSGSIZE => Some(Refusal::Size),
            libc::EIO | libc::EOPNOTSUPP | libc::ENOPROTOOPT => Some(Refusal::Always),
            _ => None,
        }
    }
}

/// A message without anything.
#[allow(unsafe_code)]
pub(super) fn empty_message() -> libc::msghdr {
    // SAFETY: made of numbers and pointers, for which zeroes are valid. Some systems have private
    // fields in it, so that it cannot be made otherwise.
    unsafe { mem::zeroed() }
}

fn set_name(message: &mut libc::msghdr, name: Option<&ToSend>) {
    if let Some(name) = name {
        let (pointer, length) = name.as_ptr();
        message.msg_name = pointer.cast_mut().cast();
        message.msg_namelen = length;
    }
}
