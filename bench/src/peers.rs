//! Who is measured: each peer, how its program is made, and what loads it has.

use crate::load::Framing;

/// How a program is built and started.
#[derive(Clone, Copy, Debug)]
pub enum Recipe {
    /// A binary of a cargo workspace in `bench/peers`, compiled with these flags.
    Rust { workspace: &'static str, binary: &'static str, flags: &'static str },
    /// A C file in `bench/peers/c`, and what it is linked with.
    C { file: &'static str, libraries: &'static str },
    /// A class in `bench/peers/java`.
    Java { class: &'static str, jars: &'static str },
    /// A script in `bench/peers/node`.
    Node { script: &'static str },
}

#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub name: &'static str,
    pub about: &'static str,
    pub recipe: Recipe,
    pub loads: &'static [&'static str],
    pub framing: Framing,
    /// Whether valgrind can count its instructions: not what compiles itself while it runs.
    pub counts_instructions: bool,
    /// The Debian packages that it wants.
    pub packages: &'static [&'static str],
}

impl Peer {
    pub fn has(&self, load: &str) -> bool {
        self.loads.contains(&load)
    }

    /// Whether its program compiles itself while it runs, and has to be warm to be judged.
    pub fn warms_up(&self) -> bool {
        matches!(self.recipe, Recipe::Java { .. } | Recipe::Node { .. })
    }
}

const fn rust(
    name: &'static str,
    binary: &'static str,
    about: &'static str,
    loads: &'static [&'static str],
) -> Peer {
    Peer {
        name,
        about,
        recipe: Recipe::Rust { workspace: "published", binary, flags: "" },
        loads,
        framing: Framing::Plain,
        counts_instructions: true,
        packages: &[],
    }
}

const fn on_ours(peer: Peer, binary: &'static str, flags: &'static str) -> Peer {
    Peer { recipe: Recipe::Rust { workspace: "ours", binary, flags }, ..peer }
}

const fn c(
    name: &'static str,
    file: &'static str,
    libraries: &'static str,
    about: &'static str,
    loads: &'static [&'static str],
    packages: &'static [&'static str],
) -> Peer {
    Peer { recipe: Recipe::C { file, libraries }, packages, ..rust(name, "", about, loads) }
}

/// What all that wait for readiness have.
const LOOP_LOADS: &[&str] = &[
    "echo",
    "broadcast",
    "datagrams",
    "wake-pending",
    "wake-channel",
    "wake-round-trip",
    "timeouts",
    "idle",
];

const PUBLISHED_LOADS: &[&str] = &[
    "echo",
    "broadcast",
    "datagrams",
    "bursts-one-by-one",
    "wake-pending",
    "wake-channel",
    "wake-round-trip",
    "timeouts",
    "idle",
];

const OUR_LOADS: &[&str] = &[
    "echo",
    "broadcast",
    "datagrams",
    "bursts-one-by-one",
    "bursts-many",
    "bursts-offload",
    "wake-pending",
    "wake-channel",
    "wake-round-trip",
    "timeouts",
    "idle",
];

const RAW_LOADS: &[&str] = &[
    "echo",
    "broadcast",
    "datagrams",
    "bursts-one-by-one",
    "bursts-many",
    "bursts-offload",
    "wake-round-trip",
    "timeouts",
    "idle",
];

/// What C libraries with a loop have.
const C_LOADS: &[&str] =
    &["echo", "broadcast", "datagrams", "wake-pending", "wake-round-trip", "timeouts"];

/// What servers do with sockets, and their timers; nothing between threads.
const SERVER_LOADS: &[&str] = &["echo", "broadcast", "datagrams", "timeouts"];

const NETTY_LOADS: &[&str] = &["echo", "broadcast", "datagrams", "spawn", "timeouts"];

const TOKIO_LOADS: &[&str] =
    &["echo", "broadcast", "datagrams", "spawn", "wake-channel", "timeouts"];

/// This work tree's crate.
pub const OURS: &str = "mio";
pub const PUBLISHED: &str = "mio-published";
pub const RAW: &str = "raw-epoll";
/// No wake at all, but what every wake contains.
pub const LOCKED: &str = "locked-instruction";

pub const PEERS: &[Peer] = &[
    on_ours(rust(OURS, "mio", "this work tree", OUR_LOADS), "mio", ""),
    rust(PUBLISHED, "mio", "mio 1.2.5 of crates.io, the same program", PUBLISHED_LOADS),
    rust(RAW, "raw_epoll", "epoll(7) by hand, through libc", RAW_LOADS),
    rust("polling", "polling", "the crate polling, edge-triggered", LOOP_LOADS),
    rust("tokio", "tokio", "Tokio of crates.io, one thread", TOKIO_LOADS),
    rust(
        "actix",
        "actix",
        "actix-server, on Tokio of crates.io, one worker",
        &["echo", "broadcast"],
    ),
    Peer {
        // valgrind does not get it to end.
        counts_instructions: false,
        ..rust("compio", "compio", "compio, on io_uring", SERVER_LOADS)
    },
    on_ours(
        rust("tokio-on-ours", "tokio", "the same Tokio on this work tree", TOKIO_LOADS),
        "tokio",
        "",
    ),
    c("libuv", "libuv.c", "-luv", "libuv, C", C_LOADS, &["libuv1-dev"]),
    c(
        "libevent",
        "libevent.c",
        "-levent -levent_pthreads",
        "libevent, C",
        C_LOADS,
        &["libevent-dev"],
    ),
    c("libev", "libev.c", "-lev", "libev, C", C_LOADS, &["libev-dev"]),
    Peer {
        framing: Framing::Zmtp,
        ..c("zeromq", "zeromq.c", "-lzmq", "ZeroMQ, a ROUTER, C", &["echo"], &["libzmq3-dev"])
    },
    Peer {
        recipe: Recipe::Java { class: "NettyServer", jars: NETTY },
        counts_instructions: false,
        packages: &["libnetty-java", "default-jdk-headless"],
        ..rust("netty", "", "Netty with its transport of java.nio", NETTY_LOADS)
    },
    Peer {
        recipe: Recipe::Node { script: "server.js" },
        counts_instructions: false,
        packages: &["nodejs"],
        ..rust("node", "", "Node.js", SERVER_LOADS)
    },
    on_ours(
        rust("mio-poll", "mio", "this work tree with the selector of poll(2)", &["idle-poll"]),
        "mio",
        "--cfg mio_unsupported_force_poll_poll",
    ),
    rust(
        LOCKED,
        "locked_instruction",
        "one locked instruction in place of a wake: the least that a correct one can cost",
        &["wake-pending"],
    ),
    rust(
        "quinn-udp",
        "quinn_udp",
        "quinn-udp, the sockets of a QUIC implementation",
        &["bursts-offload"],
    ),
    rust("raw-poll", "raw_poll", "poll(2) by hand, through libc", &["idle-poll"]),
];

/// Those that serve streams, in the order of the report.
pub fn with_load(load: &str) -> impl Iterator<Item = &'static Peer> {
    PEERS.iter().filter(move |peer| peer.has(load))
}

/// Where Debian has the parts of it that a server needs.
const NETTY: &str = "/usr/share/java/netty-buffer.jar:/usr/share/java/netty-common.jar:\
                     /usr/share/java/netty-resolver.jar:/usr/share/java/netty-transport.jar";
