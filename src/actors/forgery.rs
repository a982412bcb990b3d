//! How an attacker's forger is handed what its knowledge shows it, and nothing else.

use super::board::{Known, KnownState, Seen};
use super::desk::Desk;
use super::lane::Trip;
use super::member::{Member, last_step};
use crate::attack::{
    AnyForger, Batch, Crowd, HonestModel, Memory, Models, Neighbor, Network, OwnState, VictimData,
};
use crate::checkpoint::{Book, Kept};
use crate::rng::{Key, Purpose};
use crate::scenario::{AttackPlan, Plan};
use crate::task::Objective;
use crate::topology::Graph;
use crate::units::{AgentId, SimTime};
use std::collections::BTreeMap;
use std::sync::Arc;

/// An attacker's forger with what it sees.
pub(super) struct Forgery {
    plan: Arc<Plan>,
    per_victim: bool,
    forger: AnyForger,
    seen: Seen,
    /// The network of the iteration.
    epoch: u64,
    graph: Arc<Graph>,
    /// Victims' streams of batches, as far as they were looked at.
    objectives: BTreeMap<AgentId, Box<dyn Objective>>,
    payload: Vec<f32>,
}

impl Forgery {
    /// # Panics
    /// For an attack that asks for less knowledge than its forger is handed.
    pub fn new(plan: &Arc<Plan>, attacker: AgentId, attack: &AttackPlan) -> Forgery {
        let forger = attack.attack.forger(attacker);
        let (needs, says) = (forger.needs(), attack.attack.knowledge());
        assert!(
            needs <= says,
            "the attack says that it needs the knowledge \"{}\", and its forger needs \"{}\"",
            says.name(),
            needs.name()
        );
        Forgery {
            plan: plan.clone(),
            per_victim: attack.per_victim,
            forger,
            seen: Seen::default(),
            epoch: 0,
            graph: plan.graph.clone(),
            objectives: BTreeMap::new(),
            payload: Vec::new(),
        }
    }

    /// Keeps what the forger remembers. What it sees is looked at anew.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.forger.keep(book)
    }

    /// Whether payloads for different victims differ, beside what is drawn for them.
    pub fn is_by_victim(&self) -> bool {
        self.forger.is_by_victim()
    }

    /// Whom the attacker sends to in the network of the iteration.
    pub fn victims(&self, attacker: AgentId) -> &[AgentId] {
        self.graph.sends_to(attacker)
    }

    /// The moment of what it sees.
    pub fn seen_at(&self) -> SimTime {
        self.seen.at
    }

    /// Looks at what its knowledge shows in an iteration.
    pub fn look(&mut self, desk: &Desk, attacker: AgentId, trip: Trip) {
        let networks = &self.plan.networks;
        let epoch = networks.epoch(trip.iteration);
        if epoch != self.epoch {
            self.epoch = epoch;
            self.graph = networks.at(epoch);
            let victims = self.graph.sends_to(attacker);
            self.objectives
                .retain(|victim, _| victims.binary_search(victim).is_ok());
        }
        if let Some(board) = &desk.board {
            self.seen = board.look(&self.plan, attacker, trip, &self.graph);
        }
    }

    /// Makes a payload for a victim, or for all. With no honest model to look at, it is the
    /// attacker's own honest one.
    pub fn forge(&mut self, member: &Member, victim: Option<AgentId>) -> &[f32] {
        self.payload.clear();
        let key = Key::new(self.plan.seeds.attackers, Purpose::Payload).of(member.id());
        let drawn_for = victim.filter(|_| self.per_victim);
        let own = OwnState {
            iteration: member.iteration(),
            attacker: member.id(),
            victim,
            honest: member.adapted().values(),
            key: drawn_for.map_or(key, |victim| key.toward(victim)),
        };
        let victim_is_known = || victim.is_some_and(|victim| self.seen.of(victim).is_some());
        match &mut self.forger {
            AnyForger::Blind(forger) => forger.forge(own, &mut self.payload),
            AnyForger::Listening(forger) if !self.seen.honest.is_empty() => {
                let models = Models {
                    own,
                    honest: &self.seen.models(),
                    crowd: victim.map(|victim| crowd(&self.plan, &self.graph, victim)),
                };
                forger.forge(models, &mut self.payload);
            }
            AnyForger::Omniscient(_) | AnyForger::VictimData(_) if victim_is_known() => {
                self.forge_knowing(own);
            }
            _ => self.payload.extend_from_slice(own.honest),
        }
        &self.payload
    }

    /// Makes a payload for a victim whose state is known.
    fn forge_knowing(&mut self, own: OwnState<'_>) {
        let plan = &self.plan;
        let seen = own
            .victim
            .and_then(|victim| Some((victim, self.seen.of(victim)?)));
        let Some((victim, state)) = seen else {
            return;
        };
        let combined: Vec<&[f32]> = self.seen.states().map(|s| s.combined.values()).collect();
        let models = Models {
            own,
            honest: &self.seen.models(),
            crowd: Some(crowd(plan, &self.graph, victim)),
        };
        let network = Network {
            models,
            victim,
            combined: &combined,
            neighbors: &neighbors(plan, &self.graph, victim),
        };
        match &mut self.forger {
            AnyForger::Omniscient(forger) => forger.forge(network, &mut self.payload),
            AnyForger::VictimData(forger) => {
                let make = || plan.world.clone().objective(victim);
                let objective = self.objectives.entry(victim).or_insert_with(make);
                objective.draw(last_step(&plan.learner(victim), state.batch));
                let data = VictimData {
                    network,
                    batch: Batch::new(&mut **objective),
                    memory: memory(plan, state, victim, own.attacker),
                };
                forger.forge(data, &mut self.payload);
            }
            AnyForger::Blind(_) | AnyForger::Listening(_) => {}
        }
    }
}

