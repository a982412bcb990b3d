//! Values with their counts, as histograms take them.

/// What an agent's messages and models add to a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// From the first attempt's departure to arrival, per message that arrived \[µs\].
    Delivery,
    /// Moment of combination − moment the sender had adapted, per neighbor's model in a
    /// combination \[µs\].
    Age,
    /// The same in iterations.
    AgeIterations,
}

/// What an agent has to tell of [`Delay`]s since its sample before, in the order it came; equal
/// neighbors of one kind are one, so that the same delay for all of an agent's messages takes no
/// memory of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Delays {
    /// Per kind the last value, and how often it came in a row; never where that is 0.
    last: [(u64, u32); 3],
    /// All runs before those.
    before: Vec<Packed>,
}

/// A value, how often it came in a row, and its kind, in 8 bytes: where delays are random there is
/// one for each message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Packed(u64);

impl Packed {
    /// Times above this are told in several runs.
    const MOST: u32 = 63;
    /// 2,000 years of microseconds: no value is greater.
    const VALUES: u64 = (1 << 56) - 1;

    fn new(delay: Delay, value: u64, times: u32) -> Packed {
        Packed((delay as u64) << 62 | u64::from(times) << 56 | value.min(Packed::VALUES))
    }

    fn is(self, delay: Delay) -> bool {
        self.0 >> 62 == delay as u64
    }

    fn run(self) -> (u64, u32) {
        (
            self.0 & Packed::VALUES,
            (self.0 >> 56) as u32 & Packed::MOST,
        )
    }
}

impl Delays {
    /// Adds a value.
    #[inline]
    pub fn add(&mut self, delay: Delay, value: u64) {
        let (last, times) = &mut self.last[delay as usize];
        if *times == 0 || *last == value && *times < Packed::MOST {
            (*last, *times) = (value, *times + 1);
            return;
        }
        if self.before.capacity() == 0 {
            // A neighborhood of the usual size takes memory once.
            self.before.reserve(24);
        }
        self.before.push(Packed::new(delay, *last, *times));
        (*last, *times) = (value, 1);
    }

    /// The values of a kind with their counts.
    pub fn iter(&self, delay: Delay) -> impl Iterator<Item = (u64, u32)> + '_ {
        let before = self.before.iter().filter(move |run| run.is(delay));
        let last = Some(self.last[delay as usize]).filter(|(_, times)| *times > 0);
        before.map(|run| run.run()).chain(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(values: &[u64]) -> Vec<(u64, u32)> {
        let mut delays = Delays::default();
        values
            .iter()
            .for_each(|&value| delays.add(Delay::Age, value));
        delays.iter(Delay::Age).collect()
    }

    #[test]
    fn equal_neighbors_are_one_run() {
        assert_eq!(told(&[]), []);
        assert_eq!(told(&[0]), [(0, 1)]);
        assert_eq!(told(&[7, 7, 7]), [(7, 3)]);
        assert_eq!(told(&[7, 7, 0, 7]), [(7, 2), (0, 1), (7, 1)]);
    }

    #[test]
    fn kinds_are_told_apart() {
        let mut delays = Delays::default();
        for value in [3, 4, 4] {
            delays.add(Delay::Delivery, value);
            delays.add(Delay::AgeIterations, 10 * value);
        }
        let all = |delay| delays.iter(delay).collect::<Vec<_>>();
        assert_eq!(all(Delay::Delivery), [(3, 1), (4, 2)]);
        assert_eq!(all(Delay::AgeIterations), [(30, 1), (40, 2)]);
        assert_eq!(all(Delay::Age), []);
    }

    #[test]
    fn a_constant_takes_no_memory_of_its_own() {
        let mut delays = Delays::default();
        (0..63).for_each(|_| delays.add(Delay::Delivery, 3));
        assert_eq!(delays.before.capacity(), 0);
    }

    #[test]
    fn long_runs_are_told_in_parts() {
        let told = told(&[9; 1000]);
        assert!(told.iter().all(|&(value, times)| value == 9 && times <= 63));
        assert_eq!(told.iter().map(|(_, times)| times).sum::<u32>(), 1000);
    }
}
