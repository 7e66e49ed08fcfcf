//! The page.

use std::fs;
use std::path::Path;

use super::charts::Chart;
use crate::measure::instructions::PROFILED;
use crate::measure::{Context, MEASUREMENTS};
use crate::peers::{OURS, PEERS};
use crate::samples::{Samples, Series};
use crate::targets::{Outcome, UNEXPLAINED, number, verdicts};

const HEAD: &str = "\
# Measured

Made by `cargo run --release -p bench -- all`; not edited by hand. Each peer is a program of its own
in `bench/peers`, on one thread and one core; the load comes from the other core. Peers take turns,
and a ratio is the median of the ratios of rounds, with the quartiles in brackets. All values are in
[values.csv](values.csv). How it is measured is in [bench/README.md](../README.md).
";

pub fn page(context: &Context<'_>, machine: &[(&'static str, String)], charts: &[Chart]) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Targets\n\n");
    page.push_str(&targets(&context.samples));
    for measurement in MEASUREMENTS {
        let tables = tables(&context.samples, measurement.name);
        if tables.is_empty() {
            continue;
        }
        page.push_str(&format!("\n## {}\n\n{}.\n", measurement.name, capital(measurement.about)));
        for chart in charts.iter().filter(|chart| chart.measurement == measurement.name) {
            page.push_str(&format!("\n![{}]({})\n", chart.title, chart.file));
        }
        page.push_str(&tables);
        if measurement.name == "instructions" {
            page.push_str(&profiles(&context.profiles));
        }
    }
    page.push_str(&left_out(context));
    page.push_str("\n## Peers\n\n| peer | what |\n|---|---|\n");
    for peer in PEERS {
        page.push_str(&format!("| {} | {} |\n", peer.name, peer.about));
    }
    page.push_str("\n## Machine\n\n| what | |\n|---|---|\n");
    for (name, value) in machine {
        page.push_str(&format!("| {name} | {value} |\n"));
    }
    page
}

fn targets(samples: &Samples) -> String {
    let mut text = String::from("| what | measured | target | verdict |\n|---|---|---|---|\n");
    let verdicts = verdicts(samples);
    for verdict in &verdicts {
        let words = match verdict.outcome {
            Outcome::Missed => format!("**{}**", verdict.words),
            _ => verdict.words.clone(),
        };
        text.push_str(&format!(
            "| {} | {} | {} | {words} |\n",
            verdict.what, verdict.measured, verdict.target
        ));
    }
    let count = |outcome| verdicts.iter().filter(|verdict| verdict.outcome == outcome).count();
    let met = count(Outcome::Met) + count(Outcome::WithinNoise);
    let unexplained = verdicts.iter().filter(|verdict| verdict.words.contains(UNEXPLAINED)).count();
    text.push_str(&format!(
        "\n{met} of {} met, {} missed ({unexplained} of them not explained), {} not measured.\n",
        verdicts.len(),
        count(Outcome::Missed),
        count(Outcome::NotMeasured)
    ));
    text
}

/// Where most instructions of a server go, in words, from the profiles that were kept.
fn profiles(folder: &Path) -> String {
    let mut text = String::new();
    for peer in PROFILED {
        let Ok(profile) = fs::read_to_string(folder.join(format!("{peer}.txt"))) else { continue };
        let functions: Vec<String> = profile.lines().filter_map(share).take(FUNCTIONS).collect();
        if !functions.is_empty() {
            let list = functions.join(", ");
            text.push_str(&format!("- [{peer}](profiles/{peer}.txt): {list}\n"));
        }
    }
    match text.is_empty() {
        true => text,
        false => format!("\nWhere most of them go, starting up included:\n\n{text}"),
    }
}

/// How many functions of a profile are named.
const FUNCTIONS: usize = 6;

/// What a line of a profile says, as `12.3 % function`.
fn share(line: &str) -> Option<String> {
    let (count, function) = line.split_once("%)")?;
    let (_, part) = count.split_once('(')?;
    Some(format!("{} % `{}`", part.trim(), function.trim()))
}

/// For each setting a table: a peer in each row, a metric in each column.
fn tables(samples: &Samples, measurement: &str) -> String {
    let metrics = samples.metrics(measurement);
    let mut settings: Vec<&str> = Vec::new();
    for (metric, _) in &metrics {
        for setting in samples.settings(measurement, metric) {
            if !settings.contains(&setting) {
                settings.push(setting);
            }
        }
    }
    settings.iter().map(|setting| table(samples, measurement, setting, &metrics)).collect()
}

fn table(
    samples: &Samples,
    measurement: &str,
    setting: &str,
    metrics: &[(&'static str, &'static str)],
) -> String {
    let has = |metric: &str| {
        PEERS.iter().any(|peer| {
            samples.summary(Series { measurement, setting, metric }, peer.name).is_some()
        })
    };
    let metrics: Vec<_> = metrics.iter().filter(|(metric, _)| has(metric)).collect();
    let mut text = format!("\n**{setting}**\n\n| peer |");
    for (metric, unit) in &metrics {
        text.push_str(&match *unit {
            "" => format!(" {metric} | to {OURS} |"),
            unit => format!(" {metric} ({unit}) | to {OURS} |"),
        });
    }
    text.push_str("\n|---|");
    text.push_str(&"---:|---:|".repeat(metrics.len()));
    text.push('\n');
    for peer in PEERS {
        let cells: Vec<String> = metrics
            .iter()
            .map(|(metric, _)| {
                let value = samples.summary(Series { measurement, setting, metric }, peer.name);
                let ratio = samples.ratio(Series { measurement, setting, metric }, peer.name, OURS);
                let value = value.map_or(String::new(), |value| number(value.median));
                let ratio = ratio.map_or(String::new(), |ratio| format!("{:.2}", ratio.median));
                format!(" {value} | {ratio} |")
            })
            .collect();
        if cells.iter().any(|cell| cell != "  |  |") {
            text.push_str(&format!("| {} |{}\n", peer.name, cells.concat()));
        }
    }
    text
}

fn left_out(context: &Context<'_>) -> String {
    let mut text = String::new();
    for (peer, reason) in &context.programs.missing {
        let line = reason.lines().next().unwrap_or_default();
        text.push_str(&format!("| {peer} | not on this machine: {line} |\n"));
    }
    for (measurement, note) in &context.notes {
        let line = note.lines().next().unwrap_or_default();
        text.push_str(&format!("| {measurement} | {line} |\n"));
    }
    if text.is_empty() {
        text
    } else {
        format!("\n## Left out\n\n| what | why |\n|---|---|\n{text}")
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_line_of_a_profile_is_told_in_words() {
        let line = "720,018 (15.70%)  mio/streams.rs:mio::streams::proceed";
        assert_eq!(share(line).unwrap(), "15.70 % `mio/streams.rs:mio::streams::proceed`");
        assert_eq!(share("Ir                file:function"), None);
        assert_eq!(share("-----"), None);
    }
}
