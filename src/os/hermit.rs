//! Hermit: sockets as the standard library has them, and as little more as there is.
//!
//! A program and its kernel are one, and there is no other: nothing is executed, so that nothing
//! has to be closed then. There are no pipes and no Unix sockets.

pub(crate) mod tcp {
    use std::io;
    use std::net::{SocketAddr, TcpStream};
    use std::os::fd::AsFd;

    use crate::os::posix::address::ToSend;
    use crate::os::posix::{call, connect};
    pub(crate) use crate::os::std_stream::accept;

    /// Opens a socket and begins to connect it. It becomes writable when that is done.
    #[allow(unsafe_code)]
    pub(crate) fn begin_connect(address: &SocketAddr) -> io::Result<TcpStream> {
        let address = ToSend::ip(address);
        // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
        let socket =
            unsafe { call::owned_fd(libc::socket(address.family(), libc::SOCK_STREAM, 0)) }?;
        let stream = TcpStream::from(socket);
        stream.set_nonblocking(true)?;
        connect::begin(stream.as_fd(), &address)?;
        Ok(stream)
    }

    pub(crate) fn local_addr(stream: &TcpStream) -> io::Result<SocketAddr> {
        stream.local_addr()
    }

    /// How a connect ended that went on by itself.
    pub(crate) fn finish_connect(stream: &TcpStream) -> io::Result<()> {
        connect::finish(stream.as_fd(), || stream.take_error())
    }
}

pub(crate) mod udp {
    pub(crate) use crate::os::posix::option::{
        buffer_size, known as option, only_v6, set_buffer_size,
    };
    pub(crate) use crate::os::std_datagrams::*;
}
