//! Linux, Android and illumos: `epoll(7)`, edge-triggered unless asked otherwise.
//!
//! The kernel keeps the registrations and all triggers, and its events are handed out as they are:
//! this file keeps no list and holds no lock. Closing a descriptor takes it out, unless it has
//! duplicates. What is particular about exclusive registrations is in `exclusive.rs`.
//!
//! Waits use `epoll_pwait2(2)` (Linux 5.11) when the timeout is finer than a millisecond.

mod exclusive;

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use libc::c_int;

use super::contract::{NativeEdges, RawEvent, Selector};
use super::timeout;
use super::waker::DescriptorWaker;
use super::wakes::Wakes;
use crate::os::posix::call;
use crate::os::{RawSource, WakeFd};
use crate::{Interest, Token};

/// An epoll instance.
#[derive(Debug)]
pub(crate) struct Epoll {
    ep: OwnedFd,
    wakes: Arc<Wakes>,
}

impl Selector for Epoll {
    type Event = EpollEvent;
    type Registration = NativeEdges;
    type Waker = DescriptorWaker<NativeEdges>;

    fn new() -> io::Result<Arc<Epoll>> {
        Ok(Arc::new(Epoll { ep: create()?, wakes: Arc::default() }))
    }

    fn select(&self, events: &mut Vec<EpollEvent>, timeout: Option<Duration>) -> io::Result<()> {
        wait(self.ep.as_fd(), events, timeout)?;
        self.wakes.cover();
        Ok(())
    }

    fn register(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        _: Option<&mut NativeEdges>,
    ) -> io::Result<()> {
        exclusive::check(self.ep.as_fd(), interest)?;
        control(self.ep.as_fd(), libc::EPOLL_CTL_ADD, source, &mut to_raw(token, interest))
    }

    fn reregister(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        _: Option<&mut NativeEdges>,
    ) -> io::Result<()> {
        let ep = self.ep.as_fd();
        let mut event = to_raw(token, interest);
        if interest.is_exclusive() {
            exclusive::check(ep, interest)?;
            return exclusive::replace(ep, source, &mut event);
        }
        match control(ep, libc::EPOLL_CTL_MOD, source, &mut event) {
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                // What was registered exclusively cannot be modified.
                exclusive::replace(ep, source, &mut event)
            }
            result => result,
        }
    }

    fn deregister(
        self: &Arc<Self>,
        source: RawSource,
        _: Option<&mut NativeEdges>,
    ) -> io::Result<()> {
        delete(self.ep.as_fd(), source)
    }

    fn waker(self: &Arc<Self>, token: Token) -> io::Result<Self::Waker> {
        let fd = Arc::new(WakeFd::new()?);
        self.register(fd.as_raw_fd(), token, Interest::READABLE, None)?;
        Ok(DescriptorWaker::new(NativeEdges, self.wakes.join(), fd))
    }
}

impl AsFd for Epoll {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ep.as_fd()
    }
}

/// What the kernel reports of one source, and what it is asked to report.
#[repr(transparent)]
#[derive(Clone)]
pub(crate) struct EpollEvent(libc::epoll_event);

impl EpollEvent {
    fn bits(&self) -> c_int {
        self.0.events as c_int
    }

    fn has(&self, bit: c_int) -> bool {
        self.bits() & bit != 0
    }
}

impl RawEvent for EpollEvent {
    fn token(&self) -> Token {
        // A token goes in as a `usize`, so that it fits again.
        Token(self.0.u64 as usize)
    }

    fn is_readable(&self) -> bool {
        self.has(libc::EPOLLIN | libc::EPOLLPRI)
    }

    fn is_writable(&self) -> bool {
        self.has(libc::EPOLLOUT)
    }

    fn is_error(&self) -> bool {
        self.has(libc::EPOLLERR)
    }

    fn is_read_closed(&self) -> bool {
        // RDHUP alone is not enough: the peer that closed may have left data to read.
        self.has(libc::EPOLLHUP) || self.has(libc::EPOLLIN) && self.has(libc::EPOLLRDHUP)
    }

    fn is_write_closed(&self) -> bool {
        // ERR alone is how a pipe tells its writer that the reader is gone.
        self.has(libc::EPOLLHUP)
            || self.has(libc::EPOLLOUT) && self.has(libc::EPOLLERR)
            || self.bits() == libc::EPOLLERR
    }

    fn is_priority(&self) -> bool {
        self.has(libc::EPOLLPRI)
    }
}

impl fmt::Debug for EpollEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(c_int, &str); 6] = [
            (libc::EPOLLIN, "EPOLLIN"),
            (libc::EPOLLPRI, "EPOLLPRI"),
            (libc::EPOLLOUT, "EPOLLOUT"),
            (libc::EPOLLRDHUP, "EPOLLRDHUP"),
            (libc::EPOLLERR, "EPOLLERR"),
            (libc::EPOLLHUP, "EPOLLHUP"),
        ];
        formatter.write_str("epoll")?;
        let set = NAMES.iter().filter(|(bit, _)| self.has(*bit)).map(|(_, name)| name);
        formatter.debug_list().entries(set).finish()
    }
}

