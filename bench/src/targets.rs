//! What is to be reached, and whether it is.

use crate::load::Shape;
use crate::measure::{build, calls, describe, echo, idle, instructions, printed, wakes};
use crate::peers::{LOCKED, OURS, PUBLISHED, RAW};
use crate::samples::{Samples, Series, Summary};

/// What a number is compared with.
#[derive(Clone, Copy, Debug)]
enum Against {
    /// A peer's values of the same rounds.
    Peer(&'static str),
    /// Our own values with another setting.
    Setting(&'static str),
    /// Nothing: the value itself is judged.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
    Below(f64),
}

/// One number to reach.
#[derive(Clone, Debug)]
pub struct Target {
    measurement: &'static str,
    setting: String,
    metric: (&'static str, &'static str),
    subject: &'static str,
    against: Against,
    bound: Bound,
    /// Whether a difference smaller than the spread of the rounds is none.
    is_noisy: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Met,
    WithinNoise,
    Missed,
    NotMeasured,
}

/// Why a target is missed, as read from profiles and the code that was generated.
struct Reason {
    measurement: &'static str,
    metric: (&'static str, &'static str),
    words: &'static str,
    /// A peer whose value belongs to the reason.
    witness: Option<&'static str>,
    /// Up to which value it is a reason at all.
    most: f64,
}

const fn reason(
    measurement: &'static str,
    metric: (&'static str, &'static str),
    words: &'static str,
) -> Reason {
    Reason { measurement, metric, words, witness: None, most: f64::INFINITY }
}

const REASONS: [Reason; 4] = [
    Reason {
        witness: Some(LOCKED),
        ..reason(
            "wake-pending",
            printed::EACH,
            "what orders whatever a thread did before its wake with the wait is one locked \
             instruction, and a wake that promises this cannot do without (decision 003)",
        )
    },
    Reason {
        most: 1.03,
        ..reason(
            "wake-round-trip",
            printed::EACH,
            "a wake that is covered by no other costs one locked instruction beside its system \
             call, and so does the wait that receives it: four in a round trip",
        )
    },
    reason(
        "build",
        build::CPU,
        "what the crate needs takes half of it, and is the same; of the crate's own code nearly \
         half is batches of datagrams and what is said of each, then triggers and precise timeouts",
    ),
    reason(
        "build",
        build::SIZE,
        "timeouts in nanoseconds, also where the kernel has none, and exclusive registrations",
    ),
];

pub const UNEXPLAINED: &str = "NOT EXPLAINED, to be looked into";

/// A target with what was measured.
pub struct Verdict {
    pub what: String,
    pub measured: String,
    pub target: String,
    pub outcome: Outcome,
    pub words: String,
}

pub fn verdicts(samples: &Samples) -> Vec<Verdict> {
    targets(samples).iter().map(|target| target.judge(samples)).collect()
}

fn targets(samples: &Samples) -> Vec<Target> {
    let hundred = describe(Shape::new(100, 64));
    let exact = |measurement, setting: &str, metric, against, bound| Target {
        measurement,
        setting: setting.to_owned(),
        metric,
        subject: OURS,
        against,
        bound,
        is_noisy: false,
    };
    let noisy = |measurement, setting: &str, metric, against, bound| Target {
        is_noisy: true,
        ..exact(measurement, setting, metric, against, bound)
    };
    let at_most = |peer, most| (Against::Peer(peer), Bound::AtMost(most));
    let mut targets = Vec::new();
    for (peer, most) in [(RAW, 1.05), (PUBLISHED, 1.0)] {
        let (against, bound) = at_most(peer, most);
        targets.push(exact("instructions", &hundred, instructions::COUNT, against, bound));
    }
    for peer in others(samples, "instructions", &hundred, instructions::COUNT) {
        let (against, bound) = (Against::Peer(peer), Bound::Below(1.0));
        targets.push(exact("instructions", &hundred, instructions::COUNT, against, bound));
    }
    for measurement in ["tcp-echo", "unix-echo"] {
        for (peer, most) in [(RAW, 1.0), (PUBLISHED, 1.0)] {
            let (against, bound) = at_most(peer, most);
            targets.push(noisy(measurement, &hundred, echo::COST, against, bound));
        }
        for peer in others(samples, measurement, &hundred, echo::COST) {
            let (against, bound) = (Against::Peer(peer), Bound::Below(1.0));
            targets.push(noisy(measurement, &hundred, echo::COST, against, bound));
        }
    }
    let free = "as fast as it goes";
    let (published, at_least) = (Against::Peer(PUBLISHED), Bound::AtLeast);
    let (itself, most) = (Against::Nothing, Bound::AtMost);
    targets.push(exact("wake-pending", free, printed::EACH, published, most(0.02)));
    targets.push(exact("wake-pending", free, calls::CALLS_EACH, itself, most(0.0)));
    targets.push(exact("wake-channel", free, printed::MESSAGES, published, at_least(5.0)));
    for setting in [wakes::APART, wakes::TOGETHER] {
        targets.push(noisy("wake-round-trip", setting, printed::EACH, published, most(1.0)));
    }
    targets.push(Target {
        subject: "tokio-on-ours",
        ..exact("spawn", free, printed::TASKS, Against::Peer("tokio"), at_least(1.2))
    });
    targets.push(exact("timeouts", "10 µs", printed::MEDIAN, itself, most(150.0)));
    let (million, thousand) = (idle::describe(1_000_000, 1), "1,000 idle, 1 active");
    let against = Against::Setting(thousand);
    targets.push(noisy("idle", &million, printed::EVENT, against, most(1.1)));
    targets.push(exact("idle", &million, printed::BYTES, itself, most(0.0)));
    targets.push(Target {
        subject: "mio-poll",
        ..noisy(
            "idle-poll",
            &idle::describe(999, 1),
            printed::EVENT,
            Against::Peer("raw-poll"),
            most(1.1),
        )
    });
    targets.push(noisy("build", build::CRATE, build::CPU, published, most(1.0)));
    targets.push(exact("build", build::SERVER, build::SIZE, published, most(1.0)));
    targets
}

/// The peers of a measurement that are to be beaten: all but those that are matched, and those
/// that run on this work tree.
fn others(
    samples: &Samples,
    measurement: &str,
    setting: &str,
    (metric, _): (&str, &str),
) -> Vec<&'static str> {
    let mut peers: Vec<&'static str> = Vec::new();
    for sample in &samples.all {
        let is_here = sample.measurement == measurement
            && sample.setting == setting
            && sample.metric == metric;
        let is_matched = [OURS, PUBLISHED, RAW, "tokio-on-ours"].contains(&sample.peer);
        if is_here && !is_matched && !peers.contains(&sample.peer) {
            peers.push(sample.peer);
        }
    }
    peers
}

impl Target {
    fn judge(&self, samples: &Samples) -> Verdict {
        let value = self.value(samples);
        let outcome = value.map_or(Outcome::NotMeasured, |value| self.outcome(value));
        Verdict {
            what: self.what(),
            measured: value.map_or("not measured".into(), |value| self.written(value)),
            target: self.bound.written(self.unit()),
            outcome,
            words: value.map_or(String::new(), |value| self.words(value, outcome, samples)),
        }
    }

