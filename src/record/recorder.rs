//! The recorder's thread: takes what agents tell, writes tables, ends with the summary.

use super::assembler::Assembler;
use super::came_to;
use super::checkpoint::Checkpoint;
use super::elapsed::Elapsed;
use super::failure::{Panic, RunError};
use super::files::{self, SUMMARY, write_whole};
use super::filtered::ShutOut;
use super::groups::{Grouping, RoundStats};
use super::latency::Latency;
use super::network;
use super::observer::{Observer, Seen};
use super::parquet_file::Parts;
use super::relationship;
use super::rounds::Rounds;
use super::rows::{AgentRows, WeightRows};
use super::sample::{Closing, Round, Sample, Traffic};
use super::seal;
use super::steady::Steady;
use super::summary::{Findings, Summary, fingerprint};
use super::table::{Constant, TableError, Value};
use super::timeline::Timeline;
use super::trace::Tracing;
use crate::checkpoint::{Book, Kept, Torn, keep};
use crate::scenario::{Plan, SettingValue};
use crate::units::{AgentId, SimTime};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

/// Entries that may wait for the recorder; whoever sends one more waits.
const WAITING: usize = 2;

/// What the recorder is told.
pub enum Entry {
    /// An iteration is over, of all agents at once.
    Round(Round),
    /// Where nobody waits for others: all that happened before a moment and was not told yet.
    Events {
        /// In the order of (moment of combination, agent).
        samples: Vec<Sample>,
        /// Nothing that is told later happened before this.
        until: SimTime,
    },
    /// The state of everyone else, as it is after all that was told before: for a checkpoint.
    Checkpoint(Arc<Vec<Vec<u8>>>),
    /// The run is over.
    Finished(Closing),
    /// The run ends early because it was told to.
    Interrupted,
    /// The run cannot go on.
    Failed(RunError),
}

/// Where results go.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Folder of the run's files; without one, only the summary is made.
    pub folder: Option<PathBuf>,
    /// Threads that the run has, for the summary.
    pub threads: usize,
}

/// The recorder of one run.
pub struct Recorder {
    plan: Arc<Plan>,
    output: Output,
    observers: Vec<Box<dyn Observer>>,
    elapsed: Elapsed,
    /// Whether there is a checkpoint of this run.
    has_checkpoint: bool,
    is_begun: bool,
    rounds: Rounds,
    agents: AgentRows,
    weights: WeightRows,
    latency: Latency,
    timeline: Option<Timeline>,
    /// Moments of the timeline without a row.
    moments_left_out: u64,
    /// Whose last models are compared.
    related: Vec<AgentId>,
    tracing: Option<Tracing>,
    /// Where samples do not come by iteration.
    pub(super) assembler: Option<Assembler>,
    /// The last state: of the last recorded iteration, and in the end of all agents.
    last: Option<RoundStats>,
    /// Of the end: agents that ever combined, with loss, test loss and accuracy.
    finals: Vec<(AgentId, [f64; 3])>,
    /// By agent: hash of all its combined models so far.
    fingerprints: Vec<u64>,
    /// The iteration that is recorded, or was last, and when it began.
    place: (u64, SimTime),
    iterations: u64,
    now: SimTime,
    traffic: Traffic,
    steady: Steady,
    shut_out: ShutOut,
    spent: (Sender<Vec<Sample>>, Receiver<Vec<Sample>>),
}

