//! [`IoSource`]: what all sockets and pipes of this crate are made of, and the one place that
//! re-arms.

use std::fmt;
use std::io;
use std::ops::Deref;
use std::sync::Arc;

use crate::selector::contract::{Registration, Selector};
use crate::{Interest, Token, os, selector};

/// A descriptor with what the selector wants it to remember: of the selector in use, or in tests of
/// any.
///
/// Operations that can block go through [`IoSource::do_io`] or [`IoSource::do_stream_io`]; all
/// others use the descriptor itself, by [`Deref`].
pub(crate) struct IoSource<T, R = selector::Registration> {
    // Before the descriptor: its drop ends the registration, which has to come before the close.
    registration: R,
    io: T,
}

impl<T, R: Registration> IoSource<T, R> {
    pub(crate) fn new(io: T) -> IoSource<T, R> {
        IoSource { registration: R::default(), io }
    }

    /// Ends the registration where the system would not by itself, and returns the descriptor.
    pub(crate) fn into_inner(self) -> T {
        self.io
    }

    /// Runs an operation in these directions. If it would block, their next change is an event.
    #[inline]
    pub(crate) fn do_io<O>(
        &self,
        directions: Interest,
        operation: impl FnOnce(&T) -> io::Result<O>,
    ) -> io::Result<O> {
        let result = operation(&self.io);
        if R::REARMS && would_block(&result) {
            self.registration.rearm(directions);
        }
        result
    }

    /// Runs a read or write of up to `wanted` bytes of a stream, or datagrams of a batch. If it
    /// would block, or was cut short, the next change of its direction is an event: having moved
    /// fewer than it could, it found the end of what was there.
    #[inline]
    pub(crate) fn do_stream_io(
        &self,
        direction: Interest,
        wanted: usize,
        operation: impl FnOnce(&T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let result = self.do_io(direction, operation);
        if R::REARMS && matches!(result, Ok(moved) if 0 < moved && moved < wanted) {
            self.registration.rearm(direction);
        }
        result
    }

    /// Runs a user's operation, whose direction is unknown. If it would block, the next change of
    /// either is an event.
    #[inline]
    pub(crate) fn try_io<O>(&self, operation: impl FnOnce() -> io::Result<O>) -> io::Result<O> {
        self.try_io_with(Interest::READABLE | Interest::WRITABLE, operation)
    }

    /// Runs a user's operation that goes in these directions.
    #[inline]
    pub(crate) fn try_io_with<O>(
        &self,
        directions: Interest,
        operation: impl FnOnce() -> io::Result<O>,
    ) -> io::Result<O> {
        self.do_io(directions, |_| operation())
    }
}

impl<T: os::AsRawSource, R: Registration> IoSource<T, R> {
    pub(crate) fn register_with<S: Selector<Registration = R>>(
        &mut self,
        selector: &Arc<S>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        selector.register(self.io.as_raw_source(), token, interest, Some(&mut self.registration))
    }

    pub(crate) fn reregister_with<S: Selector<Registration = R>>(
        &mut self,
        selector: &Arc<S>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        selector.reregister(self.io.as_raw_source(), token, interest, Some(&mut self.registration))
    }

    pub(crate) fn deregister_with<S: Selector<Registration = R>>(
        &mut self,
        selector: &Arc<S>,
    ) -> io::Result<()> {
        selector.deregister(self.io.as_raw_source(), Some(&mut self.registration))
    }
}

fn would_block<O>(result: &io::Result<O>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// For what cannot block: addresses, options.
impl<T, R> Deref for IoSource<T, R> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.io
    }
}

impl<T: fmt::Debug, R> fmt::Debug for IoSource<T, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(formatter)
    }
}

/// `try_io_with` of types whose field `inner` is an [`IoSource`], each with its own example.
#[cfg(any(feature = "net", feature = "os-ext"))]
macro_rules! impl_try_io_with {
    ($($(#[doc = $example:literal])* $source:ty),* $(,)?) => {$(
        impl $source {
            /// Runs an operation that the type does not have, and of which it is known in which
            /// directions it goes.
            ///
            /// If its error is [`WouldBlock`](std::io::ErrorKind::WouldBlock), the next change of
            /// `directions` is an event. Nothing else is told anew because of it: who waits to read
            /// gets no event for writing, as with the operations of the type itself. Where the
            /// system keeps the edges (epoll, kqueue) it is just the operation; elsewhere this is
            /// how the selector learns that it would block.
            ///
            /// The operation has to be one of this very source. A direction in which it would
            /// block and which is not named may have no further event: if in doubt, name both.
            /// Naming one that the source is not registered for does nothing.
            ///
            /// The result of the operation is returned as it is. No system call is made besides,
            /// but where another thread waits in a `Poll` that has no edges of its own: that
            /// thread is told.
            ///
            /// # Examples
            ///
            $(#[doc = $example])*
            pub fn try_io_with<F, T>(
                &self,
                directions: $crate::Interest,
                f: F,
            ) -> std::io::Result<T>
            where
                F: FnOnce() -> std::io::Result<T>,
            {
                self.inner.try_io_with(directions, f)
            }
        }
    )*};
}
#[cfg(any(feature = "net", feature = "os-ext"))]
pub(crate) use impl_try_io_with;

/// Makes a type a [`Source`] by its field `inner`, an [`IoSource`].
macro_rules! impl_source {
    ($($source:ty),* $(,)?) => {$(
        impl $crate::event::Source for $source {
            fn register(
                &mut self,
                registry: &$crate::Registry,
                token: $crate::Token,
                interests: $crate::Interest,
            ) -> std::io::Result<()> {
                self.inner.register_with(registry.selector(), token, interests)
            }

            fn reregister(
                &mut self,
                registry: &$crate::Registry,
                token: $crate::Token,
                interests: $crate::Interest,
            ) -> std::io::Result<()> {
                self.inner.reregister_with(registry.selector(), token, interests)
            }

            fn deregister(&mut self, registry: &$crate::Registry) -> std::io::Result<()> {
                self.inner.deregister_with(registry.selector())
            }
        }
    )*};
}
pub(crate) use impl_source;
