//! What each system has for datagrams: calls for many of them, messages that go with them, options.
//! The one table; a system that nobody listed sends and receives one by one and says nothing more.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;

use libc::c_int;

use crate::os::datagram::control::{Data, Layout, Messages, Sent};
use crate::os::posix::call;

/// One option of a socket, and its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    pub(super) level: c_int,
    pub(super) name: c_int,
    pub(super) on: c_int,
    pub(super) off: c_int,
}

/// The options that a wish takes, by the family of the socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) v4: &'static [Setting],
    pub(super) v6: &'static [Setting],
}

impl Settings {
    #[allow(dead_code)]
    pub(super) const NONE: Settings = Settings { v4: &[], v6: &[] };
}

/// What a system has.
#[derive(Clone, Copy, Debug)]
pub(super) struct System {
    /// Whether its calls for many datagrams are calls of the kernel.
    pub(super) one_call: bool,
    pub(super) messages: Messages,
    pub(super) receive_destination: Settings,
    pub(super) receive_ecn: Settings,
    pub(super) dont_fragment: Settings,
    pub(super) receive_offload: Settings,
    /// How many segments a message may have, where the kernel knows this option.
    pub(super) send_segments: usize,
    pub(super) segment: Option<Setting>,
}

/// Of a system that nobody listed, and what others have more of.
#[allow(dead_code)]
const NOTHING: System = System {
    one_call: false,
    messages: Messages {
        // Of no matter: there are no messages.
        layout: Layout { header: 16, length: 8, align: 8 },
        sent: Sent::NOTHING,
        skips_other_family: false,
        received: &[],
    },
    receive_destination: Settings::NONE,
    receive_ecn: Settings::NONE,
    dont_fragment: Settings::NONE,
    receive_offload: Settings::NONE,
    send_segments: 1,
    segment: None,
};

/// An option of IPv4 that is on or off.
#[allow(dead_code)]
const fn v4(name: c_int) -> Setting {
    Setting { level: libc::IPPROTO_IP, name, on: 1, off: 0 }
}

/// An option of IPv6 that is on or off.
#[allow(dead_code)]
const fn v6(name: c_int) -> Setting {
    Setting { level: libc::IPPROTO_IPV6, name, on: 1, off: 0 }
}

/// How this system lays out control messages.
#[allow(unused_macros)]
macro_rules! layout {
    () => {{
        // SAFETY: these compute with numbers.
        #[allow(unsafe_code)]
        let (header, with_byte) = unsafe { (libc::CMSG_LEN(0), libc::CMSG_SPACE(1)) };
        Layout {
            header: header as usize,
            length: std::mem::offset_of!(libc::cmsghdr, cmsg_level),
            align: (with_byte - header) as usize,
        }
    }};
}

