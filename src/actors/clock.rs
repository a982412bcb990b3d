//! The actor that lets time go on and waits for whoever acts.
//!
//! The one ordering it relies on: what an actor posts before its [`Done`] is in the receivers'
//! mailboxes before the next tick.

use super::desk::Desk;
use super::message::{Closed, Done, Event, Saved, Sent, Signal, Tick};
use super::pace::{Act, Course, Ended, Step, course};
use super::section::{self, Section};
use super::stopwatch::Stopwatch;
use crate::attack::Knowledge;
use crate::checkpoint::{Book, Kept, Torn, keep};
use crate::record::{Closing, Entry, Round, RunError, Sample, Stall, Standstill};
use crate::scenario::Mode;
use crate::units::{AgentId, SimTime};
use actix::{Actor, Context, Handler, Message};
use std::sync::{Arc, Weak};
use std::time::Instant;

/// Asynchronous: samples that go to the recorder at once.
const BATCH: usize = 1024;

/// The clock.
pub(super) struct Clock {
    desk: Arc<Desk>,
    course: Box<dyn Course>,
    begun: Instant,
    /// Who acted and combined. Where everyone acts at once: everyone, and whether they did.
    samples: Vec<Sample>,
    told: Vec<bool>,
    waiting: usize,
    /// Attackers that look at what others have sent, and how many of the others have not yet.
    lookers: Vec<AgentId>,
    unsent: usize,
    /// Why the run cannot go on, and the agents that say so.
    stalls: Vec<(AgentId, Box<Stall>)>,
    /// The last iteration, until everyone has told how it ended.
    last: Option<Round>,
    /// Where `until_ms` may end the run: the last iteration that is complete, of which nobody knows
    /// yet whether it is the run's last.
    held: Option<Round>,
    /// Whether the iteration that has begun is not complete by the end of the run.
    takes_back: bool,
    end: SimTime,
    closed: Vec<Option<Closed>>,
    /// What comes next, once everyone has given what a checkpoint keeps.
    next: Option<Step>,
    saved: Vec<Section>,
    /// What has been done since the last checkpoint, in [`Clock::is_due`]'s measure.
    since_checkpoint: u64,
    /// The last checkpoint, as long as the recorder is at it: there is no second one in memory.
    under_way: Weak<Vec<Vec<u8>>>,
}

/// Starts the first iteration: everyone is in the directory.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Begin;

impl Clock {
    /// The clock of a run that begins, or goes on from its part of a checkpoint.
    ///
    /// # Errors
    /// A part that this is not.
    pub fn new(desk: Arc<Desk>, checkpoint: Option<Section>) -> Result<Clock, Torn> {
        let looks = |k: &AgentId| desk.plan.knowledge(*k) > Knowledge::None;
        let mut clock = Clock {
            lookers: desk.plan.graph.ids().filter(looks).collect(),
            unsent: 0,
            course: course(&desk.plan),
            desk,
            begun: Instant::now(),
            samples: Vec::new(),
            told: Vec::new(),
            waiting: 0,
            stalls: Vec::new(),
            last: None,
            held: None,
            takes_back: false,
            end: SimTime::ZERO,
            closed: Vec::new(),
            next: None,
            saved: Vec::new(),
            since_checkpoint: 0,
            under_way: Weak::new(),
        };
        if let Some(section) = checkpoint {
            section.read(|book| clock.keep(book))?;
        }
        Ok(clock)
    }

