//! Which changes of filters a call means, and what their errors mean. Pure.
//!
//! A descriptor has up to two filters, one for each direction, both with the same trigger.

use std::io;

use libc::c_int;

use super::{Filter, Flags, abi};
use crate::os::RawSource;
use crate::{Interest, Token};

/// How many changes a call needs at most.
pub(super) const MOST: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Read,
    Write,
}

/// How a filter reports. Adding a filter that is there leaves that as it was, on some systems.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Trigger {
    is_level: bool,
    is_oneshot: bool,
}

impl Trigger {
    pub(super) const EDGE: Trigger = Trigger { is_level: false, is_oneshot: false };

    pub(super) fn of(interest: Interest) -> Trigger {
        Trigger { is_level: interest.is_level(), is_oneshot: interest.is_oneshot() }
    }

    /// Whether a registration with this trigger can get another one by adding its filters again.
    pub(super) fn can_become(self, other: Trigger) -> bool {
        self == other && !self.is_oneshot
    }

    fn flags(self) -> Flags {
        let edge = if self.is_level { 0 } else { abi::EV_CLEAR };
        // One that deletes the filter would leave no trace of a registration that has fired.
        edge | if self.is_oneshot { abi::EV_DISPATCH } else { 0 }
    }
}

/// One change of what the kernel watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Adds a filter. One that is there already gets the token, and reports anew what is ready.
    Add(Direction),
    /// Takes a filter out, and with it what it has to report.
    Delete(Direction),
}

use Change::{Add, Delete};
use Direction::{Read, Write};

pub(super) const DELETING: [Change; MOST] = [Delete(Read), Delete(Write)];

/// The changes of a source that is not registered.
pub(super) fn adding(interest: Interest) -> &'static [Change] {
    match (interest.is_readable(), interest.is_writable()) {
        (true, true) => &[Add(Read), Add(Write)],
        (true, false) => &[Add(Read)],
        (false, true) => &[Add(Write)],
        (false, false) => &[],
    }
}

/// The changes of a source that is registered, with whatever interest.
pub(super) fn replacing(interest: Interest) -> &'static [Change] {
    match (interest.is_readable(), interest.is_writable()) {
        (true, true) => &[Add(Read), Add(Write)],
        (true, false) => &[Add(Read), Delete(Write)],
        (false, true) => &[Delete(Read), Add(Write)],
        (false, false) => &DELETING,
    }
}

impl Change {
    /// As the kernel takes it.
    pub(super) fn raw(self, source: RawSource, token: Token, trigger: Trigger) -> abi::kevent {
        let (flags, direction) = match self {
            Add(direction) => (abi::EV_ADD | trigger.flags(), direction),
            Delete(direction) => (abi::EV_DELETE, direction),
        };
        let filter = match direction {
            Read => abi::EVFILT_READ,
            Write => abi::EVFILT_WRITE,
        };
        // A negative number becomes one that no descriptor has.
        kevent(source as usize, filter, flags, 0, token)
    }
}

/// A change in the kernel's own form.
pub(super) fn kevent(
    ident: usize,
    filter: Filter,
    flags: Flags,
    filter_flags: u32,
    token: Token,
) -> abi::kevent {
    abi::kevent {
        ident,
        filter,
        flags,
        fflags: filter_flags,
        data: 0,
        udata: token.0 as _,
        #[cfg(target_os = "freebsd")]
        ext: [0; 4],
    }
}

/// The error in a receipt, zero for none. Some systems set `EV_ERROR` and nothing else, others add
/// it to the flags of the change.
pub(super) fn error_in(receipt: &abi::kevent) -> c_int {
    if receipt.flags & abi::EV_ERROR != 0 { receipt.data as c_int } else { 0 }
}

/// What became of the changes of one call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    /// There was nothing of what was to be taken out.
    Missing,
}

