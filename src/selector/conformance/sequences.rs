//! Random sequences of what can happen to sources, on a selector and on the model of the contract
//! at once. The two may never contradict each other.
//!
//! A sequence is made from a number, its seed. One that fails is made as short as it goes on
//! failing, and printed with its seed: `MIO_MODEL_SEED=number` runs that one alone. Where all is
//! slow, `MIO_MODEL_SEQUENCES=number` says how many are enough.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::harness::{
    Clients, LIMIT, Listener, Socket, Stream, close, empty, pair, pending_listener, socket,
};
use super::model::{Answers, Direction, Freedom, Peer, Room, Source};
use super::steps::{How, ROOM, Random, SLOTS, Step};
use crate::io_source::IoSource;
use crate::selector::contract::{RawEvent, Registration, Selector, Wake};
use crate::{Interest, Token};

/// How many sequences each selector has to pass: as many as take some seconds.
const SEQUENCES: u64 = if socket::IS_AT_ONCE { 10_000 } else { 200 };

const WAKER: usize = usize::MAX;

/// After so many waits with levels only, all sources had their turn, also where reading, writing
/// and waking take turns, each with all sources and the waker in its queue.
const TURNS: usize = 3 * (SLOTS + 1);

/// What is written in this many pieces leaves room for more, whatever the system.
const PIECES: usize = 8;

/// What goes with a source.
enum Io<S: Selector> {
    Stream {
        ours: Stream<S>,
        peer: Option<Socket>,
        /// How often something was written since the peer has taken all.
        pieces: usize,
    },
    Listener {
        ours: IoSource<Listener, S::Registration>,
        clients: Clients,
    },
}

struct Slot<S: Selector> {
    io: Io<S>,
    source: Source,
}

struct World<S: Selector> {
    freedom: Freedom,
    selector: Arc<S>,
    waker: Option<S::Waker>,
    is_woken: bool,
    last_token: usize,
    slots: [Option<Slot<S>>; SLOTS],
}

/// What a wait had.
struct Seen {
    /// Something but levels, which last.
    has_news: bool,
    /// There may be more.
    is_full: bool,
}

/// Why a step is against the contract.
type Verdict = Result<(), String>;

/// What a selector is free to do whose facility tells at once what it sees.
pub(crate) fn freedom<S: Selector>() -> Freedom {
    Freedom {
        makes_edges: S::Registration::REARMS,
        may_be_late: !socket::IS_AT_ONCE,
        finds_ends_late: !socket::IS_AT_ONCE,
    }
}

impl<S: Selector> World<S> {
    fn new(selector: Arc<S>, freedom: Freedom) -> World<S> {
        let waker = match selector.waker(Token(WAKER)) {
            Ok(waker) => Some(waker),
            // A system without what this waker is made of.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => None,
            Err(error) => panic!("{error}"),
        };
        let slots = [const { None }; SLOTS];
        World { freedom, selector, waker, is_woken: false, last_token: 0, slots }
    }

    fn take(&mut self, step: Step) -> Verdict {
        match step {
            Step::Open(slot) => {
                if self.slots[slot].is_none() {
                    let (ours, peer) = pair::<S>();
                    let io = Io::Stream { ours, peer: Some(peer), pieces: 0 };
                    self.slots[slot] = Some(Slot { io, source: Source::new(Room::Yes) });
                }
                Ok(())
            }
            Step::Listen(slot) => {
                if self.slots[slot].is_none() {
                    let (listener, clients) = pending_listener();
                    let io = Io::Listener { ours: IoSource::new(listener), clients };
                    self.slots[slot] = Some(Slot { io, source: Source::new(Room::No) });
                }
                Ok(())
            }
            Step::Register(slot, interest) => self.register(slot, interest),
            Step::Reregister(slot, interest) => self.reregister(slot, interest),
            Step::Deregister(slot) => self.deregister(slot),
            Step::Drop(slot) => {
                self.slots[slot] = None;
                Ok(())
            }
            Step::Wake => match &self.waker {
                Some(waker) => {
                    self.is_woken = true;
                    waker.wake().map_err(|error| format!("wake: {error}"))
                }
                None => Ok(()),
            },
            Step::Glance(capacity) => self.glance(capacity, Duration::ZERO).map(drop),
            Step::Wait(capacity) => self.wait(capacity),
            Step::PeerSends(slot, ..)
            | Step::PeerReceivesAll(slot)
            | Step::PeerShutsDown(slot)
            | Step::PeerCloses(slot)
            | Step::Read(slot, ..)
            | Step::Drain(slot, _)
            | Step::Write(slot, ..)
            | Step::Fill(slot, _) => match &mut self.slots[slot] {
                Some(slot) => slot.take(step, self.freedom),
                None => Ok(()),
            },
        }
    }

