//! What attackers that know more than their own state look at: a board on which honest agents leave
//! their states, and copies of what they send to attackers, out of band.
//!
//! It is asked for what was there up to a moment that everybody has passed, so that the answer does
//! not depend on who left what first. Synchronous and deadline: attackers look once all others have
//! sent. Asynchronous: a look goes back by the least link latency, and what lies before that was
//! done in earlier windows.
//!
//! Synchronous attackers look at the arrivals that are foreseen when an iteration's models are sent.
//! With a quorum, a retransmission that departs after the next iteration's models may arrive later
//! than that, since it waits for them in its sender's uplink; the moment of the look stays.

use super::lane::Trip;
use super::letter::Letter;
use super::message::{Copied, Tag};
use super::shelf::sent_at;
use crate::attack::Knowledge;
use crate::checkpoint::{Book, Kept};
use crate::fault::Outages;
use crate::scenario::{Pace, Plan, Role};
use crate::topology::Graph;
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
    ears: Vec<Option<Box<Mutex<Ear>>>>,
    /// The attackers of each attack.
    groups: Vec<Vec<AgentId>>,
    /// How far apart in time those can be who act at once.
    window: SimTime,
    /// What everybody sees who looks in one iteration, where there are such.
    common: Mutex<Common>,
}

/// What has been looked at together, and in which iteration.
#[derive(Default)]
struct Common {
    iteration: u64,
    /// By the omniscient.
    all: Option<Seen>,
    /// By the colluding, by attack.
    heard: BTreeMap<usize, Seen>,
}

/// An honest agent's state.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct State {
    /// From when on θ, the batch and φ are these.
    pub since: SimTime,
    /// The newest ψ.
    pub adapted: Letter,
    /// θ, and whether it is finite.
    pub combined: Params,
    pub is_finite: bool,
    /// The iteration whose batch is the current one.
    pub batch: u64,
    /// φ, where attackers look at it.
    pub memory: Arc<Remembered>,
}

/// φ of a rule.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Remembered {
    /// Of the agent and of everyone it has met, where the rule has any.
    pub of: Vec<(AgentId, f64)>,
    /// Of whoever it has not met.
    pub initial: Option<f64>,
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
    pub memory: Arc<Remembered>,
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

