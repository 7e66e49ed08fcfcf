//! How a connect ended that went on by itself, by questions that every system answers. Pure.

use std::io;

/// Asks no more than it takes:
///
/// 1. A socket with a peer is connected, whatever else there is to say of it.
/// 2. As long as it is neither writable nor in error the connect is under way.
/// 3. Then the error that waits in it is why the connect failed.
/// 4. Without one it may have been connected between the first question and the second. Or its
///    error was taken before, or it never began to connect.
pub(super) fn outcome(
    has_peer: impl Fn() -> io::Result<bool>,
    is_decided: impl FnOnce() -> io::Result<bool>,
    take_error: impl FnOnce() -> io::Result<Option<io::Error>>,
) -> io::Result<()> {
    if has_peer()? {
        return Ok(());
    }
    if !is_decided()? {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    match take_error()? {
        Some(error) => Err(error),
        None if has_peer()? => Ok(()),
        None => Err(io::ErrorKind::NotConnected.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// What the system says to each question, in the order it is asked.
    #[derive(Debug, Clone, Copy)]
    enum Answer {
        Peer(bool),
        Decided(bool),
        Error(Option<io::ErrorKind>),
        Fails,
    }

    use Answer::{Decided, Error, Fails, Peer};

    /// The outcome, after all these questions were asked and no other.
    fn outcome_of(answers: &[Answer]) -> Result<(), io::ErrorKind> {
        let left = RefCell::new(answers.iter());
        let next = || -> io::Result<Option<Answer>> {
            match left.borrow_mut().next() {
                Some(Fails) => Err(io::ErrorKind::OutOfMemory.into()),
                answer => Ok(answer.copied()),
            }
        };
        let result = outcome(
            || match next()? {
                Some(Peer(has)) => Ok(has),
                other => panic!("asked for the peer and not for {other:?}"),
            },
            || match next()? {
                Some(Decided(is)) => Ok(is),
                other => panic!("asked whether it is decided and not for {other:?}"),
            },
            || match next()? {
                Some(Error(kind)) => Ok(kind.map(io::Error::from)),
                other => panic!("asked for the error and not for {other:?}"),
            },
        );
        assert_eq!(left.into_inner().len(), 0, "{answers:?}");
        result.map_err(|error| error.kind())
    }

    #[test]
    fn each_state_of_a_socket_has_its_outcome() {
        let refused = io::ErrorKind::ConnectionRefused;
        let cases: [(&[Answer], Result<(), io::ErrorKind>); 5] = [
            (&[Peer(true)], Ok(())),
            (&[Peer(false), Decided(false)], Err(io::ErrorKind::WouldBlock)),
            (&[Peer(false), Decided(true), Error(Some(refused))], Err(refused)),
            (&[Peer(false), Decided(true), Error(None), Peer(true)], Ok(())),
            (
                &[Peer(false), Decided(true), Error(None), Peer(false)],
                Err(io::ErrorKind::NotConnected),
            ),
        ];
        for (answers, expected) in cases {
            assert_eq!(outcome_of(answers), expected, "{answers:?}");
        }
    }

    #[test]
    fn a_question_that_fails_is_the_error() {
        let cases: [&[Answer]; 4] = [
            &[Fails],
            &[Peer(false), Fails],
            &[Peer(false), Decided(true), Fails],
            &[Peer(false), Decided(true), Error(None), Fails],
        ];
        for answers in cases {
            assert_eq!(outcome_of(answers), Err(io::ErrorKind::OutOfMemory), "{answers:?}");
        }
    }
}
