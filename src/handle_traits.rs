//! Conversions that every socket and pipe type has: to and from owned, borrowed and raw
//! descriptors, and to its type in the standard library.
//!
//! Conversions move the descriptor as it is, with its flags: one that comes in has to be
//! non-blocking already.

/// Conversions of a type whose field `inner` is an `IoSource` of `$std`.
///
/// `into_owned` and the like end a registration only where the selector needs that. Elsewhere the
/// descriptor stays registered, so that deregistering before a conversion is right everywhere.
#[cfg(not(windows))]
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
#[cfg(not(windows))]
pub(crate) use impl_fd_traits;

/// The same for the sockets of Windows.
#[cfg(all(windows, feature = "net"))]
macro_rules! impl_socket_traits {
    ($($type:ty => $std:ty),* $(,)?) => {$(
        impl std::os::windows::io::AsSocket for $type {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                std::os::windows::io::AsSocket::as_socket(&*self.inner)
            }
        }

        impl std::os::windows::io::AsRawSocket for $type {
            fn as_raw_socket(&self) -> std::os::windows::io::RawSocket {
                std::os::windows::io::AsRawSocket::as_raw_socket(&*self.inner)
            }
        }

        impl std::os::windows::io::IntoRawSocket for $type {
            fn into_raw_socket(self) -> std::os::windows::io::RawSocket {
                std::os::windows::io::IntoRawSocket::into_raw_socket(self.inner.into_inner())
            }
        }

        impl From<$type> for std::os::windows::io::OwnedSocket {
            fn from(source: $type) -> Self {
                source.inner.into_inner().into()
            }
        }

        /// Takes the socket as it is: it has to be non-blocking already.
        impl From<std::os::windows::io::OwnedSocket> for $type {
            fn from(socket: std::os::windows::io::OwnedSocket) -> Self {
                Self { inner: $crate::io_source::IoSource::new(<$std>::from(socket)) }
            }
        }

        /// Takes the socket as it is: it has to be non-blocking already.
        impl std::os::windows::io::FromRawSocket for $type {
            #[allow(unsafe_code)]
            unsafe fn from_raw_socket(socket: std::os::windows::io::RawSocket) -> $type {
                // SAFETY: the caller's promise, which is that of `OwnedSocket::from_raw_socket`.
                Self::from(unsafe { std::os::windows::io::OwnedSocket::from_raw_socket(socket) })
            }
        }
    )*};
}
#[cfg(all(windows, feature = "net"))]
pub(crate) use impl_socket_traits;

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