    /// Keeps how far time is, and what comes next.
    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.course.keep(book)?;
        keep!(book: self.next, self.held)
    }

    fn act(&mut self, body: impl FnOnce(&mut Clock)) {
        let desk = self.desk.clone();
        let place = |clock: &Clock| ("the clock".to_owned(), clock.course.now());
        desk.guard(self, place, body);
    }

    fn is_asynchronous(&self) -> bool {
        self.desk.plan.mode() == Mode::Asynchronous
    }

    /// Tells the recorder something. Blocks while it is behind: its channel is bounded. Says whether
    /// the run goes on; without a receiver it has ended already, for a reason that the recorder
    /// tells.
    fn tell(&self, entry: Entry) -> bool {
        self.desk.recorder.send(entry).is_ok()
    }

    /// Goes on after everyone who acted is done.
    fn go_on(&mut self) {
        if let Some(stall) = self.first_stall() {
            return self.fail(stall);
        }
        loop {
            let ended = self.course.ended().map(|ended| self.round(ended));
            let step = match self.course.step(&self.desk.plan) {
                Step::Close(end) => return self.end(ended, end),
                Step::TakeBack(end) => return self.take_back(end),
                step => step,
            };
            let is_told = match ended {
                Some(round) => {
                    let complete = self.hold(round);
                    self.tell_round(complete)
                }
                None => self.tell_events(BATCH, self.course.now().1),
            };
            if !is_told {
                return;
            }
            let is_interrupted = self.desk.is_interrupted();
            let is_due = is_interrupted || self.is_due();
            // What happened before is told, however little it is.
            if is_due && !self.tell_events(0, self.course.now().1) {
                return;
            }
            match step {
                Step::Stall(stall) => return self.fail(stall),
                step if is_due && self.desk.folder.is_some() => return self.save(step),
                _ if is_interrupted => {
                    let held = self.held.take();
                    if self.tell_round(held) {
                        self.tell(Entry::Interrupted);
                    }
                    return;
                }
                Step::Act(act) => return self.set_going(act),
                Step::Pass => self.clear_samples(),
                Step::Close(_) | Step::TakeBack(_) => unreachable!("handled above"),
            }
        }
    }

    /// Why the run cannot go on, if that is so: the first agent's reason. What is foreseen for later
    /// than the end of the iteration, or of the run, is not yet so.
    fn first_stall(&mut self) -> Option<Stall> {
        let mut stalls = std::mem::take(&mut self.stalls);
        stalls
            .retain(|(_, stall)| self.course.has_passed(stall.known) && !self.is_over(stall.known));
        let first = stalls.into_iter().min_by_key(|(agent, _)| *agent);
        first.map(|(_, stall)| *stall)
    }

    /// Whether a synchronous run is over at a moment, since its `until_ms` comes before that.
    fn is_over(&self, moment: SimTime) -> bool {
        let plan = &self.desk.plan;
        plan.may_end_early() && plan.until.is_some_and(|until| moment > until)
    }

    /// Holds back an iteration that may turn out to be the run's last, and gives the one before it.
    fn hold(&mut self, round: Round) -> Option<Round> {
        match self.desk.plan.may_end_early() {
            true => self.held.replace(round),
            false => Some(round),
        }
    }

    fn tell_round(&self, round: Option<Round>) -> bool {
        round.is_none_or(|round| self.tell(Entry::Round(round)))
    }

    /// Ends the run, which cannot go on.
    fn fail(&mut self, stall: Stall) {
        let held = self.held.take();
        if self.tell_round(held) {
            self.desk.fail(RunError::Stalled(stall));
        }
    }

    /// Ends the run with the iteration before this one, which is not complete by the end.
    fn take_back(&mut self, end: SimTime) {
        self.takes_back = true;
        self.end(None, end);
    }

    /// Ends the run after this iteration, or after the last one that is complete.
    fn end(&mut self, ended: Option<Round>, end: SimTime) {
        let held = self.held.take();
        self.last = match ended {
            None => held,
            Some(round) => {
                if !self.tell_round(held) {
                    return;
                }
                Some(round)
            }
        };
        let plan = self.desk.plan.clone();
        if let Some(until) = plan.until.filter(|_| plan.may_end_early())
            && self.last.is_none()
        {
            let (iteration, at) = self.course.now();
            return self.fail(Stall {
                kind: Standstill::NothingComplete,
                iteration,
                at,
                known: until,
                waits: format!("no iteration is complete by {until}; let the run be longer"),
            });
        }
        self.end = end;
        self.close();
    }

    /// Takes a step that a checkpoint keeps, which is to act or to pass.
    fn take(&mut self, step: Option<Step>) {
        match step {
            Some(Step::Act(act)) => self.set_going(act),
            _ => {
                self.clear_samples();
                self.go_on();
            }
        }
    }

    fn tick(&self, signal: Signal) -> Tick {
        Tick {
            signal,
            posted: Stopwatch::stamp(&self.desk.plan),
        }
    }

    /// Lets act whoever is to.
    fn set_going(&mut self, Act { who, signal }: Act) {
        let Some(agents) = who else {
            return self.broadcast(signal);
        };
        self.waiting = agents.len();
        let tick = self.tick(signal);
        let mailboxes = self.desk.mailboxes();
        for agent in agents {
            mailboxes[agent.index()].tick(tick);
        }
    }

    /// Whether so much has been done since the last checkpoint that it is time for another one:
    /// iterations or, where nobody waits for others, as many on average.
    fn is_due(&self) -> bool {
        let unit = match self.is_asynchronous() {
            true => self.desk.plan.graph.agents() as u64,
            false => 1,
        };
        let every = self.desk.checkpoint_every;
        every.is_some_and(|every| self.since_checkpoint >= every.get().saturating_mul(unit))
            && self.under_way.strong_count() == 0
    }

    /// Asks everyone for what a checkpoint keeps. Everyone has done what the last tick asked for, so
    /// whatever was sent is in a mailbox, before this.
    fn save(&mut self, next: Step) {
        let agents = self.desk.plan.graph.agents();
        self.next = Some(next);
        self.waiting = agents;
        self.saved.clear();
        self.saved.resize_with(agents, Section::default);
        // Not timed: how often it comes has nothing to do with the run.
        let tick = Tick {
            signal: Signal::Save,
            posted: None,
        };
        for mailbox in self.desk.mailboxes() {
            mailbox.tick(tick);
        }
    }

    /// Everyone has given it: hands it to the recorder, and goes on.
    fn go_on_after_checkpoint(&mut self) {
        let mut sections = vec![
            Section::write(|book| self.keep(book)),
            Section::write(|book| match &self.desk.board {
                Some(board) => board.keep(book),
                None => Ok(()),
            }),
        ];
        sections.extend(std::mem::take(&mut self.saved).into_iter().map(Ok));
        let sections: Result<Vec<Section>, Torn> = sections.into_iter().collect();
        let pieces = sections.and_then(section::join);
        self.since_checkpoint = 0;
        // Numbers and lists of them always have a form in bytes.
        let pieces = Arc::new(pieces.expect("plain values"));
        self.under_way = Arc::downgrade(&pieces);
        let is_told = self.tell(Entry::Checkpoint(pieces));
        let next = self.next.take();
        if is_told && self.desk.is_interrupted() {
            self.tell(Entry::Interrupted);
        } else if is_told {
            self.take(next);
        }
    }

    fn broadcast(&mut self, signal: Signal) {
        self.begun = Instant::now();
        self.waiting = self.desk.plan.graph.agents();
        self.unsent = self.waiting - self.lookers.len();
        if !self.is_asynchronous() {
            self.clear_samples();
        }
        let tick = self.tick(signal);
        for mailbox in self.desk.mailboxes() {
            mailbox.tick(tick);
        }
    }

    /// Nobody has told of an iteration yet.
    fn clear_samples(&mut self) {
        let agents = self.desk.plan.graph.agents();
        // A large vector is fresh memory from the system each time: those that the recorder is done
        // with are used again.
        self.samples = self.desk.spent.try_recv().unwrap_or_default();
        self.samples.resize(agents, Sample::default());
        self.told.clear();
        self.told.resize(agents, false);
    }

    /// An iteration that is over, with those who combined in it.
    fn round(&mut self, ended: Ended) -> Round {
        self.since_checkpoint += 1;
        let mut samples = std::mem::take(&mut self.samples);
        if self.told.contains(&false) {
            let mut told = self.told.iter();
            samples.retain(|_| told.next() == Some(&true));
        }
        Round {
            iteration: ended.iteration,
            last: false,
            start: ended.start,
            end: ended.end,
            wall: Some(self.begun.elapsed()),
            samples,
        }
    }

    fn hear_event(&mut self, sample: Sample) {
        self.since_checkpoint += 1;
        self.samples.push(sample);
    }

    /// Asynchronous: tells the recorder of events before `until`, if there are at least so many.
    fn tell_events(&mut self, least: usize, until: SimTime) -> bool {
        if !self.is_asynchronous() || self.samples.len() < least {
            return true;
        }
        let mut samples = std::mem::take(&mut self.samples);
        samples.sort_unstable_by_key(|sample| (sample.combined_at, sample.agent));
        self.tell(Entry::Events { samples, until })
    }

    /// Ends the run: everyone tells what is left.
    fn close(&mut self) {
        if !self.tell_events(0, self.end + SimTime::from_us(1)) {
            return;
        }
        let agents = self.desk.plan.graph.agents();
        self.waiting = agents;
        self.closed.clear();
        self.closed.resize_with(agents, || None);
        let tick = self.tick(Signal::Close {
            end: self.end,
            takes_back: self.takes_back,
        });
        for mailbox in self.desk.mailboxes() {
            mailbox.tick(tick);
        }
    }

    /// Everyone has told what was left.
    fn finish(&mut self) {
        let mut closing = Closing {
            end: self.end,
            ..Closing::default()
        };
        let mut over_training = Vec::new();
        for closed in std::mem::take(&mut self.closed).into_iter().flatten() {
            closing.traffic += closed.traffic;
            if let Some(last) = closed.last {
                closing.finals.push(last.sample);
                over_training.push(last.over_training);
            }
            closing.delays.push(closed.delays);
            closing.wall.extend(closed.wall.map(|wall| *wall));
            closing.traces.extend(closed.trace.map(|trace| *trace));
        }
        if let Some(mut round) = self.last.take() {
            round.last = true;
            if self.desk.plan.may_end_early() {
                complete(&mut round, &mut closing.finals);
            }
            if !self.tell(Entry::Round(round)) {
                return;
            }
        }
        // Iterations have losses on their batches; what a run came to, over all training rows.
        for (last, losses) in closing.finals.iter_mut().zip(over_training) {
            if let Some([combined, adapted]) = losses {
                (last.loss, last.adapted_loss) = (combined, adapted);
            }
        }
        self.tell(Entry::Finished(closing));
    }
}

