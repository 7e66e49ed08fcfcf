//! Control messages, `cmsg(3)`: what is said of a datagram beside its address, as bytes. Pure; what
//! differs between systems (layout, numbers) comes in as a table.
//!
//! Whatever bytes come in, decoding ends, stays inside of them, and skips what it does not know.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Ecn;
use super::transmit::Marks;

/// How a system lays out a message: a header of length (of all, without the space after the data),
/// level and kind, then the data; and the next message where `align` allows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// The bytes before the data.
    pub(crate) header: usize,
    /// The bytes of the length; level and kind follow, 32 bits each.
    pub(crate) length: usize,
    /// What messages are aligned to. A power of two.
    pub(crate) align: usize,
}

impl Layout {
    /// Bytes that a message takes, with the space up to the next.
    pub(crate) const fn space(&self, data: usize) -> usize {
        (self.header + data).next_multiple_of(self.align)
    }
}

/// Level and kind of a message, which together say what its data is.
pub(crate) type Kind = (i32, i32);

/// What the data of a message is. No system has all of them.
#[allow(dead_code)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// Index of the interface, address of our end, address in the header: `in_pktinfo` of most.
    PacketInfo,
    /// Address and index of the interface: `IN_PKTINFO` of Windows.
    ShortPacketInfo,
    /// An address of IPv4.
    Address,
    /// An address of IPv6 and the index of the interface: `in6_pktinfo`.
    PacketInfo6,
    /// The index of the interface in an address of a link: `sockaddr_dl`.
    Link,
    /// The traffic class in one byte.
    ClassByte,
    /// The traffic class, or of it the mark alone, in 32 bits.
    Class,
    /// The size of segments in 16 bits.
    Segment,
    /// The size of segments in 32 bits.
    WideSegment,
}

/// What a system can be told of a datagram, and by which messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) source_v4: Option<(Kind, Data)>,
    pub(crate) source_v6: Option<(Kind, Data)>,
    pub(crate) ecn_v4: Option<(Kind, Data)>,
    pub(crate) ecn_v6: Option<(Kind, Data)>,
    pub(crate) segment: Option<(Kind, Data)>,
}

impl Sent {
    /// Of a system that can be told nothing.
    #[allow(dead_code)]
    pub(crate) const NOTHING: Sent =
        Sent { source_v4: None, source_v6: None, ecn_v4: None, ecn_v6: None, segment: None };
}

/// Which messages a system knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Messages {
    pub(crate) layout: Layout,
    pub(crate) sent: Sent,
    /// Whether messages are skipped that are not meant for the family of the socket.
    pub(crate) skips_other_family: bool,
    pub(crate) received: &'static [(Kind, Data)],
}

/// What was said of a received datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) destination: Option<IpAddr>,
    pub(crate) interface: Option<u32>,
    pub(crate) ecn: Option<Ecn>,
    pub(crate) segment_size: Option<usize>,
}

/// Room for all that can be said of one datagram that is sent, on any system: the address and
/// interface of IPv6, its traffic class, a segment size.
pub(crate) const SEND_SPACE: usize = 192;

/// Room for that of a received one, and for some of what the user asked the socket for beside.
pub(crate) const RECEIVE_SPACE: usize = 256;

/// Bytes that control messages are in, aligned as on any system.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub(crate) struct Space<const SIZE: usize>(pub(crate) [u8; SIZE]);

/// Why a datagram cannot be sent as asked for: the system has no message for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CannotBeSaid;

