//! One named pipe: what is to be begun on it next, and what of its ends is to be reported.
//!
//! Pure, and so compiled and tested everywhere. A pipe has no readiness, only operations that end.
//! So reads are begun ahead of the user, into a buffer, and writes are taken into one. Whoever
//! carries this out tells a [`Pipe`] what has happened, then asks for the next [`Command`] until
//! there is none, and carries each out.
//!
//! An operation that was begun is over when its packet has come, and not before, whatever the
//! system says of it in between; or at once, if the call that began it says so. What is no longer
//! wanted is *left*: its packet is awaited all the same, and means nothing but that.

use std::convert::Infallible;
use std::ops::Range;

use crate::Interest;
use crate::selector::readiness::Readiness;
use crate::selector::rearm::Trigger;

/// The system's numbers of errors that say something of a pipe's state.
pub(crate) mod code {
    /// The handle does not have this direction.
    pub(crate) const ACCESS_DENIED: u32 = 5;
    /// The device did not take what was written.
    pub(crate) const WRITE_FAULT: u32 = 29;
    /// The peer has closed its end, and all that it wrote was read.
    pub(crate) const BROKEN_PIPE: u32 = 109;
    /// The peer has closed its end.
    pub(crate) const NO_DATA: u32 = 232;
    /// The server has ended the connection, or there was none yet.
    pub(crate) const PIPE_NOT_CONNECTED: u32 = 233;
    /// What was read is the part of a message that fits.
    pub(crate) const MORE_DATA: u32 = 234;
    /// A client was there before the server waited for it.
    pub(crate) const PIPE_CONNECTED: u32 = 535;
    /// No client is there yet.
    pub(crate) const PIPE_LISTENING: u32 = 536;
    pub(crate) const OPERATION_ABORTED: u32 = 995;
}

/// What can be under way on a pipe, each once at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Connect,
    Read,
    Write,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// So many bytes were moved. None of a read is a message without bytes.
    Moved(usize),
    /// A read of a byte stream was ended by a write without bytes, which says nothing.
    Nothing,
    Failed(u32),
}

impl Outcome {
    /// Of what the system says of an operation: an error or zero, and how many bytes were moved.
    pub(super) fn new(error: u32, moved: usize, is_message: bool) -> Outcome {
        match error {
            // The rest of the message is what the next read gets.
            code::MORE_DATA if moved > 0 => Outcome::Moved(moved),
            0 if moved > 0 || is_message => Outcome::Moved(moved),
            0 | code::MORE_DATA => Outcome::Nothing,
            error => Outcome::Failed(error),
        }
    }
}

/// What became of an operation that was to begin: its packet will come, or it was over at once and
/// none need come, or it was refused.
pub(crate) type Begun = Result<Option<Outcome>, u32>;

/// What to do for a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Begin it, and say by [`Pipe::begun`] what became of that.
    Begin(Operation),
    /// Cancel it. Its packet comes all the same.
    Cancel(Operation),
    /// Close the handle. Packets may still come.
    Close,
}

