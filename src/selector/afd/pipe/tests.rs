//! The machine against a model of the system: every state that any order of events can lead to, and
//! every event in each of them.

use std::collections::HashSet;

use super::*;

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;
const READ_WRITE: Interest = READ.add(WRITE);

/// What the system and the port know of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Driver {
    Idle,
    Pending,
    Packet(Outcome),
}

/// What the contract promises, said in another way than the machine does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Promise {
    interest: Option<Readiness>,
    is_level: bool,
    is_oneshot: bool,
    /// These directions were registered or would have blocked, and no event has said more since.
    waits: Readiness,
    /// A connect would have blocked, and no event has said since that something can be written.
    waits_for_client: bool,
    /// How many bytes of what was read are the user's, of this connection.
    unread: usize,
    /// How many bytes of what the user wrote are not with the system, though no error said so.
    unwritten: usize,
    /// A write failed, which the user is still to be told.
    is_write_lost: bool,
    is_dropped: bool,
}

/// What the system does with an operation that is begun.
#[derive(Debug, Clone, Copy)]
enum Reply {
    Pends,
    /// Ended before the call returned, but by a packet.
    Ends(Outcome),
    /// Over at once, without a packet.
    IsOver(Outcome),
    Refuses(u32),
}

#[derive(Debug, Clone, Copy)]
enum Input {
    Registered(Interest),
    Deregistered,
    Dropped,
    Connect(Reply),
    Disconnected,
    Read(usize, Reply),
    Write(Reply),
    TakeError,
    /// What is next begun ahead of the user will be over at once.
    Hastens,
    /// An operation that is under way ends.
    Ends(Operation, Outcome),
    PacketComes(Operation),
    /// A packet with the operation's address that is not its own, or was posted to report.
    Report,
}

/// Any other error.
const OTHER: u32 = 6;

const ENDS: [(Operation, Outcome); 13] = [
    (Operation::Connect, Outcome::Moved(0)),
    (Operation::Connect, Outcome::Failed(code::NO_DATA)),
    (Operation::Connect, Outcome::Failed(OTHER)),
    (Operation::Read, Outcome::Moved(2)),
    (Operation::Read, Outcome::Moved(0)),
    (Operation::Read, Outcome::Nothing),
    (Operation::Read, Outcome::Failed(code::BROKEN_PIPE)),
    (Operation::Read, Outcome::Failed(code::OPERATION_ABORTED)),
    (Operation::Read, Outcome::Failed(OTHER)),
    (Operation::Write, Outcome::Moved(2)),
    (Operation::Write, Outcome::Moved(1)),
    (Operation::Write, Outcome::Moved(0)),
    (Operation::Write, Outcome::Failed(code::NO_DATA)),
];

fn inputs(interests: &[Interest]) -> Vec<Input> {
    let connects = [
        Reply::Pends,
        Reply::Ends(Outcome::Moved(0)),
        Reply::IsOver(Outcome::Moved(0)),
        Reply::Refuses(code::PIPE_CONNECTED),
        Reply::Refuses(OTHER),
    ];
    let reads = [
        Reply::Pends,
        Reply::Ends(Outcome::Moved(2)),
        Reply::IsOver(Outcome::Moved(2)),
        Reply::Refuses(code::PIPE_LISTENING),
        Reply::Refuses(code::BROKEN_PIPE),
        Reply::Refuses(code::PIPE_NOT_CONNECTED),
    ];
    let writes = [
        Reply::Pends,
        Reply::Ends(Outcome::Moved(2)),
        Reply::IsOver(Outcome::Moved(2)),
        Reply::IsOver(Outcome::Moved(1)),
        Reply::IsOver(Outcome::Failed(OTHER)),
        Reply::Refuses(code::NO_DATA),
        Reply::Refuses(code::PIPE_LISTENING),
    ];
    let mut inputs: Vec<_> = interests.iter().copied().map(Input::Registered).collect();
    inputs.extend([Input::Deregistered, Input::Dropped, Input::Disconnected]);
    inputs.extend([Input::TakeError, Input::Hastens, Input::Report]);
    inputs.extend(connects.map(Input::Connect));
    inputs.extend([1, LENGTH].into_iter().flat_map(|room| reads.map(|to| Input::Read(room, to))));
    inputs.extend(writes.map(Input::Write));
    inputs.extend(ENDS.map(|(operation, outcome)| Input::Ends(operation, outcome)));
    let all = [Operation::Connect, Operation::Read, Operation::Write];
    inputs.extend(all.map(Input::PacketComes));
    inputs
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    pipe: Pipe,
    connect: Driver,
    read: Driver,
    write: Driver,
    /// What the system says to the first operation that is begun ahead of the user.
    refuses: Option<u32>,
    /// What is next begun ahead of the user is over at once.
    is_swift: bool,
    /// There is or was a client since the last disconnect.
    has_client: bool,
    is_closed: bool,
    /// A packet was posted that says to report.
    is_posted: bool,
    promise: Promise,
}

