//! Bursts of datagrams from one socket to another, on one thread: so nothing is lost, nothing
//! waits, and the processor's time is that of both sides together.

use std::io;
use std::time::{Duration, Instant};

use super::{Arguments, print};

/// Datagrams of one burst: fewer than a receive buffer has room for.
pub const BURST: usize = 32;
/// The largest datagram of the load, with room to spare.
pub const DATAGRAM: usize = 1500;
/// Room for datagrams that the kernel has put together.
pub const ROW: usize = 65_535;
/// Buffers of that size, where the kernel puts datagrams together.
pub const ROWS: usize = 4;

/// Two sockets, and a way of passing datagrams.
pub trait Pair {
    /// Sends a burst; `bytes` are the contents of all its datagrams.
    fn send(&mut self, bytes: &[u8], payload: usize) -> io::Result<()>;

    /// Receives by one call, and returns how many datagrams that were; their sizes are asserted.
    fn receive(&mut self, payload: usize) -> io::Result<usize>;
}

pub fn run(arguments: &Arguments, mut pair: impl Pair) -> io::Result<()> {
    let payload: usize = arguments.get("payload");
    let time = Duration::from_millis(arguments.get("milliseconds"));
    let bytes = vec![b'm'; payload * BURST];
    let mut burst = || -> io::Result<()> {
        pair.send(&bytes, payload)?;
        let mut received = 0;
        while received < BURST {
            received += pair.receive(payload)?;
        }
        Ok(())
    };
    for _ in 0..100 {
        burst()?;
    }
    let (start, start_of_processor) = (Instant::now(), processor_time());
    let mut datagrams = 0;
    while start.elapsed() < time {
        burst()?;
        datagrams += BURST;
    }
    let processor = processor_time() - start_of_processor;
    print("datagrams_per_second", datagrams as f64 / start.elapsed().as_secs_f64());
    print("cpu_nanoseconds", processor.as_nanos() as f64 / datagrams as f64);
    Ok(())
}

/// How long this thread has had a processor.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
