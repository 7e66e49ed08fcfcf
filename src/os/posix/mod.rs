//! What systems with descriptors have in common, whether they are Unix or not: how calls fail,
//! addresses of sockets, connecting, options, and the eventfd of those that have one.

#[cfg(not(target_env = "p1"))]
pub(in crate::os) mod address;
pub(crate) mod call;
#[cfg(all(feature = "net", not(target_env = "p1")))]
pub(in crate::os) mod connect;
#[cfg(all(feature = "net", not(target_env = "p1")))]
pub(in crate::os) mod option;

cfg_if! {
    if #[cfg(linux_like)] {
        #[cfg(feature = "os-poll")]
        #[allow(dead_code)]
        pub(in crate::os) mod eventfd;
    } else if #[cfg(target_os = "hermit")] {
        #[cfg(feature = "os-poll")]
        pub(in crate::os) mod eventfd;
    }
}

/// What a selector watches.
pub(crate) type RawSource = std::os::fd::RawFd;
