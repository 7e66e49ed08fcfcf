//! `UnixStream`.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net;

use mio::Interest;
use mio::event::Event;
use mio::net::{UnixDatagram, UnixListener, UnixStream};

use crate::support::conversions::{
    convert_registered, convert_there_and_back, convert_to_std_and_back,
};
use crate::support::descriptor::{is_close_on_exec, is_nonblocking};
use crate::support::{
    SocketPath, expect_error, expect_event, expect_events, expect_no_events, expect_would_block,
    read_until_would_block,
};
use crate::{BOTH, SOURCE, polling};

fn pair() -> (UnixStream, UnixStream) {
    UnixStream::pair().unwrap()
}

#[test]
fn connect_is_done_at_once_and_writable() {
    let path = SocketPath::new();
    let listener = UnixListener::bind(&path).unwrap();
    let mut stream = UnixStream::connect(&path).unwrap();
    assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(path.as_ref()));
    assert!(stream.local_addr().unwrap().is_unnamed());
    stream.finish_connect().unwrap();
    let mut poll = polling(&mut stream, BOTH);
    let event = expect_event(&mut poll, SOURCE, Event::is_writable);
    assert!(!event.is_readable() && !event.is_error() && !event.is_write_closed(), "{event:?}");
    expect_no_events(&mut poll);

    let (mut accepted, _) = listener.accept().unwrap();
    accepted.write_all(b"hello").unwrap();
    expect_event(&mut poll, SOURCE, Event::is_readable);
    assert_eq!(read_until_would_block(&stream), b"hello");
}

#[test]
fn connect_addr_takes_a_path_too() {
    let path = SocketPath::new();
    let _listener = UnixListener::bind(&path).unwrap();
    let address = net::SocketAddr::from_pathname(&path).unwrap();
    let stream = UnixStream::connect_addr(&address).unwrap();
    assert_eq!(stream.peer_addr().unwrap().as_pathname(), Some(path.as_ref()));
}

#[test]
fn connect_to_a_path_that_does_not_exist_is_not_found() {
    expect_error(UnixStream::connect(SocketPath::new()), ErrorKind::NotFound);
}

#[test]
fn connect_to_a_socket_of_datagrams_is_refused() {
    let path = SocketPath::new();
    let _datagram = UnixDatagram::bind(&path).unwrap();
    crate::support::expect_os_error(UnixStream::connect(&path), libc::EPROTOTYPE);
}

#[test]
fn a_pair_is_unnamed_and_connected_both_ways() {
    let (mut left, mut right) = pair();
    assert!(left.local_addr().unwrap().is_unnamed());
    assert!(left.peer_addr().unwrap().is_unnamed());
    left.write_all(b"to the right").unwrap();
    right.write_all(b"to the left").unwrap();
    assert_eq!(read_until_would_block(&right), b"to the right");
    assert_eq!(read_until_would_block(&left), b"to the left");
}

#[test]
fn without_a_connection_there_is_no_peer() {
    let unconnected = UnixStream::from(OwnedFd::from(UnixDatagram::unbound().unwrap()));
    expect_error(unconnected.peer_addr(), ErrorKind::NotConnected);
    for _ in 0..2 {
        expect_error(unconnected.finish_connect(), ErrorKind::NotConnected);
    }
}

