//! Named pipes: the foreign calls. What to call when is decided elsewhere.
//!
//! Of each operation that was begun the system keeps pointers until its packet has come. Its
//! memory is lent for as long.

use std::ffi::OsStr;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::sync::atomic::{Ordering, fence};

use windows_sys::Wdk::Storage::FileSystem::{
    FILE_PIPE_CLOSING_STATE, FILE_PIPE_CONNECTED_STATE, FILE_PIPE_LOCAL_INFORMATION,
    FilePipeLocalInformation, NtQueryInformationFile,
};
use windows_sys::Win32::Foundation::{
    ERROR_IO_PENDING, ERROR_MORE_DATA, INVALID_HANDLE_VALUE, NTSTATUS, STATUS_PENDING,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX, ReadFile, SetFileCompletionNotificationModes,
    WriteFile,
};
use windows_sys::Win32::System::IO::{
    CancelIoEx, IO_STATUS_BLOCK, IO_STATUS_BLOCK_0, OVERLAPPED, OVERLAPPED_0, OVERLAPPED_0_0,
};
use windows_sys::Win32::System::Pipes::{
    ConnectNamedPipe, CreateNamedPipeW, DisconnectNamedPipe, GetNamedPipeHandleStateW,
    PIPE_READMODE_MESSAGE, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES,
};
use windows_sys::core::BOOL;

use super::lent::Lent;
use super::{call, status};

/// How much the system may keep of each direction before a write waits for the reader.
const BUFFER: u32 = 64 * 1024;

