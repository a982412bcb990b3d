//! `[clock]`: how simulated time passes.

use crate::distribution::{Distribution, DistributionError};
use crate::rng::Key;
use crate::settings::{Choice, Chosen, Keys, Overrides, keys_of_cases};
use crate::units::SimTime;
use std::path::Path;

/// Who waits for whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Everyone waits for its neighbors' models of the iteration: the paper's rule.
    #[default]
    Synchronous,
    /// Iterations end at fixed times, whatever has arrived.
    Deadline,
    /// Nobody waits for anybody.
    Asynchronous,
}

impl Choice for Mode {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("synchronous", Self::Synchronous),
        ("deadline", Self::Deadline),
        ("asynchronous", Self::Asynchronous),
    ];
}

impl Mode {
    /// Its name in TOML.
    pub fn name(self) -> &'static str {
        let named = Mode::NAMES.iter().find(|(_, mode)| *mode == self);
        named.map_or("", |(name, _)| name)
    }
}

/// Who waits for whom, and until when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// An agent combines when enough of its neighbors' models of the iteration have arrived.
    Synchronous {
        /// Which share of the neighbors that is.
        quorum: f64,
    },
    /// Tick i comes at i periods; at a tick an agent combines what has arrived.
    Deadline {
        /// Time between two ticks.
        period: SimTime,
        /// Whether models that arrive after the tick that ends their iteration are used.
        use_late: bool,
        /// What stands for a model that is not there.
        missing: Missing,
        /// Number of the iteration that ends minus the model's, at the most.
        max_age: Option<u64>,
    },
    /// An agent combines whenever it has adapted.
    Asynchronous {
        /// Whether a model is used until a newer one arrives, or once.
        missing: Missing,
        /// Time since the sender adapted, at the most.
        max_age: Option<SimTime>,
    },
}

impl Pace {
    /// Which mode it is of.
    pub fn mode(&self) -> Mode {
        match self {
            Pace::Synchronous { .. } => Mode::Synchronous,
            Pace::Deadline { .. } => Mode::Deadline,
            Pace::Asynchronous { .. } => Mode::Asynchronous,
        }
    }

    /// What stands for a neighbor's model that is not there.
    pub fn missing(&self) -> Missing {
        match self {
            Pace::Synchronous { .. } => Missing::Skip,
            Pace::Deadline { missing, .. } | Pace::Asynchronous { missing, .. } => *missing,
        }
    }

    /// Time between two ticks, where that is fixed.
    pub fn period(&self) -> Option<SimTime> {
        match self {
            Pace::Deadline { period, .. } => Some(*period),
            _ => None,
        }
    }
}

/// What stands for a neighbor's model that is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: a model is used once.
    #[default]
    Skip,
    /// The neighbor's last one, again.
    Hold,
}

impl Choice for Missing {
    const NAMES: &'static [(&'static str, Self)] = &[("skip", Self::Skip), ("hold", Self::Hold)];
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Late {
    #[default]
    Use,
    Discard,
}

impl Choice for Late {
    const NAMES: &'static [(&'static str, Self)] =
        &[("use", Self::Use), ("discard", Self::Discard)];
}

/// `[clock]` as far as the text tells.
#[derive(Clone, Debug)]
pub(super) struct ClockSettings {
    pub pace: Pace,
    pub compute: Compute,
    /// How long chosen agents compute.
    pub overrides: Overrides<Compute>,
}

/// How long an iteration's adapt steps take.
#[derive(Clone, Debug, PartialEq)]
pub struct Compute {
    time: Distribution,
    /// By which times are divided.
    pub speed: f64,
}

impl Compute {
    pub(super) fn read(keys: &mut Keys<'_>) -> Compute {
        let time = keys
            .key(
                "compute_ms",
                "Time that an iteration's adapt steps take [ms]",
            )
            .default(Distribution::constant(10.0), "design");
        let speed = keys
            .key("speed", "By which compute times are divided")
            .at_least(1e-6)
            .at_most(1e6)
            .default(1.0, "all alike");
        Compute { time, speed }
    }

    /// Reads files of measured times; `folder` is where relative paths start.
    ///
    /// # Errors
    /// A file that cannot be used.
    pub(super) fn load(&mut self, folder: &Path) -> Result<(), DistributionError> {
        self.time.load(folder)
    }

    /// The time that the agent of `key` computes in an iteration.
    pub fn sample(&self, key: Key, iteration: u64) -> SimTime {
        let ms = self.time.sample_under(key.at(iteration), iteration);
        SimTime::from_ms((ms / self.speed).min(SimTime::MAX_MS))
    }

