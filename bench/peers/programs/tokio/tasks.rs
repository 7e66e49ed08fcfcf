//! What reaches the runtime's thread from another one, and timeouts.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::{Notify, mpsc};

use crate::support::{Arguments, print, quantile};

/// Another thread spawns tasks as fast as it can; how many a second have run.
pub fn spawn(runtime: &Runtime, count: u64) -> io::Result<()> {
    let handle = runtime.handle().clone();
    let done = Arc::new(AtomicU64::new(0));
    let all_done = Arc::new(Notify::new());
    let start = Instant::now();
    let spawner = thread::spawn({
        let all_done = Arc::clone(&all_done);
        move || {
            for _ in 0..count {
                let (done, all_done) = (Arc::clone(&done), Arc::clone(&all_done));
                handle.spawn(async move {
                    if done.fetch_add(1, Ordering::Relaxed) + 1 == count {
                        all_done.notify_one();
                    }
                });
            }
        }
    });
    runtime.block_on(all_done.notified());
    print("tasks_per_second", count as f64 / start.elapsed().as_secs_f64());
    spawner.join().expect("the spawner does not panic");
    Ok(())
}

/// Another thread sends numbers through a channel; the runtime's thread adds them up.
pub fn channel(runtime: &Runtime, count: u64) -> io::Result<()> {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let start = Instant::now();
    let producer = thread::spawn(move || {
        for number in 0..count {
            if sender.send(number).is_err() {
                break;
            }
        }
    });
    let sum = runtime.block_on(async {
        let mut sum = 0_u64;
        while let Some(number) = receiver.recv().await {
            sum += number;
        }
        sum
    });
    print("messages_per_second", count as f64 / start.elapsed().as_secs_f64());
    assert_eq!(sum, count * count.saturating_sub(1) / 2, "a message was lost");
    producer.join().expect("the producer does not panic");
    Ok(())
}

pub fn timeouts(runtime: &Runtime, arguments: &Arguments) -> io::Result<()> {
    let timeout = Duration::from_micros(arguments.get("microseconds"));
    let count: usize = arguments.get("count");
    let mut waits: Vec<u64> = runtime.block_on(async {
        let mut waits = Vec::with_capacity(count);
        for _ in 0..count {
            let start = Instant::now();
            tokio::time::sleep(timeout).await;
            waits.push(start.elapsed().as_nanos() as u64);
        }
        waits
    });
    print("p50_microseconds", quantile(&mut waits, 0.50) as f64 / 1000.0);
    print("p99_microseconds", quantile(&mut waits, 0.99) as f64 / 1000.0);
    Ok(())
}
