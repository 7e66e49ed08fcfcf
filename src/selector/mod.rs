//! How we wait: the selectors, and the one table that says which of them a target uses.
//!
//! A selector is a type that implements [`contract::Selector`]. The `mod` lines below say where
//! each *can* be compiled, the table says which one is *used*.

// Its decisions are compiled and tested everywhere.
#[cfg(feature = "os-poll")]
#[cfg_attr(not(windows), allow(dead_code))]
mod afd;
pub(crate) mod contract;
// The selectors in use below that have a descriptor of their own, which they lend to `Poll` and
// `Registry`.
#[cfg(all(
    feature = "os-poll",
    any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple",
    ),
    not(mio_unsupported_force_poll_poll),
))]
mod descriptor;
#[cfg(not(feature = "os-poll"))]
mod disabled;
#[cfg(all(
    feature = "os-poll",
    any(target_os = "linux", target_os = "android", target_os = "illumos")
))]
mod epoll;
// On Linux for tests, over a model of kqueue or libkqueue.
#[cfg(all(
    feature = "os-poll",
    any(
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple",
        all(
            target_os = "linux",
            any(test, mio_unsupported_force_kqueue_model, mio_unsupported_force_libkqueue),
        ),
    ),
))]
mod kqueue;
// On a model of the system's facility where the tests of this crate run.
#[cfg(all(
    feature = "os-poll",
    any(target_os = "solaris", all(test, feature = "net", target_os = "linux")),
))]
mod event_ports;
#[cfg(all(feature = "os-poll", any(unix, target_os = "wasi")))]
mod optional_call;
// Compiled and tested where another is used too: what only rare targets compile is broken before
// long.
#[cfg(all(feature = "os-poll", any(unix, target_os = "wasi")))]
#[allow(dead_code)]
mod poll_oneoff;
#[cfg(all(feature = "os-poll", any(unix, target_os = "wasi")))]
#[allow(dead_code)]
mod posix_poll;
#[cfg(feature = "os-poll")]
#[allow(dead_code)]
mod readiness;
#[cfg(feature = "os-poll")]
#[allow(dead_code)]
mod rearm;
#[cfg(feature = "os-poll")]
#[cfg_attr(not(unix), allow(dead_code))]
mod timeout;
#[cfg(all(feature = "os-poll", any(unix, target_os = "wasi")))]
mod waker;
#[cfg(feature = "os-poll")]
#[allow(dead_code)]
mod wakes;

#[cfg(all(test, feature = "os-poll", feature = "net", any(unix, windows)))]
mod conformance;

use self::contract::Selector;

first_match! {
    not(feature = "os-poll") => {
        pub(crate) use self::disabled::Disabled as Selected;
    }
    all(unix, mio_unsupported_force_poll_poll) => {
        pub(crate) use self::posix_poll::PosixPoll as Selected;
    }
    any(
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple",
        mio_unsupported_force_kqueue_model,
        mio_unsupported_force_libkqueue,
    ) => {
        pub(crate) use self::kqueue::Kqueue as Selected;
    }
    any(target_os = "linux", target_os = "android", target_os = "illumos") => {
        pub(crate) use self::epoll::Epoll as Selected;
    }
    target_os = "solaris" => {
        pub(crate) type Selected = self::event_ports::EventPorts<self::event_ports::SystemPort>;
    }
    any(unix, target_os = "wasi") => {
        pub(crate) use self::posix_poll::PosixPoll as Selected;
    }
    windows => {
        pub(crate) use self::afd::Afd as Selected;
    }
    else {
        compile_error!("mio's `os-poll` has no selector for this target yet");
    }
}

/// The raw event of the selector in use.
pub(crate) type Event = <Selected as Selector>::Event;

/// What a source remembers of its registration with the selector in use.
pub(crate) type Registration = <Selected as Selector>::Registration;

/// The waker of the selector in use.
pub(crate) type Waker = <Selected as Selector>::Waker;
