//! The selector: a completion port, the table of its sockets, and its wakers.

use std::collections::HashMap;
use std::io;
use std::os::windows::io::{RawHandle, RawSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::handles::Handles;
use super::key;
use super::pipes::{Pipes, SharedPipe};
use super::table::{Added, Table};
use crate::os::RawSource;
use crate::os::windows::port::{Packet, Port};
use crate::os::windows::socket;
use crate::selector::contract::{Registration, Selector, Wake, refuse_exclusive};
use crate::selector::deadline::Deadline;
use crate::selector::readiness::{Readiness, ReadinessEvent};
use crate::selector::rearm::Operator;
use crate::{Interest, Token};

/// How many packets are taken at once.
const MOST_PACKETS: usize = 1024;

/// How long to wait for the packets of what was cancelled at the end: they are there already.
const LAST_PACKETS: Duration = Duration::from_secs(1);

/// The sockets, the port, and the thread that waits.
#[derive(Debug)]
pub(crate) struct Afd {
    port: Arc<Port>,
    state: Mutex<State>,
    /// What the waiting thread works with. It alone takes this lock.
    packets: Mutex<Vec<Packet>>,
}

#[derive(Debug)]
struct State {
    table: Table,
    /// The places of users' sockets.
    users: HashMap<RawSocket, usize>,
    handles: Handles,
    pipes: Pipes,
    /// A wait is under way, so that changes are carried out by those who make them.
    is_waiting: bool,
    /// The wakers that live, by number.
    wakers: HashMap<usize, Arc<Wakes>>,
    last_waker: usize,
}

impl Selector for Afd {
    type Event = ReadinessEvent;
    type Registration = Memory;
    type Waker = PortWaker;

    fn new() -> io::Result<Arc<Afd>> {
        close_left_behind();
        Ok(Arc::new(Afd {
            port: Arc::new(Port::new()?),
            state: Mutex::new(State {
                table: Table::new(),
                users: HashMap::new(),
                handles: Handles::default(),
                pipes: Pipes::default(),
                is_waiting: false,
                wakers: HashMap::new(),
                last_waker: 0,
            }),
            packets: Mutex::default(),
        }))
    }

    fn select(
        &self,
        events: &mut Vec<ReadinessEvent>,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        events.clear();
        if events.capacity() == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a poll needs room for at least one event",
            ));
        }
        let deadline = Deadline::after(timeout);
        let mut packets = self.packets.lock().unwrap_or_else(PoisonError::into_inner);
        packets.resize(events.capacity().min(MOST_PACKETS), Packet::EMPTY);
        let mut look_again_by = self.begin(events);
        loop {
            let room = (events.capacity() - events.len()).min(packets.len());
            // What no packet says is there already; the packets that are as well come along.
            let limit = if events.is_empty() {
                let look_again =
                    look_again_by.map(|due| due.saturating_duration_since(Instant::now()));
                [deadline.remaining(), look_again].into_iter().flatten().min()
            } else {
                Some(Duration::ZERO)
            };
            let taken = match room {
                0 => Ok(0),
                _ => self.port.wait(&mut packets[..room], limit),
            };
            let look_again = self.end(&packets, taken, events)?;
            if events.is_empty() {
                if !look_again && deadline.remaining() == Some(Duration::ZERO) {
                    return Ok(());
                }
                look_again_by = self.begin(events);
            } else if look_again && events.len() < events.capacity() {
                // What is ready beside what came is part of this wait.
                self.go_on(events);
            } else {
                return Ok(());
            }
        }
    }

    fn register(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        let Some(Memory(memory)) = memory else {
            return self.register_user_socket(source, token, interest);
        };
        if memory.as_ref().is_some_and(Registered::is_alive) {
            return Err(known());
        }
        let mut state = self.state();
        let place = self.add(&mut state, source, token, interest, Operator::Crate)?;
        *memory = Some(Registered { selector: Arc::downgrade(self), place });
        Ok(())
    }

    fn reregister(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        refuse_exclusive(interest)?;
        let place = memory.map(|memory| memory.place_with(self)).transpose()?;
        let mut state = self.state();
        let place = match place {
            Some(place) => place,
            None => *state.users.get(&source).ok_or_else(unknown)?,
        };
        state.table.replace(place, token, interest);
        self.changed(&mut state, place);
        Ok(())
    }

    fn deregister(
        self: &Arc<Self>,
        source: RawSource,
        memory: Option<&mut Memory>,
    ) -> io::Result<()> {
        let Some(memory) = memory else {
            let mut state = self.state();
            let place = state.users.remove(&source).ok_or_else(unknown)?;
            state.table.end(place);
            return Ok(());
        };
        memory.place_with(self)?;
        // Its drop ends the registration.
        memory.0 = None;
        Ok(())
    }

    fn waker(self: &Arc<Self>, token: Token) -> io::Result<PortWaker> {
        let wakes = Arc::new(Wakes { token, is_pending: AtomicBool::new(false) });
        let mut state = self.state();
        state.last_waker += 1;
        let number = state.last_waker;
        state.wakers.insert(number, Arc::clone(&wakes));
        Ok(PortWaker { selector: Arc::downgrade(self), number, wakes })
    }
}

