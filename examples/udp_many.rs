//! Measures datagrams per second and processor time per datagram on the loopback interface: a call
//! for each, many in one call, and with segmentation offload.
//!
//!     cargo run --release --example udp_many --features os-poll,net
//!
//! One thread sends a burst and receives it, again and again, so that nothing is lost and nothing
//! waits. Figures are of both sides together. Each way runs in turn with the others, and the median
//! of its runs is printed. The time of the processor is what Linux counts for the thread; elsewhere
//! it is the time that passed.

use std::fs;
use std::io::{self, IoSliceMut};
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use mio::net::udp::{RecvBatch, SendBatch, Transmit};

/// Datagrams of one burst: fewer than the receive buffer has room for.
const BURST: usize = 32;
const RUNS: usize = 7;
const TIME_OF_A_RUN: Duration = Duration::from_millis(300);
const LARGEST: usize = 65_535;

#[derive(Clone, Copy)]
enum Way {
    OneCallEach,
    Many,
    Offload,
}

const WAYS: [(Way, &str); 3] = [
    (Way::OneCallEach, "one call each"),
    (Way::Many, "many in one call"),
    (Way::Offload, "segmentation offload"),
];

/// Of one run: seconds for each datagram, sent and received.
#[derive(Clone, Copy)]
struct Cost {
    passed: f64,
    processor: f64,
}

fn main() -> io::Result<()> {
    println!("payload  way                    datagrams/s   CPU each   CPU of the first");
    for payload in [64, 1200] {
        let mut costs = WAYS.map(|_| Vec::new());
        for _ in 0..RUNS {
            for ((way, _), costs) in WAYS.iter().zip(&mut costs) {
                costs.push(run(*way, payload)?);
            }
        }
        let costs = costs.map(|costs| Cost {
            passed: median(costs.iter().map(|cost| cost.passed)),
            processor: median(costs.iter().map(|cost| cost.processor)),
        });
        for ((_, name), cost) in WAYS.iter().zip(&costs) {
            println!(
                "{payload:>5} B  {name:<22} {:>11.0} {:>7.0} ns {:>11.1} times",
                1.0 / cost.passed,
                cost.processor * 1e9,
                costs[0].processor / cost.processor,
            );
        }
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn run(way: Way, payload: usize) -> io::Result<Cost> {
    let mut pair = Pair::new(way, payload)?;
    for _ in 0..100 {
        pair.burst()?;
    }
    let (start, start_of_processor) = (Instant::now(), processor_time());
    let mut datagrams = 0;
    while start.elapsed() < TIME_OF_A_RUN {
        pair.burst()?;
        datagrams += BURST;
    }
    let passed = start.elapsed();
    let processor = processor_time().zip(start_of_processor).map(|(end, start)| end - start);
    let each = |time: Duration| time.as_secs_f64() / datagrams as f64;
    Ok(Cost { passed: each(passed), processor: each(processor.unwrap_or(passed)) })
}

/// How long this thread has had a processor, where the system tells.
fn processor_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

struct Pair {
    way: Way,
    payload: usize,
    bytes: Vec<u8>,
    sender: UdpSocket,
    receiver: UdpSocket,
    sending: SendBatch,
    receiving: RecvBatch,
    storage: Vec<Vec<u8>>,
}

impl Pair {
    fn new(way: Way, payload: usize) -> io::Result<Pair> {
        let sender = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
        let receiver = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
        sender.connect(receiver.local_addr()?)?;
        if matches!(way, Way::Offload) && receiver.capabilities()?.receive_segments > 1 {
            receiver.set_recv_offload(true)?;
        }
        let (buffers, size) = match way {
            Way::OneCallEach => (1, 1500),
            Way::Many => (BURST, 1500),
            Way::Offload => (4, LARGEST),
        };
        Ok(Pair {
            way,
            payload,
            bytes: vec![7; payload * BURST],
            sender,
            receiver,
            sending: SendBatch::with_capacity(BURST),
            receiving: RecvBatch::with_capacity(buffers),
            storage: vec![vec![0; size]; buffers],
        })
    }

    /// Sends a burst, and receives all of it.
    fn burst(&mut self) -> io::Result<()> {
        self.send()?;
        let mut received = 0;
        while received < BURST {
            received += match self.receive() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                result => result?,
            };
        }
        Ok(())
    }

    fn send(&mut self) -> io::Result<()> {
        let payload = self.payload;
        match self.way {
            Way::OneCallEach => {
                for datagram in self.bytes.chunks(payload) {
                    self.sender.send(datagram)?;
                }
            }
            Way::Many => {
                let bytes = &self.bytes;
                let datagrams: [_; BURST] =
                    std::array::from_fn(|at| Transmit::new(&bytes[at * payload..][..payload]));
                let sent = self.sender.send_many(&mut self.sending, &datagrams)?;
                assert_eq!(sent, BURST, "the send buffer is large enough");
            }
            Way::Offload => {
                let row = Transmit::new(&self.bytes).segment_size(payload);
                assert_eq!(self.sender.send_many(&mut self.sending, &[row])?, 1);
            }
        }
        Ok(())
    }

    /// Receives by one call, and returns how many datagrams that were.
    fn receive(&mut self) -> io::Result<usize> {
        match self.way {
            Way::OneCallEach => {
                assert_eq!(self.receiver.recv_from(&mut self.storage[0])?.0, self.payload);
                Ok(1)
            }
            Way::Many | Way::Offload => {
                // There are as many buffers as the batch has room for.
                let mut buffers: [IoSliceMut<'_>; BURST] =
                    std::array::from_fn(|_| IoSliceMut::new(&mut []));
                let count = self.storage.len();
                for (buffer, storage) in buffers.iter_mut().zip(&mut self.storage) {
                    *buffer = IoSliceMut::new(storage);
                }
                self.receiver.recv_many(&mut self.receiving, &mut buffers[..count])?;
                let received = self.receiving.received().iter().zip(&buffers);
                let datagrams = received.flat_map(|(received, buffer)| received.segments(buffer));
                let mut count = 0;
                for datagram in datagrams {
                    assert_eq!(datagram.len(), self.payload);
                    count += 1;
                }
                Ok(count)
            }
        }
    }
}
