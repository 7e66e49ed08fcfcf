//! Which wakes are under way: lets a wake that another one already covers cost no system call.
//!
//! Pure: two atomic words, no I/O.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The wakes of one selector: a bit for each waker.
///
/// # Protocol
///
/// 1. A waker sets its bit. Was it set already, then a signal is sent or about to be sent that no
///    wait has consumed yet: nothing more to do. Else this waker sends the signal.
/// 2. After each wait, before its events are handled, the waiting thread clears all bits. A signal
///    that this wait did not consume stays with the system for the next wait, so that a cleared bit
///    never loses a wake; it only lets one more signal be sent.
///
/// Both steps read and write the same word in one operation. So whatever a thread did before a wake
/// that found its bit set is visible to the waiting thread once it has cleared that bit.
#[derive(Debug, Default)]
pub(crate) struct Wakes {
    pending: AtomicUsize,
    owned: AtomicUsize,
}

impl Wakes {
    /// Takes a bit for one more waker. When all are taken the waker gets none, and sends a signal
    /// for each wake.
    pub(crate) fn join(self: &Arc<Self>) -> WakeBit {
        let mut owned = self.owned.load(Ordering::Relaxed);
        loop {
            let place = Some(owned.trailing_ones()).filter(|place| *place < usize::BITS);
            match self.owned.compare_exchange_weak(
                owned,
                owned | mask(place),
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) => return WakeBit { wakes: Arc::clone(self), place },
                Err(now) => owned = now,
            }
        }
    }

    /// Step 2: what is pending is covered by the wait that just ended, or by a signal still to be
    /// consumed.
    pub(crate) fn cover(&self) {
        // A bit whose signal this wait consumed is visible here, since it was set before the signal
        // was sent. So the common case, no wake at all, gets by without writing to the
        // shared word.
        if self.pending.load(Ordering::Relaxed) != 0 {
            self.pending.swap(0, Ordering::AcqRel);
        }
    }
}

/// The bit in this place as a word, zero without one.
fn mask(place: Option<u32>) -> usize {
    place.map_or(0, |place| 1 << place)
}

/// One waker's bit, given back on drop.
#[derive(Debug)]
pub(crate) struct WakeBit {
    wakes: Arc<Wakes>,
    /// None for a waker that found all bits taken.
    place: Option<u32>,
}

impl WakeBit {
    /// Step 1: whether this wake has to send a signal.
    #[inline]
    pub(crate) fn set(&self) -> bool {
        let Some(place) = self.place else { return true };
        // As a shift, by which the compiler knows that it is a single bit: x86 sets it and tells
        // what it was in one instruction, where for any number it needs a loop.
        let bit = 1 << place;
        self.wakes.pending.fetch_or(bit, Ordering::AcqRel) & bit == 0
    }

    /// The signal could not be sent: the next wake has to try again.
    pub(crate) fn unset(&self) {
        self.wakes.pending.fetch_and(!mask(self.place), Ordering::AcqRel);
    }
}

impl Drop for WakeBit {
    fn drop(&mut self) {
        self.unset();
        self.wakes.owned.fetch_and(!mask(self.place), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_wake_before_a_wait_sends_a_signal() {
        let wakes = Arc::new(Wakes::default());
        let bit = wakes.join();
        assert!(bit.set());
        assert!(!bit.set());
        wakes.cover();
        assert!(bit.set());
    }

    #[test]
    fn a_wake_whose_signal_failed_does_not_stand_in_for_the_next() {
        let wakes = Arc::new(Wakes::default());
        let bit = wakes.join();
        assert!(bit.set());
        bit.unset();
        assert!(bit.set());
    }

    #[test]
    fn wakers_do_not_stand_in_for_each_other() {
        let wakes = Arc::new(Wakes::default());
        let (first, second) = (wakes.join(), wakes.join());
        assert!(first.set());
        assert!(second.set());
        first.unset();
        assert!(!second.set());
    }

    #[test]
    fn a_dropped_waker_leaves_its_bit_clear_for_the_next() {
        let wakes = Arc::new(Wakes::default());
        let first = wakes.join();
        assert!(first.set());
        let taken = first.place;
        drop(first);
        let next = wakes.join();
        assert_eq!(next.place, taken);
        assert!(next.set());
    }

    #[test]
    fn more_wakers_than_bits_always_send_a_signal() {
        let wakes = Arc::new(Wakes::default());
        let mut bits: Vec<_> = (0..usize::BITS).map(|_| wakes.join()).collect();
        let beyond = wakes.join();
        assert!(beyond.set());
        assert!(beyond.set());
        assert!(bits.iter().all(WakeBit::set), "the others are not disturbed");
        drop(beyond);
        bits.pop();
        assert_ne!(wakes.join().place, None, "a bit given back is handed out again");
    }
}
