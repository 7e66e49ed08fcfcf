//! What every selector promises, as traits, and as numbered rules that `conformance.rs` tests by
//! number.
//!
//! The public types (`Poll`, `Registry`, `Events`, `Waker`, the sources) are written against these
//! traits only. A selector is dispatched statically: there is one for each target.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::os::RawSource;
use crate::{Interest, Token};

/// One way to wait for many sources.
///
/// # Rules
///
/// 1. **Waiting.** The list is cleared first. A zero timeout never waits. Without a timeout the
///    list is never empty on return, except for a call that a signal interrupted, which is returned
///    as [`io::ErrorKind::Interrupted`]. Timeouts are rounded *up* to the finest unit that the
///    system has, and none overflows: [`Duration::MAX`] waits. A list without capacity is
///    [`io::ErrorKind::InvalidInput`].
/// 2. **Capacity.** Of more ready sources than fit none is lost; later calls deliver them.
/// 3. **Concurrency.** Registering, re-registering and deregistering from another thread takes
///    effect in a wait that is under way.
/// 4. **Edges.** What an interest without a trigger means. A direction of a source is *awaited*
///    from its registration on, and again once an operation in it returned `WouldBlock` or, of a
///    stream, moved fewer bytes than asked for (and not none: that is the end), or in a batch fewer
///    datagrams. Awaited and ready at the same time, it is answered by an event of this wait, or of
///    a later one for lack of room, which ends the awaiting.
///
///    - *None without a reason.* Since the last event of a source, a direction of its interest has
///      changed, or one is awaited and ready. Several changes may be one event; and each direction
///      that is ready in the interest may be answered by it, awaited or not. Where the system has
///      the edges, a change of a direction that is not awaited is an event too, and one that an
///      operation has undone may be. A selector that makes the edges answers what is awaited, and
///      nothing else.
///    - *The end* of what the peer sends is told once, awaited or not, to who is interested in
///      reading; the end of the connection to who is interested in either direction. After that,
///      reading up to the end makes no further event. A selector that makes edges tells each end
///      once; another may tell it with each event that has a reason. An error that an operation has
///      returned need not be told as well.
///    - *An event is a hint.* It says what was so when the facility found it: now, or since the
///      last wait where the facility queues what it finds. Such an event ends the awaiting as well,
///      so that an operation has to follow.
/// 5. **Direction.** Re-arming is per direction: a read that would block arms reading only, and
///    adds to what is armed. A source that waits to read never gets a writable event because of
///    that. An operation whose directions are not known (`try_io`) may be followed by an event for
///    each that is ready; one whose directions are named (`try_io_with`) for those.
/// 6. **Interest.** No event outside the interest; closed and error answers excepted.
/// 7. **End.** Once `deregister` has returned, no later wait delivers the token. Dropping a source
///    closes it and ends its events.
/// 8. **Errors.** Registering twice is [`io::ErrorKind::AlreadyExists`], deregistering or
///    re-registering the unknown [`io::ErrorKind::NotFound`]. What became of the peer never makes
///    either fail.
/// 9. **Wakes.** No wake is lost, whatever else happens at the time. Wakes may be coalesced; one
///    while another is pending costs one atomic operation and no system call.
/// 10. **Hygiene.** Descriptors are close-on-exec, and nothing leaks on any error path.
/// 11. **Memory.** No allocation after set-up on selectors with native edges; elsewhere none per
///     event.
/// 12. **Levels.** With `Interest::level`, every wait that begins while conditions of the interest
///     hold has an event with all of them, whatever was reported, read or written before.
///
///     - It is in the list once; where the system watches each direction on its own, once for each
///       direction that is ready. Of more than fit, each has its turn in the waits that follow.
///     - It tells of nothing that has not held since the wait began.
///     - An end and an error are conditions like others: a peer that has closed, a reset, a pipe
///       without its other end are told by every wait, as long as they hold. Where the facility
///       queues what it finds, of two ends that came since the last wait the first may be told
///       alone, and both by the next wait.
///     - Operations re-arm nothing, and a wait ends at once as long as anything holds.
/// 13. **One-shots.** With `Interest::oneshot`, a registration has one event at the most, by the
///     rule of edges, or with `Interest::level` by that of levels.
///
///     - It is one entry in the list, also where the system watches each direction on its own.
///       There it tells of one direction, elsewhere of all that is ready.
///     - From then on the source has *fired*: until `reregister` nothing is reported of it, be it
///       the other direction, an end or an error, and no operation re-arms it. Before that nothing
///       re-arms it either, as it is armed in full.
///     - It is still registered (rule 8). `reregister` makes of it what a new registration is: what
///       holds then is reported, whether it appeared before the event or after.
/// 14. **Exclusive.** With `Interest::exclusive`, of several selectors that wait for one source at
///     least one has the event, and not all; each of them by the rules above. `reregister` changes
///     to it, from it, and from it to itself. Together with one-shot or priority it is
///     [`io::ErrorKind::InvalidInput`].
/// 15. **Refusal.** What a system cannot do is [`io::ErrorKind::Unsupported`] when it is
///     registered. An interest that is refused leaves what was: nothing registered, or, on
///     registering anew, the registration as it was.
pub(crate) trait Selector: fmt::Debug + Send + Sync + Sized {
    /// What the system reports of one source.
    type Event: RawEvent;