impl Afd {
    /// Makes the packets of a named pipe come here, which can be done once.
    pub(crate) fn attach_pipe(&self, pipe: &Arc<SharedPipe>) -> io::Result<()> {
        let mut state = self.state();
        // Before there can be a packet.
        state.pipes.insert(pipe);
        pipe.attach(&self.port, key::PIPE).inspect_err(|_| state.pipes.remove(pipe))
    }

    /// The user has dropped a pipe. It is forgotten once nothing of it is left to come.
    pub(crate) fn give_up_pipe(&self, pipe: &SharedPipe) {
        let mut state = self.state();
        if pipe.give_up() {
            state.pipes.remove(pipe);
        }
    }

    fn register_user_socket(
        &self,
        source: RawSource,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let mut state = self.state();
        if state.users.contains_key(&source) {
            return Err(known());
        }
        let place = self.add(&mut state, source, token, interest, Operator::User)?;
        state.users.insert(source, place);
        Ok(())
    }

    /// Puts a socket into the table, and returns its place.
    fn add(
        &self,
        state: &mut State,
        source: RawSource,
        token: Token,
        interest: Interest,
        operator: Operator,
    ) -> io::Result<usize> {
        let base = socket::base_socket(source)?;
        let added = Added { base, token, interest, operator };
        let place = state.table.insert(&self.port, key::SOCKET, added)?;
        self.changed(state, place);
        Ok(place)
    }

    pub(crate) fn register_handle(
        &self,
        handle: RawHandle,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        refuse_all_but_readable(interest)?;
        let mut state = self.state();
        let number = state.handles.insert(&self.port, handle, token, interest)?;
        self.handle_changed(&mut state, number);
        Ok(())
    }

    pub(crate) fn reregister_handle(
        &self,
        handle: RawHandle,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        refuse_all_but_readable(interest)?;
        let mut state = self.state();
        let number = state.handles.replace(handle, token, interest)?;
        self.handle_changed(&mut state, number);
        Ok(())
    }

    pub(crate) fn deregister_handle(&self, handle: RawHandle) -> io::Result<()> {
        self.state().handles.remove(handle)
    }

    /// Has an object waited for from now on, or leaves that to the next wait.
    fn handle_changed(&self, state: &mut State, number: usize) {
        if !state.is_waiting {
            return state.handles.list(number);
        }
        if state.handles.join_wait(number) {
            // Should this fail, the next wait will look.
            let _ = self.port.post(key::LOOK, 0);
        }
    }

    /// Carries out all changes. From now on those who make more carry them out themselves. Returns
    /// when to come back at the latest, to look at what users operate on.
    fn begin(&self, events: &mut Vec<ReadinessEvent>) -> Option<Instant> {
        let mut state = self.state();
        let sockets = state.table.begin_wait();
        state.table.deliver_unpacked(events);
        let handles = state.handles.begin_wait(events);
        state.is_waiting = true;
        [sockets, handles].into_iter().flatten().min()
    }

    /// Goes on with a wait that will not sleep any more. A level that it has reported is not polled
    /// again by the same.
    fn go_on(&self, events: &mut Vec<ReadinessEvent>) {
        let mut state = self.state();
        state.table.deliver_unpacked(events);
        state.is_waiting = true;
    }

    /// Takes over what a wait found. Returns whether to look again even if there is no time left.
    fn end(
        &self,
        packets: &[Packet],
        taken: io::Result<usize>,
        events: &mut Vec<ReadinessEvent>,
    ) -> io::Result<bool> {
        let mut state = self.state();
        state.is_waiting = false;
        let mut look_again = false;
        for packet in &packets[..taken?] {
            match packet.key() {
                key::SOCKET => look_again |= state.table.deliver(packet.which(), events),
                // It may have been dropped since.
                key::WAKER => events.extend(state.wakers.get(&packet.which()).map(|w| w.take())),
                key::PIPE => state.pipes.deliver(packet.which(), events),
                key::HANDLE => state.handles.deliver(packet.which(), events),
                _ => look_again = true,
            }
        }
        Ok(look_again)
    }

