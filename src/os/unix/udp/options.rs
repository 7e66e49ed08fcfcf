//! Options of UDP sockets, and what of them this system and its kernel have.

use std::io;
use std::net::UdpSocket;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::systems::{SYSTEM, Setting, Settings};
use crate::os::datagram::{Capabilities, Wish};
pub(crate) use crate::os::posix::option::{buffer_size, only_v6, set_buffer_size};
use crate::os::posix::option::{get, set};

/// What an option's call returned.
pub(crate) fn option<T>(result: io::Result<T>) -> io::Result<T> {
    result
}

/// Fulfils a wish, or takes it back.
pub(crate) fn set_wish(socket: &UdpSocket, wish: Wish, on: bool) -> io::Result<()> {
    let settings = settings(wish);
    let set = |setting: &Setting| {
        let value = if on { setting.on } else { setting.off };
        set(socket, setting.level, setting.name, value)
    };
    if !socket.local_addr()?.is_ipv6() {
        return all(settings.v4)?.iter().try_for_each(set);
    }
    all(settings.v6)?.iter().try_for_each(set)?;
    // For what comes and goes by IPv4 on a socket of IPv6. Not all systems, nor all sockets, have
    // that.
    for setting in settings.v4 {
        let _ = set(setting);
    }
    Ok(())
}

/// Whether a wish is fulfilled.
pub(crate) fn wish(socket: &UdpSocket, wish: Wish) -> io::Result<bool> {
    let settings = settings(wish);
    let of_family = if socket.local_addr()?.is_ipv6() { settings.v6 } else { settings.v4 };
    let Some(setting) = of_family.first() else { return Ok(false) };
    Ok(get(socket, setting.level, setting.name)? == setting.on)
}

fn settings(wish: Wish) -> &'static Settings {
    match wish {
        Wish::ReceiveDestination => &SYSTEM.receive_destination,
        Wish::ReceiveEcn => &SYSTEM.receive_ecn,
        Wish::ReceiveOffload => &SYSTEM.receive_offload,
        Wish::DontFragment => &SYSTEM.dont_fragment,
    }
}

fn all(settings: &[Setting]) -> io::Result<&[Setting]> {
    if settings.is_empty() {
        let error = "this system has no such option for sockets of this family";
        return Err(io::Error::new(io::ErrorKind::Unsupported, error));
    }
    Ok(settings)
}

/// How many segments a message of this socket may have. Asked once a process: that is the kernel's
/// matter.
pub(super) fn segments_of(socket: &UdpSocket) -> usize {
    /// Not asked yet.
    const UNKNOWN: usize = 0;
    static SEGMENTS: AtomicUsize = AtomicUsize::new(UNKNOWN);
    let known = SEGMENTS.load(Ordering::Relaxed);
    if known != UNKNOWN {
        return known;
    }
    let has = SYSTEM.segment.is_some_and(|option| get(socket, option.level, option.name).is_ok());
    let segments = if has { SYSTEM.send_segments } else { 1 };
    SEGMENTS.store(segments, Ordering::Relaxed);
    segments
}

/// What can be had of this socket.
pub(crate) fn capabilities(socket: &UdpSocket) -> io::Result<Capabilities> {
    let is_v6 = socket.local_addr()?.is_ipv6();
    let has = |settings: &Settings| {
        let of_family = if is_v6 { settings.v6 } else { settings.v4 };
        let answers = |option: &Setting| get(socket, option.level, option.name).is_ok();
        !of_family.is_empty() && of_family.iter().all(answers)
    };
    let sent = &SYSTEM.messages.sent;
    let (source, ecn) =
        if is_v6 { (sent.source_v6, sent.ecn_v6) } else { (sent.source_v4, sent.ecn_v4) };
    let receive_offload = has(&SYSTEM.receive_offload);
    Ok(Capabilities {
        one_call: SYSTEM.one_call,
        send_segments: segments_of(socket),
        receive_segments: if receive_offload { SYSTEM.send_segments } else { 1 },
        receive_destination: has(&SYSTEM.receive_destination),
        send_source: source.is_some(),
        receive_ecn: has(&SYSTEM.receive_ecn),
        send_ecn: ecn.is_some(),
        dont_fragment: has(&SYSTEM.dont_fragment),
    })
}