impl Recorder {
    /// Opens the tables of a run that begins, or goes on from the recorder's part of a checkpoint.
    /// With a folder, it is made, and the network's files are written.
    ///
    /// # Errors
    /// A folder or file that cannot be written; a checkpoint that is damaged, or speaks of files that
    /// are.
    pub fn open(
        plan: Arc<Plan>,
        output: Output,
        observers: Vec<Box<dyn Observer>>,
        checkpoint: Option<&[u8]>,
    ) -> Result<Recorder, RunError> {
        let constants = constants(&plan);
        let folder = output.folder.as_deref();
        if let Some(folder) = folder {
            let network = folder.join("network");
            let made = std::fs::create_dir_all(folder);
            let made = made.and_then(|()| crate::files::make_folder(&network));
            made.map_err(|error| RunError::Write {
                path: network,
                error,
            })?;
            // Tables and summary belong together: those of an earlier attempt go first. Where there is
            // a checkpoint, they stay until it is known that the run goes on.
            if checkpoint.is_none() {
                files::clear(folder)?;
            }
            network::write(&plan, folder, &constants)?;
        }
        let mut recorder = Recorder {
            rounds: Rounds::new(&plan, folder, &constants)?,
            agents: AgentRows::new(&plan, folder, &constants)?,
            weights: WeightRows::new(&plan, folder, &constants)?,
            latency: Latency::new(&plan, folder, &constants)?,
            timeline: Timeline::new(&plan, folder, &constants)?,
            moments_left_out: 0,
            related: folder.map_or_else(Vec::new, |_| relationship::chosen(&plan)),
            tracing: Tracing::new(&plan, folder, &constants)?,
            assembler: plan.timetable.as_ref().map(|timetable| {
                let iterations = 0..timetable.iterations();
                Assembler::new(iterations.map(|iteration| timetable.participants(iteration)))
            }),
            elapsed: Elapsed::new(),
            has_checkpoint: false,
            is_begun: false,
            last: None,
            finals: Vec::new(),
            fingerprints: vec![0; plan.graph.agents()],
            place: (0, SimTime::ZERO),
            iterations: 0,
            now: SimTime::ZERO,
            traffic: Traffic::default(),
            steady: Steady::new(&plan),
            shut_out: ShutOut::default(),
            spent: bounded(WAITING),
            plan,
            output,
            observers,
        };
        if let Some(bytes) = checkpoint {
            let kept = Book::read(bytes, |book| recorder.keep(book));
            kept.map_err(|torn| Checkpoint::refused(recorder.output.folder.as_deref(), torn))?;
            recorder.has_checkpoint = true;
        }
        Ok(recorder)
    }

