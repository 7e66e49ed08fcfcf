//! Sockets of preview 2, `wasi:sockets`, by the C library: what the standard library does not do
//! without blocking, or not at all.

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
        let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK;
        // SAFETY: takes no pointers, and the descriptor returned is nobody else's.
        let socket = unsafe { call::owned_fd(libc::socket(address.family(), kind, 0)) }?;
        connect::begin(socket.as_fd(), &address)?;
        Ok(TcpStream::from(socket))
    }

    /// The C library ends the program when it is asked for the address of a socket that is about to
    /// connect or has failed to. Both have an error to take, and keep it.
    pub(crate) fn local_addr(stream: &TcpStream) -> io::Result<SocketAddr> {
        match stream.take_error()? {
            Some(_) => Err(io::ErrorKind::NotConnected.into()),
            None => stream.local_addr(),
        }
    }

    /// How a connect ended that went on by itself. The `poll(2)` in it also is what takes the
    /// connect to its end.
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