    /// Whether it is always 0.
    pub(super) fn is_nothing(&self) -> bool {
        let fixed = self.time.fixed();
        fixed.is_some_and(|ms| SimTime::from_ms(ms / self.speed) == SimTime::ZERO)
    }

    /// No sample is less.
    pub(super) fn least(&self) -> SimTime {
        SimTime::from_ms((self.time.least() / self.speed).min(SimTime::MAX_MS))
    }

    /// The time where it never varies.
    pub(super) fn fixed(&self) -> Option<SimTime> {
        let ms = self.time.fixed()? / self.speed;
        Some(SimTime::from_ms(ms.min(SimTime::MAX_MS)))
    }

    /// Half of all samples are below.
    pub(super) fn median(&self) -> SimTime {
        SimTime::from_ms((self.time.median() / self.speed).min(SimTime::MAX_MS))
    }
}

/// The keys that modes have besides those of all modes, for sweeps over modes.
pub(super) fn keys_of(is_among: &dyn Fn(&str) -> bool) -> Vec<String> {
    keys_of_cases(is_among, own_keys)
}

/// Declares and reads `[clock]`.
pub(super) fn clock(keys: &mut Keys<'_>) -> ClockSettings {
    let Chosen(mode) = keys
        .key("mode", "Who waits for whom")
        .default(Chosen(Mode::Synchronous), "the paper's rule");
    let pace = keys.cases("mode", mode, own_keys);
    let compute = Compute::read(keys);
    let overrides = keys.overrides(
        "override",
        "Other keys for chosen agents; later ones win, key by key",
        |keys| {
            let compute = Compute::read(keys);
            refuse_nothing(keys, mode, &compute);
            compute
        },
    );
    refuse_nothing(keys, mode, &compute);
    ClockSettings {
        pace,
        compute,
        overrides,
    }
}

/// Notes that agents which wait for nobody would never let time pass.
fn refuse_nothing(keys: &mut Keys<'_>, mode: Mode, compute: &Compute) {
    if mode == Mode::Asynchronous && compute.is_nothing() {
        // An override's keys stand behind those of the table that it changes.
        let by_place = |key: &&str| keys.place(key);
        let last = ["compute_ms", "speed"].into_iter().max_by_key(by_place);
        keys.problem(
            last.unwrap_or_default(),
            "an agent that computes for no time would act without end at one moment",
            "write times that are at least 0.001 after division by `speed`, or another mode",
        );
    }
}

/// Declares and reads what one mode has for itself.
fn own_keys(keys: &mut Keys<'_>, mode: Mode) -> Pace {
    match mode {
        Mode::Synchronous => Pace::Synchronous {
            quorum: keys
                .key(
                    "quorum",
                    "Share of the neighbors whose models an agent waits for; 0 is none",
                )
                .at_least(0.0)
                .at_most(1.0)
                .default(1.0, "the paper's rule"),
        },
        Mode::Deadline => {
            let period: f64 = keys
                .key("period_ms", "Time from one tick to the next [ms]")
                .at_least(0.001)
                .at_most(SimTime::MAX_MS)
                .required();
            let Chosen(late) = keys
                .key(
                    "late",
                    "Whether models that come after the tick that ends their iteration are used",
                )
                .default(Chosen(Late::Use), "design");
            let missing = missing(keys, Missing::Skip, "deadline mode");
            let max_age = keys
                .key(
                    "max_age_iterations",
                    "Greatest age of a model that is used; 0 is in time",
                )
                .optional("no limit");
            Pace::Deadline {
                period: SimTime::from_ms(period),
                use_late: late == Late::Use,
                missing,
                max_age,
            }
        }
        Mode::Asynchronous => {
            let missing = missing(keys, Missing::Hold, "asynchronous mode");
            let max_age: Option<f64> = keys
                .key(
                    "max_age_ms",
                    "Greatest time since its sender adapted of a model that is used [ms]",
                )
                .at_least(0.0)
                .at_most(SimTime::MAX_MS)
                .optional("no limit");
            Pace::Asynchronous {
                missing,
                max_age: max_age.map(SimTime::from_ms),
            }
        }
    }
}

fn missing(keys: &mut Keys<'_>, default: Missing, mode: &'static str) -> Missing {
    let Chosen(missing) = keys
        .key(
            "missing",
            "What stands for a neighbor's model that is not there: nothing, or its last one",
        )
        .default(Chosen(default), mode);
    missing
}
