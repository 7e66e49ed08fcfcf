//! Building: how long the crate takes with all features and nothing built yet, and how large a
//! small server gets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::Context;
use crate::peers::{OURS, PUBLISHED};
use crate::programs::{self, quietly};
use crate::system;

pub const CPU: (&str, &str) = ("CPU time of the build", "ms");
const WALL: (&str, &str) = ("time of the build", "ms");
pub const SIZE: (&str, &str) = ("size, stripped", "B");

pub const CRATE: &str = "the crate and what it needs, all features, release";
pub const SERVER: &str = "a server that says hello, release";

pub fn run(context: &mut Context<'_>) -> Result<(), String> {
    let mut peers = vec![(OURS, ("ours", OURS)), (PUBLISHED, ("published", PUBLISHED))];
    let rounds = if context.settings.quick { 1 } else { context.settings.rounds };
    context.in_rounds(CRATE, rounds, &mut peers, |context, (workspace, peer), round| {
        let folder = context.scratch()?.join("from-nothing");
        let (cpu, wall) = build(workspace, &folder)?;
        context.add(peer, CRATE, CPU, round, cpu);
        context.add(peer, CRATE, WALL, round, wall);
        Ok(())
    });
    context.in_rounds(SERVER, 1, &mut peers, |context, (workspace, peer), round| {
        let size = stripped_size(workspace, &context.scratch()?.join("hello"))?;
        context.add(peer, SERVER, SIZE, round, size);
        Ok(())
    });
    Ok(())
}

/// Builds mio and its dependencies in an empty folder; the CPU and the wall time.
fn build(workspace: &str, folder: &Path) -> Result<(f64, f64), String> {
    let _ = fs::remove_dir_all(folder);
    let (before, start) = (system::cpu_time_of_children(), Instant::now());
    let mut command = programs::cargo("build --release --locked --offline --quiet --package mio");
    command.arg("--manifest-path").arg(programs::manifest(workspace));
    quietly(command.env("CARGO_TARGET_DIR", folder))?;
    let wall = start.elapsed();
    let cpu = system::cpu_time_of_children() - before;
    fs::remove_dir_all(folder).map_err(|error| error.to_string())?;
    Ok((cpu.as_secs_f64() * 1000.0, wall.as_secs_f64() * 1000.0))
}

fn stripped_size(workspace: &str, copy: &PathBuf) -> Result<f64, String> {
    let target = programs::target().join(workspace);
    let mut command = programs::cargo("build --release --locked --quiet --bin hello");
    command.arg("--manifest-path").arg(programs::manifest(workspace));
    quietly(command.env("CARGO_TARGET_DIR", &target))?;
    let mut strip = Command::new("strip");
    quietly(strip.arg("-o").arg(copy).arg(target.join("release/hello")))?;
    let size = fs::metadata(copy).map_err(|error| error.to_string())?.len();
    Ok(size as f64)
}
