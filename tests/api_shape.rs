//! What a program may rely on without calling anything: auto traits, sizes, constant functions, and
//! traits that can be objects. Checked by the compiler; the tests only name what is checked.

use std::fmt::Debug;
use std::hash::Hash;
use std::mem::size_of;
use std::panic::{RefUnwindSafe, UnwindSafe};

use mio::event::{Event, Events, Iter, Source};
use mio::{Interest, Poll, Registry, Token, Waker};

/// What every public type is.
trait GoesAnywhere: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Debug {}
impl<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Debug> GoesAnywhere for T {}

fn goes_anywhere<T: GoesAnywhere>() {}

#[test]
fn the_core_types_go_anywhere() {
    goes_anywhere::<Poll>();
    goes_anywhere::<Registry>();
    goes_anywhere::<Events>();
    goes_anywhere::<Event>();
    goes_anywhere::<Iter<'_>>();
    goes_anywhere::<Interest>();
    goes_anywhere::<Token>();
    goes_anywhere::<Waker>();
}

#[test]
fn tokens_are_keys_and_interests_are_values() {
    fn is_key<T: Copy + Ord + Hash + 'static>() {}
    fn is_value<T: Copy + Ord + 'static>() {}
    is_key::<Token>();
    is_value::<Interest>();
    assert!(Token(1) < Token(2) && Interest::READABLE < Interest::WRITABLE);
}

#[test]
fn a_token_is_a_number_and_an_interest_a_byte() {
    const { assert!(size_of::<Token>() == size_of::<usize>()) };
    const { assert!(size_of::<Interest>() == 1) };
    const { assert!(size_of::<Option<Interest>>() == 1) };
}

#[test]
fn interests_can_be_made_and_asked_in_constants() {
    const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);
    const ONCE: Interest = BOTH.level().oneshot();
    const { assert!(ONCE.is_level() && ONCE.is_oneshot() && !ONCE.is_exclusive()) };
    const ANSWERS: [bool; 5] =
        [BOTH.is_readable(), BOTH.is_writable(), BOTH.is_aio(), BOTH.is_lio(), BOTH.is_priority()];
    assert_eq!(ANSWERS, [true, true, false, false, false]);
}

#[test]
fn sources_can_be_objects() {
    fn is_source<T: Source + ?Sized>() {}
    is_source::<dyn Source>();
    is_source::<Box<dyn Source + Send>>();
    is_source::<Box<Box<dyn Source>>>();
}

#[test]
fn events_is_the_same_type_under_both_its_paths() {
    let events: mio::Events = Events::with_capacity(1);
    let mut iter: Iter<'_> = (&events).into_iter();
    assert!(iter.next().is_none());
}

#[cfg(all(windows, feature = "os-ext"))]
#[test]
fn named_pipes_go_anywhere_and_convert() {
    use std::io::{Read, Write};
    use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};

    use mio::windows::NamedPipe;

    fn is_pipe<T>()
    where
        T: GoesAnywhere + Source + AsHandle + AsRawHandle + FromRawHandle + From<OwnedHandle>,
        T: Read + Write,
        for<'a> &'a T: Read + Write,
    {
    }
    is_pipe::<NamedPipe>();
}

#[cfg(all(unix, feature = "net"))]
mod net {
    use std::io::{Read, Write};
    use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
    use std::{net as std_net, os::unix::net as std_unix};

    use mio::net::{TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};

    use super::*;

    fn is_socket<T, S>()
    where
        T: GoesAnywhere + Source + AsFd + AsRawFd + FromRawFd + IntoRawFd + From<OwnedFd>,
        OwnedFd: From<T>,
        S: From<T>,
    {
    }

    #[test]
    fn sockets_go_anywhere_and_convert() {
        is_socket::<TcpListener, std_net::TcpListener>();
        is_socket::<TcpStream, std_net::TcpStream>();
        is_socket::<UdpSocket, std_net::UdpSocket>();
        is_socket::<UnixListener, std_unix::UnixListener>();
        is_socket::<UnixStream, std_unix::UnixStream>();
        is_socket::<UnixDatagram, std_unix::UnixDatagram>();
    }

    #[test]
    fn streams_are_read_and_written_by_value_and_by_reference() {
        fn is_stream<T: Read + Write>() {}
        is_stream::<TcpStream>();
        is_stream::<&TcpStream>();
        is_stream::<UnixStream>();
        is_stream::<&UnixStream>();
    }

    /// On epoll a source remembers nothing.
    #[cfg(all(
        feature = "os-poll",
        any(target_os = "linux", target_os = "android"),
        not(mio_unsupported_force_kqueue_model),
        not(mio_unsupported_force_libkqueue),
        not(mio_unsupported_force_poll_poll),
    ))]
    #[test]
    fn a_socket_is_no_larger_than_its_descriptor() {
        fn assert_bare<T>() {
            assert_eq!(size_of::<T>(), size_of::<OwnedFd>());
            assert_eq!(size_of::<Option<T>>(), size_of::<OwnedFd>());
        }
        assert_bare::<TcpListener>();
        assert_bare::<TcpStream>();
        assert_bare::<UdpSocket>();
        assert_bare::<UnixListener>();
        assert_bare::<UnixStream>();
        assert_bare::<UnixDatagram>();
    }
}

#[cfg(all(unix, feature = "os-ext"))]
mod unix {
    use std::io::{Read, Write};
    use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
    use std::process::{ChildStderr, ChildStdin, ChildStdout};

    use mio::unix::SourceFd;
    use mio::unix::pipe::{Receiver, Sender};

    use super::*;

    fn is_pipe_end<T>()
    where
        T: GoesAnywhere + Source + AsFd + AsRawFd + FromRawFd + IntoRawFd + From<OwnedFd>,
        OwnedFd: From<T>,
    {
    }

    #[test]
    fn pipes_go_anywhere_and_convert() {
        fn is_made_of<T: From<S>, S>() {}
        is_pipe_end::<Sender>();
        is_pipe_end::<Receiver>();
        is_made_of::<Sender, ChildStdin>();
        is_made_of::<Receiver, ChildStdout>();
        is_made_of::<Receiver, ChildStderr>();
    }

    #[test]
    fn pipes_are_read_and_written_by_value_and_by_reference() {
        fn is_reader<T: Read>() {}
        fn is_writer<T: Write>() {}
        is_reader::<Receiver>();
        is_reader::<&Receiver>();
        is_writer::<Sender>();
        is_writer::<&Sender>();
    }

    #[test]
    fn a_user_descriptor_is_a_source_by_its_number() {
        goes_anywhere::<SourceFd<'_>>();
        assert_eq!(*SourceFd(&3).0, 3);
    }
}

/// `Poll` and `Registry` lend the descriptor of the selector, where it has one.
#[cfg(all(
    feature = "os-poll",
    any(target_os = "linux", target_os = "android"),
    not(mio_unsupported_force_poll_poll),
))]
#[test]
fn the_selector_can_be_had_as_a_descriptor() {
    use std::os::fd::{AsFd, AsRawFd};

    let poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    assert_eq!(registry.as_fd().as_raw_fd(), poll.as_raw_fd());
    assert_eq!(registry.as_raw_fd(), poll.as_raw_fd());
}
