//! Which control messages Winsock has for datagrams, and what a call for one looks like.

use std::ptr;

use windows_sys::Win32::Networking::WinSock::{
    CMSGHDR, IP_ECN, IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_UDP, IPV6_ECN, IPV6_PKTINFO,
    SOCKADDR, UDP_COALESCED_INFO, UDP_SEND_MSG_SIZE, WSABUF, WSAMSG,
};

use crate::os::datagram::control::{Data, Layout, Messages, Sent};

pub(super) const MESSAGES: Messages = Messages {
    layout: Layout {
        header: size_of::<CMSGHDR>(),
        length: size_of::<usize>(),
        align: align_of::<usize>(),
    },
    sent: Sent {
        source_v4: Some(((IPPROTO_IP, IP_PKTINFO), Data::ShortPacketInfo)),
        source_v6: Some(((IPPROTO_IPV6, IPV6_PKTINFO), Data::PacketInfo6)),
        ecn_v4: Some(((IPPROTO_IP, IP_ECN), Data::Class)),
        ecn_v6: Some(((IPPROTO_IPV6, IPV6_ECN), Data::Class)),
        segment: Some(((IPPROTO_UDP, UDP_SEND_MSG_SIZE), Data::WideSegment)),
    },
    skips_other_family: false,
    received: &[
        ((IPPROTO_IP, IP_PKTINFO), Data::ShortPacketInfo),
        ((IPPROTO_IP, IP_ECN), Data::Class),
        ((IPPROTO_IPV6, IPV6_PKTINFO), Data::PacketInfo6),
        ((IPPROTO_IPV6, IPV6_ECN), Data::Class),
        ((IPPROTO_UDP, UDP_COALESCED_INFO as i32), Data::WideSegment),
    ],
};

/// No buffer.
pub(super) const NO_BUFFER: WSABUF = WSABUF { len: 0, buf: ptr::null_mut() };

/// A message with this address and these buffers, and room for control messages.
pub(super) fn message(
    (name, name_length): (*mut SOCKADDR, i32),
    (buffers, count): (*mut WSABUF, usize),
    control: &mut [u8],
) -> WSAMSG {
    let control = if control.is_empty() {
        NO_BUFFER
    } else {
        WSABUF { len: control.len() as u32, buf: control.as_mut_ptr() }
    };
    WSAMSG {
        name,
        namelen: name_length,
        lpBuffers: buffers,
        // More than fit into 32 bits fit into no datagram.
        dwBufferCount: u32::try_from(count).unwrap_or(u32::MAX),
        Control: control,
        dwFlags: 0,
    }
}