/// How many bytes the user writes at once, and the system reads at once.
const LENGTH: usize = 2;

impl World {
    fn new(is_connected: bool, refuses: Option<u32>) -> World {
        let mut pipe = Pipe::new();
        pipe.attached(is_connected);
        World {
            pipe,
            connect: Driver::Idle,
            read: Driver::Idle,
            write: Driver::Idle,
            refuses,
            is_swift: false,
            has_client: is_connected && refuses != Some(code::PIPE_LISTENING),
            is_closed: false,
            is_posted: false,
            promise: Promise {
                interest: None,
                is_level: false,
                is_oneshot: false,
                waits: Readiness::NONE,
                waits_for_client: false,
                unread: 0,
                unwritten: 0,
                is_write_lost: false,
                is_dropped: false,
            },
        }
    }

    fn driver(&mut self, operation: Operation) -> &mut Driver {
        match operation {
            Operation::Connect => &mut self.connect,
            Operation::Read => &mut self.read,
            Operation::Write => &mut self.write,
        }
    }

    /// The system is asked to begin an operation.
    fn begin(&mut self, operation: Operation, reply: Reply) -> Begun {
        assert!(!self.is_closed, "begun after the close");
        let driver = self.driver(operation);
        assert_eq!(*driver, Driver::Idle, "{operation:?} is begun twice");
        match reply {
            Reply::Pends => *driver = Driver::Pending,
            Reply::Ends(outcome) => *driver = Driver::Packet(outcome),
            Reply::IsOver(_) => {}
            Reply::Refuses(error) => return Err(error),
        }
        if operation != Operation::Connect {
            self.client_came();
        }
        match reply {
            Reply::IsOver(outcome) => Ok(Some(outcome)),
            _ => Ok(None),
        }
    }

    /// Applies an input, and returns whether it can happen here.
    fn apply(&mut self, input: Input) -> bool {
        let is_packet = matches!(input, Input::Ends(..) | Input::PacketComes(_) | Input::Report);
        if !is_packet && self.promise.is_dropped {
            return false;
        }
        match input {
            Input::Registered(interest) => {
                self.pipe.registered(interest);
                self.promise.interest = Some(Readiness::named_by(interest));
                self.promise.is_level = interest.is_level();
                self.promise.is_oneshot = interest.is_oneshot();
                self.promise.waits = BOTH;
            }
            Input::Deregistered => {
                self.pipe.deregistered();
                self.promise.interest = None;
            }
            Input::Dropped => {
                self.pipe.dropped();
                self.promise.interest = None;
                self.promise.is_dropped = true;
            }
            // There is no waiting for a client while there is one.
            Input::Connect(Reply::Pends | Reply::Ends(_) | Reply::IsOver(_))
            | Input::Read(_, Reply::Refuses(code::PIPE_LISTENING))
            | Input::Write(Reply::Refuses(code::PIPE_LISTENING))
                if self.has_client =>
            {
                return false;
            }
            Input::Connect(reply) => self.user_connects(reply),
            Input::Disconnected => {
                self.pipe.disconnected();
                self.promise.waits_for_client = false;
                self.has_client = false;
                self.promise.unread = 0;
                self.promise.unwritten = 0;
                self.promise.is_write_lost = false;
            }
            Input::Read(room, reply) => self.user_reads(room, reply),
            Input::Write(reply) => self.user_writes(reply),
            Input::TakeError => {
                let is_told = self.pipe.take_error().is_some();
                self.promise.waits_for_client &= !is_told;
            }
            Input::Hastens => return !std::mem::replace(&mut self.is_swift, true),
            Input::Ends(operation, outcome) => {
                let driver = self.driver(operation);
                if *driver != Driver::Pending {
                    return false;
                }
                *driver = Driver::Packet(outcome);
                return true;
            }
            Input::PacketComes(operation) => {
                let Driver::Packet(outcome) = *self.driver(operation) else { return false };
                self.packet(operation, outcome);
                return true;
            }
            Input::Report if self.is_posted => {
                self.is_posted = false;
                self.report();
                return true;
            }
            Input::Report => return false,
        }
        self.settle();
        true
    }

