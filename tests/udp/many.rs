//! Datagrams in several buffers, and many datagrams in one call.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
#[cfg(target_os = "linux")]
use std::net::SocketAddr;

use mio::Interest;
use mio::event::Event;
use mio::net::UdpSocket;
use mio::net::udp::{Received, RecvBatch, SendBatch, Transmit};

#[cfg(target_os = "linux")]
use crate::support::capabilities::RECEIVES_WITHOUT_BUFFERS;
use crate::support::capabilities::{CONTROL_MESSAGES, DATAGRAMS_ARE_CUT, IPV6_LOOPBACK};
use crate::support::{
    expect_error, expect_event, expect_no_events, expect_would_block, loopback_v6,
};
use crate::{BOTH, SOURCE, connected, polling, socket, when_readable};

/// A datagram as it came: its bytes, and what was said of it.
type Arrived = (Vec<u8>, Received);

/// Receives this many datagrams, by events, and takes rows apart.
#[track_caller]
fn receive(socket: &mut UdpSocket, count: usize) -> Vec<Arrived> {
    let mut batch = RecvBatch::with_capacity(8);
    let mut storage = vec![vec![0; 65_535]; 8];
    let mut buffers: Vec<_> = storage.iter_mut().map(|bytes| IoSliceMut::new(bytes)).collect();
    let mut arrived = Vec::new();
    while arrived.len() < count {
        let number =
            when_readable(socket, |socket| socket.recv_many(&mut batch, &mut buffers)).unwrap();
        assert_eq!(number, batch.received().len());
        for (received, buffer) in batch.received().iter().zip(&buffers) {
            arrived.extend(received.segments(buffer).map(|bytes| (bytes.to_vec(), *received)));
        }
    }
    assert_eq!(arrived.len(), count);
    expect_would_block(socket.recv_many(&mut batch, &mut buffers));
    assert!(batch.received().is_empty());
    arrived
}

fn bytes_of(arrived: &[Arrived]) -> Vec<&[u8]> {
    arrived.iter().map(|(bytes, _)| &bytes[..]).collect()
}

/// One byte, so that a call has nothing to do with the size of buffers.
fn receive_one(batch: &mut RecvBatch, socket: &UdpSocket) -> io::Result<usize> {
    socket.recv_many(batch, &mut [IoSliceMut::new(&mut [0; 8])])
}

#[test]
fn a_datagram_goes_out_of_several_buffers_and_into_several() {
    let (left, mut right) = connected();
    let parts = [IoSlice::new(b"he"), IoSlice::new(b""), IoSlice::new(b"llo")];
    assert_eq!(left.send_vectored(&parts).unwrap(), 5);
    let (mut first, mut second) = ([0; 3], [0; 8]);
    let received = when_readable(&mut right, |socket| {
        socket.recv_vectored(&mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)])
    });
    assert_eq!(received.unwrap(), 5);
    assert_eq!((&first[..], &second[..2]), (&b"hel"[..], &b"lo"[..]));

    let sender = socket();
    right.connect(sender.local_addr().unwrap()).unwrap();
    let target = right.local_addr().unwrap();
    assert_eq!(sender.send_to_vectored(&parts, target).unwrap(), 5);
    let received = when_readable(&mut right, |socket| {
        socket.recv_from_vectored(&mut [IoSliceMut::new(&mut second)])
    });
    assert_eq!(received.unwrap(), (5, sender.local_addr().unwrap()));
    assert_eq!(&second[..5], b"hello");
}

#[test]
fn empty_datagrams_have_no_buffers_or_empty_ones() {
    let (left, mut right) = connected();
    for parts in [&[][..], &[IoSlice::new(b"")], &[IoSlice::new(b""), IoSlice::new(b"")]] {
        assert_eq!(left.send_vectored(parts).unwrap(), 0);
        let received = when_readable(&mut right, |socket| {
            socket.recv_vectored(&mut [IoSliceMut::new(&mut [0; 8])])
        });
        assert_eq!(received.unwrap(), 0);
    }
}