    /// What a source has to remember: nothing where the system has edges of its own, a handle to
    /// re-arm itself where edges are made from levels or one-shots.
    type Registration: Registration;

    /// Ends a wait from another thread.
    type Waker: Wake;

    /// Opens the facility. Shared, as registries may outlive the `Poll`. Sources may outlive both,
    /// and are then registered nowhere.
    fn new() -> io::Result<Arc<Self>>;

    /// Waits for events, at most for `timeout` (rules 1 to 4). Called by one thread at a time.
    fn select(&self, events: &mut Vec<Self::Event>, timeout: Option<Duration>) -> io::Result<()>;

    /// Starts watching a source, and records that in `memory`.
    ///
    /// `memory` is `None` for a source whose operations the crate does not see (a user's own
    /// descriptor), and which can therefore not re-arm itself.
    fn register(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Self::Registration>,
    ) -> io::Result<()>;

    /// Replaces token and interest of a source, and reports anew what is ready.
    fn reregister(
        self: &Arc<Self>,
        source: RawSource,
        token: Token,
        interest: Interest,
        memory: Option<&mut Self::Registration>,
    ) -> io::Result<()>;

    /// Stops watching a source.
    fn deregister(
        self: &Arc<Self>,
        source: RawSource,
        memory: Option<&mut Self::Registration>,
    ) -> io::Result<()>;

    /// Makes a waker whose wakes are events with this token.
    fn waker(self: &Arc<Self>, token: Token) -> io::Result<Self::Waker>;
}

/// The answer of a system that has no exclusive registrations (rule 15).
// Where the selector in use has them, it is asked by those compiled for tests.
#[allow(dead_code)]
pub(crate) fn refuse_exclusive(interest: Interest) -> io::Result<()> {
    if interest.is_exclusive() {
        let reason = "exclusive registrations exist with epoll only";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
    }
    Ok(())
}

/// What a source remembers of its registration. Dropping it ends the registration, so it has to be
/// dropped before the source is closed.
pub(crate) trait Registration: Default + fmt::Debug + Send + Sync {
    /// Whether re-arming does anything. Where it does not, an operation compiles to the bare call.
    const REARMS: bool;

    /// Reports the next change of these directions (rules 4 and 5). Does nothing to an unregistered
    /// source.
    fn rearm(&self, directions: Interest);
}

/// Nothing to remember: the system has edges of its own, and tells who is registered.
// Not every target's selector has them.
#[allow(dead_code)]
#[derive(Debug, Default)]
pub(crate) struct NativeEdges;

impl Registration for NativeEdges {
    const REARMS: bool = false;

    fn rearm(&self, _: Interest) {}
}

/// The answers of one event; `crate::event::Event` documents each.
#[allow(missing_docs)]
pub(crate) trait RawEvent: Clone + fmt::Debug + Send + Sync {
    fn token(&self) -> Token;
    fn is_readable(&self) -> bool;
    fn is_writable(&self) -> bool;
    fn is_error(&self) -> bool;
    fn is_read_closed(&self) -> bool;
    fn is_write_closed(&self) -> bool;
    fn is_priority(&self) -> bool;

    fn is_aio(&self) -> bool {
        false
    }

    fn is_lio(&self) -> bool {
        false
    }
}

/// Ends a wait from another thread (rule 9).
pub(crate) trait Wake: fmt::Debug + Send + Sync {
    /// Makes the current wait, or else the next one, return with the waker's event.
    fn wake(&self) -> io::Result<()>;
}
