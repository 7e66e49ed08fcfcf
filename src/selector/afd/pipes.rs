//! Named pipes: what the machine in `pipe.rs` commands is carried out here, and packets find their
//! pipe.
//!
//! A pipe is in the selector's table from before its first operation until the packet of its last,
//! so its memory outlives what the system does with it. A packet finds its operation by the address
//! it has, in that table: one of an operation that is not there, a user's own, means nothing.

use std::collections::HashMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle, RawHandle};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::pipe::{Answer, Begun, Command, Operation, Outcome, Pipe};
use crate::os::windows::pipe;
use crate::os::windows::port::Port;
use crate::selector::contract::refuse_exclusive;
use crate::selector::readiness::{Readiness, ReadinessEvent};
use crate::{Interest, Token};

/// How much is read ahead of the user at most, and of a message at once.
const READ_AHEAD: usize = 64 * 1024;

/// What a buffer may keep between writes.
const KEPT: usize = 64 * 1024;

/// The most that one write takes: what the system counts in.
const MOST: usize = u32::MAX as usize;

/// What a packet is about.
#[derive(Debug, Clone, Copy)]
enum Part {
    Operation(Operation),
    /// There is something to report that no operation's end says.
    Report,
}

/// The pipes whose packets come to one port.
#[derive(Debug, Default)]
pub(super) struct Pipes {
    parts: HashMap<usize, (Arc<SharedPipe>, Part)>,
}

impl Pipes {
    pub(super) fn insert(&mut self, pipe: &Arc<SharedPipe>) {
        for (address, part) in pipe.addresses() {
            self.parts.insert(address, (Arc::clone(pipe), part));
        }
    }

    pub(super) fn remove(&mut self, pipe: &SharedPipe) {
        for (address, _) in pipe.addresses() {
            self.parts.remove(&address);
        }
    }