#[test]
fn datagrams_of_a_batch_arrive_whole_apart_and_in_order() {
    let (sender, mut receiver) = (socket(), socket());
    let to = receiver.local_addr().unwrap();
    let bytes: Vec<u8> = (0..=255).collect();
    let lengths = [5, 0, 1, 200, 0, 256, 3, 3, 3, 17, 2];
    let transmits = lengths.map(|length| Transmit::new(&bytes[..length]).target(to));
    // Fewer than there are go into one call, and more.
    for capacity in [1, 3, 11, 2000] {
        let mut batch = SendBatch::with_capacity(capacity);
        assert_eq!(batch.capacity(), capacity.min(1024));
        assert_eq!(sender.send_many(&mut batch, &transmits).unwrap(), lengths.len());
        assert_eq!(batch.partial(), 0);
        let arrived = receive(&mut receiver, lengths.len());
        assert_eq!(bytes_of(&arrived), lengths.map(|length| &bytes[..length]));
        for (bytes, received) in &arrived {
            assert_eq!(received.source(), sender.local_addr().unwrap());
            assert_eq!((received.len(), received.segment_size()), (bytes.len(), bytes.len()));
            assert!(!received.is_truncated() && !received.is_control_truncated());
            assert_eq!((received.destination(), received.ecn()), (None, None));
        }
    }
}

#[test]
fn a_batch_goes_to_many_targets_and_from_many_buffers() {
    let sender = socket();
    let mut receivers = [socket(), socket(), socket()];
    let targets = receivers.each_ref().map(|socket| socket.local_addr().unwrap());
    let parts = [IoSlice::new(b"hel"), IoSlice::new(b"lo")];
    let mut transmits = targets.map(|target| Transmit::vectored(&parts).target(target)).to_vec();
    transmits.extend(targets.map(|target| Transmit::new(b"bye").target(target)));
    let mut batch = SendBatch::with_capacity(16);
    assert_eq!(sender.send_many(&mut batch, &transmits).unwrap(), 6);
    for receiver in &mut receivers {
        assert_eq!(bytes_of(&receive(receiver, 2)), [&b"hello"[..], b"bye"]);
    }
}

#[test]
fn a_connected_socket_needs_no_targets() {
    let (left, mut right) = connected();
    let mut batch = SendBatch::with_capacity(4);
    let transmits = [Transmit::new(b"one"), Transmit::new(b"three")];
    assert_eq!(left.send_many(&mut batch, &transmits).unwrap(), 2);
    assert_eq!(bytes_of(&receive(&mut right, 2)), [&b"one"[..], b"three"]);
}

#[test]
fn more_than_a_system_call_takes_are_sent_all_the_same() {
    let (left, mut right) = connected();
    right.set_recv_buffer_size(4 << 20).ok();
    let transmits = [Transmit::new(b"x"); 2500];
    let mut batch = SendBatch::with_capacity(usize::MAX);
    assert_eq!(batch.capacity(), 1024);
    let mut sent = 0;
    while sent < transmits.len() {
        sent += left.send_many(&mut batch, &transmits[sent..]).unwrap();
        // As many as came: the receive buffer has no room for all.
        let mut receiving = RecvBatch::with_capacity(2000);
        let mut storage = vec![[0; 8]; 2000];
        let mut buffers: Vec<_> = storage.iter_mut().map(|bytes| IoSliceMut::new(bytes)).collect();
        let received =
            when_readable(&mut right, |socket| socket.recv_many(&mut receiving, &mut buffers));
        assert!((1..=1024).contains(&received.unwrap()));
        assert!(receiving.received().iter().all(|received| received.len() == 1));
    }
    assert_eq!(sent, transmits.len());
}

