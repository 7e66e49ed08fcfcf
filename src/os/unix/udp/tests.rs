//! The calls for many messages and the loop that stands in for them, side by side; and what the
//! table says of this system.

use std::io::IoSlice;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::ptr;

use libc::iovec;

use super::systems::SYSTEM;
use super::*;

/// Two sockets that are connected to each other.
fn connected() -> (UdpSocket, UdpSocket) {
    let socket = || UdpSocket::bind("127.0.0.1:0").unwrap();
    let (left, right) = (socket(), socket());
    left.connect(right.local_addr().unwrap()).unwrap();
    right.connect(left.local_addr().unwrap()).unwrap();
    right.set_nonblocking(true).unwrap();
    (left, right)
}

/// The length of a datagram, and the bytes that fitted.
type Arrived = (usize, [u8; 4]);

/// Headers of messages with these buffers.
fn with_buffers(buffers: &mut [iovec]) -> Box<[Header]> {
    let mut headers = headers(buffers.len());
    for (header, buffer) in headers.iter_mut().zip(buffers) {
        header.msg_hdr.msg_iov = ptr::from_mut(buffer);
        header.msg_hdr.msg_iovlen = 1;
    }
    headers
}

/// How many messages a call has moved, how many bytes of each, and the error that ended it.
type Moved = (usize, Vec<usize>, Option<i32>);

fn moved(headers: &[Header], count: usize, error: Option<io::Error>) -> Moved {
    let lengths = headers[..count].iter().map(|header| header.msg_len as usize).collect();
    (count, lengths, error.and_then(|error| error.raw_os_error()))
}

/// Sends these, by the call or by the loop.
#[allow(unsafe_code)]
fn send(socket: &UdpSocket, datagrams: &[&[u8]], by_loop: bool) -> Moved {
    let slices: Vec<_> = datagrams.iter().map(|bytes| IoSlice::new(bytes)).collect();
    let as_buffer = |slice: &IoSlice<'_>| iovec {
        iov_base: slice.as_ptr().cast_mut().cast(),
        iov_len: slice.len(),
    };
    let mut buffers: Vec<_> = slices.iter().map(as_buffer).collect();
    let mut headers = with_buffers(&mut buffers);
    // SAFETY: the buffers are those of `datagrams`.
    let result = unsafe {
        let by_call = if by_loop { None } else { systems::send(socket.as_fd(), &mut headers) };
        match by_call {
            Some(result) => result,
            None => one_by_one::send(socket.as_fd(), &mut headers),
        }
    };
    match result {
        Ok(count) => moved(&headers, count, None),
        Err(error) => moved(&headers, 0, Some(error)),
    }
}

/// Receives into buffers of 4 bytes, by the call or by the loop.
#[allow(unsafe_code)]
fn receive(socket: &UdpSocket, count: usize, by_loop: bool) -> (Moved, Vec<[u8; 4]>) {
    let mut bytes = vec![[0_u8; 4]; count];
    let as_buffer = |bytes: &mut [u8; 4]| iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: 4 };
    let mut buffers: Vec<_> = bytes.iter_mut().map(as_buffer).collect();
    let mut headers = with_buffers(&mut buffers);
    // SAFETY: the buffers are those of `bytes`.
    let (count, error) = unsafe {
        let by_call = if by_loop { None } else { systems::receive(socket.as_fd(), &mut headers) };
        match by_call {
            Some(Ok(count)) => (count, None),
            Some(Err(error)) => (0, Some(error)),
            None => one_by_one::receive(socket.as_fd(), &mut headers),
        }
    };
    bytes.truncate(count);
    // That there is no more is no error where something came.
    let error = error.filter(|error| count == 0 || error.kind() != io::ErrorKind::WouldBlock);
    (moved(&headers, count, error), bytes)
}

