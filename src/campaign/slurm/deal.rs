//! Into how many shares runs are dealt out.

use std::collections::BTreeMap;

/// Runs dealt out to tasks: of `shares`, number `turn` mod `shares` has a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Deal {
    /// Into how many shares.
    pub shares: usize,
    /// The shares with something to do, each a task, in ascending order.
    pub tasks: Vec<usize>,
    /// How much the task with the most takes, in the unit of the runs' costs.
    pub longest: f64,
}

/// Up to so many times as many shares as tasks are tried.
const SPREAD: usize = 4;

impl Deal {
    /// Deals runs, given by their turns and costs, out to at most `tasks` tasks that have `jobs` side by
    /// side. `None` where the number of a task would not be below `most`.
    ///
    /// Turns are those of all runs, and some may be done: what is left may all be in a few of the shares.
    /// With more shares than tasks, most of them empty, it may be spread better: the number of shares is
    /// the one whose longest task is the shortest.
    pub fn of(runs: &[(usize, f64)], jobs: usize, tasks: usize, most: usize) -> Option<Deal> {
        let tasks = tasks.clamp(1, runs.len().max(1));
        // With a share for every turn, more change nothing.
        let turns = runs.iter().map(|(turn, _)| turn + 1).max().unwrap_or(1);
        let counts = tasks..=turns.min(SPREAD * tasks).max(tasks);
        let deals = counts.map(|shares| Deal::into(shares, runs, jobs));
        let fits = |deal: &Deal| {
            deal.tasks.len() <= tasks && deal.tasks.last().is_none_or(|&last| last < most)
        };
        // Of equals, the first.
        deals
            .filter(fits)
            .min_by(|a, b| a.longest.total_cmp(&b.longest))
    }

    fn into(shares: usize, runs: &[(usize, f64)], jobs: usize) -> Deal {
        let mut costs: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for &(turn, cost) in runs {
            let (sum, longest) = costs.entry(turn % shares).or_default();
            *sum += cost;
            *longest = longest.max(cost);
        }
        // Side by side, but the longest run has to end.
        let takes = costs
            .values()
            .map(|(sum, longest)| longest.max(sum / jobs as f64));
        Deal {
            shares,
            longest: takes.fold(0.0, f64::max),
            tasks: costs.into_keys().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs of one cost, with these turns.
    fn deal(turns: &[usize], tasks: usize, most: usize) -> Option<Deal> {
        let runs: Vec<_> = turns.iter().map(|&turn| (turn, 1.0)).collect();
        Deal::of(&runs, 1, tasks, most)
    }

    #[test]
    fn of_a_whole_campaign_every_task_has_its_share() {
        let all: Vec<usize> = (0..40).collect();
        let deal = deal(&all, 4, 1001).expect("a deal");
        assert_eq!((deal.shares, deal.longest), (4, 10.0));
        assert_eq!(deal.tasks, [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_left_of_one_share_is_spread_over_tasks() {
        let left: Vec<usize> = (0..40).step_by(4).collect();
        let deal = deal(&left, 4, 1001).expect("a deal");
        assert!(deal.tasks.len() <= 4 && deal.longest <= 4.0, "{deal:?}");
    }

    #[test]
    fn no_more_tasks_than_runs_and_no_number_beyond_the_most() {
        assert_eq!(deal(&[0, 1, 2, 3, 4, 5], 41, 6).expect("a deal").shares, 6);
        assert_eq!(deal(&[0, 1, 2, 3, 4, 5], 300, 6).expect("a deal").shares, 6);
        assert_eq!(deal(&[0, 1, 2, 3, 4, 5], 6, 5), None);
        assert_eq!(deal(&[7, 19], 2, 2).expect("a deal").tasks, [1]);
    }

    #[test]
    fn a_task_takes_as_long_as_its_runs_and_no_less_than_its_longest() {
        let runs = [(0, 1.0), (1, 10.0), (2, 2.0), (3, 20.0)];
        assert_eq!(Deal::into(2, &runs, 2).longest, 20.0);
        assert_eq!(Deal::into(1, &runs, 2).longest, 20.0);
        assert_eq!(Deal::into(1, &runs, 1).longest, 33.0);
    }
}
