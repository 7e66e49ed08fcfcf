//! Pipes: a way for bytes in one direction, within a process or to a child.
//!
//! [`new`] makes a pipe. The ends that [`std::process`] has of a child's standard streams become a
//! [`Sender`] or [`Receiver`] by [`From`]; those are blocking, see [`Receiver::set_nonblocking`].
//!
//! # Examples
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! use std::io::{Read, Write};
//!
//! use mio::unix::pipe;
//! use mio::{Events, Interest, Poll, Token};
//!
//! let mut poll = Poll::new()?;
//! let mut events = Events::with_capacity(8);
//! let (mut sender, mut receiver) = pipe::new()?;
//! poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
//!
//! sender.write_all(b"hello")?;
//! poll.poll(&mut events, None)?;
//! let mut buffer = [0; 16];
//! assert_eq!(receiver.read(&mut buffer)?, 5);
//!
//! drop(sender);
//! poll.poll(&mut events, None)?;
//! assert!(events.iter().any(|event| event.is_read_closed()));
//! # Ok(())
//! # }
//! ```

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{ChildStderr, ChildStdin, ChildStdout};

use crate::handle_traits::impl_fd_traits;
use crate::io_source::{IoSource, impl_source, impl_try_io_with};
use crate::os::{self, std_stream};
use crate::stream_io::{impl_read, impl_write};

/// Makes a pipe, `pipe2(2)`: both ends are non-blocking and close-on-exec.
///
/// # Errors
///
/// The process or system has no descriptors left (`EMFILE`, `ENFILE`).
///
/// # Examples
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::{self, Read};
///
/// let (_sender, mut receiver) = mio::unix::pipe::new()?;
/// assert_eq!(receiver.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
/// # Ok(())
/// # }
/// ```
pub fn new() -> io::Result<(Sender, Receiver)> {
    let (receiver, sender) = os::pipe::new()?;
    Ok((Sender { inner: IoSource::new(sender) }, Receiver { inner: IoSource::new(receiver) }))
}

/// The end of a pipe that is written to.
///
/// When the [`Receiver`] is gone an event says so, [write
/// closed](crate::event::Event::is_write_closed), and a write fails with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe). Rust programs ignore the signal `SIGPIPE` that comes
/// with it; a program that does not is ended by it.
///
/// # Examples
///
/// The standard input of a child:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::Write;
/// use std::process::{Command, Stdio};
///
/// use mio::unix::pipe::Sender;
///
/// let mut child =
///     Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
/// let mut sender = Sender::from(child.stdin.take().unwrap());
/// sender.set_nonblocking(true)?;
/// sender.write_all(b"hello")?;
/// drop(sender);
/// assert!(child.wait()?.success());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sender {
    inner: IoSource<File>,
}

/// The end of a pipe that is read from.
///
/// When the last [`Sender`] is gone an event says so, [read
/// closed](crate::event::Event::is_read_closed); reads return what is left and then zero bytes.
///
/// # Examples
///
/// The standard output of a child:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::io::Read;
/// use std::process::{Command, Stdio};
///
/// use mio::unix::pipe::Receiver;
/// use mio::{Events, Interest, Poll, Token};
///
/// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
/// let mut receiver = Receiver::from(child.stdout.take().unwrap());
/// receiver.set_nonblocking(true)?;
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// poll.registry().register(&mut receiver, Token(0), Interest::READABLE)?;
/// poll.poll(&mut events, None)?;
///
/// let mut buffer = [0; 16];
/// assert_eq!(receiver.read(&mut buffer)?, 6);
/// child.wait()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Receiver {
    inner: IoSource<File>,
}

/// The methods that both ends have.
macro_rules! impl_pipe_end {
    ($($end:ident, $operation:literal),* $(,)?) => {$(
        impl $end {
            /// Sets or clears `O_NONBLOCK`, `fcntl(2)`. Needed for an end that came from
            /// [`std::process`]: those block.
            ///
            /// The flag belongs to the open file, and so to all duplicates of the descriptor, in
            /// other processes too.
            pub fn set_nonblocking(&self, nonblocking: bool) -> io::Result<()> {
                os::set_nonblocking(self.as_fd(), nonblocking)
            }

            /// Runs an operation on the descriptor that the type does not have, such as
            #[doc = concat!("`", $operation, "`.")]
            ///
            /// On selectors without edges of their own this is how they learn that it would block:
            /// its error is then [`WouldBlock`](io::ErrorKind::WouldBlock), and the next change is
            /// an event. So the operation has to be one of this very pipe, and not of another. Its
            /// result is returned as it is.
            pub fn try_io<F, T>(&self, f: F) -> io::Result<T>
            where
                F: FnOnce() -> io::Result<T>,
            {
                self.inner.try_io(f)
            }
        }
    )*};
}

impl_pipe_end!(Sender, "vmsplice(2)", Receiver, "splice(2)");
impl_source!(Sender, Receiver);
impl_try_io_with! {
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    ///
    /// use mio::Interest;
    /// use mio::unix::pipe;
    ///
    /// let (sender, _receiver) = pipe::new()?;
    /// assert_eq!(sender.try_io_with(Interest::WRITABLE, || (&sender).write(b"hello"))?, 5);
    /// # Ok(())
    /// # }
    /// ```
    Sender,
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::{self, Read};
    ///
    /// use mio::Interest;
    /// use mio::unix::pipe;
    ///
    /// let (_sender, receiver) = pipe::new()?;
    /// let result = receiver.try_io_with(Interest::READABLE, || (&receiver).read(&mut [0; 16]));
    /// assert_eq!(result.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    Receiver,
}
impl_fd_traits!(Sender => File, Receiver => File);
impl_write!(Sender, std_stream::send);
impl_read!(Receiver, std_stream::receive);

/// Taken as it is, blocking: see [`Sender::set_nonblocking`].
impl From<ChildStdin> for Sender {
    fn from(stdin: ChildStdin) -> Sender {
        OwnedFd::from(stdin).into()
    }
}

/// Taken as it is, blocking: see [`Receiver::set_nonblocking`].
impl From<ChildStdout> for Receiver {
    fn from(stdout: ChildStdout) -> Receiver {
        OwnedFd::from(stdout).into()
    }
}

/// Taken as it is, blocking: see [`Receiver::set_nonblocking`].
impl From<ChildStderr> for Receiver {
    fn from(stderr: ChildStderr) -> Receiver {
        OwnedFd::from(stderr).into()
    }
}
