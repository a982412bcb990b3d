//! When an attacker sends, beside what it sends.

use crate::settings::{Choice, Chosen, Keys, keys_of_cases};
use crate::units::SimTime;

/// Timing of an attack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timing {
    /// As an honest agent would.
    #[default]
    Prompt,
    /// Victims get nothing.
    Silent,
    /// So much later.
    Delay(SimTime),
    /// At once, but what it would have sent so many of its iterations earlier; at first its oldest.
    Replay(u64),
    /// So many copies of each model.
    Flood(u32),
    /// So long before the tick that ends the iteration, if it has adapted by then.
    JustBeforeDeadline(SimTime),
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Silent,
    Delay,
    Replay,
    Flood,
    JustBeforeDeadline,
}

impl Choice for Kind {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("silent", Self::Silent),
        ("delay", Self::Delay),
        ("replay", Self::Replay),
        ("flood", Self::Flood),
        ("just-before-deadline", Self::JustBeforeDeadline),
    ];
}

impl Timing {
    /// Declares and reads the keys of `timing = { … }`.
    pub fn read(keys: &mut Keys<'_>) -> Timing {
        let Chosen(kind) = keys
            .key("kind", "How its timing differs from an honest agent's")
            .required();
        keys.cases("kind", kind, Timing::own_keys)
    }

    /// The keys that kinds have besides `kind`, for sweeps over kinds.
    pub(crate) fn keys_of(is_among: &dyn Fn(&str) -> bool) -> Vec<String> {
        keys_of_cases(is_among, Timing::own_keys)
    }

    /// Whether it sends more than one copy of a model.
    pub(crate) fn floods(self) -> bool {
        matches!(self, Timing::Flood(_))
    }

    /// Whether it means something only where iterations end at fixed times.
    pub fn needs_deadlines(self) -> bool {
        matches!(self, Timing::JustBeforeDeadline(_))
    }

    /// Declares and reads what one kind has for itself.
    fn own_keys(keys: &mut Keys<'_>, kind: Kind) -> Timing {
        let mut ms = |name, about| {
            let field = keys.key(name, about).at_least(0.0);
            SimTime::from_ms(field.at_most(SimTime::MAX_MS).required())
        };
        match kind {
            Kind::Silent => Timing::Silent,
            Kind::Delay => Timing::Delay(ms("ms", "How much later than an honest agent [ms]")),
            Kind::JustBeforeDeadline => Timing::JustBeforeDeadline(ms(
                "margin_ms",
                "How long before the tick that ends the iteration [ms]",
            )),
            Kind::Replay => Timing::Replay(
                keys.key("age_iterations", "How many of its iterations old")
                    .at_least(1.0)
                    .at_most(1e5)
                    .required(),
            ),
            Kind::Flood => Timing::Flood(
                keys.key("copies", "Copies of each model")
                    .at_least(1.0)
                    .at_most(1e9)
                    .required(),
            ),
        }
    }
}
