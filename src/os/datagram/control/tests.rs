//! Control messages as each system has them, byte for byte, and bytes that no system would give.

use super::*;

/// What Linux, Apple systems, FreeBSD and Windows have, under numbers of this test's own.
const LEVEL_4: i32 = 100;
const LEVEL_6: i32 = 200;
const LEVEL_U: i32 = 300;

const WIDE: Layout = Layout { header: 16, length: 8, align: 8 };
const NARROW: Layout = Layout { header: 12, length: 4, align: 4 };

const LINUX: Messages = Messages {
    layout: WIDE,
    sent: Sent {
        source_v4: Some(((LEVEL_4, 1), Data::PacketInfo)),
        source_v6: Some(((LEVEL_6, 2), Data::PacketInfo6)),
        ecn_v4: Some(((LEVEL_4, 3), Data::Class)),
        ecn_v6: Some(((LEVEL_6, 4), Data::Class)),
        segment: Some(((LEVEL_U, 5), Data::Segment)),
    },
    skips_other_family: false,
    received: &[
        ((LEVEL_4, 1), Data::PacketInfo),
        ((LEVEL_6, 2), Data::PacketInfo6),
        ((LEVEL_4, 3), Data::ClassByte),
        ((LEVEL_6, 4), Data::Class),
        ((LEVEL_U, 5), Data::WideSegment),
    ],
};

const BSD: Messages = Messages {
    layout: NARROW,
    sent: Sent {
        source_v4: Some(((LEVEL_4, 1), Data::Address)),
        source_v6: Some(((LEVEL_6, 2), Data::PacketInfo6)),
        ecn_v4: Some(((LEVEL_4, 3), Data::ClassByte)),
        ecn_v6: Some(((LEVEL_6, 4), Data::Class)),
        segment: None,
    },
    skips_other_family: false,
    received: &[
        ((LEVEL_4, 1), Data::Address),
        ((LEVEL_4, 6), Data::Link),
        ((LEVEL_6, 2), Data::PacketInfo6),
        ((LEVEL_4, 3), Data::ClassByte),
        ((LEVEL_6, 4), Data::Class),
    ],
};

const WINDOWS: Messages = Messages {
    layout: WIDE,
    sent: Sent {
        source_v4: Some(((LEVEL_4, 1), Data::ShortPacketInfo)),
        source_v6: Some(((LEVEL_6, 2), Data::PacketInfo6)),
        ecn_v4: Some(((LEVEL_4, 3), Data::Class)),
        ecn_v6: Some(((LEVEL_6, 4), Data::Class)),
        segment: Some(((LEVEL_U, 5), Data::WideSegment)),
    },
    skips_other_family: false,
    received: &[
        ((LEVEL_4, 1), Data::ShortPacketInfo),
        ((LEVEL_6, 2), Data::PacketInfo6),
        ((LEVEL_4, 3), Data::Class),
        ((LEVEL_6, 4), Data::Class),
        ((LEVEL_U, 5), Data::WideSegment),
    ],
};

const SYSTEMS: [&Messages; 3] = [&LINUX, &BSD, &WINDOWS];

const NO_MARKS: Marks = Marks { source: None, interface: 0, ecn: None };

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn encoded(
    messages: &Messages,
    target: &str,
    marks: Marks,
    segment: usize,
) -> Result<Vec<u8>, CannotBeSaid> {
    let mut space = Space([0xaa; SEND_SPACE]);
    let used = encode(messages, Some(ip(target)), &marks, segment, &mut space)?;
    Ok(space.0[..used].to_vec())
}

/// One message, as bytes.
fn message(layout: Layout, kind: Kind, data: &[u8]) -> Vec<u8> {
    let length = layout.header + data.len();
    let mut bytes = match layout.length {
        4 => (length as u32).to_ne_bytes().to_vec(),
        _ => (length as u64).to_ne_bytes().to_vec(),
    };
    bytes.extend(kind.0.to_ne_bytes());
    bytes.extend(kind.1.to_ne_bytes());
    bytes.extend(data);
    bytes.resize(layout.space(data.len()), 0);
    bytes
}

