//! What can happen to sources, and random sequences of it.

use super::harness::BOTH;
use crate::Interest;

/// How many sources there are at most, at a time.
pub(super) const SLOTS: usize = 3;

/// More events than there can be.
pub(super) const ROOM: usize = 64;

/// Sources share a selector, so that few of them in many states show more than many.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// A stream and its peer.
    Open(usize),
    /// A listener.
    Listen(usize),
    Register(usize, Interest),
    Reregister(usize, Interest),
    Deregister(usize),
    Drop(usize),
    /// Bytes come, or a connection.
    PeerSends(usize, usize),
    PeerReceivesAll(usize),
    PeerShutsDown(usize),
    PeerCloses(usize),
    /// Takes up to so many bytes, or a connection.
    Read(usize, usize, How),
    Drain(usize, How),
    Write(usize, usize, How),
    Fill(usize, How),
    Wake,
    /// One wait with room for so many events.
    Glance(usize),
    /// Waits until nothing more comes. Then nothing may be owed.
    Wait(usize),
}

/// By which function an operation is run.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    /// One of the crate's own.
    Own,
    TryIo,
    TryIoWith,
}

/// Pseudo-random numbers: SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[(self.next() % choices.len() as u64) as usize]
    }

    fn step(&mut self) -> Step {
        const LENGTHS: [usize; 5] = [1, 2, 5, 64, 4096];
        let slot = (self.next() % SLOTS as u64) as usize;
        let interest = self.one_of(&[Interest::READABLE, Interest::WRITABLE, BOTH, BOTH]);
        let interest = match self.next() % 10 {
            0..6 => interest,
            6..8 => interest.level(),
            8 => interest.oneshot(),
            _ => interest.level().oneshot(),
        };
        let how = self.one_of(&[How::Own, How::Own, How::TryIo, How::TryIoWith]);
        let length = self.one_of(&LENGTHS);
        let capacity = self.one_of(&[1, 2, ROOM, ROOM]);
        match self.next() % 100 {
            0..10 => Step::Open(slot),
            10..13 => Step::Listen(slot),
            13..22 => Step::Register(slot, interest),
            22..27 => Step::Reregister(slot, interest),
            27..30 => Step::Deregister(slot),
            30..33 => Step::Drop(slot),
            33..45 => Step::PeerSends(slot, length.min(300)),
            45..50 => Step::PeerReceivesAll(slot),
            50..52 => Step::PeerShutsDown(slot),
            52..54 => Step::PeerCloses(slot),
            54..64 => Step::Read(slot, length, how),
            64..69 => Step::Drain(slot, how),
            69..73 => Step::Write(slot, length.min(512), how),
            73..78 => Step::Fill(slot, how),
            78..80 => Step::Wake,
            80..86 => Step::Glance(capacity),
            _ => Step::Wait(capacity),
        }
    }

    pub(super) fn steps(&mut self) -> Vec<Step> {
        // Beginning with something that steps can be about.
        let begin = [Step::Open(0), Step::Register(0, BOTH)];
        let length = 10 + self.next() % 40;
        let mut steps: Vec<_> = begin.into_iter().chain((0..length).map(|_| self.step())).collect();
        steps.push(Step::Wait(ROOM));
        steps
    }
}
