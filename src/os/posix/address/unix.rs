//! Addresses of Unix sockets.

use std::ffi::OsStr;
use std::io;
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net as unix;
use std::path::Path;

use libc::{c_int, sa_family_t, socklen_t};

use super::{Received, ToSend, get, unexpected, zeroed};

impl ToSend {
    /// An address of a Unix socket: a path, an abstract name, or none at all.
    pub(in crate::os) fn unix(address: &unix::SocketAddr) -> io::Result<ToSend> {
        let mut raw: libc::sockaddr_un = zeroed();
        raw.sun_family = libc::AF_UNIX as sa_family_t;
        let (lead, name, tail): (usize, &[u8], usize) = if let Some(path) = address.as_pathname() {
            (0, path.as_os_str().as_bytes(), 1)
        } else if let Some(name) = address.as_abstract_name() {
            (1, name, 0)
        } else {
            (0, &[], 0)
        };
        // Room for the byte that ends a path or begins an abstract name. The standard library has
        // checked that already, for as long as its limit is ours.
        let Some(room) = raw.sun_path.get_mut(lead..lead + name.len() + tail) else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the name of a Unix socket is longer than the system's limit",
            ));
        };
        for (to, from) in room.iter_mut().zip(name) {
            *to = *from as libc::c_char;
        }
        let used = mem::offset_of!(libc::sockaddr_un, sun_path) + lead + name.len() + tail;
        let mut address = ToSend::new(raw);
        address.length = used as socklen_t;
        Ok(address)
    }
}

impl Received {
    /// The address of a Unix socket that it is.
    pub(in crate::os) fn unix(&self) -> io::Result<unix::SocketAddr> {
        let start = mem::offset_of!(libc::sockaddr_un, sun_path);
        let raw: libc::sockaddr_un = get(&self.storage);
        // Some systems give no address at all, not even a family, for a peer without a name.
        let length = (self.length as usize).saturating_sub(start).min(raw.sun_path.len());
        if length > 0 && c_int::from(raw.sun_family) != libc::AF_UNIX {
            return Err(unexpected());
        }
        // Signed on some systems, not on others.
        let name = raw.sun_path.map(|byte| u8::from_ne_bytes(byte.to_ne_bytes()));
        match &name[..length] {
            [0, name @ ..] => unix::SocketAddr::from_abstract_name(name),
            [] => unix::SocketAddr::from_pathname(""),
            path => {
                // A path of full length has no zero at its end.
                let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
                let path = OsStr::from_bytes(&path[..end]);
                unix::SocketAddr::from_pathname(Path::new(path))
            }
        }
    }
}

cfg_if! {
    if #[cfg(target_os = "linux")] {
        use std::os::linux::net::SocketAddrExt;
    } else if #[cfg(target_os = "android")] {
        use std::os::android::net::SocketAddrExt;
    } else {
        /// As of systems without abstract names, which give a peer without a name as zeroes.
        trait SocketAddrExt: Sized {
            fn from_abstract_name(_: &[u8]) -> io::Result<Self>;
            fn as_abstract_name(&self) -> Option<&[u8]>;
        }

        impl SocketAddrExt for unix::SocketAddr {
            fn from_abstract_name(_: &[u8]) -> io::Result<unix::SocketAddr> {
                unix::SocketAddr::from_pathname("")
            }

            fn as_abstract_name(&self) -> Option<&[u8]> {
                None
            }
        }
    }
}

#[cfg(all(test, feature = "net"))]
mod tests {
    use super::super::tests::received;
    use super::*;

    #[test]
    fn paths_of_unix_sockets_survive_the_way_there_and_back() {
        let longest = "x".repeat(size_of::<libc::sockaddr_un>() - 3);
        for path in ["a", "/run/some.socket", &longest] {
            let address = unix::SocketAddr::from_pathname(path).unwrap();
            let back = received(&ToSend::unix(&address).unwrap()).unix().unwrap();
            assert_eq!(back.as_pathname(), Some(Path::new(path)));
        }
    }

    #[test]
    fn a_path_of_full_length_loses_no_character() {
        let limit = zeroed::<libc::sockaddr_un>().sun_path.len();
        let start = mem::offset_of!(libc::sockaddr_un, sun_path);
        let mut raw: libc::sockaddr_un = zeroed();
        raw.sun_family = libc::AF_UNIX as sa_family_t;
        raw.sun_path.fill(b'p' as libc::c_char);
        let mut full = received(&ToSend::new(raw));
        full.length = (start + limit) as socklen_t;
        // The standard library takes no path of that length, as there is no room for the zero at
        // its end.
        assert_eq!(full.unix().unwrap_err().kind(), io::ErrorKind::InvalidInput);
        full.length -= 1;
        let path = full.unix().unwrap();
        assert_eq!(path.as_pathname().unwrap().as_os_str().len(), limit - 1);
    }

    #[test]
    fn an_unnamed_peer_is_unnamed_however_the_system_says_it() {
        let start = mem::offset_of!(libc::sockaddr_un, sun_path);
        for length in [0, 1, start] {
            let mut none = Received::empty();
            none.length = length as socklen_t;
            assert!(none.unix().unwrap().is_unnamed());
        }
        let unnamed = unix::SocketAddr::from_pathname("").unwrap();
        assert!(received(&ToSend::unix(&unnamed).unwrap()).unix().unwrap().is_unnamed());
    }

    #[test]
    fn abstract_names_keep_every_byte_where_there_are_any() {
        for name in [&b"a"[..], b"with\0zero", b"zero at the end\0", &[b'n'; 107]] {
            let address = unix::SocketAddr::from_abstract_name(name).unwrap();
            let back = received(&ToSend::unix(&address).unwrap()).unix().unwrap();
            assert_eq!(back.as_abstract_name(), address.as_abstract_name());
        }
    }
}
