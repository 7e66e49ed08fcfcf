//! `TcpStream` once it is connected.

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use mio::Interest;
use mio::event::Event;
use mio::net::TcpStream;

#[cfg(any(target_os = "linux", target_os = "android"))]
use crate::support::capabilities::PRIORITY;
use crate::support::capabilities::{
    END_IS_KNOWN_BEFORE_DATA_IS_READ, ENDS_ARE_TOLD, OWN_SHUTDOWN_IS_AN_EVENT, PEEKING,
    SHORT_READS_ARE_UNDERSTOOD, TRANSFERS_OF_SEVERAL_BUFFERS, WRITTEN_BYTES_OUTLIVE_THE_STREAM,
};
use crate::support::{
    Answer, expect_error, expect_event, expect_events, expect_no_events, expect_shut_down,
    expect_would_block, poll_for, read_until_would_block,
};
use crate::{BOTH, SOURCE, connected, polling, when_readable};

#[test]
fn reading_gives_what_the_peer_wrote_and_then_would_block() {
    let (mut stream, mut peer) = connected();
    expect_would_block(stream.read(&mut [0; 8]));
    peer.write_all(b"hello").unwrap();
    let mut buffer = [0; 8];
    assert_eq!(when_readable(&mut stream, |stream| stream.read(&mut buffer)).unwrap(), 5);
    assert_eq!(&buffer[..5], b"hello");
    expect_would_block(stream.read(&mut buffer));
    expect_would_block((&stream).read(&mut buffer));
}

#[test]
fn reading_by_reference_and_into_several_buffers_is_the_same_stream() {
    let (mut stream, mut peer) = connected();
    peer.write_all(b"abcdef").unwrap();
    let mut one = [0; 1];
    when_readable(&mut stream, |stream| (&*stream).read_exact(&mut one)).unwrap();
    assert_eq!(&one, b"a");

    let (mut first, mut second) = ([0; 2], [0; 8]);
    let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    let mut length = stream.read_vectored(&mut buffers).unwrap();
    if !TRANSFERS_OF_SEVERAL_BUFFERS.is_here() {
        assert_eq!(length, 2);
        length += stream.read(&mut second).unwrap();
    }
    assert_eq!(length, 5);
    assert_eq!((&first, &second[..3]), (b"bc", &b"def"[..]));

    let mut buffers = [IoSliceMut::new(&mut first)];
    expect_would_block((&stream).read_vectored(&mut buffers));
}

#[test]
fn writing_by_value_by_reference_and_from_several_buffers_reaches_the_peer_in_order() {
    let (mut stream, mut peer) = connected();
    assert_eq!(stream.write(b"ab").unwrap(), 2);
    assert_eq!((&stream).write(b"cd").unwrap(), 2);
    let mut length = stream.write_vectored(&[IoSlice::new(b"e"), IoSlice::new(b"fg")]).unwrap();
    if !TRANSFERS_OF_SEVERAL_BUFFERS.is_here() {
        assert_eq!(length, 1);
        length += stream.write(b"fg").unwrap();
    }
    assert_eq!(length, 3);
    assert_eq!((&stream).write_vectored(&[IoSlice::new(b"h")]).unwrap(), 1);
    stream.flush().unwrap();
    (&stream).flush().unwrap();
    let mut buffer = [0; 8];
    peer.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"abcdefgh");
}

/// W1.
#[test]
fn new_data_after_would_block_is_exactly_one_event() {
    let (mut stream, mut peer) = connected();
    let mut poll = polling(&mut stream, Interest::READABLE);
    for round in 0..10 {
        expect_would_block(stream.read(&mut [0; 8]));
        expect_no_events(&mut poll);
        peer.write_all(&[round]).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        expect_no_events(&mut poll);
        assert_eq!(read_until_would_block(&stream), [round]);
    }
}

