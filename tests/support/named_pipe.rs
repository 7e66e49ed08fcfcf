//! What the tests ask of named pipes that neither `NamedPipe` nor the standard library offers.

use std::fs::OpenOptions;
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use windows_sys::Win32::Foundation::{
    GetHandleInformation, HANDLE_FLAG_INHERIT, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX, PIPE_ACCESS_INBOUND, PIPE_ACCESS_OUTBOUND,
};
use windows_sys::Win32::System::Pipes::{
    CreateNamedPipeW, PIPE_READMODE_MESSAGE, PIPE_TYPE_MESSAGE, PIPE_UNLIMITED_INSTANCES,
    SetNamedPipeHandleState,
};

/// Which way a server's end goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Both,
    In,
    Out,
}

/// A name that nobody else has.
pub fn name() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(r"\\.\pipe\mio-test-{}-{count}", std::process::id())
}

/// The end of a server, of bytes or of messages. The system keeps `buffer` bytes each way.
pub fn create(name: &str, direction: Direction, is_message: bool, buffer: u32) -> OwnedHandle {
    let mut wide: Vec<u16> = name.encode_utf16().collect();
    wide.push(0);
    let access = match direction {
        Direction::Both => PIPE_ACCESS_DUPLEX,
        Direction::In => PIPE_ACCESS_INBOUND,
        Direction::Out => PIPE_ACCESS_OUTBOUND,
    };
    let mode = if is_message { PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE } else { 0 };
    // SAFETY: the name ends in a zero and is valid for the call.
    let handle = unsafe {
        CreateNamedPipeW(
            wide.as_ptr(),
            access | FILE_FLAG_OVERLAPPED,
            mode,
            PIPE_UNLIMITED_INSTANCES,
            buffer,
            buffer,
            0,
            ptr::null(),
        )
    };
    assert_ne!(handle, INVALID_HANDLE_VALUE, "{}", io::Error::last_os_error());
    // SAFETY: the call made this handle, and it is nobody else's.
    unsafe { OwnedHandle::from_raw_handle(handle) }
}

/// The end of a client of a server's end that goes this way.
pub fn open(name: &str, direction: Direction) -> OwnedHandle {
    let mut options = OpenOptions::new();
    options.read(direction != Direction::In).write(direction != Direction::Out);
    options.custom_flags(FILE_FLAG_OVERLAPPED).open(name).unwrap().into()
}

/// Lets reads of this end finish where messages end.
pub fn read_messages(pipe: &impl AsHandle) {
    let mode = PIPE_READMODE_MESSAGE;
    let pipe = pipe.as_handle().as_raw_handle();
    // SAFETY: the handle is open, `mode` is valid for the call, and what is null stays as it is.
    let result =
        unsafe { SetNamedPipeHandleState(pipe, &raw const mode, ptr::null(), ptr::null()) };
    assert_ne!(result, 0, "{}", io::Error::last_os_error());
}

/// Whether children inherit it.
pub fn is_inherited(pipe: &impl AsHandle) -> bool {
    let mut flags = 0;
    // SAFETY: the handle is open while it is borrowed, and `flags` is valid for the call.
    let result = unsafe { GetHandleInformation(pipe.as_handle().as_raw_handle(), &raw mut flags) };
    assert_ne!(result, 0, "{}", io::Error::last_os_error());
    flags & HANDLE_FLAG_INHERIT != 0
}
