//! `struct kevent` and its numbers on Linux, for the model and for libkqueue: those of FreeBSD 11.
#![allow(non_camel_case_types)]

use libc::c_void;

/// As `kqueue(2)` of FreeBSD 11 has it, and `sys/event.h` of libkqueue.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(super) struct kevent {
    pub(super) ident: usize,
    pub(super) filter: i16,
    pub(super) flags: u16,
    pub(super) fflags: u32,
    pub(super) data: isize,
    pub(super) udata: *mut c_void,
}

pub(super) const EVFILT_READ: i16 = -1;
pub(super) const EVFILT_WRITE: i16 = -2;
pub(super) const EVFILT_AIO: i16 = -3;
pub(super) const EVFILT_LIO: i16 = -10;
pub(super) const EVFILT_USER: i16 = -11;

pub(super) const EV_ADD: u16 = 0x0001;
pub(super) const EV_DELETE: u16 = 0x0002;
pub(super) const EV_ONESHOT: u16 = 0x0010;
pub(super) const EV_CLEAR: u16 = 0x0020;
pub(super) const EV_RECEIPT: u16 = 0x0040;
pub(super) const EV_DISPATCH: u16 = 0x0080;
pub(super) const EV_ERROR: u16 = 0x4000;
pub(super) const EV_EOF: u16 = 0x8000;

pub(super) const NOTE_TRIGGER: u32 = 0x0100_0000;

#[cfg(mio_unsupported_force_libkqueue)]
#[link(name = "kqueue")]
#[allow(unsafe_code)]
unsafe extern "C" {
    pub(super) fn kqueue() -> libc::c_int;
    pub(super) fn kevent(
        kq: libc::c_int,
        changes: *const kevent,
        change_count: libc::c_int,
        events: *mut kevent,
        event_count: libc::c_int,
        timeout: *const libc::timespec,
    ) -> libc::c_int;
}