    /// Carries out what has changed for a socket, or leaves it to the next wait.
    fn changed(&self, state: &mut State, place: usize) {
        if !state.is_waiting {
            return state.table.list(place);
        }
        state.table.carry_out(place);
        if state.table.has_unpacked() {
            // Should this fail, the next wait will report it.
            let _ = self.port.post(key::LOOK, 0);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the system writes to may only be freed once the packets have come.
impl Drop for Afd {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.table.end_all();
        let mut packets = [Packet::EMPTY; 64];
        let mut events = Vec::new();
        // Of pipes there are only those that their users have dropped: the others keep this alive.
        while state.table.polls() > 0 || state.pipes.has_cancelled() {
            match self.port.wait(&mut packets, Some(LAST_PACKETS)) {
                // Then the memory of these is never freed.
                Ok(0) | Err(_) => break,
                Ok(taken) => {
                    for packet in &packets[..taken] {
                        match packet.key() {
                            key::SOCKET => drop(state.table.deliver(packet.which(), &mut events)),
                            key::PIPE => state.pipes.deliver(packet.which(), &mut events),
                            _ => {}
                        }
                    }
                }
            }
        }
        if !state.pipes.is_empty() {
            let pipes = std::mem::take(&mut state.pipes);
            let behind = LeftBehind { port: Arc::clone(&self.port), pipes };
            left_behind().push(behind);
        }
        close_left_behind();
    }
}

/// Pipes that were dropped before their peers had read all that was written, as was their selector.
/// They stay open for that.
struct LeftBehind {
    port: Arc<Port>,
    pipes: Pipes,
}

fn left_behind() -> MutexGuard<'static, Vec<LeftBehind>> {
    static LEFT_BEHIND: Mutex<Vec<LeftBehind>> = Mutex::new(Vec::new());
    LEFT_BEHIND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes those of the pipes whose peers have read all.
fn close_left_behind() {
    left_behind().retain_mut(|behind| {
        let mut packets = [Packet::EMPTY; 64];
        while let Ok(taken @ 1..) = behind.port.wait(&mut packets, Some(Duration::ZERO)) {
            for packet in packets[..taken].iter().filter(|packet| packet.key() == key::PIPE) {
                behind.pipes.deliver(packet.which(), &mut Vec::new());
            }
        }
        !behind.pipes.is_empty()
    });
}

/// What a source remembers: its registration, if it has one.
#[derive(Debug, Default)]
pub(crate) struct Memory(Option<Registered>);

impl Memory {
    /// The place of a source that is registered with this selector.
    fn place_with(&self, selector: &Arc<Afd>) -> io::Result<usize> {
        match &self.0 {
            Some(registered) if registered.selector.as_ptr() == Arc::as_ptr(selector) => {
                Ok(registered.place)
            }
            _ => Err(unknown()),
        }
    }
}

impl Registration for Memory {
    const REARMS: bool = true;

    fn rearm(&self, directions: Interest) {
        let Memory(Some(registered)) = self else { return };
        let Some(selector) = registered.selector.upgrade() else { return };
        let mut state = selector.state();
        state.table.rearm(registered.place, directions);
        selector.changed(&mut state, registered.place);
    }
}

/// A registration, which ends when this is dropped, or the selector is.
#[derive(Debug)]
struct Registered {
    selector: Weak<Afd>,
    place: usize,
}

impl Registered {
    fn is_alive(&self) -> bool {
        self.selector.strong_count() > 0
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Some(selector) = self.selector.upgrade() {
            selector.state().table.end(self.place);
        }
    }
}

fn known() -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, "the source is registered already")
}

fn unknown() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the source is not registered")
}

/// An object is signalled or it is not.
fn refuse_all_but_readable(interest: Interest) -> io::Result<()> {
    refuse_exclusive(interest)?;
    if interest.is_writable() || !interest.is_readable() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "an object can only be registered as readable, which it is when it is signalled",
        ));
    }
    Ok(())
}

/// The wakes of one waker. A flag of its own is exact: as long as its packet is in the queue, and
/// no longer, further wakes are covered.
#[derive(Debug)]
struct Wakes {
    token: Token,
    is_pending: AtomicBool,
}

impl Wakes {
    /// Its packet was taken. Whatever was done before a wake that found it there is visible from
    /// here on, as both sides write the flag.
    fn take(&self) -> ReadinessEvent {
        self.is_pending.swap(false, Ordering::AcqRel);
        ReadinessEvent { token: self.token, readiness: Readiness::READABLE }
    }
}

/// Wakes by a packet of its own, one at a time.
#[derive(Debug)]
pub(crate) struct PortWaker {
    selector: Weak<Afd>,
    number: usize,
    wakes: Arc<Wakes>,
}

impl Wake for PortWaker {
    fn wake(&self) -> io::Result<()> {
        if self.wakes.is_pending.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        // Without its selector there is nobody to wake.
        let Some(selector) = self.selector.upgrade() else { return Ok(()) };
        let posted = selector.port.post(key::WAKER, self.number);
        posted.inspect_err(|_| self.wakes.is_pending.store(false, Ordering::Release))
    }
}

impl Drop for PortWaker {
    fn drop(&mut self) {
        if let Some(selector) = self.selector.upgrade() {
            selector.state().wakers.remove(&self.number);
        }
    }
}

#[cfg(all(test, feature = "net"))]
crate::selector::conformance::suite!(Afd);
