//! Wakes, and what depends on them: channels, spawned tasks. And how long a short wait takes.

use super::printed::run;
use super::{Context, calls};
use crate::server::{LOAD_CORE, SERVER_CORE};
use crate::system::AwakeCores;

/// The placement of threads that decides how long a wake takes, and so is not left to the system.
pub const APART: &str = "a core each";
pub const TOGETHER: &str = "both on one core";

pub fn pending(context: &mut Context<'_>) -> Result<(), String> {
    let count = less_if_quick(context, 1_000_000);
    run(context, "wake-pending", "as fast as it goes", &[format!("count={count}")], Some(0));
    calls::of_runs(context, "wake-pending", "count")
}

pub fn channel(context: &mut Context<'_>) -> Result<(), String> {
    let count = less_if_quick(context, 1_000_000);
    run(context, "wake-channel", "as fast as it goes", &[format!("count={count}")], None);
    Ok(())
}

pub fn round_trip(context: &mut Context<'_>) -> Result<(), String> {
    let count = |count| format!("count={}", less_if_quick(context, count));
    let (apart, together, free) = (count(10_000), count(50_000), count(10_000));
    let load = "wake-round-trip";
    let awake = AwakeCores::new(&[SERVER_CORE, LOAD_CORE]);
    run(context, load, APART, &[apart, "apart=yes".into()], None);
    drop(awake);
    run(context, load, TOGETHER, &[together], Some(0));
    // Each time other cores: a look, and no comparison.
    context.most_rounds = 3;
    run(context, load, "wherever the system has them run", &[free], None);
    context.most_rounds = usize::MAX;
    Ok(())
}

pub fn spawn(context: &mut Context<'_>) -> Result<(), String> {
    let count = less_if_quick(context, 1_000_000);
    run(context, "spawn", "as fast as it goes", &[format!("count={count}")], None);
    Ok(())
}

pub fn timeouts(context: &mut Context<'_>) -> Result<(), String> {
    let count = less_if_quick(context, 1000).max(50);
    let settings = [format!("count={count}"), "microseconds=10".into()];
    run(context, "timeouts", "10 µs", &settings, Some(0));
    Ok(())
}

fn less_if_quick(context: &Context<'_>, count: usize) -> usize {
    if context.settings.quick { count / 100 } else { count }
}