#[test]
fn nothing_to_say_takes_no_bytes() {
    for messages in SYSTEMS {
        assert_eq!(encoded(messages, "127.0.0.1", NO_MARKS, 0).unwrap(), []);
    }
}

#[test]
fn each_system_is_told_in_its_own_way() {
    let two = i32::from(Ecn::Ect0.bits()).to_ne_bytes();
    let index = 7_u32.to_ne_bytes();
    let v4 = Marks { source: Some(ip("127.0.0.2")), interface: 7, ecn: Some(Ecn::Ect0) };
    let expected = [
        message(WIDE, (LEVEL_4, 1), &[&index[..], &[127, 0, 0, 2], &[0; 4]].concat()),
        message(WIDE, (LEVEL_4, 3), &two),
        message(WIDE, (LEVEL_U, 5), &1200_u16.to_ne_bytes()),
    ];
    assert_eq!(encoded(&LINUX, "127.0.0.1", v4, 1200).unwrap(), expected.concat());
    let expected = [
        message(WIDE, (LEVEL_4, 1), &[&[127, 0, 0, 2], &index[..]].concat()),
        message(WIDE, (LEVEL_4, 3), &two),
        message(WIDE, (LEVEL_U, 5), &1200_u32.to_ne_bytes()),
    ];
    assert_eq!(encoded(&WINDOWS, "127.0.0.1", v4, 1200).unwrap(), expected.concat());
    let expected = [
        message(NARROW, (LEVEL_4, 1), &[127, 0, 0, 2]),
        message(NARROW, (LEVEL_4, 3), &[Ecn::Ect0.bits()]),
    ];
    let without_interface = Marks { interface: 0, ..v4 };
    assert_eq!(encoded(&BSD, "127.0.0.1", without_interface, 0).unwrap(), expected.concat());
    let v6 = Marks { source: Some(ip("::1")), interface: 7, ecn: Some(Ecn::Ect0) };
    let address = Ipv6Addr::LOCALHOST.octets();
    for messages in SYSTEMS {
        let layout = messages.layout;
        let expected = [
            message(layout, (LEVEL_6, 2), &[&address[..], &index].concat()),
            message(layout, (LEVEL_6, 4), &two),
        ];
        assert_eq!(encoded(messages, "::1", v6, 0).unwrap(), expected.concat());
    }
}

#[test]
fn a_mapped_target_is_one_of_ipv4() {
    for source in ["127.0.0.2", "::ffff:127.0.0.2"] {
        let marks = Marks { source: Some(ip(source)), ..NO_MARKS };
        let expected = message(NARROW, (LEVEL_4, 1), &[127, 0, 0, 2]);
        assert_eq!(encoded(&BSD, "::ffff:127.0.0.1", marks, 0).unwrap(), expected);
    }
}

#[test]
fn for_a_target_that_is_unknown_it_is_said_for_both_families() {
    let ecn = Marks { ecn: Some(Ecn::Ect0), ..NO_MARKS };
    let unknown = |marks: Marks| {
        let mut space = Space([0; SEND_SPACE]);
        let used = encode(&LINUX, None, &marks, 0, &mut space).unwrap();
        space.0[..used].to_vec()
    };
    let two = i32::from(Ecn::Ect0.bits()).to_ne_bytes();
    let (v4, v6) = (message(WIDE, (LEVEL_4, 3), &two), message(WIDE, (LEVEL_6, 4), &two));
    assert_eq!(unknown(ecn), [&v4[..], &v6].concat());
    for (source, expected) in [("127.0.0.2", &v4), ("::ffff:127.0.0.2", &v4), ("::1", &v6)] {
        let bytes = unknown(Marks { source: Some(ip(source)), ..ecn });
        assert!(bytes.ends_with(expected), "{source}");
        assert_eq!(decode(&LINUX, &bytes).ecn, Some(Ecn::Ect0));
    }
}

