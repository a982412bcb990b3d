//! How the clock lets time go on in each mode: when which iteration begins, who acts, when the run
//! is over.

use super::message::{Done, Signal};
use crate::checkpoint::{Book, Kept, keep};
use crate::fault::Outages;
use crate::record::{Stall, Standstill};
use crate::scenario::{Pace, Plan};
use crate::units::{AgentId, SimTime};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What comes next.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) enum Step {
    /// Some act, or all.
    Act(Act),
    /// Nobody takes part in an iteration, which takes no time.
    Pass,
    /// The run is over at this moment.
    Close(SimTime),
    /// The iteration that ended with the last step is not complete by the end of the run, and
    /// counts as if it had never begun: the run is over at this moment.
    TakeBack(SimTime),
    /// The run can never go on.
    Stall(Stall),
}

/// Who acts, and how far.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Act {
    /// `None` is everyone.
    pub who: Option<Vec<AgentId>>,
    pub signal: Signal,
}

impl Act {
    fn everyone(signal: Signal) -> Step {
        Step::Act(Act { who: None, signal })
    }
}

/// An iteration that is over, for everyone at once.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    pub iteration: u64,
    pub start: SimTime,
    pub end: SimTime,
}

/// One mode's course.
pub(super) trait Course {
    /// What comes next: at the start, and whenever everyone who acted has done so.
    fn step(&mut self, plan: &Plan) -> Step;

    /// Somebody who acts is done.
    fn hear(&mut self, done: &Done);

    /// Whether a moment has come when everyone who acted is done.
    fn has_passed(&self, _: SimTime) -> bool {
        true
    }

    /// The iteration that ended with the last step, if one did.
    fn ended(&self) -> Option<Ended>;

    /// The iteration that is going on and when it began, for messages.
    fn now(&self) -> (u64, SimTime);

    /// Keeps how far it is.
    fn keep(&mut self, book: &mut Book<'_>) -> Kept;
}

/// The course of a plan's mode.
pub(super) fn course(plan: &Plan) -> Box<dyn Course> {
    match plan.clock.pace {
        Pace::Synchronous { .. } => Box::new(Synchronous::new(plan)),
        Pace::Deadline { period, .. } => Box::new(Deadline {
            period,
            tick: None,
            iterations: plan.iterations,
        }),
        Pace::Asynchronous { .. } => Box::new(Asynchronous::new(plan)),
    }
}

/// Iteration i begins for everyone at T_i, and T_{i+1} is the moment at which the slowest agent has
/// combined.
struct Synchronous {
    iteration: u64,
    start: SimTime,
    slowest: SimTime,
    begun: bool,
    /// Everybody's, where anybody can be down.
    outages: Vec<Outages>,
}

impl Synchronous {
    fn new(plan: &Plan) -> Synchronous {
        let outages = if plan.faults.is_none() {
            Vec::new()
        } else {
            plan.graph.ids().map(|k| plan.faults.outages(k)).collect()
        };
        Synchronous {
            iteration: 0,
            start: SimTime::ZERO,
            slowest: SimTime::ZERO,
            begun: false,
            outages,
        }
    }

    /// When the next iteration can begin: now, or when somebody comes back. `None` if nobody does
    /// while the iteration lasts.
    fn earliest(&mut self) -> Option<SimTime> {
        if self.outages.is_empty() {
            return Some(self.start);
        }
        let (iteration, start) = (self.iteration, self.start);
        // Where the moment is one at which no time span keeps an agent down, an iteration may.
        let is_up = |outages: &mut Outages, at| !outages.is_down(iteration, at);
        let back = |outages: &mut Outages| outages.up_from(start).filter(|&at| is_up(outages, at));
        self.outages.iter_mut().filter_map(back).min()
    }

    fn stall(&self) -> Stall {
        Stall {
            kind: Standstill::Vain,
            iteration: self.iteration,
            at: self.start,
            known: self.start,
            waits: format!(
                "all {} agents are down for good, and nobody is left to go on; let one of them \
                 come back, with `to_ms` or `to_iteration` in its [[fault]]",
                self.outages.len()
            ),
        }
    }

