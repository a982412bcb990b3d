//! The actor that broadcasts ticks and waits for everyone.
//!
//! The one ordering it relies on: what an actor posts before its [`Done`] is in the receivers'
//! mailboxes before the next tick.

use super::desk::Desk;
use super::message::{Done, Tick};
use super::stopwatch::Stopwatch;
use crate::record::{Entry, Round, Sample};
use crate::units::SimTime;
use actix::{Actor, Context, Handler, Message};
use std::sync::Arc;
use std::time::Instant;

/// The synchronous clock: iteration i starts for everyone at T_i, and T_{i+1} is the moment at
/// which the slowest agent has combined.
pub(super) struct Clock {
    desk: Arc<Desk>,
    tick: Tick,
    begun: Instant,
    samples: Vec<Sample>,
    waiting: usize,
    slowest: SimTime,
}

/// Starts the first iteration: everyone is in the directory.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Begin;

impl Clock {
    pub fn new(desk: Arc<Desk>) -> Clock {
        Clock {
            desk,
            tick: Tick::FIRST,
            begun: Instant::now(),
            samples: Vec::new(),
            waiting: 0,
            slowest: SimTime::ZERO,
        }
    }

    fn act(&mut self, body: impl FnOnce(&mut Clock)) {
        let desk = self.desk.clone();
        let place = |clock: &Clock| {
            let Tick {
                iteration, start, ..
            } = clock.tick;
            ("the clock".to_owned(), (iteration, start))
        };
        desk.guard(self, place, body);
    }

    /// Begins an iteration at `start`.
    fn broadcast(&mut self, iteration: u64, start: SimTime) {
        let plan = &self.desk.plan;
        self.tick = Tick {
            iteration,
            start,
            last: iteration + 1 == plan.iterations,
            posted: Stopwatch::stamp(plan),
        };
        self.begun = Instant::now();
        self.waiting = plan.graph.agents();
        // A large vector is fresh memory from the system each time: those that the recorder is done
        // with are used again.
        self.samples = self.desk.spent.try_recv().unwrap_or_default();
        self.samples.resize(self.waiting, Sample::default());
        self.slowest = start;
        let directory = self
            .desk
            .directory
            .get()
            .expect("filled before the first tick");
        for mailbox in directory {
            mailbox.tick(self.tick);
        }
    }

    fn end_iteration(&mut self) {
        let Tick {
            iteration,
            start,
            last,
            ..
        } = self.tick;
        let round = Round {
            iteration,
            last,
            start,
            end: self.slowest,
            wall: self.begun.elapsed(),
            samples: std::mem::take(&mut self.samples),
        };
        // Blocks while the recorder is behind: its channel is bounded. No receiver means that the
        // run has ended already, for a reason that the recorder tells.
        if self.desk.recorder.send(Entry::Round(round)).is_err() {
            return;
        }
        if last {
            let _ = self.desk.recorder.send(Entry::Finished);
        } else if self.desk.is_interrupted() {
            let _ = self.desk.recorder.send(Entry::Interrupted);
        } else {
            self.broadcast(iteration + 1, self.slowest);
        }
    }
}

impl Actor for Clock {
    type Context = Context<Self>;
}

impl Handler<Begin> for Clock {
    type Result = ();

    fn handle(&mut self, _: Begin, _: &mut Self::Context) {
        self.act(|clock| clock.broadcast(0, SimTime::ZERO));
    }
}

impl Handler<Done> for Clock {
    type Result = ();

    fn handle(&mut self, done: Done, _: &mut Self::Context) {
        self.act(|clock| {
            clock.slowest = clock.slowest.max(done.sample.combined_at);
            let agent = done.sample.agent.index();
            clock.samples[agent] = done.sample;
            clock.waiting -= 1;
            if clock.waiting == 0 {
                clock.end_iteration();
            }
        });
    }
}
