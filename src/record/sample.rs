//! What agents tell of an iteration.

use super::delays::Delays;
use super::traced::{MessageKey, Trace};
use crate::units::{AgentId, Params, SimTime};
use std::time::Duration;

/// An iteration that is over.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub struct Round {
    /// Its number, from 0.
    pub iteration: u64,
    /// Whether it is the run's last.
    pub last: bool,
    /// When it began; without a common beginning, when the first agent began it.
    pub start: SimTime,
    /// When it ended: the slowest agent had combined, or the deadline came.
    pub end: SimTime,
    /// Wall-clock time that it took; `None` where iterations overlap.
    pub wall: Option<Duration>,
    /// What the agents told that combined in it, attackers too, in their order: an index here is
    /// no agent's number.
    pub samples: Vec<Sample>,
}

/// What is left to tell at the end of a run.
#[derive(Default)]
pub struct Closing {
    /// The end of simulated time.
    pub end: SimTime,
    /// Messages that no sample has told of.
    pub traffic: Traffic,
    /// Values for histograms that no sample has told of.
    pub delays: Vec<Delays>,
    /// Wall-clock times that no sample has told of.
    pub wall: Vec<WallTimes>,
    /// The last state of every normal agent that ever combined, with everything measured, in the
    /// order of the agents. In tasks with rows their losses are over all training rows.
    pub finals: Vec<Sample>,
    /// Traces that no sample has brought, in the order in which they are written.
    pub traces: Vec<Trace>,
}

/// One agent's iteration. Quantities that were not evaluated or do not exist are NaN.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Sample {
    /// Who.
    pub agent: AgentId,
    /// In which iteration.
    pub iteration: u64,
    /// When it began the iteration.
    pub started_at: SimTime,
    /// When its own computing ended.
    pub adapted_at: SimTime,
    /// When it combined.
    pub combined_at: SimTime,
    /// ℓ(θ_{k,i}; the batch of iteration i), after combining.
    pub loss: f64,
    /// The same for ψ_{k,i}, before combining.
    pub adapted_loss: f64,
    /// Mean loss on the test set.
    pub test_loss: f64,
    /// Accuracy on the test set, in [0, 1].
    pub accuracy: f64,
    /// r(θ) − r(θ*).
    pub regret: f64,
    /// ‖θ − θ*‖.
    pub deviation: f64,
    /// What the combination did with others' models.
    pub filter: Filter,
    /// Neighbors' models with a weight above 0 in this combination, or in its aggregate where there
    /// are no weights; those used again too.
    pub models_used: u32,
    /// Neighbors without a model in this combination.
    pub missing: u32,
    /// Greatest ages over the neighbors' models in this combination; `None` where there were
    /// none.
    pub oldest: Option<Age>,
    /// Whether too few models were there for the rule.
    pub starved: bool,
    /// Whether the own model was kept then; where not, the rule made do with what was there.
    pub kept_own: bool,
    /// Whether it is an attacker whose attack is on.
    pub attacking: bool,
    /// Messages since the sample before.
    pub traffic: Traffic,
    /// Hash of every combined model so far.
    pub fingerprint: u64,
    /// Every model in the combination, where they are kept; empty where not.
    pub weights: Box<[WeightRow]>,
    /// θ, where an observer asked for models, and in the last state where the recorder did.
    pub model: Option<Params>,
    /// Wall-clock times, where they are measured.
    pub wall: Option<Box<WallTimes>>,
    /// What histograms take, since the sample before.
    pub delays: Delays,
    /// Single messages and models, where they are traced.
    pub trace: Option<Box<Trace>>,
}

/// How old a model is at a combination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Age {
    /// In iterations.
    pub iterations: u64,
    /// Moment of combination − moment the sender had adapted.
    pub time: SimTime,
}

impl Default for Sample {
    /// Nothing measured.
    fn default() -> Self {
        Sample {
            agent: AgentId(0),
            iteration: 0,
            started_at: SimTime::ZERO,
            adapted_at: SimTime::ZERO,
            combined_at: SimTime::ZERO,
            loss: f64::NAN,
            adapted_loss: f64::NAN,
            test_loss: f64::NAN,
            accuracy: f64::NAN,
            regret: f64::NAN,
            deviation: f64::NAN,
            filter: Filter::default(),
            models_used: 0,
            missing: 0,
            oldest: None,
            starved: false,
            kept_own: false,
            attacking: false,
            traffic: Traffic::default(),
            fingerprint: 0,
            weights: Box::default(),
            model: None,
            wall: None,
            delays: Delays::default(),
            trace: None,
        }
    }
}

