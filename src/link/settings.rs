//! `[link]` and `[[link.override]]`: how links are set.

use super::{Burst, Ends};
use crate::distribution::{Distribution, DistributionError};
use crate::settings::{Field, Keys, Setting};
use crate::units::SimTime;
use std::path::Path;

/// The most copies of one model that a setting may let pass: keys of random streams have no room
/// for more.
const MOST_COPIES: f64 = 4000.0;
/// The most retransmissions of one model that a setting may allow, for the same reason.
const MOST_RETRANSMISSIONS: f64 = 100_000.0;
/// The least bandwidth, one bit per second: a model must arrive some day.
const LEAST_MBPS: f64 = 1e-6;
/// The largest model, a terabyte.
const MOST_BYTES: f64 = 1e12;

/// How a link treats models.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkSettings {
    /// Propagation delay \[ms\].
    pub delay: Distribution,
    /// Probability that a model is lost.
    pub drop: f64,
    /// Probability that a copy more of a model arrives.
    pub duplicate: f64,
    /// Losses in bursts.
    pub burst: Option<Burst>,
    /// What the sender can send per second \[10⁶ bit\]; no limit where absent.
    pub uplink_mbps: Option<f64>,
    /// What the receiver can receive per second \[10⁶ bit\]; no limit where absent.
    pub downlink_mbps: Option<f64>,
    /// Size of a model on the line \[bytes\]; that of its parameters where absent.
    pub model_bytes: Option<u64>,
    /// Time after which a lost model is sent again; it is not where absent.
    pub retransmit: Option<SimTime>,
    /// How many times at most.
    pub retransmit_limit: u64,
    /// Copies of one model that the link carries; the rest is dropped.
    pub flood_bound: u32,
}

impl Default for LinkSettings {
    /// An ideal link.
    fn default() -> LinkSettings {
        LinkSettings {
            delay: Distribution::constant(0.0),
            drop: 0.0,
            duplicate: 0.0,
            burst: None,
            uplink_mbps: None,
            downlink_mbps: None,
            model_bytes: None,
            retransmit: None,
            retransmit_limit: 1000,
            flood_bound: 16,
        }
    }
}

impl LinkSettings {
    /// Reads the files of its distributions; `folder` is the scenario file's.
    ///
    /// # Errors
    /// As [`Distribution::load`].
    pub fn load(&mut self, folder: &Path) -> Result<(), DistributionError> {
        self.delay.load(folder)
    }
}

/// What an override changes: whatever is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkChange {
    /// See [`LinkSettings`].
    pub delay: Option<Distribution>,
    /// See [`LinkSettings`].
    pub drop: Option<f64>,
    /// See [`LinkSettings`].
    pub duplicate: Option<f64>,
    /// See [`LinkSettings`]; changed as a whole.
    pub burst: Option<Burst>,
    /// See [`LinkSettings`].
    pub uplink_mbps: Option<f64>,
    /// See [`LinkSettings`].
    pub downlink_mbps: Option<f64>,
    /// See [`LinkSettings`].
    pub model_bytes: Option<u64>,
    /// See [`LinkSettings`].
    pub retransmit: Option<SimTime>,
    /// See [`LinkSettings`].
    pub retransmit_limit: Option<u64>,
    /// See [`LinkSettings`].
    pub flood_bound: Option<u32>,
}

impl LinkChange {
    /// Changes the settings key by key.
    pub fn apply(&self, to: &mut LinkSettings) {
        fn set<T: Clone>(to: &mut T, change: &Option<T>) {
            if let Some(value) = change {
                to.clone_from(value);
            }
        }
        fn set_optional<T: Clone>(to: &mut Option<T>, change: &Option<T>) {
            if change.is_some() {
                to.clone_from(change);
            }
        }
        set(&mut to.delay, &self.delay);
        set(&mut to.drop, &self.drop);
        set(&mut to.duplicate, &self.duplicate);
        set_optional(&mut to.burst, &self.burst);
        set_optional(&mut to.uplink_mbps, &self.uplink_mbps);
        set_optional(&mut to.downlink_mbps, &self.downlink_mbps);
        set_optional(&mut to.model_bytes, &self.model_bytes);
        set_optional(&mut to.retransmit, &self.retransmit);
        set(&mut to.retransmit_limit, &self.retransmit_limit);
        set(&mut to.flood_bound, &self.flood_bound);
    }

