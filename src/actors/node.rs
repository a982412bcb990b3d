//! The actors of agents and attackers: a handler takes a message, lets the participant act, and
//! ends the run if that panics.

use super::desk::Desk;
use super::message::{Leftovers, Nothing, Parcel, Post, Tick};
use super::participant::Participant;
use super::section::Section;
use super::stopwatch::Stopwatch;
use super::voice::{Byzantine, Honest, Voice};
use crate::units::AgentId;
use actix::{Actor, Context, Handler};
use std::sync::Arc;

/// A normal agent.
pub(super) type Agent = Node<Honest>;
/// A Byzantine agent, with a pluggable attack inside.
pub(super) type Attacker = Node<Byzantine>;

/// An agent's actor.
pub(super) struct Node<V> {
    desk: Arc<Desk>,
    id: AgentId,
    /// What it goes on from, until it starts.
    checkpoint: Option<Section>,
    /// Made when the actor starts, on its own thread. Without one, something has failed and the run
    /// is ending.
    participant: Option<Box<Participant<V>>>,
}

impl<V: Voice> Node<V> {
    pub fn new(desk: Arc<Desk>, id: AgentId, checkpoint: Option<Section>) -> Self {
        Node {
            desk,
            id,
            checkpoint,
            participant: None,
        }
    }

    /// Runs a handler's body.
    fn act(&mut self, stopwatch: Stopwatch, body: impl FnOnce(&Desk, &mut Participant<V>)) {
        let Some(participant) = self.participant.as_deref_mut() else {
            return;
        };
        let (desk, id) = (&self.desk, self.id);
        let place = |p: &Participant<V>| (V::who(&desk.plan, id), p.now());
        let is_sound = desk.guard(participant, place, |participant| {
            body(desk, participant);
            stopwatch.stop(&mut participant.wall);
        });
        if !is_sound {
            // Half a step was done: a further message would only fail for another reason.
            self.participant = None;
        }
    }
}

impl<V: Voice> Actor for Node<V> {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let Node {
            desk,
            id,
            checkpoint,
            participant,
        } = self;
        let place = |_: &_| (V::who(&desk.plan, *id), Default::default());
        desk.guard(participant, place, |participant| {
            let mut own = Box::new(Participant::new(&desk.plan, *id));
            if let Some(section) = checkpoint.take()
                && let Err(torn) = section.read(|book| own.keep(&desk.plan, book))
            {
                return desk.refuse_checkpoint(torn);
            }
            *participant = Some(own);
        });
    }
}

impl<V: Voice> Handler<Tick> for Node<V> {
    type Result = ();

    fn handle(&mut self, tick: Tick, _: &mut Self::Context) {
        let stopwatch = Stopwatch::start(tick.posted);
        self.act(stopwatch, |desk, agent| agent.tick(desk, tick.signal));
    }
}

impl<V: Voice> Handler<Post> for Node<V> {
    type Result = ();

    fn handle(&mut self, post: Post, _: &mut Self::Context) {
        let stopwatch = Stopwatch::of_letter(self.desk.measures, &post.letter);
        self.act(stopwatch, |desk, agent| agent.take(desk, post));
    }
}

impl<V: Voice> Handler<Parcel> for Node<V> {
    type Result = ();

    fn handle(&mut self, parcel: Parcel, _: &mut Self::Context) {
        let stopwatch = Stopwatch::of_letter(self.desk.measures, &parcel.letter);
        self.act(stopwatch, |desk, agent| agent.take_parcel(desk, parcel));
    }
}

impl<V: Voice> Handler<Nothing> for Node<V> {
    type Result = ();

    fn handle(&mut self, nothing: Nothing, _: &mut Self::Context) {
        self.act(Stopwatch::start(None), |desk, agent| {
            agent.take_nothing(desk, nothing);
        });
    }
}

impl<V: Voice> Handler<Leftovers> for Node<V> {
    type Result = ();

    fn handle(&mut self, leftovers: Leftovers, _: &mut Self::Context) {
        self.act(Stopwatch::start(None), |desk, agent| {
            agent.take_leftovers(desk, leftovers);
        });
    }
}
