//! An error that came after something was received: it is kept for the next call.

use std::io::{self, IoSliceMut};

use super::received::Received;
use crate::os::RawSource;

/// The error that ended a call which had received something, and the socket it is of. The system
/// has handed it out, and will not do so again.
#[derive(Debug, Default)]
pub(crate) struct Kept(Option<(RawSource, io::Error)>);

impl Kept {
    /// Keeps an error, unless it is only that there was no more.
    pub(crate) fn keep(&mut self, socket: RawSource, error: io::Error) {
        if error.kind() != io::ErrorKind::WouldBlock {
            self.0 = Some((socket, error));
        }
    }

    /// Returns the error that the last call has kept, if that was of this socket. It is kept no
    /// longer in any case.
    pub(crate) fn take(&mut self, socket: RawSource) -> io::Result<()> {
        match self.0.take() {
            Some((of, error)) if of == socket => Err(error),
            _ => Ok(()),
        }
    }

    /// Receives into one buffer after the other until there is no more, where the system has no
    /// call for many. An error behind what was received is kept.
    // Of some systems.
    #[allow(dead_code)]
    pub(crate) fn receive_each(
        &mut self,
        socket: RawSource,
        buffers: &mut [IoSliceMut<'_>],
        received: &mut Vec<Received>,
        mut receive: impl FnMut(&mut IoSliceMut<'_>) -> io::Result<Received>,
    ) -> io::Result<()> {
        for (at, buffer) in buffers.iter_mut().enumerate() {
            match receive(buffer) {
                Ok(one) => received.push(one),
                Err(error) if at == 0 => return Err(error),
                Err(error) => {
                    self.keep(socket, error);
                    break;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_once_and_by_its_own_socket() {
        let mut kept = Kept::default();
        kept.take(1).unwrap();
        kept.keep(1, io::ErrorKind::ConnectionRefused.into());
        assert_eq!(kept.take(1).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        kept.take(1).unwrap();
        kept.keep(1, io::ErrorKind::ConnectionRefused.into());
        kept.take(2).unwrap();
        kept.take(1).unwrap();
    }

    #[test]
    fn that_there_is_no_more_is_no_error_to_keep() {
        let mut kept = Kept::default();
        kept.keep(1, io::ErrorKind::WouldBlock.into());
        kept.take(1).unwrap();
    }
}
