//! [`Events`]: the buffer that a poll fills, and [`Iter`] over it.

use std::fmt;
use std::slice;

use super::Event;
use crate::selector;

/// The buffer that [`Poll::poll`] fills with events.
///
/// Made once and used for each poll: its memory is set aside at the start and never grows. When
/// more sources are ready than fit, none is lost: later polls deliver the rest. A [`poll`] with a
/// capacity of zero has nowhere to put an event and is refused with [`ErrorKind::InvalidInput`].
///
/// Start with some hundred; a server of many active connections gains from a thousand.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "os-poll")]
/// # fn main() -> std::io::Result<()> {
/// use std::time::Duration;
///
/// use mio::{Events, Poll};
///
/// let mut poll = Poll::new()?;
/// let mut events = Events::with_capacity(128);
///
/// poll.poll(&mut events, Some(Duration::from_millis(1)))?;
/// for event in &events {
///     println!("{:?}: readable {}", event.token(), event.is_readable());
/// }
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "os-poll"))]
/// # fn main() {}
/// ```
///
/// [`Poll::poll`]: crate::Poll::poll
/// [`poll`]: crate::Poll::poll
/// [`ErrorKind::InvalidInput`]: std::io::ErrorKind::InvalidInput
pub struct Events {
    list: Vec<selector::Event>,
}

impl Events {
    /// A buffer for up to `capacity` events a poll.
    pub fn with_capacity(capacity: usize) -> Events {
        Events { list: Vec::with_capacity(capacity) }
    }

    /// How many events one poll can deliver.
    pub fn capacity(&self) -> usize {
        self.list.capacity()
    }

    /// Whether the last poll delivered nothing.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The events of the last poll.
    pub fn iter(&self) -> Iter<'_> {
        Iter { list: self.list.iter() }
    }

    /// Forgets the events. [`Poll::poll`](crate::Poll::poll) does this by itself.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// The buffer as the selector fills it.
    pub(crate) fn list(&mut self) -> &mut Vec<selector::Event> {
        &mut self.list
    }
}

impl<'a> IntoIterator for &'a Events {
    type Item = &'a Event;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The events as a list.
impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self).finish()
    }
}

/// Iterates over the events of the last poll.
///
/// Made by [`Events::iter`].
///
/// # Examples
///
/// ```
/// use mio::Events;
///
/// let events = Events::with_capacity(8);
/// assert_eq!(events.iter().count(), 0);
/// ```
#[derive(Clone)]
pub struct Iter<'a> {
    list: slice::Iter<'a, selector::Event>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Event;

    fn next(&mut self) -> Option<Self::Item> {
        self.list.next().map(Event::from_raw)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.list.size_hint()
    }

    fn count(self) -> usize {
        self.list.count()
    }
}

/// The events still to come, as a list.
impl<'a> fmt::Debug for Iter<'a> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.clone()).finish()
    }
}
