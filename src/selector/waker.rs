//! The waker of selectors that wait for descriptors: a descriptor that becomes readable.

use std::io;
use std::sync::Arc;

use super::contract::Wake;
use super::wakes::WakeBit;
use crate::os::WakeFd;

/// Wakes by signalling a registered descriptor, at most once a wait.
///
/// Generic over what the selector remembers of the registration, which ends when this is dropped:
/// first the registration, then the descriptor.
#[derive(Debug)]
pub(crate) struct DescriptorWaker<R> {
    _registration: R,
    bit: WakeBit,
    fd: Arc<WakeFd>,
}

impl<R> DescriptorWaker<R> {
    pub(super) fn new(registration: R, bit: WakeBit, fd: Arc<WakeFd>) -> DescriptorWaker<R> {
        DescriptorWaker { _registration: registration, bit, fd }
    }
}

impl<R: std::fmt::Debug + Send + Sync> Wake for DescriptorWaker<R> {
    fn wake(&self) -> io::Result<()> {
        if self.bit.set() {
            self.fd.signal().inspect_err(|_| self.bit.unset())?;
        }
        Ok(())
    }
}