/// What a combination did with others' models, by what they really were.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Filter {
    /// Sum of the weights of Byzantine neighbors; NaN for rules without weights.
    pub byzantine_weight: f64,
    /// Models of Byzantine neighbors that were there; these counts are 0 where there are no weights.
    pub byzantine_present: u32,
    /// Those of them with a weight above 0.
    pub byzantine_accepted: u32,
    /// Models of normal neighbors of the same task group that were there.
    pub same_group_present: u32,
    /// Those of them with weight 0.
    pub same_group_rejected: u32,
    /// Models with weight, the own one too, in rules whose weights have a floor under what they are
    /// inverse to; 0 in others.
    pub weighed: u32,
    /// Those of them on the floor.
    pub floored: u32,
}

impl Filter {
    /// The weight of Byzantine neighbors, the accepted part of their models, and the rejected part of
    /// normal models of the same group, and the part of weights on the rule's floor; NaN where there
    /// are no weights, or no such models.
    pub(super) fn shares(&self) -> [f64; 4] {
        [
            self.byzantine_weight,
            f64::from(self.byzantine_accepted) / f64::from(self.byzantine_present),
            f64::from(self.same_group_rejected) / f64::from(self.same_group_present),
            f64::from(self.floored) / f64::from(self.weighed),
        ]
    }

    /// That of a combination without weights.
    pub const UNKNOWN: Filter = Filter {
        byzantine_weight: f64::NAN,
        byzantine_present: 0,
        byzantine_accepted: 0,
        same_group_present: 0,
        same_group_rejected: 0,
        weighed: 0,
        floored: 0,
    };
}

/// Messages by how they ended; counts of copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Traffic {
    /// Put on a link.
    pub sent: u64,
    /// Extra copies made by links.
    pub duplicated: u64,
    /// Arrived, well-formed and young enough.
    pub delivered: u64,
    /// Lost on the way.
    pub dropped: u64,
    /// Arrived older than the greatest age.
    pub expired: u64,
    /// Arrived, and refused: wrong length, or not finite.
    pub malformed: u64,
    /// On the way at the end of the run.
    pub in_flight: u64,
    /// Delivered after the combination of their own iteration.
    pub late: u64,
    /// Delivered, and in at least one combination with a weight above 0, or in its aggregate where
    /// there are no weights; counted at the first.
    pub used: u64,
    /// Bytes put on links: 4 per parameter, or what `link.model_bytes` says.
    pub bytes: u64,
}

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, other: Traffic) {
        self.sent += other.sent;
        self.duplicated += other.duplicated;
        self.delivered += other.delivered;
        self.dropped += other.dropped;
        self.expired += other.expired;
        self.malformed += other.malformed;
        self.in_flight += other.in_flight;
        self.late += other.late;
        self.used += other.used;
        self.bytes += other.bytes;
    }
}

impl Traffic {
    /// Whether every copy that set out has come to an end.
    pub fn is_conserved(&self) -> bool {
        self.sent + self.duplicated
            == self.dropped + self.in_flight + self.malformed + self.expired + self.delivered
    }
}

/// One model in a combination.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct WeightRow {
    /// Whose model.
    pub sender: AgentId,
    /// The message that brought it; `None` for the receiver's own.
    pub message: Option<MessageKey>,
    /// Age in iterations.
    pub age_iterations: u64,
    /// Moment of combination − moment the sender had adapted.
    pub age: SimTime,
    /// Loss on the receiver's batch; NaN where the rule did not look.
    pub loss: f64,
    /// φ; NaN in rules without.
    pub accumulated: f64,
    /// Weight; NaN in rules without.
    pub weight: f64,
    /// Whether it had been used before.
    pub held: bool,
}

/// Wall-clock times of one agent's iteration.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct WallTimes {
    /// From sending to handling, per message.
    pub mailbox: Vec<Duration>,
    /// In a handler, per message.
    pub handler: Vec<Duration>,
}