/// What arrives of this many datagrams, at most `room` by each call: lengths and bytes.
fn receive_all(socket: &UdpSocket, count: usize, room: usize, by_loop: bool) -> Vec<Arrived> {
    let mut arrived = Vec::new();
    while arrived.len() < count {
        let ((moved, lengths, error), bytes) = receive(socket, room, by_loop);
        assert!(moved <= room);
        match error {
            None => arrived.extend(lengths.into_iter().zip(bytes)),
            // The network takes its time.
            Some(libc::EAGAIN) => std::thread::yield_now(),
            Some(error) => panic!("{}", io::Error::from_raw_os_error(error)),
        }
    }
    assert_eq!(receive(socket, room, by_loop).0, (0, vec![], Some(libc::EAGAIN)));
    arrived
}

#[test]
fn the_loop_has_the_result_of_the_call() {
    let too_large = vec![0; 70_000];
    let batches: [&[&[u8]]; 5] = [
        &[b"one"],
        &[b"one", b"", b"four", b"longer"],
        &[b"fits", &too_large, b"fits"],
        &[&too_large, b"fits"],
        &[b"1", b"2", b"3", b"4", b"5"],
    ];
    for batch in batches {
        for room in 1..7 {
            let results = [false, true].map(|by_loop| {
                let (left, right) = connected();
                let sent = send(&left, batch, by_loop);
                let arrived = receive_all(&right, sent.0, room, by_loop);
                (sent, arrived)
            });
            assert_eq!(results[0], results[1]);
        }
    }
}

/// The system has handed it out, and it would be lost.
#[test]
#[allow(unsafe_code)]
fn an_error_behind_messages_comes_with_them() {
    let (left, right) = connected();
    right.set_nonblocking(false).unwrap();
    let nowhere = ptr::without_provenance_mut(1);
    loop {
        left.send(b"one").unwrap();
        left.send(b"two").unwrap();
        let mut bytes = [0_u8; 4];
        let mut buffers = [
            iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: 4 },
            iovec { iov_base: nowhere, iov_len: 4 },
        ];
        let mut headers = with_buffers(&mut buffers);
        // SAFETY: the first buffer is `bytes`; the kernel finds that it cannot write to the other.
        let (count, error) = unsafe { one_by_one::receive(right.as_fd(), &mut headers) };
        assert_eq!((count, &bytes[..3]), (1, &b"one"[..]));
        match error.unwrap().raw_os_error() {
            // The second is still under way.
            Some(libc::EAGAIN) => right.recv(&mut bytes).map(drop).unwrap(),
            error => break assert_eq!(error, Some(libc::EFAULT)),
        }
    }
}

#[test]
fn a_call_that_the_kernel_lacks_is_tried_once() {
    let call = CallForMany::new(&[libc::ENOSYS]);
    let missing = || Some(Err(io::Error::from_raw_os_error(libc::ENOSYS)));
    assert!(call.attempt(missing).is_none());
    assert!(call.attempt(|| panic!("tried again")).is_none());
    let call = CallForMany::new(&[libc::ENOSYS]);
    assert!(call.attempt(|| None).is_none());
    assert_eq!(call.attempt(|| Some(Ok(7))).unwrap().unwrap(), 7);
    // What a filter of packets answers, for example.
    let refused = || Some(Err(io::Error::from_raw_os_error(libc::EPERM)));
    assert!(call.attempt(refused).unwrap().is_err());
    assert_eq!(call.attempt(|| Some(Ok(7))).unwrap().unwrap(), 7);
}

#[test]
#[allow(unsafe_code)]
fn control_messages_are_laid_out_as_the_c_library_does_it() {
    if SYSTEM.messages.received.is_empty() {
        return;
    }
    let layout = &SYSTEM.messages.layout;
    for data in 0..64 {
        // SAFETY: these compute with numbers.
        let (length, space) = unsafe { (libc::CMSG_LEN(data), libc::CMSG_SPACE(data)) };
        assert_eq!(layout.header + data as usize, length as usize);
        assert_eq!(layout.space(data as usize), space as usize);
    }
}
