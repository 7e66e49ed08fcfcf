//! [`KqueueEvent`]: what a `struct kevent` says.

use std::fmt;

use super::{Filter, Flags, abi};
use crate::Token;
use crate::selector::contract::RawEvent;

// Where requests of `aio(4)` can be waited for: the systems that have `Interest::AIO`, and
// `Interest::LIO`.
cfg_if! {
    if #[cfg(target_os = "freebsd")] {
        const AIO: Option<Filter> = Some(abi::EVFILT_AIO);
        const LIO: Option<Filter> = Some(abi::EVFILT_LIO);
    } else if #[cfg(any(target_vendor = "apple", target_os = "dragonfly"))] {
        const AIO: Option<Filter> = Some(abi::EVFILT_AIO);
        const LIO: Option<Filter> = None;
    } else if #[cfg(target_os = "linux")] {
        // The model has the filters of FreeBSD.
        const AIO: Option<Filter> = Some(abi::EVFILT_AIO);
        const LIO: Option<Filter> = Some(abi::EVFILT_LIO);
    } else {
        const AIO: Option<Filter> = None;
        const LIO: Option<Filter> = None;
    }
}

/// What the kernel reports of one filter.
#[repr(transparent)]
#[derive(Clone)]
pub(crate) struct KqueueEvent(pub(super) abi::kevent);

// SAFETY: what keeps a `kevent` from being `Send` is its field `udata`, a pointer. Here that is a
// number, which nobody ever follows.
#[allow(unsafe_code)]
unsafe impl Send for KqueueEvent {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for KqueueEvent {}

impl KqueueEvent {
    fn is_of(&self, filter: Filter) -> bool {
        self.0.filter == filter
    }

    fn has(&self, flag: Flags) -> bool {
        self.0.flags & flag != 0
    }
}

impl RawEvent for KqueueEvent {
    fn token(&self) -> Token {
        // A token goes in as a `usize`, so that it fits again.
        Token(self.0.udata as usize)
    }

    fn is_readable(&self) -> bool {
        self.is_of(abi::EVFILT_READ) || self.is_of(abi::EVFILT_USER)
    }

    fn is_writable(&self) -> bool {
        self.is_of(abi::EVFILT_WRITE)
    }

    fn is_error(&self) -> bool {
        // At the end of a direction the field `fflags` has the error of the socket, if any.
        self.has(abi::EV_ERROR) || self.has(abi::EV_EOF) && self.0.fflags != 0
    }

    fn is_read_closed(&self) -> bool {
        self.is_of(abi::EVFILT_READ) && self.has(abi::EV_EOF)
    }

    fn is_write_closed(&self) -> bool {
        self.is_of(abi::EVFILT_WRITE) && self.has(abi::EV_EOF)
    }

    fn is_priority(&self) -> bool {
        false
    }

    fn is_aio(&self) -> bool {
        AIO.is_some_and(|filter| self.is_of(filter))
    }

    fn is_lio(&self) -> bool {
        LIO.is_some_and(|filter| self.is_of(filter))
    }
}

impl fmt::Debug for KqueueEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filters = [
            (Some(abi::EVFILT_READ), "EVFILT_READ"),
            (Some(abi::EVFILT_WRITE), "EVFILT_WRITE"),
            (Some(abi::EVFILT_USER), "EVFILT_USER"),
            (AIO, "EVFILT_AIO"),
            (LIO, "EVFILT_LIO"),
        ];
        let flags = [(abi::EV_EOF, "EV_EOF"), (abi::EV_ERROR, "EV_ERROR")];
        let filter = filters.iter().filter(|(filter, _)| *filter == Some(self.0.filter));
        let flags = flags.iter().filter(|(flag, _)| self.has(*flag));
        let names = filter.map(|(_, name)| name).chain(flags.map(|(_, name)| name));
        formatter.write_str("kqueue")?;
        formatter.debug_list().entries(names).finish()?;
        // Copied, as Apple's `struct kevent` is packed.
        let (ident, filter_flags) = (self.0.ident, self.0.fflags);
        write!(formatter, ", ident {ident}, fflags {filter_flags:#x}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::changes::kevent;
    use super::*;

    fn event(filter: Filter, flags: Flags, filter_flags: u32) -> KqueueEvent {
        KqueueEvent(kevent(7, filter, flags, filter_flags, Token(9)))
    }

    fn answers(event: &KqueueEvent) -> Vec<&'static str> {
        let answers = [
            (event.is_readable(), "readable"),
            (event.is_writable(), "writable"),
            (event.is_error(), "error"),
            (event.is_read_closed(), "read closed"),
            (event.is_write_closed(), "write closed"),
            (event.is_priority(), "priority"),
            (event.is_aio(), "aio"),
            (event.is_lio(), "lio"),
        ];
        answers.into_iter().filter(|(is_so, _)| *is_so).map(|(_, name)| name).collect()
    }