/// Writes what is to be said of a datagram that goes to `target`, in segments of `segment` bytes
/// unless that is 0, and returns how many bytes of `space` that takes.
///
/// Is the target unknown, and nothing else tells its family, it is said for both: that is for
/// systems that skip what is not meant for the family of the socket.
pub(crate) fn encode(
    messages: &Messages,
    target: Option<IpAddr>,
    marks: &Marks,
    segment: usize,
    space: &mut Space<SEND_SPACE>,
) -> Result<usize, CannotBeSaid> {
    let mut writer = Writer { layout: &messages.layout, space: &mut space.0, used: 0 };
    let sent = &messages.sent;
    // A socket of IPv6 sends to a mapped address by IPv4.
    let known = target.or(marks.source).map(|address| address.to_canonical());
    let (v4, v6) = known.map_or((true, true), |address| (address.is_ipv4(), address.is_ipv6()));
    if marks.source.is_some() || marks.interface != 0 {
        if v4 {
            let source = v4_of(marks.source)?.octets();
            writer.source(sent.source_v4, &source, marks.interface)?;
        }
        if v6 {
            let source = v6_of(marks.source)?.octets();
            writer.source(sent.source_v6, &source, marks.interface)?;
        }
    }
    if let Some(mark) = marks.ecn {
        if v4 {
            writer.number(sent.ecn_v4, usize::from(mark.bits()))?;
        }
        if v6 {
            writer.number(sent.ecn_v6, usize::from(mark.bits()))?;
        }
    }
    if segment != 0 {
        writer.number(sent.segment, segment)?;
    }
    Ok(writer.used)
}

/// The address of IPv4 that a source is, or any for none.
fn v4_of(source: Option<IpAddr>) -> Result<Ipv4Addr, CannotBeSaid> {
    match source.map(|address| address.to_canonical()) {
        None => Ok(Ipv4Addr::UNSPECIFIED),
        Some(IpAddr::V4(address)) => Ok(address),
        Some(IpAddr::V6(_)) => Err(CannotBeSaid),
    }
}

/// The address of IPv6 that a source is, or any for none.
fn v6_of(source: Option<IpAddr>) -> Result<Ipv6Addr, CannotBeSaid> {
    match source {
        None => Ok(Ipv6Addr::UNSPECIFIED),
        Some(IpAddr::V6(address)) => Ok(address),
        Some(IpAddr::V4(_)) => Err(CannotBeSaid),
    }
}

struct Writer<'a> {
    layout: &'a Layout,
    space: &'a mut [u8],
    used: usize,
}

