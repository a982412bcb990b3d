//! What a forger is handed: one type per level of knowledge, and nothing beyond it.

use super::Knowledge;
use crate::checkpoint::{Book, Kept};
use crate::model::LeastSquares;
use crate::rng::{Key, Stream};
use crate::task::Objective;
use crate::units::AgentId;

/// Level `none`: the attacker's own honest state.
#[derive(Clone, Copy, Debug)]
pub struct OwnState<'a> {
    /// Number of the iteration, from 0.
    pub iteration: u64,
    /// The attacker.
    pub attacker: AgentId,
    /// For whom the payload is; `None` where one payload goes to all victims.
    pub victim: Option<AgentId>,
    /// ψ, shape `[d]`: the model that it would send if it were honest.
    pub honest: &'a [f32],
    /// Key of the random streams for this payload: the same for all victims, unless the scenario
    /// has `per_victim = true`.
    pub key: Key,
}

impl OwnState<'_> {
    /// Random numbers for this iteration.
    pub fn stream(&self) -> Stream {
        self.key.at(self.iteration).stream()
    }

    /// Random numbers that are the same in every iteration.
    pub fn lasting_stream(&self) -> Stream {
        self.key.at(u64::MAX).stream()
    }
}

/// A model of an honest agent.
#[derive(Clone, Copy, Debug)]
pub struct HonestModel<'a> {
    /// Whose it is.
    pub agent: AgentId,
    /// ψ, shape `[d]`.
    pub model: &'a [f32],
}

/// How many models a victim combines where none is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// n: its neighbors and itself.
    pub models: usize,
    /// f: how many of them are Byzantine, of whatever attack.
    pub byzantine: usize,
}

/// Levels `neighbors`, `colluding` and, where the scenario grants so much, above: models of honest
/// agents.
#[derive(Clone, Copy, Debug)]
pub struct Models<'a> {
    /// The attacker's own state.
    pub own: OwnState<'a>,
    /// H: the newest model of each honest agent that is known at the level granted, in ascending
    /// order; at least one. At `neighbors` those that the attacker's own neighbors sent it. The
    /// same for all payloads of an iteration.
    pub honest: &'a [HonestModel<'a>],
    /// The victim's, where the payload is for one.
    pub crowd: Option<Crowd>,
}

impl<'a> Models<'a> {
    /// Where an agent stands in `honest`; `None` where its model is not known.
    pub fn index_of(&self, agent: AgentId) -> Option<usize> {
        let found = self.honest.binary_search_by_key(&agent, |l| l.agent);
        found.ok()
    }

    /// ψ of an honest agent, where it is known.
    pub fn of(&self, agent: AgentId) -> Option<&'a [f32]> {
        Some(self.honest[self.index_of(agent)?].model)
    }
}

/// An agent that a victim gets models of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbor {
    /// Which.
    pub agent: AgentId,
    /// How many neighbors it has.
    pub degree: usize,
    /// Whether it is an attacker, of whatever attack.
    pub is_byzantine: bool,
}

/// Level `omniscient`: every honest agent's ψ and θ, and the network.
#[derive(Clone, Copy)]
pub struct Network<'a> {
    /// Every honest agent's ψ and the attacker's own state; the victim is one.
    pub models: Models<'a>,
    /// The victim.
    pub victim: AgentId,
    /// θ of each agent of `models.honest`, in the same order, shape `[d]`: its newest combined model.
    pub combined: &'a [&'a [f32]],
    /// Whose models the victim gets, in ascending order.
    pub neighbors: &'a [Neighbor],
}

impl<'a> Network<'a> {
    /// ψ and θ of an honest agent; `None` of an attacker, and of whoever has not adapted yet.
    pub fn of(&self, agent: AgentId) -> Option<(&'a [f32], &'a [f32])> {
        let index = self.models.index_of(agent)?;
        Some((self.models.honest[index].model, self.combined[index]))
    }

    /// ψ and θ of the victim.
    ///
    /// # Panics
    /// Never in a run: whoever is handed this has a victim whose state is known.
    pub fn victim(&self) -> (&'a [f32], &'a [f32]) {
        self.of(self.victim).expect("the victim's state is known")
    }

