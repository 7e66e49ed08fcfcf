//! The machine against a model of the driver: every state that any order of events can lead to, and
//! every event in each of them.

use std::collections::HashSet;

use super::*;

const READ: Interest = Interest::READABLE;
const WRITE: Interest = Interest::WRITABLE;
const READ_WRITE: Interest = READ.add(WRITE);

/// What the driver and the port know of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Driver {
    Idle,
    Polling(AfdEvents),
    Packet(Outcome),
}

/// What the contract promises, said in another way than the machine does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Promise {
    interest: Readiness,
    owed: Readiness,
    /// An end was reported: nothing more is promised before something is asked anew.
    is_over: bool,
}

impl Promise {
    fn new(interest: Interest) -> Promise {
        let closed = if interest.is_readable() { Readiness::READ_CLOSED } else { Readiness::NONE };
        let all = Readiness::named_by(interest) | closed | TERMINAL;
        Promise { interest: all, owed: all, is_over: false }
    }

    fn rearmed(&mut self, directions: Interest) {
        self.owed = self.owed | (Readiness::named_by(directions) | TERMINAL) & self.interest;
        self.is_over = false;
    }

    fn reported(&mut self, report: Readiness) {
        assert_eq!(report & !self.owed, Readiness::NONE, "reported, though not owed");
        self.owed = self.owed & !report;
        if report.intersects(TERMINAL) {
            self.owed = Readiness::NONE;
            self.is_over = true;
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Input {
    Rearmed(Interest),
    Reregistered(Interest),
    Ended,
    Appears(AfdEvents),
    Vanishes(AfdEvents),
    SystemCancels,
    PollFails,
    PacketComes,
    Look,
    LookAndFailToSubmit,
}

const INPUTS: [Input; 20] = [
    Input::Rearmed(READ),
    Input::Rearmed(WRITE),
    Input::Rearmed(READ_WRITE),
    Input::Reregistered(READ),
    Input::Reregistered(WRITE),
    Input::Reregistered(READ_WRITE),
    Input::Ended,
    Input::Appears(AfdEvents::RECEIVE),
    Input::Appears(AfdEvents::SEND),
    Input::Appears(AfdEvents::DISCONNECT),
    Input::Appears(AfdEvents::ABORT),
    Input::Appears(AfdEvents::CONNECT_FAIL),
    Input::Appears(AfdEvents::LOCAL_CLOSE),
    Input::Vanishes(AfdEvents::RECEIVE),
    Input::Vanishes(AfdEvents::SEND),
    Input::SystemCancels,
    Input::PollFails,
    Input::PacketComes,
    Input::Look,
    Input::LookAndFailToSubmit,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    socket: Socket,
    driver: Driver,
    /// The events whose condition holds.
    holding: AfdEvents,
    promise: Promise,
    is_freed: bool,
}

impl World {
    fn new(interest: Interest) -> World {
        World {
            socket: Socket::new(interest),
            driver: Driver::Idle,
            holding: AfdEvents(0),
            promise: Promise::new(interest),
            is_freed: false,
        }
    }

    /// Applies an input, and returns whether it can happen here.
    fn apply(&mut self, input: Input) -> bool {
        if self.is_freed {
            return false;
        }
        match input {
            // The registration takes part as long as it lasts.
            Input::Rearmed(_) | Input::Reregistered(_) | Input::Ended if self.socket.is_ended => {
                return false;
            }
            Input::Rearmed(directions) => {
                self.socket.rearmed(directions);
                self.promise.rearmed(directions);
            }
            Input::Reregistered(interest) => {
                self.socket.reregistered(interest);
                self.promise = Promise::new(interest);
            }
            Input::Ended => self.socket.ended(),
            Input::Appears(event) => {
                self.holding = self.holding | event;
                self.complete_what_holds();
            }
            Input::Vanishes(event) => self.holding = AfdEvents(self.holding.0 & !event.0),
            Input::SystemCancels | Input::PollFails => {
                let Driver::Polling(_) = self.driver else { return false };
                let is_cancel = matches!(input, Input::SystemCancels);
                let outcome = if is_cancel { Outcome::Cancelled } else { Outcome::Failed };
                self.driver = Driver::Packet(outcome);
            }
            Input::PacketComes => {
                let Driver::Packet(outcome) = self.driver else { return false };
                self.driver = Driver::Idle;
                self.completed(outcome);
            }
            Input::Look => drop(self.look(false)),
            Input::LookAndFailToSubmit => drop(self.look(true)),
        }
        true
    }

    fn completed(&mut self, outcome: Outcome) {
        let report = self.socket.completed(outcome);
        if self.socket.is_ended || outcome == Outcome::Cancelled {
            assert_eq!(report, Readiness::NONE);
        }
        self.promise.reported(report);
    }

    fn complete_what_holds(&mut self) {
        if let Driver::Polling(asked) = self.driver {
            let found = AfdEvents(asked.0 & self.holding.0);
            if found != AfdEvents(0) {
                self.driver = Driver::Packet(Outcome::Ready(found));
            }
        }
    }

    fn look(&mut self, fails: bool) -> Command {
        let command = self.socket.next();
        match command {
            Command::Nothing => {}
            Command::Submit(events) => {
                assert!(matches!(self.driver, Driver::Idle), "two polls of one socket");
                assert!(!self.socket.is_ended && !self.socket.is_closed);
                if fails {
                    self.completed(Outcome::Failed);
                } else {
                    self.driver = Driver::Polling(events);
                    self.complete_what_holds();
                }
            }
            Command::Cancel => match self.driver {
                Driver::Idle => panic!("there is nothing to cancel"),
                Driver::Polling(_) => self.driver = Driver::Packet(Outcome::Cancelled),
                Driver::Packet(_) => {}
            },
            Command::Free => {
                assert!(matches!(self.driver, Driver::Idle), "freed before the packet came");
                assert!(self.socket.is_ended);
                self.is_freed = true;
            }
        }
        command
    }

    /// Left alone, the machine comes to rest, and then nothing that it owes is missing.
    fn comes_to_rest(mut self) {
        for _ in 0..5 {
            self.apply(Input::PacketComes);
            if self.is_freed || self.look(false) == Command::Nothing {
                break;
            }
        }
        if matches!(self.driver, Driver::Packet(_)) {
            self.apply(Input::PacketComes);
            assert_eq!(self.look(false), Command::Nothing, "it does not come to rest");
        }
        assert_eq!(self.is_freed, self.socket.is_ended, "freed once it has ended, and only then");
        if !self.is_freed && !self.socket.is_closed && !self.promise.is_over {
            let mut missing = conditions(self.holding) & self.promise.owed;
            // To a reader who was told of the end, and has asked again, it is not news.
            if self.holding.intersects(AfdEvents::DISCONNECT)
                && !self.holding.intersects(AfdEvents::RECEIVE)
            {
                missing = missing & !Readiness::READABLE;
            }
            assert_eq!(missing, Readiness::NONE, "owed, and never reported");
        }
    }
}

/// W2, W3: mio#1963, mio#2001.
#[test]
fn a_blocked_direction_asks_for_itself_only_and_adds_to_what_is_asked_for() {
    let cases = [(READ, AfdEvents::RECEIVE | AfdEvents::ACCEPT), (WRITE, AfdEvents::SEND)];
    for ((first, events), (second, more)) in [(cases[0], cases[1]), (cases[1], cases[0])] {
        let mut socket = Socket::new(READ_WRITE);
        assert!(matches!(socket.next(), Command::Submit(_)));
        let found = AfdEvents::RECEIVE | AfdEvents::SEND | AfdEvents::DISCONNECT;
        socket.completed(Outcome::Ready(found));
        let Command::Submit(asked) = socket.next() else { panic!("an end is still awaited") };
        assert_eq!(asked, AfdEvents::ALWAYS, "all else was reported");
        socket.rearmed(first);
        assert_eq!(socket.next(), Command::Cancel);
        socket.completed(Outcome::Cancelled);
        assert_eq!(socket.next(), Command::Submit(AfdEvents::ALWAYS | events));
        socket.rearmed(second);
        assert_eq!(socket.next(), Command::Cancel);
        socket.completed(Outcome::Cancelled);
        assert_eq!(socket.next(), Command::Submit(AfdEvents::ALWAYS | events | more));
    }
}

/// W1, W2, W3, W5, W6, W7, W8, W9, W12, W17: against a model of the driver.
#[test]
fn every_order_of_events_keeps_the_promises() {
    let mut seen = HashSet::new();
    let mut open: Vec<(World, Option<usize>)> =
        [READ, WRITE, READ_WRITE].map(|interest| (World::new(interest), None)).into();
    let mut pairs = HashSet::new();
    while let Some((world, last)) = open.pop() {
        for (number, input) in INPUTS.into_iter().enumerate() {
            let mut next = world.clone();
            if !next.apply(input) {
                continue;
            }
            pairs.extend(last.map(|last| (last, number)));
            if seen.insert(next.clone()) {
                next.clone().comes_to_rest();
                open.push((next, Some(number)));
            }
        }
    }
    println!("{} states, {} pairs of events", seen.len(), pairs.len());
    // All but those that cannot follow each other: nothing follows a packet that is not there.
    assert!(pairs.len() > 300, "{}", pairs.len());
}
