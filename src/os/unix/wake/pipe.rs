//! Waking by a pipe to oneself: plain POSIX.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};

use crate::os::unix::flags;

/// Both ends of a pipe, which holds a byte while it is readable.
#[derive(Debug)]
pub(crate) struct WakePipe {
    reader: File,
    writer: File,
}

impl WakePipe {
    pub(crate) fn new() -> io::Result<WakePipe> {
        let (reader, writer) = flags::pipe()?;
        Ok(WakePipe { reader: File::from(reader), writer: File::from(writer) })
    }

    /// Makes the descriptor readable. Each call is an edge to an edge-triggered watcher.
    pub(crate) fn signal(&self) -> io::Result<()> {
        // Some kernels (Linux 5.5 to 5.13) wake edge-triggered watchers of a pipe only when it was
        // empty before. Emptying it also leaves room for the byte.
        self.drain();
        match (&self.writer).write(&[1]) {
            // Other threads filled it since: after that, it is readable.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            result => result.map(drop),
        }
    }

    /// Takes all signals. What fails here is that there were none.
    pub(crate) fn drain(&self) {
        let mut bytes = [0; 64];
        while matches!((&self.reader).read(&mut bytes), Ok(count) if count == bytes.len()) {}
    }
}

impl AsRawFd for WakePipe {
    fn as_raw_fd(&self) -> RawFd {
        self.reader.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::unix::wake::promises::{self, Kind};

    impl Kind for WakePipe {
        fn signal(&self) -> io::Result<()> {
            self.signal()
        }

        fn drain(&self) {
            self.drain();
        }
    }

    #[test]
    fn readable_from_a_signal_until_drained() {
        promises::readable_from_a_signal_until_drained(&WakePipe::new().unwrap());
    }

    #[test]
    fn signals_never_run_out_of_room() {
        promises::signals_never_run_out_of_room(&WakePipe::new().unwrap());
    }

    #[test]
    fn a_full_pipe_is_signalled_all_the_same() {
        let pipe = WakePipe::new().unwrap();
        while (&pipe.writer).write(&[0; 4096]).is_ok() {}
        pipe.signal().unwrap();
        assert!(promises::is_readable(&pipe));
        pipe.drain();
        assert!(!promises::is_readable(&pipe));
    }
}
