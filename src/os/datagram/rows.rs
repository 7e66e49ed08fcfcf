//! How rows of datagrams become messages to the system: as many segments in one as it takes, else
//! one by one; and what is done when it takes fewer than were offered.

use std::cmp;
use std::io::{self, IoSlice};

use super::Transmit;

/// The most bytes that one message can have: what IPv4 leaves of 65,535.
const MOST_BYTES: usize = 65_507;

/// What the system may be asked to cut into segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offload {
    /// How many segments a message may have. 1 if they are to be sent one by one.
    pub(crate) segments: usize,
    /// How large they may be.
    pub(crate) largest: usize,
}

impl Offload {
    pub(crate) const NONE: Offload = Offload { segments: 1, largest: 0 };

    /// Of a system that takes this many segments.
    pub(crate) const fn of(segments: usize) -> Offload {
        Offload { segments, largest: MOST_BYTES }
    }

    /// How many bytes of a row of such segments one message has.
    fn piece(&self, segment: usize) -> usize {
        let fit = if segment <= self.largest { MOST_BYTES / segment } else { 1 };
        segment.saturating_mul(cmp::min(fit, self.segments).max(1))
    }

    fn refused(&mut self, refusal: Refusal, segment: usize) {
        match refusal {
            Refusal::Size => self.largest = segment.saturating_sub(1),
            Refusal::Always => *self = Offload::NONE,
        }
    }
}

/// What it may mean that a message with segments was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The segments are larger than the interface allows.
    Size,
    /// The interface cannot do it.
    Always,
}

/// One datagram, or several that the system is to make of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'m> {
    pub(crate) transmit: &'m Transmit<'m>,
    /// The bytes of it that are left out at the beginning.
    skipped: usize,
    pub(crate) length: usize,
    /// The size of segments; 0 if it is one datagram.
    pub(crate) segment: usize,
    is_all: bool,
}

impl<'m> Message<'m> {
    /// Its buffers, if that is all of what is to be transmitted.
    pub(crate) fn whole(&self) -> Option<&'m [IoSlice<'m>]> {
        self.is_all.then(|| self.transmit.slices())
    }

    /// Its bytes, buffer by buffer.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &'m [u8]> + use<'m> {
        let (mut skip, mut left) = (self.skipped, self.length);
        self.transmit.slices().iter().filter_map(move |slice| {
            let from = cmp::min(skip, slice.len());
            skip -= from;
            let part = &slice[from..];
            let part = &part[..cmp::min(left, part.len())];
            left -= part.len();
            (!part.is_empty()).then_some(part)
        })
    }
}

/// Where messages are gathered for one system call.
pub(crate) trait Outbox<'m> {
    /// Makes room. What was gathered is forgotten.
    fn clear(&mut self);

    /// Adds a message. Returns `false` if there is no room. Fails if the system cannot do what the
    /// message asks for.
    fn push(&mut self, message: Message<'m>) -> io::Result<bool>;

    /// Sends what was gathered, and returns how many messages of it the system has taken.
    fn send(&mut self) -> io::Result<usize>;

    /// What an error says about segments, if it says something.
    fn refusal(error: &io::Error) -> Option<Refusal>;
}

/// How far sending came.
#[derive(Debug)]
pub(crate) struct Progress {
    /// How many were sent, each as a whole.
    pub(crate) sent: usize,
    /// How many bytes of the next were sent: whole segments.
    pub(crate) partial: usize,
    /// Why it ended, if it ended early and that is known.
    pub(crate) error: Option<io::Error>,
}

/// Sends until all is sent or the system takes no more.
///
/// A message with segments that is refused goes segment by segment. If that succeeds, `offload`
/// remembers it; if it fails too, the segments were not the reason.
pub(crate) fn send_all<'m, O: Outbox<'m>>(
    transmits: &'m [Transmit<'m>],
    offload: &mut Offload,
    outbox: &mut O,
) -> Progress {
    let mut at = Place { transmit: 0, offset: 0 };
    let mut before_refusal = None;
    let error = loop {
        let offered = match fill(transmits, at, *offload, outbox) {
            Ok(0) => break None,
            Ok(offered) => offered,
            Err(error) => break Some(error),
        };
        match outbox.send() {
            Ok(0) => break None,
            Ok(taken) => {
                before_refusal = None;
                for _ in 0..taken {
                    let Some((_, next)) = at.message(transmits, *offload) else { break };
                    at = next;
                }
                // Inside of a row it is worth knowing why: it may be a refusal, and a row that is
                // sent in part is to end with an error.
                if taken < offered && !at.is_in_row(transmits) {
                    break None;
                }
            }
            Err(error) => {
                let segment = at.message(transmits, *offload).map_or(0, |(first, _)| first.segment);
                match O::refusal(&error) {
                    Some(refusal) if segment != 0 && before_refusal.is_none() => {
                        before_refusal = Some(*offload);
                        offload.refused(refusal, segment);
                    }
                    _ => break Some(error),
                }
            }
        }
    };
    if let Some(before) = before_refusal {
        *offload = before;
    }
    Progress { sent: at.transmit, partial: at.offset, error }
}

/// Gathers as many messages as there is room for. An error is that of the first.
fn fill<'m, O: Outbox<'m>>(
    transmits: &'m [Transmit<'m>],
    mut at: Place,
    offload: Offload,
    outbox: &mut O,
) -> io::Result<usize> {
    outbox.clear();
    let mut offered = 0;
    while let Some((message, next)) = at.message(transmits, offload) {
        match outbox.push(message) {
            Ok(true) => {}
            Err(error) if offered == 0 => return Err(error),
            Ok(false) if offered == 0 => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "a segment in more buffers than a message can have",
                ));
            }
            _ => break,
        }
        offered += 1;
        at = next;
    }
    Ok(offered)
}

/// The next byte to be sent.
#[derive(Clone, Copy, Debug)]
struct Place {
    transmit: usize,
    offset: usize,
}

impl Place {
    /// The message that begins here, and the place after it.
    fn message<'m>(
        self,
        transmits: &'m [Transmit<'m>],
        offload: Offload,
    ) -> Option<(Message<'m>, Place)> {
        let transmit = transmits.get(self.transmit)?;
        let (total, segment) = (transmit.len(), transmit.segment());
        let left = total.saturating_sub(self.offset);
        let length = if segment == 0 { left } else { cmp::min(left, offload.piece(segment)) };
        let message = Message {
            transmit,
            skipped: self.offset,
            length,
            segment: if segment != 0 && length > segment { segment } else { 0 },
            is_all: length == total,
        };
        let next = if length == left {
            Place { transmit: self.transmit + 1, offset: 0 }
        } else {
            Place { offset: self.offset + length, ..self }
        };
        Some((message, next))
    }

    fn is_in_row(self, transmits: &[Transmit<'_>]) -> bool {
        transmits.get(self.transmit).is_some_and(|transmit| transmit.segments() > 1)
    }
}

#[cfg(test)]
mod tests;
