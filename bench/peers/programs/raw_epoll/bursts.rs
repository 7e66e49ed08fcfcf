//! Bursts of datagrams: a call for each, many in one call, and rows that the kernel cuts and puts
//! together.

use std::array;
use std::io;
use std::mem;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

use crate::calls;
use crate::support::Arguments;
use crate::support::bursts::{self, BURST, DATAGRAM, Pair, ROW, ROWS};

struct Both {
    sender: UdpSocket,
    receiver: UdpSocket,
    storage: Vec<Vec<u8>>,
}

impl Both {
    fn new(buffers: usize, size: usize) -> io::Result<Both> {
        let (sender, receiver) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
        sender.connect(receiver.local_addr()?)?;
        sender.set_nonblocking(true)?;
        receiver.set_nonblocking(true)?;
        Ok(Both { sender, receiver, storage: vec![vec![0; size]; buffers] })
    }
}

struct OneByOne(Both);

impl Pair for OneByOne {
    fn send(&mut self, bytes: &[u8], payload: usize) -> io::Result<()> {
        for datagram in bytes.chunks(payload) {
            if calls::send(self.0.sender.as_raw_fd(), datagram) < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(())
    }

    fn receive(&mut self, payload: usize) -> io::Result<usize> {
        // SAFETY: all bytes zero are an address, of no family.
        let mut address: libc::sockaddr_in = unsafe { mem::zeroed() };
        let receiver = self.0.receiver.as_raw_fd();
        let count = calls::receive_from(receiver, &mut self.0.storage[0], &mut address);
        if count < 0 {
            return Err(io::Error::last_os_error());
        }
        assert_eq!(count as usize, payload);
        Ok(1)
    }
}

struct Many(Both);

impl Pair for Many {
    fn send(&mut self, bytes: &[u8], payload: usize) -> io::Result<()> {
        let mut slices: [_; BURST] = array::from_fn(|at| slice(&bytes[at * payload..][..payload]));
        let mut headers: [_; BURST] = array::from_fn(|_| no_message());
        for (header, slice) in headers.iter_mut().zip(&mut slices) {
            (header.msg_hdr.msg_iov, header.msg_hdr.msg_iovlen) = (slice, 1);
        }
        assert_eq!(send_many(self.0.sender.as_raw_fd(), &mut headers)?, BURST);
        Ok(())
    }

    fn receive(&mut self, payload: usize) -> io::Result<usize> {
        let mut slices: Vec<_> = self.0.storage.iter().map(|buffer| slice(buffer)).collect();
        let mut names: [_; BURST] = array::from_fn(|_| no_name());
        let mut headers: [_; BURST] = array::from_fn(|_| no_message());
        for (at, header) in headers.iter_mut().enumerate() {
            receive_into(&mut header.msg_hdr, &mut slices[at], &mut names[at]);
        }
        let count = receive_many(self.0.receiver.as_raw_fd(), &mut headers)?;
        for header in &headers[..count] {
            assert_eq!(header.msg_len as usize, payload);
        }
        Ok(count)
    }
}

struct Offload(Both);

impl Pair for Offload {
    fn send(&mut self, bytes: &[u8], payload: usize) -> io::Result<()> {
        let mut row = slice(bytes);
        let mut control = Control::SEGMENT;
        control.size[..2].copy_from_slice(&(payload as u16).to_ne_bytes());
        let mut header = no_message();
        (header.msg_hdr.msg_iov, header.msg_hdr.msg_iovlen) = (&mut row, 1);
        header.msg_hdr.msg_control = (&raw mut control).cast();
        header.msg_hdr.msg_controllen = size_of::<Control>();
        assert_eq!(send_many(self.0.sender.as_raw_fd(), &mut [header])?, 1);
        Ok(())
    }

