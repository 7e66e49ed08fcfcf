//! Sending: one datagram from several buffers, and many one by one.

use std::io::{self, IoSlice};
use std::net::{SocketAddr, UdpSocket};
use std::os::windows::io::AsRawSocket;
use std::ptr;

use windows_sys::Win32::Networking::WinSock::{
    SOCKADDR, WSABUF, WSAEINVAL, WSAEMSGSIZE, WSAENOPROTOOPT, WSAEOPNOTSUPP, WSAMSG, WSASendMsg,
    WSASendTo,
};

use super::messages::{MESSAGES, NO_BUFFER, message};
use super::options::extras;
use crate::os::datagram::control::{self, CannotBeSaid, SEND_SPACE, Space};
use crate::os::datagram::rows::{self, Message, Offload, Outbox, Progress, Refusal};
use crate::os::datagram::{MOST_MESSAGES, Transmit, cannot_be_said};
use crate::os::windows::address::ToSend;
use crate::os::windows::call::{check_winsock, winsock};

/// Sends one datagram, the bytes of these buffers.
#[allow(unsafe_code)]
pub(crate) fn send_vectored(
    socket: &UdpSocket,
    buffers: &[IoSlice<'_>],
    target: Option<&SocketAddr>,
) -> io::Result<usize> {
    let target = target.map(ToSend::ip);
    let (name, name_length) = name_of(target.as_ref());
    let mut sent = 0;
    // SAFETY: address and buffers are valid for the call, which waits for its end and only reads
    // them; an `IoSlice` is laid out as a `WSABUF`.
    check_winsock(unsafe {
        WSASendTo(
            winsock(socket.as_raw_socket()),
            buffers.as_ptr().cast(),
            u32::try_from(buffers.len()).unwrap_or(u32::MAX),
            &raw mut sent,
            0,
            name,
            name_length,
            ptr::null_mut(),
            None,
        )
    })?;
    Ok(sent as usize)
}

/// Room for what goes with one message, made once.
pub(crate) struct SendRoom {
    capacity: usize,
    control: Space<SEND_SPACE>,
    /// For messages that are part of their buffers.
    pieces: Box<[WSABUF]>,
    /// What this system takes in segments, and what a socket that used this room was refused; not
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
        let pieces = if capacity == 0 { 0 } else { MOST_MESSAGES };
        SendRoom {
            capacity,
            control: Space([0; SEND_SPACE]),
            pieces: vec![NO_BUFFER; pieces].into(),
            offload: None,
        }
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
    let mut offload = room.offload.unwrap_or(Offload::NONE);
    if room.offload.is_none() && transmits.iter().any(|transmit| transmit.segments() > 1) {
        offload = Offload::of(extras(socket).segments);
        room.offload = Some(offload);
    }
    let mut one = One { socket, room, message: None };
    let progress = rows::send_all(transmits, &mut offload, &mut one);
    if let Some(known) = &mut room.offload {
        *known = offload;
    }
    progress
}

/// A message, and what is to be said of it: its place in the room.
struct Ready<'m> {
    message: Message<'m>,
    said: usize,
}

/// The one message that goes into a call.
struct One<'r, 'm> {
    socket: &'r UdpSocket,
    room: &'r mut SendRoom,
    message: Option<Ready<'m>>,
}

impl One<'_, '_> {
    /// Writes what is to be said of a message, and returns how many bytes that takes.
    fn say(&mut self, message: &Message<'_>) -> io::Result<usize> {
        let marks = message.transmit.marks();
        if marks.is_empty() && message.segment == 0 {
            return Ok(0);
        }
        // Windows that does not know it may take it and leave it out.
        if marks.ecn.is_some() && !extras(self.socket).ecn {
            return Err(cannot_be_said(CannotBeSaid));
        }
        let mut target = message.transmit.address().map(SocketAddr::ip);
        if target.or(marks.source).is_none() && !marks.is_empty() {
            target = Some(self.socket.peer_addr()?.ip());
        }
        let space = &mut self.room.control;
        control::encode(&MESSAGES, target, &marks, message.segment, space).map_err(cannot_be_said)
    }
}

impl<'m> Outbox<'m> for One<'_, 'm> {
    fn clear(&mut self) {
        self.message = None;
    }

    fn push(&mut self, message: Message<'m>) -> io::Result<bool> {
        let needed = if message.whole().is_some() { 0 } else { message.parts().count() };
        if self.message.is_some() || needed > self.room.pieces.len() {
            return Ok(false);
        }
        let said = self.say(&message)?;
        self.message = Some(Ready { message, said });
        Ok(true)
    }

    fn send(&mut self) -> io::Result<usize> {
        let Some(Ready { message: sent, said }) = self.message.take() else { return Ok(0) };
        let target = sent.transmit.address().map(ToSend::ip);
        let (name, name_length) = name_of(target.as_ref());
        let buffers = match sent.whole() {
            Some(slices) => (slices.as_ptr().cast::<WSABUF>().cast_mut(), slices.len()),
            None => {
                let mut count = 0;
                for (piece, part) in self.room.pieces.iter_mut().zip(sent.parts()) {
                    // A message is no longer than 32 bits can say: see `rows`.
                    *piece = WSABUF { len: part.len() as u32, buf: part.as_ptr().cast_mut() };
                    count += 1;
                }
                (self.room.pieces.as_mut_ptr(), count)
            }
        };
        let control = &mut self.room.control.0[..said];
        let raw = message((name.cast_mut(), name_length), buffers, control);
        send_message(self.socket, &raw)?;
        Ok(1)
    }

    fn refusal(error: &io::Error) -> Option<Refusal> {
        match error.raw_os_error()? {
            WSAEINVAL | WSAEMSGSIZE => Some(Refusal::Size),
            WSAEOPNOTSUPP | WSAENOPROTOOPT => Some(Refusal::Always),
            _ => None,
        }
    }
}

/// Sends a message whose pointers are those of [`One::send`].
#[allow(unsafe_code)]
fn send_message(socket: &UdpSocket, message: &WSAMSG) -> io::Result<()> {
    let mut sent = 0;
    // SAFETY: what the message points to is borrowed by the caller, is valid for the lengths given,
    // and is only read; the call waits for its end. An `IoSlice` is laid out as a `WSABUF`.
    check_winsock(unsafe {
        WSASendMsg(
            winsock(socket.as_raw_socket()),
            message,
            0,
            &raw mut sent,
            ptr::null_mut(),
            None,
        )
    })
}

fn name_of(target: Option<&ToSend>) -> (*const SOCKADDR, i32) {
    target.map_or((ptr::null(), 0), ToSend::as_ptr)
}