#[test]
fn a_connected_stream_can_be_asked_again_and_again_whether_it_is() {
    let (mut left, right) = pair();
    // Not being writable is not the same as being about to connect.
    while left.write(&[0; 1 << 16]).is_ok() {}
    for _ in 0..3 {
        left.finish_connect().unwrap();
        right.finish_connect().unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_stream_whose_peer_has_closed_is_connected_and_one_that_never_was_is_not() {
    use crate::support::descriptor::unix_stream_bound_to;

    let (mut left, right) = pair();
    drop(right);
    left.finish_connect().unwrap();
    assert_eq!(left.read(&mut [0; 8]).unwrap(), 0);
    left.finish_connect().unwrap();

    let never = UnixStream::from(unix_stream_bound_to(None));
    expect_error(never.finish_connect(), ErrorKind::NotConnected);
}

#[test]
fn reading_by_value_by_reference_and_into_several_buffers_is_the_same_stream() {
    let (mut left, mut right) = pair();
    expect_would_block(right.read(&mut [0; 8]));
    expect_would_block((&right).read(&mut [0; 8]));
    left.write_all(b"abcdef").unwrap();
    let mut one = [0; 1];
    assert_eq!(right.read(&mut one).unwrap(), 1);
    assert_eq!((&right).read(&mut one).unwrap(), 1);
    assert_eq!(&one, b"b");
    let (mut first, mut second) = ([0; 1], [0; 8]);
    let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(right.read_vectored(&mut buffers).unwrap(), 4);
    assert_eq!((&first, &second[..3]), (b"c", &b"def"[..]));
    expect_would_block((&right).read_vectored(&mut [IoSliceMut::new(&mut first)]));
}

#[test]
fn writing_by_value_by_reference_and_from_several_buffers_reaches_the_peer_in_order() {
    let (mut left, right) = pair();
    assert_eq!(left.write(b"ab").unwrap(), 2);
    assert_eq!((&left).write(b"cd").unwrap(), 2);
    assert_eq!(left.write_vectored(&[IoSlice::new(b"e"), IoSlice::new(b"fg")]).unwrap(), 3);
    assert_eq!((&left).write_vectored(&[IoSlice::new(b"h")]).unwrap(), 1);
    left.flush().unwrap();
    (&left).flush().unwrap();
    assert_eq!(read_until_would_block(&right), b"abcdefgh");
}

#[test]
fn new_data_after_would_block_or_a_short_read_is_exactly_one_event() {
    let (mut left, mut right) = pair();
    let mut poll = polling(&mut right, Interest::READABLE);
    for round in 0..10 {
        left.write_all(&[round]).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        expect_no_events(&mut poll);
        assert_eq!(right.read(&mut [0; 8]).unwrap(), 1);
        if round % 2 == 0 {
            expect_would_block(right.read(&mut [0; 8]));
        }
        expect_no_events(&mut poll);
    }
}

#[test]
fn room_after_a_full_buffer_is_an_event() {
    let (mut left, right) = pair();
    let mut poll = polling(&mut left, Interest::WRITABLE);
    for _ in 0..3 {
        expect_event(&mut poll, SOURCE, Event::is_writable);
        let mut written = 0;
        let error = loop {
            match left.write(&[7; 4096]) {
                Ok(length) => written += length,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        expect_no_events(&mut poll);
        assert_eq!(read_until_would_block(&right).len(), written);
    }
}

#[test]
fn after_shutdown_of_writing_the_peer_reads_the_end_and_may_go_on_writing() {
    let (mut left, mut right) = pair();
    let mut poll = polling(&mut right, BOTH);
    left.write_all(b"last").unwrap();
    left.shutdown(Shutdown::Write).unwrap();
    let events =
        expect_events(&mut poll, &[(SOURCE, Event::is_readable), (SOURCE, Event::is_read_closed)]);
    assert!(!events.iter().any(Event::is_write_closed), "{events:?}");
    let mut received = Vec::new();
    right.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"last");
    right.write_all(b"answer").unwrap();
    assert_eq!(read_until_would_block(&left), b"answer");
    expect_error(left.write(b"x"), ErrorKind::BrokenPipe);
}

#[test]
fn after_shutdown_of_reading_reads_end_and_the_peer_cannot_write() {
    let (mut left, mut right) = pair();
    let mut poll = polling(&mut left, Interest::READABLE);
    left.shutdown(Shutdown::Read).unwrap();
    expect_event(&mut poll, SOURCE, Event::is_read_closed);
    assert_eq!(left.read(&mut [0; 8]).unwrap(), 0);
    expect_error(right.write(b"x"), ErrorKind::BrokenPipe);
    left.write_all(b"still").unwrap();
    assert_eq!(read_until_would_block(&right), b"still");
}

#[test]
fn after_shutdown_of_both_neither_side_goes_on() {
    let (mut left, mut right) = pair();
    let mut poll = polling(&mut right, BOTH);
    left.shutdown(Shutdown::Both).unwrap();
    expect_events(&mut poll, &[(SOURCE, Event::is_read_closed), (SOURCE, Event::is_write_closed)]);
    for stream in [&mut left, &mut right] {
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
        expect_error(stream.write(b"x"), ErrorKind::BrokenPipe);
    }
}

#[test]
fn a_peer_that_closes_is_the_end_of_both_directions() {
    let (mut left, right) = pair();
    let mut poll = polling(&mut left, BOTH);
    drop(right);
    expect_events(&mut poll, &[(SOURCE, Event::is_read_closed), (SOURCE, Event::is_write_closed)]);
    assert_eq!(left.read(&mut [0; 8]).unwrap(), 0);
    expect_error(left.write(b"x"), ErrorKind::BrokenPipe);
    expect_no_events(&mut poll);
    poll.registry().deregister(&mut left).unwrap();
}

#[test]
fn data_that_the_peer_left_unread_is_an_error_to_take() {
    let (mut left, right) = pair();
    assert!(left.take_error().unwrap().is_none());
    left.write_all(b"never read").unwrap();
    drop(right);
    let error = left.take_error().unwrap().expect("the data is lost");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(left.take_error().unwrap().is_none());
}

#[test]
fn try_io_returns_what_the_operation_does() {
    let (left, _right) = pair();
    assert_eq!(left.try_io(|| Ok("result")).unwrap(), "result");
    let failed: io::Result<()> = left.try_io(|| Err(ErrorKind::TimedOut.into()));
    expect_error(failed, ErrorKind::TimedOut);
}

#[test]
fn new_data_after_try_io_would_block_is_exactly_one_event() {
    let (mut left, mut right) = pair();
    let mut poll = polling(&mut right, Interest::READABLE);
    // A plain read, which the type does not see.
    let plain: fn(&UnixStream) -> io::Result<usize> = |stream| {
        let duplicate = std::os::fd::AsFd::as_fd(stream).try_clone_to_owned()?;
        net::UnixStream::from(duplicate).read(&mut [0; 1])
    };
    for _ in 0..5 {
        expect_would_block(right.try_io(|| plain(&right)));
        left.write_all(b"x").unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        expect_no_events(&mut poll);
        assert_eq!(right.try_io(|| plain(&right)).unwrap(), 1);
    }
}

#[test]
fn connected_streams_and_pairs_do_not_block_and_are_closed_on_exec() {
    let path = SocketPath::new();
    let _listener = UnixListener::bind(&path).unwrap();
    let (left, right) = pair();
    for stream in [UnixStream::connect(&path).unwrap(), left, right] {
        assert!(is_nonblocking(&stream) && is_close_on_exec(&stream));
    }
}

#[test]
fn conversions_keep_number_flags_and_connection_and_close_once_at_the_end() {
    let (left, mut right) = pair();
    let left = convert_there_and_back(left);
    let mut left = convert_to_std_and_back::<_, net::UnixStream>(left, UnixStream::from_std);
    left.write_all(b"x").unwrap();
    assert_eq!(read_until_would_block(&right), b"x");
    drop(left);
    assert_eq!(right.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn conversions_leave_registration_as_the_selector_has_it() {
    convert_registered(pair().0, BOTH);
}

#[test]
fn from_std_takes_a_blocking_stream_as_it_is() {
    let (blocking, _peer) = net::UnixStream::pair().unwrap();
    assert!(!is_nonblocking(&UnixStream::from_std(blocking)));
}

#[test]
fn debug_names_the_type() {
    assert!(format!("{:?}", pair().0).starts_with("UnixStream"));
}
