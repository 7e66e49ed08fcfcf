//! What only Windows has: named pipes, and any socket or object that can be waited for as a source.

mod named_pipe;
mod source_handle;
mod source_socket;

pub use self::named_pipe::NamedPipe;
pub use self::source_handle::SourceHandle;
pub use self::source_socket::SourceSocket;
