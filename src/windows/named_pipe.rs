//! [`NamedPipe`]: operations that end, offered as reads and writes that would block.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::windows::io::{
    AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle, RawHandle,
};
use std::sync::{Arc, OnceLock};

use crate::event::Source;
use crate::os::windows::pipe;
use crate::selector::afd::{Afd, SharedPipe};
use crate::{Interest, Registry, Token};

/// One end of a named pipe, a server's or a client's, of bytes or of messages.
///
/// A server's end comes from [`NamedPipe::new`], or from `CreateNamedPipe` by [`From`] or
/// [`FromRawHandle`] where other settings are wanted: messages, one direction, who may open it. A
/// client opens the pipe's name as a file, with the flag `FILE_FLAG_OVERLAPPED`, and converts that.
/// Handles that are not overlapped are refused when they are registered.
///
/// # Reads and writes
///
/// Windows has no readiness for pipes, only operations that end some time. This type turns that
/// round by two buffers.
///
/// - **Reading ahead.** As soon as a pipe is registered and connected a read is under way, of up to
///   64 KiB. Its end is the readable event; `read` then hands out what is in the buffer, and begins
///   the next when that is empty, which may be over at once. What is in the buffer is no longer in
///   the pipe, and lost with this type.
/// - **Writing behind.** `write` takes all bytes it is given (up to 4 GiB) into a buffer, begins to
///   write them, and returns. If the pipe has room the system takes them at once. Else further
///   writes would block until it has, which may be when the peer has read them; then there is a
///   writable event. If it fails, the *next* write returns the error.
///
/// So reading and writing until it would block is one system call each time, and a turn of the loop
/// now and then. For that the mode `FILE_SKIP_COMPLETION_PORT_ON_SUCCESS` is set on the handle when
/// it is first registered.
///
/// The buffers are kept, so that an operation does not allocate: that for reading takes its 64 KiB
/// once there was a connection, and that for writing shrinks to as many after a longer write.
///
/// # Messages
///
/// In message mode each `write` is one message, and so is each `write_vectored`, also one without
/// bytes. A `read` returns one message or a part of it, never of two. Parts are of 64 KiB, and of
/// what the caller has room for; where the message ends is not told. A message without bytes is a
/// read of zero bytes: it is the end only if an event says so
/// ([`is_read_closed`](crate::event::Event::is_read_closed)). In byte mode zero bytes are always
/// the end.
///
/// # Events
///
/// Readable: something was read ahead, or the end or an error was found. Writable: a client has
/// come, or the last write has ended. When the peer has closed its end the event is closed both
/// ways; `read` returns zero bytes from then on, after all that was sent. There are no events of a
/// server that has no client.
///
/// # Registering
///
/// Before its first registration each operation is [`NotFound`](io::ErrorKind::NotFound), and
/// nothing is read ahead. A pipe stays with the [`Poll`](crate::Poll) of that registration, as
/// Windows does not let a handle have another completion port: with a second it is
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists), also after it was deregistered.
///
/// # Dropping
///
/// What was written before is delivered: the handle stays open until the peer has read it, even if
/// the `Poll` is dropped as well. (In that case it is closed when some `Poll` is made or dropped
/// after that.) Else the handle is closed at once, and what is under way is cancelled.
///
/// # Examples
///
/// A server that waits for a client, and what that says:
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::fs::OpenOptions;
/// use std::io::{ErrorKind, Read, Write};
///
/// use mio::windows::NamedPipe;
/// use mio::{Events, Interest, Poll, Token};
///
/// let name = format!(r"\\.\pipe\mio-example-{}", std::process::id());
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(8);
/// let mut server = NamedPipe::new(&name)?;
/// let interest = Interest::READABLE | Interest::WRITABLE;
/// poll.registry().register(&mut server, Token(0), interest)?;
/// assert_eq!(server.connect().unwrap_err().kind(), ErrorKind::WouldBlock);
///
/// // Usually another process.
/// let mut client = OpenOptions::new().read(true).write(true).open(&name)?;
/// client.write_all(b"hello")?;
///
/// let mut is_connected = false;
/// let mut received = Vec::new();
/// while received.len() < 5 {
///     poll.poll(&mut events, None)?;
///     for event in &events {
///         if event.is_writable() && !is_connected {
///             server.connect()?;
///             is_connected = true;
///         }
///         let mut buffer = [0; 1024];
///         match server.read(&mut buffer) {
///             Ok(length) => received.extend_from_slice(&buffer[..length]),
///             Err(error) if error.kind() == ErrorKind::WouldBlock => {}
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// assert_eq!(received, b"hello");
/// # Ok(())
/// # }
/// ```
///
/// A client:
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// use std::fs::OpenOptions;
/// use std::os::windows::fs::OpenOptionsExt;
/// use std::os::windows::io::OwnedHandle;
///
/// use mio::windows::NamedPipe;
///
/// const FILE_FLAG_OVERLAPPED: u32 = 0x4000_0000;
/// let file = OpenOptions::new()
///     .read(true)
///     .write(true)
///     .custom_flags(FILE_FLAG_OVERLAPPED)
///     .open(r"\\.\pipe\some-server")?;
/// let client = NamedPipe::from(OwnedHandle::from(file));
/// # drop(client);
/// # Ok(())
/// # }
/// ```
pub struct NamedPipe {
    pipe: Arc<SharedPipe>,
    /// That of the first registration.
    selector: OnceLock<Arc<Afd>>,
}

