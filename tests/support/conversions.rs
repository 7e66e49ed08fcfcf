//! What holds for the conversions of every socket and pipe type.

use std::io::ErrorKind;

use mio::event::Source;
use mio::{Interest, Poll, Token};

use super::capabilities::REGISTRATION_BELONGS_TO_DESCRIPTOR;
use super::descriptor::{
    AsRaw, Borrow, FromRaw, IntoRaw, Owned, borrowed_number, flags, number, through_raw,
};
use super::expect_error;

/// A type that owns a descriptor.
pub trait Owner: Borrow + AsRaw + FromRaw + IntoRaw + From<Owned> + Into<Owned> {}
impl<T: Borrow + AsRaw + FromRaw + IntoRaw + From<Owned> + Into<Owned>> Owner for T {}

/// Converts into each form of a descriptor and back. The number stays the same, and so do the
/// flags.
#[track_caller]
pub fn convert_there_and_back<T: Owner>(source: T) -> T {
    let (before, set) = (number(&source), flags(&source));
    assert_eq!(borrowed_number(&source), before);

    let owned: Owned = source.into();
    assert_eq!((number(&owned), flags(&owned)), (before, set));

    let source: T = through_raw(T::from(owned));
    assert_eq!((number(&source), flags(&source)), (before, set));
    source
}

/// Converts to the type of the standard library and back, in the same way.
#[track_caller]
pub fn convert_to_std_and_back<T: Owner + Into<S>, S: AsRaw + Borrow>(
    source: T,
    from_std: fn(S) -> T,
) -> T {
    let (before, set) = (number(&source), flags(&source));
    let std: S = source.into();
    assert_eq!((number(&std), flags(&std)), (before, set));
    let source = from_std(std);
    assert_eq!((number(&source), flags(&source)), (before, set));
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
