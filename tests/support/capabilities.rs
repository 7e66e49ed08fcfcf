//! What the platform and the selector under test can do: one table. A test that needs more than it
//! finds says so on the standard error output, past the capture of the test runner.

use std::io::Write;
use std::net::TcpListener;

use super::{emulator, is_kqueue, is_poll2, is_wine, loopback_v6};

/// Something that not all platforms or selectors can do.
pub struct Capability {
    name: &'static str,
    is_here: fn() -> bool,
}

const IS_NOT_WASI: fn() -> bool = || !cfg!(target_os = "wasi");

/// A program can have more than one thread, and so something that wakes the one that polls.
pub const THREADS: Capability = Capability { name: "second thread", is_here: IS_NOT_WASI };

/// Descriptors that are always ready, such as those of files, cannot be registered.
pub const REFUSES_REGULAR_FILES: Capability =
    Capability { name: "refusal of regular files", is_here: || !is_poll2() && !is_kqueue() };

/// What is ready is reported once, also of a descriptor that is read from elsewhere.
pub const EXACT_EDGES_OF_USER_DESCRIPTORS: Capability =
    Capability { name: "exact edges of users' descriptors", is_here: || !is_poll2() };

/// A source stays registered when it is converted into a descriptor and back.
pub const REGISTRATION_BELONGS_TO_DESCRIPTOR: Capability = Capability {
    name: "registrations that belong to the descriptor",
    is_here: || !is_poll2() && !is_kqueue(),
};

/// A second registration of a descriptor by its number is refused, not taken for a change.
pub const REFUSES_A_NUMBER_TWICE: Capability =
    Capability { name: "refusal of a number twice", is_here: || !is_kqueue() };

/// What is ready in both directions is one event, not one for each.
pub const ONE_EVENT_FOR_BOTH_DIRECTIONS: Capability =
    Capability { name: "one event for both directions", is_here: || !is_kqueue() };

/// The end of one direction is told with an interest in the other, too.
pub const TELLS_ENDS_UNASKED: Capability =
    Capability { name: "end told without interest", is_here: || !is_kqueue() };

/// An error that ends nothing, such as of a datagram, is told as one.
pub const TELLS_PASSING_ERRORS: Capability = Capability {
    name: "passing error told",
    is_here: || !is_kqueue() && !cfg!(any(windows, target_os = "wasi")),
};

/// Who receives is told of a datagram that was refused. Wine's server keeps this to itself, where
/// only `SO_ERROR` finds it, the host of WASI asks the socket only when it is readable.
pub const TELLS_REFUSED_DATAGRAMS: Capability = Capability {
    name: "word of refused datagrams to who receives",
    is_here: || !is_wine() && !cfg!(target_os = "wasi"),
};

/// Data of high priority is told apart.
pub const PRIORITY: Capability = Capability {
    name: "event of high priority",
    is_here: || cfg!(any(target_os = "linux", target_os = "android")) && !is_kqueue(),
};

/// A source that is closed goes on having events while its open file lives on by a duplicate.
pub const EVENTS_OUTLIVE_THE_DESCRIPTOR: Capability =
    Capability { name: "registration of open files", is_here: || !is_poll2() && !is_kqueue() };

/// One source can be registered with several polls.
pub const SEVERAL_POLLS_FOR_ONE_SOURCE: Capability =
    Capability { name: "one source in several polls", is_here: || !is_poll2() };

/// There is an interface for `::1`, which containers often lack.
pub const IPV6_LOOPBACK: Capability =
    Capability { name: "IPv6 loopback", is_here: || TcpListener::bind(loopback_v6()).is_ok() };

/// Any option of a socket can be set. qemu knows those that it was taught.
pub const EVERY_OPTION: Capability = Capability {
    name: "every option of sockets, in an emulator",
    is_here: || emulator().is_empty(),
};

/// What is said of datagrams beside their bytes. qemu hands it on as it is, which another order of
/// bytes makes something else.
pub const CONTROL_MESSAGES: Capability = Capability {
    name: "control messages, in an emulator of another byte order",
    is_here: || emulator().is_empty() || cfg!(target_endian = "little"),
};

/// To receive without a buffer asks the socket. qemu answers that itself, with nothing.
pub const RECEIVES_WITHOUT_BUFFERS: Capability = Capability {
    name: "receiving without buffers, in an emulator",
    is_here: || emulator().is_empty(),
};

/// Ports below 1024 are reserved for the superuser, which some containers lift.
pub const RESERVED_PORTS: Capability = Capability {
    name: "reserved ports",
    is_here: || {
        let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
        first.is_ok_and(|first| first.trim() == "1024")
    },
};

