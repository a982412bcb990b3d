//! The clock, agents and attackers as actors; the only part that knows actix.
//!
//! [`run`] starts an actor per agent, spread over one arbiter per thread, and a recorder's
//! thread, and waits for the recorder's outcome. What an agent does is in `participant`, which knows
//! no actor, and in its parts: `member` learns, `outbox` sends, `inbox` receives, `voice` decides
//! what goes to whom, and attackers that know more than their own state look at a `board`. Handlers take a message, call it, and send what came of it. What the clock
//! does in the three modes is in `pace`.
//!
//! What the order of messages is relied upon for: messages of one sender to one receiver keep
//! their order, and what an actor posts before its `Done` is in the receivers' mailboxes before
//! the clock's next tick. The order in which different senders' messages arrive never matters.

mod audit;
mod board;
mod clock;
mod desk;
mod forgery;
mod inbox;
mod lane;
mod ledger;
mod letter;
mod member;
mod message;
mod node;
mod outbox;
mod pace;
mod participant;
mod quorum;
mod roster;
mod section;
mod shelf;
mod stopwatch;
mod uplink;
mod voice;

use crate::record::{Checkpoint, Observer, Output, Panic, Recorder, RunError, Summary};
use crate::scenario::{Plan, Role};
use crate::units::{AgentId, SimTime};
use actix::{Actor, Arbiter, ArbiterHandle, System};
use board::Board;
use clock::{Begin, Clock};
use desk::{Desk, Mailbox};
use node::{Agent, Attacker};
use section::Section;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::thread::Builder;

/// How to run, as opposed to what.
#[derive(Default)]
pub struct RunOptions {
    /// Arbiters, each on a thread of its own; 0 counts as 1. No result depends on it.
    pub threads: usize,
    /// Folder of the run's files; without one, only the summary is made. Where a checkpoint of the
    /// run is in it, the run goes on from there.
    pub folder: Option<PathBuf>,
    /// Who watches.
    pub observers: Vec<Box<dyn Observer>>,
    /// Set to true from anywhere, ends the run after the iteration it is in, with a checkpoint where
    /// there is a folder.
    pub interrupt: Arc<AtomicBool>,
    /// Iterations from one checkpoint to the next, where there is a folder; `None` writes one only
    /// where the run is interrupted.
    pub checkpoint_every: Option<NonZeroU64>,
}

/// Runs a plan to its end.
///
/// ```
/// use byzsim::actors::{RunOptions, run};
/// use byzsim::scenario::{Catalogues, Plan, ScenarioFile};
/// use byzsim::data::Library;
/// let text = "iterations = 20\n[task]\nkind = \"target-localization\"";
/// let catalogues = Catalogues::default();
/// let file = ScenarioFile::parse("here", text, "demo", ".".into(), &[], &catalogues)?;
/// let library = Library::new(None, ".");
/// let plan = Plan::draw(&file, &file.points[0], &library, &catalogues)?;
/// let summary = run(plan.into(), RunOptions::default())?;
/// assert!(summary.number(&["final", "loss", "mean"]).unwrap() < 400.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A panic in an actor, an attack or an observer; results that cannot be written; an
/// interruption. What was recorded until then is readable. A checkpoint in the folder that the run
/// cannot go on from: then the folder is as it was.
pub fn run(plan: Arc<Plan>, options: RunOptions) -> Result<Summary, RunError> {
    let body = || run_here(plan, options);
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        Err(RunError::Panic(Panic {
            who: "the run".to_owned(),
            iteration: 0,
            at: SimTime::ZERO,
            message: Panic::message(&*payload),
        }))
    })
}