/// What the BSDs have in common.
#[allow(unused_macros)]
macro_rules! bsd {
    () => {
        System {
            messages: Messages {
                layout: layout!(),
                sent: Sent {
                    source_v4: Some(((libc::IPPROTO_IP, libc::IP_SENDSRCADDR), Data::Address)),
                    source_v6: Some(((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6)),
                    ecn_v6: Some(((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class)),
                    ..Sent::NOTHING
                },
                skips_other_family: false,
                received: &[
                    ((libc::IPPROTO_IP, libc::IP_RECVDSTADDR), Data::Address),
                    ((libc::IPPROTO_IP, libc::IP_RECVIF), Data::Link),
                    ((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6),
                    ((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class),
                ],
            },
            receive_destination: Settings {
                v4: &[v4(libc::IP_RECVDSTADDR), v4(libc::IP_RECVIF)],
                v6: &[v6(libc::IPV6_RECVPKTINFO)],
            },
            receive_ecn: Settings { v4: &[], v6: &[v6(libc::IPV6_RECVTCLASS)] },
            dont_fragment: Settings { v4: &[], v6: &[v6(libc::IPV6_DONTFRAG)] },
            ..NOTHING
        }
    };
}

/// The system's calls for many messages.
///
/// # Safety
///
/// Of both: what the headers point to is valid for the call, buffers for the lengths given, and
/// nothing else uses what is written.
#[allow(unused_macros)]
macro_rules! many {
    () => {
        pub(super) use libc::mmsghdr as Header;

        #[allow(unsafe_code)]
        pub(super) unsafe fn send(
            socket: BorrowedFd<'_>,
            headers: &mut [Header],
        ) -> Option<io::Result<usize>> {
            let (socket, first) = (socket.as_raw_fd(), headers.as_mut_ptr());
            let count = headers.len() as _;
            // SAFETY: the caller's promise.
            let sent = unsafe { libc::sendmmsg(socket, first, count, 0) };
            Some(call::check(sent as c_int).map(|sent| sent as usize))
        }

        #[allow(unsafe_code)]
        pub(super) unsafe fn receive(
            socket: BorrowedFd<'_>,
            headers: &mut [Header],
        ) -> Option<io::Result<usize>> {
            let (socket, first) = (socket.as_raw_fd(), headers.as_mut_ptr());
            let count = headers.len() as _;
            // So that a socket that blocks does so for the first one only.
            let flags = libc::MSG_WAITFORONE as _;
            // SAFETY: the caller's promise; a null timeout is none.
            let received = unsafe { libc::recvmmsg(socket, first, count, flags, ptr::null_mut()) };
            Some(call::check(received as c_int).map(|received| received as usize))
        }
    };
}

/// The same where there are no such calls.
#[allow(unused_macros)]
macro_rules! one_by_one {
    () => {
        pub(super) use super::one_by_one::Header;

        #[allow(unsafe_code)]
        pub(super) unsafe fn send(
            _: BorrowedFd<'_>,
            _: &mut [Header],
        ) -> Option<io::Result<usize>> {
            None
        }

        #[allow(unsafe_code)]
        pub(super) unsafe fn receive(
            _: BorrowedFd<'_>,
            _: &mut [Header],
        ) -> Option<io::Result<usize>> {
            None
        }
    };
}

cfg_if! {
    // What a call is told that is not to wait. AIX has a name of its own.
    if #[cfg(target_vendor = "ibm")] {
        pub(super) use libc::MSG_NONBLOCK as DO_NOT_WAIT;
    } else {
        pub(super) use libc::MSG_DONTWAIT as DO_NOT_WAIT;
    }
}

cfg_if! {
    if #[cfg(any(target_os = "illumos", target_os = "solaris"))] {
        one_by_one! {}

        pub(super) const SYSTEM: System = System {
            messages: Messages {
                layout: layout!(),
                sent: Sent {
                    source_v4: Some(((libc::IPPROTO_IP, libc::IP_PKTINFO), Data::PacketInfo)),
                    source_v6: Some(((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6)),
                    ecn_v6: Some(((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class)),
                    ..Sent::NOTHING
                },
                skips_other_family: false,
                received: &[
                    ((libc::IPPROTO_IP, libc::IP_PKTINFO), Data::PacketInfo),
                    ((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6),
                    ((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class),
                ],
            },
            receive_destination: Settings {
                v4: &[v4(libc::IP_PKTINFO)],
                v6: &[v6(libc::IPV6_RECVPKTINFO)],
            },
            receive_ecn: Settings { v4: &[], v6: &[v6(libc::IPV6_RECVTCLASS)] },
            dont_fragment: Settings {
                v4: &[v4(libc::IP_DONTFRAG)],
                v6: &[v6(libc::IPV6_DONTFRAG)],
            },
            ..NOTHING
        };
    } else if #[cfg(linux_like)] {
        // All but illumos, which is above.
        many! {}

        const fn udp(name: c_int) -> Setting {
            Setting { level: libc::SOL_UDP, name, on: 1, off: 0 }
        }

        /// Forbids fragments, and lets the user find out what fits: the kernel's own idea of it
        /// does not count.
        const fn discovery(level: c_int, name: c_int) -> Setting {
            Setting { level, name, on: libc::IP_PMTUDISC_PROBE, off: libc::IP_PMTUDISC_WANT }
        }

        pub(super) const SYSTEM: System = System {
            one_call: true,
            messages: Messages {
                layout: layout!(),
                sent: Sent {
                    source_v4: Some(((libc::IPPROTO_IP, libc::IP_PKTINFO), Data::PacketInfo)),
                    source_v6: Some(((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6)),
                    ecn_v4: Some(((libc::IPPROTO_IP, libc::IP_TOS), Data::Class)),
                    ecn_v6: Some(((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class)),
                    segment: Some(((libc::SOL_UDP, libc::UDP_SEGMENT), Data::Segment)),
                },
                skips_other_family: true,
                received: &[
                    ((libc::IPPROTO_IP, libc::IP_PKTINFO), Data::PacketInfo),
                    ((libc::IPPROTO_IP, libc::IP_TOS), Data::ClassByte),
                    ((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6),
                    ((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class),
                    ((libc::SOL_UDP, libc::UDP_GRO), Data::WideSegment),
                ],
            },
            receive_destination: Settings {
                v4: &[v4(libc::IP_PKTINFO)],
                v6: &[v6(libc::IPV6_RECVPKTINFO)],
            },
            receive_ecn: Settings {
                v4: &[v4(libc::IP_RECVTOS)],
                v6: &[v6(libc::IPV6_RECVTCLASS)],
            },
            dont_fragment: Settings {
                v4: &[discovery(libc::IPPROTO_IP, libc::IP_MTU_DISCOVER)],
                v6: &[discovery(libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER)],
            },
            receive_offload: Settings {
                v4: &[udp(libc::UDP_GRO)],
                v6: &[udp(libc::UDP_GRO)],
            },
            // Newer kernels take twice as many, and do not tell.
            send_segments: 64,
            segment: Some(udp(libc::UDP_SEGMENT)),
        };
    } else if #[cfg(target_os = "freebsd")] {
        many! {}

        pub(super) const SYSTEM: System = System {
            one_call: false,
            messages: Messages {
                layout: layout!(),
                sent: Sent {
                    ecn_v4: Some(((libc::IPPROTO_IP, libc::IP_TOS), Data::ClassByte)),
                    ..bsd!().messages.sent
                },
                received: &[
                    ((libc::IPPROTO_IP, libc::IP_RECVDSTADDR), Data::Address),
                    ((libc::IPPROTO_IP, libc::IP_RECVIF), Data::Link),
                    ((libc::IPPROTO_IP, libc::IP_RECVTOS), Data::ClassByte),
                    ((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6),
                    ((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class),
                ],
                ..bsd!().messages
            },
            receive_ecn: Settings {
                v4: &[v4(libc::IP_RECVTOS)],
                v6: &[v6(libc::IPV6_RECVTCLASS)],
            },
            dont_fragment: Settings {
                v4: &[v4(libc::IP_DONTFRAG)],
                v6: &[v6(libc::IPV6_DONTFRAG)],
            },
            ..bsd!()
        };
    } else if #[cfg(target_os = "netbsd")] {
        many! {}

        pub(super) const SYSTEM: System = System { one_call: true, ..bsd!() };
    } else if #[cfg(target_os = "openbsd")] {
        many! {}

        pub(super) const SYSTEM: System = System { one_call: true, ..bsd!() };
    } else if #[cfg(target_os = "dragonfly")] {
        one_by_one! {}

        pub(super) const SYSTEM: System = bsd!();
    } else if #[cfg(target_vendor = "apple")] {
        one_by_one! {}

        pub(super) const SYSTEM: System = System {
            messages: Messages {
                layout: layout!(),
                sent: Sent {
                    source_v4: Some(((libc::IPPROTO_IP, libc::IP_PKTINFO), Data::PacketInfo)),
                    source_v6: Some(((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6)),
                    ecn_v4: Some(((libc::IPPROTO_IP, libc::IP_TOS), Data::Class)),
                    ecn_v6: Some(((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class)),
                    segment: None,
                },
                skips_other_family: false,
                received: &[
                    ((libc::IPPROTO_IP, libc::IP_PKTINFO), Data::PacketInfo),
                    ((libc::IPPROTO_IP, libc::IP_RECVTOS), Data::ClassByte),
                    ((libc::IPPROTO_IPV6, libc::IPV6_PKTINFO), Data::PacketInfo6),
                    ((libc::IPPROTO_IPV6, libc::IPV6_TCLASS), Data::Class),
                ],
            },
            receive_destination: Settings {
                v4: &[v4(libc::IP_PKTINFO)],
                v6: &[v6(libc::IPV6_RECVPKTINFO)],
            },
            receive_ecn: Settings {
                v4: &[v4(libc::IP_RECVTOS)],
                v6: &[v6(libc::IPV6_RECVTCLASS)],
            },
            dont_fragment: Settings {
                v4: &[v4(libc::IP_DONTFRAG)],
                v6: &[v6(libc::IPV6_DONTFRAG)],
            },
            ..NOTHING
        };
    } else {
        one_by_one! {}

        pub(super) const SYSTEM: System = NOTHING;
    }
}
