//! Choosing one of several implementations at compile time.

/// Keeps the items of the first condition that holds, or those of the last `else`, in the form of
/// the crate `cfg-if`: rustfmt finds the modules in a macro of this name only.
///
/// One table, in which each platform stands once, instead of lists that have to exclude each other.
/// A list of systems that more than one table needs has a name here.
macro_rules! cfg_if {
    (@unless $earlier:tt if #[cfg(linux_like)] $($rest:tt)*) => {
        // Linux, and the systems that took over epoll and eventfd from it.
        cfg_if! {
            @unless $earlier
            if #[cfg(any(target_os = "android", target_os = "illumos", target_os = "linux"))]
            $($rest)*
        }
    };
    (@unless $earlier:tt if #[cfg(kqueue_like)] $($rest:tt)*) => {
        // Apple systems and the BSDs.
        cfg_if! {
            @unless $earlier
            if #[cfg(any(
                target_os = "dragonfly",
                target_os = "freebsd",
                target_os = "netbsd",
                target_os = "openbsd",
                target_vendor = "apple",
            ))]
            $($rest)*
        }
    };
    (@unless $earlier:tt if #[cfg($condition:meta)] { $($item:item)* } $(else $($rest:tt)*)?) => {
        $(#[cfg(all($condition, not(any $earlier)))] $item)*
        $(cfg_if! { @unless (any $earlier, $condition) $($rest)* })?
    };
    (@unless $earlier:tt { $($item:item)* }) => {
        $(#[cfg(not(any $earlier))] $item)*
    };
    (if $($rest:tt)*) => {
        cfg_if! { @unless () if $($rest)* }
    };
}
