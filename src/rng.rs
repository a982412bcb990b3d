//! Random streams, one for each purpose, owner and count.
//!
//! A stream is ChaCha8 under a 256-bit key that spells out what it is for:
//! `seed (64) | owner (64) | counter (64) | peer (32) | purpose (32)`. Different keys give
//! independent streams, so drawing one more number for one purpose changes nothing elsewhere, and
//! two rules under one seed see the same data, network, attackers and fates.

pub use rand::rngs::ChaCha8Rng as Stream;
use rand::{Rng, RngExt, SeedableRng};

use crate::units::AgentId;

/// What a stream is for. The numbers are part of the promise that a seed gives the same run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Positions of agents in the plane.
    Positions = 1,
    /// Which edges the network has.
    Edges = 2,
    /// Members of sets and of selections outside attacks.
    Sets = 3,
    /// What differs between the agents' tasks (targets, noise levels).
    World = 4,
    /// Initial parameters.
    Initial = 5,
    /// How a data set is shared out and split.
    Split = 6,
    /// The order of an epoch.
    Epoch = 7,
    /// A batch or measurement.
    Batch = 8,
    /// Whether the adapt step is done.
    AdaptCoin = 9,
    /// Which agents are Byzantine.
    Attackers = 10,
    /// What attackers send.
    Payload = 11,
    /// Generated data sets.
    Generated = 12,
    /// What links do to messages.
    Link = 13,
    /// Seeds of the networks that a run draws anew.
    Redraw = 18,
}

/// The key of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    seed: u64,
    purpose: Purpose,
    owner: u64,
    counter: u64,
    peer: u32,
}

impl Key {
    /// The stream of a whole run for one purpose.
    pub fn new(seed: u64, purpose: Purpose) -> Key {
        Key {
            seed,
            purpose,
            owner: 0,
            counter: 0,
            peer: 0,
        }
    }

    /// One agent's own.
    pub fn of(self, agent: AgentId) -> Key {
        Key {
            owner: u64::from(agent.0) + 1,
            ..self
        }
    }

    /// One for each iteration, epoch or other count.
    pub fn at(self, counter: u64) -> Key {
        Key { counter, ..self }
    }

    /// One for each agent at the other end.
    pub fn toward(self, peer: AgentId) -> Key {
        Key {
            peer: peer.0 + 1,
            ..self
        }
    }

    /// Opens the stream.
    ///
    /// ```
    /// use byzsim::rng::{Key, Purpose};
    /// use byzsim::units::AgentId;
    /// use rand::RngExt;
    /// let key = Key::new(1, Purpose::Batch).of(AgentId(3));
    /// let first: u64 = key.at(0).stream().random();
    /// assert_eq!(first, key.at(0).stream().random::<u64>());
    /// assert_ne!(first, key.at(1).stream().random::<u64>());
    /// ```
    pub fn stream(self) -> Stream {
        let mut key = [0; 32];
        key[0..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..16].copy_from_slice(&self.owner.to_le_bytes());
        key[16..24].copy_from_slice(&self.counter.to_le_bytes());
        key[24..28].copy_from_slice(&self.peer.to_le_bytes());
        key[28..32].copy_from_slice(&(self.purpose as u32).to_le_bytes());
        Stream::from_seed(key)
    }
}

/// Puts `items` into random order (Fisher–Yates), so that its start is a random choice.
pub fn shuffle<T>(items: &mut [T], stream: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, stream.random_range(0..=last));
    }
}

/// `count` of the numbers `0..n`, drawn without replacement, in ascending order.
pub fn choose(n: usize, count: usize, stream: &mut impl Rng) -> Vec<usize> {
    let mut chosen = rand::seq::index::sample(stream, n, count.min(n)).into_vec();
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream must never change between versions: these values are the promise.
    #[test]
    fn a_key_gives_the_same_stream_for_ever() {
        let mut stream = Key::new(1, Purpose::Batch).of(AgentId(2)).at(3).stream();
        let drawn: [u64; 2] = [stream.random(), stream.random()];
        assert_eq!(drawn, [4006206124714105122, 4563823465513357716]);
    }

    #[test]
    fn every_part_of_a_key_matters() {
        let key = Key::new(1, Purpose::Link)
            .of(AgentId(2))
            .at(3)
            .toward(AgentId(4));
        let keys = [
            key,
            Key { seed: 2, ..key },
            Key {
                purpose: Purpose::Epoch,
                ..key
            },
            key.of(AgentId(3)),
            key.at(4),
            key.toward(AgentId(5)),
        ];
        let mut first: Vec<u64> = keys.iter().map(|k| k.stream().random()).collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), keys.len());
    }
}
