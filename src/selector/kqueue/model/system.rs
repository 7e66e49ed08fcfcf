//! What differs between the systems that have kqueue, as far as it matters to the selector.

use libc::c_int;

use super::super::linux::{EVFILT_WRITE, kevent};

/// The differences, each a switch.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct System {
    pub(in super::super) name: &'static str,
    /// `EVFILT_USER`, which NetBSD has had since 10.
    pub(in super::super) user_events: bool,
    /// `EV_RECEIPT`, which NetBSD has had since 10. Before, it is ignored.
    pub(in super::super) receipts: bool,
    /// A receipt has the flags of its change, and `EV_ERROR` besides: macOS. On FreeBSD
    /// `EV_ERROR` alone.
    pub(in super::super) receipts_keep_flags: bool,
    /// Adding a filter that is there replaces its flags, `EV_CLEAR` among them.
    pub(in super::super) adding_replaces_flags: bool,
    /// A change with `EV_CLEAR` takes a user's event back that was triggered: FreeBSD.
    pub(in super::super) clearing_takes_back: bool,
    /// To add the write filter of a pipe without a reader is `EPIPE`, though it is added: macOS
    /// before 10.14.
    pub(in super::super) pipes_say_broken: bool,
    /// A filter that is refused for some descriptors, and the error: macOS says `EINVAL` of
    /// `/dev/tty`.
    pub(in super::super) refused: Option<(i16, c_int)>,
}

impl System {
    pub(in super::super) const FREEBSD: System = System {
        name: "freebsd",
        user_events: true,
        receipts: true,
        receipts_keep_flags: false,
        adding_replaces_flags: false,
        clearing_takes_back: true,
        pipes_say_broken: false,
        refused: None,
    };

    pub(in super::super) const MACOS: System = System {
        name: "macos",
        receipts_keep_flags: true,
        adding_replaces_flags: true,
        clearing_takes_back: false,
        pipes_say_broken: true,
        ..System::FREEBSD
    };

    pub(in super::super) const NETBSD: System = System {
        name: "netbsd",
        user_events: false,
        receipts: false,
        clearing_takes_back: false,
        ..System::FREEBSD
    };

    /// The one that the variable `MIO_KQUEUE_MODEL` names, else FreeBSD; where a pipe wakes, else
    /// NetBSD.
    pub(super) fn chosen() -> System {
        let usual =
            if cfg!(mio_unsupported_force_waker_pipe) { System::NETBSD } else { System::FREEBSD };
        let Some(name) = std::env::var_os("MIO_KQUEUE_MODEL") else { return usual };
        [System::FREEBSD, System::MACOS, System::NETBSD]
            .into_iter()
            .find(|system| name == *system.name)
            .unwrap_or_else(|| panic!("MIO_KQUEUE_MODEL: there is no model of {name:?}"))
    }

    /// The error that this change gets whatever it is about.
    pub(super) fn refusal(&self, change: &kevent) -> Option<c_int> {
        self.refused.filter(|(filter, _)| *filter == change.filter).map(|(_, error)| error)
    }

    pub(super) fn says_broken(&self, change: &kevent) -> bool {
        self.pipes_say_broken && change.filter == EVFILT_WRITE
    }
}