    fn value(&self, samples: &Samples) -> Option<Summary> {
        let series =
            Series { measurement: self.measurement, setting: &self.setting, metric: self.metric.0 };
        match self.against {
            Against::Peer(peer) => samples.ratio(series, self.subject, peer),
            Against::Setting(setting) => {
                let other = samples.summary(Series { setting, ..series }, self.subject)?.median;
                let scale = |value: f64| value / other;
                samples.summary(series, self.subject).map(|value| Summary {
                    median: scale(value.median),
                    lower_quartile: scale(value.lower_quartile),
                    upper_quartile: scale(value.upper_quartile),
                    count: value.count,
                })
            }
            Against::Nothing => samples.summary(series, self.subject),
        }
    }

    fn outcome(&self, value: Summary) -> Outcome {
        let holds = |value: f64| match self.bound {
            Bound::AtMost(most) => value <= most,
            Bound::AtLeast(least) => value >= least,
            Bound::Below(most) => value < most,
        };
        let best = match self.bound {
            Bound::AtLeast(_) => value.upper_quartile,
            Bound::AtMost(_) | Bound::Below(_) => value.lower_quartile,
        };
        if holds(value.median) {
            Outcome::Met
        } else if self.is_noisy && holds(best) {
            Outcome::WithinNoise
        } else {
            Outcome::Missed
        }
    }