#[test]
fn new_data_after_a_short_read_is_an_event() {
    let (mut stream, mut peer) = connected();
    let mut poll = polling(&mut stream, Interest::READABLE);
    for round in 0..10 {
        peer.write_all(&[round]).unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        assert_eq!(stream.read(&mut [0; 8]).unwrap(), 1);
        if !SHORT_READS_ARE_UNDERSTOOD.is_here() {
            // At most one event too many: the read finds out.
            poll_for(&mut poll, Duration::ZERO);
            expect_would_block(stream.read(&mut [0; 8]));
        }
        expect_no_events(&mut poll);
    }
}

/// Writes until that would block, and returns what was written.
fn fill(stream: &mut TcpStream) -> usize {
    let mut written = 0;
    let bytes = [7; 64 * 1024];
    loop {
        match stream.write(&bytes) {
            Ok(length) => written += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn room_after_a_full_buffer_is_an_event() {
    let (mut stream, mut peer) = connected();
    let mut poll = polling(&mut stream, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    let mut written = fill(&mut stream);
    let mut buffer = vec![0; 64 * 1024];
    let mut read = 0;
    // In time all that the system can hold has gone through.
    for _ in 0..3 {
        while read < written {
            read += peer.read(&mut buffer).unwrap();
        }
        expect_event(&mut poll, SOURCE, Event::is_writable);
        written += fill(&mut stream);
    }
    if WRITTEN_BYTES_OUTLIVE_THE_STREAM.is_here() {
        drop(stream);
    } else {
        while read < written {
            read += peer.read(&mut buffer).unwrap();
        }
        expect_event(&mut poll, SOURCE, Event::is_writable);
        drop(stream);
    }
    while read < written {
        let length = peer.read(&mut buffer).unwrap();
        assert_ne!(length, 0, "{read} of {written} bytes arrived");
        read += length;
    }
    assert_eq!(peer.read(&mut buffer).unwrap(), 0);
    assert_eq!(read, written);
}

#[test]
fn peek_leaves_the_data_where_it_is() {
    if PEEKING.is_missing() {
        return;
    }
    let (mut stream, mut peer) = connected();
    peer.write_all(b"hello").unwrap();
    let mut buffer = [0; 2];
    assert_eq!(when_readable(&mut stream, |stream| stream.peek(&mut buffer)).unwrap(), 2);
    assert_eq!(&buffer, b"he");
    assert_eq!(stream.peek(&mut buffer).unwrap(), 2);
    assert_eq!(read_until_would_block(&stream), b"hello");
}

/// W4.
#[test]
fn new_data_after_peek_would_block_is_an_event() {
    if PEEKING.is_missing() {
        return;
    }
    let (mut stream, mut peer) = connected();
    let mut poll = polling(&mut stream, Interest::READABLE);
    for _ in 0..5 {
        expect_would_block(stream.peek(&mut [0; 8]));
        peer.write_all(b"x").unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        assert_eq!(stream.peek(&mut [0; 8]).unwrap(), 1);
        assert_eq!(stream.read(&mut [0; 1]).unwrap(), 1);
    }
}

#[test]
fn the_addresses_are_those_of_the_peer_the_other_way_round() {
    let (stream, peer) = connected();
    assert_eq!(stream.local_addr().unwrap(), peer.peer_addr().unwrap());
    assert_eq!(stream.peer_addr().unwrap(), peer.local_addr().unwrap());
}

#[test]
fn nodelay_is_what_it_was_set_to() {
    let (stream, _peer) = connected();
    assert!(!stream.nodelay().unwrap());
    for nodelay in [true, false] {
        stream.set_nodelay(nodelay).unwrap();
        assert_eq!(stream.nodelay().unwrap(), nodelay);
    }
}

#[test]
fn ttl_is_what_it_was_set_to_and_has_bounds() {
    let (stream, _peer) = connected();
    for ttl in [1, 91, 255] {
        stream.set_ttl(ttl).unwrap();
        assert_eq!(stream.ttl().unwrap(), ttl);
    }
    for ttl in [0, 256] {
        expect_error(stream.set_ttl(ttl), ErrorKind::InvalidInput);
    }
    assert_eq!(stream.ttl().unwrap(), 255);
}

#[test]
fn after_shutdown_of_writing_the_peer_reads_the_end_and_may_go_on_writing() {
    let (mut stream, mut peer) = connected();
    let mut poll = polling(&mut stream, Interest::READABLE);
    stream.write_all(b"last").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut received = Vec::new();
    peer.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"last");
    expect_shut_down(stream.write(b"x"));

    peer.write_all(b"answer").unwrap();
    let events = expect_events(&mut poll, &[(SOURCE, Event::is_readable)]);
    assert!(!events.iter().any(Event::is_read_closed), "{events:?}");
    assert_eq!(read_until_would_block(&stream), b"answer");
}

#[test]
fn after_shutdown_of_reading_reads_end_and_writes_go_on() {
    let (mut stream, mut peer) = connected();
    let mut poll = polling(&mut stream, Interest::READABLE);
    stream.shutdown(Shutdown::Read).unwrap();
    if OWN_SHUTDOWN_IS_AN_EVENT.is_here() {
        let event = expect_event(&mut poll, SOURCE, Event::is_read_closed);
        assert!(!event.is_write_closed(), "{event:?}");
    }
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    stream.write_all(b"x").unwrap();
    peer.read_exact(&mut [0; 1]).unwrap();
}

#[test]
fn after_shutdown_of_both_neither_goes_on() {
    let (mut stream, mut peer) = connected();
    stream.shutdown(Shutdown::Both).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    expect_shut_down(stream.write(b"x"));
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
    // The peer closes too: then there is no connection left.
    let mut poll = polling(&mut stream, BOTH);
    drop(peer);
    let closed: [(_, Answer); 2] =
        [(SOURCE, Event::is_read_closed), (SOURCE, Event::is_write_closed)];
    if OWN_SHUTDOWN_IS_AN_EVENT.is_here() {
        expect_events(&mut poll, &closed);
        expect_error(stream.shutdown(Shutdown::Both), ErrorKind::NotConnected);
    } else if !ENDS_ARE_TOLD.is_missing() {
        expect_events(&mut poll, &closed[..1]);
    }
    poll.registry().deregister(&mut stream).unwrap();
}

#[test]
fn a_peer_that_shuts_down_writing_is_read_closed_only() {
    if END_IS_KNOWN_BEFORE_DATA_IS_READ.is_missing() {
        return;
    }
    let (mut stream, mut peer) = connected();
    let mut poll = polling(&mut stream, BOTH);
    peer.write_all(b"last").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    let expected: [(_, Answer); 2] =
        [(SOURCE, Event::is_readable), (SOURCE, Event::is_read_closed)];
    let expected = if ENDS_ARE_TOLD.is_here() { &expected[..] } else { &expected[..1] };
    let events = expect_events(&mut poll, expected);
    assert!(!events.iter().any(Event::is_write_closed), "{events:?}");
    poll.registry().deregister(&mut stream).unwrap();
    let mut received = Vec::new();
    when_readable(&mut stream, |stream| stream.read_to_end(&mut received)).unwrap();
    assert_eq!(received, b"last");
    stream.write_all(b"x").unwrap();
    peer.read_exact(&mut [0; 1]).unwrap();
}

/// W5.
#[cfg(any(unix, windows))]
#[test]
fn a_reset_is_an_event_with_an_error_to_take() {
    use crate::support::capabilities::PENDING_ERRORS;

    let (mut stream, peer) = connected();
    let mut poll = polling(&mut stream, BOTH);
    crate::support::descriptor::reset_on_close(&peer);
    drop(peer);
    let closed: [(_, Answer); 2] =
        [(SOURCE, Event::is_read_closed), (SOURCE, Event::is_write_closed)];
    let events = expect_events(&mut poll, &closed);
    assert_eq!(events.iter().any(Event::is_error), PENDING_ERRORS.is_here(), "{events:?}");
    expect_no_events(&mut poll);
    if !PENDING_ERRORS.is_here() {
        expect_error(stream.read(&mut [0; 8]), ErrorKind::ConnectionReset);
        expect_no_events(&mut poll);
        return;
    }
    let error = stream.take_error().unwrap().expect("the connection was reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(stream.take_error().unwrap().is_none());
    expect_error(stream.write(b"x"), ErrorKind::BrokenPipe);
    expect_no_events(&mut poll);
}

#[test]
fn a_healthy_stream_has_no_error_to_take() {
    let (stream, _peer) = connected();
    assert!(stream.take_error().unwrap().is_none());
}

#[test]
fn dropping_the_stream_closes_the_connection() {
    let (stream, mut peer) = connected();
    drop(stream);
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn try_io_returns_what_the_operation_does() {
    let (stream, _peer) = connected();
    assert_eq!(stream.try_io(|| Ok("result")).unwrap(), "result");
    let failed: io::Result<()> = stream.try_io(|| Err(ErrorKind::TimedOut.into()));
    expect_error(failed, ErrorKind::TimedOut);
    for direction in [Interest::READABLE, Interest::WRITABLE, BOTH] {
        assert_eq!(stream.try_io_with(direction, || Ok("result")).unwrap(), "result");
        let failed: io::Result<()> =
            stream.try_io_with(direction, || Err(ErrorKind::TimedOut.into()));
        expect_error(failed, ErrorKind::TimedOut);
    }
}

#[test]
fn new_data_after_try_io_would_block_is_exactly_one_event() {
    let (mut stream, mut peer) = connected();
    let mut poll = polling(&mut stream, Interest::READABLE);
    for _ in 0..5 {
        expect_would_block(stream.try_io(|| (&stream).read(&mut [0; 8])));
        peer.write_all(b"x").unwrap();
        expect_event(&mut poll, SOURCE, Event::is_readable);
        expect_no_events(&mut poll);
        assert_eq!(stream.try_io(|| (&stream).read(&mut [0; 1])).unwrap(), 1);
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn a_byte_out_of_band_is_an_event_of_priority_where_asked_for() {
    if PRIORITY.is_missing() {
        return;
    }
    let (mut stream, peer) = connected();
    let mut poll = polling(&mut stream, Interest::PRIORITY);
    expect_no_events(&mut poll);
    crate::support::descriptor::send_out_of_band(&peer, b'!');
    let event = expect_event(&mut poll, SOURCE, Event::is_priority);
    assert!(event.is_readable() && !event.is_writable(), "{event:?}");
    expect_no_events(&mut poll);
}

#[test]
fn debug_shows_both_addresses() {
    let (stream, peer) = connected();
    let text = format!("{stream:?}");
    assert!(text.starts_with("TcpStream"), "{text}");
    assert!(text.contains(&peer.local_addr().unwrap().to_string()), "{text}");
    assert!(text.contains(&peer.peer_addr().unwrap().to_string()), "{text}");
}

#[cfg(any(unix, windows))]
mod descriptors {
    use super::*;
    use crate::support::conversions::{
        convert_registered, convert_there_and_back, convert_to_std_and_back,
    };
    use crate::support::descriptor::is_nonblocking;

    #[test]
    fn conversions_keep_number_flags_and_connection_and_close_once_at_the_end() {
        let (stream, mut peer) = connected();
        let stream = convert_there_and_back(stream);
        let mut stream =
            convert_to_std_and_back::<_, std::net::TcpStream>(stream, TcpStream::from_std);
        stream.write_all(b"x").unwrap();
        peer.read_exact(&mut [0; 1]).unwrap();
        drop(stream);
        assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
    }

    #[test]
    fn conversions_leave_registration_as_the_selector_has_it() {
        convert_registered(connected().0, BOTH);
    }

    #[test]
    fn from_std_takes_a_blocking_stream_as_it_is() {
        let (_stream, peer) = connected();
        assert!(!is_nonblocking(&TcpStream::from_std(peer)));
    }

    #[cfg(unix)]
    #[test]
    fn writing_to_a_closed_connection_is_an_error_and_no_signal() {
        use crate::support::signals::raises_sigpipe;

        let (mut stream, _peer) = connected();
        stream.shutdown(Shutdown::Write).unwrap();
        let is_raised = raises_sigpipe(|| {
            expect_error(stream.write(b"x"), ErrorKind::BrokenPipe);
        });
        assert!(!is_raised);
    }
}
