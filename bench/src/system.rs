//! The system calls that the standard library lacks: which core a thread runs on, what a process
//! has used, and how the load waits for its connections.

use std::hint;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Keeps the calling thread on one core; `None` lets it run on all again.
pub fn pin(core: Option<usize>) {
    let cores = core.map_or(0..libc::CPU_SETSIZE as usize, |core| core..core + 1);
    // SAFETY: all bytes zero are an empty set.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    for core in cores {
        // SAFETY: the number is below the size of the set.
        unsafe { libc::CPU_SET(core, &mut set) };
    }
    // A machine with one core cannot do it, and measures all the same.
    // SAFETY: the pointer is valid for the size given.
    unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) };
}

/// Keeps the cores from going to sleep for as long as it lives, by threads that run when nothing
/// else does. To wake a core of a virtual machine is up to its host, and takes ten times as long as
/// what is measured.
pub struct AwakeCores(Arc<AtomicBool>);

impl AwakeCores {
    pub fn new(cores: &[usize]) -> AwakeCores {
        let is_over = Arc::new(AtomicBool::new(false));
        for core in cores.iter().copied() {
            let is_over = Arc::clone(&is_over);
            thread::spawn(move || {
                pin(Some(core));
                if run_when_idle() {
                    while !is_over.load(Ordering::Relaxed) {
                        hint::black_box(());
                    }
                }
            });
        }
        AwakeCores(is_over)
    }
}

impl Drop for AwakeCores {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Has the calling thread run only where a core has nothing else to do. Whether that is so now.
fn run_when_idle() -> bool {
    // SAFETY: all bytes zero are valid.
    let parameters: libc::sched_param = unsafe { mem::zeroed() };
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &parameters) == 0 }
}

/// Has a command run on one core, and end when this thread does.
pub fn prepare(command: &mut Command, core: Option<usize>) {
    let action = move || {
        if core.is_some() {
            pin(core);
        }
        // SAFETY: takes no pointers.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        Ok(())
    };
    // SAFETY: between fork and exec it makes system calls only, and allocates nothing.
    unsafe { command.pre_exec(action) };
}

/// What all threads of a process have spent on cores so far, user and system time.
pub fn cpu_time(process: u32) -> io::Result<Duration> {
    let mut clock = 0;
    // SAFETY: the pointer is valid for the call.
    let error = unsafe { libc::clock_getcpuclockid(process as libc::pid_t, &mut clock) };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error));
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid for the call.
    check(unsafe { libc::clock_gettime(clock, &mut time) })?;
    Ok(Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

/// What processes that have ended and been waited for have spent on cores.
pub fn cpu_time_of_children() -> Duration {
    // SAFETY: all bytes zero are a valid value.
    let mut usage: libc::rusage = unsafe { mem::zeroed() };
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, &mut usage) };
    let time =
        |value: libc::timeval| Duration::new(value.tv_sec as u64, value.tv_usec as u32 * 1000);
    time(usage.ru_utime) + time(usage.ru_stime)
}

pub fn terminate(process: u32) {
    // SAFETY: takes no pointers; the caller has not waited for this child yet.
    unsafe { libc::kill(process as libc::pid_t, libc::SIGTERM) };
}

/// Lets this process and those it starts have as many open files as they may, and where that is
/// less than `wanted`, more, which takes privileges.
pub fn raise_limit_of_files(wanted: usize) {
    let most = std::fs::read_to_string("/proc/sys/fs/nr_open").ok();
    let most = most.and_then(|text| text.trim().parse().ok()).unwrap_or(wanted);
    let wanted = wanted.min(most) as libc::rlim_t;
    let allowed = limit_of_files() as libc::rlim_t;
    for limit in [wanted.max(allowed), allowed] {
        let limit = libc::rlimit { rlim_cur: limit, rlim_max: limit };
        // SAFETY: the pointer is valid for the call.
        if unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) } == 0 {
            return;
        }
    }
}

/// How many open files this process and those it starts may have.
pub fn limit_of_files() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    limit.rlim_max as usize
}

/// An epoll instance, level-triggered, for the load.
pub struct Epoll {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Epoll {
    pub fn new() -> io::Result<Epoll> {
        // SAFETY: takes no pointers.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: it was just opened and is nobody else's.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Epoll { fd, events: vec![libc::epoll_event { events: 0, u64: 0 }; 1024] })
    }

    pub fn add(&self, source: RawFd, key: usize) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, source, libc::EPOLLIN, key)
    }

    /// Watches a source for writing too, or no longer.
    pub fn watch_writes(&self, source: RawFd, key: usize, watches: bool) -> io::Result<()> {
        let bits = if watches { libc::EPOLLIN | libc::EPOLLOUT } else { libc::EPOLLIN };
        self.control(libc::EPOLL_CTL_MOD, source, bits, key)
    }

    fn control(&self, operation: i32, source: RawFd, bits: i32, key: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: bits as u32, u64: key as u64 };
        // SAFETY: the pointer is valid for the call.
        check(unsafe { libc::epoll_ctl(self.fd.as_raw_fd(), operation, source, &mut event) })?;
        Ok(())
    }

    /// Waits for at most so long, and puts the keys of what is ready into `ready`.
    pub fn wait(&mut self, milliseconds: i32, ready: &mut Vec<usize>) -> io::Result<()> {
        ready.clear();
        let (events, length) = (self.events.as_mut_ptr(), self.events.len() as i32);
        // SAFETY: the pointer is valid for as many events.
        let count = unsafe { libc::epoll_wait(self.fd.as_raw_fd(), events, length, milliseconds) };
        if count < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(()) } else { Err(error) };
        }
        ready.extend(self.events[..count as usize].iter().map(|event| event.u64 as usize));
        Ok(())
    }
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
