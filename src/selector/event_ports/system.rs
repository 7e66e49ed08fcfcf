//! The calls of `port_create(3C)` and its pages.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_short, c_uint, c_void, port_event, uintptr_t};

use super::table::Found;
use super::{Port, outcome};
use crate::os::posix::call;

/// How many reports one call takes at most; more come with the next.
const MOST: usize = 256;

/// A port of the system.
#[derive(Debug)]
pub(crate) struct SystemPort(OwnedFd);

impl Port for SystemPort {
    #[allow(unsafe_code)]
    fn new() -> io::Result<SystemPort> {
        // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
        let port = unsafe { call::owned_fd(libc::port_create()) }?;
        // SAFETY: takes no pointers; the descriptor is open.
        call::check(unsafe { libc::fcntl(port.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) })?;
        Ok(SystemPort(port))
    }

    #[allow(unsafe_code)]
    fn associate(&self, fd: RawFd, events: c_short, serial: u64) -> io::Result<()> {
        // SAFETY: no pointer is followed: what is named so is a number that comes back.
        call::check(unsafe {
            libc::port_associate(
                self.as_raw_fd(),
                libc::PORT_SOURCE_FD,
                fd as uintptr_t,
                c_int::from(events),
                serial as *mut c_void,
            )
        })?;
        Ok(())
    }

    #[allow(unsafe_code)]
    fn dissociate(&self, fd: RawFd) -> io::Result<()> {
        // SAFETY: takes no pointers.
        call::check(unsafe {
            libc::port_dissociate(self.as_raw_fd(), libc::PORT_SOURCE_FD, fd as uintptr_t)
        })?;
        Ok(())
    }

    #[allow(unsafe_code)]
    fn send(&self, serial: u64) -> io::Result<()> {
        // SAFETY: as for an association.
        call::check(unsafe { libc::port_send(self.as_raw_fd(), 0, serial as *mut c_void) })?;
        Ok(())
    }

    #[allow(unsafe_code)]
    fn wait(
        &self,
        found: &mut Vec<Found>,
        room: usize,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        let mut timeout = timeout.map(|timeout| libc::timespec {
            // No timeout is longer than a selector's `LONGEST`, which fits everywhere.
            tv_sec: timeout.as_secs() as libc::time_t,
            tv_nsec: timeout.subsec_nanos() as libc::c_long,
        });
        let timeout = timeout.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
        let mut list = [const { MaybeUninit::<port_event>::zeroed() }; MOST];
        let mut count: c_uint = 1;
        // SAFETY: the list has room for as many as are asked for, `count` is valid, `timeout` is
        // null or valid.
        let result = call::check(unsafe {
            libc::port_getn(
                self.as_raw_fd(),
                list.as_mut_ptr().cast(),
                room.min(MOST) as c_uint,
                &raw mut count,
                timeout,
            )
        });
        for report in list.iter().take(count as usize) {
            // SAFETY: numbers, and a pointer, of which zeroes are valid.
            let report = unsafe { report.assume_init_ref() };
            let serial = report.portev_user as u64;
            match c_int::from(report.portev_source) {
                libc::PORT_SOURCE_FD => found.push(Found::Descriptor {
                    fd: report.portev_object as RawFd,
                    events: report.portev_events as c_short,
                    serial,
                }),
                libc::PORT_SOURCE_USER => found.push(Found::Message(serial)),
                // A call that failed may leave the count as it was, and the list alone.
                _ => {}
            }
        }
        outcome(found.len(), result.err())
    }
}

impl AsRawFd for SystemPort {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
