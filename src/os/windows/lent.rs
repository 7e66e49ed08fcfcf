//! Memory that the system may write to while an operation is under way.

use std::fmt;
use std::ptr::NonNull;

/// Memory for one operation, again and again. While it is lent nobody reads or writes it here, and
/// dropped like that it is never given back.
pub(crate) struct Lent<T> {
    memory: NonNull<T>,
    /// The operation was begun, and its packet has not come.
    is_lent: bool,
}

// SAFETY: the memory is its own; while the system has it nobody else touches it.
#[allow(unsafe_code)]
unsafe impl<T> Send for Lent<T> {}

impl<T> Lent<T> {
    pub(crate) fn new(memory: T) -> Lent<T> {
        Lent { memory: NonNull::from(Box::leak(Box::new(memory))), is_lent: false }
    }

    /// Where it is, for as long as `self` lives, or if that is dropped while lent, for good.
    pub(crate) fn pointer(&self) -> *mut T {
        self.memory.as_ptr()
    }

    pub(crate) fn is_lent(&self) -> bool {
        self.is_lent
    }

    /// What is in it.
    ///
    /// # Panics
    ///
    /// The system has it.
    #[allow(unsafe_code)]
    pub(crate) fn get(&mut self) -> &mut T {
        assert!(!self.is_lent, "the system has the memory");
        // SAFETY: it lives as long as `self`, and nobody else has it.
        unsafe { self.memory.as_mut() }
    }

    /// Makes it the system's. Before the operation is begun, as it may end before that call
    /// returns.
    pub(crate) fn lend(&mut self) -> *mut T {
        self.is_lent = true;
        self.pointer()
    }

    /// It is ours again.
    ///
    /// # Safety
    ///
    /// The operation could not be begun, or has ended: the system will not touch the memory.
    #[allow(unsafe_code)]
    pub(crate) unsafe fn take_back(&mut self) {
        self.is_lent = false;
    }
}

impl<T> fmt::Debug for Lent<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lent").field("is_lent", &self.is_lent).finish_non_exhaustive()
    }
}

impl<T> Drop for Lent<T> {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        if !self.is_lent {
            // SAFETY: made by a box, and dropped once.
            drop(unsafe { Box::from_raw(self.memory.as_ptr()) });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Lent;

    #[test]
    #[allow(unsafe_code)]
    fn what_is_lent_is_kept_when_dropped_and_else_given_back() {
        let content = Arc::new(());
        let lent = |ends: bool| {
            let mut memory = Lent::new(Arc::clone(&content));
            memory.lend();
            if ends {
                // SAFETY: no operation was begun.
                unsafe { memory.take_back() };
            }
        };
        lent(true);
        assert_eq!(Arc::strong_count(&content), 1);
        lent(false);
        assert_eq!(Arc::strong_count(&content), 2);
        drop(Lent::new(Arc::clone(&content)));
        assert_eq!(Arc::strong_count(&content), 2);
    }

    #[test]
    #[should_panic = "the system has the memory"]
    fn what_is_lent_is_not_looked_at() {
        let mut memory = Lent::new(0);
        *memory.get() = 1;
        memory.lend();
        memory.get();
    }
}