impl Writer<'_> {
    /// The message that says where from and by which interface.
    fn source(
        &mut self,
        how: Option<(Kind, Data)>,
        address: &[u8],
        interface: u32,
    ) -> Result<(), CannotBeSaid> {
        let (kind, data) = how.ok_or(CannotBeSaid)?;
        let index = interface.to_ne_bytes();
        match data {
            Data::PacketInfo => self.parts(kind, &[&index, address, &[0; 4]]),
            Data::ShortPacketInfo | Data::PacketInfo6 => self.parts(kind, &[address, &index]),
            // There is no place for the interface.
            Data::Address if interface == 0 => self.parts(kind, &[address]),
            _ => Err(CannotBeSaid),
        }
    }

    /// The message whose data is a number.
    fn number(&mut self, how: Option<(Kind, Data)>, number: usize) -> Result<(), CannotBeSaid> {
        let (kind, data) = how.ok_or(CannotBeSaid)?;
        match data {
            Data::ClassByte => {
                let number = u8::try_from(number).map_err(|_| CannotBeSaid)?;
                self.parts(kind, &[&[number]])
            }
            Data::Segment => {
                let number = u16::try_from(number).map_err(|_| CannotBeSaid)?;
                self.parts(kind, &[&number.to_ne_bytes()])
            }
            _ => {
                let number = u32::try_from(number).map_err(|_| CannotBeSaid)?;
                self.parts(kind, &[&number.to_ne_bytes()])
            }
        }
    }

    /// A message whose data is these parts.
    fn parts(&mut self, kind: Kind, parts: &[&[u8]]) -> Result<(), CannotBeSaid> {
        let Layout { header, length, .. } = *self.layout;
        let data = parts.iter().map(|part| part.len()).sum();
        let end = self.used + self.layout.space(data);
        let message = self.space.get_mut(self.used..end).ok_or(CannotBeSaid)?;
        message.fill(0);
        put_length(&mut message[..length], header + data);
        message[length..length + 4].copy_from_slice(&kind.0.to_ne_bytes());
        message[length + 4..length + 8].copy_from_slice(&kind.1.to_ne_bytes());
        let mut at = header;
        for part in parts {
            message[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        self.used = end;
        Ok(())
    }
}

fn put_length(field: &mut [u8], value: usize) {
    if field.len() == 4 {
        field.copy_from_slice(&(value as u32).to_ne_bytes());
    } else {
        field.copy_from_slice(&(value as u64).to_ne_bytes());
    }
}

/// Reads what the system said. Of two messages about the same the later one counts.
pub(crate) fn decode(messages: &Messages, bytes: &[u8]) -> Told {
    let mut told = Told::default();
    let mut reader = Reader { layout: &messages.layout, bytes };
    while let Some((kind, data)) = reader.next() {
        let known = messages.received.iter().find(|(known, _)| *known == kind);
        if let Some((_, what)) = known {
            told.take(*what, data);
        }
    }
    told
}

impl Told {
    /// Data that is too short for what it is to be says nothing.
    fn take(&mut self, what: Data, data: &[u8]) {
        match what {
            Data::PacketInfo => {
                let Some((index, address)) = word(data, 0).zip(word(data, 8)) else { return };
                self.arrived(IpAddr::from(address), index);
            }
            Data::ShortPacketInfo => {
                let Some((address, index)) = word(data, 0).zip(word(data, 4)) else { return };
                self.arrived(IpAddr::from(address), index);
            }
            Data::PacketInfo6 => {
                let Some((address, index)) = data.first_chunk::<16>().zip(word(data, 16)) else {
                    return;
                };
                self.arrived(IpAddr::from(*address), index);
            }
            Data::Address => self.destination = word(data, 0).map(IpAddr::from),
            Data::Link => {
                let Some(index) = data.get(2..4) else { return };
                self.interface = Some(u32::from(u16::from_ne_bytes([index[0], index[1]])));
            }
            // Some systems give 32 bits where others give one byte, under the same name.
            Data::ClassByte | Data::Class => {
                let class = match word(data, 0) {
                    Some(wide) => Some(u32::from_ne_bytes(wide) as u8),
                    None => data.first().copied(),
                };
                self.ecn = class.map(Ecn::from_bits).or(self.ecn);
            }
            Data::Segment | Data::WideSegment => {
                let size = match word(data, 0) {
                    Some(wide) => Some(u32::from_ne_bytes(wide) as usize),
                    None => data.first_chunk().map(|size| usize::from(u16::from_ne_bytes(*size))),
                };
                self.segment_size = size.or(self.segment_size);
            }
        }
    }

    fn arrived(&mut self, destination: IpAddr, interface: [u8; 4]) {
        self.destination = Some(destination);
        self.interface = Some(u32::from_ne_bytes(interface));
    }
}

/// Four bytes from this place on.
fn word(data: &[u8], at: usize) -> Option<[u8; 4]> {
    data.get(at..)?.first_chunk().copied()
}

/// The messages in these bytes.
struct Reader<'a> {
    layout: &'a Layout,
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<(Kind, &'a [u8])> {
        let Layout { header, length, .. } = *self.layout;
        let number =
            |at: usize| self.bytes.get(at..)?.first_chunk().map(|n| i32::from_ne_bytes(*n));
        let kind = (number(length)?, number(length + 4)?);
        let all = if length == 4 {
            u32::from_ne_bytes(*self.bytes.first_chunk()?) as usize
        } else {
            usize::try_from(u64::from_ne_bytes(*self.bytes.first_chunk()?)).ok()?
        };
        // Shorter than its own header, or longer than what there is: nothing after it makes sense.
        let data = self.bytes.get(header..all)?;
        let next = self.layout.space(data.len()).min(self.bytes.len());
        self.bytes = &self.bytes[next..];
        Some((kind, data))
    }
}

#[cfg(test)]
mod tests;
