//! [`UserEvent`]: waking by an event that a program triggers itself, `EVFILT_USER`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::changes::kevent;
use super::{Kqueue, WakerOf, abi};
use crate::Token;
use crate::selector::contract::Wake;
use crate::selector::wakes::WakeBit;

/// Numbers for the wakers of one kqueue. They are apart from those of descriptors.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    next: AtomicUsize,
}

/// Set up once, with `EV_CLEAR`; from then on it is only triggered. Setting it up anew by the same
/// call that triggers it has undone the trigger on some systems, and left it on for good on others.
#[derive(Debug)]
pub(crate) struct UserEvent {
    kqueue: Arc<Kqueue>,
    number: usize,
    bit: WakeBit,
    token: Token,
}

impl WakerOf for UserEvent {
    fn of(kqueue: &Arc<Kqueue>, token: Token) -> io::Result<UserEvent> {
        let number = kqueue.user_events.next.fetch_add(1, Ordering::Relaxed);
        let flags = abi::EV_ADD | abi::EV_CLEAR;
        kqueue.queue.change_one(&kevent(number, abi::EVFILT_USER, flags, 0, token))?;
        let (kqueue, bit) = (Arc::clone(kqueue), kqueue.wakes.join());
        Ok(UserEvent { kqueue, number, bit, token })
    }
}

impl Wake for UserEvent {
    fn wake(&self) -> io::Result<()> {
        if self.bit.set() {
            // The token again: on some systems each change replaces it.
            let trigger = kevent(self.number, abi::EVFILT_USER, 0, abi::NOTE_TRIGGER, self.token);
            self.kqueue.queue.change_one(&trigger).inspect_err(|_| self.bit.unset())?;
        }
        Ok(())
    }
}

/// Takes the event out, and so what was triggered and not received.
impl Drop for UserEvent {
    fn drop(&mut self) {
        let taken_out = kevent(self.number, abi::EVFILT_USER, abi::EV_DELETE, 0, self.token);
        // What fails here is that it is not there.
        let _ = self.kqueue.queue.change_one(&taken_out);
    }
}