fn to_raw(token: Token, interest: Interest) -> libc::epoll_event {
    let mut bits = if interest.is_level() { 0 } else { libc::EPOLLET };
    if interest.is_oneshot() {
        bits |= libc::EPOLLONESHOT;
    }
    if interest.is_exclusive() {
        bits |= libc::EPOLLEXCLUSIVE;
    }
    if interest.is_readable() {
        bits |= libc::EPOLLIN;
        // Not among what the kernel allows to be exclusive.
        if !interest.is_exclusive() {
            bits |= libc::EPOLLRDHUP;
        }
    }
    if interest.is_writable() {
        bits |= libc::EPOLLOUT;
    }
    if interest.is_priority() {
        bits |= libc::EPOLLPRI;
    }
    libc::epoll_event { events: bits as u32, u64: token.0 as u64 }
}

#[inline]
fn wait(
    ep: BorrowedFd<'_>,
    events: &mut Vec<EpollEvent>,
    timeout: Option<Duration>,
) -> io::Result<()> {
    events.clear();
    match timeout::exact_milliseconds(timeout) {
        Some(milliseconds) => wait_milliseconds(ep, events, milliseconds),
        None => wait_finely(ep, events, timeout),
    }
}

/// Waits for what whole milliseconds cannot express. Not inlined, as it would have each wait save
/// the registers that this one needs.
#[inline(never)]
fn wait_finely(
    ep: BorrowedFd<'_>,
    events: &mut Vec<EpollEvent>,
    timeout: Option<Duration>,
) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    if let Some(result) = precise::wait(ep, events, timeout) {
        return result;
    }
    let mut left = timeout;
    loop {
        let milliseconds = timeout::milliseconds(left);
        wait_milliseconds(ep, events, milliseconds)?;
        // Without events that time is over: all that was left, or as much of it as fits.
        left = timeout::after(left, milliseconds);
        if !events.is_empty() || left == Some(Duration::ZERO) {
            return Ok(());
        }
    }
}

#[allow(unsafe_code)]
fn create() -> io::Result<OwnedFd> {
    // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
    unsafe { call::owned_fd(libc::epoll_create1(libc::EPOLL_CLOEXEC)) }
}

#[allow(unsafe_code)]
fn control(
    ep: BorrowedFd<'_>,
    operation: c_int,
    source: RawSource,
    event: &mut libc::epoll_event,
) -> io::Result<()> {
    // SAFETY: `event` is valid for the call, which copies it; any number is allowed as a
    // descriptor.
    call::check(unsafe { libc::epoll_ctl(ep.as_raw_fd(), operation, source, event) })?;
    Ok(())
}

fn delete(ep: BorrowedFd<'_>, source: RawSource) -> io::Result<()> {
    // Linux before 2.6.9 wants an event here too, and ignores it.
    let mut ignored = libc::epoll_event { events: 0, u64: 0 };
    control(ep, libc::EPOLL_CTL_DEL, source, &mut ignored)
}

#[allow(unsafe_code)]
fn wait_milliseconds(
    ep: BorrowedFd<'_>,
    events: &mut Vec<EpollEvent>,
    timeout_ms: c_int,
) -> io::Result<()> {
    // SAFETY: the vector has room for `capacity` events, of which `EpollEvent` has the layout.
    let ready = call::check(unsafe {
        libc::epoll_wait(ep.as_raw_fd(), spare(events), capacity(events), timeout_ms)
    })?;
    // SAFETY: the kernel filled in that many events.
    unsafe { events.set_len(ready as usize) };
    Ok(())
}

fn spare(events: &mut Vec<EpollEvent>) -> *mut libc::epoll_event {
    events.as_mut_ptr().cast()
}

/// How many events there is room for, up to what the kernel takes (its `EP_MAX_EVENTS`).
fn capacity(events: &Vec<EpollEvent>) -> c_int {
    const MOST: usize = c_int::MAX as usize / size_of::<libc::epoll_event>();
    events.capacity().min(MOST) as c_int
}

/// Timeouts in nanoseconds.
///
/// Not on Android, where the filter of an app kills the process for a call that is not on its list.
#[cfg(target_os = "linux")]
mod precise {
    use super::{AsRawFd, BorrowedFd, Duration, EpollEvent, c_int, call, capacity, io, ptr, spare};
    use crate::selector::optional_call::OptionalCall;

    static EPOLL_PWAIT2: OptionalCall = OptionalCall::new();

    /// The kernel's own `struct __kernel_timespec`, which has 64 bits on every architecture.
    #[repr(C)]
    struct Timespec {
        seconds: i64,
        nanoseconds: i64,
    }

