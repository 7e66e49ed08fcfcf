//! Logging, and nothing in its place without the feature `log`.

#[cfg(feature = "log")]
pub(crate) use ::log::trace;

#[cfg(not(feature = "log"))]
macro_rules! trace {
    ($($argument:tt)*) => {
        // Never run, and checked all the same.
        if false {
            let _ = format_args!($($argument)*);
        }
    };
}
#[cfg(not(feature = "log"))]
pub(crate) use trace;
