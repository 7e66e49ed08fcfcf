//! The tests as programs for Windows, under Wine: the library's with the conformance suite, those
//! of the public API, and the quick start.
//!
//! Wine's driver for sockets is not that of Windows, so what passes here may fail there still.

mod linker;
mod sessions;
mod setup;

use std::path::PathBuf;

use crate::paths;
use crate::programs::{executables, name_of};
use crate::step::{Outcome, Step};
pub use linker::Builder;
pub use sessions::Session;
pub use setup::Wine;

const TARGET: &str = "x86_64-pc-windows-gnu";

const QUICK_START: &str = "quickstart.exe";

/// How many seconds a program may take. Most end in one.
const LIMIT: u32 = 600;

/// Tests that run in a process of their own, each with its program, and why.
const ALONE: [(&str, &str, &str); 1] = [(
    "windows",
    "sockets::a_socket_closed_behind_our_back_spoils_nothing",
    "Wine's server may end when a socket is closed that is polled while other threads poll theirs",
)];

pub fn steps(arguments: &[String]) -> Result<Vec<Step>, String> {
    let times = match arguments {
        [] => 1,
        [option, number] if option == "--times" => {
            number.parse().map_err(|_| format!("--times {number}: not a number"))?
        }
        _ => return Err("the one argument is --times N".into()),
    };
    Ok(vec![Step::new("wine", move || check(times))])
}

fn check(times: usize) -> Outcome {
    let programs = build()?;
    let lines = lines(&programs);
    let wine = Wine::take()?;
    let mut all = Session::default();
    for time in 1..=times {
        println!("run {time} of {times}");
        let session = Session::of(&wine.run(LIMIT, &lines)?, &lines)?;
        session.print();
        all.add(session);
    }
    all.outcome(times)
}

/// The names of programs and the words that start them.
fn lines(programs: &[PathBuf]) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for path in programs {
        let (name, mut words) = (name_of(path), path.display().to_string());
        for (_, test, why) in ALONE.iter().filter(|row| row.0 == name) {
            println!("in a process of its own: {name} {test}: {why}");
            lines.push((format!("{name}-alone"), format!("{} --exact {test}", path.display())));
            words.push_str(&format!(" --skip {test}"));
        }
        lines.push((name, words));
    }
    lines
}

/// The programs of all tests, and the quick start.
fn build() -> Result<Vec<PathBuf>, String> {
    let builder = Builder::new()?;
    let folder = paths::target("wine");
    let build = |line: &str| {
        let cargo = builder.cargo(line, "-D warnings").words("--package mio");
        cargo.variable("CARGO_TARGET_DIR", &folder).messages()
    };
    let messages = build("test --no-run --all-features --lib --tests")?;
    build("build --features os-poll,net --example quickstart")?;
    let mut programs = executables(&messages);
    programs.push(folder.join(TARGET).join("debug/examples").join(QUICK_START));
    Ok(programs)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{ALONE, lines};

    #[test]
    fn what_runs_alone_runs_once() {
        let (program, test, _) = ALONE[0];
        let path = format!("/x/{program}-1a.exe");
        let expected = [
            (format!("{program}-alone"), format!("{path} --exact {test}")),
            (program.to_owned(), format!("{path} --skip {test}")),
            ("tcp".to_owned(), "/x/tcp-2b.exe".to_owned()),
        ];
        assert_eq!(lines(&[PathBuf::from(path), PathBuf::from("/x/tcp-2b.exe")]), expected);
    }
}
