//! Values with their counts, as histograms take them.

/// What an agent's messages and models add to a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delay {
    /// From departure to arrival, per message that arrived \[µs\].
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    /// Per kind the last value, and how often it came in a row; never where that is 0.
    last: [(u64, u32); 3],
    /// All runs before those.
    before: Vec<(u64, u32, u8)>,
}

impl Delays {
    /// Adds a value.
    #[inline]
    pub fn add(&mut self, delay: Delay, value: u64) {
        let (last, times) = &mut self.last[delay as usize];
        if *last == value || *times == 0 {
            // No agent has so many messages.
            (*last, *times) = (value, times.saturating_add(1));
            return;
        }
        if self.before.capacity() == 0 {
            // A neighborhood of the usual size takes memory once.
            self.before.reserve(24);
        }
        self.before.push((*last, *times, delay as u8));
        (*last, *times) = (value, 1);
    }

    /// The values of a kind with their counts.
    pub fn iter(&self, delay: Delay) -> impl Iterator<Item = (u64, u32)> + '_ {
        let is_its = move |run: &&(u64, u32, u8)| run.2 == delay as u8;
        let before = self.before.iter().filter(is_its);
        let last = Some(self.last[delay as usize]).filter(|(_, times)| *times > 0);
        before.map(|&(value, times, _)| (value, times)).chain(last)
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
        (0..1000).for_each(|_| delays.add(Delay::Delivery, 3));
        assert_eq!(delays.before.capacity(), 0);
    }
}