    /// Keeps what was recorded so far.
    fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.elapsed.keep(book)?;
        self.rounds.keep(book)?;
        self.agents.keep(book)?;
        self.weights.keep(book)?;
        self.latency.keep(book)?;
        self.timeline.as_mut().map_or(Ok(()), |t| t.keep(book))?;
        self.tracing.as_mut().map_or(Ok(()), |t| t.keep(book))?;
        self.assembler.as_mut().map_or(Ok(()), |a| a.keep(book))?;
        self.steady.keep(book)?;
        self.shut_out.keep(book)?;
        keep!(book: self.last, self.fingerprints, self.place, self.iterations, self.now,
            self.traffic)
    }

    /// Writes a checkpoint: others' state and what was recorded so far.
    fn write_checkpoint(&mut self, others: &[Vec<u8>]) -> Result<(), RunError> {
        let Some(folder) = self.output.folder.clone() else {
            return Ok(());
        };
        let recorded = Book::write(|book| self.keep(book));
        let recorded = recorded.map_err(|torn| match torn {
            Torn::File { path, error } => RunError::Write { path, error },
            // Plain values have a form.
            torn => panic!("{torn}"),
        })?;
        Checkpoint::write(&folder, &self.plan, &recorded, others)?;
        self.has_checkpoint = true;
        Ok(())
    }

    /// The channel that leads to a recorder.
    pub fn channel() -> (Sender<Entry>, Receiver<Entry>) {
        bounded(WAITING)
    }

    /// Where the samples go that the recorder is done with.
    pub fn spent(&self) -> Receiver<Vec<Sample>> {
        self.spent.1.clone()
    }

    /// The agents whose last models it asks for, in no order.
    pub fn wants_last_models(&self) -> &[AgentId] {
        &self.related
    }

    /// Takes entries until the run is over, then writes what is left.
    ///
    /// # Errors
    /// Why the run failed, or that results cannot be written.
    pub fn run(mut self, entries: &Receiver<Entry>) -> Result<Summary, RunError> {
        let end = loop {
            // All senders gone without a word: the actors were dropped under way.
            let entry = entries.recv().unwrap_or(Entry::Interrupted);
            let is_last = matches!(entry, Entry::Finished(_));
            let taken = self.guard(|recorder| recorder.take(entry));
            if is_last || taken.is_err() {
                break taken;
            }
        };
        match end {
            Ok(()) => self.close(None),
            // It never began, and what an earlier attempt has left is as it was.
            Err(error @ RunError::Checkpoint { .. }) => Err(error),
            Err(error) => {
                // What was recorded is saved if it can be; the first error is the one to tell.
                let _ = self.guard(Recorder::take_parts);
                let _ = self.close(Some(&error));
                Err(error)
            }
        }
    }

    fn take(&mut self, entry: Entry) -> Result<(), RunError> {
        match entry {
            Entry::Round(round) => {
                self.begin()?;
                self.take_round(round)
            }
            Entry::Events { samples, until } => {
                self.begin()?;
                self.take_events(samples, until)
            }
            Entry::Finished(closing) => {
                self.begin()?;
                self.take_closing(&closing)
            }
            Entry::Checkpoint(others) => self.write_checkpoint(&others),
            Entry::Interrupted => Err(RunError::Interrupted {
                iterations: self.iterations,
            }),
            Entry::Failed(error) => Err(error),
        }
    }

    /// Where the run goes on, what an earlier attempt has told of its end is no longer so.
    fn begin(&mut self) -> Result<(), RunError> {
        match &self.output.folder {
            Some(folder) if !std::mem::replace(&mut self.is_begun, true) => {
                files::forget_end(folder)
            }
            _ => Ok(()),
        }
    }

    /// Runs a step; a panic in it, of an observer perhaps, is an error like others.
    fn guard(
        &mut self,
        step: impl FnOnce(&mut Recorder) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        catch_unwind(AssertUnwindSafe(|| step(self))).unwrap_or_else(|payload| {
            let (iteration, at) = self.place;
            Err(RunError::Panic(Panic {
                who: "the recorder".to_owned(),
                iteration,
                at,
                message: Panic::message(&*payload),
            }))
        })
    }

    /// Records an iteration of all agents.
    fn take_round(&mut self, round: Round) -> Result<(), RunError> {
        self.place = (round.iteration, round.start);
        self.advance(&round.samples, round.end)?;
        self.record(&round)?;
        // Where nobody takes it back, it is dropped.
        let _ = self.spent.0.try_send(round.samples);
        Ok(())
    }

    /// Records the iterations that events complete.
    fn take_events(&mut self, mut samples: Vec<Sample>, until: SimTime) -> Result<(), RunError> {
        self.advance(&samples, until)?;
        self.assembler().add(&mut samples);
        let _ = self.spent.0.try_send(samples);
        while let Some(round) = self.assembler().next_complete() {
            self.record(&round)?;
            self.assembler().reuse(round.samples);
        }
        Ok(())
    }

    fn assembler(&mut self) -> &mut Assembler {
        // The engine goes by the same timetable.
        let assembler = self.assembler.as_mut();
        assembler.expect("events come only where the plan has a timetable")
    }

    /// Brings simulated time forward to `until`.
    fn advance(&mut self, samples: &[Sample], until: SimTime) -> Result<(), RunError> {
        self.now = self.now.max(until);
        if let Some(timeline) = &mut self.timeline {
            timeline.advance(&self.plan, samples, until)?;
        }
        Ok(())
    }

    /// Records iterations that were never completed.
    fn take_parts(&mut self) -> Result<(), RunError> {
        while let Some(round) = self.assembler.as_mut().and_then(Assembler::next_part) {
            self.record(&round)?;
        }
        Ok(())
    }

    /// Takes what is told at the end, and checks that the accounts are right.
    fn take_closing(&mut self, closing: &Closing) -> Result<(), RunError> {
        let waits_for = self.assembler.as_ref().and_then(Assembler::waits_for);
        if let Some(iteration) = waits_for {
            let what = format!("not everybody told of iteration {iteration}");
            return Err(RunError::Accounting(what));
        }
        self.now = closing.end;
        self.traffic += closing.traffic;
        self.latency.add_rest(closing);
        if let Some(timeline) = self.timeline.take() {
            let parts = self.parts(None);
            self.moments_left_out = timeline.finish(&self.plan, Some(closing.end), parts)?;
        }
        for sample in &closing.finals {
            self.fingerprints[sample.agent.index()] = sample.fingerprint;
            let came_to = [sample.loss, sample.test_loss, sample.accuracy];
            self.finals.push((sample.agent, came_to));
        }
        self.last = Some(Grouping::new(&self.plan).of_samples(&closing.finals));
        if let Some(folder) = &self.output.folder
            && !self.related.is_empty()
        {
            let constants = constants(&self.plan);
            relationship::write(folder, &constants, &self.related, &closing.finals)?;
        }
        if !self.traffic.is_conserved() {
            return Err(RunError::Accounting(format!("{:?}", self.traffic)));
        }
        if let Some(tracing) = &mut self.tracing {
            closing.traces.iter().try_for_each(|t| tracing.write(t))?;
            // Rows do not tell of bytes.
            let counted = Traffic {
                bytes: self.traffic.bytes,
                ..tracing.counted()
            };
            if counted != self.traffic {
                let what = format!("{:?}, but {counted:?} by the trace", self.traffic);
                return Err(RunError::Accounting(what));
            }
        }
        Ok(())
    }

    fn record(&mut self, round: &Round) -> Result<(), RunError> {
        let plan = self.plan.clone();
        self.place = (round.iteration, round.start);
        self.iterations = round.iteration + 1;
        for sample in &round.samples {
            self.traffic += sample.traffic;
            self.fingerprints[sample.agent.index()] = sample.fingerprint;
        }
        self.shut_out.add(&plan, round);
        let is_recorded = plan.is_recorded(round.iteration, round.last);
        if is_recorded {
            let stats = self.rounds.record(&plan, round)?;
            self.steady.add(&plan, round, &stats);
            self.last = Some(stats);
            self.agents.record(&plan, round)?;
        }
        // Weights first: they speak of messages whose rows may come with this iteration.
        let tracing = &mut self.tracing;
        let number = |key| tracing.as_mut().map(|tracing| tracing.number(key));
        self.weights.record(&plan, round, number)?;
        if let Some(tracing) = tracing {
            tracing.record(round)?;
        }
        self.latency.record(&plan, round)?;
        let seen = Seen {
            plan: &plan,
            round,
            all: self.last.as_ref().filter(|_| is_recorded).map(|s| &s.all),
        };
        for observer in &mut self.observers {
            observer.see(&seen);
        }
        Ok(())
    }

    /// What becomes of tables' parts when the run ends like this.
    fn parts(&self, error: Option<&RunError>) -> Parts {
        match (self.has_checkpoint, error) {
            (false, _) => Parts::Merged,
            (true, Some(error)) if error.is_of_surroundings() => Parts::Left,
            (true, _) => Parts::Copied,
        }
    }

    /// Writes what each agent came to.
    fn write_outcomes(&self) -> Result<(), TableError> {
        let (plan, finals) = (&*self.plan, &self.finals);
        let Some(folder) = &self.output.folder else {
            return Ok(());
        };
        network::write_agents(plan, folder, &constants(plan), |agent| {
            if plan.is_byzantine(agent) {
                return came_to::NOTHING;
            }
            let [steady_loss, regret] = self.steady.of_agent(plan, self.iterations, agent);
            let last = finals.binary_search_by_key(&agent, |(agent, _)| *agent);
            let [loss, test_loss, accuracy] = last.map_or([f64::NAN; 3], |at| finals[at].1);
            [steady_loss, regret, loss, test_loss, accuracy]
        })
    }

    /// Writes the edges of all networks, where the run has had several. Those of the first have been
    /// there since it began.
    fn write_networks(&self) -> Result<(), TableError> {
        match &self.output.folder {
            Some(folder) if !self.plan.networks.is_static() => {
                network::write_edges(&self.plan, folder, &constants(&self.plan), self.iterations)
            }
            _ => Ok(()),
        }
    }

    /// Writes what is left. A file that cannot be written keeps none of the others from it.
    fn close(mut self, error: Option<&RunError>) -> Result<Summary, RunError> {
        let parts = self.parts(error);
        let (timeline, tracing) = (self.timeline.take(), self.tracing.take());
        let tables = [
            self.rounds.finish(parts),
            self.agents.finish(parts),
            self.weights.finish(parts),
            timeline.map_or(Ok(()), |timeline| {
                timeline.finish(&self.plan, None, parts).map(drop)
            }),
            tracing.map_or(Ok(()), |tracing| tracing.finish(parts)),
            error.map_or_else(|| self.write_outcomes(), |_| Ok(())),
        ];
        let networks = self.write_networks();
        let tables = tables.into_iter().chain([networks]).find_map(Result::err);
        let unwritten = self
            .latency
            .finish(parts)
            .err()
            .or(tables.map(RunError::from));
        let error = error.or(unwritten.as_ref());
        let status = match error {
            None => "done",
            Some(RunError::Interrupted { .. }) => "interrupted",
            Some(_) => "failed",
        };
        let plan = &*self.plan;
        let normal = plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
        let summary = Summary::new(&Findings {
            plan,
            status,
            error,
            threads: self.output.threads,
            iterations: self.iterations,
            fingerprint: fingerprint(normal.map(|k| self.fingerprints[k.index()])),
            last: self.last.as_ref(),
            steady: self.steady.json(plan, self.iterations),
            filter: self
                .steady
                .filter_json(plan, self.iterations, &self.shut_out),
            traffic: self.traffic,
            simulated_ms: self.now.ms(),
            moments_left_out: self.moments_left_out,
            latency: self.latency.summary(),
            wall_s: self.elapsed.get().as_secs_f64(),
        });
        let mut written = Ok(());
        if let Some(folder) = &self.output.folder {
            // Tables first, and the name of the run's folder: the summary speaks for them.
            let path = folder.join(SUMMARY);
            let sealed = || {
                let digests = seal::seal(folder)?;
                if let Some(runs) = folder.parent() {
                    crate::files::sync_folder(runs)?;
                }
                let text = seal::sealed(summary.json(), digests);
                write_whole(&path, text.as_bytes())
            };
            written = sealed().map_err(|error| RunError::Write { path, error });
            // From here on the summary speaks for the run; until then the checkpoint does.
            let goes_on = error.is_some_and(RunError::is_of_surroundings);
            if self.has_checkpoint && written.is_ok() && !goes_on {
                written = files::tidy(folder);
            }
        }
        match unwritten {
            Some(error) => Err(error),
            None => written.map(|()| match &self.output.folder {
                Some(folder) => summary.found_in(folder),
                None => summary,
            }),
        }
    }
}

impl From<TableError> for RunError {
    fn from(error: TableError) -> RunError {
        let (path, error) = error.into_io();
        RunError::Write { path, error }
    }
}

/// The columns that every table of a run carries.
fn constants(plan: &Plan) -> Vec<Constant> {
    let id = Value::Text(plan.id.to_string());
    let point = Constant::new("point", id, "", "the run's id");
    let settings = plan.settings.iter().map(|setting| {
        let value = match &setting.value {
            SettingValue::Integer(i) => Value::Integer(*i),
            SettingValue::Number(x) => Value::Number(*x),
            SettingValue::Flag(b) => Value::Flag(*b),
            SettingValue::Text(s) => Value::Text(s.clone()),
        };
        Constant::new(setting.key.clone(), value, "", "swept setting")
    });
    let generated = plan.world.generated().map(|what| {
        let what = Value::Text(what.to_owned());
        Constant::new(
            "data",
            what,
            "",
            "what stands in the place of published data",
        )
    });
    let point = std::iter::once(point).chain(generated);
    point.chain(settings).collect()
}
