//! One locked instruction, that no other thread contends for, in place of a wake.
//!
//! A wake that finds another pending has to order what its thread did before with its look at that
//! state, or the wait that is about to clear the state misses it. On x86 that takes a locked
//! instruction or a fence of the same cost, so this is the least that a correct wake can cost.

mod support;

use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use support::{Arguments, print};

fn main() -> io::Result<()> {
    let arguments = Arguments::of_process();
    match arguments.load.as_str() {
        "wake-pending" => swap(arguments.get("count")),
        _ => arguments.unknown(),
    }
    Ok(())
}

fn swap(count: u32) {
    let state = AtomicU8::new(1);
    let start = Instant::now();
    for _ in 0..count {
        black_box(black_box(&state).swap(1, Ordering::AcqRel));
    }
    print("nanoseconds", start.elapsed().as_nanos() as f64 / f64::from(count));
}
