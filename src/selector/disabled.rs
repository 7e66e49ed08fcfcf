//! The selector of a build without the feature `os-poll`: it cannot be made, and says why.
//!
//! Having no values, it needs no behaviour: whatever takes one is unreachable by its type.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::contract::{NativeEdges, RawEvent, Selector, Wake};
use crate::os::RawSource;
use crate::{Interest, Token};

/// A selector, an event and a waker that cannot exist.
#[derive(Debug, Clone)]
pub(crate) enum Disabled {}

impl Selector for Disabled {
    type Event = Disabled;
    type Registration = NativeEdges;
    type Waker = Disabled;

    fn new() -> io::Result<Arc<Self>> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "mio was built without its feature `os-poll`, which `Poll` needs: \
             add it to the `features` of the dependency",
        ))
    }

    fn select(&self, _: &mut Vec<Disabled>, _: Option<Duration>) -> io::Result<()> {
        match *self {}
    }

    fn register(
        self: &Arc<Self>,
        _: RawSource,
        _: Token,
        _: Interest,
        _: Option<&mut NativeEdges>,
    ) -> io::Result<()> {
        match **self {}
    }

    fn reregister(
        self: &Arc<Self>,
        _: RawSource,
        _: Token,
        _: Interest,
        _: Option<&mut NativeEdges>,
    ) -> io::Result<()> {
        match **self {}
    }

    fn deregister(self: &Arc<Self>, _: RawSource, _: Option<&mut NativeEdges>) -> io::Result<()> {
        match **self {}
    }

    fn waker(self: &Arc<Self>, _: Token) -> io::Result<Disabled> {
        match **self {}
    }
}

impl RawEvent for Disabled {
    fn token(&self) -> Token {
        match *self {}
    }

    fn is_readable(&self) -> bool {
        match *self {}
    }

    fn is_writable(&self) -> bool {
        match *self {}
    }

    fn is_error(&self) -> bool {
        match *self {}
    }

    fn is_read_closed(&self) -> bool {
        match *self {}
    }

    fn is_write_closed(&self) -> bool {
        match *self {}
    }

    fn is_priority(&self) -> bool {
        match *self {}
    }
}

impl Wake for Disabled {
    fn wake(&self) -> io::Result<()> {
        match *self {}
    }
}
