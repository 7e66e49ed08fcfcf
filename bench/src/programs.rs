//! Building the programs of the peers, and finding out which cannot be had on this machine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::peers::{PEERS, Peer, Recipe};

/// A program that can be started.
#[derive(Clone, Debug)]
pub struct Program {
    pub name: &'static str,
    /// The file to start and the arguments before those of the load.
    pub words: Vec<String>,
}

/// The programs of this machine.
#[derive(Debug, Default)]
pub struct Programs {
    built: HashMap<&'static str, Program>,
    /// Why a peer is not among them.
    pub missing: Vec<(&'static str, String)>,
}

impl Programs {
    pub fn get(&self, peer: &str) -> Option<&Program> {
        self.built.get(peer)
    }

    /// Builds all peers that are wanted. What cannot be built is left out, with a line that says
    /// so.
    pub fn build(wants: impl Fn(&Peer) -> bool) -> Programs {
        let mut programs = Programs::default();
        for peer in PEERS.iter().filter(|peer| wants(peer)) {
            println!("building {}", peer.name);
            match build(peer) {
                Ok(words) => {
                    programs.built.insert(peer.name, Program { name: peer.name, words });
                }
                Err(reason) => {
                    let wants = match peer.packages {
                        [] => String::new(),
                        packages => format!(" (apt-get install {})", packages.join(" ")),
                    };
                    println!("  left out: {}{wants}", reason.lines().next().unwrap_or_default());
                    programs.missing.push((peer.name, format!("{reason}{wants}")));
                }
            }
        }
        programs
    }
}

/// The folder of this package.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).into()
}

/// Where everything that is built goes.
pub fn target() -> PathBuf {
    let base = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    folder().join("..").join(base).join("bench")
}

fn build(peer: &Peer) -> Result<Vec<String>, String> {
    match peer.recipe {
        Recipe::Rust { workspace, binary, flags } => rust(workspace, binary, flags),
        Recipe::C { file, libraries } => c(file, libraries),
        Recipe::Java { class, jars } => java(class, jars),
        Recipe::Node { script } => node(script),
    }
}

fn rust(workspace: &str, binary: &str, flags: &str) -> Result<Vec<String>, String> {
    let name = if flags.is_empty() { workspace.to_owned() } else { format!("{workspace}-flags") };
    let target = target().join(name);
    let mut command = cargo("build --release --locked --quiet");
    command.args(["--bin", binary]).arg("--manifest-path").arg(manifest(workspace));
    command.env("CARGO_TARGET_DIR", &target).env("RUSTFLAGS", flags);
    quietly(&mut command)?;
    Ok(vec![path(&target.join("release").join(binary))])
}

/// The manifest of a workspace of peers.
pub fn manifest(workspace: &str) -> PathBuf {
    folder().join("peers").join(workspace).join("Cargo.toml")
}

/// The cargo that runs this program.
pub fn cargo(line: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(line.split_whitespace());
    command
}

fn c(file: &str, libraries: &str) -> Result<Vec<String>, String> {
    let source = folder().join("peers/c").join(file);
    let binary = target().join("c").join(file.trim_end_matches(".c"));
    std::fs::create_dir_all(target().join("c")).map_err(|error| error.to_string())?;
    let mut command = Command::new("cc");
    command.args(["-O2", "-g", "-Wall", "-Wextra", "-Werror", "-std=gnu11", "-o"]);
    command.arg(&binary).arg(source).args(libraries.split_whitespace());
    quietly(&mut command)?;
    Ok(vec![path(&binary)])
}

fn java(class: &str, jars: &str) -> Result<Vec<String>, String> {
    for jar in jars.split(':') {
        if !Path::new(jar).exists() {
            return Err(format!("{jar} is not there"));
        }
    }
    let classes = target().join("java");
    std::fs::create_dir_all(&classes).map_err(|error| error.to_string())?;
    let mut command = Command::new("javac");
    command.args(["-cp", jars, "-d"]).arg(&classes);
    command.arg(folder().join("peers/java").join(format!("{class}.java")));
    quietly(&mut command)?;
    let class_path = format!("{jars}:{}", path(&classes));
    Ok(["java", "-XX:+UseSerialGC", "-Xmx2g", "-cp", &class_path, class].map(str::to_owned).into())
}

fn node(script: &str) -> Result<Vec<String>, String> {
    quietly(Command::new("node").arg("--version"))?;
    Ok(vec!["node".into(), path(&folder().join("peers/node").join(script))])
}

/// Runs a command to its end; the error has what it said.
pub fn quietly(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| format!("{name}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} failed: {}", said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn path(path: &Path) -> String {
    path.display().to_string()
}
