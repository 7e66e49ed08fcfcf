//! What a packet of the port belongs to: its key.

/// The poll of a socket.
pub(super) const SOCKET: usize = 1;
/// A wake, posted by a waker.
pub(super) const WAKER: usize = 2;
/// Nothing but a reason to look at the table.
pub(super) const LOOK: usize = 3;
/// An operation of a named pipe, or something to report of one.
pub(super) const PIPE: usize = 4;
/// A wait for a user's object.
pub(super) const HANDLE: usize = 5;