    fn register(&mut self, slot: usize, interest: Interest) -> Verdict {
        self.last_token += 1;
        let Some(slot) = &mut self.slots[slot] else { return Ok(()) };
        let (token, selector) = (Token(self.last_token), &self.selector);
        let interest = slot.possible(interest);
        let result = match &mut slot.io {
            Io::Stream { ours, .. } => ours.register_with(selector, token, interest),
            Io::Listener { ours, .. } => ours.register_with(selector, token, interest),
        };
        let is_first = !slot.source.is_registered();
        expect("register", result, is_first.then_some(()).ok_or(io::ErrorKind::AlreadyExists))?;
        if is_first {
            slot.source.registered(token.0, interest);
        }
        Ok(())
    }

    fn reregister(&mut self, slot: usize, interest: Interest) -> Verdict {
        self.last_token += 1;
        let Some(slot) = &mut self.slots[slot] else { return Ok(()) };
        let (token, selector) = (Token(self.last_token), &self.selector);
        let interest = slot.possible(interest);
        let result = match &mut slot.io {
            Io::Stream { ours, .. } => ours.reregister_with(selector, token, interest),
            Io::Listener { ours, .. } => ours.reregister_with(selector, token, interest),
        };
        let is_known = slot.source.is_registered();
        expect("reregister", result, is_known.then_some(()).ok_or(io::ErrorKind::NotFound))?;
        if is_known {
            slot.source.registered(token.0, interest);
        }
        Ok(())
    }

    fn deregister(&mut self, slot: usize) -> Verdict {
        let Some(slot) = &mut self.slots[slot] else { return Ok(()) };
        let result = match &mut slot.io {
            Io::Stream { ours, .. } => ours.deregister_with(&self.selector),
            Io::Listener { ours, .. } => ours.deregister_with(&self.selector),
        };
        let is_known = slot.source.is_registered();
        expect("deregister", result, is_known.then_some(()).ok_or(io::ErrorKind::NotFound))?;
        slot.source.deregistered();
        Ok(())
    }

    /// Waits once.
    fn glance(&mut self, capacity: usize, timeout: Duration) -> Result<Seen, String> {
        self.sources().for_each(Source::wait_begins);
        let mut events = Vec::with_capacity(capacity);
        let result = self.selector.select(&mut events, Some(timeout));
        result.map_err(|error| format!("select: {error}"))?;
        if events.len() > capacity {
            return Err(format!("{} events where {capacity} fit", events.len()));
        }
        let mut has_news = false;
        for event in &events {
            has_news |= self.event(event).map_err(|why| format!("{event:?}: {why}"))?;
        }
        // What a selector drops, such as the second event of a one-shot, takes room as well.
        let is_full = capacity < ROOM;
        if !is_full && socket::IS_AT_ONCE {
            let freedom = self.freedom;
            let missed = self.sources().find_map(|source| source.missed(freedom));
            if let Some(what) = missed {
                return Err(format!("a level is not told: {what}; the events are {events:?}"));
            }
        }
        self.sources().for_each(Source::wait_ends);
        Ok(Seen { has_news, is_full })
    }

    fn sources(&mut self) -> impl Iterator<Item = &mut Source> {
        self.slots.iter_mut().flatten().map(|slot| &mut slot.source)
    }

