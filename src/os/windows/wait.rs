//! Objects that can be waited for, such as events and processes, in a completion port: a packet
//! says that one is signalled.
//!
//! Windows 8 and later have wait completion packets for that, in `ntdll.dll`. The functions are
//! looked up, as other systems do not have them, Wine among them. There the thread pool of the
//! system waits, and posts the packet.

use std::ffi::{CStr, c_void};
use std::fmt;
use std::io;
use std::mem;
use std::os::windows::io::{AsHandle, AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr;
use std::sync::{Arc, OnceLock};

use windows_sys::Win32::Foundation::{
    HANDLE, INVALID_HANDLE_VALUE, NTSTATUS, WAIT_FAILED, WAIT_TIMEOUT,
};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEONLYONCE,
    WaitForSingleObject,
};

use super::call::check;
use super::port::Port;
use super::status::check_done;

/// Whether an object is signalled now. It is a wait like any other: an event that resets itself is
/// reset, a semaphore counted down.
#[allow(unsafe_code)]
pub(crate) fn is_signalled(object: RawHandle) -> io::Result<bool> {
    // SAFETY: the call takes no pointers, and says so of what is no handle.
    match unsafe { WaitForSingleObject(object, 0) } {
        WAIT_FAILED => Err(io::Error::last_os_error()),
        WAIT_TIMEOUT => Ok(false),
        _ => Ok(true),
    }
}

/// A wait for one object at a time, whose end is a packet. Dropping it ends the wait; a packet that
/// is in the queue already may stay there.
#[derive(Debug)]
pub(crate) struct ObjectWait(Means);

#[derive(Debug)]
enum Means {
    Packet(WaitPacket),
    Pool(PoolWait),
}

impl ObjectWait {
    pub(crate) fn new(port: &Arc<Port>) -> io::Result<ObjectWait> {
        let means = match functions() {
            Some(functions) => Means::Packet(WaitPacket::new(functions, port)?),
            None => Means::Pool(PoolWait { port: Arc::clone(port), under_way: None }),
        };
        Ok(ObjectWait(means))
    }

    /// Begins to wait for an object: once it is signalled, a packet of this key and number comes.
    /// What was begun before is ended.
    pub(crate) fn begin(&mut self, object: RawHandle, key: usize, which: usize) -> io::Result<()> {
        match &mut self.0 {
            Means::Packet(packet) => packet.begin(object, key, which),
            Means::Pool(pool) => pool.begin(object, key, which),
        }
    }
}

type Create = unsafe extern "system" fn(*mut HANDLE, u32, *const c_void) -> NTSTATUS;
type Associate = unsafe extern "system" fn(
    HANDLE,
    HANDLE,
    HANDLE,
    *const c_void,
    *const c_void,
    NTSTATUS,
    usize,
    *mut u8,
) -> NTSTATUS;
type Cancel = unsafe extern "system" fn(HANDLE, u8) -> NTSTATUS;

/// The functions of wait completion packets.
#[derive(Debug, Clone, Copy)]
struct Functions {
    create: Create,
    associate: Associate,
    cancel: Cancel,
}

/// Where the system has them.
#[allow(unsafe_code)]
fn functions() -> Option<Functions> {
    static FUNCTIONS: OnceLock<Option<Functions>> = OnceLock::new();
    let look_up = || {
        let create = function(c"NtCreateWaitCompletionPacket")?;
        let associate = function(c"NtAssociateWaitCompletionPacket")?;
        let cancel = function(c"NtCancelWaitCompletionPacket")?;
        // SAFETY: these are the types of the functions with these names, as Windows documents them
        // ("DevNotes").
        unsafe {
            Some(Functions {
                create: mem::transmute::<*const c_void, Create>(create),
                associate: mem::transmute::<*const c_void, Associate>(associate),
                cancel: mem::transmute::<*const c_void, Cancel>(cancel),
            })
        }
    };
    *FUNCTIONS.get_or_init(look_up)
}

/// The address of a function of `ntdll.dll`, which is never null.
#[allow(unsafe_code)]
fn function(name: &CStr) -> Option<*const c_void> {
    // SAFETY: the name is a string that ends with a zero; every process has this library.
    let library = unsafe { GetModuleHandleW(windows_sys::core::w!("ntdll.dll")) };
    // SAFETY: so is this name. A library that is not there has no functions.
    let function = unsafe { GetProcAddress(library, name.as_ptr().cast()) }?;
    Some(function as *const c_void)
}

