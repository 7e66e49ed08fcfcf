//! `NTSTATUS`, by which the system's inner interface says how a call or an operation ended.

use std::io;

use windows_sys::Win32::Foundation::{NTSTATUS, RtlNtStatusToDosError};

/// What a status of the system's inner interface says, by its two highest bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    Success,
    /// Success, with something to say of it, such as that it is not over.
    Information,
    /// In part: a message did not fit the buffer, say.
    Warning,
    Error,
}

impl Severity {
    pub(crate) fn of(status: NTSTATUS) -> Severity {
        match status as u32 >> 30 {
            0 => Severity::Success,
            1 => Severity::Information,
            2 => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// Of what was to be done: success or information (`NT_SUCCESS`). Anything else is an error, a
/// warning too, with which what was asked for need not be there.
pub(crate) fn check_done(status: NTSTATUS) -> io::Result<()> {
    check_status(status, Severity::Information)
}

/// Of an operation that was to be begun: all but errors. With a warning too it has begun, and makes
/// its packet.
pub(crate) fn check_begun(status: NTSTATUS) -> io::Result<()> {
    check_status(status, Severity::Warning)
}

fn check_status(status: NTSTATUS, worst: Severity) -> io::Result<()> {
    if Severity::of(status) <= worst {
        return Ok(());
    }
    Err(io::Error::from_raw_os_error(error_of(status) as i32))
}

/// A status as a number of the outer interface: zero of what is done.
#[allow(unsafe_code)]
pub(crate) fn error_of(status: NTSTATUS) -> u32 {
    if Severity::of(status) <= Severity::Information {
        return 0;
    }
    // SAFETY: the call takes a number and returns one.
    unsafe { RtlNtStatusToDosError(status) }
}

#[cfg(test)]
mod tests {
    use windows_sys::Win32::Foundation::{
        ERROR_ACCESS_DENIED, ERROR_MORE_DATA, STATUS_ACCESS_DENIED, STATUS_BUFFER_OVERFLOW,
        STATUS_OBJECT_NAME_EXISTS, STATUS_PENDING, STATUS_SUCCESS, STATUS_TIMEOUT,
    };

    use super::*;

    #[test]
    fn what_was_to_be_done_needs_more_than_what_was_to_be_begun() {
        let (first, last) = (0x8000_0000_u32 as i32, -1);
        let cases = [
            (STATUS_SUCCESS, Severity::Success, true, true),
            (STATUS_PENDING, Severity::Success, true, true),
            (STATUS_TIMEOUT, Severity::Success, true, true),
            (0x3fff_ffff, Severity::Success, true, true),
            (STATUS_OBJECT_NAME_EXISTS, Severity::Information, true, true),
            (i32::MAX, Severity::Information, true, true),
            (first, Severity::Warning, false, true),
            (STATUS_BUFFER_OVERFLOW, Severity::Warning, false, true),
            (STATUS_ACCESS_DENIED, Severity::Error, false, false),
            (last, Severity::Error, false, false),
        ];
        for (status, severity, is_done, is_begun) in cases {
            assert_eq!(Severity::of(status), severity, "{status:#x}");
            assert_eq!(check_done(status).is_ok(), is_done, "{status:#x}");
            assert_eq!(check_begun(status).is_ok(), is_begun, "{status:#x}");
        }
    }

    #[test]
    fn errors_have_the_numbers_of_the_outer_interface() {
        let code = |result: io::Result<()>| result.unwrap_err().raw_os_error();
        assert_eq!(code(check_begun(STATUS_ACCESS_DENIED)), Some(ERROR_ACCESS_DENIED as i32));
        assert_eq!(code(check_done(STATUS_BUFFER_OVERFLOW)), Some(ERROR_MORE_DATA as i32));
        assert_eq!(error_of(STATUS_BUFFER_OVERFLOW), ERROR_MORE_DATA);
        assert_eq!(error_of(STATUS_TIMEOUT), 0);
    }
}