    /// What no packet says is posted.
    fn settle(&mut self) {
        self.carry_out();
        if self.pipe.is_over() {
            let drivers = [self.connect, self.read, self.write];
            assert_eq!(drivers, [Driver::Idle; 3], "memory is given back before the packet came");
        }
        self.is_posted |= self.pipe.has_report();
    }

    fn user_connects(&mut self, reply: Reply) {
        let answer = match self.pipe.connect() {
            Answer::Begin => {
                let result = self.begin(Operation::Connect, reply);
                self.over_at_once(Operation::Connect, result);
                self.pipe.asked(Operation::Connect, result, 0)
            }
            Answer::Failed(error) => Answer::Failed(error),
            _ => Answer::WouldBlock,
        };
        self.promise.waits_for_client = answer == Answer::WouldBlock;
        if answer == Answer::Done(()) {
            self.client_came();
        }
    }

    fn client_came(&mut self) {
        self.has_client = true;
        self.refuses = self.refuses.filter(|error| *error != code::PIPE_LISTENING);
    }

    fn user_reads(&mut self, room: usize, reply: Reply) {
        let mut result = Ok(None);
        let answer = match self.pipe.read(room) {
            Answer::Begin => {
                result = self.begin(Operation::Read, reply);
                self.pipe.asked(Operation::Read, result, 0)
            }
            Answer::Done(range) => {
                assert!(range.len() <= room && range.end <= LENGTH);
                self.promise.unread -= range.len();
                return;
            }
            Answer::Failed(error) => Answer::Failed(error),
            Answer::WouldBlock => Answer::WouldBlock,
        };
        if answer == Answer::WouldBlock {
            assert_eq!(self.promise.unread, 0, "what was read is not handed out");
            self.promise.waits = self.promise.waits | Readiness::READABLE;
        }
        self.over_at_once(Operation::Read, result);
    }

    fn user_writes(&mut self, reply: Reply) {
        let mut result = Ok(None);
        let answer = match self.pipe.write() {
            Answer::Begin => {
                assert!(!self.promise.is_write_lost, "an error was kept from the user");
                result = self.begin(Operation::Write, reply);
                self.pipe.asked(Operation::Write, result, LENGTH)
            }
            Answer::Failed(_) => {
                self.promise.is_write_lost = false;
                return;
            }
            _ => Answer::WouldBlock,
        };
        match answer {
            Answer::Done(()) => {
                self.promise.unwritten = LENGTH;
                // Who can write has a client.
                self.promise.waits_for_client = false;
                self.over_at_once(Operation::Write, result);
            }
            Answer::Failed(_) => {}
            _ => self.promise.waits = self.promise.waits | Readiness::WRITABLE,
        }
    }

    fn over_at_once(&mut self, operation: Operation, result: Begun) {
        if let Ok(Some(outcome)) = result {
            self.over(operation, outcome);
        }
    }

