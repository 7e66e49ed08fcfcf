//! What `waiting.rs` is on Linux, where the system does not tell in what a thread waits. It is
//! given the processor; the tests hold whether it waits by then or not.

use std::thread;

/// A thread, of which nothing is known.
pub struct Thread;

pub fn this_thread() -> Thread {
    Thread
}

pub fn until_in_a_poll(_: &Thread) {
    for _ in 0..100 {
        thread::yield_now();
    }
}
