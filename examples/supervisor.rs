//! Runs commands at the same time and tells how each ends: the ends of processes, signals and a
//! timer as sources, by way of `SourceFd`.
//!
//!     cargo run --example supervisor --features os-poll,os-ext -- 'sleep 3' 'exit 7'
//!
//! The first SIGTERM or SIGINT is passed on to the commands, as SIGTERM. Linux only: processes are
//! `pidfd_open(2)`, the timer is `timerfd_create(2)`, through the crate `rustix`. A signal handler
//! writes to a pipe, through the crate `signal-hook`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let commands: Vec<String> = std::env::args().skip(1).collect();
    match run(&commands) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("supervisor: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(target_os = "linux")]
use recipe::run;

#[cfg(not(target_os = "linux"))]
fn run(_: &[String]) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
mod recipe {
    use std::fs::File;
    use std::io::{self, Read};
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};
    use std::process::{Child, Command};
    use std::time::Instant;

    use mio::unix::{SourceFd, pipe};
    use mio::{Events, Interest, Poll, Registry, Token};
    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use signal_hook::consts::{SIGINT, SIGTERM};

    /// The commands have the numbers below these.
    const SIGNALS: Token = Token(usize::MAX);
    const TIMER: Token = Token(usize::MAX - 1);

    pub fn run(commands: &[String]) -> io::Result<()> {
        let mut poll = Poll::new()?;
        let mut events = Events::with_capacity(64);
        let mut signals = signals(poll.registry())?;
        let start = Instant::now();
        let timer = timer(poll.registry())?;
        let mut running = Vec::new();
        for (number, command) in commands.iter().enumerate() {
            running.push(Some(Process::start(command, poll.registry(), Token(number))?));
        }
        println!("{} commands run", running.len());

        while running.iter().any(Option::is_some) {
            match poll.poll(&mut events, None) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            for event in &events {
                match event.token() {
                    SIGNALS => {
                        drain(&mut signals)?;
                        println!("a signal");
                        running.iter().flatten().try_for_each(Process::terminate)?;
                    }
                    TIMER => {
                        drain(&timer)?;
                        let left = running.iter().flatten().count();
                        println!("after {} s: {left} running", start.elapsed().as_secs());
                    }
                    Token(number) => {
                        if let Some(process) = running[number].take() {
                            let status = process.end(poll.registry())?;
                            println!("{}: {status}", commands[number]);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A running command, and a descriptor that is readable when it has ended.
    struct Process {
        child: Child,
        pidfd: OwnedFd,
    }

    impl Process {
        fn start(command: &str, registry: &Registry, token: Token) -> io::Result<Process> {
            let child = Command::new("sh").arg("-c").arg(command).spawn()?;
            // The number is this child's until it was waited for, which happens in `end` only.
            let pidfd = pidfd_open(Pid::from_child(&child), PidfdFlags::NONBLOCK)?;
            let interest = Interest::READABLE.oneshot();
            registry.register(&mut SourceFd(&pidfd.as_raw_fd()), token, interest)?;
            Ok(Process { child, pidfd })
        }

        fn terminate(&self) -> io::Result<()> {
            match pidfd_send_signal(&self.pidfd, Signal::TERM) {
                // It has ended since.
                Err(rustix::io::Errno::SRCH) => Ok(()),
                result => Ok(result?),
            }
        }

        fn end(mut self, registry: &Registry) -> io::Result<std::process::ExitStatus> {
            registry.deregister(&mut SourceFd(&self.pidfd.as_raw_fd()))?;
            // It has ended, so that this does not wait.
            self.child.wait()
        }
    }

    /// A pipe that has something to read once a signal has come. A full pipe has told already, so
    /// that its sending end does not block either.
    fn signals(registry: &Registry) -> io::Result<pipe::Receiver> {
        let (sender, mut receiver) = pipe::new()?;
        for signal in [SIGTERM, SIGINT] {
            let sender = sender.as_fd().try_clone_to_owned()?;
            signal_hook::low_level::pipe::register(signal, sender)?;
        }
        registry.register(&mut receiver, SIGNALS, Interest::READABLE)?;
        Ok(receiver)
    }

    /// A descriptor that is readable after each second.
    fn timer(registry: &Registry) -> io::Result<File> {
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        let second = Timespec { tv_sec: 1, tv_nsec: 0 };
        let every_second = Itimerspec { it_interval: second, it_value: second };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &every_second)?;
        registry.register(&mut SourceFd(&timer.as_raw_fd()), TIMER, Interest::READABLE)?;
        Ok(File::from(timer))
    }

    /// Reads until it would block.
    fn drain(mut source: impl Read) -> io::Result<()> {
        let mut buffer = [0; 64];
        loop {
            match source.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => drop(result?),
            }
        }
    }
}
