//! The foreign calls of this selector: opening the driver of Windows' sockets, AFD, and polling
//! sockets through it.
//!
//! The driver's interface is documented nowhere, and has been the same since Windows Vista. What is
//! declared here is what `WSAPoll` and `select` of the system themselves use.

use std::io;
use std::mem;
use std::os::windows::io::RawSocket;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr;

use windows_sys::Wdk::Foundation::OBJECT_ATTRIBUTES;
use windows_sys::Wdk::Storage::FileSystem::{FILE_OPEN, NtCreateFile};
use windows_sys::Wdk::System::IO::NtDeviceIoControlFile;
use windows_sys::Win32::Foundation::{HANDLE, NTSTATUS, STATUS_CANCELLED, UNICODE_STRING};
use windows_sys::Win32::Storage::FileSystem::{FILE_SHARE_READ, FILE_SHARE_WRITE, SYNCHRONIZE};
use windows_sys::Win32::System::IO::{CancelIoEx, IO_STATUS_BLOCK, IO_STATUS_BLOCK_0, OVERLAPPED};

use super::socket::{AfdEvents, Outcome};
use crate::os::windows::lent::Lent;
use crate::os::windows::status::{Severity, check_begun, check_done};

const IOCTL_AFD_POLL: u32 = 0x0001_2024;

/// The driver does not look at what follows its own name.
const NAME: &str = r"\Device\Afd\Mio";

/// What a poll asks, and in the same place what the driver answers.
#[repr(C)]
struct PollInfo {
    /// In units of 100 nanoseconds.
    timeout: i64,
    number_of_handles: u32,
    exclusive: u32,
    handles: [PollHandle; 1],
}

#[repr(C)]
struct PollHandle {
    handle: HANDLE,
    events: u32,
    status: NTSTATUS,
}

// The layouts of the driver, for each width of a handle.
const _: () = {
    let width = size_of::<HANDLE>();
    assert!(mem::offset_of!(PollInfo, timeout) == 0);
    assert!(mem::offset_of!(PollInfo, number_of_handles) == 8);
    assert!(mem::offset_of!(PollInfo, exclusive) == 12);
    assert!(mem::offset_of!(PollInfo, handles) == 16);
    assert!(mem::offset_of!(PollHandle, handle) == 0);
    assert!(mem::offset_of!(PollHandle, events) == width);
    assert!(mem::offset_of!(PollHandle, status) == width + 4);
    assert!(size_of::<PollHandle>() == width + 8);
    // Of two pointers: what the system takes for a status block when it cancels.
    assert!(size_of::<IO_STATUS_BLOCK>() == 2 * width);
    assert!(mem::offset_of!(IO_STATUS_BLOCK, Information) == width);
};

/// An open handle to the driver, through which sockets are polled.
#[derive(Debug)]
pub(super) struct Device {
    handle: OwnedHandle,
}

impl Device {
    #[allow(unsafe_code)]
    pub(super) fn open() -> io::Result<Device> {
        let mut name: Vec<u16> = NAME.encode_utf16().collect();
        let bytes = size_of_val(&name[..]) as u16;
        let name =
            UNICODE_STRING { Length: bytes, MaximumLength: bytes, Buffer: name.as_mut_ptr() };
        // Without `OBJ_INHERIT`: no child process has the handle.
        let attributes = OBJECT_ATTRIBUTES {
            Length: size_of::<OBJECT_ATTRIBUTES>() as u32,
            RootDirectory: ptr::null_mut(),
            ObjectName: &raw const name,
            Attributes: 0,
            SecurityDescriptor: ptr::null(),
            SecurityQualityOfService: ptr::null(),
        };
        let mut handle: HANDLE = ptr::null_mut();
        let mut status = unused_status();
        // SAFETY: all pointers that are not null are valid for the call, those of `attributes` as
        // well. Without options for it the call does not wait.
        let result = unsafe {
            NtCreateFile(
                &raw mut handle,
                SYNCHRONIZE,
                &raw const attributes,
                &raw mut status,
                ptr::null(),
                0,
                FILE_SHARE_READ | FILE_SHARE_WRITE,
                FILE_OPEN,
                0,
                ptr::null(),
                0,
            )
        };
        check_done(result)?;
        // SAFETY: the call made this handle, and it is nobody else's.
        Ok(Device { handle: unsafe { OwnedHandle::from_raw_handle(handle) } })
    }
}

