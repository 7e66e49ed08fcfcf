//! How we wait: the selectors, and the one table that says which of them a target uses.
//!
//! A selector is a type that implements [`contract::Selector`]. One that a system brings is
//! compiled where the table has it, the others where they are used, and in tests.

pub(crate) mod contract;
#[cfg(feature = "os-poll")]
#[allow(dead_code)]
mod deadline;
#[cfg(not(feature = "os-poll"))]
mod disabled;
#[cfg(all(feature = "os-poll", not(windows)))]
mod optional_call;
#[cfg(feature = "os-poll")]
#[allow(dead_code)]
mod timeout;
#[cfg(all(feature = "os-poll", not(windows)))]
mod waker;
#[cfg(feature = "os-poll")]
#[allow(dead_code)]
mod wakes;

#[cfg(all(test, feature = "os-poll", feature = "net", any(unix, windows, target_env = "p2")))]
// WASI is without some of the cases.
#[cfg_attr(target_family = "wasm", allow(dead_code))]
mod conformance;

use self::contract::Selector;

// What makes edges of levels, and the selectors that need it: where they are used, and in all
// tests, as what only rare targets compile is broken before long. No further, as each would be part
// of what every user builds.
#[cfg(feature = "os-poll")]
cfg_if! {
    if #[cfg(any(test, mio_unsupported_force_poll_poll))] {
        // Its decisions are tested everywhere.
        #[cfg_attr(not(windows), allow(dead_code))]
        pub(crate) mod afd;
        #[cfg(not(windows))]
        #[allow(dead_code)]
        mod poll_oneoff;
        #[cfg(not(windows))]
        #[allow(dead_code)]
        mod posix_poll;
        #[allow(dead_code)]
        mod readiness;
        #[allow(dead_code)]
        mod rearm;
    } else if #[cfg(kqueue_like)] {
    } else if #[cfg(linux_like)] {
    } else if #[cfg(windows)] {
        pub(crate) mod afd;
        #[allow(dead_code)]
        mod readiness;
        #[allow(dead_code)]
        mod rearm;
    } else {
        #[allow(dead_code)]
        mod poll_oneoff;
        #[allow(dead_code)]
        mod posix_poll;
        #[allow(dead_code)]
        mod readiness;
        #[allow(dead_code)]
        mod rearm;
    }
}

// What the system has.
#[cfg(feature = "os-poll")]
cfg_if! {
    if #[cfg(kqueue_like)] {
        #[cfg(not(mio_unsupported_force_poll_poll))]
        mod descriptor;
        mod kqueue;
        pub(crate) use self::kqueue::Kqueue as Native;
    } else if #[cfg(linux_like)] {
        #[cfg(not(mio_unsupported_force_poll_poll))]
        mod descriptor;
        mod epoll;
        pub(crate) use self::epoll::Epoll as Native;
        // Over a model of kqueue, or libkqueue.
        #[cfg(all(
            target_os = "linux",
            any(test, mio_unsupported_force_kqueue_model, mio_unsupported_force_libkqueue),
        ))]
        mod kqueue;
        // On a model of the system's facility.
        #[cfg(all(test, feature = "net", target_os = "linux"))]
        mod event_ports;
    } else if #[cfg(target_os = "solaris")] {
        mod event_ports;
        pub(crate) type Native = self::event_ports::EventPorts<self::event_ports::SystemPort>;
    } else if #[cfg(windows)] {
        pub(crate) use self::afd::Afd as Native;
    } else {
        // Every other system that is known here.
        pub(crate) use self::posix_poll::PosixPoll as Native;
    }
}

// What is used: that, but for builds that force another.
cfg_if! {
    if #[cfg(not(feature = "os-poll"))] {
        pub(crate) use self::disabled::Disabled as Selected;
    } else if #[cfg(all(unix, mio_unsupported_force_poll_poll))] {
        pub(crate) use self::posix_poll::PosixPoll as Selected;
    } else if #[cfg(any(mio_unsupported_force_kqueue_model, mio_unsupported_force_libkqueue))] {
        pub(crate) use self::kqueue::Kqueue as Selected;
    } else {
        pub(crate) use self::Native as Selected;
    }
}

/// The raw event of the selector in use.
pub(crate) type Event = <Selected as Selector>::Event;

/// What a source remembers of its registration with the selector in use.
pub(crate) type Registration = <Selected as Selector>::Registration;

/// The waker of the selector in use.
pub(crate) type Waker = <Selected as Selector>::Waker;
