//! One-shot registrations: one event of a descriptor, though it has a filter for each direction.
//!
//! Each filter is added with `EV_DISPATCH`, so that the kernel disables it by its event. What the
//! other filter then reports is dropped here, and so is an event that was under way when its source
//! was registered anew. To tell, each registration has a number, which goes to the kernel in place
//! of the token and is replaced by that when the event is handed out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::abi;
use super::event::KqueueEvent;
use crate::os::RawSource;
use crate::selector::contract::RawEvent;
use crate::{Interest, Token};

#[derive(Debug, Default)]
pub(super) struct OneShots {
    /// Some registration was not a plain edge. It stays set: an event may be under way.
    are_triggers_used: AtomicBool,
    armed: Mutex<Armed>,
}

/// The registrations that have not fired, by descriptor. One whose descriptor was closed stays
/// until the number is registered again, and does no harm.
#[derive(Debug, Default)]
pub(super) struct Armed {
    by_number: HashMap<usize, (Token, Token)>,
    last: usize,
}

impl OneShots {
    /// Whether there may be one-shots, or filters with other flags than those of edges.
    pub(super) fn are_triggers_used(&self) -> bool {
        self.are_triggers_used.load(Ordering::SeqCst)
    }

    /// To be held while filters change, so that what they report is not looked at in between.
    /// `None` as long as nothing but edges is registered.
    pub(super) fn hold(&self) -> Option<MutexGuard<'_, Armed>> {
        self.are_triggers_used().then(|| self.lock())
    }

    /// The same, for an interest that is about to be registered.
    pub(super) fn hold_for(&self, interest: Interest) -> Option<MutexGuard<'_, Armed>> {
        if interest.is_level() || interest.is_oneshot() {
            // Before its first event can come.
            self.are_triggers_used.store(true, Ordering::SeqCst);
        }
        self.hold()
    }

    /// Gives the events of one-shots their tokens, and takes out those that are none. Returns
    /// whether that leaves nothing of what there was.
    pub(super) fn settle(&self, events: &mut Vec<KqueueEvent>) -> bool {
        if !self.are_triggers_used() || !events.iter().any(is_of_oneshot) {
            return false;
        }
        let mut armed = self.lock();
        events.retain_mut(|event| !is_of_oneshot(event) || armed.fire(event));
        events.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_of_oneshot(event: &KqueueEvent) -> bool {
    event.0.flags & abi::EV_DISPATCH != 0
}

impl Armed {
    /// A registration begins. Returns what goes to the kernel as its token.
    pub(super) fn enter(&mut self, source: RawSource, token: Token, interest: Interest) -> Token {
        self.forget(source);
        if !interest.is_oneshot() {
            return token;
        }
        self.last = self.last.wrapping_add(1);
        let number = Token(self.last);
        self.by_number.insert(source as usize, (number, token));
        number
    }

    /// A registration is over.
    pub(super) fn forget(&mut self, source: RawSource) {
        self.by_number.remove(&(source as usize));
    }

    /// Whether this event is the one of its registration. It gets the token.
    fn fire(&mut self, event: &mut KqueueEvent) -> bool {
        let number = event.token();
        let source = event.0.ident;
        match self.by_number.get(&source) {
            Some((awaited, token)) if *awaited == number => {
                event.0.udata = token.0 as _;
                self.by_number.remove(&source);
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::changes::kevent;
    use super::*;

    const ONCE: Interest = Interest::READABLE.add(Interest::WRITABLE).oneshot();

    fn event(fd: usize, filter: super::super::Filter, number: Token) -> KqueueEvent {
        KqueueEvent(kevent(fd, filter, abi::EV_CLEAR | abi::EV_DISPATCH, 0, number))
    }

    fn tokens(events: &[KqueueEvent]) -> Vec<usize> {
        events.iter().map(|event| event.token().0).collect()
    }

    #[test]
    fn of_two_filters_the_first_that_reports_is_the_event() {
        let shots = OneShots::default();
        let number = shots.hold_for(ONCE).unwrap().enter(7, Token(70), ONCE);
        let both = [abi::EVFILT_WRITE, abi::EVFILT_READ];
        let mut events: Vec<_> = both.iter().map(|filter| event(7, *filter, number)).collect();
        assert!(!shots.settle(&mut events));
        assert_eq!(tokens(&events), [70]);
        assert!(events[0].is_writable());
        let mut late = vec![event(7, abi::EVFILT_READ, number)];
        assert!(shots.settle(&mut late), "nothing is left of it");
    }

    #[test]
    fn an_event_of_an_earlier_registration_is_dropped() {
        let shots = OneShots::default();
        let earlier = shots.hold_for(ONCE).unwrap().enter(7, Token(70), ONCE);
        let now = shots.hold().unwrap().enter(7, Token(71), ONCE);
        let mut events = vec![event(7, abi::EVFILT_READ, earlier)];
        assert!(shots.settle(&mut events));
        let mut events = vec![event(7, abi::EVFILT_READ, now)];
        assert!(!shots.settle(&mut events));
        assert_eq!(tokens(&events), [71]);
        let over = shots.hold().unwrap().enter(7, Token(72), ONCE);
        shots.hold().unwrap().forget(7);
        assert!(shots.settle(&mut vec![event(7, abi::EVFILT_READ, over)]));
    }

    #[test]
    fn edges_and_levels_are_left_alone() {
        let shots = OneShots::default();
        assert!(shots.hold_for(Interest::READABLE).is_none());
        let level = Interest::READABLE.level();
        let mut armed = shots.hold_for(level).unwrap();
        assert_eq!(armed.enter(7, Token(70), level), Token(70));
        drop(armed);
        let mut events = vec![KqueueEvent(kevent(7, abi::EVFILT_READ, 0, 0, Token(70)))];
        assert!(!shots.settle(&mut events));
        assert_eq!(tokens(&events), [70]);
        assert!(!shots.settle(&mut Vec::new()), "there was nothing");
    }
}
