//! A server that sends datagrams back.

use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsRawFd, RawFd};

use crate::calls::{self, Event};
use crate::support;

pub fn serve(buffer: usize) -> io::Result<()> {
    let epoll = calls::create()?;
    let mut events = vec![Event { events: 0, u64: 0 }; 16];
    let mut buffer = vec![0; buffer];
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    let bits = libc::EPOLLIN | libc::EPOLLET;
    calls::control(epoll, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), bits, 0)?;
    support::listening(socket.local_addr()?);
    loop {
        let count = calls::wait(epoll, &mut events)?;
        for event in &events[..count] {
            if event.events as i32 & libc::EPOLLIN != 0 {
                answer_all(socket.as_raw_fd(), &mut buffer)?;
            }
        }
    }
}

/// What finds no room is dropped, as datagrams may be.
fn answer_all(socket: RawFd, buffer: &mut [u8]) -> io::Result<()> {
    // SAFETY: all bytes zero are an address, of no family.
    let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    loop {
        let count = calls::receive_from(socket, buffer, &mut address);
        if count >= 0 {
            let sent = calls::send_to(socket, &buffer[..count as usize], &address);
            if sent < 0 && calls::errno() != libc::EAGAIN {
                return Err(io::Error::last_os_error());
            }
        } else {
            match calls::errno() {
                libc::EAGAIN => return Ok(()),
                libc::EINTR => {}
                _ => return Err(io::Error::last_os_error()),
            }
        }
    }
}
