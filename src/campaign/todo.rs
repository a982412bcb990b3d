//! What is to be done: the runs of all points, and what is found of them.

use super::folder::{Before, Begin};
use super::workload::{self, Size};
use super::{Campaign, CampaignOptions, Outlook, Pending, PointOutcome, ledger, run_folder};
use crate::record::Care;
use crate::scenario::RunId;
use std::collections::{BTreeMap, BTreeSet};

/// A run, and the points that it is of: they may differ in keys that their own kind has not, and
/// the first of them says what is recorded.
pub(super) struct Run {
    pub size: Size,
    pub points: Vec<usize>,
    /// Its turn when runs are dealt out to tasks.
    pub turn: usize,
    /// How this process is to run it, if it is.
    pub begin: Option<Begin>,
}

impl Campaign {
    /// Looks in the folder what is to be done. The runs, in the order of their first points, and
    /// what is known of the points.
    pub(super) fn look(
        &self,
        sizes: Vec<Size>,
        options: &CampaignOptions<'_>,
    ) -> (Vec<Run>, Vec<PointOutcome>) {
        let mut by_id = BTreeMap::new();
        let mut runs: Vec<Run> = Vec::new();
        let count = sizes.len();
        for (point, size) in sizes.into_iter().enumerate() {
            let run = *by_id.entry(size.id.clone()).or_insert(runs.len());
            if run == runs.len() {
                runs.push(Run {
                    size,
                    points: Vec::new(),
                    turn: 0,
                    begin: None,
                });
            }
            runs[run].points.push(point);
        }
        let turns = workload::turns(runs.iter().map(|run| self.rule(run)));
        let mut outcomes: Vec<PointOutcome> = Vec::new();
        outcomes.resize_with(count, || PointOutcome::NotBegun);
        for (run, turn) in runs.iter_mut().zip(turns) {
            run.turn = turn;
            let folder = run_folder(&options.folder, &run.size.id);
            let is_own = options.share.is_none_or(|share| share.has(turn));
            let care = if is_own { Care::All } else { Care::Sizes };
            let before = Before::of(&folder, care);
            let asked = &self.file.points[run.points[0]].outline.record;
            let outcome = if is_own {
                let (outcome, begin) = before.look(asked, options.again());
                run.begin = begin;
                outcome
            } else {
                ledger::elsewhere(before, asked, &folder)
            };
            for &point in &run.points {
                outcomes[point] = outcome.again();
            }
        }
        (runs, outcomes)
    }

    /// The turns of all points' runs, as [`Campaign::look`] deals them out.
    pub(super) fn turns(&self, ids: &[RunId]) -> Vec<usize> {
        let mut by_id = BTreeMap::new();
        let mut rules = Vec::new();
        for (id, point) in ids.iter().zip(&self.file.points) {
            by_id.entry(id).or_insert_with(|| {
                rules.push(&*point.outline.rule);
                rules.len() - 1
            });
        }
        let turns = workload::turns(rules.into_iter());
        ids.iter().map(|id| turns[by_id[id]]).collect()
    }

    /// The runs that this process is to run. Runs of different rules take turns, the first of each
    /// before the second of any: rules differ most in how long they take, so that the time left is
    /// known early.
    pub(super) fn pending<'a>(&self, runs: &'a [Run]) -> Vec<&'a Run> {
        let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
        let mut turn = |run: &Run| {
            let number = turns.entry(self.rule(run)).or_default();
            *number += 1;
            *number
        };
        let pending = runs.iter().filter(|run| run.begin.is_some());
        let mut pending: Vec<_> = pending.map(|run| (turn(run), run)).collect();
        pending.sort_by_key(|(turn, _)| *turn);
        pending.into_iter().map(|(_, run)| run).collect()
    }

    fn rule(&self, run: &Run) -> &str {
        &self.file.points[run.points[0]].outline.rule
    }

    pub(super) fn outlook(
        &self,
        pending: &[&Run],
        outcomes: &[(RunId, PointOutcome)],
        (jobs, threads): (usize, usize),
        is_locked: bool,
    ) -> Outlook {
        let waiting: BTreeSet<usize> = pending.iter().flat_map(|run| run.points.clone()).collect();
        let count = |is_so: fn(&PointOutcome) -> bool| {
            let skipped = outcomes
                .iter()
                .enumerate()
                .filter(|(p, _)| !waiting.contains(p));
            skipped.filter(|(_, (_, outcome))| is_so(outcome)).count()
        };
        let is_old = |run: &&&Run| matches!(outcomes[run.points[0]].1, PointOutcome::FoundOld(_));
        let has_less =
            |run: &&&Run| matches!(outcomes[run.points[0]].1, PointOutcome::FoundLess(_));
        let told = |run: &&Run| Pending {
            turn: run.turn,
            ..Pending::of(run.points[0], &run.size, self.rule(run))
        };
        Outlook {
            found: count(|o| matches!(o, PointOutcome::Found(_))),
            failed: count(|o| matches!(o, PointOutcome::FoundFailed(_))),
            elsewhere: count(|o| matches!(o, PointOutcome::Elsewhere { .. })),
            same: waiting.len() - pending.len(),
            of_other_builds: count(|o| {
                matches!(o, PointOutcome::Found(_)) && o.other_build().is_some()
            }),
            again: pending.iter().filter(has_less).count(),
            rebuilt: pending.iter().filter(is_old).count(),
            pending: pending.iter().map(told).collect(),
            jobs,
            threads,
            is_locked,
        }
    }
}
