//! An agent's course through simulated time: what it does when the clock lets time go on, and when
//! something comes from a neighbor. It knows no actor; what it sends goes through the desk.

use super::board::State;
use super::desk::Desk;
use super::inbox::{Inbox, Scene};
use super::lane::Trip;
use super::ledger::Ledger;
use super::member::{Member, Occasion};
use super::message::{Closed, Done, Event, Leftovers, Nothing, Parcel, Post, Saved, Signal};
use super::outbox::Outbox;
use super::roster::Roster;
use super::section::Section;
use super::uplink::Undelivered;
use super::voice::Voice;
use crate::checkpoint::{Book, Kept, keep};
use crate::record::{Sample, Stall, Standstill, WallTimes};
use crate::scenario::{Mode, Pace, Plan};
use crate::units::{AgentId, SimTime};
use std::sync::Arc;

/// An agent, honest or not, by its [`Voice`].
pub(super) struct Participant<V> {
    id: AgentId,
    member: Member,
    roster: Roster,
    inbox: Inbox,
    outbox: Outbox,
    ledger: Ledger,
    voice: V,
    course: Course,
    /// The iteration that is going on, and when it began.
    now: (u64, SimTime),
    /// An attacker's: what it sends once it has looked at what others have sent.
    held: Option<Held>,
    /// Synchronous: when it combined in that iteration.
    combined_at: Option<SimTime>,
    /// Asynchronous: the iteration that comes next.
    next: u64,
    /// Synchronous: why the run cannot go on, if a link of this agent has failed for good.
    stall: Option<Box<Stall>>,
    /// Synchronous, where nobody knows which iteration is the last: how the agent was when this one
    /// began, as far as the end of the run asks for it.
    before: Option<Section>,
    pub wall: Option<Box<WallTimes>>,
}

/// An iteration's models that an attacker holds back.
struct Held {
    trip: Trip,
    /// Deadline: what is told when the tick is done.
    sample: Option<Box<Sample>>,
}

/// What an agent is at between two ticks.
#[derive(Clone, Copy, serde::Serialize, serde::Deserialize)]
enum Course {
    /// Nothing: it is down, or its part is over.
    Idle,
    /// Synchronous: it waits for its neighbors since it had adapted.
    Waits {
        adapted_at: SimTime,
        last: bool,
        /// How many neighbors have to say what they send.
        neighbors: usize,
    },
    /// Deadline: it computes until then; what comes of it is lost if it is down at that moment.
    Computes { until: SimTime, is_lost: bool },
}

impl<V: Voice> Participant<V> {
    pub fn new(plan: &Arc<Plan>, id: AgentId) -> Self {
        let roster = Roster::new(plan, id);
        Participant {
            id,
            member: Member::new(plan.clone(), id, &roster),
            roster,
            inbox: Inbox::new(plan, id),
            outbox: Outbox::new(plan, id),
            ledger: Ledger::new(plan),
            voice: V::new(plan, id),
            course: Course::Idle,
            now: (0, SimTime::ZERO),
            held: None,
            combined_at: None,
            next: 0,
            stall: None,
            before: None,
            wall: None,
        }
    }

    /// The iteration that is going on, and when it began.
    pub fn now(&self) -> (u64, SimTime) {
        self.now
    }

    /// Keeps all that the run goes on from, between two ticks.
    ///
    /// # Errors
    /// What a rule or an attack could not keep, or what is read is something else.
    pub fn keep(&mut self, plan: &Plan, book: &mut Book<'_>) -> Kept {
        let Participant {
            id: _,
            member,
            roster,
            inbox,
            outbox,
            ledger,
            voice,
            course,
            now,
            // Nobody holds anything back between two ticks.
            held: _,
            combined_at,
            next,
            // Who has stalled has ended the run.
            stall: _,
            // It is written anew when the next iteration begins.
            before: _,
            // Times on the wall are not results.
            wall: _,
        } = self;
        roster.keep(plan, book)?;
        voice.keep(book)?;
        member.keep(roster, voice.flips_labels(), book)?;
        inbox.keep(book)?;
        outbox.keep(book)?;
        ledger.keep(book)?;
        keep!(book: *course, *now, *combined_at, *next)
    }