/// Adds to an iteration what is told of a last one only: nobody knew that it was.
fn complete(round: &mut Round, finals: &mut [Sample]) {
    for sample in &mut round.samples {
        let Ok(at) = finals.binary_search_by_key(&sample.agent, |last| last.agent) else {
            continue;
        };
        let last = &mut finals[at];
        if last.iteration == sample.iteration {
            sample.loss = last.loss;
            sample.regret = last.regret;
            sample.deviation = last.deviation;
            sample.test_loss = last.test_loss;
            sample.accuracy = last.accuracy;
            if sample.weights.is_empty() {
                sample.weights = std::mem::take(&mut last.weights);
            }
        }
    }
}

impl Actor for Clock {
    type Context = Context<Self>;
}

impl Handler<Begin> for Clock {
    type Result = ();

    fn handle(&mut self, _: Begin, _: &mut Self::Context) {
        self.act(|clock| match clock.next.take() {
            None => clock.go_on(),
            step => clock.take(step),
        });
    }
}

impl Handler<Done> for Clock {
    type Result = ();

    fn handle(&mut self, done: Done, _: &mut Self::Context) {
        self.act(|clock| {
            clock.course.hear(&done);
            clock
                .stalls
                .extend(done.stall.map(|stall| (done.agent, stall)));
            match done.sample {
                Some(sample) if clock.is_asynchronous() => clock.hear_event(*sample),
                Some(sample) => {
                    let agent = done.agent.index();
                    clock.samples[agent] = *sample;
                    clock.told[agent] = true;
                }
                None => {}
            }
            clock.waiting -= 1;
            if clock.waiting == 0 {
                clock.go_on();
            }
        });
    }
}

