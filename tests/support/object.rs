//! Objects of Windows that can be waited for.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr;

use windows_sys::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent};

/// An event, which is not signalled at first.
#[derive(Debug)]
pub struct EventObject(OwnedHandle);

impl EventObject {
    /// One that stays signalled until it is reset.
    pub fn manual() -> EventObject {
        EventObject::new(true)
    }

    /// One that whoever waits for it resets.
    pub fn automatic() -> EventObject {
        EventObject::new(false)
    }

    fn new(is_manual: bool) -> EventObject {
        // SAFETY: without attributes and name there are no pointers.
        let handle = unsafe { CreateEventW(ptr::null(), i32::from(is_manual), 0, ptr::null()) };
        assert!(!handle.is_null(), "{}", io::Error::last_os_error());
        // SAFETY: the call made this handle, and it is nobody else's.
        EventObject(unsafe { OwnedHandle::from_raw_handle(handle) })
    }

    pub fn handle(&self) -> RawHandle {
        self.0.as_raw_handle()
    }

    pub fn set(&self) {
        // SAFETY: the event is open, and there are no pointers.
        assert_ne!(unsafe { SetEvent(self.handle()) }, 0);
    }

    pub fn reset(&self) {
        // SAFETY: the event is open, and there are no pointers.
        assert_ne!(unsafe { ResetEvent(self.handle()) }, 0);
    }
}
