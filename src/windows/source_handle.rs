//! [`SourceHandle`].

use std::io;
use std::os::windows::io::RawHandle;

use crate::event::Source;
use crate::{Interest, Registry, Token};

/// Any object that can be waited for as a source: an event, a process, a waitable timer, the input
/// of a console.
///
/// It borrows a handle and owns nothing: the handle has to be open while it is registered, and to
/// be deregistered before it is closed. All calls may use a new `SourceHandle`; only the handle
/// counts. It needs the right `SYNCHRONIZE`. For sockets there is
/// [`SourceSocket`](super::SourceSocket).
///
/// An event of it is [readable](crate::event::Event::is_readable): the object is signalled. The
/// interest is [`READABLE`](Interest::READABLE), with any trigger:
///
/// - Edge: one event when the object becomes signalled. If it stays so, as a process that has
///   ended does, it may be reported again: after a millisecond, then ever more rarely, at last once
///   a second. So no signal is missed that came between two polls.
/// - [`level`](Interest::level): an event of every poll that finds it signalled.
/// - [`oneshot`](Interest::oneshot): one event. It suits what is signalled once, such as the end of
///   a process.
///
/// # What waiting does
///
/// A poll waits for the object as `WaitForSingleObject` would: an event that resets itself is reset
/// when it is reported, a timer likewise. A semaphore is counted down, at times more than once for
/// an event, and a mutex is taken by a thread of the system: these two are not for polling.
///
/// # Errors
///
/// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): the handle is registered already.
/// - [`NotFound`](io::ErrorKind::NotFound): it is not, when registered anew or deregistered.
/// - [`Unsupported`](io::ErrorKind::Unsupported): an interest other than readable.
/// - What the system says of a handle that is not open, or not one to be waited for.
///
/// # Implementation
///
/// Wait completion packets (`NtAssociateWaitCompletionPacket`, Windows 8 and later) where the
/// system has them, else the thread pool of the system (`RegisterWaitForSingleObject`). Each
/// registration takes one of these.
///
/// # Examples
///
/// The end of a process:
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use std::os::windows::io::AsRawHandle;
/// use std::process::Command;
///
/// use mio::windows::SourceHandle;
/// use mio::{Events, Interest, Poll, Token};
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let mut child = Command::new("cmd").args(["/c", "exit"]).spawn()?;
/// let handle = child.as_raw_handle();
/// poll.registry().register(
///     &mut SourceHandle(&handle),
///     Token(0),
///     Interest::READABLE.oneshot(),
/// )?;
///
/// poll.poll(&mut events, None)?;
/// assert!(events.iter().any(|event| event.token() == Token(0)));
/// println!("{}", child.wait()?);
/// poll.registry().deregister(&mut SourceHandle(&handle))?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SourceHandle<'a>(
    /// The handle.
    pub &'a RawHandle,
);

impl<'a> Source for SourceHandle<'a> {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        registry.selector().register_handle(*self.0, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        registry.selector().reregister_handle(*self.0, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.selector().deregister_handle(*self.0)
    }
}
