//! Many datagrams on kernels that lack the calls for that, or that take no segments.

use std::io::{self, IoSliceMut};

use libc::c_long;
use mio::net::UdpSocket;
use mio::net::udp::{RecvBatch, SendBatch, Transmit};

use crate::support::descriptor::set_option;
use crate::support::loopback_v4;
use crate::timeouts::refuse;
use crate::{network, skip, tracer};

fn connected() -> io::Result<(UdpSocket, UdpSocket)> {
    let (left, right) = (UdpSocket::bind(loopback_v4())?, UdpSocket::bind(loopback_v4())?);
    left.connect(right.local_addr()?)?;
    Ok((left, right))
}

/// Receives this many datagrams, and returns their lengths.
fn receive(socket: &UdpSocket, count: usize) -> io::Result<Vec<usize>> {
    let mut batch = RecvBatch::with_capacity(4);
    let mut lengths = Vec::new();
    while lengths.len() < count {
        let mut storage = [[0; 8]; 4];
        match socket.recv_many(&mut batch, &mut storage.each_mut().map(|at| IoSliceMut::new(at))) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            result => result?,
        };
        lengths.extend(batch.received().iter().map(|received| received.len()));
    }
    Ok(lengths)
}

fn count(calls: &[tracer::Call], number: c_long) -> usize {
    calls.iter().filter(|call| call.number == number).count()
}

/// What the messages of each call were, by the results of the calls.
fn sent(calls: &[tracer::Call]) -> Vec<i64> {
    let sent = calls.iter().filter(|call| call.number == libc::SYS_sendmmsg);
    sent.map(|call| call.result).collect()
}

#[test]
fn a_kernel_without_the_calls_for_many_is_asked_once_and_has_the_same_result() {
    // The second is what gVisor says of a flag that it does not know.
    for errno in [libc::ENOSYS, libc::EINVAL] {
        let Some(calls) = tracer::trace(
            || {
                refuse(libc::SYS_sendmmsg, libc::ENOSYS)?;
                refuse(libc::SYS_recvmmsg, errno)?;
                Ok((connected()?, SendBatch::with_capacity(16)))
            },
            |((left, right), batch)| {
                for _ in 0..2 {
                    let transmits =
                        [Transmit::new(b"one"), Transmit::new(b""), Transmit::new(b"three")];
                    assert_eq!(left.send_many(batch, &transmits)?, 3);
                    assert_eq!(receive(right, 3)?, [3, 0, 5]);
                }
                Ok(())
            },
        ) else {
            return skip();
        };
        assert_eq!(count(&calls, libc::SYS_sendmmsg), 1, "{calls:?}");
        assert_eq!(count(&calls, libc::SYS_sendmsg), 6, "{calls:?}");
        assert_eq!(count(&calls, libc::SYS_recvmmsg), 1, "{calls:?}");
        assert!(count(&calls, libc::SYS_recvmsg) >= 6, "{calls:?}");
    }
}

/// Linux before 4.18: the option is unknown, and so would be the message.
#[test]
fn a_kernel_without_segments_is_never_offered_them() {
    let Some(calls) = tracer::trace(
        || {
            refuse(libc::SYS_getsockopt, libc::ENOPROTOOPT)?;
            Ok((connected()?, SendBatch::with_capacity(16)))
        },
        |((left, right), batch)| {
            for _ in 0..2 {
                let row = Transmit::new(b"1111222233").segment_size(4);
                assert_eq!(left.send_many(batch, &[row])?, 1);
                assert_eq!(receive(right, 3)?, [4, 4, 2]);
            }
            Ok(())
        },
    ) else {
        return skip();
    };
    assert_eq!(count(&calls, libc::SYS_getsockopt), 1, "{calls:?}");
    // Three messages each.
    assert_eq!(sent(&calls), [3, 3], "{calls:?}");
}

/// Without checksums the kernel refuses segments, `EINVAL`, as some interfaces do.
#[test]
fn segments_that_are_refused_go_one_by_one_and_are_not_offered_again() {
    let Some(calls) = tracer::trace(
        || {
            let (left, right) = connected()?;
            set_option(&left, libc::SOL_SOCKET, libc::SO_NO_CHECK, 1);
            Ok((left, right, SendBatch::with_capacity(16)))
        },
        |(left, right, batch)| {
            for _ in 0..2 {
                let row = Transmit::new(b"1111222233").segment_size(4);
                assert_eq!(left.send_many(batch, &[row])?, 1);
                assert_eq!(receive(right, 3)?, [4, 4, 2]);
            }
            Ok(())
        },
    ) else {
        return skip();
    };
    assert_eq!(sent(&calls), [i64::from(-libc::EINVAL), 3, 3], "{calls:?}");
}

/// Those are fragmented, and smaller ones go on as before.
#[test]
fn segments_larger_than_a_packet_go_one_by_one_and_smaller_ones_as_a_row() {
    let Some(calls) = tracer::trace(
        || {
            let is_alone = network::with_largest_packet(1500).is_ok();
            Ok((is_alone, connected()?, SendBatch::with_capacity(16)))
        },
        |(is_alone, (left, right), batch)| {
            if !*is_alone {
                return Ok(());
            }
            let bytes = [7; 6000];
            for size in [2000, 2000, 1200] {
                let row = Transmit::new(&bytes).segment_size(size);
                assert_eq!(left.send_many(batch, &[row])?, 1);
                assert_eq!(receive(right, row.segments())?, vec![8; row.segments()]);
            }
            left.set_dont_fragment(true)?;
            // Another has to find that out for itself. That it fails has nothing to do with rows.
            let mut batch = SendBatch::with_capacity(16);
            let too_large = [Transmit::new(&bytes).segment_size(2000)];
            let error = left.send_many(&mut batch, &too_large).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
            let row = Transmit::new(&bytes).segment_size(1472);
            assert_eq!(left.send_many(&mut batch, &[row])?, 1);
            assert_eq!(receive(right, row.segments())?, vec![8; row.segments()]);
            Ok(())
        },
    ) else {
        return skip();
    };
    let sent = sent(&calls);
    if sent.is_empty() {
        return skip();
    }
    // Which error it is differs between kernels.
    assert!([-libc::EMSGSIZE, -libc::EINVAL].map(i64::from).contains(&sent[0]), "{calls:?}");
    assert_eq!(sent[1..4], [3, 3, 1], "{calls:?}");
    assert!(sent[4] < 0 && sent[5] < 0, "{calls:?}");
    assert_eq!(sent[6..], [1], "{calls:?}");
}
