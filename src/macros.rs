//! Choosing one of several implementations at compile time.

/// Keeps the items of the first arm whose condition, a `cfg` predicate, holds; those of `else` if
/// none does.
///
/// One table, in which each platform stands once, instead of lists that have to exclude each other.
macro_rules! first_match {
    (@unless $earlier:tt) => {};
    (@unless $earlier:tt else { $($item:item)* }) => {
        $(#[cfg(not(any $earlier))] $item)*
    };
    (@unless $earlier:tt $condition:meta => { $($item:item)* } $($rest:tt)*) => {
        $(#[cfg(all($condition, not(any $earlier)))] $item)*
        first_match! { @unless (any $earlier, $condition) $($rest)* }
    };
    ($($arms:tt)*) => {
        first_match! { @unless () $($arms)* }
    };
}
