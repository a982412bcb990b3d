//! What attackers know, by levels.

use crate::settings::Choice;

/// How much an attacker knows when it makes a payload; each level includes those before it.
///
/// Attackers never see each other's models: what they know is of honest agents, as it was at one
/// moment. Synchronous: when the last of what the level lets it see is there, in the same iteration.
/// Deadline: half the period after the iteration began. Asynchronous: one least link latency before
/// the attacker's own event. The copies are handed over out of band: they are no messages in the
/// accounting, and do not queue in a downlink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Knowledge {
    /// Its own honest state: it sends when an honest agent would.
    #[default]
    None,
    /// The models that its own neighbors have sent it; and, of the network, how many models a victim
    /// combines and how many of them are Byzantine.
    Neighbors,
    /// The models that any attacker of the same `[[attack]]` has received.
    Colluding,
    /// Every honest agent's ψ and θ, and the network.
    Omniscient,
    /// That, and the victim's current batch and φ.
    VictimData,
}

impl Choice for Knowledge {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("neighbors", Self::Neighbors),
        ("colluding", Self::Colluding),
        ("omniscient", Self::Omniscient),
        ("victim-data", Self::VictimData),
    ];
}

impl Knowledge {
    /// Its name in TOML.
    pub fn name(self) -> &'static str {
        // Every level stands in the list.
        let found = Self::NAMES.iter().find(|(_, level)| *level == self);
        found.map(|(name, _)| *name).unwrap_or_default()
    }
}
