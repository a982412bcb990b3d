//! Synchronous: when enough neighbors' models have arrived, or no more can come.

use crate::units::SimTime;

/// What is expected from an agent's neighbors in an iteration.
pub(super) struct Count {
    /// By slot: copies that have not come to their end, and whether a model has come.
    open: Vec<(u32, bool)>,
    /// When copies come to their end, of whom, and whether they are models then.
    ends: Vec<(SimTime, usize, bool)>,
    /// Neighbors of whom something can still come.
    unsettled: usize,
    arrived: usize,
    needed: usize,
}

impl Count {
    /// Nothing is expected yet; `quorum` is the share of `neighbors` whose models are enough.
    pub fn new(slots: usize, neighbors: usize, quorum: f64) -> Count {
        // 0.28 of 25 is 7, though their product in f64 is a little more.
        let needed = (quorum * neighbors as f64 - 1e-9).ceil() as usize;
        Count {
            open: vec![(0, false); slots],
            ends: Vec::new(),
            unsettled: 0,
            arrived: 0,
            needed,
        }
    }

    /// A copy of a neighbor's model comes to its end at a moment, as a model or not.
    pub fn expect(&mut self, slot: usize, at: SimTime, is_model: bool) {
        if self.open.len() <= slot {
            self.open.resize(slot + 1, (0, false));
        }
        self.unsettled += usize::from(self.open[slot].0 == 0);
        self.open[slot].0 += 1;
        self.ends.push((at, slot, is_model));
    }

    /// The moment at which enough have arrived or no more can come; `begun`, where that is so from
    /// the start.
    pub fn enough(mut self, begun: SimTime) -> SimTime {
        let mut ends = std::mem::take(&mut self.ends);
        ends.sort_by_key(|(at, ..)| *at);
        let mut moment = begun;
        for (at, slot, is_model) in ends {
            // When everything has come to its end, nothing more can come: this comes true.
            if self.is_enough() {
                break;
            }
            moment = at;
            self.settle(slot, is_model);
        }
        moment
    }

    /// A copy has come to its end.
    fn settle(&mut self, slot: usize, is_model: bool) {
        let (open, has_come) = &mut self.open[slot];
        *open -= 1;
        if *has_come {
            return;
        }
        *has_come = is_model;
        self.arrived += usize::from(is_model);
        self.unsettled -= usize::from(is_model || *open == 0);
    }

    fn is_enough(&self) -> bool {
        self.unsettled == 0 || self.arrived >= self.needed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Copies as (slot, moment [µs], whether it is a model), to three neighbors of whom `quorum` is
    /// enough.
    fn enough(quorum: f64, copies: &[(usize, u64, bool)]) -> u64 {
        let mut count = Count::new(4, 3, quorum);
        for &(slot, at, is_model) in copies {
            count.expect(slot, SimTime::from_us(at), is_model);
        }
        count.enough(SimTime::from_us(5)).us()
    }

    #[test]
    fn the_first_copy_of_the_last_neighbor_is_waited_for() {
        let copies = [(1, 30, true), (2, 20, true), (2, 90, true), (3, 10, true)];
        assert_eq!(enough(1.0, &copies), 30);
    }

    #[test]
    fn of_a_neighbor_without_a_model_the_last_copy_is_waited_for() {
        assert_eq!(
            enough(1.0, &[(1, 30, false), (1, 50, false), (2, 20, true)]),
            50
        );
    }

    #[test]
    fn a_quorum_counts_models_of_different_neighbors() {
        let copies = [
            (1, 10, true),
            (1, 11, true),
            (2, 20, false),
            (2, 40, true),
            (3, 60, true),
        ];
        assert_eq!(enough(0.5, &copies), 40);
        assert_eq!(enough(0.0, &copies), 5);
    }

    #[test]
    fn where_nothing_is_expected_nobody_waits() {
        assert_eq!(enough(1.0, &[]), 5);
    }

    #[test]
    fn a_share_is_what_it_says() {
        assert_eq!(Count::new(26, 25, 0.28).needed, 7);
        assert_eq!(Count::new(26, 25, 0.29).needed, 8);
    }
}
