//! Rows over a model of a system that takes segments or not, and stops where it is told to.

use super::*;

/// What has arrived: the bytes of each datagram.
#[derive(Default)]
struct Model<'m> {
    /// Messages in one call.
    room: usize,
    /// The most segments in a message, their largest size, and what a message beyond is told.
    most_segments: usize,
    largest: usize,
    refusal: Option<io::ErrorKind>,
    /// Messages until the system has no more room, or fails thus.
    budget: Option<(usize, io::ErrorKind)>,
    /// No datagram may be larger.
    largest_datagram: usize,
    gathered: Vec<Message<'m>>,
    arrived: Vec<Vec<u8>>,
    /// The length of each message that was taken.
    messages: Vec<usize>,
    calls: usize,
    refused: usize,
}

impl Model<'_> {
    fn new(room: usize, most_segments: usize) -> Self {
        Model {
            room,
            most_segments,
            largest: usize::MAX,
            largest_datagram: MOST_BYTES,
            ..Model::default()
        }
    }

    fn take(&mut self, message: &Message<'_>) -> io::Result<()> {
        let bytes = message.parts().collect::<Vec<_>>().concat();
        assert_eq!(bytes.len(), message.length);
        if let Some(whole) = message.whole() {
            assert_eq!(whole.iter().map(|slice| &slice[..]).collect::<Vec<_>>().concat(), bytes);
        }
        assert!(bytes.len() <= MOST_BYTES || message.segment == 0);
        if let Some((left, kind)) = &mut self.budget {
            *left = left.checked_sub(1).ok_or(*kind)?;
        }
        let size = if message.segment == 0 { bytes.len() } else { message.segment };
        if message.segment != 0 {
            assert!(bytes.len() > size);
            if bytes.len().div_ceil(size) > self.most_segments || size > self.largest {
                self.refused += 1;
                return Err(self.refusal.expect("no refusal").into());
            }
        }
        if size > self.largest_datagram {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.messages.push(bytes.len());
        match bytes.len() {
            0 => self.arrived.push(Vec::new()),
            _ => self.arrived.extend(bytes.chunks(size).map(<[u8]>::to_vec)),
        }
        Ok(())
    }
}

impl<'m> Outbox<'m> for Model<'m> {
    fn clear(&mut self) {
        self.gathered.clear();
    }

    fn push(&mut self, message: Message<'m>) -> io::Result<bool> {
        if message.transmit.marks().interface == u32::MAX {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let has_room = self.gathered.len() < self.room;
        if has_room {
            self.gathered.push(message);
        }
        Ok(has_room)
    }

    fn send(&mut self) -> io::Result<usize> {
        self.calls += 1;
        for (at, message) in self.gathered.clone().iter().enumerate() {
            match self.take(message) {
                Err(error) if at == 0 => return Err(error),
                Err(_) => return Ok(at),
                Ok(()) => {}
            }
        }
        Ok(self.gathered.len())
    }

    fn refusal(error: &io::Error) -> Option<Refusal> {
        match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge => Some(Refusal::Size),
            io::ErrorKind::BrokenPipe => Some(Refusal::Always),
            _ => None,
        }
    }
}

/// Bytes of which each datagram can be told by its contents.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at / 7) as u8).collect()
}

