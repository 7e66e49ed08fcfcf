//! Sockets of preview 1, `wasi_snapshot_preview1`: those that were open when the program began, and
//! what they accept.

use std::io;

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "WASI preview 1 cannot make sockets"))
}

pub(crate) mod tcp {
    use std::io;
    use std::net::{SocketAddr, TcpStream};

    // The system does not tell whose a connection is: the address is that of nobody, `0.0.0.0:0`.
    pub(crate) use crate::os::std_stream::accept;

    pub(crate) fn begin_connect(_: &SocketAddr) -> io::Result<TcpStream> {
        super::unsupported()
    }

    pub(crate) fn local_addr(stream: &TcpStream) -> io::Result<SocketAddr> {
        stream.local_addr()
    }

    /// Streams are those that were accepted, or came in open: connected.
    pub(crate) fn finish_connect(_: &TcpStream) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) mod udp {
    use std::io;
    use std::net::UdpSocket;

    use super::unsupported;
    use crate::os::datagram::Buffer;
    pub(crate) use crate::os::std_datagrams::*;

    /// What an option's call returned.
    pub(crate) fn option<T>(result: io::Result<T>) -> io::Result<T> {
        result
    }

    pub(crate) fn only_v6(_: &UdpSocket) -> io::Result<bool> {
        unsupported()
    }

    pub(crate) fn set_buffer_size(_: &UdpSocket, _: Buffer, _: usize) -> io::Result<()> {
        unsupported()
    }

    pub(crate) fn buffer_size(_: &UdpSocket, _: Buffer) -> io::Result<usize> {
        unsupported()
    }
}