    /// What the end of an operation comes to for the user.
    fn over(&mut self, operation: Operation, outcome: Outcome) {
        match (operation, outcome) {
            (Operation::Connect, Outcome::Moved(_) | Outcome::Failed(code::NO_DATA)) => {
                self.client_came();
            }
            (Operation::Read, Outcome::Moved(length)) => self.promise.unread = length,
            (Operation::Write, Outcome::Moved(length @ 1..)) => {
                self.promise.unwritten = self.promise.unwritten.saturating_sub(length);
            }
            (Operation::Write, _) => {
                self.promise.unwritten = 0;
                self.promise.is_write_lost = true;
            }
            _ => {}
        }
    }

    fn packet(&mut self, operation: Operation, outcome: Outcome) {
        let is_wanted = match operation {
            Operation::Connect => self.pipe.connect == Connect::UnderWay,
            Operation::Read => self.pipe.read == Read::UnderWay,
            Operation::Write => matches!(self.pipe.write, Write::UnderWay { .. }),
        };
        *self.driver(operation) = Driver::Idle;
        if is_wanted {
            self.over(operation, outcome);
        }
        self.pipe.completed(operation, outcome);
        self.carry_out();
        self.report();
    }

    fn carry_out(&mut self) {
        for _ in 0..10 {
            let Some(command) = self.pipe.next() else { return };
            match command {
                Command::Begin(operation) => {
                    let reply = match self.refuses.take() {
                        Some(error) => Reply::Refuses(error),
                        None if std::mem::take(&mut self.is_swift) => {
                            Reply::IsOver(Outcome::Moved(LENGTH))
                        }
                        None => Reply::Pends,
                    };
                    let result = self.begin(operation, reply);
                    let length = self.pipe.rest().unwrap_or(0);
                    if operation == Operation::Write {
                        assert_eq!(length, self.promise.unwritten);
                        if result.is_err() {
                            self.promise.unwritten = 0;
                            self.promise.is_write_lost = true;
                        }
                    }
                    self.pipe.begun(operation, result, length);
                    self.over_at_once(operation, result);
                }
                Command::Cancel(operation) => {
                    assert!(!self.is_closed, "cancelled after the close");
                    let driver = self.driver(operation);
                    assert_ne!(*driver, Driver::Idle, "there is nothing to cancel");
                    if *driver == Driver::Pending {
                        *driver = Driver::Packet(Outcome::Failed(code::OPERATION_ABORTED));
                    }
                }
                Command::Close => {
                    assert!(!self.is_closed, "closed twice");
                    assert!(self.promise.is_dropped, "closed while the user has it");
                    assert_eq!(self.promise.unwritten, 0, "closed before all was written");
                    assert_ne!(self.connect, Driver::Pending);
                    assert_ne!(self.read, Driver::Pending);
                    self.is_closed = true;
                }
            }
        }
        panic!("the commands do not end");
    }

    fn report(&mut self) {
        let report = self.pipe.report();
        self.settle();
        if report == Readiness::NONE {
            return;
        }
        let interest = self.promise.interest.expect("an event of what is not registered");
        let ends = Readiness::HANG_UP | Readiness::ERROR;
        let beyond = report & !(interest | ends);
        assert_eq!(beyond, Readiness::NONE, "an event outside the interest");
        // What is reported is so.
        let is_connect_over = matches!(self.pipe.clone().connect(), Answer::Failed(_));
        let connect = if is_connect_over { Readiness::WRITABLE } else { Readiness::NONE };
        let holding = self.ready() | connect;
        assert_eq!(report & BOTH & !holding, Readiness::NONE, "an event of what would block");
        self.promise.waits = self.promise.waits & !report;
        self.promise.waits_for_client &= !report.intersects(Readiness::WRITABLE);
        if self.promise.is_oneshot {
            // There is no other before it is registered anew.
            self.promise.interest = None;
        }
    }