/// What the errors of all changes say together.
pub(super) fn together(changes: impl IntoIterator<Item = (Change, c_int)>) -> io::Result<Answer> {
    let (mut deleted, mut missing) = (0, 0);
    for (change, error) in changes {
        match (change, error) {
            (Add(_), 0) => {}
            // A pipe without a reader, on macOS before 10.14: the filter was added, and says so.
            (Add(Write), libc::EPIPE) => {}
            (Delete(_), 0) => deleted += 1,
            // Not among what was registered, or over with after it was reported.
            (Delete(_), libc::ENOENT) => missing += 1,
            (_, error) => return Err(io::Error::from_raw_os_error(error)),
        }
    }
    Ok(if missing == MOST && deleted == 0 { Answer::Missing } else { Answer::Done })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interests() -> [Interest; 3] {
        [Interest::READABLE, Interest::WRITABLE, Interest::READABLE | Interest::WRITABLE]
    }

    #[test]
    fn a_registration_adds_what_is_wanted_and_nothing_else() {
        let expected: [&[Change]; 3] = [&[Add(Read)], &[Add(Write)], &[Add(Read), Add(Write)]];
        assert_eq!(interests().map(adding), expected);
    }

    /// K2, mio#351, mio#911: what is no longer wanted is taken out.
    #[test]
    fn a_registration_anew_takes_out_what_is_no_longer_wanted() {
        let expected: [&[Change]; 3] =
            [&[Add(Read), Delete(Write)], &[Delete(Read), Add(Write)], &[Add(Read), Add(Write)]];
        assert_eq!(interests().map(replacing), expected);
    }

    /// What the selectors of Linux report and kqueue has no filter for.
    #[cfg(target_os = "linux")]
    #[test]
    fn an_interest_without_a_filter_adds_nothing() {
        assert!(adding(Interest::PRIORITY).is_empty());
        assert_eq!(replacing(Interest::PRIORITY), DELETING);
    }

    #[test]
    fn a_change_in_the_form_of_the_kernel() {
        use abi::{EV_ADD, EV_CLEAR, EV_DELETE, EV_DISPATCH, EVFILT_READ, EVFILT_WRITE};
        let edge = Interest::READABLE;
        let once = EV_ADD | EV_CLEAR | EV_DISPATCH;
        let cases = [
            (Add(Read), edge, EVFILT_READ, EV_ADD | EV_CLEAR),
            (Add(Write), edge, EVFILT_WRITE, EV_ADD | EV_CLEAR),
            (Add(Read), edge.level(), EVFILT_READ, EV_ADD),
            (Add(Write), edge.level(), EVFILT_WRITE, EV_ADD),
            (Add(Read), edge.oneshot(), EVFILT_READ, once),
            (Add(Write), edge.level().oneshot(), EVFILT_WRITE, EV_ADD | EV_DISPATCH),
            (Delete(Read), edge.level().oneshot(), EVFILT_READ, EV_DELETE),
            (Delete(Write), edge, EVFILT_WRITE, EV_DELETE),
        ];
        for (change, interest, filter, flags) in cases {
            let raw = change.raw(7, Token(9), Trigger::of(interest));
            assert_eq!((raw.ident, raw.filter, raw.flags), (7, filter, flags), "{change:?}");
            assert_eq!((raw.fflags, raw.data, raw.udata as usize), (0, 0, 9), "{change:?}");
        }
    }

    #[test]
    fn a_filter_is_added_again_only_where_its_flags_stay_the_same() {
        let edge = Interest::READABLE;
        let triggers = [edge, edge.level(), edge.oneshot(), edge.level().oneshot()];
        for (from, other) in (0..4).flat_map(|from| (0..4).map(move |other| (from, other))) {
            let can = Trigger::of(triggers[from]).can_become(Trigger::of(triggers[other]));
            assert_eq!(can, from == other && from < 2, "{from} {other}");
        }
    }

    /// K4, libevent#376: a bit among others, not the whole of them.
    #[test]
    fn a_receipt_has_an_error_whatever_other_flags_there_are() {
        for flags in [abi::EV_ERROR, abi::EV_ERROR | abi::EV_ADD | abi::EV_RECEIPT] {
            let mut receipt = kevent(1, abi::EVFILT_READ, flags, 0, Token(0));
            assert_eq!(error_in(&receipt), 0, "done");
            receipt.data = libc::EBADF as _;
            assert_eq!(error_in(&receipt), libc::EBADF);
        }
        let mut event = kevent(1, abi::EVFILT_READ, abi::EV_CLEAR, 0, Token(0));
        event.data = 512;
        assert_eq!(error_in(&event), 0, "an event, and how many bytes there are");
    }

    /// K1, K2, mio#582, mio#351: which errors are none.
    #[test]
    fn the_errors_of_all_changes_say_one_thing() {
        use libc::{EBADF, ENOENT, EPIPE};
        let both = |errors: [c_int; 2]| together(DELETING.into_iter().zip(errors));
        let anew =
            |errors: [c_int; 2]| together([Add(Read), Delete(Write)].into_iter().zip(errors));
        let adding = |errors: [c_int; 2]| together([Add(Read), Add(Write)].into_iter().zip(errors));
        let cases = [
            ("taken out", both([0, 0]), Ok(Answer::Done)),
            ("only read", both([0, ENOENT]), Ok(Answer::Done)),
            ("only written", both([ENOENT, 0]), Ok(Answer::Done)),
            ("unknown", both([ENOENT, ENOENT]), Ok(Answer::Missing)),
            ("closed", both([EBADF, EBADF]), Err(EBADF)),
            ("half closed in between", both([ENOENT, EBADF]), Err(EBADF)),
            ("was not written", anew([0, ENOENT]), Ok(Answer::Done)),
            ("refused", anew([EBADF, ENOENT]), Err(EBADF)),
            ("a pipe without a reader", adding([0, EPIPE]), Ok(Answer::Done)),
            ("a pipe that cannot be read", adding([EPIPE, 0]), Err(EPIPE)),
            ("refused as unknown", adding([0, ENOENT]), Err(ENOENT)),
            ("added", adding([0, 0]), Ok(Answer::Done)),
        ];
        for (what, result, expected) in cases {
            assert_eq!(result.map_err(|error| error.raw_os_error().unwrap()), expected, "{what}");
        }
    }
}
