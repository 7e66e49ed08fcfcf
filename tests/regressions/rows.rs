//! The list of what went wrong before, in libraries of this kind, and the test that each row of it
//! has a test. The comment of such a test begins with its rows, and then names the threads.
//!
//! L is Linux and epoll, P is poll(2), K is kqueue, S is soundness and what is left, W is Windows.
//! Numbers that are missing cannot go wrong here; W19, sockets that Wine did not poll, is what
//! running all tests under Wine is about.

use std::fs;
use std::path::Path;

const ROWS: &[(&str, &str)] = &[
    ("L1", "a timeout above 24 days became negative, which is none at all"),
    ("L2", "a timeout below a millisecond became zero"),
    ("L3", "a timeout above half an hour became none at all on old kernels of 32 bits"),
    ("L4", "an error without anything else was not told to who writes"),
    ("L5", "the end of one direction was told as the end of both, or not at all"),
    ("L6", "data of high priority kept a poll busy, or hid that there was other data"),
    ("L7", "a descriptor was handed on to children"),
    ("L8", "a connect to a full queue looked as if it was under way"),
    ("L9", "addresses of Unix sockets lost bytes or made a panic"),
    ("L10", "a descriptor leaked when what came after opening it failed"),
    ("L11", "a source went on having events after its end, by a duplicate of its descriptor"),
    ("L13", "accepted sockets lacked their flags"),
    ("L14", "listeners had another queue length than the standard library's"),
    ("L15", "a source had events after it was deregistered"),
    ("L16", "a wake was lost when the counter or pipe was full, or when many came at once"),
    ("L17", "a second waker was refused, or wakes were taken to be counted"),
    ("P1", "a wake was taken by a change of registrations on another thread"),
    ("P2", "a hang-up ended a registration, so that changing it failed"),
    ("P3", "a hang-up was an event of every poll"),
    ("P4", "a read that was cut short was not followed by an event"),
    ("P6", "wakes from several threads were lost"),
    ("P7", "a clone of the registry did not know of the waker"),
    ("S1", "the layout of the standard library's addresses was taken for granted"),
    ("S2", "vectored reads and writes went beyond their buffers"),
    ("S3", "a second registration was not refused, or one of the unknown was not found out"),
    ("S4", "printing events had undefined behaviour or said nothing"),
    ("W1", "an edge was lost after an operation would have blocked, or one told twice"),
    ("W2", "a read that would block was followed by a writable event"),
    ("W3", "waiting for one direction ended waiting for the other"),
    ("W4", "a peek that would block was not followed by an event"),
    ("W5", "a reset was an event of every poll, and did not say that reading was over"),
    ("W6", "a connect that failed was not told, or in every poll"),
    ("W7", "the end of a connection was not told to who waits for one direction"),
    ("W8", "a connection was told as readable for as long as it lasted"),
    ("W9", "polls that were cancelled leaked, gave events, or made a panic"),
    ("W10", "a registration waited for the end of a wait on another thread"),
    ("W11", "a socket wrapped by a layered provider that hides its own could not be polled"),
    ("W12", "two polls of one socket took each other's answers"),
    ("W13", "the more sockets were polled, the longer each registration took"),
    ("W14", "children inherited sockets"),
    ("W15", "a handle leaked when a socket could not be bound"),
    ("W16", "a timeout below a millisecond became zero"),
    ("W17", "one bad socket failed the whole poll, and the next panicked"),
    ("W18", "sockets could not be used before somebody else had started Winsock"),
    ("N1", "a named pipe had events after it was deregistered"),
    ("N2", "memory was given back when an operation ended before it was counted"),
    ("N3", "an operation under way was taken for one that could not be begun"),
    ("N4", "a message longer than the buffer made a panic"),
    ("N5", "a named pipe that was dropped, cancelled or closed in some state made a panic"),
    ("N6", "a named pipe that waits to read was told that it can write, or at each registration"),
    ("N7", "registering a named pipe anew lost what had come before"),
    ("N8", "the error of a write to a named pipe was never told"),
    ("N9", "dropping a named pipe cut what was written"),
    ("N10", "a client that came before it was waited for, or waiting twice, was an error"),
    ("K1", "a pipe whose reader was gone could not be registered"),
    ("K2", "a filter that was not there made taking it out fail"),
    ("K3", "the end of one's own sending was told as a hang-up"),
    ("K4", "a call that registered something took events, or its error went unseen"),
    ("K5", "a wake was lost when a signal came at the same time, or was an event of every poll"),
    ("K6", "a waker that was not set up first did not wake on some systems"),
    ("K7", "a token did not fit where the kernel keeps it"),
    ("K8", "a write to a closed peer ended the process by a signal"),
    ("K9", "a source had events after it was closed"),
    ("K11", "an event could not go to another thread"),
    ("K12", "a long timeout was refused"),
    ("K13", "a source was left registered in part when the rest was refused"),
];

/// Where there are tests of rows, and whether those of Windows are compiled for it or decide
/// without a system.
const FOLDERS: [(&str, bool); 10] = [
    ("tests/regressions", false),
    ("tests/system_calls", false),
    ("tests/tcp", true),
    ("tests/udp", true),
    ("tests/windows", true),
    ("src/os/windows", true),
    ("src/selector/afd", true),
    ("src/selector/afd/pipe", true),
    ("src/selector/afd/socket", true),
    ("src/selector/kqueue", false),
];

/// A test, the rows that it has, and whether it is one of Windows.
struct Test {
    rows: Vec<String>,
    name: String,
    is_for_windows: bool,
}

/// Each test that has rows.
fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for (folder, is_for_windows) in FOLDERS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                read(&fs::read_to_string(path).unwrap(), is_for_windows, &mut tests);
            }
        }
    }
    tests
}

fn read(text: &str, is_for_windows: bool, tests: &mut Vec<Test>) {
    let mut rows = Vec::new();
    let mut was_comment = false;
    for line in text.lines().map(str::trim_start) {
        if let Some(comment) = line.strip_prefix("/// ") {
            if !was_comment {
                let references = comment.split([':', '.']).next().unwrap_or_default().split(", ");
                rows = references.filter(|name| is_row(name)).map(str::to_owned).collect();
            }
        } else if let Some(name) = line.strip_prefix("fn ") {
            if !rows.is_empty() {
                let name = name.split('(').next().unwrap_or(name);
                let rows = std::mem::take(&mut rows);
                tests.push(Test { rows, name: name.to_owned(), is_for_windows });
            }
        }
        was_comment = line.starts_with("///");
    }
}

/// A letter and a number.
fn is_row(name: &str) -> bool {
    let number = name.strip_prefix(|letter: char| letter.is_ascii_uppercase());
    number.is_some_and(|number| number.parse::<u8>().is_ok())
}

/// Prints which, with `--nocapture`.
#[test]
fn each_row_has_a_test_and_each_test_a_row() {
    let tests = tests();
    for (row, what) in ROWS {
        println!("{row}: {what}");
        let mut count = 0;
        for test in tests.iter().filter(|test| test.rows.iter().any(|named| named == row)) {
            println!("    {}", test.name);
            count += usize::from(test.is_for_windows || !row.starts_with('W'));
        }
        assert_ne!(count, 0, "{row} has no test");
    }
    for Test { rows, name, .. } in tests {
        for row in rows {
            assert!(ROWS.iter().any(|(known, _)| *known == row), "{name}: there is no row {row}");
        }
    }
}
