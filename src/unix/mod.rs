//! What only Unix systems have: any file descriptor as a source, and pipes.
//!
//! Hermit, which is no Unix but has descriptors, has the first.

#[cfg(unix)]
pub mod pipe;
mod source_fd;

pub use self::source_fd::SourceFd;