    /// The clock asks for what a checkpoint keeps.
    fn save(&mut self, desk: &Desk) {
        let section = Section::write(|book| self.keep(&desk.plan, book));
        // Plain values all have one; what a plug-in could not keep, its panic tells.
        let section = section.unwrap_or_else(|torn| panic!("{torn}"));
        desk.clock().do_send(Saved {
            agent: self.id,
            section,
        });
    }

    /// Time goes on.
    pub fn tick(&mut self, desk: &Desk, signal: Signal) {
        match signal {
            Signal::Begin {
                iteration,
                at,
                last,
            } => self.begin(desk, iteration, at, last),
            Signal::Deadline { tick, at, last } => self.deadline(desk, tick, at, last),
            Signal::Look => self.look(desk),
            Signal::Until(until) => self.run_until(desk, until),
            Signal::Save => self.save(desk),
            Signal::Close { end, takes_back } => self.close(desk, end, takes_back),
        }
    }

    /// A neighbor's model is under way.
    pub fn take(&mut self, desk: &Desk, post: Post) {
        self.inbox.take(post);
        self.combine_when_ready(desk);
    }

    /// Several copies of a neighbor's model are under way.
    pub fn take_parcel(&mut self, desk: &Desk, parcel: Parcel) {
        self.inbox.take_parcel(parcel);
        self.combine_when_ready(desk);
    }

    /// A neighbor sends nothing in an iteration.
    pub fn take_nothing(&mut self, desk: &Desk, nothing: Nothing) {
        self.inbox.hear_nothing(nothing.iteration);
        self.combine_when_ready(desk);
    }

    /// A sender's models of earlier iterations take another course than was foreseen.
    pub fn take_leftovers(&mut self, desk: &Desk, leftovers: Leftovers) {
        self.inbox.take_leftovers(leftovers);
        self.combine_when_ready(desk);
    }

    // ---- Synchronous.

    fn begin(&mut self, desk: &Desk, iteration: u64, at: SimTime, last: bool) {
        let plan = &*desk.plan;
        // What was still under way when the last iteration ended.
        self.settle(plan, at);
        self.inbox.shelf.clear(plan, &mut self.ledger);
        let passed = self.outbox.pass(plan, at, &mut self.ledger);
        let trip = Trip {
            iteration,
            instant: at,
        };
        self.note_stall(trip, passed);
        if plan.may_end_early() {
            // Plain values all have a form in bytes.
            let before = Section::write(|book| self.keep_for_the_end(book));
            self.before = Some(before.unwrap_or_else(|torn| panic!("{torn}")));
        }
        self.inbox.listen(plan, iteration, at);
        self.now = (iteration, at);
        self.combined_at = None;
        self.course = Course::Idle;
        if self.inbox.outages().is_down(iteration, at) {
            return self.miss(desk, iteration, at, None);
        }
        let adapted_at = at + plan.compute_time(self.id, iteration);
        if self.inbox.outages().is_down(iteration, adapted_at) {
            return self.miss(desk, iteration, at, Some(adapted_at));
        }
        self.member.rewire(iteration, &mut self.roster);
        self.adapt(desk, iteration, at, adapted_at);
        self.course = Course::Waits {
            adapted_at,
            last,
            neighbors: self.roster.neighbors().len(),
        };
        self.send_or_hold(desk, iteration, at);
        self.combine_when_ready(desk);
    }

    /// Keeps what the end of the run asks for.
    fn keep_for_the_end(&mut self, book: &mut Book<'_>) -> Kept {
        self.member.keep_last(book)?;
        self.inbox.keep(book)?;
        self.outbox.keep(book)?;
        self.ledger.keep(book)
    }