    /// K3, mio#958, mio#1087: the end of one direction says nothing of the other.
    #[test]
    fn each_filter_answers_for_its_own_direction() {
        use abi::{EV_CLEAR, EV_EOF, EV_ERROR, EVFILT_READ, EVFILT_USER, EVFILT_WRITE};
        let reset = libc::ECONNRESET as u32;
        let cases: &[(Filter, Flags, u32, &[&str])] = &[
            (EVFILT_READ, EV_CLEAR, 0, &["readable"]),
            (EVFILT_READ, EV_CLEAR | EV_EOF, 0, &["readable", "read closed"]),
            (EVFILT_READ, EV_EOF, reset, &["readable", "error", "read closed"]),
            (EVFILT_READ, EV_ERROR, 0, &["readable", "error"]),
            // Without the end of the direction `fflags` is no error.
            (EVFILT_READ, EV_CLEAR, reset, &["readable"]),
            (EVFILT_WRITE, EV_CLEAR, 0, &["writable"]),
            (EVFILT_WRITE, EV_CLEAR | EV_EOF, 0, &["writable", "write closed"]),
            (EVFILT_WRITE, EV_EOF, reset, &["writable", "error", "write closed"]),
            (EVFILT_WRITE, EV_ERROR, 0, &["writable", "error"]),
            (EVFILT_USER, EV_CLEAR, abi::NOTE_TRIGGER, &["readable"]),
        ];
        for (filter, flags, filter_flags, expected) in cases {
            let event = event(*filter, *flags, *filter_flags);
            assert_eq!(answers(&event), *expected, "{event:?}");
        }
    }

    #[test]
    fn requests_of_asynchronous_io_have_answers_of_their_own() {
        for (filter, name) in [(AIO, "aio"), (LIO, "lio")] {
            if let Some(filter) = filter {
                assert_eq!(answers(&event(filter, 0, 0)), [name]);
            }
        }
    }

    /// K7, mio#1923: the field is a pointer, or a number with a sign.
    #[test]
    fn any_token_comes_back_unchanged() {
        for token in [0, 1, usize::MAX >> 1, usize::MAX - 1, usize::MAX] {
            let raw = kevent(7, abi::EVFILT_READ, 0, 0, Token(token));
            assert_eq!(KqueueEvent(raw).token(), Token(token));
        }
    }

    /// K11, mio#1906: the pointer in it is a number.
    #[test]
    fn an_event_goes_to_other_threads() {
        fn goes_anywhere<T: Send + Sync>() {}
        goes_anywhere::<KqueueEvent>();
    }

    #[test]
    fn an_event_has_the_layout_of_the_kernels() {
        assert_eq!(size_of::<KqueueEvent>(), size_of::<abi::kevent>());
        assert_eq!(align_of::<KqueueEvent>(), align_of::<abi::kevent>());
    }

    #[test]
    fn debug_names_filter_and_flags() {
        let event = event(abi::EVFILT_READ, abi::EV_EOF | abi::EV_CLEAR, 3);
        let expected = r#"kqueue["EVFILT_READ", "EV_EOF"], ident 7, fflags 0x3"#;
        assert_eq!(format!("{event:?}"), expected);
    }
}