impl AsHandle for Device {
    fn as_handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }
}

/// What the system reads and writes while a poll is under way.
struct Buffers {
    status: IO_STATUS_BLOCK,
    info: PollInfo,
}

/// The poll of one socket, again and again in the same memory.
#[derive(Debug)]
pub(super) struct Operation {
    buffers: Lent<Buffers>,
}

impl Operation {
    pub(super) fn new() -> Operation {
        let info = PollInfo {
            timeout: i64::MAX,
            number_of_handles: 0,
            exclusive: 0,
            handles: [PollHandle { handle: ptr::null_mut(), events: 0, status: 0 }],
        };
        Operation { buffers: Lent::new(Buffers { status: unused_status(), info }) }
    }

    /// Begins to poll `socket`. If that succeeds a packet with `which` comes for certain, and until
    /// then `self` is not to be asked for its outcome. If it fails none comes.
    #[allow(unsafe_code)]
    pub(super) fn submit(
        &mut self,
        device: &Device,
        which: usize,
        socket: RawSocket,
        events: AfdEvents,
    ) -> io::Result<()> {
        // A socket has one poll at a time.
        let info = &mut self.buffers.get().info;
        info.timeout = i64::MAX;
        info.number_of_handles = 1;
        info.exclusive = 0;
        info.handles[0] = PollHandle { handle: socket as HANDLE, events: events.0, status: 0 };
        let buffers = self.buffers.lend();
        // SAFETY: nothing is read here.
        let info = unsafe { &raw mut (*buffers).info }.cast();
        let length = size_of::<PollInfo>() as u32;
        // SAFETY: the buffers stay where they are until the packet has come, or for good, and the
        // driver takes one for both directions. A number that is no socket's is an error.
        let result = unsafe {
            NtDeviceIoControlFile(
                device.handle.as_raw_handle(),
                ptr::null_mut(),
                None,
                ptr::without_provenance(which),
                &raw mut (*buffers).status,
                IOCTL_AFD_POLL,
                info,
                length,
                info,
                length,
            )
        };
        // Ended at once or later it makes a packet. Only if it could not be begun does it not.
        // SAFETY: nor does the system have the buffers then.
        check_begun(result).inspect_err(|_| unsafe { self.buffers.take_back() })
    }

    /// Ends the poll, if that is under way. Its packet has come, or comes now.
    #[allow(unsafe_code)]
    pub(super) fn cancel(&self, device: &Device) {
        // SAFETY: nothing is read; the buffers live as long as `self`.
        let status = unsafe { &raw mut (*self.buffers.pointer()).status };
        // SAFETY: the device is open. The pointer is compared with those of the operations under
        // way, and not used; the system's own type begins with a status block.
        unsafe { CancelIoEx(device.handle.as_raw_handle(), status.cast::<OVERLAPPED>()) };
        // That it is not found says that its packet is in the queue.
    }

    /// The packet of the poll has come.
    #[allow(unsafe_code)]
    pub(super) fn finish(&mut self) -> Outcome {
        // SAFETY: the packet says that the system has done with them.
        unsafe { self.buffers.take_back() };
        let buffers = self.buffers.get();
        // SAFETY: the system has written the status, and any bits are one.
        match unsafe { buffers.status.Anonymous.Status } {
            STATUS_CANCELLED => Outcome::Cancelled,
            status if Severity::of(status) > Severity::Information => Outcome::Failed,
            _ if buffers.info.number_of_handles == 0 => Outcome::Ready(AfdEvents(0)),
            _ => Outcome::Ready(AfdEvents(buffers.info.handles[0].events)),
        }
    }
}

fn unused_status() -> IO_STATUS_BLOCK {
    IO_STATUS_BLOCK { Anonymous: IO_STATUS_BLOCK_0 { Status: 0 }, Information: 0 }
}
