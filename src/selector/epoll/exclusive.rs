//! Exclusive registrations, `EPOLLEXCLUSIVE` of epoll_ctl(2): since Linux 4.5.
//!
//! The kernel takes few bits together with this one, and modifies neither to such an entry nor from
//! one. So a registration anew takes the entry out and adds it. What is ready is found again by
//! adding, so that no event is lost in between.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{control, delete};
use crate::Interest;
use crate::os::{RawSource, WakeFd};

/// Whether this interest can be registered, as far as it is exclusive.
pub(super) fn check(ep: BorrowedFd<'_>, interest: Interest) -> io::Result<()> {
    if !interest.is_exclusive() {
        return Ok(());
    }
    if interest.is_oneshot() || interest.is_priority() {
        let reason = "an exclusive registration is neither one-shot nor for priority data";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    if !is_known(ep)? {
        let reason = "this kernel has no exclusive registrations";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
    }
    Ok(())
}

/// Whether the kernel knows the bit; an older one would not see it. Knowing it, the kernel refuses
/// to modify to it whatever it is about. Else it looks for an entry, and there is none.
fn is_known(ep: BorrowedFd<'_>) -> io::Result<bool> {
    static IS_KNOWN: AtomicBool = AtomicBool::new(false);
    if !IS_KNOWN.load(Ordering::Relaxed) {
        let unregistered = WakeFd::new()?;
        let mut event = libc::epoll_event { events: libc::EPOLLEXCLUSIVE as u32, u64: 0 };
        let result = control(ep, libc::EPOLL_CTL_MOD, unregistered.as_raw_fd(), &mut event);
        let is_refused = matches!(result, Err(error) if error.raw_os_error() == Some(libc::EINVAL));
        IS_KNOWN.store(is_refused, Ordering::Relaxed);
    }
    Ok(IS_KNOWN.load(Ordering::Relaxed))
}

/// Registers anew what is exclusive, or is to be. What the kernel refuses it refuses before the
/// entry is taken out. Beyond that adding fails for want of memory only, and then the entry is
/// gone.
pub(super) fn replace(
    ep: BorrowedFd<'_>,
    source: RawSource,
    event: &mut libc::epoll_event,
) -> io::Result<()> {
    if event.events & libc::EPOLLEXCLUSIVE as u32 != 0 {
        expect_entry(ep, source)?;
    }
    delete(ep, source)?;
    control(ep, libc::EPOLL_CTL_ADD, source, event)
}

/// The source is registered, and of a kind that can be exclusive.
fn expect_entry(ep: BorrowedFd<'_>, source: RawSource) -> io::Result<()> {
    // To be added it would have to be of such a kind, and not to be there. It asks for nothing, so
    // that nothing is reported should it succeed.
    let nothing = (libc::EPOLLEXCLUSIVE | libc::EPOLLET) as u32;
    let mut event = libc::epoll_event { events: nothing, u64: 0 };
    match control(ep, libc::EPOLL_CTL_ADD, source, &mut event) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            delete(ep, source)?;
            Err(io::Error::from_raw_os_error(libc::ENOENT))
        }
    }
}

#[cfg(all(test, feature = "net"))]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::{Epoll, EpollEvent};
    use super::*;
    use crate::Token;
    use crate::selector::contract::{RawEvent, Selector};

    const READ: Interest = Interest::READABLE;
    const EXCLUSIVE: Interest = READ.exclusive_everywhere();

    fn tokens(selector: &Epoll) -> Vec<usize> {
        let mut events: Vec<EpollEvent> = Vec::with_capacity(8);
        selector.select(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().map(|event| event.token().0).collect()
    }

    #[test]
    fn exclusive_registrations_change_to_and_from_every_other() {
        let selector = Epoll::new().unwrap();
        let (watched, mut peer) = UnixStream::pair().unwrap();
        let fd = watched.as_raw_fd();
        peer.write_all(b"x").unwrap();
        selector.register(fd, Token(0), EXCLUSIVE, None).unwrap();
        let others = [
            READ,
            READ.level(),
            READ.oneshot(),
            EXCLUSIVE,
            EXCLUSIVE.level(),
            EXCLUSIVE.add(Interest::WRITABLE),
        ];
        let mut token = 0;
        for (from, other) in others.iter().flat_map(|from| others.map(|other| (*from, other))) {
            for interest in [from, other] {
                token += 1;
                selector.reregister(fd, Token(token), interest, None).unwrap();
                assert_eq!(tokens(&selector), [token], "{from:?} to {other:?}");
                let is_repeated = interest.is_level();
                assert_eq!(!tokens(&selector).is_empty(), is_repeated, "{from:?} to {other:?}");
            }
        }
        selector.deregister(fd, None).unwrap();
    }

    #[test]
    fn what_cannot_be_exclusive_is_refused_and_stays_as_it_was() {
        let selector = Epoll::new().unwrap();
        let (watched, mut peer) = UnixStream::pair().unwrap();
        let fd = watched.as_raw_fd();
        let register = |token, interest| selector.register(fd, Token(token), interest, None);
        let reregister = |token, interest| selector.reregister(fd, Token(token), interest, None);
        let refused = [EXCLUSIVE.oneshot(), EXCLUSIVE.add(Interest::PRIORITY)];
        for interest in refused {
            let error = register(1, interest).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            // In words, and not the kernel's.
            assert_eq!(error.raw_os_error(), None);
        }
        for interest in [EXCLUSIVE, READ] {
            let error = reregister(1, interest).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
        peer.write_all(b"x").unwrap();
        assert!(tokens(&selector).is_empty(), "nothing is registered");
        for (token, interest) in [(2, READ), (3, EXCLUSIVE)] {
            register(token, interest).unwrap();
            for interest in refused {
                assert!(reregister(9, interest).is_err());
                assert!(register(9, interest).is_err());
            }
            let error = register(9, EXCLUSIVE).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(tokens(&selector), [token]);
            selector.deregister(fd, None).unwrap();
        }
    }

    /// The kernel refuses that an epoll be watched exclusively: before the entry is taken out.
    #[test]
    fn an_epoll_that_is_watched_stays_so() {
        let outer = Epoll::new().unwrap();
        let inner: Arc<Epoll> = Epoll::new().unwrap();
        let (watched, mut peer) = UnixStream::pair().unwrap();
        inner.register(watched.as_raw_fd(), Token(1), READ, None).unwrap();
        let fd = inner.ep.as_raw_fd();
        let error = outer.register(fd, Token(2), EXCLUSIVE, None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        outer.register(fd, Token(2), READ, None).unwrap();
        let error = outer.reregister(fd, Token(3), EXCLUSIVE, None).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        peer.write_all(b"x").unwrap();
        assert_eq!(tokens(&outer), [2]);
    }
}