/// How many models a victim gets, and how many of attackers.
fn crowd(plan: &Plan, graph: &Graph, victim: AgentId) -> Crowd {
    let neighbors = graph.receives_from(victim).iter();
    Crowd {
        models: neighbors.len() + 1,
        byzantine: neighbors.filter(|&&l| plan.is_byzantine(l)).count(),
    }
}

fn neighbors(plan: &Plan, graph: &Graph, victim: AgentId) -> Vec<Neighbor> {
    let neighbor = |&agent: &AgentId| Neighbor {
        agent,
        degree: graph.receives_from(agent).len(),
        is_byzantine: plan.is_byzantine(agent),
    };
    graph.receives_from(victim).iter().map(neighbor).collect()
}

/// What a victim's rule remembers.
fn memory(plan: &Plan, state: &KnownState, victim: AgentId, attacker: AgentId) -> Memory {
    let phi = |of: AgentId| {
        let found = state.memory.of.iter().find(|(agent, _)| *agent == of);
        found.map(|(_, phi)| *phi).or(state.memory.initial)
    };
    Memory {
        own: phi(victim),
        attacker: phi(attacker),
        forgetting: plan.rule(victim).rule.forgetting(state.batch),
    }
}

impl Seen {
    /// ψ of everyone seen.
    fn models(&self) -> Vec<HonestModel<'_>> {
        fn model(known: &Known) -> HonestModel<'_> {
            HonestModel {
                agent: known.agent,
                model: known.adapted.values(),
            }
        }
        self.honest.iter().map(model).collect()
    }

    /// The other state of everyone seen, where that is seen.
    fn states(&self) -> impl Iterator<Item = &KnownState> {
        self.honest.iter().filter_map(|known| known.state.as_ref())
    }

    /// The state of one agent, where that is seen.
    fn of(&self, agent: AgentId) -> Option<&KnownState> {
        let found = self
            .honest
            .binary_search_by_key(&agent, |known| known.agent);
        self.honest[found.ok()?].state.as_ref()
    }
}