    /// Takes an event. Returns whether it is news, and no level that lasts.
    fn event(&mut self, event: &S::Event) -> Result<bool, String> {
        let answers = Answers {
            token: event.token().0,
            readable: event.is_readable(),
            writable: event.is_writable(),
            read_closed: event.is_read_closed(),
            write_closed: event.is_write_closed(),
            error: event.is_error(),
        };
        if answers.token == WAKER {
            return std::mem::take(&mut self.is_woken).then_some(true).ok_or("nobody woke".into());
        }
        let mut slots = self.slots.iter_mut().flatten();
        let slot = slots.find(|slot| slot.source.token() == Some(answers.token));
        let slot = slot.ok_or("nothing is registered with this token")?;
        slot.source.reported(answers, self.freedom)?;
        Ok(!slot.source.is_level())
    }

    fn owed(&self) -> Option<String> {
        if self.is_woken {
            return Some("the wake".into());
        }
        self.slots.iter().flatten().find_map(|slot| {
            let what = slot.source.owed(self.freedom)?;
            Some(format!("{what}, of {:?}", slot.source))
        })
    }

    /// Waits until there is nothing new.
    fn wait(&mut self, capacity: usize) -> Verdict {
        self.sources().for_each(Source::round_begins);
        let deadline = Instant::now() + LIMIT;
        let (mut waits, mut idle) = (0, 0);
        // With little room levels have their turn before what else there is.
        while idle < TURNS {
            waits += 1;
            if waits > 1000 && socket::IS_AT_ONCE {
                return Err("events without end".into());
            }
            // What happens at once is known to a wait that does not wait.
            let is_patient = !socket::IS_AT_ONCE && self.owed().is_some();
            let timeout = if is_patient { LIMIT } else { Duration::ZERO };
            let seen = self.glance(capacity, timeout)?;
            if is_patient && Instant::now() < deadline {
                continue;
            }
            idle = match seen {
                Seen { has_news: true, .. } => 0,
                Seen { is_full: true, .. } => idle + 1,
                Seen { .. } => break,
            };
        }
        self.owed().map_or(Ok(()), |what| Err(format!("never reported: {what}")))
    }
}

fn expect(call: &str, result: io::Result<()>, expected: Result<(), io::ErrorKind>) -> Verdict {
    let kind = result.as_ref().map(drop).map_err(io::Error::kind);
    if kind == expected {
        Ok(())
    } else {
        Err(format!("{call}: {result:?} where {expected:?} is promised"))
    }
}

impl<S: Selector> Slot<S> {
    /// A listener is not written to.
    fn possible(&self, interest: Interest) -> Interest {
        match self.io {
            Io::Stream { .. } => interest,
            Io::Listener { .. } => {
                let reading = interest | Interest::READABLE;
                reading.remove(Interest::WRITABLE).unwrap_or(reading)
            }
        }
    }

    fn take(&mut self, step: Step, freedom: Freedom) -> Verdict {
        let Slot { io, source } = self;
        match io {
            Io::Stream { ours, peer, pieces } => {
                // A connection that is over has lost what was not read, where no end is seen
                // behind that.
                let has_to_wait = freedom.finds_ends_late && source.waiting > 0;
                if matches!(step, Step::PeerCloses(_)) && has_to_wait {
                    return Ok(());
                }
                OfStream::<S> { ours, peer, pieces, source }.take(step)
            }
            Io::Listener { ours, clients } => {
                match step {
                    Step::PeerSends(..) => {
                        clients.connect();
                        source.waiting += 1;
                        source.changed(Direction::Read);
                    }
                    Step::Read(_, _, how) => accept::<S>(ours, clients, source, how)?,
                    Step::Drain(_, how) => {
                        for _ in 0..=source.waiting {
                            accept::<S>(ours, clients, source, how)?;
                        }
                    }
                    _ => {}
                }
                Ok(())
            }
        }
    }
}

/// Runs an operation, and tells the model which directions were told to the selector because it
/// would block.
fn operate<T, R: Registration, O>(
    io: &IoSource<T, R>,
    source: &mut Source,
    how: How,
    direction: Direction,
    operation: impl FnOnce(&T) -> io::Result<O>,
) -> io::Result<O> {
    let (interest, other) = match direction {
        Direction::Read => (Interest::READABLE, Direction::Write),
        Direction::Write => (Interest::WRITABLE, Direction::Read),
    };
    let result = match how {
        How::Own => io.do_io(interest, operation),
        How::TryIo => io.try_io(|| operation(io)),
        How::TryIoWith => io.try_io_with(interest, || operation(io)),
    };
    if matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
        source.blocked(direction);
        if matches!(how, How::TryIo) {
            source.armed(other);
        }
    }
    result
}