    /// The iteration that has begun is not complete by the end of the run: brings back what was when
    /// it began.
    fn take_back(&mut self) {
        let Some(before) = self.before.take() else {
            return;
        };
        let read = before.read(|book| self.keep_for_the_end(book));
        // It was written in this run.
        read.unwrap_or_else(|torn| panic!("{torn}"));
        self.inbox.take_back(self.now.0);
        self.combined_at = None;
    }

    /// Takes no part in an iteration: it is down, at its beginning or when it would have adapted.
    fn miss(&mut self, desk: &Desk, iteration: u64, at: SimTime, until: Option<SimTime>) {
        let trip = Trip {
            iteration,
            instant: at,
        };
        let passed = self.outbox.send_nothing(desk, trip, &mut self.ledger);
        self.note_stall(trip, passed);
        self.publish(desk, at, iteration);
        if !self.voice.looks() {
            desk.sent();
        }
        self.done(desk, None, until);
    }

    /// Combines when every neighbor has said what it sends.
    fn combine_when_ready(&mut self, desk: &Desk) {
        let Course::Waits {
            adapted_at,
            last,
            neighbors,
        } = self.course
        else {
            return;
        };
        if self.held.is_some() || !self.inbox.has_heard(neighbors) {
            return;
        }
        let plan = &*desk.plan;
        let Pace::Synchronous { quorum } = plan.clock.pace else {
            unreachable!("only synchronous agents wait");
        };
        let (iteration, instant) = self.now;
        self.course = Course::Idle;
        let mut scene = Scene {
            plan,
            iteration,
            combined_at: None,
            roster: &mut self.roster,
            ledger: &mut self.ledger,
        };
        let (at, awaited) = self.inbox.gather((instant, adapted_at), quorum, &mut scene);
        if at > SimTime::END {
            self.note_end_of_time(awaited);
        }
        let sample = self.combine(desk, iteration, at, instant, last);
        self.combined_at = Some(at);
        self.done(desk, Some(sample), Some(at));
    }

    // ---- Deadline.

    fn deadline(&mut self, desk: &Desk, tick: u64, at: SimTime, last: bool) {
        let plan = &*desk.plan;
        self.settle(plan, at);
        let mut sample = None;
        if let Course::Computes { until, is_lost } = self.course
            && until <= at
        {
            self.course = Course::Idle;
            if !is_lost {
                let ends = tick - 1;
                let period = plan.clock.pace.period().unwrap_or_default();
                sample = Some(self.combine(desk, ends, at, at - period, last));
            }
        }
        let is_idle = matches!(self.course, Course::Idle);
        if is_idle && tick < plan.iterations && !self.inbox.outages().is_down(tick, at) {
            self.now = (tick, at);
            let until = at + plan.compute_time(self.id, tick);
            let is_lost = self.inbox.outages().is_down(tick, until);
            self.course = Course::Computes { until, is_lost };
            if !is_lost {
                self.adapt(desk, tick, at, until);
                self.send_or_hold(desk, tick, at);
                if let Some(held) = &mut self.held {
                    held.sample = sample;
                    return;
                }
                return self.done(desk, sample, None);
            }
        }
        // Nothing is sent again in this mode, so that no link can fail.
        let trip = Trip {
            iteration: tick,
            instant: at,
        };
        let certain = self.certain(plan, trip);
        let _ = self.outbox.flush(desk, trip, certain, &mut self.ledger);
        if sample.is_some() {
            self.publish(desk, at, self.now.0);
        }
        if !self.voice.looks() {
            desk.sent();
        }
        self.done(desk, sample, None);
    }

    // ---- Asynchronous.

