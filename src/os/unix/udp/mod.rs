//! UDP: what the standard library does not offer.

mod one_by_one;
mod options;
mod receive;
mod send;
mod systems;

use std::io;
use std::iter;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::c_int;

use self::options::segments_of;
pub(crate) use self::options::{
    buffer_size, capabilities, only_v6, option, set_buffer_size, set_wish, wish,
};
pub(crate) use self::receive::{RecvRoom, recv_many, recv_vectored};
pub(crate) use self::send::{SendRoom, send_many, send_vectored};
use self::systems::Header;

/// A call of the kernel for many messages, which it may lack though the C library has it. Once that
/// is known it is not tried again.
struct CallForMany {
    missing: AtomicBool,
    /// By which errors it is known.
    errors: &'static [c_int],
}

impl CallForMany {
    const fn new(errors: &'static [c_int]) -> CallForMany {
        CallForMany { missing: AtomicBool::new(false), errors }
    }

    /// The result of `call`, or `None` if the system or the kernel lacks it.
    fn attempt(
        &self,
        call: impl FnOnce() -> Option<io::Result<usize>>,
    ) -> Option<io::Result<usize>> {
        if self.missing.load(Ordering::Relaxed) {
            return None;
        }
        match call()? {
            Err(error) if error.raw_os_error().is_some_and(|it| self.errors.contains(&it)) => {
                self.missing.store(true, Ordering::Relaxed);
                None
            }
            result => Some(result),
        }
    }
}

/// Headers without anything.
fn headers(count: usize) -> Box<[Header]> {
    let header = || Header { msg_hdr: send::empty_message(), msg_len: 0 };
    iter::repeat_with(header).take(count).collect()
}

#[cfg(test)]
mod tests;