#[test]
fn a_row_arrives_as_the_datagrams_it_is_made_of() {
    if CONTROL_MESSAGES.is_missing() {
        return;
    }
    let (left, mut right) = connected();
    right.set_recv_buffer_size(4 << 20).ok();
    let bytes: Vec<u8> = (0..100_000).map(|at| (at / 7) as u8).collect();
    let parts = [IoSlice::new(&bytes[..700]), IoSlice::new(&bytes[700..5000])];
    let rows = [
        (Transmit::new(&bytes[..5 * 1200]).segment_size(1200), &bytes[..6000], 1200),
        (Transmit::new(&bytes[..5 * 1200 + 1]).segment_size(1200), &bytes[..6001], 1200),
        (Transmit::new(&bytes[..1200]).segment_size(1200), &bytes[..1200], 1200),
        (Transmit::new(&bytes[..7]).segment_size(1200), &bytes[..7], 1200),
        (Transmit::new(&bytes[..130]).segment_size(1), &bytes[..130], 1),
        (Transmit::new(&bytes).segment_size(1452), &bytes[..], 1452),
        (Transmit::vectored(&parts).segment_size(1200), &bytes[..5000], 1200),
    ];
    let mut batch = SendBatch::with_capacity(2);
    for (transmit, bytes, size) in rows {
        let expected: Vec<&[u8]> = bytes.chunks(size).collect();
        assert_eq!(transmit.segments(), expected.len());
        for offload in [false, true] {
            if right.capabilities().unwrap().receive_segments > 1 {
                right.set_recv_offload(offload).unwrap();
                assert_eq!(right.recv_offload().unwrap(), offload);
            }
            assert_eq!(left.send_many(&mut batch, &[transmit]).unwrap(), 1);
            assert_eq!(batch.partial(), 0);
            assert_eq!(bytes_of(&receive(&mut right, expected.len())), expected);
        }
    }
}

#[test]
fn rows_and_datagrams_mix() {
    if CONTROL_MESSAGES.is_missing() {
        return;
    }
    let (left, mut right) = connected();
    let row = Transmit::new(b"aaabbbc").segment_size(3);
    let transmits = [Transmit::new(b"1"), row, Transmit::new(b"2"), row, Transmit::new(b"")];
    let expected: [&[u8]; 9] = [b"1", b"aaa", b"bbb", b"c", b"2", b"aaa", b"bbb", b"c", b""];
    let mut batch = SendBatch::with_capacity(16);
    assert_eq!(left.send_many(&mut batch, &transmits).unwrap(), 5);
    assert_eq!(bytes_of(&receive(&mut right, 9)), expected);
}

#[test]
fn what_does_not_fit_of_a_datagram_of_a_batch_is_told() {
    let (left, mut right) = connected();
    let mut sending = SendBatch::with_capacity(4);
    let transmits = [Transmit::new(b"long one"), Transmit::new(b"fits"), Transmit::new(b"short")];
    left.send_many(&mut sending, &transmits).unwrap();
    let mut batch = RecvBatch::with_capacity(1);
    let mut lengths = Vec::new();
    while lengths.len() < 3 {
        let mut buffer = [0; 4];
        when_readable(&mut right, |socket| {
            socket.recv_many(&mut batch, &mut [IoSliceMut::new(&mut buffer)])
        })
        .unwrap();
        let received = batch.received()[0];
        lengths.push((received.len(), received.is_truncated()));
    }
    assert_eq!(lengths, [(4, true), (4, false), (4, true)]);
    if DATAGRAMS_ARE_CUT.is_missing() {
        return;
    }
    left.send(b"long one").unwrap();
    let received = when_readable(&mut right, |socket| {
        socket.recv_vectored(&mut [IoSliceMut::new(&mut [0; 2]), IoSliceMut::new(&mut [0; 2])])
    });
    assert_eq!(received.unwrap(), 4);
}