    /// Does whatever lies before a moment.
    fn run_until(&mut self, desk: &Desk, until: SimTime) {
        let plan = &*desk.plan;
        let Some(timetable) = &plan.timetable else {
            unreachable!("asynchronous plans have a timetable");
        };
        let mut told: Option<Box<Sample>> = None;
        loop {
            let next = timetable.next(self.id, self.next);
            let Some((iteration, at)) = next.filter(|(_, at)| *at < until) else {
                return self.done(desk, told, next.map(|(_, at)| at));
            };
            self.next = iteration + 1;
            self.now = (iteration, at);
            if let Some(sample) = told.take() {
                desk.clock().do_send(Event { sample });
            }
            self.settle(plan, at);
            let before = timetable.end_before(self.id, iteration);
            let started = self.inbox.outages().up_from(before).unwrap_or(before);
            self.adapt(desk, iteration, started, at);
            self.send(
                desk,
                Trip {
                    iteration,
                    instant: at,
                },
            );
            let last = timetable.next(self.id, iteration + 1).is_none();
            told = Some(self.combine(desk, iteration, at, at, last));
            self.publish(desk, at, iteration + 1);
        }
    }

    // ---- All modes.

    /// Lets arrive what does so up to `now`.
    fn settle(&mut self, plan: &Plan, now: SimTime) {
        let mut scene = Scene {
            plan,
            iteration: self.now.0,
            combined_at: self.combined_at,
            roster: &mut self.roster,
            ledger: &mut self.ledger,
        };
        self.inbox.settle(now, &mut scene);
    }

    /// Adapts, with true labels or false ones.
    fn adapt(&mut self, desk: &Desk, iteration: u64, started: SimTime, adapted_at: SimTime) {
        let instant = match desk.plan.mode() {
            Mode::Asynchronous => adapted_at,
            Mode::Synchronous | Mode::Deadline => started,
        };
        let begun = self.voice.begin(Trip { iteration, instant });
        if let Some(flipped) = begun {
            self.member.flip_labels(flipped);
        }
        self.member
            .adapt(iteration, started, adapted_at, &mut self.ledger);
    }

    /// Sends the iteration's model, unless that is what an attacker makes of others' models: then all
    /// others have to have sent theirs.
    fn send_or_hold(&mut self, desk: &Desk, iteration: u64, instant: SimTime) {
        let trip = Trip { iteration, instant };
        self.publish(desk, instant, iteration);
        if self.voice.waits() {
            let sample = None;
            self.held = Some(Held { trip, sample });
            return;
        }
        self.send(desk, trip);
        if !self.voice.looks() {
            desk.sent();
        }
    }

    /// All others have sent: sends what was held back.
    fn look(&mut self, desk: &Desk) {
        // Who is down or whose attack is off holds nothing back.
        let Some(Held { trip, sample }) = self.held.take() else {
            return;
        };
        self.send(desk, trip);
        match desk.plan.mode() {
            Mode::Deadline => self.done(desk, sample, None),
            Mode::Synchronous | Mode::Asynchronous => self.combine_when_ready(desk),
        }
    }

    /// Leaves the agent's state where attackers can look at it: θ and φ as they are from `since` on,
    /// the newest ψ, and the batch of an iteration.
    fn publish(&self, desk: &Desk, since: SimTime, batch: u64) {
        let board = desk.board.as_ref().filter(|board| board.shows_states());
        let Some(board) = board else {
            return;
        };
        if desk.plan.is_byzantine(self.id) || !self.member.has_adapted() {
            return;
        }
        let memory = match board.shows_memory {
            true => self.member.memory(&self.roster).into(),
            false => Arc::default(),
        };
        let combined = self.member.combined();
        let state = State {
            since,
            adapted: self.member.adapted().clone(),
            is_finite: combined.values().iter().all(|x| x.is_finite()),
            combined,
            batch,
            memory,
        };
        board.publish(self.id, state);
    }

    /// A moment before which nothing departs that the agent sends in later iterations.
    fn certain(&self, plan: &Plan, Trip { iteration, .. }: Trip) -> SimTime {
        match plan.clock.pace {
            // The next one begins when all have combined, this agent too.
            Pace::Synchronous { .. } => self.member.adapted().head().adapted,
            Pace::Deadline { .. } if iteration + 1 >= plan.iterations => SimTime::NEVER,
            Pace::Deadline { period, .. } => {
                SimTime::from_us(period.us().saturating_mul(iteration + 1))
            }
            Pace::Asynchronous { .. } => {
                let next = plan.timetable.as_ref();
                let next = next.and_then(|table| table.next(self.id, iteration + 1));
                next.map_or(SimTime::NEVER, |(_, at)| at)
            }
        }
    }