/// An error waits in the socket until it is taken, and operations and events tell of it until then.
/// Windows and WASI keep that of a connect only, for good, and have the others returned by
/// operations.
pub const PENDING_ERRORS: Capability = Capability {
    name: "errors pending in the socket",
    is_here: || !cfg!(any(windows, target_os = "wasi")),
};

/// Shutting down a direction on this side is an event as well.
pub const OWN_SHUTDOWN_IS_AN_EVENT: Capability = Capability {
    name: "event for an own shutdown",
    is_here: || !cfg!(any(windows, target_os = "wasi")),
};

/// The peer's end is known though there is data before it. Wine finds it only once all is read: its
/// server learns of the end by peeking for a byte (`sock_dispatch_events` in `server/sock.c`).
pub const END_IS_KNOWN_BEFORE_DATA_IS_READ: Capability =
    Capability { name: "sight of the end behind data, in Wine", is_here: || !is_wine() };

/// Receiving into a buffer that is too small cuts the datagram, and is no error.
pub const DATAGRAMS_ARE_CUT: Capability =
    Capability { name: "cutting of datagrams without an error", is_here: || !cfg!(windows) };

/// There is a peer once a connection is made, and not before. In Wine a connect that is about to
/// fail has one for a moment: `getpeername` says so, then `select` that it has failed.
pub const PEER_MEANS_CONNECTED: Capability =
    Capability { name: "lack of a peer while a connect fails, in Wine", is_here: || !is_wine() };

/// A datagram cannot be sent from an address that the machine does not have. Wine sends it from one
/// that it has.
pub const CHECKS_SOURCES: Capability =
    Capability { name: "check of a datagram's source, in Wine", is_here: || !is_wine() };

/// Joining a group twice and leaving one not joined are errors of their own kinds.
pub const KINDS_OF_GROUP_ERRORS: Capability =
    Capability { name: "kinds of errors about groups", is_here: || !cfg!(windows) };

/// There are Unix sockets. Windows has them since 10.0.17063, Wine 10 does not (`AF_UNIX` is
/// `WSAEAFNOSUPPORT`).
pub const UNIX_SOCKETS: Capability = Capability {
    name: "address family of Unix sockets",
    is_here: || cfg!(unix) || cfg!(windows) && !is_wine(),
};

/// Data can be looked at and left where it is. WASI has no such operation.
pub const PEEKING: Capability = Capability { name: "peeking", is_here: IS_NOT_WASI };

/// One datagram can go to many receivers. WASI has neither broadcast nor multicast.
pub const MANY_RECEIVERS: Capability =
    Capability { name: "broadcast and multicast", is_here: IS_NOT_WASI };

/// Closed and error answers. `poll` of WASI's C library reports readable and writable alone, also
/// of what has failed or ended.
pub const ENDS_ARE_TOLD: Capability =
    Capability { name: "event that tells an end or an error", is_here: IS_NOT_WASI };

/// A connect is under way when it returns, even to a port of this machine that refuses.
pub const REFUSALS_COME_LATER: Capability =
    Capability { name: "refusal after connect has returned", is_here: IS_NOT_WASI };

/// A read that returns less than it could hold has emptied the socket. The host of WASI goes on
/// calling it readable until a read would block.
pub const SHORT_READS_ARE_UNDERSTOOD: Capability =
    Capability { name: "silence after a short read", is_here: IS_NOT_WASI };

/// What was written is sent though the stream is closed at once. The host of WASI takes more than
/// the socket has room for, and drops the rest with the stream.
pub const WRITTEN_BYTES_OUTLIVE_THE_STREAM: Capability =
    Capability { name: "sending after a close", is_here: IS_NOT_WASI };

/// A vectored transfer goes on after the first buffer. The standard library has none for WASI, and
/// moves the first buffer that is not empty.
pub const TRANSFERS_OF_SEVERAL_BUFFERS: Capability =
    Capability { name: "transfer of several buffers", is_here: IS_NOT_WASI };

impl Capability {
    /// Whether the platform can do this, for tests whose expectation depends on it.
    pub fn is_here(&self) -> bool {
        (self.is_here)()
    }

    /// Whether a test that needs this has to be skipped; if so, prints that.
    pub fn is_missing(&self) -> bool {
        let is_missing = !self.is_here();
        if is_missing {
            let thread = std::thread::current();
            let test = thread.name().unwrap_or("a test");
            // In one piece: other threads write too.
            let line = format!("skipped: {test}: there is no {}\n", self.name);
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
        is_missing
    }
}
