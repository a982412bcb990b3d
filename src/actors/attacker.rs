//! The actor of a Byzantine agent, with a pluggable attack inside.

use super::agent::{finish_if_ready, send};
use super::desk::Desk;
use super::letter::Letter;
use super::member::Member;
use super::message::{Post, Tick};
use super::stopwatch::Stopwatch;
use crate::attack::{Forger, Sight, Timing};
use crate::rng::{Key, Purpose};
use crate::units::AgentId;
use actix::{Actor, Context, Handler};
use std::sync::Arc;

/// A Byzantine agent. It runs task and rule as an honest one would, all the time, and when its
/// attack is on it sends something else to its victims.
pub(super) struct Attacker {
    desk: Arc<Desk>,
    id: AgentId,
    attack: usize,
    /// Made when the actor starts, on its own thread.
    state: Option<State>,
}

struct State {
    member: Member,
    forger: Box<dyn Forger>,
    attacking: bool,
    payload: Vec<f32>,
}

impl Attacker {
    /// `attack` is the index of its attack in the plan.
    pub fn new(desk: Arc<Desk>, id: AgentId, attack: usize) -> Attacker {
        Attacker {
            desk,
            id,
            attack,
            state: None,
        }
    }

    fn who(&self) -> String {
        format!(
            "attacker {} ({})",
            self.id, self.desk.plan.attacks[self.attack].name
        )
    }

    /// Runs a handler's body. Without a state, making it has failed and the run is ending.
    fn act(&mut self, body: impl FnOnce(&Desk, &mut State, usize)) {
        let Some(mut state) = self.state.take() else {
            return;
        };
        let place = |state: &State| (self.who(), state.member.now());
        let body = |state: &mut State| body(&self.desk, state, self.attack);
        // After half a step, a further message would only fail for another reason.
        if self.desk.guard(&mut state, place, body) {
            self.state = Some(state);
        }
    }
}

impl Actor for Attacker {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let (plan, id) = (&self.desk.plan, self.id);
        let mut state = None;
        let place = |_: &_| (self.who(), Default::default());
        self.desk.guard(&mut state, place, |state| {
            *state = Some(State {
                member: Member::new(plan.clone(), id),
                forger: plan.attacks[self.attack].attack.forger(id),
                attacking: false,
                payload: Vec::new(),
            });
        });
        self.state = state;
    }
}

impl Handler<Tick> for Attacker {
    type Result = ();

    fn handle(&mut self, tick: Tick, _: &mut Self::Context) {
        let stopwatch = Stopwatch::start(tick.posted);
        self.act(|desk, state, attack| {
            state.member.begin(tick);
            let attack = &desk.plan.attacks[attack];
            state.attacking = attack.active.is_on(tick.iteration, tick.start);
            let adapted = state.member.adapted().clone();
            let mut shared = None;
            for link in desk.plan.graph.links_from(state.member.id()) {
                let (neighbor, slot) = link;
                if !state.attacking || !attack.has_victim(neighbor) {
                    send(desk, &mut state.member, link, adapted.clone());
                } else if attack.timing == Timing::Silent {
                    let letter = state.member.tombstone();
                    let known = letter.head().sent;
                    desk.post(
                        neighbor,
                        Post {
                            letter,
                            known,
                            slot,
                        },
                    );
                } else {
                    let letter = if attack.per_victim {
                        forge(desk, state, Some(neighbor))
                    } else {
                        shared
                            .get_or_insert_with(|| forge(desk, state, None))
                            .clone()
                    };
                    send(desk, &mut state.member, link, letter);
                }
            }
            finish(desk, state, stopwatch);
        });
    }
}

impl Handler<Post> for Attacker {
    type Result = ();

    fn handle(&mut self, post: Post, _: &mut Self::Context) {
        let stopwatch = Stopwatch::of_post(self.desk.measures, &post);
        self.act(|desk, state, _| {
            state.member.receive(post);
            finish(desk, state, stopwatch);
        });
    }
}

fn finish(desk: &Desk, state: &mut State, stopwatch: Stopwatch) {
    finish_if_ready(desk, &mut state.member, state.attacking, stopwatch);
}

fn forge(desk: &Desk, state: &mut State, victim: Option<AgentId>) -> Letter {
    let (iteration, _) = state.member.now();
    let sight = Sight {
        iteration,
        attacker: state.member.id(),
        victim,
        honest: state.member.adapted().values(),
        key: Key::new(desk.plan.seeds.attackers, Purpose::Payload),
    };
    state.payload.clear();
    state.forger.forge(&sight, &mut state.payload);
    state.member.letter(&state.payload)
}
