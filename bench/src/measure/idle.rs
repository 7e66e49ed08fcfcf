//! Many registered sources of which few are active.

use super::{Context, grouped, printed};
use crate::system;

/// The numbers of idle and of active sources; the first two are those of the target.
const MIXES: [(usize, usize); 5] =
    [(1_000_000, 1), (1000, 1), (1_000_000, 100), (1_000_000, 10_000), (100_000, 1)];

/// So many open files let every mix run, and whatever else is measured.
pub const FILES: usize = 16_384;

pub fn epoll(context: &mut Context<'_>) -> Result<(), String> {
    let mixes = if context.settings.quick { &MIXES[..2] } else { &MIXES[..] };
    for (idle, active) in mixes {
        run(context, "idle", *idle, *active);
    }
    Ok(())
}

pub fn poll(context: &mut Context<'_>) -> Result<(), String> {
    run(context, "idle-poll", 999, 1);
    Ok(())
}

fn run(context: &mut Context<'_>, load: &'static str, idle: usize, active: usize) {
    let setting = describe(idle, active);
    if context.time_is_up() {
        context.note(&format!("{setting}: left out, no time"));
        return;
    }
    let (needed, allowed) = (files(active), system::limit_of_files());
    if needed > allowed {
        let advice = "run as root, or raise the hard limit of open files";
        let reason = format!("{needed} open files are needed and {allowed} allowed: {advice}");
        context.note(&format!("{setting}: left out, {reason}"));
        return;
    }
    let count = if context.settings.quick { 100 } else { 20_000 / active.min(1000) + 10 };
    let settings = [format!("idle={idle}"), format!("active={active}"), format!("count={count}")];
    printed::run(context, load, &setting, &settings, Some(0));
}

/// How many open files a program must be allowed: each active source, and room for the idle ones,
/// which are some hundreds of files and some thousands of numbers.
fn files(active: usize) -> usize {
    active + 4096
}

pub fn describe(idle: usize, active: usize) -> String {
    format!("{} idle, {} active", grouped(idle), grouped(active))
}

#[cfg(test)]
mod tests {
    use super::{FILES, MIXES, files};

    #[test]
    fn what_is_asked_for_lets_every_mix_run() {
        assert!(MIXES.iter().all(|(_, active)| files(*active) <= FILES));
    }
}
