//! What all actors of a run share: the directory, the way to the recorder, and how panics end it.

use super::board::Board;
use super::clock::Clock;
use super::message::{Copied, Leftovers, Nothing, Parcel, Post, Sent, Tick};
use super::node::{Agent, Attacker};
use crate::checkpoint::Torn;
use crate::record::{Checkpoint, Entry, Panic, RunError, Sample};
use crate::scenario::{Mode, Plan};
use crate::units::{AgentId, SimTime};
use actix::{Addr, Handler, Message};
use crossbeam_channel::{Receiver, Sender};
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Shared by all actors of a run.
pub(super) struct Desk {
    pub plan: Arc<Plan>,
    /// What attackers look at that know more than their own state, if there are any.
    pub board: Option<Board>,
    /// Whether wall-clock times of messages are measured.
    pub measures: bool,
    /// Whether observers want every agent's model.
    pub wants_models: bool,
    /// Whose last models the recorder wants.
    pub wants_last_model: BTreeSet<AgentId>,
    /// The run's folder, and iterations from one checkpoint in it to the next.
    pub folder: Option<PathBuf>,
    pub checkpoint_every: Option<NonZeroU64>,
    /// Set from outside to end the run at the next iteration.
    pub interrupt: Arc<AtomicBool>,
    pub recorder: Sender<Entry>,
    /// Samples that the recorder is done with.
    pub spent: Receiver<Vec<Sample>>,
    /// Everybody's mailbox, by number. Filled before the first tick.
    pub directory: OnceLock<Vec<Mailbox>>,
    pub clock: OnceLock<Addr<Clock>>,
}

/// Where an agent or attacker gets its messages. Sending never blocks, and what bounds the mailbox
/// is the protocol: one message per neighbor and iteration, with at most as many copies as a link
/// carries.
pub(super) enum Mailbox {
    Agent(Addr<Agent>),
    Attacker(Addr<Attacker>),
}

impl Mailbox {
    pub fn tick(&self, tick: Tick) {
        match self {
            Mailbox::Agent(address) => address.do_send(tick),
            Mailbox::Attacker(address) => address.do_send(tick),
        }
    }

    /// Puts a neighbor's message into the mailbox.
    fn put<M>(&self, message: M)
    where
        M: Message<Result = ()> + Send + 'static,
        Agent: Handler<M>,
        Attacker: Handler<M>,
    {
        match self {
            Mailbox::Agent(address) => address.do_send(message),
            Mailbox::Attacker(address) => address.do_send(message),
        }
    }
}

impl Desk {
    /// Everybody's mailbox. The first tick comes after it was filled, and nobody posts before.
    pub fn mailboxes(&self) -> &[Mailbox] {
        self.directory.get().expect("filled before the first tick")
    }

    /// Puts a copy of a model into a neighbor's mailbox.
    pub fn post(&self, receiver: AgentId, post: Post) {
        if let Some(board) = &self.board {
            let Post { at, tag, .. } = post;
            board.overhear(&self.plan, receiver, &post.letter, Copied { at, tag });
        }
        self.mailboxes()[receiver.index()].put(post);
    }

    /// Puts several copies of a model into a neighbor's mailbox.
    pub fn parcel(&self, receiver: AgentId, parcel: Parcel) {
        if let Some(board) = &self.board {
            for &copied in &parcel.copies {
                board.overhear(&self.plan, receiver, &parcel.letter, copied);
            }
        }
        self.mailboxes()[receiver.index()].put(parcel);
    }

    /// Puts copies of earlier iterations' models into a receiver's mailbox, instead of what was
    /// foreseen of them.
    pub fn leftovers(&self, receiver: AgentId, leftovers: Leftovers) {
        if let Some(board) = &self.board {
            board.forget(&self.plan, receiver, leftovers.sender, leftovers.since);
            for (letter, copied) in &leftovers.copies {
                board.overhear(&self.plan, receiver, letter, *copied);
            }
        }
        self.mailboxes()[receiver.index()].put(leftovers);
    }

    /// Tells a neighbor that nothing comes.
    pub fn nothing(&self, receiver: AgentId, nothing: Nothing) {
        self.mailboxes()[receiver.index()].put(nothing);
    }

    /// Tells the clock that an agent has sent what it sends in an iteration, where others wait for
    /// that.
    pub fn sent(&self) {
        if self.board.is_some() && self.plan.mode() != Mode::Asynchronous {
            self.clock().do_send(Sent);
        }
    }

    /// Ends the run, since it cannot go on from what a checkpoint says.
    pub fn refuse_checkpoint(&self, torn: Torn) {
        self.fail(Checkpoint::refused(self.folder.as_deref(), torn));
    }

    /// Ends the run.
    pub fn fail(&self, error: RunError) {
        // No receiver means that the run has ended already, for another reason.
        let _ = self.recorder.send(Entry::Failed(error));
    }

    pub fn clock(&self) -> &Addr<Clock> {
        self.clock.get().expect("started before the first tick")
    }

    /// Runs a handler's body on an actor's state, and says whether it came to its end. A panic in
    /// it would end this actor alone, in silence, and leave the others waiting: it ends the run
    /// instead. `place` tells whose it was and where the state stood when it happened.
    pub fn guard<T>(
        &self,
        state: &mut T,
        place: impl FnOnce(&T) -> (String, (u64, SimTime)),
        body: impl FnOnce(&mut T),
    ) -> bool {
        let caught = catch_unwind(AssertUnwindSafe(|| body(state)));
        if let Err(payload) = &caught {
            let (who, (iteration, at)) = place(state);
            let panic = Panic {
                who,
                iteration,
                at,
                message: Panic::message(&**payload),
            };
            self.fail(RunError::Panic(panic));
        }
        caught.is_ok()
    }

    pub fn is_interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }
}
