//! Charts: a bar for each peer.

use std::fs;
use std::path::Path;

use plotters::prelude::*;

use crate::measure::{MEASUREMENTS, echo, instructions, printed};
use crate::peers::{OURS, PEERS};
use crate::samples::{Samples, Series};
use crate::targets::number;

pub struct Chart {
    pub measurement: &'static str,
    pub title: String,
    pub file: String,
}

/// The metrics that are worth a picture.
const PICTURED: [(&str, &str); 8] = [
    instructions::COUNT,
    echo::COST,
    echo::RATE,
    printed::MESSAGES,
    printed::TASKS,
    printed::EVENT,
    printed::CPU,
    ("p99", "µs"),
];

const WIDTH: u32 = 800;
const ROW: u32 = 26;

/// Draws what there are values of, in place of what is there.
pub fn draw(folder: &Path, samples: &Samples) -> Result<Vec<Chart>, String> {
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())?.flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "svg") {
            fs::remove_file(entry.path()).map_err(|error| error.to_string())?;
        }
    }
    let mut charts = Vec::new();
    for measurement in MEASUREMENTS {
        for (metric, unit) in samples.metrics(measurement.name) {
            if !PICTURED.contains(&(metric, unit)) {
                continue;
            }
            for setting in samples.settings(measurement.name, metric) {
                let series = Series { measurement: measurement.name, setting, metric };
                let bars = bars(samples, series);
                if bars.len() < 2 {
                    continue;
                }
                let unit = if unit.is_empty() { String::new() } else { format!(" ({unit})") };
                let title = format!("{metric}{unit}, {setting}");
                let file = format!("{}-{}-{}.svg", measurement.name, plain(metric), plain(setting));
                chart(&folder.join(&file), &title, &bars).map_err(|error| error.to_string())?;
                charts.push(Chart { measurement: measurement.name, title, file });
            }
        }
    }
    Ok(charts)
}

fn bars(samples: &Samples, series: Series<'_>) -> Vec<(&'static str, f64)> {
    PEERS
        .iter()
        .filter_map(|peer| Some((peer.name, samples.summary(series, peer.name)?.median)))
        .collect()
}

/// A name for a file.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == ' ');
    letters.collect::<String>().to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
}

fn chart(file: &Path, title: &str, bars: &[(&str, f64)]) -> Result<(), Box<dyn std::error::Error>> {
    let height = 60 + ROW * bars.len() as u32;
    let root = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let most = bars.iter().map(|bar| bar.1).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
    let font = |size: u32| ("sans-serif", size).into_font().color(&BLACK);
    root.draw(&Text::new(title.to_owned(), (12, 12), font(18)))?;
    for (row, (name, value)) in bars.iter().enumerate() {
        let top = 44 + ROW as i32 * row as i32;
        let color =
            if *name == OURS { RGBColor(0xd0, 0x50, 0x20) } else { RGBColor(0x60, 0x80, 0xa8) };
        let (left, room) = (150, f64::from(WIDTH) - 270.0);
        let right = left + (value / most * room).round() as i32;
        root.draw(&Rectangle::new([(left, top), (right.max(left + 1), top + 18)], color.filled()))?;
        root.draw(&Text::new(name.to_string(), (12, top + 2), font(14)))?;
        root.draw(&Text::new(number(*value), (right + 8, top + 2), font(14)))?;
    }
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn settings_become_names_of_files() {
        assert_eq!(plain("1,000 idle, 1 active"), "1000-idle-1-active");
        assert_eq!(plain("p99.9 (µs)"), "p999-s");
    }
}