/// A new instance of a pipe for one client: of bytes, in both directions, overlapped.
#[allow(unsafe_code)]
pub(crate) fn create(name: &OsStr) -> io::Result<OwnedHandle> {
    let mut name: Vec<u16> = name.encode_wide().collect();
    if name.contains(&0) {
        let text = "a pipe's name has no zero characters";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    name.push(0);
    // SAFETY: the name ends in a zero and is valid for the call. Without security attributes it
    // has the default ones, and no child process inherits it.
    let handle = unsafe {
        CreateNamedPipeW(
            name.as_ptr(),
            PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
            PIPE_TYPE_BYTE,
            PIPE_UNLIMITED_INSTANCES,
            BUFFER,
            BUFFER,
            0,
            ptr::null(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call made this handle, and it is nobody else's.
    Ok(unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Whether there is or was a peer. `None` if the system does not tell.
#[allow(unsafe_code)]
pub(crate) fn is_connected(pipe: BorrowedHandle<'_>) -> Option<bool> {
    let mut status = IO_STATUS_BLOCK { Anonymous: IO_STATUS_BLOCK_0 { Status: 0 }, Information: 0 };
    let mut information = FILE_PIPE_LOCAL_INFORMATION::default();
    // SAFETY: both are valid for the call, and as long as is said. Of a pipe it does not wait.
    let result = unsafe {
        NtQueryInformationFile(
            pipe.as_raw_handle(),
            &raw mut status,
            (&raw mut information).cast(),
            size_of_val(&information) as u32,
            FilePipeLocalInformation,
        )
    };
    let has_peer = [FILE_PIPE_CONNECTED_STATE, FILE_PIPE_CLOSING_STATE];
    let is_told = status::check_done(result).is_ok();
    is_told.then(|| has_peer.contains(&information.NamedPipeState))
}

/// Whether reads end where messages end.
#[allow(unsafe_code)]
pub(crate) fn reads_messages(pipe: BorrowedHandle<'_>) -> bool {
    let mut state = 0;
    // SAFETY: `state` is valid for the call, and what is null is not asked for.
    let result = unsafe {
        GetNamedPipeHandleStateW(
            pipe.as_raw_handle(),
            &raw mut state,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            0,
        )
    };
    result != 0 && state & PIPE_READMODE_MESSAGE != 0
}

/// From now on what is over at once makes no packet. Where it makes one all the same, of a part of
/// a message maybe, that does no harm: [`Operation::finish`] knows.
#[allow(unsafe_code)]
pub(crate) fn skip_packets(pipe: BorrowedHandle<'_>) -> io::Result<()> {
    const FILE_SKIP_COMPLETION_PORT_ON_SUCCESS: u8 = 1;
    // SAFETY: the handle is open, and the call takes nothing else.
    call::check(unsafe {
        SetFileCompletionNotificationModes(
            pipe.as_raw_handle(),
            FILE_SKIP_COMPLETION_PORT_ON_SUCCESS,
        )
    })
}

/// Ends the connection of this end, a server's.
#[allow(unsafe_code)]
pub(crate) fn disconnect(pipe: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open, and the call takes nothing else.
    call::check(unsafe { DisconnectNamedPipe(pipe.as_raw_handle()) })
}

/// What the system has while an operation is under way.
struct Memory {
    overlapped: OVERLAPPED,
    buffer: Vec<u8>,
}

/// How an operation was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    UnderWay,
    /// It is over already, and [`Operation::finish`] tells how. No packet need come.
    Over,
}

/// One operation, again and again in the same memory.
#[derive(Debug)]
pub(crate) struct Operation {
    memory: Lent<Memory>,
}

impl Operation {
    pub(crate) fn new() -> Operation {
        Operation { memory: Lent::new(Memory { overlapped: unused(), buffer: Vec::new() }) }
    }

    /// What the packets of this operation have as their pointer.
    pub(crate) fn address(&self) -> usize {
        self.overlapped().addr()
    }

    /// Begins to wait for a client. If that succeeds a packet comes for certain, but for what
    /// [`Begun`] says.
    #[allow(unsafe_code)]
    pub(crate) fn connect(&mut self, pipe: BorrowedHandle<'_>) -> Result<Begun, u32> {
        let overlapped = self.hand_over();
        // SAFETY: the memory stays where it is until the packet has come, or for good.
        self.begun(unsafe { ConnectNamedPipe(pipe.as_raw_handle(), overlapped) })
    }

    /// Begins to read into the whole buffer. The same holds of its packet.
    #[allow(unsafe_code)]
    pub(crate) fn read(&mut self, pipe: BorrowedHandle<'_>) -> Result<Begun, u32> {
        let buffer = self.buffer();
        let (start, length) = (buffer.as_mut_ptr(), buffer.len() as u32);
        let overlapped = self.hand_over();
        // SAFETY: buffer and memory stay where they are until the packet has come, or for good,
        // and nobody touches them. The system does not write the count for overlapped handles.
        self.begun(unsafe {
            ReadFile(pipe.as_raw_handle(), start, length, ptr::null_mut(), overlapped)
        })
    }

    /// Begins to write the last `length` bytes of the buffer. The same holds of its packet.
    #[allow(unsafe_code)]
    pub(crate) fn write(&mut self, pipe: BorrowedHandle<'_>, length: usize) -> Result<Begun, u32> {
        let buffer = self.buffer();
        let rest = &buffer[buffer.len().saturating_sub(length)..];
        let (start, length) = (rest.as_ptr(), rest.len() as u32);
        let overlapped = self.hand_over();
        // SAFETY: as for reading; the system only reads from the buffer.
        self.begun(unsafe {
            WriteFile(pipe.as_raw_handle(), start, length, ptr::null_mut(), overlapped)
        })
    }

    /// Ends it, if it is under way. Its packet has come, or comes now.
    #[allow(unsafe_code)]
    pub(crate) fn cancel(&self, pipe: BorrowedHandle<'_>) {
        // SAFETY: the handle is open; the pointer is compared with those of the operations under
        // way.
        unsafe { CancelIoEx(pipe.as_raw_handle(), self.overlapped()) };
        // That it is not found says that its packet is in the queue.
    }

    /// Whether it, which is over, has moved no bytes.
    #[allow(unsafe_code)]
    pub(crate) fn has_moved_nothing(&self) -> bool {
        // SAFETY: the memory is there, and the system has written to it.
        unsafe { (&raw const (*self.overlapped()).InternalHigh).read_volatile() == 0 }
    }

    /// A packet with its address has come, or it was over at once. Returns the system's error, or
    /// zero, and how many bytes were moved. Nothing if it has not ended: then this is another's
    /// packet, or that of an operation before, which was over at once.
    #[allow(unsafe_code)]
    pub(crate) fn finish(&mut self) -> Option<(u32, usize)> {
        if !self.is_pending() {
            return None;
        }
        // SAFETY: the memory is there. The system writes to it only as long as it says so here.
        let ended = unsafe { (&raw const (*self.overlapped()).Internal).read_volatile() };
        if ended == STATUS_PENDING as usize {
            return None;
        }
        // What it wrote before is seen from here on, whichever packet led here.
        fence(Ordering::Acquire);
        // SAFETY: it has ended.
        unsafe { self.memory.take_back() };
        let moved = self.memory.get().overlapped.InternalHigh;
        Some((status::error_of(ended as NTSTATUS), moved))
    }

    /// The buffer, of which the system has nothing at the moment.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.memory.get().buffer
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.memory.is_lent()
    }

    /// Makes it the system's, before it is begun: the packet may come before the call returns.
    fn hand_over(&mut self) -> *mut OVERLAPPED {
        self.memory.get().overlapped = unused();
        self.memory.lend();
        self.overlapped()
    }

    /// What a call that began it returned. It was begun if it is done, with all of a message or
    /// with the part that fits, or if it will be.
    #[allow(unsafe_code)]
    fn begun(&mut self, result: BOOL) -> Result<Begun, u32> {
        if result != 0 {
            return Ok(Begun::Over);
        }
        let error = io::Error::last_os_error().raw_os_error().unwrap_or_default() as u32;
        match error {
            ERROR_IO_PENDING => return Ok(Begun::UnderWay),
            ERROR_MORE_DATA => return Ok(Begun::Over),
            _ => {}
        }
        // SAFETY: it was not begun.
        unsafe { self.memory.take_back() };
        Err(error)
    }

    #[allow(unsafe_code)]
    fn overlapped(&self) -> *mut OVERLAPPED {
        // SAFETY: nothing is read; the memory lives as long as `self`.
        unsafe { &raw mut (*self.memory.pointer()).overlapped }
    }
}

/// With the mark of what has not ended: so a packet of something else with this address, of which
/// there should be none, is found out.
fn unused() -> OVERLAPPED {
    OVERLAPPED {
        Internal: STATUS_PENDING as usize,
        InternalHigh: 0,
        Anonymous: OVERLAPPED_0 { Anonymous: OVERLAPPED_0_0 { Offset: 0, OffsetHigh: 0 } },
        hEvent: ptr::null_mut(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;
    use std::os::windows::io::AsHandle;
    use std::time::Duration;

    use super::*;
    use crate::os::windows::port::{Packet, Port};

    /// As when the mode that skips packets could not be set.
    #[test]
    fn a_packet_of_what_was_over_at_once_is_not_that_of_the_next() {
        let name = format!(r"\\.\pipe\mio-unit-{}", std::process::id());
        let pipe = create(OsStr::new(&name)).unwrap();
        let port = Port::new().unwrap();
        port.associate(pipe.as_handle(), 1).unwrap();
        let mut client = OpenOptions::new().read(true).write(true).open(&name).unwrap();
        let mut read = Operation::new();
        read.buffer().resize(8, 0);
        let packet = || {
            let mut packets = [Packet::EMPTY];
            assert_eq!(port.wait(&mut packets, Some(Duration::from_secs(60))).unwrap(), 1);
            packets[0].which()
        };

        client.write_all(b"one").unwrap();
        assert_eq!(read.read(pipe.as_handle()), Ok(Begun::Over));
        assert_eq!(read.finish(), Some((0, 3)));
        assert_eq!(read.read(pipe.as_handle()), Ok(Begun::UnderWay));
        assert_eq!(packet(), read.address());
        assert_eq!(read.finish(), None);
        assert!(read.is_pending());
        client.write_all(b"three").unwrap();
        assert_eq!(packet(), read.address());
        assert_eq!(read.finish(), Some((0, 5)));
        assert_eq!(read.finish(), None);
        assert_eq!(&read.buffer()[..5], b"three");

        skip_packets(pipe.as_handle()).unwrap();
        client.write_all(b"no packet").unwrap();
        assert_eq!(read.read(pipe.as_handle()), Ok(Begun::Over));
        assert_eq!(port.wait(&mut [Packet::EMPTY], Some(Duration::ZERO)).unwrap(), 0);
        assert_eq!(read.finish(), Some((0, 8)));
    }
}
