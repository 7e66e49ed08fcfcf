//! [`Read`](std::io::Read) and [`Write`](std::io::Write) of the stream types, written once.

use std::ops::Deref;

/// How many bytes vectored I/O is about. As in the system calls, more than fit is not to be had.
pub(crate) fn total(buffers: &[impl Deref<Target = [u8]>]) -> usize {
    buffers.iter().fold(0, |sum, buffer| sum.saturating_add(buffer.len()))
}

/// Reads of a type, by value and by reference, whose field `inner` is an `IoSource` that this
/// function reads from.
macro_rules! impl_read {
    ($type:ty, $receive:path) => {
        impl std::io::Read for $type {
            #[inline]
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                (&*self).read(buffer)
            }

            fn read_vectored(
                &mut self,
                buffers: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                (&*self).read_vectored(buffers)
            }
        }

        impl std::io::Read for &$type {
            #[inline]
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let wanted = buffer.len();
                let reading = $crate::Interest::READABLE;
                self.inner.do_stream_io(reading, wanted, |io| $receive(io, buffer))
            }

            fn read_vectored(
                &mut self,
                buffers: &mut [std::io::IoSliceMut<'_>],
            ) -> std::io::Result<usize> {
                let wanted = $crate::stream_io::total(buffers);
                self.inner.do_stream_io($crate::Interest::READABLE, wanted, |mut io| {
                    io.read_vectored(buffers)
                })
            }
        }
    };
}
pub(crate) use impl_read;

/// Writes of a type, by value and by reference, whose field `inner` is an `IoSource` that this
/// function writes to.
macro_rules! impl_write {
    ($type:ty, $send:path) => {
        impl std::io::Write for $type {
            #[inline]
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                (&*self).write(bytes)
            }

            fn write_vectored(
                &mut self,
                buffers: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                (&*self).write_vectored(buffers)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                (&*self).flush()
            }
        }

        impl std::io::Write for &$type {
            #[inline]
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                let writing = $crate::Interest::WRITABLE;
                self.inner.do_stream_io(writing, bytes.len(), |io| $send(io, bytes))
            }

            fn write_vectored(
                &mut self,
                buffers: &[std::io::IoSlice<'_>],
            ) -> std::io::Result<usize> {
                let wanted = $crate::stream_io::total(buffers);
                self.inner.do_stream_io($crate::Interest::WRITABLE, wanted, |mut io| {
                    io.write_vectored(buffers)
                })
            }

            /// Does nothing: there is no buffer of ours.
            fn flush(&mut self) -> std::io::Result<()> {
                self.inner.do_io($crate::Interest::WRITABLE, |mut io| io.flush())
            }
        }
    };
}
pub(crate) use impl_write;
