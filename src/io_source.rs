//! [`IoSource`]: what all sockets and pipes of this crate are made of. The one place that re-arms,
//! and the one `impl Source` for what we wrap.

use std::fmt;
use std::io;
use std::ops::Deref;

use crate::event::Source;
use crate::selector::Registration;
use crate::selector::contract::{Registration as _, Selector as _};
use crate::{Interest, Registry, Token, os};

/// A descriptor with what the selector wants it to remember.
///
/// Operations that can block go through [`IoSource::do_io`] or [`IoSource::do_stream_io`]; all
/// others use the descriptor itself, by [`Deref`].
pub(crate) struct IoSource<T> {
    // Before the descriptor: its drop ends the registration, which has to come before the close.
    registration: Registration,
    io: T,
}

impl<T> IoSource<T> {
    pub(crate) fn new(io: T) -> IoSource<T> {
        IoSource { registration: Registration::default(), io }
    }

    /// Ends the registration where the system would not by itself, and returns the descriptor.
    pub(crate) fn into_inner(self) -> T {
        self.io
    }

    /// Runs an operation in these directions. If it would block, their next change is an event.
    #[inline]
    pub(crate) fn do_io<R>(
        &self,
        directions: Interest,
        operation: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let result = operation(&self.io);
        if Registration::REARMS && would_block(&result) {
            self.registration.rearm(directions);
        }
        result
    }

    /// Runs a read or write of up to `wanted` bytes of a stream. If it would block, or was cut
    /// short, the next change of its direction is an event: having moved fewer bytes than it
    /// could, it found the end of what was there.
    #[inline]
    pub(crate) fn do_stream_io(
        &self,
        direction: Interest,
        wanted: usize,
        operation: impl FnOnce(&T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let result = self.do_io(direction, operation);
        if Registration::REARMS {
            if let Ok(moved @ 1..) = result {
                if moved < wanted {
                    self.registration.rearm(direction);
                }
            }
        }
        result
    }

    /// Runs a user's operation, whose direction is unknown. If it would block, the next change of
    /// either is an event.
    #[inline]
    pub(crate) fn try_io<R>(&self, operation: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.do_io(Interest::READABLE | Interest::WRITABLE, |_| operation())
    }
}

fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// For what cannot block: addresses, options.
impl<T> Deref for IoSource<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.io
    }
}

impl<T: fmt::Debug> fmt::Debug for IoSource<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.io.fmt(formatter)
    }
}

impl<T: os::AsRawSource> Source for IoSource<T> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        let source = self.io.as_raw_source();
        registry.selector().register(source, token, interests, Some(&mut self.registration))
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        let source = self.io.as_raw_source();
        registry.selector().reregister(source, token, interests, Some(&mut self.registration))
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        let source = self.io.as_raw_source();
        registry.selector().deregister(source, Some(&mut self.registration))
    }
}

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
                self.inner.register(registry, token, interests)
            }

            fn reregister(
                &mut self,
                registry: &$crate::Registry,
                token: $crate::Token,
                interests: $crate::Interest,
            ) -> std::io::Result<()> {
                self.inner.reregister(registry, token, interests)
            }

            fn deregister(&mut self, registry: &$crate::Registry) -> std::io::Result<()> {
                self.inner.deregister(registry)
            }
        }
    )*};
}
pub(crate) use impl_source;