    /// Simulated time ends before a moment for which everyone waits.
    fn end_of_time(&self, moment: SimTime, waits: &str) -> Stall {
        Stall {
            kind: Standstill::EndOfTime,
            iteration: self.iteration,
            at: self.start,
            known: moment,
            waits: waits.to_owned(),
        }
    }
}

impl Course for Synchronous {
    fn step(&mut self, plan: &Plan) -> Step {
        let is_late = |moment: SimTime| plan.until.is_some_and(|until| moment > until);
        if self.begun {
            if is_late(self.slowest) {
                return Step::TakeBack(self.start);
            }
            if self.slowest > SimTime::END {
                let waits = "an agent that is down when it has computed would have done so later";
                return Step::Stall(self.end_of_time(self.slowest, waits));
            }
            self.iteration += 1;
            self.start = self.slowest;
        }
        if self.iteration >= plan.iterations {
            return Step::Close(self.slowest);
        }
        self.begun = true;
        let Some(start) = self.earliest() else {
            let iteration = self.iteration;
            let comes_back = |o: &Outages| o.recovers_at_iteration(iteration).is_some();
            return match self.outages.iter().any(comes_back) {
                true => Step::Pass,
                false => Step::Stall(self.stall()),
            };
        };
        if is_late(start) {
            return Step::Close(self.slowest);
        }
        if start > SimTime::END {
            let waits = "all agents are down, and the first of them comes back later";
            return Step::Stall(self.end_of_time(start, waits));
        }
        (self.start, self.slowest) = (start, start);
        Act::everyone(Signal::Begin {
            iteration: self.iteration,
            at: start,
            last: self.iteration + 1 == plan.iterations,
        })
    }

    fn hear(&mut self, done: &Done) {
        self.slowest = self.slowest.max(done.at.unwrap_or_default());
    }

    fn has_passed(&self, moment: SimTime) -> bool {
        // What happens as the last one is done has happened in this iteration, and nothing of it is
        // left for the next one to find.
        moment <= self.slowest
    }

    fn ended(&self) -> Option<Ended> {
        self.begun.then_some(Ended {
            iteration: self.iteration,
            start: self.start,
            end: self.slowest,
        })
    }

    fn now(&self) -> (u64, SimTime) {
        (self.iteration, self.start)
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.iteration, self.start, self.slowest, self.begun)
    }
}

/// Tick i comes at i periods; at it iteration i − 1 ends, and i begins.
struct Deadline {
    period: SimTime,
    /// The last one.
    tick: Option<u64>,
    iterations: u64,
}

impl Deadline {
    fn at(&self, tick: u64) -> SimTime {
        SimTime::from_us(self.period.us().saturating_mul(tick))
    }
}

impl Course for Deadline {
    fn step(&mut self, _: &Plan) -> Step {
        let tick = self.tick.map_or(0, |tick| tick + 1);
        if tick > self.iterations {
            return Step::Close(self.at(self.iterations));
        }
        self.tick = Some(tick);
        Act::everyone(Signal::Deadline {
            tick,
            at: self.at(tick),
            last: tick == self.iterations,
        })
    }

    fn hear(&mut self, _: &Done) {}

    fn ended(&self) -> Option<Ended> {
        let iteration = self.tick?.checked_sub(1)?;
        Some(Ended {
            iteration,
            start: self.at(iteration),
            end: self.at(iteration + 1),
        })
    }

    fn now(&self) -> (u64, SimTime) {
        let tick = self.tick.unwrap_or(0);
        (tick, self.at(tick))
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.tick)
    }
}

/// Nobody waits. Who acts before the earliest event that is left and the least latency can do so at
/// once: nothing that is sent from there on can reach them.
struct Asynchronous {
    events: BinaryHeap<Reverse<(SimTime, AgentId)>>,
    latency: SimTime,
    horizon: SimTime,
    now: SimTime,
}

impl Asynchronous {
    fn new(plan: &Plan) -> Asynchronous {
        let timetable = plan.timetable.as_ref();
        let first = |agent| {
            timetable?
                .next(agent, 0)
                .map(|(_, at)| Reverse((at, agent)))
        };
        Asynchronous {
            events: plan.graph.ids().filter_map(first).collect(),
            latency: plan.links.least_latency(),
            horizon: timetable.map_or(SimTime::ZERO, |table| table.horizon()),
            now: SimTime::ZERO,
        }
    }
}

impl Course for Asynchronous {
    fn step(&mut self, _: &Plan) -> Step {
        let Some(&Reverse((first, _))) = self.events.peek() else {
            return Step::Close(self.horizon);
        };
        self.now = first;
        let until = first + self.latency;
        let mut agents = Vec::new();
        while let Some(&Reverse((at, agent))) = self.events.peek()
            && at < until
        {
            agents.push(agent);
            self.events.pop();
        }
        Step::Act(Act {
            who: Some(agents),
            signal: Signal::Until(until),
        })
    }

    fn hear(&mut self, done: &Done) {
        self.events
            .extend(done.at.map(|at| Reverse((at, done.agent))));
    }

    fn ended(&self) -> Option<Ended> {
        None
    }

    fn now(&self) -> (u64, SimTime) {
        (0, self.now)
    }

    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.events, self.now)
    }
}
