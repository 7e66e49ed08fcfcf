//! Counts system calls, by tracing a forked child. `docs/system-calls.md` has the figures, and the
//! test compares with what it says.
#![cfg(all(
    target_os = "linux",
    feature = "os-poll",
    feature = "os-ext",
    feature = "net",
    // Whose calls are not those of the system that they stand for.
    not(any(mio_unsupported_force_kqueue_model, mio_unsupported_force_libkqueue)),
))]

#[path = "../support/mod.rs"]
mod support;

mod many;
mod names;
mod network;
mod operations;
mod standard;
mod table;
mod timeouts;
mod tracer;

use std::io::Write;

/// What the columns for this build are called: all alike, by the selector, or with the waker too.
const COLUMNS: [&str; 3] = if cfg!(mio_unsupported_force_poll_poll) {
    if cfg!(mio_unsupported_force_waker_pipe) {
        ["each selector", "poll(2)", "poll(2), pipe"]
    } else {
        ["each selector", "poll(2)", "poll(2), eventfd"]
    }
} else if cfg!(mio_unsupported_force_waker_pipe) {
    ["each selector", "epoll", "epoll, pipe"]
} else {
    ["each selector", "epoll", "epoll, eventfd"]
};

/// Says that a test could not run here, past the capture of the test runner.
fn skip() {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let reason = "this system does not let a process trace its child";
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {reason}");
}

#[test]
fn every_operation_makes_the_system_calls_that_the_document_says() {
    let Some(measured) = operations::measure() else { return skip() };
    // The standard library of Rust 1.85 writes to Unix sockets by the other call.
    let (older, newer) = ("1: `write`", "1: `sendto`");
    let is_older = |row: &table::Row| row.operation == "`UnixStream` write" && row.cell == older;
    let named_alike = |row: table::Row| {
        if is_older(&row) { table::Row::new(&row.operation, newer) } else { row }
    };
    let measured: Vec<table::Row> = measured.into_iter().map(named_alike).collect();
    let documented = table::documented(&COLUMNS);
    let only_in_one = |these: &[table::Row], those: &[table::Row]| -> Vec<String> {
        let lacks = |row: &&table::Row| !those.contains(row);
        these.iter().filter(lacks).map(|row| format!("{}: {}", row.operation, row.cell)).collect()
    };
    let wrong = only_in_one(&documented, &measured);
    let right = only_in_one(&measured, &documented);
    assert!(
        wrong.is_empty() && right.is_empty(),
        "docs/system-calls.md, {COLUMNS:?}, says\n{}\nand not, as measured,\n{}",
        wrong.join("\n"),
        right.join("\n"),
    );
}
