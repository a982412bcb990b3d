//! Values with their counts, as histograms take them.

/// Values in the order they came, equal neighbors as one: the same delay for all of an agent's
/// messages takes no memory of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// All runs but the last one.
    before: Vec<(u64, u32)>,
    /// The last one; nothing was added where its count is 0.
    last: (u64, u32),
}

impl Runs {
    /// Adds a value.
    #[inline]
    pub fn add(&mut self, value: u64) {
        self.add_n(value, 1);
    }

    /// Adds a value so many times.
    #[inline]
    pub fn add_n(&mut self, value: u64, count: u32) {
        if count == 0 {
            return;
        }
        let (last, times) = self.last;
        match times.checked_add(count) {
            Some(sum) if last == value || times == 0 => self.last = (value, sum),
            _ => {
                self.before.push(self.last);
                self.last = (value, count);
            }
        }
    }

    /// The values with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        let last = Some(self.last).filter(|(_, count)| *count > 0);
        self.before.iter().copied().chain(last)
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.last.1 == 0
    }
}

/// What an agent's messages and models add to the histograms, since its sample before.
#[derive(Clone, Debug, Default)]
pub struct Delays {
    /// From departure to arrival, per message that arrived \[µs\].
    pub delivery: Runs,
    /// Moment of combination − moment the sender had adapted, per neighbor's model in a
    /// combination \[µs\].
    pub age: Runs,
    /// The same in iterations.
    pub age_iterations: Runs,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(values: &[u64]) -> Runs {
        let mut runs = Runs::default();
        values.iter().for_each(|&value| runs.add(value));
        runs
    }

    #[test]
    fn equal_neighbors_are_one_run() {
        let all = |values: &[u64]| runs(values).iter().collect::<Vec<_>>();
        assert_eq!(all(&[]), []);
        assert_eq!(all(&[0]), [(0, 1)]);
        assert_eq!(all(&[7, 7, 7]), [(7, 3)]);
        assert_eq!(all(&[7, 7, 0, 7]), [(7, 2), (0, 1), (7, 1)]);
        assert!(runs(&[]).is_empty() && !runs(&[0]).is_empty());
    }

    #[test]
    fn a_constant_takes_no_memory_of_its_own() {
        assert_eq!(runs(&[3; 1000]).before.capacity(), 0);
    }

    #[test]
    fn counts_do_not_overflow() {
        let mut runs = Runs::default();
        runs.add_n(1, 0);
        runs.add_n(1, u32::MAX);
        runs.add_n(1, 2);
        assert_eq!(runs.iter().collect::<Vec<_>>(), [(1, u32::MAX), (1, 2)]);
    }
}