#[test]
fn without_room_nothing_is_moved() {
    let (left, right) = connected();
    left.send(b"x").unwrap();
    let (mut sending, mut receiving) = (SendBatch::with_capacity(0), RecvBatch::with_capacity(0));
    let result = left.send_many(&mut sending, &[Transmit::new(b"x")]);
    expect_error(result, ErrorKind::InvalidInput);
    expect_error(receive_one(&mut receiving, &right), ErrorKind::InvalidInput);
    let mut receiving = RecvBatch::with_capacity(4);
    expect_error(right.recv_many(&mut receiving, &mut []), ErrorKind::InvalidInput);
    assert_eq!(left.send_many(&mut SendBatch::with_capacity(1), &[]).unwrap(), 0);
}

#[test]
fn nothing_to_receive_would_block_and_the_next_datagram_is_one_event() {
    let (peer, mut socket) = connected();
    let mut poll = polling(&mut socket, Interest::READABLE);
    let (mut sending, mut batch) = (SendBatch::with_capacity(4), RecvBatch::with_capacity(4));
    for _ in 0..3 {
        expect_would_block(receive_one(&mut batch, &socket));
        expect_no_events(&mut poll);
        peer.send_many(&mut sending, &[Transmit::new(b"x")]).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        expect_no_events(&mut poll);
        assert_eq!(receive_one(&mut batch, &socket).unwrap(), 1);
    }
    // In the other form.
    for _ in 0..3 {
        expect_would_block(socket.recv_vectored(&mut [IoSliceMut::new(&mut [0; 8])]));
        expect_no_events(&mut poll);
        peer.send_vectored(&[IoSlice::new(b"x")]).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        socket.recv_vectored(&mut [IoSliceMut::new(&mut [0; 8])]).unwrap();
    }
}

/// Receives what is there with room for more.
fn receive_fewer_than_fit(batch: &mut RecvBatch, socket: &UdpSocket) -> usize {
    let mut storage = [[0; 8]; 4];
    let mut buffers = storage.each_mut().map(|bytes| IoSliceMut::new(bytes));
    socket.recv_many(batch, &mut buffers).unwrap()
}

#[test]
fn a_datagram_after_fewer_than_fit_is_an_event() {
    let (peer, mut socket) = connected();
    let mut poll = polling(&mut socket, Interest::READABLE);
    let mut batch = RecvBatch::with_capacity(4);
    for _ in 0..3 {
        peer.send(b"x").unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        assert_eq!(receive_fewer_than_fit(&mut batch, &socket), 1);
    }
}

#[test]
fn receiving_a_batch_gives_no_writable_events() {
    let (peer, mut socket) = connected();
    let mut poll = polling(&mut socket, BOTH);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    let mut batch = RecvBatch::with_capacity(4);
    expect_would_block(receive_one(&mut batch, &socket));
    expect_no_events(&mut poll);
    peer.send(b"x").unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    assert_eq!(receive_fewer_than_fit(&mut batch, &socket), 1);
    expect_no_events(&mut poll);
}

