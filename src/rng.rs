//! Random streams, one for each purpose, owner and count.
//!
//! A stream is ChaCha8 under a 256-bit key that spells out what it is for:
//! `seed (64) | owner (64) | counter (64) | peer (32) | purpose (32)`. Different keys give
//! independent streams, so drawing one more number for one purpose changes nothing elsewhere, and
//! two rules under one seed see the same data, network, attackers and fates.
//!
//! The owner's 64 bits are, from the lowest: agent's number and one more (33), copy of a message
//! (13), attempt to send it (18). Whoever owns no message leaves the last two 0.

mod short;

pub use rand::rngs::ChaCha8Rng as Stream;
pub use short::ShortStream;

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
    /// When a link's bursts of losses begin and end.
    Burst = 14,
    /// How long an iteration's adapt steps take.
    Compute = 15,
    /// Which neighbors an iteration's models go to.
    Fanout = 16,
    /// How long agents stay up and down.
    Fault = 17,
    /// The seed of a network that is drawn anew.
    Redraw = 18,
    /// Which images of a batch are mirrored.
    Mirror = 19,
    /// What combination rules draw.
    Rule = 20,
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

    /// One for each copy of an agent's message, and for each attempt to send it. Comes after
    /// [`Key::of`].
    ///
    /// # Panics
    /// In debug builds, from 2¹³ copies or 2¹⁸ attempts on; settings are bounded below that.
    pub fn copy(self, copy: u32, attempt: u32) -> Key {
        debug_assert!(copy < 1 << 13 && attempt < 1 << 18, "a key has no room");
        Key {
            owner: self.owner | u64::from(copy) << 33 | u64::from(attempt) << 46,
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
        for (bytes, word) in key.chunks_exact_mut(4).zip(self.words()) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        Stream::from_seed(key)
    }

    /// The same numbers, cheaper where no more than a few are drawn.
    #[inline]
    pub fn short(self) -> ShortStream {
        ShortStream::new(self.words())
    }

    /// The same for several keys, appended to `streams`; cheaper than one by one.
    pub fn several(keys: impl Iterator<Item = Key>, streams: &mut Vec<ShortStream>) {
        ShortStream::several(keys.map(Key::words), streams);
    }

    /// The 256 bits.
    #[inline]
    fn words(self) -> [u32; 8] {
        let low = |x: u64| x as u32;
        let high = |x: u64| (x >> 32) as u32;
        [
            low(self.seed),
            high(self.seed),
            low(self.owner),
            high(self.owner),
            low(self.counter),
            high(self.counter),
            self.peer,
            self.purpose as u32,
        ]
    }
}

/// Puts `items` into random order (Fisher–Yates), so that its start is a random choice.
pub fn shuffle<T>(items: &mut [T], stream: &mut impl Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, stream.random_range(0..=last));
    }
}

/// The numbers `0..n` in random order (Fisher–Yates from the front). Each is drawn when it is asked
/// for, so that the first few do not depend on how many are taken: under one key a smaller choice is
/// part of every larger one.
pub fn random_order(n: usize, stream: &mut impl Rng) -> impl Iterator<Item = usize> {
    let mut numbers: Vec<usize> = (0..n).collect();
    (0..n).map(move |next| {
        numbers.swap(next, stream.random_range(next..n));
        numbers[next]
    })
}

/// `count` of the numbers `0..n`, drawn without replacement, in ascending order: the first of a
/// [`random_order`].
pub fn choose(n: usize, count: usize, stream: &mut impl Rng) -> Vec<usize> {
    let mut chosen: Vec<usize> = random_order(n, stream).take(count).collect();
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
            key.copy(1, 0),
            key.copy(0, 1),
        ];
        let mut first: Vec<u64> = keys.iter().map(|k| k.stream().random()).collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), keys.len());
    }

    /// Which numbers are chosen is part of the promise, too.
    #[test]
    fn a_smaller_choice_is_part_of_every_larger_one() {
        let key = Key::new(1, Purpose::Sets);
        let chosen = |n, count| choose(n, count, &mut key.stream());
        for n in 0..30 {
            for count in 0..=n {
                let (smaller, larger) = (chosen(n, count), chosen(n, count + 1));
                assert_eq!(smaller.len(), count);
                assert!(smaller.is_sorted_by(|a, b| a < b), "{smaller:?}");
                assert_eq!(larger.len(), (count + 1).min(n));
                assert!(smaller.iter().all(|x| *x < n && larger.contains(x)));
            }
        }
        assert_eq!(chosen(100, 5), [6, 56, 73, 80, 87]);
    }

    /// Each number, and each pair of numbers, is chosen as often as any other.
    #[test]
    fn a_choice_prefers_no_number() {
        const RUNS: u64 = 20_000;
        let (n, count) = (6, 2);
        let mut pairs = std::collections::BTreeMap::new();
        for run in 0..RUNS {
            let key = Key::new(1, Purpose::Sets).at(run);
            *pairs
                .entry(choose(n, count, &mut key.stream()))
                .or_insert(0) += 1;
        }
        assert_eq!(pairs.len(), 15);
        let expected = RUNS as f64 / 15.0;
        let square = |&found: &u32| (f64::from(found) - expected).powi(2) / expected;
        let chi_square: f64 = pairs.values().map(square).sum();
        // 14 degrees of freedom: 36.1 is exceeded once in a thousand seeds.
        assert!(chi_square < 36.1, "{chi_square}: {pairs:?}");
    }

    /// The largest agent, copy and attempt fill the owner's bits and share none.
    #[test]
    fn copies_and_attempts_have_bits_of_their_own() {
        let all = |agent, copy, attempt| {
            let key = Key::new(1, Purpose::Link).of(AgentId(agent));
            key.copy(copy, attempt).owner
        };
        let (last_copy, last_attempt) = ((1 << 13) - 1, (1 << 18) - 1);
        assert_eq!(all(u32::MAX, 0, 0), 1 << 32);
        assert_eq!(all(u32::MAX - 1, 0, 0), (1 << 32) - 1);
        assert_eq!(all(0, last_copy, 0), ((1 << 46) - 1) >> 33 << 33 | 1);
        assert_eq!(all(0, 0, last_attempt), u64::MAX >> 46 << 46 | 1);
        let plain = Key::new(1, Purpose::Link).of(AgentId(7));
        assert_eq!(plain.copy(0, 0).owner, plain.owner);
    }
}
