//! [`Token`]: the number that ties an event to its source.

/// Ties each event to the source it is about.
///
/// The number is the caller's own: an index into a slab, a file descriptor, a counter. It is given
/// at registration and comes back unchanged in every [`Event`] of that source. Any value is
/// allowed, `usize::MAX` included, and none is reserved. Two sources may share a token, where it is
/// enough to know that one of the two is ready.
///
/// [`Event`]: crate::event::Event
///
/// # Examples
///
/// ```
/// use mio::Token;
///
/// const SERVER: Token = Token(0);
///
/// let client = Token(SERVER.0 + 1);
/// assert_eq!(usize::from(client), 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub usize);

impl From<Token> for usize {
    fn from(token: Token) -> usize {
        token.0
    }
}