#[test]
fn batches_work_for_ipv6() {
    if IPV6_LOOPBACK.is_missing() {
        return;
    }
    let mut sender = UdpSocket::bind(loopback_v6()).unwrap();
    let mut receiver = UdpSocket::bind(loopback_v6()).unwrap();
    let to = receiver.local_addr().unwrap();
    let mut poll = polling(&mut sender, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    let transmits = [Transmit::new(b"one").target(to), Transmit::new(b"three").target(to)];
    sender.send_many(&mut SendBatch::with_capacity(4), &transmits).unwrap();
    let arrived = receive(&mut receiver, 2);
    assert_eq!(bytes_of(&arrived), [&b"one"[..], b"three"]);
    assert_eq!(arrived[0].1.source(), sender.local_addr().unwrap());
}

#[test]
fn a_datagram_that_is_too_large_ends_a_batch_before_it() {
    let (left, mut right) = connected();
    let too_large = vec![0; 70_000];
    let transmits = [Transmit::new(b"fits"), Transmit::new(&too_large), Transmit::new(b"fits")];
    let mut batch = SendBatch::with_capacity(4);
    assert_eq!(left.send_many(&mut batch, &transmits).unwrap(), 1);
    left.send_many(&mut batch, &transmits[1..]).unwrap_err();
    assert_eq!(left.send_many(&mut batch, &transmits[2..]).unwrap(), 1);
    assert_eq!(bytes_of(&receive(&mut right, 2)), [b"fits", b"fits"]);
}

/// Sends to an address that nobody is at, until the refusal is there.
#[cfg(target_os = "linux")]
fn refused() -> (UdpSocket, SocketAddr) {
    let gone = socket();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let mut socket = socket();
    socket.connect(address).unwrap();
    socket.send(b"anybody there?").unwrap();
    let mut poll = polling(&mut socket, Interest::READABLE);
    // Not all selectors tell that it is an error.
    expect_event(&mut poll, SOURCE, |event| event.is_error() || event.is_readable());
    poll.registry().deregister(&mut socket).unwrap();
    (socket, address)
}

#[cfg(target_os = "linux")]
#[test]
fn a_refusal_of_an_earlier_datagram_is_told_once() {
    let mut batch = RecvBatch::with_capacity(4);
    let (socket, _) = refused();
    expect_error(receive_one(&mut batch, &socket), ErrorKind::ConnectionRefused);
    expect_would_block(receive_one(&mut batch, &socket));
    let (socket, _) = refused();
    let mut sending = SendBatch::with_capacity(4);
    let transmits = [Transmit::new(b"x")];
    expect_error(socket.send_many(&mut sending, &transmits), ErrorKind::ConnectionRefused);
    let (socket, _) = refused();
    expect_error(socket.send_vectored(&[]), ErrorKind::ConnectionRefused);
    if RECEIVES_WITHOUT_BUFFERS.is_missing() {
        return;
    }
    let (socket, _) = refused();
    expect_error(socket.recv_vectored(&mut []), ErrorKind::ConnectionRefused);
}

#[cfg(target_os = "linux")]
#[test]
fn a_refusal_behind_datagrams_is_told_after_them() {
    let (mut socket, address) = refused();
    // The peer is back, and answers, before the refusal was taken.
    let peer = UdpSocket::bind(address).unwrap();
    peer.send_to(b"here", socket.local_addr().unwrap()).unwrap();
    let mut batch = RecvBatch::with_capacity(4);
    let mut next = || {
        let received = when_readable(&mut socket, |socket| receive_one(&mut batch, socket));
        received.map_err(|error| error.kind())
    };
    let results = [next(), next()];
    assert!(results.contains(&Ok(1)), "{results:?}");
    assert!(results.contains(&Err(ErrorKind::ConnectionRefused)), "{results:?}");
    expect_would_block(receive_one(&mut batch, &socket));
}

#[test]
fn sizes_of_buffers_are_set_and_told() {
    let socket = socket();
    if socket.recv_buffer_size().is_err() {
        return;
    }
    for size in [8 << 10, 64 << 10] {
        socket.set_recv_buffer_size(size).unwrap();
        socket.set_send_buffer_size(size).unwrap();
        assert!(socket.recv_buffer_size().unwrap() >= size);
        assert!(socket.send_buffer_size().unwrap() >= size);
    }
    // Cut to what the system allows.
    let _ = socket.set_recv_buffer_size(usize::MAX);
    assert!(socket.recv_buffer_size().unwrap() > 0);
}

#[test]
fn storage_can_be_moved_between_threads() {
    fn movable<T: Send + Sync>() {}
    movable::<SendBatch>();
    movable::<RecvBatch>();
    movable::<Transmit<'_>>();
    movable::<Received>();
}
