//! The actor of a normal agent.

use super::desk::Desk;
use super::letter::Letter;
use super::member::Member;
use super::message::{Done, Post, Tick};
use super::stopwatch::Stopwatch;
use crate::link::{Departure, Fate};
use crate::units::AgentId;
use actix::{Actor, Context, Handler};
use std::sync::Arc;

/// An honest agent.
pub(super) struct Agent {
    desk: Arc<Desk>,
    id: AgentId,
    /// Made when the actor starts, on its own thread.
    member: Option<Member>,
}

impl Agent {
    pub fn new(desk: Arc<Desk>, id: AgentId) -> Agent {
        Agent {
            desk,
            id,
            member: None,
        }
    }

    /// Runs a handler's body. Without a member, something has failed and the run is ending.
    fn act(&mut self, body: impl FnOnce(&Desk, &mut Member)) {
        let Some(member) = &mut self.member else {
            return;
        };
        let (desk, id) = (&self.desk, self.id);
        let place = |member: &Member| (format!("agent {id}"), member.now());
        if !desk.guard(member, place, |member| body(desk, member)) {
            // Half a step was done: a further message would only fail for another reason.
            self.member = None;
        }
    }
}

impl Actor for Agent {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let Agent { desk, id, member } = self;
        let place = |_: &_| (format!("agent {id}"), Default::default());
        desk.guard(member, place, |member| {
            *member = Some(Member::new(desk.plan.clone(), *id));
        });
    }
}

impl Handler<Tick> for Agent {
    type Result = ();

    fn handle(&mut self, tick: Tick, _: &mut Self::Context) {
        let stopwatch = Stopwatch::start(tick.posted);
        self.act(|desk, member| {
            member.begin(tick);
            let adapted = member.adapted().clone();
            for link in desk.plan.graph.links_from(member.id()) {
                send(desk, member, link, adapted.clone());
            }
            finish_if_ready(desk, member, false, stopwatch);
        });
    }
}

impl Handler<Post> for Agent {
    type Result = ();

    fn handle(&mut self, post: Post, _: &mut Self::Context) {
        let stopwatch = Stopwatch::of_post(self.desk.measures, &post);
        self.act(|desk, member| {
            member.receive(post);
            finish_if_ready(desk, member, false, stopwatch);
        });
    }
}

/// Puts a model on the link to a neighbor.
pub(super) fn send(
    desk: &Desk,
    member: &mut Member,
    (receiver, slot): (AgentId, u32),
    letter: Letter,
) {
    member.count_sent(&letter);
    let (sender, stamp) = (member.id(), letter.head().stamp);
    let departure = Departure {
        sender,
        receiver,
        stamp,
        at: letter.head().sent,
    };
    let Fate::Arrives(known) = desk.links.fate(departure);
    desk.post(
        receiver,
        Post {
            letter,
            known,
            slot,
        },
    );
}

/// Combines when every neighbor has been heard of, and tells the clock. `attacking` says whether
/// it is an attacker whose attack is on.
pub(super) fn finish_if_ready(
    desk: &Desk,
    member: &mut Member,
    attacking: bool,
    stopwatch: Stopwatch,
) {
    if !member.is_ready() {
        stopwatch.stop(&mut member.wall);
        return;
    }
    let mut sample = member.finish();
    sample.attacking = attacking;
    if desk.wants_models {
        sample.model = Some(member.combined());
    }
    stopwatch.stop(&mut sample.wall);
    desk.clock().do_send(Done { sample });
}