impl Handler<Sent> for Clock {
    type Result = ();

    fn handle(&mut self, _: Sent, _: &mut Self::Context) {
        self.act(|clock| {
            clock.unsent -= 1;
            if clock.unsent == 0 {
                let tick = clock.tick(Signal::Look);
                let mailboxes = clock.desk.mailboxes();
                for agent in &clock.lookers {
                    mailboxes[agent.index()].tick(tick);
                }
            }
        });
    }
}

impl Handler<Event> for Clock {
    type Result = ();

    fn handle(&mut self, event: Event, _: &mut Self::Context) {
        self.act(|clock| clock.hear_event(*event.sample));
    }
}

impl Handler<Saved> for Clock {
    type Result = ();

    fn handle(&mut self, Saved { agent, section }: Saved, _: &mut Self::Context) {
        self.act(|clock| {
            clock.saved[agent.index()] = section;
            clock.waiting -= 1;
            if clock.waiting == 0 {
                clock.go_on_after_checkpoint();
            }
        });
    }
}

impl Handler<Closed> for Clock {
    type Result = ();

    fn handle(&mut self, closed: Closed, _: &mut Self::Context) {
        self.act(|clock| {
            let agent = closed.agent.index();
            clock.closed[agent] = Some(closed);
            clock.waiting -= 1;
            if clock.waiting == 0 {
                clock.finish();
            }
        });
    }
}