fn run_here(plan: Arc<Plan>, options: RunOptions) -> Result<Summary, RunError> {
    let threads = options.threads.clamp(1, plan.graph.agents());
    let wants_models = options.observers.iter().any(|o| o.wants_models());
    let output = Output {
        folder: options.folder,
        threads,
    };
    let folder = output.folder.clone();
    let checkpoint = match &folder {
        Some(folder) => Checkpoint::find(folder, &plan)?,
        None => None,
    };
    let recorded = checkpoint.as_ref().map(|c| &*c.recorded);
    let recorder = Recorder::open(plan.clone(), output, options.observers, recorded)?;
    let torn = |torn| Checkpoint::refused(folder.as_deref(), torn);
    let sections = match checkpoint {
        Some(checkpoint) => section::part(checkpoint.others, plan.graph.agents()).map_err(torn)?,
        None => Vec::new(),
    };
    let mut sections = sections.into_iter();
    // As the clock writes them.
    let (of_clock, of_board) = (sections.next(), sections.next());
    let board = Board::new(&plan);
    if let (Some(board), Some(section)) = (&board, of_board) {
        section.read(|book| board.keep(book)).map_err(torn)?;
    }
    let (sender, entries) = Recorder::channel();
    let spent = recorder.spent();
    let (tell, over) = tokio::sync::oneshot::channel();

    let desk = Arc::new(Desk {
        measures: plan.record.wall,
        board,
        plan,
        wants_models,
        wants_last_model: recorder.wants_last_models().iter().copied().collect(),
        folder: folder.clone(),
        checkpoint_every: options.checkpoint_every,
        interrupt: options.interrupt,
        recorder: sender,
        spent,
        directory: OnceLock::new(),
        clock: OnceLock::new(),
    });
    // A system belongs to its thread for good, so the actors have threads of their own. The recorder
    // stays on the caller's: what it has for its buffers is there for the next run.
    std::thread::scope(|scope| {
        let act = || act(desk, threads, of_clock, sections, over);
        let acting = Builder::new().spawn_scoped(scope, act);
        let acting = acting.map_err(|error| RunError::Threads {
            wanted: threads,
            error,
        })?;
        let record = || recorder.run(&entries);
        let outcome = catch_unwind(AssertUnwindSafe(record)).unwrap_or_else(|payload| {
            Err(RunError::Panic(Panic {
                who: "the recorder".to_owned(),
                iteration: 0,
                at: SimTime::ZERO,
                message: Panic::message(&*payload),
            }))
        });
        // Whoever has more to tell waits for nothing from here on.
        drop(entries);
        // Nobody waits for it where the actors are gone.
        let _ = tell.send(());
        match acting.join() {
            Ok(acted) => acted.and(outcome),
            Err(payload) => resume_unwind(payload),
        }
    })
}

/// Has the actors act until it is over.
fn act(
    desk: Arc<Desk>,
    threads: usize,
    of_clock: Option<Section>,
    of_agents: impl Iterator<Item = Section>,
    over: tokio::sync::oneshot::Receiver<()>,
) -> Result<(), RunError> {
    let system = System::new();
    let mut arbiters: Vec<Arbiter> = Vec::new();
    while arbiters.len() + 1 < threads {
        match Arbiter::try_new() {
            Ok(arbiter) => arbiters.push(arbiter),
            // No result depends on how many there are.
            Err(_) => break,
        }
    }
    let told = system.block_on(async {
        start(&desk, &arbiters, of_clock, of_agents);
        over.await
    });
    // Whatever ended the run, nobody ticks any more: arbiters finish what they are at and stop.
    for arbiter in &arbiters {
        arbiter.stop();
    }
    for arbiter in arbiters {
        if arbiter.join().is_err() {
            return Err(lost("an arbiter"));
        }
    }
    told.map_err(|_| lost("the recorder"))
}

/// A thread that ended outside of any handler: a fault of the simulator.
fn lost(who: &str) -> RunError {
    RunError::Panic(Panic {
        who: who.to_owned(),
        iteration: 0,
        at: SimTime::ZERO,
        message: "its thread ended".to_owned(),
    })
}

/// Starts all actors: agents in their order, in parts of equal work, the first part beside the
/// clock.
/// Who goes on from a checkpoint gets the part of it that is its own.
fn start(
    desk: &Arc<Desk>,
    arbiters: &[Arbiter],
    of_clock: Option<Section>,
    mut of_agents: impl Iterator<Item = Section>,
) {
    let mut handles: Vec<ArbiterHandle> = vec![Arbiter::current()];
    handles.extend(arbiters.iter().map(Arbiter::handle));
    let work = |agent| desk.plan.world.work(agent);
    let all: u64 = desk.plan.graph.ids().map(work).sum();
    let mut before = 0;
    let mailbox = |agent: AgentId| {
        // An agent belongs to the part that has the middle of its work; a task may claim none.
        let middle = (before as f64 + work(agent) as f64 / 2.0) / all.max(1) as f64;
        before += work(agent);
        let part = (middle * handles.len() as f64) as usize;
        let home = &handles[part.min(handles.len() - 1)];
        let desk = desk.clone();
        let section = of_agents.next();
        match desk.plan.roles[agent.index()] {
            Role::Honest => Mailbox::Agent(Agent::start_in_arbiter(home, move |_| {
                Agent::new(desk, agent, section)
            })),
            Role::Byzantine(_) => Mailbox::Attacker(Attacker::start_in_arbiter(home, move |_| {
                Attacker::new(desk, agent, section)
            })),
        }
    };
    let directory = desk.plan.graph.ids().map(mailbox).collect();
    let clock = match Clock::new(desk.clone(), of_clock) {
        Ok(clock) => clock.start(),
        Err(torn) => return desk.refuse_checkpoint(torn),
    };
    let filled = desk.directory.set(directory).is_ok() && desk.clock.set(clock).is_ok();
    assert!(filled, "a run starts once");
    desk.clock().do_send(Begin);
}
