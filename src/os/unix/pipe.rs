//! Pipes.

use std::fs::File;
use std::io;

use super::flags;

/// A new pipe, non-blocking: the end to read from, and the end to write to.
pub(crate) fn new() -> io::Result<(File, File)> {
    let (reader, writer) = flags::pipe()?;
    Ok((File::from(reader), File::from(writer)))
}
