//! Which f neighbors to leave out so that Σ numerator / (Σ denominator)² of the others is least: a search
//! through all subsets.

/// A neighbor's part in both sums.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub numerator: f64,
    pub denominator: f64,
}

impl Part {
    fn plus(self, other: Part) -> Part {
        Part {
            numerator: self.numerator + other.numerator,
            denominator: self.denominator + other.denominator,
        }
    }
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
    /// The f of `parts`, at most all of them, without which (Σ numerator)/(`own` + Σ denominator)² is least,
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
                numerator: 0.0,
                denominator: own,
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
            let value = kept.numerator / (kept.denominator * kept.denominator);
            // The sign of a NaN says nothing: it is larger than all.
            let value = value.abs();
            if least.is_none_or(|least| value.total_cmp(&least).is_lt()) {
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
        sum.numerator / (own + sum.denominator).powi(2)
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
                .map(|&(numerator, denominator)| Part { numerator, denominator })
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
            numerator: 1.0,
            denominator: 2.0,
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
        let part = |numerator, denominator| Part {
            numerator,
            denominator,
        };
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
        // With the first one ∞/∞² would not be a number.
        let parts = [part(f64::INFINITY, f64::INFINITY), part(1.0, 1.0)];
        assert_eq!(Search::default().least(1.0, &parts, 1), [0]);
        let parts = [parts[1], parts[0], parts[1]];
        assert_eq!(Search::default().least(1.0, &parts, 1), [1]);
    }
}
