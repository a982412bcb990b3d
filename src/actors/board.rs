//! What attackers that know more than their own state look at: a board on which honest agents leave
//! their states, and copies of what they send to attackers, out of band.
//!
//! It is asked for what was there up to a moment that everybody has passed, so that the answer does
//! not depend on who left what first. Synchronous and deadline: attackers look once all others have
//! sent. Asynchronous: a look goes back by the least link latency, and what lies before that was
//! done in earlier windows.

use super::lane::Trip;
use super::letter::Letter;
use super::message::Copied;
use crate::attack::Knowledge;
use crate::fault::Outages;
use crate::scenario::{Pace, Plan, Role};
use crate::units::{AgentId, Params, SimTime};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The board of a run.
pub(super) struct Board {
    /// Each honest agent's last states, where attackers look at them.
    states: Option<Vec<Mutex<Vec<State>>>>,
    /// Whether they look at what rules remember, too.
    pub shows_memory: bool,
    /// What has been sent to each attacker that listens, itself or for its group.
    ears: BTreeMap<AgentId, Mutex<Ear>>,
    /// How far apart in time those can be who act at once.
    window: SimTime,
    /// What everybody sees who looks in one iteration, where there are such.
    common: Mutex<Option<(u64, Seen)>>,
}

/// An honest agent's state.
pub(super) struct State {
    /// From when on θ, the batch and φ are these.
    pub since: SimTime,
    /// The newest ψ.
    pub adapted: Letter,
    /// θ.
    pub combined: Params,
    /// The iteration whose batch is the current one.
    pub batch: u64,
    /// φ of the agent and its neighbors, where attackers look at it.
    pub memory: Arc<[(AgentId, f64)]>,
}

/// What is known of an honest agent. Who hears its models alone knows no more than ψ.
#[derive(Clone)]
pub(super) struct Known {
    pub agent: AgentId,
    pub adapted: Letter,
    pub state: Option<KnownState>,
}

/// The rest of it.
#[derive(Clone)]
pub(super) struct KnownState {
    pub combined: Params,
    pub batch: u64,
    pub memory: Arc<[(AgentId, f64)]>,
}

/// What an attacker sees: honest agents in ascending order, as they were at one moment.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub honest: Arc<[Known]>,
    pub at: SimTime,
}

/// Copies of honest models on their way to an attacker that will be up when they come.
struct Ear {
    outages: Outages,
    by_sender: BTreeMap<AgentId, Vec<Overheard>>,
}

struct Overheard {
    at: SimTime,
    letter: Letter,
}

impl Board {
    /// A board, if anybody looks at one.
    pub fn new(plan: &Plan) -> Option<Board> {
        let most = plan.most_knowledge();
        if most == Knowledge::None {
            return None;
        }
        let listens = |k: &AgentId| {
            matches!(
                plan.knowledge(*k),
                Knowledge::Neighbors | Knowledge::Colluding
            )
        };
        let ear = |k| {
            let ear = Ear {
                outages: plan.faults.outages(k),
                by_sender: BTreeMap::new(),
            };
            (k, Mutex::new(ear))
        };
        let states = || plan.graph.ids().map(|_| Mutex::default()).collect();
        Some(Board {
            states: (most >= Knowledge::Omniscient).then(states),
            shows_memory: most >= Knowledge::VictimData,
            ears: plan.graph.ids().filter(listens).map(ear).collect(),
            window: match plan.clock.pace {
                Pace::Asynchronous { .. } => plan.links.least_latency(),
                _ => SimTime::ZERO,
            },
            common: Mutex::default(),
        })
    }

    /// Whether anybody looks at honest agents' states.
    pub fn shows_states(&self) -> bool {
        self.states.is_some()
    }

    /// An honest agent leaves its state.
    pub fn publish(&self, agent: AgentId, state: State) {
        let Some(states) = &self.states else {
            return;
        };
        let mut states = lock(&states[agent.index()]);
        // Nobody asks any more for what had been replaced when the last one was left.
        if let Some(last) = states.last() {
            let asked = self.asked_from(last.adapted.head().adapted);
            let replaced = |next: &State| next.since <= asked && next.adapted_at() <= asked;
            let first = states.iter().rposition(replaced).unwrap_or(0);
            states.drain(..first);
        }
        states.push(state);
    }

    /// A copy of a model is under way to an agent. Of honest agents' models, attackers keep another.
    pub fn overhear(&self, plan: &Plan, receiver: AgentId, letter: &Letter, copied: Copied) {
        let sender = letter.head().sender;
        let Some(ear) = self.ears.get(&receiver) else {
            return;
        };
        if copied.tag.is_lost()
            || plan.is_byzantine(sender)
            || !letter.is_well_formed(plan.world.dimension())
        {
            return;
        }
        let mut ear = lock(ear);
        let iteration = match plan.clock.pace.period() {
            Some(period) => copied.at.us() / period.us(),
            None => letter.head().stamp,
        };
        if ear.outages.is_down(iteration, copied.at) {
            return;
        }
        let heard = ear.by_sender.entry(sender).or_default();
        if let Some(last) = heard.last() {
            let asked = self.asked_from(last.letter.head().adapted);
            let newest = heard.iter().filter(|copy| copy.at <= asked);
            let newest = newest.map(|copy| copy.letter.head().stamp).max();
            heard.retain(|copy| copy.at > asked || Some(copy.letter.head().stamp) == newest);
        }
        heard.push(Overheard {
            at: copied.at,
            letter: letter.clone(),
        });
    }

