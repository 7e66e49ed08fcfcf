//! The machine against a model of the driver: every state that any order of events can lead to, and
//! every event in each of them.

use std::collections::{HashSet, VecDeque};

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
    is_level: bool,
    is_oneshot: bool,
    /// An end was reported, or a one-shot's only event: nothing more is promised before something
    /// is asked anew.
    is_over: bool,
}

impl Promise {
    fn new(interest: Interest) -> Promise {
        let closed = if interest.is_readable() { Readiness::READ_CLOSED } else { Readiness::NONE };
        let all = Readiness::named_by(interest) | closed | TERMINAL;
        let (is_level, is_oneshot) = (interest.is_level(), interest.is_oneshot());
        Promise { interest: all, owed: all, is_level, is_oneshot, is_over: false }
    }

    fn rearmed(&mut self, directions: Interest) {
        if self.is_oneshot || self.is_level {
            return;
        }
        self.owed = self.owed | (Readiness::named_by(directions) | TERMINAL) & self.interest;
        self.is_over = false;
    }

    fn reported(&mut self, report: Readiness) {
        assert_eq!(report & !self.owed, Readiness::NONE, "reported, though not owed");
        let is_last = if self.is_oneshot {
            report != Readiness::NONE
        } else {
            !self.is_level && report.intersects(TERMINAL)
        };
        if is_last {
            self.owed = Readiness::NONE;
            self.is_over = true;
        } else if !self.is_level {
            self.owed = self.owed & !report;
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
    /// Without which the socket is not asked about again: what packets say is of an earlier wait.
    WaitBegins,
}

const INPUTS: [Input; 18] = [
    Input::Rearmed(READ),
    Input::Rearmed(WRITE),
    Input::Rearmed(READ_WRITE),
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
    Input::WaitBegins,
];

/// What can go away again.
const VANISHING: AfdEvents = AfdEvents(AfdEvents::RECEIVE.0 | AfdEvents::SEND.0);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    socket: Socket,
    driver: Driver,
    /// The events whose condition holds.
    holding: AfdEvents,
    /// Those that have held since the wait began, and do no more.
    vanished: AfdEvents,
    /// The poll was begun no earlier than the wait.
    is_fresh: bool,
    promise: Promise,
    is_freed: bool,
}

impl World {
    fn new(interest: Interest) -> World {
        World {
            socket: Socket::new(interest),
            driver: Driver::Idle,
            holding: AfdEvents(0),
            vanished: AfdEvents(0),
            is_fresh: true,
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
                if !self.promise.is_level {
                    self.vanished = VANISHING;
                }
                self.promise = Promise::new(interest);
            }
            Input::Ended => self.socket.ended(),
            Input::Appears(event) => {
                self.holding = self.holding | event;
                self.complete_what_holds();
            }
            Input::Vanishes(event) => {
                self.vanished = AfdEvents(self.vanished.0 | self.holding.0 & event.0);
                self.holding = AfdEvents(self.holding.0 & !event.0);
            }
            Input::SystemCancels | Input::PollFails => {
                let Driver::Polling(_) = self.driver else { return false };
                let is_cancel = matches!(input, Input::SystemCancels);
                let outcome = if is_cancel { Outcome::Cancelled } else { Outcome::Failed };
                self.driver = Driver::Packet(outcome);
            }
            Input::PacketComes => {
                let Driver::Packet(outcome) = self.driver else { return false };
                self.driver = Driver::Idle;
                self.packet(outcome);
            }
            Input::Look => drop(self.look(false)),
            Input::LookAndFailToSubmit => drop(self.look(true)),
            Input::WaitBegins => {
                self.vanished = AfdEvents(0);
                self.is_fresh = false;
            }
        }
        if !self.promise.is_level {
            // Of no account, until it is a level: then what may be is taken to be.
            self.vanished = AfdEvents(0);
            self.is_fresh = true;
        }
        true
    }

    /// As the table does it. Returns what was reported.
    fn packet(&mut self, mut outcome: Outcome) -> Readiness {
        if !self.is_fresh && self.socket.is_level() {
            let has = |event| self.holding.intersects(event);
            let now = Now {
                can_be_read: has(AfdEvents::RECEIVE),
                can_be_written: has(AfdEvents::SEND),
                has_ended: has(AfdEvents::LASTING),
            };
            outcome = self.socket.confirmed(outcome, || Some(now));
        }
        self.completed(outcome)
    }

