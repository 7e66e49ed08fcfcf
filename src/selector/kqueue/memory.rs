//! [`Memory`]: what a source remembers of its registration, so that a second one is refused.
//!
//! kqueue itself takes a second registration for a change of the first, and may leave the trigger
//! as it was.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use super::changes::Trigger;
use crate::Interest;
use crate::selector::contract::Registration;

/// Tells selectors apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Id(NonZeroU32);

impl Id {
    /// One that no other selector has, unless it is four billion older.
    pub(super) fn new() -> Id {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        Id(NonZeroU32::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU32::MIN))
    }
}

/// The selector that a source was last registered with. It may have others besides, which then have
/// to ask the system.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    selector: Option<Id>,
    trigger: Trigger,
}

impl Memory {
    pub(super) fn of(selector: Id, trigger: Trigger) -> Memory {
        Memory { selector: Some(selector), trigger }
    }

    pub(super) fn trigger(&self) -> Trigger {
        self.trigger
    }

    pub(super) fn is_of(&self, selector: Id) -> bool {
        self.selector == Some(selector)
    }
}

impl Registration for Memory {
    const REARMS: bool = false;

    fn rearm(&self, _: Interest) {}
}