    /// The earliest moment that anybody asks for, when an agent that adapted at `before` has come to
    /// its next iteration.
    fn asked_from(&self, before: SimTime) -> SimTime {
        before - (self.window + self.window)
    }

    /// What an attacker sees that acts in an iteration.
    ///
    /// # Panics
    /// For an agent that looks at nothing.
    pub fn look(&self, plan: &Plan, attacker: AgentId, trip: Trip) -> Seen {
        let knowledge = plan.knowledge(attacker);
        let sees_all = knowledge >= Knowledge::Omniscient;
        let by_iteration = !matches!(plan.clock.pace, Pace::Asynchronous { .. });
        if !sees_all || !by_iteration {
            return self.look_anew(plan, attacker, trip, sees_all);
        }
        let mut common = lock(&self.common);
        match &*common {
            Some((iteration, seen)) if *iteration == trip.iteration => seen.clone(),
            _ => {
                let seen = self.look_anew(plan, attacker, trip, true);
                *common = Some((trip.iteration, seen.clone()));
                seen
            }
        }
    }

    fn look_anew(&self, plan: &Plan, attacker: AgentId, trip: Trip, sees_all: bool) -> Seen {
        let group = match plan.roles[attacker.index()] {
            _ if sees_all => Vec::new(),
            role @ Role::Byzantine(_) if plan.knowledge(attacker) == Knowledge::Colluding => {
                let same = |k: &AgentId| plan.roles[k.index()] == role;
                plan.graph.ids().filter(same).collect()
            }
            _ => vec![attacker],
        };
        let at = match plan.clock.pace {
            Pace::Synchronous { .. } if sees_all => self.all_adapted(trip.iteration),
            Pace::Synchronous { .. } => {
                let last = group.iter().map(|&k| self.last_arrival(k, trip));
                last.max().unwrap_or_default()
            }
            Pace::Deadline { period, .. } => trip.instant + SimTime::from_us(period.us() / 2),
            Pace::Asynchronous { .. } => trip.instant - self.window,
        };
        let honest = if sees_all {
            self.states_at(at)
        } else {
            let mut newest: BTreeMap<AgentId, Letter> = BTreeMap::new();
            for member in group {
                self.hear(plan, member, (trip, at), &mut newest);
            }
            let known = |(agent, adapted)| Known {
                agent,
                adapted,
                state: None,
            };
            newest.into_iter().map(known).collect()
        };
        Seen { honest, at }
    }

    /// When the last honest agent has adapted that takes part in an iteration.
    fn all_adapted(&self, iteration: u64) -> SimTime {
        let states = self.states.iter().flatten();
        let last = states.filter_map(|states| {
            let states = lock(states);
            let head = states.last()?.adapted.head();
            (head.stamp == iteration).then_some(head.adapted)
        });
        last.max().unwrap_or_default()
    }

    /// Every honest agent's state at a moment, as far as it has adapted by then.
    fn states_at(&self, at: SimTime) -> Arc<[Known]> {
        let all = self.states.iter().flatten().enumerate();
        let known = all.filter_map(|(index, states)| {
            let states = lock(states);
            let adapted = states.iter().rev().find(|s| s.adapted_at() <= at)?;
            let state = states.iter().rev().find(|s| s.since <= at)?;
            Some(Known {
                agent: AgentId::from_index(index),
                adapted: adapted.adapted.clone(),
                state: Some(KnownState {
                    combined: state.combined.clone(),
                    batch: state.batch,
                    memory: state.memory.clone(),
                }),
            })
        });
        known.collect()
    }

    /// When the last of an iteration's honest models reaches an attacker.
    fn last_arrival(&self, attacker: AgentId, trip: Trip) -> SimTime {
        let ear = self.ear(attacker);
        let copies = ear.by_sender.values().flatten();
        let current = copies.filter(|copy| copy.letter.head().stamp == trip.iteration);
        current.map(|copy| copy.at).max().unwrap_or_default()
    }

    /// Adds the newest model that each honest neighbor of an attacker has sent it, as of a moment.
    fn hear(
        &self,
        plan: &Plan,
        attacker: AgentId,
        (trip, at): (Trip, SimTime),
        newest: &mut BTreeMap<AgentId, Letter>,
    ) {
        let graph = plan.networks.at(plan.networks.epoch(trip.iteration));
        let ear = self.ear(attacker);
        for &sender in graph.receives_from(attacker) {
            let copies = ear.by_sender.get(&sender).into_iter().flatten();
            for copy in copies.filter(|copy| copy.at <= at) {
                let known = newest.get(&sender).map(|letter| letter.head().stamp);
                let is_newer = known.is_none_or(|known| copy.letter.head().stamp > known);
                if is_newer {
                    newest.insert(sender, copy.letter.clone());
                }
            }
        }
    }

    fn ear(&self, attacker: AgentId) -> MutexGuard<'_, Ear> {
        lock(
            self.ears
                .get(&attacker)
                .expect("whoever listens has an ear"),
        )
    }
}

impl State {
    fn adapted_at(&self) -> SimTime {
        self.adapted.head().adapted
    }
}

/// Whoever panicked with the lock ends the run: what others do until then does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
