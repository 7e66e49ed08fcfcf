//! What holds for the conversions of every socket and pipe type.

use std::io::ErrorKind;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

use mio::event::Source;
use mio::{Interest, Poll, Token};

use super::capabilities::REGISTRATION_BELONGS_TO_DESCRIPTOR;
use super::descriptor::{is_close_on_exec, is_nonblocking, through_raw};
use super::expect_error;

/// A type that owns a descriptor.
pub trait Owner: AsFd + AsRawFd + FromRawFd + IntoRawFd + From<OwnedFd> + Into<OwnedFd> {}
impl<T: AsFd + AsRawFd + FromRawFd + IntoRawFd + From<OwnedFd> + Into<OwnedFd>> Owner for T {}

/// Converts into each form of a descriptor and back. The number stays the same, and so do the
/// flags.
#[track_caller]
pub fn convert_there_and_back<T: Owner>(source: T) -> T {
    let number = source.as_raw_fd();
    assert_eq!(source.as_fd().as_raw_fd(), number);
    let flags = (is_nonblocking(&source), is_close_on_exec(&source));

    let owned: OwnedFd = source.into();
    assert_eq!(owned.as_raw_fd(), number);
    assert_eq!((is_nonblocking(&owned), is_close_on_exec(&owned)), flags);

    let source: T = through_raw(T::from(owned));
    assert_eq!(source.as_raw_fd(), number);
    assert_eq!((is_nonblocking(&source), is_close_on_exec(&source)), flags);
    source
}

/// Converts to the type of the standard library and back, in the same way.
#[track_caller]
pub fn convert_to_std_and_back<T: Owner + Into<S>, S: AsRawFd + AsFd>(
    source: T,
    from_std: fn(S) -> T,
) -> T {
    let number = source.as_raw_fd();
    let flags = (is_nonblocking(&source), is_close_on_exec(&source));
    let std: S = source.into();
    assert_eq!(std.as_raw_fd(), number);
    assert_eq!((is_nonblocking(&std), is_close_on_exec(&std)), flags);
    let source = from_std(std);
    assert_eq!(source.as_raw_fd(), number);
    assert_eq!((is_nonblocking(&source), is_close_on_exec(&source)), flags);
    source
}

/// A source that was deregistered is free afterwards; of one that was not, the selector decides
/// whether the registration belongs to the source or to its descriptor.
#[track_caller]
pub fn convert_registered<T: Owner + Source>(mut source: T, interest: Interest) {
    let poll = Poll::new().unwrap();
    let registry = poll.registry();
    registry.register(&mut source, Token(1), interest).unwrap();
    registry.deregister(&mut source).unwrap();
    let mut source = T::from(source.into());
    registry.register(&mut source, Token(1), interest).unwrap();

    let mut source = T::from(source.into());
    let again = registry.register(&mut source, Token(2), interest);
    if REGISTRATION_BELONGS_TO_DESCRIPTOR.is_here() {
        expect_error(again, ErrorKind::AlreadyExists);
    } else {
        again.unwrap();
    }
    registry.deregister(&mut source).unwrap();
}