    fn completed(&mut self, outcome: Outcome) -> Readiness {
        let report = self.socket.completed(outcome);
        if self.socket.is_ended || outcome == Outcome::Cancelled {
            assert_eq!(report, Readiness::NONE);
        }
        if self.promise.is_level && outcome != Outcome::Failed {
            let held = conditions(self.holding | self.vanished);
            assert_eq!(report & !held, Readiness::NONE, "it has not held since the wait began");
        }
        self.promise.reported(report);
        report
    }

    /// What a whole wait reports.
    fn wait(&mut self) -> Readiness {
        self.apply(Input::WaitBegins);
        for _ in 0..5 {
            self.look(false);
            let Driver::Packet(outcome) = self.driver else { return Readiness::NONE };
            self.driver = Driver::Idle;
            let report = self.packet(outcome);
            if report != Readiness::NONE {
                return report;
            }
        }
        panic!("it does not come to rest");
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
                    self.is_fresh = true;
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

    /// Each wait that begins now reports all that holds, if it is a level; the first one, if that
    /// is a one-shot as well.
    fn keeps_its_levels(mut self) {
        if self.is_freed || self.socket.is_ended || self.socket.is_closed {
            return;
        }
        // A poll that has failed says so first.
        if matches!(self.driver, Driver::Packet(Outcome::Failed)) {
            self.wait();
        }
        if self.holding.intersects(AfdEvents::LOCAL_CLOSE) {
            self.wait();
            return;
        }
        let ends = (self.holding.0 & AfdEvents::LASTING.0).count_ones();
        for round in 0..3 {
            let expected = conditions(self.holding) & self.promise.owed;
            let report = self.wait();
            // Of two ends that came one after the other, the first may be told alone for once.
            if round == 0 && ends > 1 {
                assert_eq!(report & !expected, Readiness::NONE);
                assert_eq!(report == Readiness::NONE, expected == Readiness::NONE);
            } else {
                assert_eq!(report, expected);
            }
        }
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

/// Goes to every state that these inputs lead to. Returns how many pairs of inputs there are that
/// can follow each other.
fn walk(interests: &[Interest], inputs: &[Input]) -> usize {
    let mut seen = HashSet::new();
    let mut open: Vec<(World, Option<usize>)> =
        interests.iter().map(|interest| (World::new(*interest), None)).collect();
    let anew = interests.iter().copied().map(Input::Reregistered);
    let inputs: Vec<_> = inputs.iter().copied().chain(anew).collect();
    let mut pairs = HashSet::new();
    while let Some((world, last)) = open.pop() {
        for (number, input) in inputs.iter().copied().enumerate() {
            let mut next = world.clone();
            if !next.apply(input) {
                continue;
            }
            pairs.extend(last.map(|last| (last, number)));
            if seen.insert(next.clone()) {
                if next.promise.is_level {
                    next.clone().keeps_its_levels();
                } else {
                    next.clone().comes_to_rest();
                }
                open.push((next, Some(number)));
            }
        }
    }
    println!("{} states, {} pairs of inputs", seen.len(), pairs.len());
    pairs.len()
}

/// W1, W2, W3, W5, W6, W7, W8, W9, W12, W17: against a model of the driver.
#[test]
fn every_order_of_events_keeps_the_promises() {
    let pairs = walk(&[READ, WRITE, READ_WRITE], &INPUTS);
    // All but those that cannot follow each other: nothing follows a packet that is not there.
    assert!(pairs > 340, "{pairs}");
}

/// Several sockets and room for one event, so that packets wait for longer than one wait: each has
/// its turn all the same, also where each answer is worthless at first.
#[test]
fn levels_that_have_ended_starve_nobody() {
    const SOCKETS: usize = 4;
    let mut worlds = vec![World::new(WRITE.level()); SOCKETS];
    for world in &mut worlds {
        world.apply(Input::Appears(AfdEvents::SEND));
        // Not asked for by who only writes.
        world.apply(Input::Appears(AfdEvents::DISCONNECT));
    }
    let mut queue = VecDeque::new();
    let mut told = [0; SOCKETS];
    for _ in 0..4 * SOCKETS {
        let mut steps = 0;
        loop {
            for (number, world) in worlds.iter_mut().enumerate() {
                // So does a wait that has to look again.
                world.apply(Input::WaitBegins);
                if matches!(world.look(false), Command::Submit(_)) {
                    queue.push_back(number);
                }
            }
            let number = queue.pop_front().expect("all are ready");
            let Driver::Packet(outcome) = worlds[number].driver else { panic!("no packet") };
            worlds[number].driver = Driver::Idle;
            if worlds[number].packet(outcome) != Readiness::NONE {
                told[number] += 1;
                break;
            }
            steps += 1;
            assert!(steps <= 2 * SOCKETS, "the wait does not end");
        }
    }
    assert!(told.iter().all(|count| *count > 1), "{told:?}");
}

/// A failed connect is left out: to the machine it is a reset by another name.
#[test]
fn every_order_of_events_keeps_the_promises_of_every_trigger() {
    let interests = [
        READ_WRITE,
        READ.level(),
        READ_WRITE.level(),
        READ.oneshot(),
        READ_WRITE.oneshot(),
        READ_WRITE.level().oneshot(),
    ];
    let is_failed_connect =
        |input: &Input| matches!(input, Input::Appears(AfdEvents::CONNECT_FAIL));
    let inputs: Vec<_> = INPUTS.into_iter().filter(|input| !is_failed_connect(input)).collect();
    let pairs = walk(&interests, &inputs);
    assert!(pairs > 400, "{pairs}");
}

/// What is seen of a user's socket.
fn seen(directions: Readiness, has_ended: bool) -> Now {
    let has = |direction| directions.intersects(direction);
    Now {
        can_be_read: has(Readiness::READABLE),
        can_be_written: has(Readiness::WRITABLE),
        has_ended,
    }
}

/// A user's socket of which this was reported.
fn reported(interest: Interest, events: AfdEvents) -> Socket {
    let mut socket = Socket::new(interest);
    socket.next();
    socket.completed(Outcome::Ready(events));
    socket
}

#[test]
fn what_a_user_drained_is_asked_for_again() {
    let mut socket = reported(READ_WRITE, AfdEvents::RECEIVE | AfdEvents::SEND);
    assert_eq!(socket.doubtful(), BOTH);
    let mut offers = Offers::new();
    let due = socket.observed(seen(Readiness::WRITABLE, false), &mut offers, Instant::now());
    assert!(due.is_some(), "what still holds is offered again");
    assert_eq!(socket.doubtful(), Readiness::WRITABLE);
    let Command::Submit(asked) = socket.next() else { panic!("nothing is asked for") };
    assert!(asked.contains(AfdEvents::RECEIVE) && !asked.contains(AfdEvents::SEND));
}

#[test]
fn what_a_user_left_is_offered_when_it_is_due() {
    let mut socket = reported(READ, AfdEvents::RECEIVE);
    let (mut offers, now) = (Offers::new(), Instant::now());
    let holding = seen(Readiness::READABLE, false);
    let due = socket.observed(holding, &mut offers, now).unwrap();
    assert_eq!(socket.doubtful(), Readiness::READABLE, "not before its time");
    let later = socket.observed(holding, &mut offers, due).unwrap();
    assert_eq!(socket.doubtful(), Readiness::NONE);
    assert!(later - due > due - now, "ever more rarely");
}

/// Who reads learns of the end with a readable event; who writes as well is not told for ever.
#[test]
fn the_end_of_a_stream_is_told_once_to_a_user_who_drained_it() {
    let mut socket = reported(READ_WRITE, AfdEvents::RECEIVE | AfdEvents::SEND);
    let (mut offers, now) = (Offers::new(), Instant::now());
    socket.observed(seen(Readiness::WRITABLE, true), &mut offers, now);
    let Command::Submit(asked) = socket.next() else { panic!("nothing is asked for") };
    assert!(asked.contains(AfdEvents::RECEIVE | AfdEvents::DISCONNECT));
    let report = socket.completed(Outcome::Ready(AfdEvents::DISCONNECT));
    assert_eq!(report, Readiness::READABLE | Readiness::READ_CLOSED);
    let due = socket.observed(seen(Readiness::WRITABLE, true), &mut offers, now);
    assert!(due.is_some_and(|due| due > now));
    assert_eq!(socket.next(), Command::Submit(AfdEvents::ALWAYS), "only the end of all");
}

#[test]
fn after_a_reset_a_user_is_told_nothing_more() {
    let mut socket = reported(READ_WRITE, AfdEvents::ABORT);
    assert_eq!(socket.doubtful(), Readiness::NONE);
    let mut offers = Offers::new();
    let due = socket.observed(seen(Readiness::NONE, true), &mut offers, Instant::now());
    assert_eq!((due, socket.next()), (None, Command::Nothing));
}

#[test]
fn of_levels_and_one_shots_nothing_is_doubtful() {
    for interest in [READ.level(), READ.oneshot(), READ.level().oneshot()] {
        assert_eq!(reported(interest, AfdEvents::RECEIVE).doubtful(), Readiness::NONE);
    }
}
