//! What the command line asks for.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Settings {
    /// The measurements by name; empty for all.
    pub names: Vec<String>,
    /// How often each comparison is made.
    pub rounds: usize,
    /// How long a server is under load in each.
    pub burst: Duration,
    /// When to stop beginning anything new.
    pub limit: Option<Duration>,
    /// The peers by name; empty for all.
    pub peers: Vec<String>,
    /// Whether it is only to be seen that everything runs.
    pub quick: bool,
}

pub const USAGE: &str = "\
cargo run --release -p bench -- COMMAND [OPTION...]

  all              measure everything, and write bench/report
  quick            see that everything runs, in less than two minutes
  list             the measurements and the peers
  NAME...          some measurements, with a report in target/bench

  --pairs N        how often each comparison is made (7); at most 3 for what has no target
  --burst MS       how long a server is under load each time, in milliseconds (400)
  --minutes N      begin nothing new after this time; what is left out is in the report
  --peers A,B      these peers only, and this work tree";

pub enum Command {
    Measure(Settings),
    List,
    Usage(String),
}

pub fn parse(mut words: impl Iterator<Item = String>) -> Command {
    let mut settings = Settings {
        names: Vec::new(),
        rounds: 7,
        burst: Duration::from_millis(400),
        limit: None,
        peers: Vec::new(),
        quick: false,
    };
    let mut all = false;
    while let Some(word) = words.next() {
        let done = match word.as_str() {
            "all" => {
                all = true;
                Some(())
            }
            "quick" => {
                settings.quick = true;
                settings.rounds = 1;
                settings.burst = Duration::from_millis(20);
                settings.limit = Some(Duration::from_secs(75));
                Some(())
            }
            "list" => return Command::List,
            "--pairs" => number(&mut words).map(|pairs| settings.rounds = pairs.max(1) as usize),
            "--burst" => number(&mut words)
                .map(|milliseconds| settings.burst = Duration::from_millis(milliseconds.max(1))),
            "--minutes" => number(&mut words)
                .map(|minutes| settings.limit = Some(Duration::from_secs(60 * minutes))),
            "--peers" => words
                .next()
                .map(|list| settings.peers = list.split(',').map(str::to_owned).collect()),
            name if name.starts_with('-') => None,
            name => {
                settings.names.push(name.to_owned());
                Some(())
            }
        };
        if done.is_none() {
            return Command::Usage(format!("not understood: {word}"));
        }
    }
    if !all && !settings.quick && settings.names.is_empty() {
        return Command::Usage("what is to be measured?".into());
    }
    Command::Measure(settings)
}

fn number(words: &mut impl Iterator<Item = String>) -> Option<u64> {
    words.next()?.parse().ok()
}
