//! [`UnixSocketAddr`]: the address of a Unix socket where the standard library has none.
//!
//! Pure, and tested on every system. The bytes are those of `sun_path` in `sockaddr_un`, which
//! Windows takes for UTF-8.

use std::fmt;
use std::io;
use std::path::Path;

/// How many bytes a name has room for, the zero at its end included: `UNIX_PATH_MAX`.
pub(crate) const ROOM: usize = 108;

/// The address of a Unix socket: a path, or none at all.
///
/// On Unix this is another name of `std::os::unix::net::SocketAddr`. Windows has paths only: no
/// abstract names, and none that the system chooses. A path is at most 107 bytes of UTF-8.
///
/// # Examples
///
/// ```
/// # #[cfg(any(unix, windows))]
/// # fn main() -> std::io::Result<()> {
/// use std::path::Path;
///
/// use mio::net::UnixSocketAddr;
///
/// let address = UnixSocketAddr::from_pathname("service.socket")?;
/// assert_eq!(address.as_pathname(), Some(Path::new("service.socket")));
/// assert!(!address.is_unnamed());
/// # Ok(())
/// # }
/// # #[cfg(not(any(unix, windows)))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct UnixSocketAddr {
    /// UTF-8 without zeroes; empty for an unnamed socket.
    name: String,
}

impl UnixSocketAddr {
    /// The address of a path. That of the empty path is unnamed.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the path has more than 107 bytes, or a zero,
    /// which would make it an abstract name, or is not Unicode.
    pub fn from_pathname<P: AsRef<Path>>(path: P) -> io::Result<UnixSocketAddr> {
        let name = path.as_ref().to_str().ok_or_else(|| invalid("is not Unicode"))?;
        if name.contains('\0') {
            return Err(invalid("has a zero; there are no abstract names on this system"));
        }
        if name.len() >= ROOM {
            return Err(invalid("is longer than the system's limit of 107 bytes"));
        }
        Ok(UnixSocketAddr { name: name.to_owned() })
    }

    /// Whether this is the address of a socket without a name, such as of most clients.
    pub fn is_unnamed(&self) -> bool {
        self.name.is_empty()
    }

    /// The path, if the socket has a name.
    pub fn as_pathname(&self) -> Option<&Path> {
        (!self.name.is_empty()).then(|| Path::new(&self.name))
    }

    /// The name that the system gave: as much of `sun_path` as counts.
    pub(crate) fn from_raw(name: &[u8]) -> io::Result<UnixSocketAddr> {
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        match std::str::from_utf8(&name[..end]) {
            Ok(name) => Ok(UnixSocketAddr { name: name.to_owned() }),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    }

    /// The name as `sun_path` has it, with the zero at its end.
    ///
    /// # Errors
    ///
    /// An unnamed address: there is nothing to connect to, and no name that the system chooses.
    pub(crate) fn to_raw(&self) -> io::Result<[u8; ROOM]> {
        if self.is_unnamed() {
            return Err(invalid("is empty; this system has no names of its own choice"));
        }
        let mut raw = [0; ROOM];
        raw[..self.name.len()].copy_from_slice(self.name.as_bytes());
        Ok(raw)
    }
}

fn invalid(what: &str) -> io::Error {
    let message = format!("the path of a Unix socket {what}");
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// As the standard library shows addresses of Unix sockets.
impl fmt::Debug for UnixSocketAddr {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_pathname() {
            Some(path) => write!(formatter, "{path:?} (pathname)"),
            None => formatter.write_str("(unnamed)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_survive_the_way_there_and_back() {
        let longest = "p".repeat(ROOM - 1);
        for path in ["a", r"C:\run\some.socket", "gr\u{fc}\u{df}e", &longest] {
            let address = UnixSocketAddr::from_pathname(path).unwrap();
            let back = UnixSocketAddr::from_raw(&address.to_raw().unwrap()).unwrap();
            assert_eq!(back.as_pathname(), Some(Path::new(path)));
        }
    }

    #[test]
    fn what_is_no_path_of_a_socket_is_refused() {
        let refused = ["p".repeat(ROOM), "\u{df}".repeat(54), "\0abstract".into(), "a\0".into()];
        for path in refused {
            let error = UnixSocketAddr::from_pathname(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path:?}");
        }
    }

    #[test]
    fn an_empty_path_is_unnamed_and_nothing_to_connect_to() {
        let address = UnixSocketAddr::from_pathname("").unwrap();
        assert!(address.is_unnamed() && address.as_pathname().is_none());
        assert_eq!(address.to_raw().unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(format!("{address:?}"), "(unnamed)");
    }

    #[test]
    fn an_unnamed_peer_is_unnamed_however_the_system_says_it() {
        for raw in [&[][..], &[0], &[0; ROOM], b"\0autobind"] {
            assert!(UnixSocketAddr::from_raw(raw).unwrap().is_unnamed(), "{raw:?}");
        }
    }

    #[test]
    fn a_name_of_full_length_without_a_zero_loses_nothing() {
        let address = UnixSocketAddr::from_raw(&[b'p'; ROOM]).unwrap();
        assert_eq!(address.as_pathname().unwrap().as_os_str().len(), ROOM);
    }

    #[test]
    fn bytes_that_are_not_unicode_are_an_error() {
        let error = UnixSocketAddr::from_raw(&[0xff]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
