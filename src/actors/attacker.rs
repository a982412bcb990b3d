//! The actor of a Byzantine agent, with a pluggable attack inside.

use super::agent::{finish_if_ready, send, send_honest};
use super::desk::Desk;
use super::member::Member;
use super::message::{Content, Post, Tick};
use super::stopwatch::Stopwatch;
use crate::attack::{Forger, Sight, Timing};
use crate::rng::{Key, Purpose};
use crate::units::{AgentId, Params};
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
        let now = state.member.now();
        let who = || self.who();
        self.desk
            .guard(who, now, || body(&self.desk, &mut state, self.attack));
        self.state = Some(state);
    }
}

impl Actor for Attacker {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let (plan, id) = (&self.desk.plan, self.id);
        let mut state = None;
        let make = || {
            state = Some(State {
                member: Member::new(plan.clone(), id),
                forger: plan.attacks[self.attack].attack.forger(id),
                attacking: false,
                payload: Vec::new(),
            });
        };
        self.desk.guard(|| self.who(), Default::default(), make);
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
            let mut shared = None;
            for &neighbor in desk.plan.graph.sends_to(state.member.id()) {
                if !state.attacking || !attack.has_victim(neighbor) {
                    send_honest(desk, &mut state.member, neighbor);
                    continue;
                }
                if attack.timing == Timing::Silent {
                    send_nothing(desk, &state.member, neighbor);
                    continue;
                }
                let params = if attack.per_victim {
                    forge(desk, state, Some(neighbor))
                } else {
                    shared
                        .get_or_insert_with(|| forge(desk, state, None))
                        .clone()
                };
                send(desk, &mut state.member, neighbor, params);
            }
            finish(desk, state, stopwatch);
        });
    }
}

impl Handler<Post> for Attacker {
    type Result = ();

    fn handle(&mut self, post: Post, _: &mut Self::Context) {
        let stopwatch = Stopwatch::start(post.posted);
        self.act(|desk, state, _| {
            state.member.receive(post);
            finish(desk, state, stopwatch);
        });
    }
}

fn finish(desk: &Desk, state: &mut State, stopwatch: Stopwatch) {
    finish_if_ready(desk, &mut state.member, state.attacking, stopwatch);
}

fn forge(desk: &Desk, state: &mut State, victim: Option<AgentId>) -> Params {
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
    Params::new(&state.payload)
}

fn send_nothing(desk: &Desk, member: &Member, neighbor: AgentId) {
    let (stamp, start) = member.now();
    let post = Post {
        sender: member.id(),
        stamp,
        sent: start,
        // That a neighbor sends nothing is known at the start of the iteration.
        content: Content::Nothing { known: start },
        posted: Stopwatch::stamp(&desk.plan),
    };
    desk.post(neighbor, post);
}