    /// Reads the files of its distributions; `folder` is the scenario file's.
    ///
    /// # Errors
    /// As [`Distribution::load`].
    pub fn load(&mut self, folder: &Path) -> Result<(), DistributionError> {
        self.delay
            .as_mut()
            .map_or(Ok(()), |delay| delay.load(folder))
    }
}

/// One `[[link.override]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkOverride {
    /// Which links.
    pub ends: Ends,
    /// What is different there.
    pub change: LinkChange,
}

/// Declares and reads `[link]` with its overrides, which count in their order: later ones win, key
/// by key. Whether a mode retransmits at all is for the scenario to check.
pub fn read(keys: &mut Keys<'_>) -> (LinkSettings, Vec<LinkOverride>) {
    let overrides = keys.tables(
        "override",
        "Other keys for chosen links; later ones win, key by key",
        |keys| LinkOverride {
            ends: Ends::read(keys),
            change: keys_of_a_link(keys, None),
        },
    );
    let mut settings = LinkSettings::default();
    keys_of_a_link(keys, Some(&settings.clone())).apply(&mut settings);
    if settings.retransmit.is_none() && !keys.has("retransmit_limit") {
        // Only what is sent again has a limit, and some modes refuse both keys.
        keys.forget("retransmit_limit");
    }
    (settings, overrides)
}

/// Reads a key that has a default in `[link]` and none in an override.
fn or<T: Setting>(field: Field<'_, '_, T>, default: Option<T>) -> Option<T> {
    match default {
        Some(default) => Some(field.default(default, "design")),
        None => field.optional("as without the override"),
    }
}

/// The keys of `[link]`, or without `defaults` those of an override.
fn keys_of_a_link(keys: &mut Keys<'_>, defaults: Option<&LinkSettings>) -> LinkChange {
    let absence = |text| defaults.map_or("as without the override", |_| text);
    let delay = keys.key("delay_ms", "Propagation delay [ms]");
    let delay = or(delay, defaults.map(|link| link.delay.clone()));
    let drop = keys.key("drop", "Probability that a model is lost");
    let drop = drop.at_least(0.0).at_most(1.0);
    let drop = or(drop, defaults.map(|link| link.drop));
    let duplicate = keys.key(
        "duplicate",
        "Probability that a copy more of a model arrives",
    );
    let duplicate = duplicate.at_least(0.0).at_most(1.0);
    let duplicate = or(duplicate, defaults.map(|link| link.duplicate));
    let burst = keys.table("burst", "Losses in bursts", absence("none"), Burst::read);
    let uplink_mbps = keys
        .key(
            "uplink_mbps",
            "What a sender can send, one model after another [10⁶ bit/s]",
        )
        .at_least(LEAST_MBPS)
        .optional(absence("no limit"));
    let downlink_mbps = keys
        .key(
            "downlink_mbps",
            "What a receiver can receive, one model after another [10⁶ bit/s]",
        )
        .at_least(LEAST_MBPS)
        .optional(absence("no limit"));
    let model_bytes = keys
        .key("model_bytes", "Size of a model on the line [bytes]")
        .at_least(1.0)
        .at_most(MOST_BYTES)
        .optional(absence("4 bytes for each parameter"));
    let retransmit: Option<f64> = keys
        .key(
            "retransmit_ms",
            "Synchronous mode: time after which a lost model is sent again [ms]",
        )
        .at_least(SimTime::LEAST_LATENCY.ms())
        .at_most(SimTime::MAX_MS)
        .optional(absence("lost models are not sent again"));
    let limit = keys.key(
        "retransmit_limit",
        "Synchronous mode: how many times a model is sent again at most",
    );
    let limit = limit.at_most(MOST_RETRANSMISSIONS);
    let retransmit_limit = or(limit, defaults.map(|link| link.retransmit_limit));
    let flood_bound = keys.key("flood_bound", "Copies of one model that a link carries");
    let flood_bound = flood_bound.at_least(1.0).at_most(MOST_COPIES);
    LinkChange {
        delay,
        drop,
        duplicate,
        burst,
        uplink_mbps,
        downlink_mbps,
        model_bytes,
        retransmit: retransmit.map(SimTime::from_ms),
        retransmit_limit,
        flood_bound: or(flood_bound, defaults.map(|link| link.flood_bound)),
    }
}