    fn what(&self) -> String {
        let subject = if self.subject == OURS { "" } else { self.subject };
        let against = match self.against {
            Against::Peer(peer) => format!(" to {peer}"),
            Against::Setting(setting) => format!(" to {setting}"),
            Against::Nothing => String::new(),
        };
        let (metric, measurement) = (self.metric.0, self.measurement);
        format!("{measurement}, {}: {subject} {metric}{against}", self.setting).replace(":  ", ": ")
    }

    fn unit(&self) -> &'static str {
        match self.against {
            Against::Nothing => self.metric.1,
            Against::Peer(_) | Against::Setting(_) => "",
        }
    }

    fn written(&self, value: Summary) -> String {
        let unit = self.unit();
        let median = format!("{} {unit}", number(value.median));
        let spread = match value.count {
            0 | 1 => String::new(),
            count => format!(
                " ({} to {}, {count} rounds)",
                number(value.lower_quartile),
                number(value.upper_quartile)
            ),
        };
        format!("{}{spread}", median.trim())
    }

    /// By how much a target is missed and why, or that it is not.
    fn words(&self, value: Summary, outcome: Outcome, samples: &Samples) -> String {
        let by = self.difference(value, outcome);
        if outcome != Outcome::Missed {
            return by;
        }
        let known = REASONS
            .iter()
            .find(|reason| (reason.measurement, reason.metric) == (self.measurement, self.metric))
            .filter(|reason| value.median <= reason.most);
        let reason = match known {
            Some(reason) => {
                let witness = reason.witness.and_then(|peer| self.beside(peer, samples));
                format!("{}{}", reason.words, witness.unwrap_or_default())
            }
            None if self.metric == echo::COST => {
                self.share_of_user_space(samples).unwrap_or(UNEXPLAINED.into())
            }
            None => UNEXPLAINED.into(),
        };
        format!("{by}: {reason}")
    }

    /// What a peer needs, beside what the subject needs.
    fn beside(&self, peer: &str, samples: &Samples) -> Option<String> {
        let (metric, unit) = self.metric;
        let series = Series { measurement: self.measurement, setting: &self.setting, metric };
        let value = |peer| samples.summary(series, peer).map(|value| number(value.median));
        let (witness, own) = (value(peer)?, value(self.subject)?);
        let ratio = number(samples.ratio(series, self.subject, peer)?.median);
        Some(format!("; {peer} alone takes {witness} {unit}, of {own} {unit} ({ratio} times that)"))
    }

    /// What of a server's time is known from instructions: those of the same load over TCP.
    fn share_of_user_space(&self, samples: &Samples) -> Option<String> {
        let Against::Peer(other) = self.against else { return None };
        let (metric, _) = instructions::COUNT;
        let series = Series { measurement: "instructions", setting: &self.setting, metric };
        let own = samples.summary(series, self.subject)?.median;
        let others = samples.summary(series, other)?.median;
        let difference = match own - others {
            more if more > 0.0 => format!("{} more", number(more)),
            less => format!("{} fewer", number(-less)),
        };
        Some(format!(
            "in user space a message is {} instructions, {difference} than {other}, and some \
             instructions are a nanosecond; the rest is the kernel's (profiles/{}.txt)",
            number(own),
            self.subject
        ))
    }

    fn difference(&self, value: Summary, outcome: Outcome) -> String {
        let (Bound::AtMost(bound) | Bound::AtLeast(bound) | Bound::Below(bound)) = self.bound;
        match outcome {
            Outcome::Met => "met".into(),
            Outcome::WithinNoise => "met within the spread of the rounds".into(),
            Outcome::Missed if bound == 0.0 => format!("missed by {}", number(value.median)),
            Outcome::Missed => {
                let by = (value.median / bound - 1.0).abs() * 100.0;
                format!("missed by {by:.1} %")
            }
            Outcome::NotMeasured => String::new(),
        }
    }
}

impl Bound {
    fn written(self, unit: &str) -> String {
        let (words, bound) = match self {
            Bound::AtMost(bound) => ("at most", bound),
            Bound::AtLeast(bound) => ("at least", bound),
            Bound::Below(bound) => ("below", bound),
        };
        format!("{words} {} {unit}", number(bound)).trim().to_owned()
    }
}

/// With as many digits as say something.
pub fn number(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if size < 0.1 => format!("{value:.4}"),
        size if size < 10.0 => format!("{value:.3}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => grouped(value.round()),
    }
}

fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::Sample;

    fn target(bound: Bound, is_noisy: bool) -> Target {
        Target {
            measurement: "m",
            setting: "s".into(),
            metric: ("x", "ns"),
            subject: OURS,
            against: Against::Nothing,
            bound,
            is_noisy,
        }
    }

    fn around(median: f64) -> Summary {
        let (lower_quartile, upper_quartile) = (median - 0.1, median + 0.1);
        Summary { median, lower_quartile, upper_quartile, count: 7 }
    }

    #[test]
    fn a_target_is_judged_by_the_median() {
        let most = target(Bound::AtMost(1.0), false);
        assert_eq!(most.outcome(around(1.0)), Outcome::Met);
        assert_eq!(most.outcome(around(1.05)), Outcome::Missed);
        let least = target(Bound::AtLeast(5.0), false);
        assert_eq!(least.outcome(around(5.0)), Outcome::Met);
        assert_eq!(least.outcome(around(4.95)), Outcome::Missed);
        assert_eq!(target(Bound::Below(1.0), false).outcome(around(1.0)), Outcome::Missed);
    }

    #[test]
    fn noise_is_what_the_quartiles_span() {
        let most = target(Bound::AtMost(1.0), true);
        assert_eq!(most.outcome(around(1.05)), Outcome::WithinNoise);
        assert_eq!(most.outcome(around(1.2)), Outcome::Missed);
    }

    #[test]
    fn a_miss_says_by_how_much_and_why() {
        let (most, none) = (target(Bound::AtMost(2.0), false), Samples::default());
        let build = Target { measurement: "build", metric: build::SIZE, ..most };
        let words = build.words(around(3.0), Outcome::Missed, &none);
        assert!(words.starts_with("missed by 50.0 %: timeouts"), "{words}");
        assert_eq!(build.words(around(1.0), Outcome::Met, &none), "met");
    }

    #[test]
    fn a_miss_that_nobody_has_explained_stands_out() {
        let most = target(Bound::AtMost(2.0), false);
        let words = most.words(around(3.0), Outcome::Missed, &Samples::default());
        assert_eq!(words, format!("missed by 50.0 %: {UNEXPLAINED}"));
    }

    #[test]
    fn a_reason_for_little_explains_nothing_large() {
        let trip = Target {
            measurement: "wake-round-trip",
            metric: printed::EACH,
            ..target(Bound::AtMost(1.0), true)
        };
        let words = |value| trip.words(around(value), Outcome::Missed, &Samples::default());
        assert!(words(1.02).contains("locked instruction"));
        assert!(words(1.3).ends_with(UNEXPLAINED));
    }

    #[test]
    fn a_reason_has_what_was_measured() {
        let wake = Target {
            measurement: "wake-pending",
            metric: printed::EACH,
            ..target(Bound::AtMost(0.0), false)
        };
        let all = [(OURS, 6.0), (LOCKED, 5.0)].map(|(peer, value)| Sample {
            measurement: "wake-pending",
            peer,
            setting: "s".into(),
            metric: printed::EACH.0,
            unit: printed::EACH.1,
            round: 0,
            value,
        });
        let words = wake.words(around(6.0), Outcome::Missed, &Samples { all: all.into() });
        let expected = format!("; {LOCKED} alone takes 5.000 ns, of 6.000 ns (1.200 times that)");
        assert!(words.ends_with(&expected), "{words}");
    }

    #[test]
    fn where_a_servers_time_goes_is_known_from_instructions() {
        let cost = Target {
            measurement: "tcp-echo",
            metric: echo::COST,
            against: Against::Peer(RAW),
            ..target(Bound::AtMost(1.0), true)
        };
        let all = [(OURS, 105.0), (RAW, 101.0)].map(|(peer, value)| Sample {
            measurement: "instructions",
            peer,
            setting: "s".into(),
            metric: instructions::COUNT.0,
            unit: "",
            round: 0,
            value,
        });
        let words = cost.words(around(1.5), Outcome::Missed, &Samples { all: all.into() });
        assert!(
            words.contains("a message is 105 instructions, 4.000 more than raw-epoll"),
            "{words}"
        );
    }

    #[test]
    fn numbers_have_as_many_digits_as_say_something() {
        let written = [0.0, 0.02, 1.234567, 12.345, 1234567.8, -1234.0].map(number);
        assert_eq!(written, ["0", "0.0200", "1.235", "12.3", "1,234,568", "-1,234"]);
    }
}