    /// Sends the iteration's model, or what the voice makes of it.
    fn send(&mut self, desk: &Desk, trip: Trip) {
        let certain = self.certain(&desk.plan, trip);
        let Participant {
            member,
            voice,
            ledger,
            outbox,
            ..
        } = self;
        voice.prepare(desk, member, trip);
        let sent = outbox.send(desk, trip, certain, ledger, |receiver, ledger| {
            voice.mailing(member, receiver, ledger)
        });
        self.note_stall(trip, sent);
    }

    /// Notes that simulated time ends before the agent combines, `awaited` being whose model it waits
    /// for, or its own.
    fn note_end_of_time(&mut self, awaited: Option<AgentId>) {
        let (iteration, at) = self.now;
        let id = self.id;
        let waits = match awaited {
            Some(sender) => {
                format!(
                    "agent {id} waits for the model of agent {sender}, which would arrive later"
                )
            }
            None => format!("agent {id} would have adapted later"),
        };
        self.stall.get_or_insert(Box::new(Stall {
            kind: Standstill::EndOfTime,
            iteration,
            at,
            known: SimTime::END,
            waits: format!("{waits}; write fewer iterations, shorter times or `until_ms`"),
        }));
    }

    /// Notes that the run cannot go on, if a link cannot bring a model to who waits for it.
    fn note_stall(&mut self, trip: Trip, sent: Result<(), Undelivered>) {
        let Err(undelivered) = sent else {
            return;
        };
        // The iteration is brought to its end all the same, so that everybody's links are heard of
        // and the message does not depend on who came first.
        self.stall.get_or_insert(Box::new(Stall {
            kind: undelivered.kind(),
            iteration: trip.iteration,
            at: trip.instant,
            known: undelivered.known(),
            waits: undelivered.to_string(),
        }));
    }

    fn combine(
        &mut self,
        desk: &Desk,
        iteration: u64,
        at: SimTime,
        instant: SimTime,
        last: bool,
    ) -> Box<Sample> {
        let occasion = Occasion {
            iteration,
            at,
            instant,
            last,
        };
        let mut sample = self.member.combine(
            occasion,
            &mut self.roster,
            &mut self.inbox.shelf,
            &mut self.ledger,
        );
        sample.attacking = self.voice.is_attacking();
        if desk.wants_models {
            sample.model = Some(self.member.combined());
        }
        let (traffic, delays, trace) = self.ledger.take();
        (sample.traffic, sample.delays, sample.trace) = (traffic, delays, trace);
        sample.wall = self.wall.take();
        sample
    }

    fn done(&mut self, desk: &Desk, sample: Option<Box<Sample>>, at: Option<SimTime>) {
        desk.clock().do_send(Done {
            agent: self.id,
            sample,
            at,
            stall: self.stall.take(),
        });
    }

    fn close(&mut self, desk: &Desk, end: SimTime, takes_back: bool) {
        if takes_back {
            self.take_back();
        }
        let mut scene = Scene {
            plan: &desk.plan,
            iteration: self.now.0,
            combined_at: self.combined_at,
            roster: &mut self.roster,
            ledger: &mut self.ledger,
        };
        self.inbox.close(end, &mut scene);
        self.outbox.close(&desk.plan, &mut self.ledger);
        let (traffic, delays, trace) = self.ledger.take();
        let wants_model = desk.wants_last_model.contains(&self.id);
        desk.clock().do_send(Closed {
            agent: self.id,
            traffic,
            delays,
            wall: self.wall.take(),
            last: self.member.last_state(wants_model).map(Box::new),
            trace,
        });
    }
}