fn accept<S: Selector>(
    ours: &IoSource<Listener, S::Registration>,
    clients: &mut Clients,
    source: &mut Source,
    how: How,
) -> Verdict {
    match operate(ours, source, how, Direction::Read, |io| io.accept()) {
        Ok(_) if source.waiting > 0 => {
            source.waiting -= 1;
            clients.accepted();
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            let is_wrong = source.waiting > 0 && socket::IS_AT_ONCE;
            if is_wrong { Err("the model is wrong: a connection waits".into()) } else { Ok(()) }
        }
        result => Err(format!("accept with {}: {:?}", source.waiting, result.map(drop))),
    }
}

/// A stream on the way through one step.
struct OfStream<'a, S: Selector> {
    ours: &'a Stream<S>,
    peer: &'a mut Option<Socket>,
    pieces: &'a mut usize,
    source: &'a mut Source,
}

impl<S: Selector> OfStream<'_, S> {
    fn take(&mut self, step: Step) -> Verdict {
        match step {
            Step::PeerSends(_, length) if self.source.peer == Peer::Open => {
                self.peer.as_mut().unwrap().write_all(&vec![b'x'; length]).unwrap();
                self.source.waiting += length;
                self.source.changed(Direction::Read);
            }
            Step::PeerReceivesAll(_) => {
                if let Some(peer) = &self.peer {
                    empty(peer);
                    *self.pieces = 0;
                    self.source.room = Room::Yes;
                    self.source.changed(Direction::Write);
                }
            }
            Step::PeerShutsDown(_) if self.source.peer == Peer::Open => {
                self.peer.as_ref().unwrap().shutdown(Shutdown::Write).unwrap();
                self.source.ended(Peer::HalfClosed);
            }
            Step::PeerCloses(_) if self.source.room == Room::Yes => {
                if let Some(peer) = self.peer.take() {
                    close::<S>(self.ours, peer);
                    self.source.ended(Peer::Gone);
                }
            }
            Step::Read(_, length, how) => return self.read(length, how).map(drop),
            Step::Drain(_, how) => while self.read(64, how)? {},
            Step::Write(_, length, how) => return self.write(length, how).map(drop),
            Step::Fill(_, how) => while self.write(8192, how)? {},
            _ => {}
        }
        Ok(())
    }

    /// Returns whether something was read.
    fn read(&mut self, length: usize, how: How) -> Result<bool, String> {
        let mut buffer = vec![0; length];
        let result = if matches!(how, How::Own) {
            let result =
                self.ours.do_stream_io(Interest::READABLE, length, |mut io| io.read(&mut buffer));
            let is_short = matches!(result, Ok(read) if 0 < read && read < length);
            let is_blocked =
                matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
            if is_short || is_blocked {
                self.source.blocked(Direction::Read);
            }
            result
        } else {
            operate(self.ours, self.source, how, Direction::Read, |mut io| io.read(&mut buffer))
        };
        let waiting = self.source.waiting;
        match result {
            Ok(0) if waiting == 0 && self.source.peer > Peer::Open => Ok(false),
            Ok(read) if read > 0 && read <= waiting => {
                self.source.waiting -= read;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let is_right = waiting == 0 && self.source.peer == Peer::Open;
                let is_right = is_right || !socket::IS_AT_ONCE;
                is_right.then_some(false).ok_or("the model is wrong: reading would block".into())
            }
            Err(error) if self.source.peer == Peer::Gone => {
                self.source.is_end_found = true;
                let is_reset = error.kind() == io::ErrorKind::ConnectionReset;
                is_reset.then_some(false).ok_or_else(|| format!("read: {error}"))
            }
            result => Err(format!("read {length} of {waiting}: {result:?}")),
        }
    }

    /// Returns whether there is room for more.
    fn write(&mut self, length: usize, how: How) -> Result<bool, String> {
        let bytes = vec![b'x'; length];
        let result = if matches!(how, How::Own) {
            let result =
                self.ours.do_stream_io(Interest::WRITABLE, length, |mut io| io.write(&bytes));
            let is_short = matches!(result, Ok(written) if 0 < written && written < length);
            let is_blocked =
                matches!(&result, Err(error) if error.kind() == io::ErrorKind::WouldBlock);
            if is_short || is_blocked {
                self.source.blocked(Direction::Write);
            }
            result
        } else {
            operate(self.ours, self.source, how, Direction::Write, |mut io| io.write(&bytes))
        };
        match result {
            Ok(written) if written == length => {
                *self.pieces += 1;
                if *self.pieces > PIECES || length > 512 {
                    self.source.room = Room::Unknown;
                }
                Ok(true)
            }
            Ok(_) => {
                self.source.room = socket::ROOM_AFTER_BLOCK;
                // Nobody else is told of a part.
                Ok(!matches!(how, How::Own))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.source.room = socket::ROOM_AFTER_BLOCK;
                Ok(false)
            }
            Err(_) if self.source.peer == Peer::Gone => {
                self.source.is_end_found = true;
                Ok(false)
            }
            Err(error) => Err(format!("write: {error}")),
        }
    }
}

