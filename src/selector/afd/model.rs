//! The decisions of `socket.rs` as a selector for tests: over a model of the driver, which looks at
//! Unix sockets by `poll(2)`, and of the port, a queue.
//!
//! A packet says what held when the poll ended, and waits in the queue while things go on.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use super::socket::{AfdEvents, Command, Now, Outcome, Socket};
use crate::selector::conformance::sequences;
use crate::selector::contract::{Registration, Selector, Wake};
use crate::selector::posix_poll::{self, table};
use crate::selector::readiness::{Readiness, ReadinessEvent};
use crate::{Interest, Token};

#[derive(Debug, Default)]
struct ModelAfd {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    places: BTreeMap<u64, Place>,
    last: u64,
    packets: VecDeque<(u64, Outcome)>,
    /// How often polls were begun.
    waits: u64,
    wakers: Vec<(Token, Weak<AtomicBool>)>,
}

#[derive(Debug)]
struct Place {
    fd: RawFd,
    token: Token,
    socket: Socket,
    /// What the poll asks for that is under way, until its packet is in the queue.
    asked: Option<AfdEvents>,
    /// When it was begun.
    polled_in: u64,
}

impl State {
    /// A wait begins.
    fn begin_wait(&mut self) {
        self.waits += 1;
        let numbers: Vec<_> = self.places.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.carry_out(number));
    }

    /// Does what is to be done for a socket, and has the driver end a poll that finds something.
    fn carry_out(&mut self, number: u64) {
        let place = self.places.get_mut(&number).expect("it was there just now");
        match place.socket.next() {
            Command::Nothing => {}
            Command::Submit(events) => {
                place.asked = Some(events);
                place.polled_in = self.waits;
            }
            Command::Cancel => {
                // Else its packet is in the queue already.
                if place.asked.take().is_some() {
                    self.packets.push_back((number, Outcome::Cancelled));
                }
            }
            Command::Free => {
                self.places.remove(&number);
                return;
            }
        }
        let Some(asked) = place.asked else { return };
        let found = AfdEvents(asked.0 & holding(place.fd).0);
        if found != AfdEvents(0) {
            place.asked = None;
            self.packets.push_back((number, Outcome::Ready(found)));
        }
    }

    /// Takes packets as long as there is room. A socket of which one says nothing is polled once
    /// more.
    fn deliver(&mut self, events: &mut Vec<ReadinessEvent>) {
        while events.len() < events.capacity() {
            let Some((number, mut outcome)) = self.packets.pop_front() else { break };
            let place = self.places.get_mut(&number).expect("its last packet had not come");
            if place.polled_in != self.waits && place.socket.is_level() {
                outcome = place.socket.confirmed(outcome, || Some(now(place.fd)));
            }
            let readiness = place.socket.completed(outcome);
            if readiness == Readiness::NONE {
                self.carry_out(number);
            } else {
                events.push(ReadinessEvent { token: place.token, readiness });
            }
        }
    }

    fn deliver_wakes(&mut self, events: &mut Vec<ReadinessEvent>) {
        for (token, is_pending) in &self.wakers {
            let has_room = events.len() < events.capacity();
            let is_pending = is_pending.upgrade();
            if has_room && is_pending.is_some_and(|flag| flag.swap(false, Ordering::AcqRel)) {
                events.push(ReadinessEvent { token: *token, readiness: Readiness::READABLE });
            }
        }
    }
}

/// What the driver would say of a socket.
fn holding(fd: RawFd) -> AfdEvents {
    let all = Readiness::READABLE | Readiness::WRITABLE | Readiness::READ_CLOSED;
    let mut entry = [table::entry(fd, Some(all))];
    posix_poll::wait(&mut entry, Some(Duration::ZERO)).unwrap();
    let seen = table::from_poll(&entry[0]);
    let pairs = [
        (Readiness::READABLE, AfdEvents::RECEIVE),
        (Readiness::WRITABLE, AfdEvents::SEND),
        (Readiness::READ_CLOSED, AfdEvents::DISCONNECT),
        (Readiness::HANG_UP, AfdEvents::ABORT),
    ];
    let holding = pairs.into_iter().filter(|(condition, _)| seen.intersects(*condition));
    holding.fold(AfdEvents(0), |sum, (_, event)| sum | event)
}

