//! Unix: sockets, pipes and what wakes a waiting thread.
//!
//! Everything opened here is non-blocking and close-on-exec from its first moment where the system
//! can do that, and two calls later everywhere else. Systems are listed only where they have the
//! faster way; one that nobody listed gets the plain one.

// Compiled and tested on systems that use the other too.
#[allow(dead_code)]
mod flags_two_step;
#[cfg(feature = "os-ext")]
pub(crate) mod pipe;
#[cfg(feature = "net")]
pub(crate) mod tcp;
#[cfg(feature = "net")]
pub(crate) mod uds;
#[cfg(feature = "os-poll")]
pub(crate) mod wake;

cfg_if! {
    if #[cfg(any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "illumos",
        target_os = "linux",
        target_os = "netbsd",
        target_os = "openbsd",
    ))] {
        #[allow(dead_code)]
        mod flags_atomic;
        use self::flags_atomic as flags;
        #[cfg(feature = "net")]
        pub(crate) use self::flags_atomic::{receive, send};
    } else {
        use self::flags_two_step as flags;
        #[cfg(feature = "net")]
        pub(crate) use super::std_stream::{receive, send};
    }
}

#[cfg(feature = "net")]
cfg_if! {
    if #[cfg(target_vendor = "nintendo")] {
        /// The bindings of this system have no `sendmsg(2)` and no `recvmsg(2)`.
        pub(crate) mod udp {
            pub(crate) use crate::os::posix::option::{
                buffer_size, known as option, only_v6, set_buffer_size,
            };
            pub(crate) use crate::os::std_datagrams::*;
        }
    } else {
        pub(crate) mod udp;
    }
}