/// A wait completion packet, which belongs to a port.
struct WaitPacket {
    functions: Functions,
    packet: OwnedHandle,
    port: Arc<Port>,
}

impl WaitPacket {
    #[allow(unsafe_code)]
    fn new(functions: Functions, port: &Arc<Port>) -> io::Result<WaitPacket> {
        const GENERIC_ALL: u32 = 0x1000_0000;
        let mut packet = ptr::null_mut();
        // SAFETY: `packet` is valid for the call; without attributes it has no name and is not
        // inherited.
        check_done(unsafe { (functions.create)(&raw mut packet, GENERIC_ALL, ptr::null()) })?;
        // SAFETY: the call made this handle, and it is nobody else's.
        let packet = unsafe { OwnedHandle::from_raw_handle(packet) };
        Ok(WaitPacket { functions, packet, port: Arc::clone(port) })
    }

    #[allow(unsafe_code)]
    fn begin(&mut self, object: RawHandle, key: usize, which: usize) -> io::Result<()> {
        // SAFETY: the packet is open, and the call takes no pointers. That there was nothing to
        // cancel is its only error, which is as well.
        unsafe { (self.functions.cancel)(self.packet.as_raw_handle(), 1) };
        // SAFETY: the packet and the port are open; what is no handle of an object is refused; the
        // two numbers are handed on without being looked at; whether it was signalled already, the
        // system need not say.
        check_done(unsafe {
            (self.functions.associate)(
                self.packet.as_raw_handle(),
                self.port.as_handle().as_raw_handle(),
                object,
                ptr::without_provenance(key),
                ptr::without_provenance(which),
                0,
                0,
                ptr::null_mut(),
            )
        })
    }
}

impl Drop for WaitPacket {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the packet is open, and the call takes no pointers.
        unsafe { (self.functions.cancel)(self.packet.as_raw_handle(), 1) };
    }
}

impl fmt::Debug for WaitPacket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WaitPacket").field("packet", &self.packet).finish_non_exhaustive()
    }
}

/// A wait by the thread pool of the system.
#[derive(Debug)]
struct PoolWait {
    port: Arc<Port>,
    under_way: Option<Registered>,
}

/// What the pool was asked for, and what it is to do then. The latter stays where it is until the
/// wait is over.
#[derive(Debug)]
struct Registered {
    wait: HANDLE,
    _report: Box<Report>,
}

// SAFETY: the handle can be used on any thread.
#[allow(unsafe_code)]
unsafe impl Send for Registered {}

#[derive(Debug)]
struct Report {
    port: Arc<Port>,
    key: usize,
    which: usize,
}

impl PoolWait {
    #[allow(unsafe_code)]
    fn begin(&mut self, object: RawHandle, key: usize, which: usize) -> io::Result<()> {
        self.under_way = None;
        let report = Box::new(Report { port: Arc::clone(&self.port), key, which });
        let mut wait = ptr::null_mut();
        // SAFETY: `wait` is valid for the call; the report is where its address says until the
        // wait has been unregistered, which waits for a call of the function that is under way.
        check(unsafe {
            RegisterWaitForSingleObject(
                &raw mut wait,
                object,
                Some(report_signal),
                ptr::from_ref::<Report>(&report).cast(),
                INFINITE,
                WT_EXECUTEONLYONCE,
            )
        })?;
        self.under_way = Some(Registered { wait, _report: report });
        Ok(())
    }
}

impl Drop for Registered {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: the wait was registered, and is unregistered once. The call returns when the
        // function is not running and will not be called any more.
        unsafe { UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE) };
    }
}

/// What the pool calls.
#[allow(unsafe_code)]
unsafe extern "system" fn report_signal(report: *mut c_void, _is_timeout: bool) {
    // SAFETY: the address of a report that lives until the wait is unregistered.
    let report = unsafe { &*report.cast::<Report>() };
    // The port is open, as the report shares it. Without memory for a packet there is nobody to
    // tell.
    let _ = report.port.post(report.key, report.which);
}