fn now(fd: RawFd) -> Now {
    let holding = holding(fd);
    let has = |event: AfdEvents| holding.0 & event.0 != 0;
    Now {
        can_be_read: has(AfdEvents::RECEIVE),
        can_be_written: has(AfdEvents::SEND),
        has_ended: has(AfdEvents::DISCONNECT | AfdEvents::ABORT),
    }
}

impl Selector for ModelAfd {
    type Event = ReadinessEvent;
    type Registration = Memory;
    type Waker = ModelWaker;

    fn new() -> io::Result<Arc<ModelAfd>> {
        Ok(Arc::default())
    }

    fn select(
        &self,
        events: &mut Vec<ReadinessEvent>,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        assert_eq!(timeout, Some(Duration::ZERO), "the model does not wait");
        events.clear();
        let mut state = self.state();
        state.deliver_wakes(events);
        state.begin_wait();
        state.deliver(events);
        Ok(())
    }

    fn register(
        self: &Arc<Self>,
        source: RawFd,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        let Memory(memory) = memory.expect("a source of this crate");
        if memory.is_some() {
            return Err(table::already_registered());
        }
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        let place =
            Place { fd: source, token, socket: Socket::new(interest), asked: None, polled_in: 0 };
        state.places.insert(number, place);
        *memory = Some(Registered { selector: Arc::downgrade(self), number });
        Ok(())
    }

    fn reregister(
        self: &Arc<Self>,
        _: RawFd,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        let registered = memory.and_then(|Memory(memory)| memory.as_ref());
        let number = registered.ok_or_else(table::not_registered)?.number;
        let mut state = self.state();
        let place = state.places.get_mut(&number).expect("a registered socket has its place");
        place.token = token;
        place.socket.reregistered(interest);
        Ok(())
    }

    fn deregister(self: &Arc<Self>, _: RawFd, memory: Option<&mut Memory>) -> io::Result<()> {
        let memory = memory.and_then(|Memory(memory)| memory.take());
        memory.map(drop).ok_or_else(table::not_registered)
    }

    fn waker(self: &Arc<Self>, token: Token) -> io::Result<ModelWaker> {
        let is_pending = Arc::new(AtomicBool::new(false));
        self.state().wakers.push((token, Arc::downgrade(&is_pending)));
        Ok(ModelWaker(is_pending))
    }
}

impl ModelAfd {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a source remembers: its registration, if it has one.
#[derive(Debug, Default)]
struct Memory(Option<Registered>);

#[derive(Debug)]
struct Registered {
    selector: Weak<ModelAfd>,
    number: u64,
}

impl Registered {
    fn with_socket(&self, change: impl FnOnce(&mut Socket)) {
        let Some(selector) = self.selector.upgrade() else { return };
        let mut state = selector.state();
        change(
            &mut state.places.get_mut(&self.number).expect("it is there as long as this").socket,
        );
    }
}

impl Registration for Memory {
    const REARMS: bool = true;

    fn rearm(&self, directions: Interest) {
        if let Memory(Some(registered)) = self {
            registered.with_socket(|socket| socket.rearmed(directions));
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.with_socket(Socket::ended);
    }
}

#[derive(Debug)]
struct ModelWaker(Arc<AtomicBool>);

impl Wake for ModelWaker {
    fn wake(&self) -> io::Result<()> {
        self.0.store(true, Ordering::Release);
        Ok(())
    }
}

#[test]
fn random_sequences_keep_to_the_contract() {
    let mut freedom = sequences::freedom::<ModelAfd>();
    freedom.may_be_late = true;
    // Windows forgets what was received when a connection is reset, Unix sockets do not.
    freedom.finds_ends_late = true;
    sequences::check_sequences(&ModelAfd::new, freedom);
}