    fn receive(&mut self, payload: usize) -> io::Result<usize> {
        let mut slices: [_; ROWS] = array::from_fn(|at| slice(&self.0.storage[at]));
        let mut names: [_; ROWS] = array::from_fn(|_| no_name());
        let mut controls = [Control::SEGMENT; ROWS];
        let mut headers: [_; ROWS] = array::from_fn(|_| no_message());
        for (at, header) in headers.iter_mut().enumerate() {
            receive_into(&mut header.msg_hdr, &mut slices[at], &mut names[at]);
            header.msg_hdr.msg_control = (&raw mut controls[at]).cast();
            header.msg_hdr.msg_controllen = size_of::<Control>();
        }
        let count = receive_many(self.0.receiver.as_raw_fd(), &mut headers)?;
        let mut datagrams = 0;
        for (header, control) in headers[..count].iter().zip(&controls) {
            let length = header.msg_len as usize;
            // One datagram alone comes without its size.
            let is_row = header.msg_hdr.msg_controllen > 0;
            let size = if is_row { i32::from_ne_bytes(control.size) as usize } else { length };
            assert!(size == payload && length.is_multiple_of(size));
            datagrams += length / size;
        }
        Ok(datagrams)
    }
}

/// The control message of segments, as the system lays it out: how large each is, 2 bytes to the
/// system and 4 from it.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control {
    length: usize,
    level: i32,
    kind: i32,
    size: [u8; 4],
}

impl Control {
    const SEGMENT: Control =
        Control { length: 16 + 2, level: libc::SOL_UDP, kind: libc::UDP_SEGMENT, size: [0; 4] };
}

fn slice(bytes: &[u8]) -> libc::iovec {
    libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() }
}

fn no_message() -> libc::mmsghdr {
    // SAFETY: all bytes zero are a message without anything.
    unsafe { mem::zeroed() }
}

fn no_name() -> libc::sockaddr_in {
    // SAFETY: all bytes zero are an address, of no family.
    unsafe { mem::zeroed() }
}

fn receive_into(header: &mut libc::msghdr, slice: &mut libc::iovec, name: &mut libc::sockaddr_in) {
    header.msg_namelen = size_of_val(name) as libc::socklen_t;
    header.msg_name = (&raw mut *name).cast();
    (header.msg_iov, header.msg_iovlen) = (slice, 1);
}

fn send_many(socket: RawFd, messages: &mut [libc::mmsghdr]) -> io::Result<usize> {
    let (pointer, length) = (messages.as_mut_ptr(), messages.len() as u32);
    // SAFETY: all pointers lead to what the callers keep until it returns.
    checked(unsafe { libc::sendmmsg(socket, pointer, length, libc::MSG_NOSIGNAL) })
}

fn receive_many(socket: RawFd, messages: &mut [libc::mmsghdr]) -> io::Result<usize> {
    let (pointer, length) = (messages.as_mut_ptr(), messages.len() as u32);
    // SAFETY: all pointers lead to what the callers keep until it returns, storage of their own.
    checked(unsafe { libc::recvmmsg(socket, pointer, length, 0, ptr::null_mut()) })
}

fn checked(count: i32) -> io::Result<usize> {
    if count < 0 { Err(io::Error::last_os_error()) } else { Ok(count as usize) }
}

fn put_together(socket: RawFd) -> io::Result<()> {
    let on: i32 = 1;
    let (level, name) = (libc::SOL_UDP, libc::UDP_GRO);
    // SAFETY: the pointer is valid for the length given.
    checked(unsafe { libc::setsockopt(socket, level, name, (&raw const on).cast(), 4) }).map(drop)
}

pub fn one_by_one(arguments: &Arguments) -> io::Result<()> {
    bursts::run(arguments, OneByOne(Both::new(1, DATAGRAM)?))
}

pub fn many(arguments: &Arguments) -> io::Result<()> {
    bursts::run(arguments, Many(Both::new(BURST, DATAGRAM)?))
}

pub fn offload(arguments: &Arguments) -> io::Result<()> {
    let both = Both::new(ROWS, ROW)?;
    put_together(both.receiver.as_raw_fd())?;
    bursts::run(arguments, Offload(both))
}
