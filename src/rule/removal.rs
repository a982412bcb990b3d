//! Which f neighbors to leave out so that Σ above / (Σ below)² of the others is least: a search
//! through all subsets.

/// So many subsets are searched, not more.
pub(super) const MOST_SUBSETS: u64 = 1_000_000;

/// A neighbor's part in both sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub above: f64,
    pub below: f64,
}

impl Part {
    fn plus(self, other: Part) -> Part {
        Part {
            above: self.above + other.above,
            below: self.below + other.below,
        }
    }
}

/// Whether n neighbors have at most [`MOST_SUBSETS`] subsets of f.
pub(super) fn is_searchable(n: usize, f: usize) -> bool {
    let mut subsets: u128 = 1;
    // C(n, i+1) = C(n, i) (n−i)/(i+1) grows up to the middle, and is the same from either end.
    for i in 0..f.min(n.saturating_sub(f)) {
        subsets = subsets * (n - i) as u128 / (i + 1) as u128;
        if subsets > u128::from(MOST_SUBSETS) {
            return false;
        }
    }
    true
}

/// The largest f below n up to which every f is searchable.
pub(super) fn largest_searchable(n: usize) -> usize {
    let is_too_large = |f: &usize| !is_searchable(n, *f);
    let all = n.saturating_sub(1);
    (0..=all).find(is_too_large).map_or(all, |f| f - 1)
}

/// The search with its buffers.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Σ of the parts from each neighbor on.
    from: Vec<Part>,
    /// Where the next neighbor is still to be kept.
    branches: Vec<Branch>,
    removed: Vec<usize>,
    best: Vec<usize>,
}

/// What is decided for the neighbors before one.
#[derive(Clone, Copy, Debug)]
struct Branch {
    next: usize,
    removed: usize,
    kept: Part,
}

impl Search {
    /// The f of `parts`, at most all of them, without which (Σ above)/(`own` + Σ below)² is least,
    /// in ascending order; the first in lexicographic order where several are. Takes at most two
    /// steps per subset.
    ///
    /// Each neighbor in turn is removed, or kept, until the rest follows. Sums are only ever added
    /// to, in the order of the neighbors, so that a large part that was removed leaves no rounding
    /// error behind.
    pub(super) fn least(&mut self, own: f64, parts: &[Part], f: usize) -> &[usize] {
        self.from.clear();
        self.from.resize(parts.len() + 1, Part::default());
        for (l, part) in parts.iter().enumerate().rev() {
            self.from[l] = self.from[l + 1].plus(*part);
        }
        self.branches.clear();
        self.branches.push(Branch {
            next: 0,
            removed: 0,
            kept: Part {
                above: 0.0,
                below: own,
            },
        });
        self.best.clear();
        let mut least = None;
        while let Some(mut at) = self.branches.pop() {
            self.removed.truncate(at.removed);
            while at.removed < f && parts.len() - at.next > f - at.removed {
                self.branches.push(Branch {
                    next: at.next + 1,
                    kept: at.kept.plus(parts[at.next]),
                    ..at
                });
                self.removed.push(at.next);
                at.removed += 1;
                at.next += 1;
            }
            // Enough are removed, or only so many are left as have to be.
            let (kept, rest) = match at.removed == f {
                true => (at.kept.plus(self.from[at.next]), 0..0),
                false => (at.kept, at.next..parts.len()),
            };
            let value = kept.above / (kept.below * kept.below);
            if least.is_none_or(|least| value < least) {
                least = Some(value);
                self.best.clone_from(&self.removed);
                self.best.extend(rest);
            }
        }
        &self.best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All subsets of f, in lexicographic order.
    fn subsets(n: usize, f: usize) -> Vec<Vec<usize>> {
        let all = (0..1_u32 << n).filter(|bits| bits.count_ones() as usize == f);
        let list = |bits: u32| (0..n).filter(|l| bits >> l & 1 == 1).collect();
        let mut all: Vec<Vec<usize>> = all.map(list).collect();
        all.sort();
        all
    }

    fn value(own: f64, parts: &[Part], removed: &[usize]) -> f64 {
        let kept = (0..parts.len()).filter(|l| !removed.contains(l));
        let sum = kept.fold(Part::default(), |sum, l| sum.plus(parts[l]));
        sum.above / (own + sum.below).powi(2)
    }

    proptest! {
        #[test]
        fn no_other_subset_is_better(
            numbers in prop::collection::vec((0.01..10.0_f64, 0.01..10.0_f64), 1..10),
            f in 0_usize..10,
            own in 0.01..10.0_f64,
        ) {
            let parts: Vec<Part> = numbers
                .iter()
                .map(|&(above, below)| Part { above, below })
                .collect();
            let f = f.min(parts.len());
            let mut search = Search::default();
            let found = search.least(own, &parts, f).to_vec();
            prop_assert_eq!(found.len(), f);
            let least = value(own, &parts, &found);
            for other in subsets(parts.len(), f) {
                // Sums in another order differ by their rounding.
                prop_assert!(least <= value(own, &parts, &other) * (1.0 + 1e-12));
            }
            // Buffers hold nothing over.
            prop_assert_eq!(search.least(own, &parts, f), &found[..]);
        }
    }

    #[test]
    fn ties_go_to_the_first_in_lexicographic_order() {
        let same = [Part {
            above: 1.0,
            below: 2.0,
        }; 6];
        let mut search = Search::default();
        for f in 0..=6 {
            let first: Vec<usize> = (0..f).collect();
            assert_eq!(search.least(1.0, &same, f), first);
        }
    }

    /// 10²⁴ next to 1: taking it away from a sum would leave nothing of the rest.
    #[test]
    fn a_huge_part_leaves_the_others_as_exact_as_without_it() {
        let part = |above, below| Part { above, below };
        let parts = [
            part(1e30, 1e3),
            part(3.0, 1.0),
            part(1.0, 1.0),
            part(2.0, 1.0),
        ];
        assert_eq!(Search::default().least(1.0, &parts, 2), [0, 1]);
        // However absurd all are, as many are removed.
        let absurd = [part(f64::INFINITY, 1.0); 3];
        assert_eq!(Search::default().least(1.0, &absurd, 2), [0, 1]);
    }

    #[test]
    fn subsets_are_counted_up_to_a_million() {
        // C(23, 10) = 1,144,066, C(23, 9) = 817,190; C(1415, 2) = 1,000,405, C(1414, 2) = 998,991.
        assert!(is_searchable(23, 9) && is_searchable(23, 14));
        assert!(!is_searchable(23, 10) && !is_searchable(23, 13));
        assert!(is_searchable(1414, 2) && !is_searchable(1415, 2));
        assert!(is_searchable(1_000_000, 1) && is_searchable(1_000_000, 999_999));
        assert!(!is_searchable(1_000_001, 1) && !is_searchable(10_000, 5_000));
        assert!(is_searchable(5, 9) && is_searchable(0, 0));
        let largest = [0, 1, 2, 9, 22, 23, 1414, 1415, 2_000_000].map(largest_searchable);
        assert_eq!(largest, [0, 0, 1, 8, 21, 9, 2, 1, 0]);
    }
}
