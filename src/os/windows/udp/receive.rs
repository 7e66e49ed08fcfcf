//! Receiving: one datagram into several buffers, and many one by one.

use std::cmp;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::windows::io::AsRawSocket;
use std::ptr;
use std::sync::OnceLock;

use windows_sys::Win32::Networking::WinSock::{
    LPFN_WSARECVMSG, MSG_CTRUNC, MSG_TRUNC, SIO_GET_EXTENSION_FUNCTION_POINTER, WSABUF,
    WSAEMSGSIZE, WSAID_WSARECVMSG, WSAIoctl, WSAMSG, WSARecvFrom,
};

use super::messages::{MESSAGES, message};
use super::name::Name;
use crate::os::datagram::control::{self, RECEIVE_SPACE, Space};
use crate::os::datagram::kept::Kept;
use crate::os::datagram::received::{Envelope, NOBODY, Received};
use crate::os::windows::call::{check_winsock, winsock};

/// Receives one datagram into these buffers: its length, and where it came from.
#[allow(unsafe_code)]
pub(crate) fn recv_vectored(
    socket: &UdpSocket,
    buffers: &mut [IoSliceMut<'_>],
) -> io::Result<(usize, SocketAddr)> {
    let mut name = Name::empty();
    let (pointer, mut name_length) = name.room();
    let (mut length, mut flags) = (0, 0);
    // SAFETY: the name has room for any address, the buffers are valid for their lengths, and the
    // call waits for its end; an `IoSliceMut` is laid out as a `WSABUF`.
    check_winsock(unsafe {
        WSARecvFrom(
            winsock(socket.as_raw_socket()),
            buffers.as_mut_ptr().cast(),
            u32::try_from(buffers.len()).unwrap_or(u32::MAX),
            &raw mut length,
            &raw mut flags,
            pointer,
            &raw mut name_length,
            ptr::null_mut(),
            None,
        )
    })?;
    Ok((length as usize, name.ip().unwrap_or(NOBODY)))
}

/// Room for what comes with one message, made once.
pub(crate) struct RecvRoom {
    capacity: usize,
    control: Space<RECEIVE_SPACE>,
    kept: Kept,
}

impl RecvRoom {
    pub(crate) fn with_capacity(capacity: usize) -> RecvRoom {
        RecvRoom { capacity, control: Space([0; RECEIVE_SPACE]), kept: Kept::default() }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }
}

/// Receives as many datagrams as there are, each into a buffer of its own, as long as there is room
/// for them; and adds what was said of each to `received`.
pub(crate) fn recv_many(
    socket: &UdpSocket,
    room: &mut RecvRoom,
    buffers: &mut [IoSliceMut<'_>],
    received: &mut Vec<Received>,
) -> io::Result<()> {
    let RecvRoom { capacity, control, kept } = room;
    kept.take(socket.as_raw_socket())?;
    let count = cmp::min(buffers.len(), *capacity);
    kept.receive_each(socket.as_raw_socket(), &mut buffers[..count], received, |buffer| {
        receive(socket, buffer, control)
    })
}

/// Receives one datagram with what goes with it.
fn receive(
    socket: &UdpSocket,
    buffer: &mut IoSliceMut<'_>,
    control: &mut Space<RECEIVE_SPACE>,
) -> io::Result<Received> {
    let mut name = Name::empty();
    let size = buffer.len();
    let buffers = (ptr::from_mut(buffer).cast::<WSABUF>(), 1);
    let mut raw = message(name.room(), buffers, &mut control.0);
    let (length, was_cut) = match receive_message(socket, &mut raw) {
        Ok(length) => (length, false),
        // The buffer is full nevertheless.
        Err(error) if error.raw_os_error() == Some(WSAEMSGSIZE) => (size, true),
        Err(error) => return Err(error),
    };
    let envelope = Envelope {
        length: cmp::min(length, size),
        source: name.ip().unwrap_or(NOBODY),
        truncated: was_cut || raw.dwFlags & MSG_TRUNC != 0,
        control_truncated: raw.dwFlags & MSG_CTRUNC != 0,
    };
    let said = cmp::min(raw.Control.len as usize, control.0.len());
    Ok(Received::new(envelope, control::decode(&MESSAGES, &control.0[..said])))
}

/// Receives a message whose pointers are those of [`receive`].
#[allow(unsafe_code)]
fn receive_message(socket: &UdpSocket, message: &mut WSAMSG) -> io::Result<usize> {
    let Some(call) = call_for_messages(socket)? else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let mut length = 0;
    // SAFETY: what the message points to is borrowed by the caller and valid for the lengths given;
    // the call waits for its end. An `IoSliceMut` is laid out as a `WSABUF`.
    check_winsock(unsafe {
        call(winsock(socket.as_raw_socket()), message, &raw mut length, ptr::null_mut(), None)
    })?;
    Ok(length as usize)
}

/// `WSARecvMsg`, which no library exports: it is asked for by a socket, once a process.
#[allow(unsafe_code)]
fn call_for_messages(socket: &UdpSocket) -> io::Result<LPFN_WSARECVMSG> {
    static CALL: OnceLock<LPFN_WSARECVMSG> = OnceLock::new();
    if let Some(call) = CALL.get() {
        return Ok(*call);
    }
    let (name, mut call): (_, LPFN_WSARECVMSG) = (WSAID_WSARECVMSG, None);
    let mut length = 0;
    // SAFETY: the answer is the address of a function of this type, for which there is room; all
    // pointers are valid for the call, which waits for its end.
    check_winsock(unsafe {
        WSAIoctl(
            winsock(socket.as_raw_socket()),
            SIO_GET_EXTENSION_FUNCTION_POINTER,
            (&raw const name).cast(),
            size_of_val(&name) as u32,
            (&raw mut call).cast(),
            size_of_val(&call) as u32,
            &raw mut length,
            ptr::null_mut(),
            None,
        )
    })?;
    Ok(*CALL.get_or_init(|| call))
}
