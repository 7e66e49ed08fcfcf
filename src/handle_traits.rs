//! Conversions that every socket and pipe type has: to and from owned, borrowed and raw
//! descriptors, and to its type in the standard library.
//!
//! Conversions move the descriptor as it is, with its flags: one that comes in has to be
//! non-blocking already.

/// Conversions of a type whose field `inner` is an `IoSource` of `$std`.
///
/// `into_owned` and the like end a registration only where the selector needs that. Elsewhere the
/// descriptor stays registered, so that deregistering before a conversion is right everywhere.
macro_rules! impl_fd_traits {
    ($($type:ty => $std:ty),* $(,)?) => {$(
        impl std::os::fd::AsFd for $type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                std::os::fd::AsFd::as_fd(&*self.inner)
            }
        }

        impl std::os::fd::AsRawFd for $type {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsRawFd::as_raw_fd(&*self.inner)
            }
        }

        impl std::os::fd::IntoRawFd for $type {
            fn into_raw_fd(self) -> std::os::fd::RawFd {
                std::os::fd::IntoRawFd::into_raw_fd(self.inner.into_inner())
            }
        }

        impl From<$type> for std::os::fd::OwnedFd {
            fn from(source: $type) -> Self {
                source.inner.into_inner().into()
            }
        }

        /// Takes the descriptor as it is: it has to be non-blocking already.
        impl From<std::os::fd::OwnedFd> for $type {
            fn from(fd: std::os::fd::OwnedFd) -> Self {
                Self { inner: $crate::io_source::IoSource::new(<$std>::from(fd)) }
            }
        }

        /// Takes the descriptor as it is: it has to be non-blocking already.
        impl std::os::fd::FromRawFd for $type {
            #[allow(unsafe_code)]
            unsafe fn from_raw_fd(fd: std::os::fd::RawFd) -> $type {
                // SAFETY: the caller's promise, which is that of `OwnedFd::from_raw_fd`.
                Self::from(unsafe { std::os::fd::OwnedFd::from_raw_fd(fd) })
            }
        }
    )*};
}
pub(crate) use impl_fd_traits;

/// The conversion back to the standard library's type, which stays non-blocking.
#[cfg(feature = "net")]
macro_rules! impl_into_std {
    ($($type:ty => $std:ty),* $(,)?) => {$(
        /// The socket as the standard library's type. It stays non-blocking.
        impl From<$type> for $std {
            fn from(source: $type) -> Self {
                source.inner.into_inner()
            }
        }
    )*};
}
#[cfg(feature = "net")]
pub(crate) use impl_into_std;