fn expected(transmits: &[Transmit<'_>]) -> Vec<Vec<u8>> {
    let mut datagrams = Vec::new();
    for transmit in transmits {
        let all = transmit.slices().iter().map(|slice| &slice[..]).collect::<Vec<_>>().concat();
        match (all.len(), transmit.segment()) {
            (0, _) | (_, 0) => datagrams.push(all),
            (_, size) => datagrams.extend(all.chunks(size).map(<[u8]>::to_vec)),
        }
    }
    datagrams
}

#[track_caller]
fn expect_all_sent(progress: &Progress, transmits: usize) {
    assert!(progress.error.is_none(), "{progress:?}");
    assert_eq!((progress.sent, progress.partial), (transmits, 0));
}

#[test]
fn each_way_sends_the_same_datagrams() {
    let bytes = bytes(200_000);
    let odd = [&bytes[..5], &[], &bytes[5..1300], &bytes[1300..9001], &bytes[9001..9002]];
    let slices = odd.map(IoSlice::new);
    let transmits = [
        Transmit::new(&bytes[..100]),
        Transmit::new(&[]),
        Transmit::new(&[]).segment_size(10),
        Transmit::new(&bytes[..100]).segment_size(100),
        Transmit::new(&bytes[..100]).segment_size(99),
        Transmit::new(&bytes[..100]).segment_size(101),
        Transmit::new(&bytes).segment_size(1200),
        Transmit::new(&bytes[..300]).segment_size(1),
        Transmit::vectored(&slices),
        Transmit::vectored(&slices).segment_size(1200),
        Transmit::vectored(&[]),
        Transmit::new(&bytes[..300]).segment_size(usize::MAX),
    ];
    for most_segments in [1, 2, 64] {
        for room in [1, 2, 7, 1000] {
            let mut model = Model::new(room, most_segments);
            let mut offload = Offload::of(most_segments);
            let progress = send_all(&transmits, &mut offload, &mut model);
            expect_all_sent(&progress, transmits.len());
            assert_eq!(model.arrived, expected(&transmits));
            assert_eq!(offload, Offload::of(most_segments));
        }
    }
}

#[test]
fn a_row_is_as_few_messages_as_can_be() {
    let bytes = bytes(60 * 1200);
    let mut model = Model::new(100, 64);
    let transmits = [Transmit::new(&bytes).segment_size(1200)];
    expect_all_sent(&send_all(&transmits, &mut Offload::of(64), &mut model), 1);
    // 54 times 1,200 bytes fit into a message.
    assert_eq!(model.messages, [54 * 1200, 6 * 1200]);
    assert_eq!(model.calls, 1);
}

#[test]
fn a_refused_row_is_sent_one_by_one_and_the_refusal_remembered() {
    let bytes = bytes(10 * 1200 + 1);
    let transmits = [Transmit::new(b"first"), Transmit::new(&bytes).segment_size(1200)];
    let cases = [
        (io::ErrorKind::InvalidInput, Offload { segments: 64, largest: 1199 }),
        (io::ErrorKind::BrokenPipe, Offload::NONE),
    ];
    for (kind, remembered) in cases {
        let mut model = Model { refusal: Some(kind), ..Model::new(4, 1) };
        let mut offload = Offload::of(64);
        expect_all_sent(&send_all(&transmits, &mut offload, &mut model), 2);
        assert_eq!(model.arrived, expected(&transmits));
        assert_eq!(offload, remembered);
        assert_eq!(model.refused, 2, "within a call, and as the first of the next");
        expect_all_sent(&send_all(&transmits, &mut offload, &mut model), 2);
        assert_eq!(model.refused, 2);
    }
}

#[test]
fn smaller_segments_are_still_offered_after_larger_ones_were_refused() {
    let bytes = bytes(20_000);
    let mut model =
        Model { largest: 1472, refusal: Some(io::ErrorKind::InvalidInput), ..Model::new(100, 64) };
    let mut offload = Offload::of(64);
    let large = [Transmit::new(&bytes).segment_size(9000)];
    expect_all_sent(&send_all(&large, &mut offload, &mut model), 1);
    let small = [Transmit::new(&bytes).segment_size(1200)];
    expect_all_sent(&send_all(&small, &mut offload, &mut model), 1);
    assert_eq!(model.refused, 1);
    assert_eq!(model.messages, [9000, 9000, 2000, 20_000]);
}

#[test]
fn an_error_that_has_another_reason_leaves_the_segments_as_they_were() {
    let bytes = bytes(20_000);
    let transmits = [Transmit::new(&bytes).segment_size(9000)];
    let mut model = Model {
        largest: 1472,
        refusal: Some(io::ErrorKind::FileTooLarge),
        largest_datagram: 1472,
        ..Model::new(100, 64)
    };
    let mut offload = Offload::of(64);
    let progress = send_all(&transmits, &mut offload, &mut model);
    assert_eq!(progress.error.unwrap().kind(), io::ErrorKind::FileTooLarge);
    assert_eq!((progress.sent, progress.partial), (0, 0));
    assert_eq!(offload, Offload::of(64));
    assert_eq!(model.refused, 1);
}

#[test]
fn where_the_system_stops_nothing_is_lost_and_nothing_sent_twice() {
    let bytes = bytes(5000);
    let transmits = [
        Transmit::new(&bytes[..1]),
        Transmit::new(&bytes).segment_size(1200),
        Transmit::new(&bytes[..3]),
        Transmit::new(&bytes[..4]).segment_size(2),
        Transmit::new(&bytes[..5]),
    ];
    let all = expected(&transmits);
    for kind in [io::ErrorKind::WouldBlock, io::ErrorKind::PermissionDenied] {
        for (room, most_segments) in [(1, 1), (3, 1), (100, 1), (1, 64), (3, 64), (100, 64)] {
            for budget in 0..=all.len() {
                let mut model = Model::new(room, most_segments);
                model.budget = Some((budget, kind));
                let mut offload = Offload::of(most_segments);
                let progress = send_all(&transmits, &mut offload, &mut model);
                let told = expected(&transmits[..progress.sent]);
                assert!(model.arrived.starts_with(&told), "{progress:?}");
                let rest = model.arrived[told.len()..].concat();
                assert_eq!(rest.len(), progress.partial, "{progress:?}");
                assert!(bytes.starts_with(&rest));
                let is_all = progress.sent == transmits.len();
                assert!(is_all || progress.sent > 0 || progress.error.is_some(), "{progress:?}");
                let in_row = progress.partial > 0;
                assert!(!in_row || progress.error.is_some_and(|error| error.kind() == kind));
            }
        }
    }
}

#[test]
fn what_cannot_be_said_ends_a_batch_before_it() {
    let wrong = Transmit::new(b"wrong").interface(u32::MAX);
    let transmits = [Transmit::new(b"right"), wrong, Transmit::new(b"right")];
    let mut model = Model::new(100, 1);
    let progress = send_all(&transmits, &mut Offload::of(1), &mut model);
    assert_eq!((progress.sent, model.arrived.len()), (1, 1));
    assert_eq!(progress.error.unwrap().kind(), io::ErrorKind::Unsupported);
}

#[test]
fn nothing_to_send_is_no_call() {
    let mut model = Model::new(100, 1);
    expect_all_sent(&send_all(&[], &mut Offload::of(1), &mut model), 0);
    assert_eq!(model.calls, 0);
}
