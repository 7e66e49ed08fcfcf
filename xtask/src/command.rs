//! Starting other programs. Each is printed before it runs, so that it can be repeated by hand.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::paths;

/// Under CI a step that hangs is ended after this many seconds, far above what any step needs.
const LIMIT_SECONDS: &str = "1500";

/// A program to start, with its arguments and what it sees of the environment.
pub struct Run {
    program: OsString,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    directory: PathBuf,
}

impl Run {
    pub fn new(program: impl AsRef<OsStr>) -> Run {
        Run {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            directory: paths::root(),
        }
    }

    /// The cargo that runs this program, and so the same toolchain. `line` is split at blanks.
    pub fn cargo(line: &str) -> Run {
        Run::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())).words(line)
    }

    pub fn words(mut self, line: &str) -> Run {
        self.arguments.extend(line.split_whitespace().map(OsString::from));
        self
    }

    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Run {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub fn directory(mut self, directory: &Path) -> Run {
        self.directory = directory.to_owned();
        self
    }

    /// Runs to the end with the output shown; anything but success is an error.
    pub fn run(&self) -> Result<(), String> {
        check(&self.program, self.status()?)
    }

    /// Runs to the end with the output shown, and leaves the verdict to the caller.
    pub fn status(&self) -> Result<ExitStatus, String> {
        self.prepare().status().map_err(|error| self.not_started(&error))
    }

    /// Runs to the end and returns what it wrote to standard output.
    pub fn output(&self) -> Result<String, String> {
        let output = self
            .prepare()
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| self.not_started(&error))?;
        check(&self.program, output.status)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs to the end and returns what it wrote to standard error, which is shown as well.
    pub fn messages(&self) -> Result<String, String> {
        let output = self
            .prepare()
            .stderr(Stdio::piped())
            .stdout(Stdio::inherit())
            .output()
            .map_err(|error| self.not_started(&error))?;
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        print!("{messages}");
        check(&self.program, output.status)?;
        Ok(messages)
    }

    /// Runs to the end without a word, for what runs beside others; the error has the output.
    pub fn quietly(&self) -> Result<String, String> {
        let (status, text) = self.ended()?;
        check(&self.program, status).map_err(|error| format!("{error}\n{self}\n{text}"))?;
        Ok(text)
    }

    /// Runs to the end and returns whether it succeeded, and all that it wrote.
    pub fn attempt(&self) -> Result<(bool, String), String> {
        println!("{self}");
        let (status, text) = self.ended()?;
        Ok((status.success(), text))
    }

    fn ended(&self) -> Result<(ExitStatus, String), String> {
        let output = self.command().output().map_err(|error| self.not_started(&error))?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok((output.status, text))
    }

    fn prepare(&self) -> Command {
        println!("{self}");
        self.command()
    }

    fn command(&self) -> Command {
        let mut command = if std::env::var_os("CI").is_some() {
            let mut command = Command::new("timeout");
            command.args(["--kill-after=10", LIMIT_SECONDS]).arg(&self.program);
            command
        } else {
            Command::new(&self.program)
        };
        command
            .args(&self.arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .stdin(Stdio::null());
        command
    }

    fn not_started(&self, error: &std::io::Error) -> String {
        format!("{} could not be started: {error}", self.program.display())
    }
}

fn check(program: &OsStr, status: ExitStatus) -> Result<(), String> {
    let name = Path::new(program).file_name().unwrap_or(program);
    match status.code() {
        Some(0) => Ok(()),
        Some(124) => Err(format!("{} took longer than {LIMIT_SECONDS} s", name.display())),
        _ => Err(format!("{} ended with {status}", name.display())),
    }
}

/// The line to type in a shell for the same effect, short of quoting what is already plain.
impl std::fmt::Display for Run {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("$")?;
        if self.directory != paths::root() {
            write!(formatter, " cd {} &&", self.directory.display())?;
        }
        for (name, value) in &self.variables {
            write!(formatter, " {}={}", name.display(), quoted(value))?;
        }
        let name = Path::new(&self.program).file_name().unwrap_or(&self.program);
        write!(formatter, " {}", name.display())?;
        for argument in &self.arguments {
            write!(formatter, " {}", quoted(argument))?;
        }
        Ok(())
    }
}

fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,@+%~".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
