//! How many subsets a rule looks through at most.

/// So many subsets are searched, not more.
pub(super) const MOST_SUBSETS: u64 = 1_000_000;

/// Whether n models have at most [`MOST_SUBSETS`] subsets of f.
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

#[cfg(test)]
mod tests {
    use super::*;

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