    const _: () = assert!(size_of::<Timespec>() == 16);

    /// Waits with the full precision of `timeout`, or returns `None` where the kernel cannot.
    pub(super) fn wait(
        ep: BorrowedFd<'_>,
        events: &mut Vec<EpollEvent>,
        timeout: Option<Duration>,
    ) -> Option<io::Result<()>> {
        let timeout = timeout.map(|timeout| Timespec {
            // The kernel in turn takes what its clock cannot reach for no timeout.
            seconds: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: i64::from(timeout.subsec_nanos()),
        });
        EPOLL_PWAIT2.attempt(|| epoll_pwait2(ep, events, timeout.as_ref()))
    }

    #[allow(unsafe_code)]
    fn epoll_pwait2(
        ep: BorrowedFd<'_>,
        events: &mut Vec<EpollEvent>,
        timeout: Option<&Timespec>,
    ) -> io::Result<()> {
        let timeout = timeout.map_or(ptr::null(), ptr::from_ref);
        // Called by number, as the C library has it only since glibc 2.35.
        // SAFETY: the vector has room for `capacity` events; `timeout` is null or a valid timespec
        // in the kernel's layout; a null signal mask leaves the mask alone, whatever its
        // size.
        let ready = call::check(unsafe {
            libc::syscall(
                libc::SYS_epoll_pwait2,
                ep.as_raw_fd(),
                spare(events),
                capacity(events),
                timeout,
                ptr::null::<libc::sigset_t>(),
                0_usize,
            ) as c_int
        })?;
        // SAFETY: the kernel filled in that many events.
        unsafe { events.set_len(ready as usize) };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_layout_of_the_kernels() {
        assert_eq!(size_of::<EpollEvent>(), size_of::<libc::epoll_event>());
        assert_eq!(align_of::<EpollEvent>(), align_of::<libc::epoll_event>());
    }

    #[test]
    fn any_token_comes_back_unchanged() {
        for token in [0, 1, usize::MAX / 2, usize::MAX] {
            let raw = EpollEvent(to_raw(Token(token), Interest::READABLE));
            assert_eq!(raw.token(), Token(token));
        }
    }

    #[test]
    fn each_interest_asks_for_its_own_bits_as_edges() {
        let cases = [
            (Interest::READABLE, libc::EPOLLIN | libc::EPOLLRDHUP),
            (Interest::WRITABLE, libc::EPOLLOUT),
            (Interest::PRIORITY, libc::EPOLLPRI),
            (
                Interest::READABLE | Interest::WRITABLE,
                libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLOUT,
            ),
        ];
        for (interest, bits) in cases {
            let raw = |interest| EpollEvent(to_raw(Token(0), interest)).bits();
            assert_eq!(raw(interest), bits | libc::EPOLLET, "{interest:?}");
            assert_eq!(raw(interest.level()), bits, "{interest:?}");
            let once = libc::EPOLLET | libc::EPOLLONESHOT;
            assert_eq!(raw(interest.oneshot()), bits | once, "{interest:?}");
            assert_eq!(raw(interest.level().oneshot()), bits | libc::EPOLLONESHOT, "{interest:?}");
        }
    }

    /// Every combination of what the kernel can report against the definitions.
    #[test]
    fn answers_follow_the_bits() {
        const BITS: [c_int; 6] = [
            libc::EPOLLIN,
            libc::EPOLLPRI,
            libc::EPOLLOUT,
            libc::EPOLLRDHUP,
            libc::EPOLLERR,
            libc::EPOLLHUP,
        ];
        for choice in 0..1_usize << BITS.len() {
            let chosen = |place: usize| choice & (1 << place) != 0;
            let bits: c_int =
                (0..BITS.len()).filter(|place| chosen(*place)).map(|place| BITS[place]).sum();
            let [readable, priority, writable, read_hang_up, error, hang_up] =
                std::array::from_fn(chosen);
            let event = EpollEvent(libc::epoll_event { events: bits as u32, u64: 0 });
            assert_eq!(event.is_readable(), readable || priority);
            assert_eq!(event.is_writable(), writable);
            assert_eq!(event.is_priority(), priority);
            assert_eq!(event.is_error(), error);
            assert_eq!(event.is_read_closed(), hang_up || (readable && read_hang_up));
            let only_error = bits == libc::EPOLLERR;
            assert_eq!(event.is_write_closed(), hang_up || (writable && error) || only_error);
            assert!(!event.is_aio() && !event.is_lio());
        }
    }

    #[test]
    fn debug_names_the_bits() {
        let event = EpollEvent(libc::epoll_event {
            events: (libc::EPOLLIN | libc::EPOLLHUP) as u32,
            u64: 0,
        });
        assert_eq!(format!("{event:?}"), r#"epoll["EPOLLIN", "EPOLLHUP"]"#);
    }
}

#[cfg(all(test, feature = "net"))]
crate::selector::conformance::suite!(Epoll);