    /// The directions in which the next call of the user does not block.
    fn ready(&self) -> Readiness {
        let mut pipe = self.pipe.clone();
        let mut ready = Readiness::NONE;
        if let Answer::Done(_) | Answer::Failed(_) = pipe.read(1) {
            ready = ready | Readiness::READABLE;
        }
        let can_write = match pipe.write() {
            Answer::Failed(_) => true,
            Answer::Begin => pipe.is_connected,
            _ => false,
        };
        if can_write {
            ready = ready | Readiness::WRITABLE;
        }
        ready
    }

    /// Left alone, with all that is under way ending, nothing that is owed is missing; and what was
    /// dropped is over.
    fn comes_to_rest(mut self) {
        let is_dropped = self.promise.is_dropped;
        for _ in 0..10 {
            if is_dropped {
                // The peer reads all.
                self.apply(Input::Ends(Operation::Write, Outcome::Moved(LENGTH)));
            }
            for operation in [Operation::Connect, Operation::Read, Operation::Write] {
                self.apply(Input::PacketComes(operation));
            }
            self.apply(Input::Report);
        }
        let drivers = [self.connect, self.read, self.write];
        assert!(!drivers.iter().any(|driver| matches!(driver, Driver::Packet(_))), "no rest");
        assert_eq!(self.pipe.is_over(), is_dropped, "over once it was dropped, and only then");
        assert_eq!(self.is_closed, is_dropped, "closed once it was dropped, and only then");
        if let Some(interest) = self.promise.interest {
            let ready = self.ready() & interest;
            if self.promise.is_level && ready != Readiness::NONE {
                assert!(self.is_posted, "the next wait reports nothing of {ready:?}");
            }
            let awaited = self.promise.waits & interest;
            assert_eq!(awaited & self.ready(), Readiness::NONE, "owed, and never reported");
            let is_told = interest.intersects(Readiness::WRITABLE);
            if is_told && self.promise.waits_for_client {
                assert_eq!(self.pipe.connect(), Answer::WouldBlock, "a client is not reported");
            }
        }
    }
}

/// A pipe that is registered for both, with a client.
fn connected() -> Pipe {
    let mut pipe = Pipe::new();
    pipe.attached(true);
    pipe.registered(READ_WRITE);
    assert_eq!(pipe.next(), Some(Command::Begin(Operation::Read)));
    pipe
}

#[test]
fn a_pipe_for_writing_says_nothing_of_reading() {
    let mut pipe = connected();
    pipe.begun(Operation::Read, Err(code::ACCESS_DENIED), 0);
    assert_eq!(pipe.next(), None);
    assert_eq!(pipe.report(), Readiness::WRITABLE);
    // Who reads all the same is told.
    assert_eq!(pipe.read(1), Answer::Begin);
    let answer = pipe.asked(Operation::Read, Err(code::ACCESS_DENIED), 0);
    assert_eq!(answer, Answer::Failed(code::ACCESS_DENIED));
    assert!(!pipe.has_report() && pipe.next().is_none());
}

#[test]
fn the_next_client_is_read_from_whatever_was_wrong_with_the_last() {
    let mut pipe = connected();
    pipe.begun(Operation::Read, Ok(None), 0);
    pipe.completed(Operation::Read, Outcome::Failed(OTHER));
    assert_eq!(pipe.report(), BOTH | Readiness::ERROR);
    assert_eq!(pipe.read(1), Answer::Failed(OTHER));
    assert_eq!(pipe.next(), None);
    pipe.disconnected();
    // Without a client a server's read waits for one.
    assert_eq!(pipe.read(1), Answer::Begin);
    let answer = pipe.asked(Operation::Read, Err(code::PIPE_NOT_CONNECTED), 0);
    assert_eq!(answer, Answer::WouldBlock);
    assert_eq!(pipe.connect(), Answer::Begin);
    pipe.asked(Operation::Connect, Ok(None), 0);
    pipe.completed(Operation::Connect, Outcome::Moved(0));
    assert_eq!(pipe.next(), Some(Command::Begin(Operation::Read)));
}