/// A step that was wrong, and why.
struct Failure {
    at: usize,
    why: String,
}

fn run<S: Selector>(
    make: &dyn Fn() -> io::Result<Arc<S>>,
    freedom: Freedom,
    steps: &[Step],
) -> Result<(), Failure> {
    let mut at = 0;
    let result = panic::catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(make().unwrap(), freedom);
        for step in steps {
            world.take(*step)?;
            at += 1;
        }
        Ok(())
    }));
    let result = result.unwrap_or_else(|_| Err("a panic".to_owned()));
    result.map_err(|why| Failure { at, why })
}

/// Leaves out what it fails without, as long as there is such a thing.
fn shortened<S: Selector>(
    make: &dyn Fn() -> io::Result<Arc<S>>,
    freedom: Freedom,
    mut steps: Vec<Step>,
    mut failure: Failure,
) -> (Vec<Step>, Failure) {
    steps.truncate(failure.at + 1);
    let mut length = steps.len() / 2;
    while length > 0 {
        let mut is_shorter = false;
        let mut begin = 0;
        while begin < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(begin..(begin + length).min(steps.len()));
            match run(make, freedom, &fewer) {
                Err(found) => {
                    fewer.truncate(found.at + 1);
                    (steps, failure, is_shorter) = (fewer, found, true);
                }
                Ok(()) => begin += length,
            }
        }
        if !is_shorter {
            length /= 2;
        }
    }
    (steps, failure)
}

fn check<S: Selector>(make: &dyn Fn() -> io::Result<Arc<S>>, freedom: Freedom, seed: u64) {
    let steps = Random(seed).steps();
    let Err(failure) = run(make, freedom, &steps) else { return };
    // Where each one that fails waits for what does not come, that would take too long.
    let (steps, Failure { why, .. }) = match socket::IS_AT_ONCE {
        true => shortened(make, freedom, steps, failure),
        false => (steps, failure),
    };
    let listed: Vec<_> = steps.iter().map(|step| format!("    {step:?}\n")).collect();
    panic!("MIO_MODEL_SEED={seed}: {why}\nafter no more than\n{}", listed.concat());
}

/// As many sequences as each selector has to pass, or the one that `MIO_MODEL_SEED` names.
pub(crate) fn check_sequences<S: Selector>(
    make: &dyn Fn() -> io::Result<Arc<S>>,
    freedom: Freedom,
) {
    if let Ok(seed) = env::var("MIO_MODEL_SEED") {
        return check(make, freedom, seed.parse().expect("MIO_MODEL_SEED is a number"));
    }
    let first = RandomState::new().build_hasher().finish();
    println!("MIO_MODEL_SEED from {first} on");
    let count = env::var("MIO_MODEL_SEQUENCES");
    let count = count.map_or(SEQUENCES, |count| count.parse().expect("a number of sequences"));
    for number in 0..count {
        check(make, freedom, first.wrapping_add(number));
    }
}

pub(crate) fn random_sequences_keep_to_the_contract<S: Selector>() {
    check_sequences::<S>(&S::new, freedom::<S>());
}