    /// A packet with this address has come.
    pub(super) fn deliver(&mut self, address: usize, events: &mut Vec<ReadinessEvent>) {
        let Some((pipe, part)) = self.parts.get(&address) else { return };
        let is_over = pipe.deliver(*part, events);
        if is_over {
            let pipe = Arc::clone(pipe);
            self.remove(&pipe);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Whether packets are to come that wait for no peer.
    pub(super) fn has_cancelled(&self) -> bool {
        self.parts.values().any(|(pipe, _)| pipe.state().awaits_cancelled())
    }
}

/// A pipe, as the selector and its user have it.
#[derive(Debug)]
pub(crate) struct SharedPipe {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    machine: Pipe,
    token: Token,
    /// That of the first registration, for good: the system does not let a handle have another.
    port: Option<Arc<Port>>,
    /// There until the machine has it closed.
    handle: Option<OwnedHandle>,
    connect: pipe::Operation,
    read: pipe::Operation,
    write: pipe::Operation,
    /// A packet of ours is in the queue.
    is_posted: bool,
}

impl SharedPipe {
    pub(crate) fn new(handle: OwnedHandle) -> Arc<SharedPipe> {
        Arc::new(SharedPipe {
            state: Mutex::new(State {
                machine: Pipe::new(),
                token: Token(0),
                port: None,
                handle: Some(handle),
                connect: pipe::Operation::new(),
                read: pipe::Operation::new(),
                write: pipe::Operation::new(),
                is_posted: false,
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The addresses that its packets have. They stay the same.
    fn addresses(&self) -> [(usize, Part); 4] {
        let state = self.state();
        [
            (state.connect.address(), Part::Operation(Operation::Connect)),
            (state.read.address(), Part::Operation(Operation::Read)),
            (state.write.address(), Part::Operation(Operation::Write)),
            (self.address(), Part::Report),
        ]
    }

    fn address(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    /// Lets the packets of its operations come to this port.
    pub(super) fn attach(&self, port: &Arc<Port>, key: usize) -> io::Result<()> {
        let mut state = self.state();
        let handle = state.handle()?;
        port.associate(handle, key)?;
        // Who is not allowed to ask finds out by reading and writing.
        let is_connected = pipe::is_connected(handle).unwrap_or(true);
        // Should this fail, packets come that nobody needs.
        let _ = pipe::skip_packets(handle);
        state.machine.attached(is_connected);
        state.port = Some(Arc::clone(port));
        Ok(())
    }

    pub(crate) fn is_registered(&self) -> bool {
        self.state().machine.is_registered()
    }

    /// Registers it, or does so anew.
    pub(crate) fn register(&self, token: Token, interest: Interest) -> io::Result<()> {
        refuse_exclusive(interest)?;
        let mut state = self.state();
        state.token = token;
        state.machine.registered(interest);
        self.settle(&mut state)
    }

    pub(crate) fn deregister(&self) {
        self.state().machine.deregistered();
    }

    pub(crate) fn connect(&self) -> io::Result<()> {
        let mut state = self.state();
        let answer = match state.attached()?.connect() {
            Answer::Begin => state.ask(Operation::Connect, 0),
            answer => settled(answer),
        };
        self.finish(&mut state, answer)
    }

    pub(crate) fn disconnect(&self) -> io::Result<()> {
        let mut state = self.state();
        pipe::disconnect(state.handle()?)?;
        state.machine.disconnected();
        self.finish(&mut state, Answer::Done(()))
    }

    pub(crate) fn take_error(&self) -> Option<io::Error> {
        self.state().machine.take_error().map(os_error)
    }

    /// Reads into the buffers in turn, as far as there is something.
    pub(crate) fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut state = self.state();
        let room = buffers.iter().map(|buffer| buffer.len()).sum();
        let range = match state.attached()?.read(room) {
            Answer::Done(range) => range,
            Answer::Begin => {
                let answer = state.ask(Operation::Read, 0);
                return self.finish(&mut state, answer).map(|()| 0);
            }
            Answer::Failed(error) => return Err(os_error(error)),
            Answer::WouldBlock => return Err(io::ErrorKind::WouldBlock.into()),
        };
        let length = range.len();
        // The end of the stream has no buffer.
        if length > 0 {
            let mut data = &state.read.buffer()[range];
            for buffer in buffers {
                io::Read::read(&mut data, buffer)?;
            }
        }
        self.finish(&mut state, Answer::Done(()))?;
        Ok(length)
    }

    /// Writes what is in the buffers, together, so that it is one message.
    pub(crate) fn write(&self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut state = self.state();
        let mut length = 0;
        let answer = match state.attached()?.write() {
            Answer::Begin => {
                length = state.fill(buffers);
                state.ask(Operation::Write, length)
            }
            answer => settled(answer),
        };
        self.finish(&mut state, answer).map(|()| length)
    }

    /// The user has given it up. Returns whether nothing of it is left to come.
    pub(super) fn give_up(&self) -> bool {
        let mut state = self.state();
        state.machine.dropped();
        state.carry_out();
        state.is_over()
    }

    /// Null once it is closed, which it is not while the user has it.
    pub(crate) fn raw_handle(&self) -> RawHandle {
        self.state().handle.as_ref().map_or(ptr::null_mut(), |handle| handle.as_raw_handle())
    }

    /// A packet has come. Returns whether that was the last.
    fn deliver(&self, part: Part, events: &mut Vec<ReadinessEvent>) -> bool {
        let mut state = self.state();
        match part {
            Part::Report => state.is_posted = false,
            Part::Operation(operation) => state.complete(operation),
        }
        state.carry_out();
        let readiness = state.machine.report();
        if readiness != Readiness::NONE {
            events.push(ReadinessEvent { token: state.token, readiness });
        }
        // A level is reported by the next wait as well.
        let _ = self.settle(&mut state);
        state.is_over()
    }

    /// What a call of the user comes to, once all is done that it leads to.
    fn finish(&self, state: &mut State, answer: Answer<()>) -> io::Result<()> {
        // Should the packet fail, the next of any operation reports what is new.
        let _ = self.settle(state);
        match answer {
            Answer::Done(()) => Ok(()),
            Answer::Failed(error) => Err(os_error(error)),
            Answer::WouldBlock | Answer::Begin => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Does what is to be done, and has the selector report what no packet says.
    fn settle(&self, state: &mut State) -> io::Result<()> {
        state.carry_out();
        if state.machine.has_report() && !state.is_posted {
            state.post(self.address())?;
            state.is_posted = true;
        }
        Ok(())
    }
}

impl State {
    fn handle(&self) -> io::Result<BorrowedHandle<'_>> {
        let handle = self.handle.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        Ok(handle.as_handle())
    }

    /// The machine of a pipe whose operations can be begun.
    fn attached(&mut self) -> io::Result<&mut Pipe> {
        if self.machine.is_attached() {
            Ok(&mut self.machine)
        } else {
            let text = "a named pipe can be used once it was registered";
            Err(io::Error::new(io::ErrorKind::NotFound, text))
        }
    }

    /// Puts what is to be written into the buffer, as much as the system counts.
    fn fill(&mut self, buffers: &[IoSlice<'_>]) -> usize {
        let buffer = self.write.buffer();
        buffer.clear();
        buffer.shrink_to(KEPT);
        for part in buffers {
            let room = MOST - buffer.len();
            buffer.extend_from_slice(&part[..part.len().min(room)]);
        }
        buffer.len()
    }

    /// Begins what the user asked for.
    fn ask(&mut self, operation: Operation, length: usize) -> Answer<()> {
        let result = self.begin(operation, length);
        self.machine.asked(operation, result, length)
    }

    fn begin(&mut self, operation: Operation, length: usize) -> Begun {
        let State { handle: Some(handle), connect, read, write, .. } = self else {
            return Err(super::pipe::code::OPERATION_ABORTED);
        };
        let handle = handle.as_handle();
        let begun = match operation {
            Operation::Connect => connect.connect(handle),
            Operation::Read => {
                read.buffer().resize(READ_AHEAD, 0);
                read.read(handle)
            }
            Operation::Write => write.write(handle, length),
        }?;
        if begun == pipe::Begun::UnderWay {
            return Ok(None);
        }
        // Else writes of nothing, one after the other, would keep this from coming to an end.
        let takes_turn = operation == Operation::Read && self.read.has_moved_nothing();
        if takes_turn && self.post(self.read.address()).is_ok() {
            return Ok(None);
        }
        Ok(self.outcome(operation))
    }

    fn post(&self, which: usize) -> io::Result<()> {
        let Some(port) = &self.port else { return Ok(()) };
        port.post(super::key::PIPE, which)
    }

    fn carry_out(&mut self) {
        while let Some(command) = self.machine.next() {
            match command {
                Command::Begin(operation) => {
                    let length = self.machine.rest().unwrap_or(0);
                    let result = self.begin(operation, length);
                    self.machine.begun(operation, result, length);
                }
                Command::Cancel(operation) => {
                    if let Some(handle) = &self.handle {
                        self.operation(operation).cancel(handle.as_handle());
                    }
                }
                Command::Close => self.handle = None,
            }
        }
    }

    fn operation(&self, operation: Operation) -> &pipe::Operation {
        match operation {
            Operation::Connect => &self.connect,
            Operation::Read => &self.read,
            Operation::Write => &self.write,
        }
    }

    /// The packet of an operation has come, or one that looks like it.
    fn complete(&mut self, operation: Operation) {
        if let Some(outcome) = self.outcome(operation) {
            self.machine.completed(operation, outcome);
        }
    }

    /// How an operation ended, if it has.
    fn outcome(&mut self, operation: Operation) -> Option<Outcome> {
        let memory = match operation {
            Operation::Connect => &mut self.connect,
            Operation::Read => &mut self.read,
            Operation::Write => &mut self.write,
        };
        let (error, moved) = memory.finish()?;
        // Only a read without bytes depends on it.
        let is_message = operation != Operation::Read
            || moved == 0 && self.handle().is_ok_and(pipe::reads_messages);
        Some(Outcome::new(error, moved, is_message))
    }

    /// Whether nothing of it is left to come.
    fn is_over(&self) -> bool {
        self.machine.is_over() && !self.is_posted
    }

    fn awaits_cancelled(&self) -> bool {
        self.is_posted || self.connect.is_pending() || self.read.is_pending() || {
            // A write that was left ended with the connection.
            self.write.is_pending() && self.handle.is_none()
        }
    }
}

/// An answer that is one without an operation.
fn settled(answer: Answer<std::convert::Infallible>) -> Answer<()> {
    match answer {
        Answer::Done(never) => match never {},
        Answer::Failed(error) => Answer::Failed(error),
        Answer::WouldBlock | Answer::Begin => Answer::WouldBlock,
    }
}

fn os_error(error: u32) -> io::Error {
    io::Error::from_raw_os_error(error as i32)
}