    /// The victim's honest neighbors with ψ, in ascending order, as far as it is known.
    pub fn honest_neighbors(&self) -> impl Iterator<Item = (Neighbor, &'a [f32])> + '_ {
        let honest = self.neighbors.iter().filter(|l| !l.is_byzantine);
        honest.filter_map(|&l| Some((l, self.of(l.agent)?.0)))
    }
}

/// Level `victim-data`: that, and the victim's data and memory.
pub struct VictimData<'a> {
    /// Every honest agent's state, and the network.
    pub network: Network<'a>,
    /// The victim's current batch.
    pub batch: Batch<'a>,
    /// What the victim's rule remembers.
    pub memory: Memory,
}

/// A batch of another agent, and nothing else of its data.
pub struct Batch<'a>(&'a mut dyn Objective);

impl<'a> Batch<'a> {
    /// The batch that an agent's stream has drawn last.
    pub fn new(drawn: &'a mut dyn Objective) -> Batch<'a> {
        Batch(drawn)
    }

    /// ℓ of a model on it, shape `[d]`, finite.
    pub fn loss(&mut self, model: &[f32]) -> f64 {
        self.0.loss(model)
    }

    /// ∇ at a model on it; both have shape `[d]`.
    pub fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        self.0.gradient(model, gradient);
    }

    /// It as numbers, where ℓ is a mean of squared residuals of a linear map of the model.
    pub fn least_squares(&self) -> Option<LeastSquares> {
        self.0.least_squares()
    }
}

/// φ of a victim's rule, as it is after its last combination; `None` under a rule without.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// φ_kk: of the victim itself.
    pub own: Option<f64>,
    /// φ_ak: of the attacker.
    pub attacker: Option<f64>,
    /// ν in its next combination, where φ is of losses on the victim's batches.
    pub forgetting: Option<f64>,
}

/// One attacker's maker of payloads, with whatever it remembers. `S` is what it is handed.
pub trait Forger<S>: Send {
    /// Makes a payload, `payload` comes empty: once in an iteration, or once for each victim.
    /// Iterations only go up; some may be left out.
    fn forge(&mut self, sight: S, payload: &mut Vec<f32>);

    /// Whether payloads for different victims differ, beside what is drawn for them.
    fn is_by_victim(&self) -> bool {
        false
    }

    /// Keeps what it remembers from one iteration to the next, and no settings or buffers: a run
    /// that goes on from a checkpoint begins with a new one, which then reads this.
    ///
    /// # Errors
    /// Whatever the book says.
    fn keep(&mut self, book: &mut Book<'_>) -> Kept;
}

/// A forger, by what it is handed.
pub enum AnyForger {
    /// Its own state alone.
    Blind(Box<dyn for<'a> Forger<OwnState<'a>>>),
    /// Models of honest agents.
    Listening(Box<dyn for<'a> Forger<Models<'a>>>),
    /// Everybody's state; payloads are made for each victim.
    Omniscient(Box<dyn for<'a> Forger<Network<'a>>>),
    /// The victim's data too; payloads are made for each victim.
    VictimData(Box<dyn for<'a> Forger<VictimData<'a>>>),
}

impl AnyForger {
    /// The least level at which it can be handed what it asks for.
    pub fn needs(&self) -> Knowledge {
        match self {
            AnyForger::Blind(_) => Knowledge::None,
            AnyForger::Listening(_) => Knowledge::Neighbors,
            AnyForger::Omniscient(_) => Knowledge::Omniscient,
            AnyForger::VictimData(_) => Knowledge::VictimData,
        }
    }

    /// Whether payloads for different victims differ, beside what is drawn for them.
    pub fn is_by_victim(&self) -> bool {
        match self {
            AnyForger::Blind(forger) => forger.is_by_victim(),
            AnyForger::Listening(forger) => forger.is_by_victim(),
            AnyForger::Omniscient(_) | AnyForger::VictimData(_) => true,
        }
    }

    /// Keeps what it remembers.
    pub(crate) fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        match self {
            AnyForger::Blind(forger) => forger.keep(book),
            AnyForger::Listening(forger) => forger.keep(book),
            AnyForger::Omniscient(forger) => forger.keep(book),
            AnyForger::VictimData(forger) => forger.keep(book),
        }
    }
}
