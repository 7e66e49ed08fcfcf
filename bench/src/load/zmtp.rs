//! ZeroMQ's wire protocol, version 3.0, as far as a client of its kind `DEALER` needs it.

use std::io::{self, Read, Write};

const SHORT: usize = 255;

/// The greeting and the `READY` of both sides, without security.
pub fn shake_hands(stream: &mut (impl Read + Write)) -> io::Result<()> {
    let mut greeting = [0; 64];
    greeting[0] = 0xff;
    greeting[8] = 1;
    greeting[9] = 0x7f;
    greeting[10] = 3;
    greeting[12..16].copy_from_slice(b"NULL");
    stream.write_all(&greeting)?;
    stream.read_exact(&mut greeting)?;
    let body = b"\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER";
    let mut ready = vec![0x04, body.len() as u8];
    ready.extend_from_slice(body);
    stream.write_all(&ready)?;
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    stream.read_exact(&mut vec![0; usize::from(head[1])])
}

/// A message of one frame.
pub fn frame(content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut frame = match length {
        0..=SHORT => vec![0x00, length as u8],
        _ => [&[0x02][..], &(length as u64).to_be_bytes()].concat(),
    };
    frame.extend_from_slice(content);
    frame
}
