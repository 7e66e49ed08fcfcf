//! I/O completion ports: each operation that was begun puts one packet into the port's queue when
//! it ends.
//!
//! A packet says by its key what kind of thing it belongs to, and by its pointer which one.

use std::fmt;
use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::time::Duration;

use windows_sys::Win32::Foundation::{INVALID_HANDLE_VALUE, WAIT_TIMEOUT};
use windows_sys::Win32::System::IO::{
    CreateIoCompletionPort, GetQueuedCompletionStatusEx, OVERLAPPED_ENTRY,
    PostQueuedCompletionStatus,
};

use super::call;

/// How the system takes no timeout at all.
const INFINITE: u32 = u32::MAX;

/// A completion port.
#[derive(Debug)]
pub(crate) struct Port {
    handle: OwnedHandle,
}

impl Port {
    /// A new port, for one thread that waits at a time.
    #[allow(unsafe_code)]
    pub(crate) fn new() -> io::Result<Port> {
        // SAFETY: without a file this makes a port; nothing is read through the null handle.
        let handle = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, ptr::null_mut(), 0, 1) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call made this handle, and it is nobody else's.
        Ok(Port { handle: unsafe { OwnedHandle::from_raw_handle(handle) } })
    }

    /// From now on each operation of `file` that ends puts a packet with this key into the queue.
    #[allow(unsafe_code)]
    pub(crate) fn associate(&self, file: BorrowedHandle<'_>, key: usize) -> io::Result<()> {
        // SAFETY: both handles are open, and the call takes nothing else.
        let port = unsafe {
            CreateIoCompletionPort(file.as_raw_handle(), self.handle.as_raw_handle(), key, 0)
        };
        if port.is_null() { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Puts a packet into the queue that no operation has made.
    #[allow(unsafe_code)]
    pub(crate) fn post(&self, key: usize, which: usize) -> io::Result<()> {
        let which = ptr::without_provenance(which);
        // SAFETY: the port is open; the system hands the pointer on without looking at it.
        call::check(unsafe {
            PostQueuedCompletionStatus(self.handle.as_raw_handle(), 0, key, which)
        })
    }

    /// Waits for packets and takes as many as `packets` has room for. Returns how many that were;
    /// none once `timeout` has passed, or somewhat earlier: the system counts in ticks of its
    /// clock.
    #[allow(unsafe_code)]
    pub(crate) fn wait(
        &self,
        packets: &mut [Packet],
        timeout: Option<Duration>,
    ) -> io::Result<usize> {
        let room = u32::try_from(packets.len()).unwrap_or(u32::MAX);
        let mut taken = 0;
        // SAFETY: `packets` is laid out as the system's entries, has room for as many as is said,
        // and is valid for the call, as is `taken`.
        let result = call::check(unsafe {
            GetQueuedCompletionStatusEx(
                self.handle.as_raw_handle(),
                packets.as_mut_ptr().cast::<OVERLAPPED_ENTRY>(),
                room,
                &raw mut taken,
                milliseconds(timeout),
                0,
            )
        });
        match result {
            Ok(()) => Ok(taken as usize),
            Err(error) if error.raw_os_error() == Some(WAIT_TIMEOUT as i32) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

impl AsHandle for Port {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

/// One packet.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Packet(OVERLAPPED_ENTRY);

// SAFETY: its pointer is a number to everyone who is handed a packet.
#[allow(unsafe_code)]
unsafe impl Send for Packet {}

impl Packet {
    pub(crate) const EMPTY: Packet = Packet(OVERLAPPED_ENTRY {
        lpCompletionKey: 0,
        lpOverlapped: ptr::null_mut(),
        Internal: 0,
        dwNumberOfBytesTransferred: 0,
    });

    /// The kind of thing it belongs to.
    pub(crate) fn key(&self) -> usize {
        self.0.lpCompletionKey
    }

    /// Which of them: the number that went with the operation, or its address.
    pub(crate) fn which(&self) -> usize {
        self.0.lpOverlapped.addr()
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Packet")
            .field("key", &self.key())
            .field("which", &self.which())
            .finish()
    }
}

/// A timeout as the system takes it: whole milliseconds, rounded up. What does not fit, above 49
/// days, is cut: the caller has to look whether time is left.
fn milliseconds(timeout: Option<Duration>) -> u32 {
    let Some(timeout) = timeout else { return INFINITE };
    let rounded_up = timeout.as_nanos().div_ceil(1_000_000);
    u32::try_from(rounded_up).unwrap_or(INFINITE).min(INFINITE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_round_up_and_are_never_infinite() {
        let longest = Duration::from_millis(u64::from(INFINITE - 1));
        let nanosecond = Duration::from_nanos(1);
        let cases = [
            (None, INFINITE),
            (Some(Duration::ZERO), 0),
            (Some(nanosecond), 1),
            (Some(Duration::from_micros(999)), 1),
            (Some(Duration::from_millis(1)), 1),
            (Some(Duration::from_millis(1) + nanosecond), 2),
            (Some(longest), INFINITE - 1),
            (Some(longest + nanosecond), INFINITE - 1),
            (Some(longest + Duration::from_secs(1)), INFINITE - 1),
            (Some(Duration::MAX), INFINITE - 1),
        ];
        for (timeout, expected) in cases {
            assert_eq!(milliseconds(timeout), expected, "{timeout:?}");
        }
    }

    #[test]
    fn packets_come_in_order_and_no_more_than_fit() {
        let port = Port::new().unwrap();
        for which in 1..=5 {
            port.post(7, which).unwrap();
        }
        let mut packets = [Packet::EMPTY; 3];
        let mut seen = Vec::new();
        while let taken @ 1.. = port.wait(&mut packets, Some(Duration::ZERO)).unwrap() {
            seen.extend(packets[..taken].iter().map(|packet| (packet.key(), packet.which())));
        }
        assert_eq!(seen, [(7, 1), (7, 2), (7, 3), (7, 4), (7, 5)]);
    }
}
