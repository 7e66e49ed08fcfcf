//! How this system opens, connects and accepts things. Knows nothing of tokens, selectors or
//! interests.

cfg_if! {
    if #[cfg(unix)] {
        pub(crate) mod posix;
        pub(crate) mod unix;
        use self::posix::call::errno as failure;
        #[cfg(feature = "os-poll")]
        pub(crate) use self::unix::wake::WakeFd;
        #[cfg(feature = "net")]
        pub(crate) use self::unix::{receive, send, tcp, udp, uds};
        #[cfg(feature = "os-ext")]
        pub(crate) use self::{posix::call::set_nonblocking, unix::pipe};
    } else if #[cfg(target_os = "hermit")] {
        #[cfg(feature = "net")]
        mod hermit;
        pub(crate) mod posix;
        use self::posix::call::negated as failure;
        #[cfg(feature = "os-poll")]
        pub(crate) use self::posix::eventfd::EventFd as WakeFd;
        #[cfg(feature = "net")]
        pub(crate) use self::{std_stream::{receive, send}, hermit::{tcp, udp}};
    } else if #[cfg(target_os = "wasi")] {
        pub(crate) mod posix;
        mod wasi;
        use self::posix::call::errno as failure;
        #[cfg(feature = "os-poll")]
        pub(crate) use self::wasi::wake::WakeFd;
        #[cfg(feature = "net")]
        pub(crate) use self::{std_stream::{receive, send}, wasi::{tcp, udp}};
    } else if #[cfg(windows)] {
        pub(crate) mod windows;
        pub(crate) use self::windows::RawSource;
        #[cfg(feature = "net")]
        pub(crate) use self::{std_stream::{receive, send}, windows::{tcp, udp, uds}};
    } else {
        compile_error!(
            "mio needs sockets as Unix, Windows, WASI or Hermit have them: not on this target"
        );
    }
}

#[cfg(not(windows))]
pub(crate) use self::posix::RawSource;

#[cfg(feature = "net")]
mod connecting;
#[cfg(feature = "net")]
pub(crate) mod datagram;
// Tested on Unix.
#[cfg(all(
    feature = "net",
    any(all(test, unix), not(any(unix, windows)), target_vendor = "nintendo"),
))]
#[cfg_attr(unix, allow(dead_code))]
mod std_datagrams;
// Of some systems sockets, of others pipes alone.
#[allow(dead_code)]
pub(crate) mod std_stream;
// Tested on every system.
#[cfg(all(feature = "net", any(windows, test)))]
#[cfg_attr(not(windows), allow(dead_code))]
pub(crate) mod unix_socket_addr;

/// What a selector watches, of a type that has one.
pub(crate) trait AsRawSource {
    fn as_raw_source(&self) -> RawSource;
}

#[cfg(not(windows))]
impl<T: std::os::fd::AsRawFd> AsRawSource for T {
    fn as_raw_source(&self) -> RawSource {
        self.as_raw_fd()
    }
}

#[cfg(windows)]
impl<T: std::os::windows::io::AsRawSocket> AsRawSource for T {
    fn as_raw_source(&self) -> RawSource {
        self.as_raw_socket()
    }
}