impl NamedPipe {
    /// Makes a server's end for one client, `CreateNamedPipeW`: of bytes, in both directions, with
    /// 64 KiB of room in the system each way. Any number of ends may have the same name, each for a
    /// client of its own. Who may open it is left to the system's defaults, as are clients on other
    /// machines; children do not inherit it.
    ///
    /// # Errors
    ///
    /// What the system says, such as that the name does not begin with `\\.\pipe\`.
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) for a name with a zero character.
    pub fn new<A: AsRef<OsStr>>(addr: A) -> io::Result<NamedPipe> {
        pipe::create(addr.as_ref()).map(NamedPipe::from)
    }

    /// Waits for a client, `ConnectNamedPipe`, unless there is one. To be called until it succeeds:
    /// at first, and after the writable event that says that one has come.
    ///
    /// A client that came before is a success, even if it is gone already: what it wrote can be
    /// read.
    ///
    /// # Errors
    ///
    /// - [`WouldBlock`](io::ErrorKind::WouldBlock): it is waited for.
    /// - [`NotFound`](io::ErrorKind::NotFound): the pipe was never registered.
    /// - `ERROR_INVALID_FUNCTION` for a client's end, and what else the system says. An error that
    ///   came while waiting is an event, and returned here or by [`NamedPipe::take_error`].
    pub fn connect(&self) -> io::Result<()> {
        self.pipe.connect()
    }

    /// Ends the connection on the server's side, `DisconnectNamedPipe`. The end can then be used
    /// for another client, by [`NamedPipe::connect`].
    ///
    /// What was not read is lost, on both sides, and so is a write that is under way: let the
    /// client have the last word, or wait for it to close.
    ///
    /// # Errors
    ///
    /// What the system says, such as `ERROR_PIPE_LISTENING` if there was no client yet, which it
    /// goes on to wait for.
    pub fn disconnect(&self) -> io::Result<()> {
        self.pipe.disconnect()
    }

    /// Takes the error with which waiting for a client ended, if it did.
    ///
    /// # Errors
    ///
    /// None at present.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        Ok(self.pipe.take_error())
    }

    /// Registered with this selector, now or before.
    fn check_selector(&self, selector: &Arc<Afd>) -> io::Result<()> {
        let is_same = |bound: &Arc<Afd>| Arc::ptr_eq(bound, selector);
        if self.selector.get().is_some_and(is_same) && self.pipe.is_registered() {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::NotFound, "the source is not registered"))
        }
    }
}

impl Source for NamedPipe {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        let selector = registry.selector();
        match self.selector.get() {
            None => {
                selector.attach_pipe(&self.pipe)?;
                self.selector.get_or_init(|| Arc::clone(selector));
            }
            Some(_) if self.pipe.is_registered() => {
                let text = "the source is registered already";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
            Some(bound) if !Arc::ptr_eq(bound, selector) => {
                let text = "a named pipe stays with the `Poll` that it was first registered with";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
            }
            Some(_) => {}
        }
        self.pipe.register(token, interests).inspect_err(|_| self.pipe.deregister())
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interests: Interest,
    ) -> io::Result<()> {
        self.check_selector(registry.selector())?;
        self.pipe.register(token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.check_selector(registry.selector())?;
        self.pipe.deregister();
        Ok(())
    }
}

/// See [`NamedPipe`] on reading ahead.
impl Read for &NamedPipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.pipe.read(&mut [IoSliceMut::new(buffer)])
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        self.pipe.read(buffers)
    }
}

/// See [`NamedPipe`] on writing behind.
impl Write for &NamedPipe {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.pipe.write(&[IoSlice::new(buffer)])
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.pipe.write(buffers)
    }

    /// Does nothing: what was written goes out by itself.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for NamedPipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&*self).read_vectored(buffers)
    }
}

impl Write for NamedPipe {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        (&*self).write(buffer)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(buffers)
    }

    /// Does nothing: what was written goes out by itself.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes the handle as it is: it has to be overlapped already.
impl From<OwnedHandle> for NamedPipe {
    fn from(handle: OwnedHandle) -> NamedPipe {
        NamedPipe { pipe: SharedPipe::new(handle), selector: OnceLock::new() }
    }
}

/// Takes the handle as it is: it has to be overlapped already.
impl FromRawHandle for NamedPipe {
    #[allow(unsafe_code)]
    unsafe fn from_raw_handle(handle: RawHandle) -> NamedPipe {
        // SAFETY: the caller's promise, which is that of `OwnedHandle::from_raw_handle`.
        NamedPipe::from(unsafe { OwnedHandle::from_raw_handle(handle) })
    }
}

impl AsRawHandle for NamedPipe {
    fn as_raw_handle(&self) -> RawHandle {
        self.pipe.raw_handle()
    }
}

impl AsHandle for NamedPipe {
    #[allow(unsafe_code)]
    fn as_handle(&self) -> BorrowedHandle<'_> {
        // SAFETY: the handle is closed by the drop and not before.
        unsafe { BorrowedHandle::borrow_raw(self.as_raw_handle()) }
    }
}

impl fmt::Debug for NamedPipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NamedPipe").field("handle", &self.as_raw_handle()).finish()
    }
}

impl Drop for NamedPipe {
    fn drop(&mut self) {
        // Of one that was never registered nothing was begun: its handle closes with it.
        if let Some(selector) = self.selector.get() {
            selector.give_up_pipe(&self.pipe);
        }
    }
}