#[derive(serde::Serialize, serde::Deserialize)]
struct Overheard {
    at: SimTime,
    tag: Tag,
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
            Box::new(Mutex::new(ear))
        };
        let of_attack = |attack| {
            let is_of = |k: &AgentId| plan.roles[k.index()] == Role::Byzantine(attack);
            plan.graph.ids().filter(is_of).collect()
        };
        let states = || plan.graph.ids().map(|_| Mutex::default()).collect();
        Some(Board {
            states: (most >= Knowledge::Omniscient).then(states),
            shows_memory: most >= Knowledge::VictimData,
            ears: plan
                .graph
                .ids()
                .map(|k| listens(&k).then(|| ear(k)))
                .collect(),
            groups: (0..plan.attacks.len()).map(of_attack).collect(),
            window: match plan.clock.pace {
                Pace::Asynchronous { .. } => plan.links.least_latency(),
                _ => SimTime::ZERO,
            },
            common: Mutex::default(),
        })
    }

    /// Keeps states and copies. Nobody acts while it is kept.
    pub fn keep(&self, book: &mut Book<'_>) -> Kept {
        for states in self.states.iter().flatten() {
            book.value(&mut *lock(states))?;
        }
        for ear in self.ears.iter().flatten() {
            book.value(&mut lock(ear).by_sender)?;
        }
        Ok(())
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
        let Some(ear) = &self.ears[receiver.index()] else {
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
        let stamp = letter.head().stamp;
        let before = heard.iter().rfind(|copy| copy.letter.head().stamp < stamp);
        if let Some(before) = before {
            let asked = self.asked_from(before.letter.head().adapted);
            let newest = heard.iter().filter(|copy| copy.at <= asked);
            let newest = newest.map(|copy| copy.letter.head().stamp).max();
            heard.retain(|copy| copy.at > asked || Some(copy.letter.head().stamp) == newest);
        }
        heard.push(Overheard {
            at: copied.at,
            tag: copied.tag,
            letter: letter.clone(),
        });
    }

    /// What was foreseen of a sender's models that depart after `since` is going to be replaced.
    pub fn forget(&self, plan: &Plan, receiver: AgentId, sender: AgentId, since: SimTime) {
        if let Some(ear) = &self.ears[receiver.index()]
            && let Some(heard) = lock(ear).by_sender.get_mut(&sender)
        {
            let departs = |copy: &Overheard| sent_at(&copy.letter, copy.tag, receiver, plan);
            heard.retain(|copy| departs(copy) <= since);
        }
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
    pub fn look(&self, plan: &Plan, attacker: AgentId, trip: Trip, graph: &Graph) -> Seen {
        let own = [attacker];
        let (knowledge, group) = match plan.roles[attacker.index()] {
            Role::Byzantine(attack) => (plan.attacks[attack].knowledge, attack),
            Role::Honest => unreachable!("honest agents look at nothing"),
        };
        let look = || match knowledge {
            Knowledge::Omniscient | Knowledge::VictimData => self.see_all(plan, trip),
            Knowledge::Colluding => self.hear(plan, &self.groups[group], trip, graph),
            Knowledge::None | Knowledge::Neighbors => self.hear(plan, &own, trip, graph),
        };
        if matches!(plan.clock.pace, Pace::Asynchronous { .. }) {
            return look();
        }
        let mut common = lock(&self.common);
        if common.iteration != trip.iteration {
            *common = Common {
                iteration: trip.iteration,
                ..Common::default()
            };
        }
        match knowledge {
            Knowledge::Omniscient | Knowledge::VictimData => {
                common.all.get_or_insert_with(look).clone()
            }
            Knowledge::Colluding => common.heard.entry(group).or_insert_with(look).clone(),
            Knowledge::None | Knowledge::Neighbors => {
                drop(common);
                look()
            }
        }
    }

    /// The moment of a look in an iteration. `last` is the one in it at which the last of what there
    /// is to see came, if anything came.
    fn moment(&self, plan: &Plan, trip: Trip, last: impl FnOnce() -> Option<SimTime>) -> SimTime {
        match plan.clock.pace {
            Pace::Synchronous { .. } => last().unwrap_or(trip.instant),
            Pace::Deadline { period, .. } => trip.instant + SimTime::from_us(period.us() / 2),
            Pace::Asynchronous { .. } => trip.instant - self.window,
        }
    }

    /// Every honest agent's state.
    fn see_all(&self, plan: &Plan, trip: Trip) -> Seen {
        let at = self.moment(plan, trip, || self.all_adapted(trip.iteration));
        Seen {
            honest: self.states_at(at),
            at,
        }
    }

    /// The newest model that each honest neighbor of some attackers has sent them.
    fn hear(&self, plan: &Plan, group: &[AgentId], trip: Trip, graph: &Graph) -> Seen {
        let last = || {
            group
                .iter()
                .filter_map(|&k| self.last_arrival(k, trip))
                .max()
        };
        let at = self.moment(plan, trip, last);
        let mut newest: BTreeMap<AgentId, Letter> = BTreeMap::new();
        for &attacker in group {
            let ear = self.ear(attacker);
            for &sender in graph.receives_from(attacker) {
                let copies = ear.by_sender.get(&sender).into_iter().flatten();
                for copy in copies.filter(|copy| copy.at <= at) {
                    let known = newest.get(&sender).map(|letter| letter.head().stamp);
                    if known.is_none_or(|known| copy.letter.head().stamp > known) {
                        newest.insert(sender, copy.letter.clone());
                    }
                }
            }
        }
        let known = |(agent, adapted)| Known {
            agent,
            adapted,
            state: None,
        };
        Seen {
            honest: newest.into_iter().map(known).collect(),
            at,
        }
    }

    /// When the last honest agent has adapted that takes part in an iteration.
    fn all_adapted(&self, iteration: u64) -> Option<SimTime> {
        let states = self.states.iter().flatten();
        let last = states.filter_map(|states| {
            let states = lock(states);
            let head = states.last()?.adapted.head();
            (head.stamp == iteration).then_some(head.adapted)
        });
        last.max()
    }

    /// Every honest agent's state at a moment, as far as it has adapted by then.
    fn states_at(&self, at: SimTime) -> Arc<[Known]> {
        let all = self.states.iter().flatten().enumerate();
        let known = all.filter_map(|(index, states)| {
            let states = lock(states);
            let adapted = states.iter().rev().find(|s| s.adapted_at() <= at)?;
            let state = states.iter().rev().find(|s| s.since <= at)?;
            // One that has diverged would make every statistic over all of them no number.
            if !(adapted.adapted.head().is_finite && state.is_finite) {
                return None;
            }
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
    fn last_arrival(&self, attacker: AgentId, trip: Trip) -> Option<SimTime> {
        let ear = self.ear(attacker);
        let copies = ear.by_sender.values().flatten();
        let current = copies.filter(|copy| copy.letter.head().stamp == trip.iteration);
        current.map(|copy| copy.at).max()
    }

    fn ear(&self, attacker: AgentId) -> MutexGuard<'_, Ear> {
        let ear = self.ears[attacker.index()].as_deref();
        lock(ear.expect("whoever listens has an ear"))
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