/// Address and interface, mark and segment for both families at once: the most there can be.
#[test]
fn there_is_room_for_all_that_can_be_said() {
    let marks = Marks { source: None, interface: 7, ecn: Some(Ecn::Ce) };
    for messages in [&LINUX, &WINDOWS] {
        let mut space = Space([0; SEND_SPACE]);
        let used = encode(messages, None, &marks, 1200, &mut space).unwrap();
        assert_eq!(decode(messages, &space.0[..used]).interface, Some(7));
    }
}

#[test]
fn what_a_system_has_no_message_for_is_an_error_and_not_left_out() {
    let nothing = Messages { sent: Sent::NOTHING, ..LINUX };
    let source = Marks { source: Some(ip("127.0.0.2")), ..NO_MARKS };
    let interface = Marks { interface: 7, ..NO_MARKS };
    let ecn = Marks { ecn: Some(Ecn::NotEct), ..NO_MARKS };
    for marks in [source, interface, ecn] {
        assert_eq!(encoded(&nothing, "127.0.0.1", marks, 0), Err(CannotBeSaid));
    }
    assert_eq!(encoded(&nothing, "127.0.0.1", NO_MARKS, 1), Err(CannotBeSaid));
    // Only an address.
    assert_eq!(encoded(&BSD, "127.0.0.1", interface, 0), Err(CannotBeSaid));
    // An address of the other family, a size that does not fit.
    assert_eq!(encoded(&LINUX, "::1", source, 0), Err(CannotBeSaid));
    let v6 = Marks { source: Some(ip("::1")), ..NO_MARKS };
    assert_eq!(encoded(&LINUX, "127.0.0.1", v6, 0), Err(CannotBeSaid));
    assert_eq!(encoded(&LINUX, "127.0.0.1", NO_MARKS, 65_536), Err(CannotBeSaid));
}

#[test]
fn each_system_is_understood() {
    let index = 7_u32.to_ne_bytes();
    let all = |destination: &str| Told {
        destination: Some(ip(destination)),
        interface: Some(7),
        ecn: Some(Ecn::Ce),
        segment_size: None,
    };
    let linux = [
        // The address of our end, which is not that of a broadcast, comes first.
        message(WIDE, (LEVEL_4, 1), &[&index[..], &[127, 0, 0, 1], &[127, 0, 0, 2]].concat()),
        message(WIDE, (LEVEL_4, 3), &[0b1011_1011]),
        message(WIDE, (LEVEL_U, 5), &1200_u32.to_ne_bytes()),
    ];
    let expected = Told { segment_size: Some(1200), ..all("127.0.0.2") };
    assert_eq!(decode(&LINUX, &linux.concat()), expected);
    let windows = [
        message(WIDE, (LEVEL_4, 1), &[&[127, 0, 0, 2], &index[..]].concat()),
        message(WIDE, (LEVEL_4, 3), &3_i32.to_ne_bytes()),
    ];
    assert_eq!(decode(&WINDOWS, &windows.concat()), all("127.0.0.2"));
    let [low, high] = 7_u16.to_ne_bytes();
    let bsd = [
        message(NARROW, (LEVEL_4, 1), &[127, 0, 0, 2]),
        message(NARROW, (LEVEL_4, 6), &[54, 18, low, high, 0, 0]),
        message(NARROW, (LEVEL_4, 3), &[3]),
    ];
    assert_eq!(decode(&BSD, &bsd.concat()), all("127.0.0.2"));
    let address = Ipv6Addr::LOCALHOST.octets();
    for messages in SYSTEMS {
        let layout = messages.layout;
        let v6 = [
            message(layout, (LEVEL_6, 2), &[&address[..], &index].concat()),
            message(layout, (LEVEL_6, 4), &0x00ff_i32.to_ne_bytes()),
        ];
        assert_eq!(decode(messages, &v6.concat()), all("::1"));
    }
}

