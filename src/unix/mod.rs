//! What only Unix systems have: any file descriptor as a source, and pipes.

pub mod pipe;
mod source_fd;

pub use self::source_fd::SourceFd;
