//! How long a campaign will still take, from how long it has taken.
//!
//! Iterations of points differ in cost: rules differ tenfold, networks more. Work is counted as
//! the parameters that are combined, and what a unit of it costs is measured by rule. A rule that
//! has not been seen costs what the others do.

use std::collections::BTreeMap;

/// The points of a campaign and what is left of them.
pub(super) struct TimeLeft {
    points: Vec<Left>,
    /// By rule: seconds, and the work that was done in them.
    spent: BTreeMap<String, (f64, f64)>,
    /// Points that are run side by side.
    jobs: usize,
}

struct Left {
    rule: String,
    work: f64,
}

impl TimeLeft {
    /// `points` are rules and work of those that are to be run, `jobs` of them side by side.
    pub fn new(points: impl Iterator<Item = (String, f64)>, jobs: usize) -> TimeLeft {
        TimeLeft {
            points: points.map(|(rule, work)| Left { rule, work }).collect(),
            spent: BTreeMap::new(),
            jobs: jobs.max(1),
        }
    }

    /// Notes that a point has taken so many seconds for so much of its work.
    pub fn spend(&mut self, point: usize, seconds: f64, work: f64) {
        let left = &mut self.points[point];
        left.work = (left.work - work).max(0.0);
        let spent = self.spent.entry(left.rule.clone()).or_default();
        spent.0 += seconds;
        spent.1 += work;
    }

    /// Notes that nothing is left of a point, whether or not it came to its end.
    pub fn end(&mut self, point: usize) {
        self.points[point].work = 0.0;
    }

    /// Seconds until all points are done; `None` before anything has been seen.
    pub fn seconds(&self) -> Option<f64> {
        let each: Vec<f64> = self
            .points
            .iter()
            .map(|p| self.of(p))
            .collect::<Option<_>>()?;
        let shared = each.iter().sum::<f64>() / self.jobs as f64;
        // The last points leave jobs without work.
        Some(each.into_iter().fold(shared, f64::max))
    }

    /// Whether something is left of a rule that has not been seen.
    pub fn is_a_guess(&self) -> bool {
        let is_unseen = |p: &Left| p.work > 0.0 && !self.spent.contains_key(&p.rule);
        self.points.iter().any(is_unseen)
    }

    /// The share of all time that has passed, in \[0, 1\].
    pub fn share(&self) -> f64 {
        let spent: f64 = self.spent.values().map(|(seconds, _)| seconds).sum();
        let left: Option<f64> = self.points.iter().map(|p| self.of(p)).sum();
        left.map_or(0.0, |left| spent / (spent + left).max(f64::MIN_POSITIVE))
    }

    /// Seconds for what is left of a point.
    fn of(&self, point: &Left) -> Option<f64> {
        if point.work == 0.0 {
            return Some(0.0);
        }
        let cost = |(seconds, work): (f64, f64)| (work > 0.0).then(|| seconds / work);
        let own = self.spent.get(&point.rule).copied().and_then(cost);
        let sum = |(s, w): (f64, f64), (seconds, work): &(f64, f64)| (s + seconds, w + work);
        let all = || cost(self.spent.values().fold((0.0, 0.0), sum));
        Some(point.work * own.or_else(all)?)
    }
}

/// A duration in two words.
pub(super) fn in_words(seconds: f64) -> String {
    match seconds.ceil() {
        s if s < 100.0 => format!("{s} s"),
        s if s < 100.0 * 60.0 => format!("{} min", (s / 60.0).round()),
        s if s < 48.0 * 3600.0 => format!("{} h", (s / 3600.0).round()),
        s => format!("{} days", (s / 86400.0).round()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(rules: &[&str]) -> impl Iterator<Item = (String, f64)> {
        let owned: Vec<String> = rules.iter().map(|&rule| rule.to_owned()).collect();
        owned.into_iter().map(|rule| (rule, 100.0))
    }

    #[test]
    fn before_anything_is_seen_nothing_is_known() {
        let left = TimeLeft::new(points(&["loss"]), 1);
        assert_eq!((left.seconds(), left.share()), (None, 0.0));
    }

    #[test]
    fn each_rule_has_its_own_cost() {
        let mut left = TimeLeft::new(points(&["alone", "loss", "alone", "loss"]), 1);
        left.spend(0, 1.0, 100.0);
        assert_eq!(
            left.seconds(),
            Some(3.0),
            "what is not known costs what is known"
        );
        assert!(left.is_a_guess());
        left.spend(1, 5.0, 50.0);
        assert_eq!(left.seconds(), Some(5.0 + 1.0 + 10.0));
        assert!(!left.is_a_guess());
        assert_eq!(left.share(), 6.0 / 22.0);
    }

    #[test]
    fn points_side_by_side_share_the_time_but_the_longest_has_to_end() {
        let mut left = TimeLeft::new(points(&["loss", "loss", "loss", "loss"]), 2);
        left.spend(0, 10.0, 100.0);
        left.spend(1, 10.0, 100.0);
        assert_eq!(left.seconds(), Some(10.0));
        left.spend(2, 10.0, 100.0);
        assert_eq!(left.seconds(), Some(10.0), "nobody helps the last one");
        assert_eq!(left.share(), 0.75);
    }

    #[test]
    fn points_that_end_early_leave_nothing() {
        let mut left = TimeLeft::new(points(&["loss", "loss"]), 1);
        left.spend(0, 1.0, 1.0);
        left.end(0);
        assert_eq!(left.seconds(), Some(100.0));
        left.spend(1, 100.0, 100.0);
        assert_eq!((left.seconds(), left.share()), (Some(0.0), 1.0));
    }

    #[test]
    fn durations_are_told_in_two_words() {
        let told = [0.0, 0.2, 59.1, 100.0, 3600.0, 6e3, 1e6].map(in_words);
        assert_eq!(
            told,
            ["0 s", "1 s", "60 s", "2 min", "60 min", "2 h", "12 days"]
        );
    }
}
