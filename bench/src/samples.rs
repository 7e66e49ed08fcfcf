//! What was measured: single values first, and medians and ratios made of them.

/// One value, of one peer in one round.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The measurement that it belongs to, such as `tcp-echo`.
    pub measurement: &'static str,
    pub peer: &'static str,
    /// What was set, such as `100 connections, 64 B`.
    pub setting: String,
    /// What the value is, such as `server CPU per message`.
    pub metric: &'static str,
    pub unit: &'static str,
    /// Values of one round were taken one after the other.
    pub round: usize,
    pub value: f64,
}

/// The median with what lies around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    pub median: f64,
    pub lower_quartile: f64,
    pub upper_quartile: f64,
    pub count: usize,
}

impl Summary {
    pub fn of(mut values: Vec<f64>) -> Option<Summary> {
        values.retain(|value| value.is_finite());
        if values.is_empty() {
            return None;
        }
        values.sort_by(f64::total_cmp);
        Some(Summary {
            median: quantile(&values, 0.5),
            lower_quartile: quantile(&values, 0.25),
            upper_quartile: quantile(&values, 0.75),
            count: values.len(),
        })
    }
}

/// Between two values of a sorted list it is the line from one to the other.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

/// All samples of a run, in the order of their taking.
#[derive(Debug, Default)]
pub struct Samples {
    pub all: Vec<Sample>,
}

/// Which samples belong together.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    pub measurement: &'a str,
    pub setting: &'a str,
    pub metric: &'a str,
}

impl Samples {
    fn of<'a>(&'a self, series: Series<'a>, peer: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.all.iter().filter(move |sample| {
            sample.measurement == series.measurement
                && sample.setting == series.setting
                && sample.metric == series.metric
                && sample.peer == peer
        })
    }

    pub fn summary(&self, series: Series<'_>, peer: &str) -> Option<Summary> {
        Summary::of(self.of(series, peer).map(|sample| sample.value).collect())
    }

    /// One peer's values divided by another's, round by round.
    pub fn ratio(&self, series: Series<'_>, peer: &str, other: &str) -> Option<Summary> {
        let ratios = self.of(series, peer).filter_map(|sample| {
            let other = self.of(series, other).find(|other| other.round == sample.round)?;
            Some(sample.value / other.value)
        });
        Summary::of(ratios.collect())
    }

    /// The settings of a measurement that have this metric, in the order of their taking.
    pub fn settings(&self, measurement: &str, metric: &str) -> Vec<&str> {
        let samples = self
            .all
            .iter()
            .filter(|sample| sample.measurement == measurement && sample.metric == metric);
        distinct(samples.map(|sample| sample.setting.as_str()))
    }

    /// The metrics of a measurement with their units, in the order of their taking.
    pub fn metrics(&self, measurement: &str) -> Vec<(&'static str, &'static str)> {
        let samples = self.all.iter().filter(|sample| sample.measurement == measurement);
        distinct(samples.map(|sample| (sample.metric, sample.unit)))
    }
}

fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(peer: &'static str, round: usize, value: f64) -> Sample {
        Sample {
            measurement: "m",
            peer,
            setting: "s".into(),
            metric: "x",
            unit: "ns",
            round,
            value,
        }
    }

    const SERIES: Series<'static> = Series { measurement: "m", setting: "s", metric: "x" };

    #[test]
    fn a_ratio_is_the_median_of_the_ratios_of_rounds() {
        let values = [(1.0, 2.0), (30.0, 10.0), (4.0, 4.0)];
        let all = values.iter().enumerate().flat_map(|(round, (ours, other))| {
            [sample("ours", round, *ours), sample("other", round, *other)]
        });
        let samples = Samples { all: all.collect() };
        let ratio = samples.ratio(SERIES, "ours", "other").unwrap();
        assert_eq!((ratio.median, ratio.count), (1.0, 3));
        assert_eq!((ratio.lower_quartile, ratio.upper_quartile), (0.75, 2.0));
        assert_eq!(samples.ratio(SERIES, "ours", "nobody"), None);
    }

    #[test]
    fn a_round_without_its_pair_does_not_count() {
        let all = vec![sample("ours", 0, 9.0), sample("ours", 1, 2.0), sample("other", 1, 1.0)];
        let ratio = Samples { all }.ratio(SERIES, "ours", "other").unwrap();
        assert_eq!((ratio.median, ratio.count), (2.0, 1));
    }
}