/// What the user's call comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer<T> {
    Done(T),
    Failed(u32),
    WouldBlock,
    /// Begin the operation: [`Pipe::asked`] tells what the call comes to then.
    Begin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Connect {
    Idle,
    UnderWay,
    /// Nobody waits for the one under way. The next may be wanted already.
    Left {
        is_cancelled: bool,
        is_next_wanted: bool,
    },
    /// To be begun.
    Wanted,
    /// For the user to be told.
    Failed(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Read {
    /// To be begun as soon as there is a connection.
    Idle,
    UnderWay,
    Left {
        is_cancelled: bool,
    },
    /// This part of the buffer is for the user.
    Holds {
        from: usize,
        to: usize,
    },
    /// For the user to be told.
    Failed(u32),
    /// There was an error that the user knows of. Nothing is begun before the user reads again.
    Resting,
    /// The end of the stream, which stays.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Write {
    Idle,
    /// So many bytes are not written yet.
    UnderWay {
        left: usize,
    },
    /// To be begun for what the one before has not written.
    Rest {
        left: usize,
    },
    Left {
        is_cancelled: bool,
    },
    /// For the user to be told by the next write.
    Failed(u32),
}

/// Whether the user still has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Life {
    /// Operations have no port yet for their packets.
    Unattached,
    Used,
    Dropped,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Pipe {
    life: Life,
    is_connected: bool,
    connect: Connect,
    read: Read,
    write: Write,
    is_registered: bool,
    /// All that may be reported: nothing once a one-shot has been.
    interest: Readiness,
    trigger: Trigger,
    /// What holds since something changed, and was not reported.
    owed: Readiness,
}

const BOTH: Readiness = Readiness::READABLE.or(Readiness::WRITABLE);

/// What an error says beyond that there is one.
fn condition_of(error: u32) -> Readiness {
    match error {
        code::BROKEN_PIPE | code::NO_DATA | code::PIPE_NOT_CONNECTED => Readiness::HANG_UP,
        _ => Readiness::ERROR,
    }
}

impl Pipe {
    pub(super) fn new() -> Pipe {
        Pipe {
            life: Life::Unattached,
            is_connected: false,
            connect: Connect::Idle,
            read: Read::Idle,
            write: Write::Idle,
            is_registered: false,
            interest: Readiness::NONE,
            trigger: Trigger::Edge,
            owed: Readiness::NONE,
        }
    }

    /// From now on packets of its operations come to a port.
    pub(super) fn attached(&mut self, is_connected: bool) {
        self.life = Life::Used;
        self.is_connected = is_connected;
    }

    pub(super) fn is_attached(&self) -> bool {
        self.life != Life::Unattached
    }

    pub(super) fn is_registered(&self) -> bool {
        self.is_registered
    }

    /// It is registered, maybe anew: what is ready is reported again.
    pub(super) fn registered(&mut self, interest: Interest) {
        // What ends a connection is told whatever the interest.
        let ends = Readiness::HANG_UP | Readiness::ERROR;
        self.is_registered = true;
        self.interest = Readiness::named_by(interest) | ends;
        self.trigger = Trigger::of(interest);
        self.owed = self.holding();
    }

    pub(super) fn deregistered(&mut self) {
        self.is_registered = false;
        self.interest = Readiness::NONE;
        self.owed = Readiness::NONE;
    }

    /// The user has given it up: what was written still goes out, all else ends.
    pub(super) fn dropped(&mut self) {
        self.deregistered();
        self.leave_connect();
        self.leave_read();
        self.life = match self.life {
            Life::Unattached | Life::Used => Life::Dropped,
            life => life,
        };
    }

    /// The user waits for a client.
    pub(super) fn connect(&mut self) -> Answer<Infallible> {
        match &mut self.connect {
            _ if self.life != Life::Used => Answer::WouldBlock,
            Connect::Idle => Answer::Begin,
            Connect::UnderWay | Connect::Wanted => Answer::WouldBlock,
            Connect::Left { is_next_wanted, .. } => {
                *is_next_wanted = true;
                Answer::WouldBlock
            }
            Connect::Failed(error) => {
                let error = *error;
                self.connect = Connect::Idle;
                Answer::Failed(error)
            }
        }
    }

    /// Takes the error of a connect that the user was not told of.
    pub(super) fn take_error(&mut self) -> Option<u32> {
        let Connect::Failed(error) = self.connect else { return None };
        self.connect = Connect::Idle;
        Some(error)
    }

    /// The connection was ended on this side, with all that was in it.
    pub(super) fn disconnected(&mut self) {
        self.is_connected = false;
        self.owed = Readiness::NONE;
        self.leave_connect();
        self.leave_read();
        self.write = match self.write {
            Write::UnderWay { .. } => Write::Left { is_cancelled: false },
            Write::Left { is_cancelled } => Write::Left { is_cancelled },
            Write::Idle | Write::Rest { .. } | Write::Failed(_) => Write::Idle,
        };
    }

    /// The user reads, and has room for so many bytes. Returns where in the buffer they are.
    pub(super) fn read(&mut self, room: usize) -> Answer<Range<usize>> {
        match self.read {
            _ if self.life != Life::Used => Answer::WouldBlock,
            Read::Holds { from, to } => {
                let end = to.min(from.saturating_add(room));
                // No room takes nothing, not even a message without bytes.
                self.read = match end == to && (room > 0 || from < to) {
                    true => Read::Idle,
                    false => Read::Holds { from: end, to },
                };
                Answer::Done(from..end)
            }
            Read::Ended => Answer::Done(0..0),
            Read::Failed(error) => {
                self.read = Read::Resting;
                Answer::Failed(error)
            }
            _ if self.awaits_client() => Answer::WouldBlock,
            Read::Idle | Read::Resting => Answer::Begin,
            Read::UnderWay | Read::Left { .. } => Answer::WouldBlock,
        }
    }

    /// The user writes. What is to be written has to be in the buffer when it is begun.
    pub(super) fn write(&mut self) -> Answer<Infallible> {
        match self.write {
            _ if self.life != Life::Used => Answer::WouldBlock,
            Write::Failed(error) => {
                self.write = Write::Idle;
                Answer::Failed(error)
            }
            _ if self.awaits_client() => Answer::WouldBlock,
            Write::Idle => Answer::Begin,
            Write::UnderWay { .. } | Write::Rest { .. } | Write::Left { .. } => Answer::WouldBlock,
        }
    }

    /// The user's call was to begin an operation. `length` is what there is to write. Returns what
    /// the call comes to.
    pub(super) fn asked(
        &mut self,
        operation: Operation,
        result: Begun,
        length: usize,
    ) -> Answer<()> {
        if let Ok(Some(_)) = result {
            self.ended(operation);
        }
        self.changed(|pipe| pipe.asked_for(operation, result, length))
    }

    fn asked_for(&mut self, operation: Operation, result: Begun, length: usize) -> Answer<()> {
        match (operation, result) {
            (_, Ok(outcome)) => {
                self.under_way(operation, length);
                if let Some(outcome) = outcome {
                    self.over(operation, outcome);
                }
                match operation {
                    Operation::Write => Answer::Done(()),
                    // If it is over, that is an event.
                    Operation::Connect | Operation::Read => Answer::WouldBlock,
                }
            }
            (Operation::Connect, Err(code::PIPE_CONNECTED | code::NO_DATA)) => {
                self.connected();
                Answer::Done(())
            }
            (Operation::Read, Err(code::PIPE_LISTENING)) => {
                self.read = Read::Idle;
                self.is_connected = false;
                Answer::WouldBlock
            }
            // A server without a client is to wait for the next one; a client is to be told.
            (Operation::Read, Err(code::PIPE_NOT_CONNECTED)) if !self.is_connected => {
                Answer::WouldBlock
            }
            (Operation::Read, Err(code::BROKEN_PIPE)) => {
                self.read = Read::Ended;
                Answer::Done(())
            }
            (Operation::Read, Err(error)) => {
                self.read = Read::Resting;
                Answer::Failed(error)
            }
            (Operation::Connect | Operation::Write, Err(error)) => Answer::Failed(error),
        }
    }

    /// An operation that was commanded was to begin.
    pub(super) fn begun(&mut self, operation: Operation, result: Begun, length: usize) {
        self.ended(operation);
        self.changed(|pipe| match (operation, result) {
            (_, Ok(None)) => pipe.under_way(operation, length),
            (_, Ok(Some(outcome))) => {
                pipe.under_way(operation, length);
                pipe.over(operation, outcome);
            }
            (Operation::Connect, Err(error)) => pipe.connect_failed(error),
            (Operation::Read, Err(error)) => pipe.read_failed(error),
            (Operation::Write, Err(error)) => pipe.write = Write::Failed(error),
        });
    }

    fn under_way(&mut self, operation: Operation, length: usize) {
        match operation {
            // Who waits for a client has none.
            Operation::Connect => {
                self.connect = Connect::UnderWay;
                self.is_connected = false;
            }
            Operation::Read => {
                self.read = Read::UnderWay;
                self.is_connected = true;
            }
            Operation::Write => {
                self.write = Write::UnderWay { left: length };
                if !self.is_connected {
                    self.connected();
                }
            }
        }
    }

    /// The packet of an operation has come.
    pub(super) fn completed(&mut self, operation: Operation, outcome: Outcome) {
        self.ended(operation);
        self.changed(|pipe| pipe.over(operation, outcome));
    }

    fn over(&mut self, operation: Operation, outcome: Outcome) {
        match operation {
            Operation::Connect => self.connect_completed(outcome),
            Operation::Read => self.read_completed(outcome),
            Operation::Write => self.write_completed(outcome),
        }
    }

    /// Who waits for this operation is to be told, though something else may have been a reason to
    /// tell the same before.
    fn ended(&mut self, operation: Operation) {
        let direction = match operation {
            Operation::Read => Readiness::READABLE,
            Operation::Connect | Operation::Write => Readiness::WRITABLE,
        };
        self.owed = self.owed | direction;
    }

    /// Makes a change. What holds from then on, and did not before, is to be reported.
    fn changed<T>(&mut self, change: impl FnOnce(&mut Pipe) -> T) -> T {
        let before = self.holding();
        let result = change(self);
        self.owed = self.owed | self.holding() & !before;
        self.owed = self.due();
        result
    }

    fn connect_completed(&mut self, outcome: Outcome) {
        match (self.connect, outcome) {
            (Connect::Left { is_next_wanted, .. }, _) => {
                self.connect = if is_next_wanted { Connect::Wanted } else { Connect::Idle };
            }
            (Connect::UnderWay, Outcome::Failed(error)) => self.connect_failed(error),
            (Connect::UnderWay, _) => {
                self.connect = Connect::Idle;
                self.connected();
            }
            (Connect::Idle | Connect::Wanted | Connect::Failed(_), _) => {}
        }
    }

    fn connect_failed(&mut self, error: u32) {
        if matches!(error, code::PIPE_CONNECTED | code::NO_DATA) {
            // A client was there first. It may be gone again: what it wrote is there.
            self.connect = Connect::Idle;
            self.connected();
        } else {
            self.connect = Connect::Failed(error);
        }
    }

    /// There is a client. What was wrong without one is over.
    fn connected(&mut self) {
        if self.read == Read::Resting {
            self.read = Read::Idle;
        }
        self.is_connected = true;
    }

    fn read_completed(&mut self, outcome: Outcome) {
        match (self.read, outcome) {
            (Read::Left { .. }, _) | (Read::UnderWay, Outcome::Nothing) => self.read = Read::Idle,
            // By somebody else: the stream goes on.
            (Read::UnderWay, Outcome::Failed(code::OPERATION_ABORTED)) => self.read = Read::Idle,
            (Read::UnderWay, Outcome::Moved(length)) => {
                self.read = Read::Holds { from: 0, to: length };
            }
            (Read::UnderWay, Outcome::Failed(error)) => self.read_failed(error),
            // A packet of nothing that was begun.
            _ => {}
        }
    }

    fn read_failed(&mut self, error: u32) {
        match error {
            code::PIPE_LISTENING => {
                self.is_connected = false;
                self.read = Read::Idle;
            }
            code::BROKEN_PIPE => self.read = Read::Ended,
            // One that is only for writing. Who reads all the same is told then.
            code::ACCESS_DENIED => self.read = Read::Resting,
            error => self.read = Read::Failed(error),
        }
    }

    fn write_completed(&mut self, outcome: Outcome) {
        self.write = match (self.write, outcome) {
            (Write::Left { .. }, _) => Write::Idle,
            (Write::UnderWay { left }, Outcome::Moved(length)) if length >= left => Write::Idle,
            (Write::UnderWay { left }, Outcome::Moved(length @ 1..)) => {
                Write::Rest { left: left - length }
            }
            (Write::UnderWay { .. }, Outcome::Failed(error)) => Write::Failed(error),
            (Write::UnderWay { .. }, _) => Write::Failed(code::WRITE_FAULT),
            // A packet of nothing that was begun.
            (write, _) => write,
        };
    }

    fn leave_connect(&mut self) {
        self.connect = match self.connect {
            Connect::UnderWay => Connect::Left { is_cancelled: false, is_next_wanted: false },
            Connect::Left { is_cancelled, .. } => {
                Connect::Left { is_cancelled, is_next_wanted: false }
            }
            Connect::Idle | Connect::Wanted | Connect::Failed(_) => Connect::Idle,
        };
    }

    fn leave_read(&mut self) {
        self.read = match self.read {
            Read::UnderWay => Read::Left { is_cancelled: false },
            Read::Left { is_cancelled } => Read::Left { is_cancelled },
            Read::Idle | Read::Holds { .. } | Read::Failed(_) | Read::Resting | Read::Ended => {
                Read::Idle
            }
        };
    }

    /// What to do next, until there is nothing. The answer is taken to be carried out.
    pub(super) fn next(&mut self) -> Option<Command> {
        if let Connect::Left { is_cancelled: is_cancelled @ false, .. } = &mut self.connect {
            *is_cancelled = true;
            return Some(Command::Cancel(Operation::Connect));
        }
        if let Read::Left { is_cancelled: is_cancelled @ false } = &mut self.read {
            *is_cancelled = true;
            return Some(Command::Cancel(Operation::Read));
        }
        if let Write::Left { is_cancelled: is_cancelled @ false } = &mut self.write {
            *is_cancelled = true;
            return Some(Command::Cancel(Operation::Write));
        }
        if let (Write::Rest { .. }, Life::Used | Life::Dropped) = (self.write, self.life) {
            return Some(Command::Begin(Operation::Write));
        }
        match self.life {
            Life::Used if self.connect == Connect::Wanted => {
                Some(Command::Begin(Operation::Connect))
            }
            Life::Used if self.is_connected && self.read == Read::Idle => {
                Some(Command::Begin(Operation::Read))
            }
            Life::Dropped if !matches!(self.write, Write::UnderWay { .. }) => {
                self.life = Life::Closed;
                Some(Command::Close)
            }
            _ => None,
        }
    }

    /// How many bytes at the end of the buffer a write that is begun now has to write.
    pub(super) fn rest(&self) -> Option<usize> {
        match self.write {
            Write::Rest { left } => Some(left),
            _ => None,
        }
    }

    /// Whether it was closed, and no packet is to come.
    pub(super) fn is_over(&self) -> bool {
        self.life == Life::Closed
            && self.connect == Connect::Idle
            && self.read == Read::Idle
            && matches!(self.write, Write::Idle | Write::Failed(_))
    }

    /// Whether the next report will say something.
    pub(super) fn has_report(&self) -> bool {
        self.due() != Readiness::NONE
    }

    /// What to report now. Of a level it is still owed, as long as it holds.
    pub(super) fn report(&mut self) -> Readiness {
        let due = self.due();
        self.owed = if self.trigger == Trigger::Level { due } else { Readiness::NONE };
        if self.trigger == Trigger::OneShot && due != Readiness::NONE {
            self.interest = Readiness::NONE;
        }
        due
    }

    /// Of what is owed, that which still holds and is asked for.
    fn due(&self) -> Readiness {
        self.owed & self.holding() & self.interest
    }

    /// A client is waited for.
    fn awaits_client(&self) -> bool {
        !matches!(self.connect, Connect::Idle | Connect::Failed(_))
    }

    /// Which operations would not block, and what else is known.
    fn holding(&self) -> Readiness {
        let mut holding = Readiness::NONE;
        match self.read {
            Read::Holds { .. } => holding = holding | Readiness::READABLE,
            Read::Failed(error) => holding = holding | Readiness::READABLE | condition_of(error),
            Read::Ended => holding = holding | Readiness::READABLE | Readiness::HANG_UP,
            Read::Idle | Read::UnderWay | Read::Left { .. } | Read::Resting => {}
        }
        match self.write {
            Write::Idle if self.is_connected && !self.awaits_client() => {
                holding = holding | Readiness::WRITABLE;
            }
            Write::Failed(error) => holding = holding | Readiness::WRITABLE | condition_of(error),
            _ => {}
        }
        if let Connect::Failed(_) = self.connect {
            holding = holding | Readiness::WRITABLE | Readiness::ERROR;
        }
        holding
    }
}

#[cfg(test)]
mod tests;
