//! `unix::pipe`: both ends, and those of a child's standard streams.
#![cfg(all(unix, feature = "os-ext"))]

mod support;

use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};

use mio::event::{Event, Source};
use mio::unix::pipe::{self, Receiver, Sender};
use mio::{Interest, Poll, Token};

use support::conversions::{convert_registered, convert_there_and_back};
use support::descriptor::{is_close_on_exec, is_nonblocking};
use support::{
    expect_error, expect_event, expect_no_events, expect_would_block, read_until_would_block,
};

/// The token of the end that a test is about.
const SOURCE: Token = Token(1);

/// A poll with `source` registered as [`SOURCE`].
fn polling(source: &mut impl Source, interest: Interest) -> Poll {
    let poll = Poll::new().unwrap();
    poll.registry().register(source, SOURCE, interest).unwrap();
    poll
}

/// Writes until that would block, and returns how many bytes went.
fn fill(mut sender: impl Write) -> usize {
    let mut written = 0;
    loop {
        match sender.write(&[7; 4096]) {
            Ok(length) => written += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return written,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn what_is_sent_is_received_and_then_would_block() {
    let (mut sender, mut receiver) = pipe::new().unwrap();
    expect_would_block(receiver.read(&mut [0; 8]));
    sender.write_all(b"hello").unwrap();
    assert_eq!(read_until_would_block(&receiver), b"hello");
    expect_would_block((&receiver).read(&mut [0; 8]));
}

#[test]
fn both_ends_do_not_block_and_are_closed_on_exec() {
    let (sender, receiver) = pipe::new().unwrap();
    assert!(is_nonblocking(&sender) && is_close_on_exec(&sender));
    assert!(is_nonblocking(&receiver) && is_close_on_exec(&receiver));
}

#[test]
fn all_ways_to_write_and_read_are_the_same_pipe() {
    let (mut sender, mut receiver) = pipe::new().unwrap();
    assert_eq!(sender.write(b"ab").unwrap(), 2);
    assert_eq!((&sender).write(b"cd").unwrap(), 2);
    assert_eq!(sender.write_vectored(&[IoSlice::new(b"e"), IoSlice::new(b"fg")]).unwrap(), 3);
    assert_eq!((&sender).write_vectored(&[IoSlice::new(b"h")]).unwrap(), 1);
    sender.flush().unwrap();
    (&sender).flush().unwrap();

    let mut one = [0; 1];
    assert_eq!(receiver.read(&mut one).unwrap(), 1);
    assert_eq!((&receiver).read(&mut one).unwrap(), 1);
    assert_eq!(&one, b"b");
    let (mut first, mut second) = ([0; 1], [0; 3]);
    let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    assert_eq!(receiver.read_vectored(&mut buffers).unwrap(), 4);
    assert_eq!((&first, &second), (b"c", b"def"));
    let mut buffers = [IoSliceMut::new(&mut second)];
    assert_eq!((&receiver).read_vectored(&mut buffers).unwrap(), 2);
    assert_eq!(&second[..2], b"gh");
}

#[test]
fn new_data_after_would_block_or_a_short_read_is_exactly_one_event() {
    let (mut sender, mut receiver) = pipe::new().unwrap();
    let mut poll = polling(&mut receiver, Interest::READABLE);
    for round in 0..10 {
        sender.write_all(&[round]).unwrap();
        let event = expect_event(&mut poll, SOURCE, Event::is_readable);
        assert!(!event.is_read_closed(), "{event:?}");
        expect_no_events(&mut poll);
        assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 1);
        if round % 2 == 0 {
            expect_would_block(receiver.read(&mut [0; 8]));
        }
        expect_no_events(&mut poll);
    }
}

#[test]
fn room_after_a_full_pipe_is_an_event() {
    let (mut sender, receiver) = pipe::new().unwrap();
    let mut poll = polling(&mut sender, Interest::WRITABLE);
    for _ in 0..3 {
        expect_event(&mut poll, SOURCE, Event::is_writable);
        let written = fill(&sender);
        assert_ne!(written, 0);
        expect_no_events(&mut poll);
        assert_eq!(read_until_would_block(&receiver).len(), written);
    }
}

#[test]
fn a_receiver_that_is_gone_is_write_closed_and_a_broken_pipe() {
    let (mut sender, receiver) = pipe::new().unwrap();
    let mut poll = polling(&mut sender, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    drop(receiver);
    expect_event(&mut poll, SOURCE, Event::is_write_closed);
    expect_error(sender.write(b"x"), ErrorKind::BrokenPipe);
    expect_no_events(&mut poll);
    poll.registry().deregister(&mut sender).unwrap();
}

#[test]
fn a_receiver_gone_from_a_full_pipe_is_write_closed_too() {
    let (mut sender, receiver) = pipe::new().unwrap();
    let mut poll = polling(&mut sender, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    fill(&sender);
    drop(receiver);
    expect_event(&mut poll, SOURCE, Event::is_write_closed);
    expect_error(sender.write(b"x"), ErrorKind::BrokenPipe);
}

#[test]
fn a_sender_that_is_gone_is_read_closed_and_the_end_after_what_it_sent() {
    let (mut sender, mut receiver) = pipe::new().unwrap();
    let mut poll = polling(&mut receiver, Interest::READABLE);
    sender.write_all(b"last").unwrap();
    drop(sender);
    expect_event(&mut poll, SOURCE, Event::is_read_closed);
    let mut received = Vec::new();
    receiver.read_to_end(&mut received).unwrap();
    assert_eq!(received, b"last");
    assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 0);
    expect_no_events(&mut poll);
    poll.registry().deregister(&mut receiver).unwrap();
}

#[test]
fn set_nonblocking_sets_and_clears_the_flag_of_one_end_only() {
    let (sender, receiver) = pipe::new().unwrap();
    sender.set_nonblocking(false).unwrap();
    assert!(!is_nonblocking(&sender) && is_nonblocking(&receiver));
    sender.set_nonblocking(true).unwrap();
    receiver.set_nonblocking(false).unwrap();
    assert!(is_nonblocking(&sender) && !is_nonblocking(&receiver));
    for _ in 0..2 {
        receiver.set_nonblocking(true).unwrap();
        assert!(is_nonblocking(&receiver));
    }
}

#[test]
fn a_blocking_receiver_waits_for_data() {
    let (mut sender, mut receiver) = pipe::new().unwrap();
    receiver.set_nonblocking(false).unwrap();
    let reading = std::thread::spawn(move || {
        let mut buffer = [0; 8];
        receiver.read(&mut buffer).map(|length| buffer[..length].to_vec())
    });
    sender.write_all(b"hello").unwrap();
    assert_eq!(reading.join().unwrap().unwrap(), b"hello");
}

#[test]
fn try_io_returns_what_the_operation_does() {
    let (sender, receiver) = pipe::new().unwrap();
    assert_eq!(sender.try_io(|| Ok("sent")).unwrap(), "sent");
    assert_eq!(receiver.try_io(|| Ok("received")).unwrap(), "received");
    let failing = || -> io::Result<()> { Err(ErrorKind::TimedOut.into()) };
    expect_error(sender.try_io(failing), ErrorKind::TimedOut);
    expect_error(receiver.try_io(failing), ErrorKind::TimedOut);
}

/// A read or write of the same pipe that its type does not see.
fn behind_its_back(end: &impl AsFd) -> std::fs::File {
    end.as_fd().try_clone_to_owned().unwrap().into()
}

#[test]
fn a_change_after_try_io_would_block_is_exactly_one_event() {
    let (mut sender, mut receiver) = pipe::new().unwrap();
    let mut reading = polling(&mut receiver, Interest::READABLE);
    let mut writing = polling(&mut sender, Interest::WRITABLE);
    expect_event(&mut writing, SOURCE, Event::is_writable);
    let (mut from, mut to) = (behind_its_back(&receiver), behind_its_back(&sender));
    for _ in 0..3 {
        expect_would_block(receiver.try_io(|| from.read(&mut [0; 8])));
        let written = fill(&to);
        expect_would_block(sender.try_io(|| to.write(b"x")));
        expect_event(&mut reading, SOURCE, Event::is_readable);
        expect_no_events(&mut writing);
        assert_eq!(read_until_would_block(&from).len(), written);
        expect_event(&mut writing, SOURCE, Event::is_writable);
        expect_no_events(&mut writing);
    }
}

#[test]
fn the_standard_streams_of_a_child_become_ends_that_block_until_told_otherwise() {
    let mut child = Command::new("sh")
        .args(["-c", "cat; echo problem >&2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = Sender::from(child.stdin.take().unwrap());
    let mut stdout = Receiver::from(child.stdout.take().unwrap());
    let mut stderr = Receiver::from(child.stderr.take().unwrap());
    assert!(!is_nonblocking(&stdin) && !is_nonblocking(&stdout) && !is_nonblocking(&stderr));
    stdin.set_nonblocking(true).unwrap();
    stdout.set_nonblocking(true).unwrap();
    stderr.set_nonblocking(true).unwrap();

    let mut poll = polling(&mut stdin, Interest::WRITABLE);
    expect_event(&mut poll, SOURCE, Event::is_writable);
    stdin.write_all(b"through the child").unwrap();
    drop(stdin);
    assert_eq!(read_to_the_end(&mut stdout), b"through the child");
    assert_eq!(read_to_the_end(&mut stderr), b"problem\n");
    assert!(child.wait().unwrap().success());
}

fn read_to_the_end(receiver: &mut Receiver) -> Vec<u8> {
    let mut poll = polling(receiver, Interest::READABLE);
    let mut received = Vec::new();
    loop {
        match receiver.read_to_end(&mut received) {
            Ok(_) => return received,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let answer = |event: &Event| event.is_readable() || event.is_read_closed();
                expect_event(&mut poll, SOURCE, answer);
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn conversions_keep_number_flags_and_connection_and_close_once_at_the_end() {
    let (sender, receiver) = pipe::new().unwrap();
    let (mut sender, mut receiver) =
        (convert_there_and_back(sender), convert_there_and_back(receiver));
    sender.write_all(b"x").unwrap();
    assert_eq!(read_until_would_block(&receiver), b"x");
    drop(sender);
    assert_eq!(receiver.read(&mut [0; 8]).unwrap(), 0);

    let (mut sender, receiver) = pipe::new().unwrap();
    drop(convert_there_and_back(receiver));
    expect_error(sender.write(b"x"), ErrorKind::BrokenPipe);
}

#[test]
fn conversions_leave_registration_as_the_selector_has_it() {
    let (sender, receiver) = pipe::new().unwrap();
    convert_registered(receiver, Interest::READABLE);
    convert_registered(sender, Interest::WRITABLE);
}

#[test]
fn a_blocking_descriptor_is_taken_as_it_is() {
    let (sender, receiver) = pipe::new().unwrap();
    sender.set_nonblocking(false).unwrap();
    receiver.set_nonblocking(false).unwrap();
    assert!(!is_nonblocking(&Sender::from(OwnedFd::from(sender))));
    assert!(!is_nonblocking(&Receiver::from(OwnedFd::from(receiver))));
}

#[test]
fn debug_names_the_type() {
    let (sender, receiver) = pipe::new().unwrap();
    assert!(format!("{sender:?}").starts_with("Sender"));
    assert!(format!("{receiver:?}").starts_with("Receiver"));
}