#[test]
fn the_last_message_may_lack_the_space_after_it() {
    let mut bytes = message(WIDE, (LEVEL_4, 3), &[2]);
    bytes.truncate(WIDE.header + 1);
    assert_eq!(decode(&LINUX, &bytes).ecn, Some(Ecn::Ect0));
}

#[test]
fn unknown_messages_are_skipped_and_short_ones_say_nothing() {
    for messages in SYSTEMS {
        let layout = messages.layout;
        let mut bytes = message(layout, (LEVEL_4, 99), &[1; 33]);
        for ((level, kind), _) in messages.received {
            bytes.extend(message(layout, (*level, *kind), &[]));
            bytes.extend(message(layout, (*kind, *level), &[1; 32]));
        }
        assert_eq!(decode(messages, &bytes), Told::default());
        bytes.extend(message(layout, (LEVEL_6, 4), &1_i32.to_ne_bytes()));
        assert_eq!(decode(messages, &bytes).ecn, Some(Ecn::Ect1));
    }
}

#[test]
fn a_length_that_makes_no_sense_ends_the_reading() {
    for messages in SYSTEMS {
        let layout = messages.layout;
        let good = message(layout, (LEVEL_6, 4), &1_i32.to_ne_bytes());
        for length in [0, 1, layout.header - 1, good.len() * 2 + 1, usize::MAX >> 1, usize::MAX] {
            let mut bad = good.clone();
            match layout.length {
                4 => bad[..4].copy_from_slice(&(length as u32).to_ne_bytes()),
                _ => bad[..8].copy_from_slice(&(length as u64).to_ne_bytes()),
            }
            let bytes = [bad, good.clone()].concat();
            assert_eq!(decode(messages, &bytes), Told::default(), "{length}");
        }
    }
}

/// Numbers from a seed (xorshift).
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Random bytes, and sound messages with some bytes changed: decoding has to end without a panic.
#[test]
fn any_bytes_can_be_read() {
    let seed = 0x9e37_79b9_7f4a_7c15;
    let mut state = seed;
    for _ in 0..20_000 {
        for messages in SYSTEMS {
            let mut bytes = Vec::new();
            while random(&mut state) % 4 != 0 {
                let at = random(&mut state) as usize % messages.received.len();
                let data = random(&mut state) as usize % 40;
                let (kind, _) = messages.received[at];
                bytes.extend(message(messages.layout, kind, &vec![data as u8; data]));
            }
            for _ in 0..random(&mut state) % 8 {
                if !bytes.is_empty() {
                    let at = random(&mut state) as usize % bytes.len();
                    bytes[at] = random(&mut state) as u8;
                }
            }
            let cut = random(&mut state) as usize % (bytes.len() + 1);
            decode(messages, &bytes[..cut]);
            decode(messages, &bytes);
        }
    }
}

#[test]
fn what_is_said_is_understood_again() {
    let mut state = 7;
    for _ in 0..1_000 {
        let interface = random(&mut state) as u32 | 1;
        let octets = (random(&mut state) as u32).to_ne_bytes();
        let ecn = Ecn::from_bits(random(&mut state) as u8);
        let segment = random(&mut state) as usize % 65_000 + 1;
        let marks = Marks { source: Some(octets.into()), interface, ecn: Some(ecn) };
        let mut bytes = encoded(&WINDOWS, "127.0.0.1", marks, segment).unwrap();
        let expected = Told {
            destination: Some(octets.into()),
            interface: Some(interface),
            ecn: Some(ecn),
            segment_size: Some(segment),
        };
        assert_eq!(decode(&WINDOWS, &bytes), expected);
        bytes.extend([0; 3]);
        assert_eq!(decode(&WINDOWS, &bytes), expected);
    }
}