#[test]
fn a_client_is_read_from_whatever_was_wrong_without_one() {
    let mut pipe = Pipe::new();
    pipe.attached(false);
    assert_eq!(pipe.read(1), Answer::Begin);
    assert_eq!(pipe.asked(Operation::Read, Err(OTHER), 0), Answer::Failed(OTHER));
    assert_eq!(pipe.connect(), Answer::Begin);
    pipe.asked(Operation::Connect, Ok(None), 0);
    assert_eq!(pipe.next(), None);
    pipe.completed(Operation::Connect, Outcome::Moved(0));
    assert_eq!(pipe.next(), Some(Command::Begin(Operation::Read)));
}

/// N4.
#[test]
fn a_part_of_a_message_is_no_error() {
    let cases = [
        (0, 5, false, Outcome::Moved(5)),
        (0, 0, false, Outcome::Nothing),
        (0, 0, true, Outcome::Moved(0)),
        (code::MORE_DATA, 5, true, Outcome::Moved(5)),
        (code::MORE_DATA, 0, true, Outcome::Nothing),
        (code::BROKEN_PIPE, 0, true, Outcome::Failed(code::BROKEN_PIPE)),
        (code::BROKEN_PIPE, 5, false, Outcome::Failed(code::BROKEN_PIPE)),
    ];
    for (error, moved, is_message, expected) in cases {
        assert_eq!(Outcome::new(error, moved, is_message), expected, "{error}, {moved}");
    }
}

/// N10.
#[test]
fn a_client_that_came_first_is_no_error() {
    for error in [code::PIPE_CONNECTED, code::NO_DATA] {
        for is_at_once in [true, false] {
            let mut pipe = Pipe::new();
            pipe.attached(false);
            pipe.registered(READ_WRITE);
            assert_eq!(pipe.connect(), Answer::Begin);
            if is_at_once {
                let answer = pipe.asked(Operation::Connect, Err(error), 0);
                assert_eq!(answer, Answer::Done(()));
            } else {
                pipe.asked(Operation::Connect, Ok(None), 0);
                assert_eq!(pipe.connect(), Answer::WouldBlock);
                pipe.completed(Operation::Connect, Outcome::Failed(error));
            }
            assert_eq!(pipe.report(), Readiness::WRITABLE);
            assert_eq!(pipe.take_error(), None);
            assert_eq!(pipe.next(), Some(Command::Begin(Operation::Read)));
        }
    }
}

/// N1, N2, N3, N5, N6, N7, N8, N9, N10.
#[test]
fn every_order_of_events_keeps_the_promises() {
    let mut worlds = Vec::new();
    for is_connected in [false, true] {
        for error in [code::BROKEN_PIPE, code::PIPE_LISTENING] {
            worlds.push(World::new(is_connected, Some(error)));
        }
        worlds.push(World::new(is_connected, None));
    }
    walk(worlds, &[READ, WRITE, READ_WRITE]);
}

#[test]
fn every_order_of_events_keeps_the_promises_of_levels() {
    walk(vec![World::new(true, None)], &[READ_WRITE.level()]);
}

#[test]
fn every_order_of_events_keeps_the_promises_of_one_shots() {
    walk(vec![World::new(true, None)], &[READ_WRITE.oneshot()]);
}

fn walk(worlds: Vec<World>, interests: &[Interest]) {
    let inputs = inputs(interests);
    let mut seen = HashSet::new();
    let mut open: Vec<_> = worlds.into_iter().map(|world| (world, None)).collect();
    let mut pairs = HashSet::new();
    while let Some((world, last)) = open.pop() {
        for (number, input) in inputs.iter().enumerate() {
            let mut next = world.clone();
            if !next.apply(*input) {
                continue;
            }
            pairs.extend(last.map(|last: usize| (last, number)));
            if seen.insert(next.clone()) {
                next.clone().comes_to_rest();
                open.push((next, Some(number)));
            }
        }
    }
    println!("{} states, {} pairs of {} events", seen.len(), pairs.len(), inputs.len());
    // All but those that cannot follow each other: nothing follows a packet that is not there.
    assert!(pairs.len() > 900, "{}", pairs.len());
}
