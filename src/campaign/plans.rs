//! The plans of all points: drawn before anything runs, to find what is wrong and how much there is to do.

use super::{Campaign, Needs};
use crate::scenario::{Effects, Plan};
use crate::settings::WrongSettings;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Builder;

/// Points that fail and bring no new mistake, after which the others are not drawn: each may read a
/// large data set that is malformed.
const MOST_ALIKE: usize = 20;

/// Points that are drawn together, where all of them are small.
const TOGETHER: usize = 256;

/// Memory that plans which are drawn together may need to run \[bytes\].
const MOST_MEMORY: f64 = 500e6;

impl Campaign {
    /// Draws the plan of a point.
    ///
    /// # Errors
    /// What is wrong with the scenario, or its data.
    pub fn plan(&self, point: usize) -> Result<Plan, WrongSettings> {
        Plan::draw(
            &self.file,
            &self.file.points[point],
            &self.library,
            &self.catalogues,
        )
    }

    /// Draws the plans of all points in their order, and shows them to `see` one by one.
    ///
    /// # Errors
    /// What is wrong with any of them, all at once: nothing is shown from the first mistake on. After
    /// all points, settings that have no effect at any of them.
    pub fn plans(&self, see: impl FnMut(Plan)) -> Result<(), WrongSettings> {
        let never = AtomicBool::new(false);
        self.plans_until(&never, see).map(|_| ())
    }

    /// The same until `interrupt` is true: whether all plans were drawn.
    pub(super) fn plans_until(
        &self,
        interrupt: &AtomicBool,
        mut see: impl FnMut(Plan),
    ) -> Result<bool, WrongSettings> {
        let count = self.file.points.len();
        let mut wrong = WrongSettings::default();
        let mut effects = Effects::default();
        let (mut alike, mut next, mut together) = (0, 0, 1);
        while next < count && alike <= MOST_ALIKE {
            if interrupt.load(Ordering::Relaxed) {
                return Ok(false);
            }
            let points = next..count.min(next + together);
            for plan in self.side_by_side_plans(points) {
                match plan {
                    Ok(mut plan) if wrong.is_empty() => {
                        effects.append(std::mem::take(&mut plan.effects));
                        together = how_many(&plan);
                        see(plan);
                    }
                    Ok(_) => {}
                    Err(more) => alike = if wrong.merge(more) { 0 } else { alike + 1 },
                }
                next += 1;
            }
        }
        if wrong.is_empty() {
            // One point alone may have settings without an effect there.
            return match self.file.idle(effects) {
                Some(idle) => Err(idle),
                None => Ok(true),
            };
        }
        wrong.unseen_points = count - next;
        Err(wrong)
    }

    /// The plans of some points, in their order, drawn on all processors.
    fn side_by_side_plans(&self, points: Range<usize>) -> Vec<Result<Plan, WrongSettings>> {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
        let share = points.len().div_ceil(threads).max(1);
        let shares = points.clone().step_by(share);
        let draw = &|from: usize| {
            let own = from..points.end.min(from + share);
            own.map(|point| self.plan(point)).collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            // What no thread can be started for is drawn here, the first share anyway.
            let start = |from| match from == points.start {
                true => Err(from),
                false => Builder::new()
                    .spawn_scoped(scope, move || draw(from))
                    .map_err(|_| from),
            };
            let started: Vec<_> = shares.map(start).collect();
            let plans = started.into_iter().map(|started| match started {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(from) => draw(from),
            });
            plans.flatten().collect()
        })
    }
}

/// How many plans like one are drawn together.
fn how_many(plan: &Plan) -> usize {
    let needs = Needs::of(plan).memory().max(1.0);
    ((MOST_MEMORY / needs) as usize).clamp(1, TOGETHER)
}
