//! A point with its network drawn, its data loaded and everybody's part assigned.

use super::assigned::Assigned;
use super::clock::{Compute, Mode, Pace};
use super::draw::draw;
use super::effects::Effects;
use super::identity::RunId;
use super::read::{RuleChoice, Seeds};
use super::record::{Record, RecordWeights};
use super::sweep::Setting;
use super::timetable::Timetable;
use super::{Catalogues, Point, ScenarioFile};
use crate::attack::{Active, Attack, Knowledge, Timing};
use crate::data::Library;
use crate::fault::Faults;
use crate::learner::Learner;
use crate::link::Links;
use crate::rng::{Key, Purpose};
use crate::rule::Place;
use crate::settings::{Problems, WrongSettings};
use crate::task::World;
use crate::topology::{Graph, Networks};
use crate::units::{AgentId, SimTime};
use std::sync::Arc;

/// All that a run needs.
pub struct Plan {
    /// Name of the run's folder.
    pub id: RunId,
    /// The scenario's name.
    pub name: String,
    /// The swept keys with their values here.
    pub settings: Vec<Setting>,
    /// The seeds.
    pub seeds: Seeds,
    /// Who is whose neighbor, at first.
    pub graph: Arc<Graph>,
    /// Who is whose neighbor, from first to last.
    pub networks: Networks,
    /// To how many of its neighbors an agent sends in an iteration; `None` is all.
    pub fanout: Option<u32>,
    /// What happens to messages.
    pub links: Links,
    /// Who is down when, and who is cut off from whom.
    pub faults: Faults,
    /// The data.
    pub world: Arc<dyn World>,
    /// Number of iterations; synchronous runs end earlier where `until` comes first. Asynchronously,
    /// one more than the highest number of an iteration that anybody ends.
    pub iterations: u64,
    /// No iteration ends after this.
    pub until: Option<SimTime>,
    /// How time passes.
    pub clock: Clock,
    /// When everybody's iterations end; asynchronous only.
    pub timetable: Option<Timetable>,
    /// Distance of the rows of the timeline, where there is one.
    pub timeline_every: Option<SimTime>,
    /// Named sets with their members.
    pub sets: Vec<(String, Vec<AgentId>)>,
    /// Everybody's part.
    pub roles: Vec<Role>,
    /// The attacks.
    pub attacks: Vec<AttackPlan>,
    /// What is recorded.
    pub record: Record,
    /// Which agents have rows of their own.
    pub recorded: Vec<bool>,
    /// Distance of evaluations on test sets in iterations; `None` where there are none.
    pub evaluate_every: Option<u64>,
    /// Which settings do something, and which nothing.
    pub(crate) effects: Effects,
    pub(super) labels: Vec<Label>,
    pub(super) learners: Assigned<Learner>,
    pub(super) rules: Assigned<RuleChoice>,
}

/// What statistics ask of an agent for every model that it sends, in few bytes: the whole list
/// stays in the processor's cache.
#[derive(Clone, Copy)]
pub(super) struct Label(u32);

impl Label {
    const BYZANTINE: u32 = 1 << 31;

    pub fn new(group: u32, role: Role) -> Label {
        assert!(
            group < Label::BYZANTINE,
            "task groups are numbers below 2^31"
        );
        Label(
            group
                | if role.is_byzantine() {
                    Label::BYZANTINE
                } else {
                    0
                },
        )
    }
}

/// How time passes.
pub struct Clock {
    /// Who waits for whom.
    pub pace: Pace,
    pub(super) computes: Assigned<Compute>,
}

/// An agent's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A normal agent.
    Honest,
    /// An attacker, with the index of its attack.
    Byzantine(usize),
}

impl Role {
    /// Whether it is an attacker's.
    pub fn is_byzantine(self) -> bool {
        matches!(self, Role::Byzantine(_))
    }
}

/// An attack, ready to run.
pub struct AttackPlan {
    /// What results call it.
    pub name: String,
    /// What is forged.
    pub attack: Box<dyn Attack>,
    /// What it sees beside its own state; `None` where it needs nothing.
    pub knowledge: Knowledge,
    /// How its timing differs from an honest agent's.
    pub timing: Timing,
    /// When it is on.
    pub active: Active,
    /// Whether each victim gets a payload of its own.
    pub per_victim: bool,
    /// Who gets what is forged, in ascending order; `None` for everyone.
    pub victims: Option<Vec<AgentId>>,
}

impl AttackPlan {
    /// Whether an agent gets what is forged.
    pub fn has_victim(&self, agent: AgentId) -> bool {
        self.victims
            .as_ref()
            .is_none_or(|all| all.binary_search(&agent).is_ok())
    }
}

impl Plan {
    /// Draws the plan of one point.
    ///
    /// # Errors
    /// Data that is missing or malformed, and what does not fit the drawn network.
    pub fn draw(
        file: &ScenarioFile,
        point: &Point,
        library: &Library,
        catalogues: &Catalogues,
    ) -> Result<Plan, WrongSettings> {
        Plan::draw_recording(file, point, None, library, catalogues)
    }

    /// The same where it is to record something else than the scenario asks for.
    pub(crate) fn draw_recording(
        file: &ScenarioFile,
        point: &Point,
        record: Option<&Record>,
        library: &Library,
        catalogues: &Catalogues,
    ) -> Result<Plan, WrongSettings> {
        let mut problems = Problems::default();
        let drawn = draw(file, point, record, library, catalogues, &mut problems);
        match drawn {
            Some(plan) if problems.is_empty() => Ok(plan),
            _ => Err(problems.into_error(&file.sources)),
        }
    }

    /// An agent's learner.
    pub fn learner(&self, agent: AgentId) -> Learner {
        *self.learners.get(agent)
    }

    /// An agent's rule.
    pub fn rule(&self, agent: AgentId) -> &RuleChoice {
        self.rules.get(agent)
    }

    /// The numbers of the `[[rule.override]]` that make an agent's rule, later ones on top.
    pub fn rule_overrides(&self, agent: AgentId) -> &[usize] {
        self.rules.overrides_of(agent)
    }

    /// How many iterations an agent has, if the run does not end before.
    pub fn iterations_of(&self, agent: AgentId) -> u64 {
        let timetable = self.timetable.as_ref();
        timetable.map_or(self.iterations, |timetable| timetable.iterations_of(agent))
    }

    /// Where an agent stands in the first network.
    pub fn place<T>(&self, agent: AgentId, body: impl FnOnce(&Place<'_>) -> T) -> T {
        let neighbors = self.graph.receives_from(agent);
        let degree = |&l: &AgentId| self.graph.receives_from(l).len();
        let own_slot = neighbors.partition_point(|&l| l < agent);
        let slots: Vec<usize> = (0..=neighbors.len()).filter(|&s| s != own_slot).collect();
        body(&Place {
            agent,
            neighbors,
            slots: &slots,
            own_slot,
            neighbor_degrees: &neighbors.iter().map(degree).collect::<Vec<_>>(),
            dimension: self.world.dimension(),
            iterations: self.iterations,
            key: self.rule_key(agent),
        })
    }

    /// Key of the random streams of an agent's rule.
    pub fn rule_key(&self, agent: AgentId) -> Key {
        Key::new(self.seeds.data, Purpose::Rule).of(agent)
    }

    /// Who waits for whom.
    pub fn mode(&self) -> Mode {
        self.clock.pace.mode()
    }

    /// The moment at which the run ends, where that is known before it.
    pub fn end(&self) -> Option<SimTime> {
        let horizon = self.timetable.as_ref().map(Timetable::horizon);
        let last_tick = |period: SimTime| period.us().saturating_mul(self.iterations);
        horizon.or_else(|| {
            self.clock
                .pace
                .period()
                .map(|p| SimTime::from_us(last_tick(p)))
        })
    }

    /// How long an agent computes in an iteration.
    pub fn compute_time(&self, agent: AgentId, iteration: u64) -> SimTime {
        let key = Key::new(self.seeds.links, Purpose::Compute).of(agent);
        self.clock.computes.get(agent).sample(key, iteration)
    }

    /// By what an agent's compute times are divided.
    pub fn speed(&self, agent: AgentId) -> f64 {
        self.clock.computes.get(agent).speed
    }

    /// Whether the last iteration is known as such only when it is over.
    pub fn may_end_early(&self) -> bool {
        self.until.is_some() && self.mode() == Mode::Synchronous
    }

    /// How many iterations the run has at most: fewer than [`Plan::iterations`] where the shortest
    /// that an iteration can be fits less often into the time until `until_ms`.
    pub fn most_iterations(&self) -> u64 {
        let Some(until) = self.until.filter(|_| self.may_end_early()) else {
            return self.iterations;
        };
        let computes = self.graph.ids().map(|k| self.clock.computes.get(k).least());
        // Agents that are down keep nobody waiting.
        let least = match self.faults.is_none() {
            true => computes.max(),
            false => computes.min(),
        };
        let waits_for_all = matches!(self.clock.pace, Pace::Synchronous { quorum } if quorum == 1.0)
            && self.fanout.is_none()
            && self.faults.is_none()
            && self.attacks.is_empty()
            && self.networks.is_static()
            && !self.graph.has_windows()
            && self.graph.edges() > 0;
        let on_the_way = match waits_for_all {
            true => self.links.least_latency(),
            false => SimTime::ZERO,
        };
        let each = (least.unwrap_or_default() + on_the_way).us().max(1);
        self.iterations.min(until.us() / each)
    }

    /// What an agent sees of others; nothing but what they send it, unless it is an attacker.
    pub fn knowledge(&self, agent: AgentId) -> Knowledge {
        match self.roles[agent.index()] {
            Role::Honest => Knowledge::None,
            Role::Byzantine(attack) => self.attacks[attack].knowledge,
        }
    }

    /// The most that any attacker sees of others.
    pub fn most_knowledge(&self) -> Knowledge {
        let levels = self.attacks.iter().map(|attack| attack.knowledge);
        levels.max().unwrap_or_default()
    }

    /// Whether an agent is an attacker.
    pub fn is_byzantine(&self, agent: AgentId) -> bool {
        self.labels[agent.index()].0 & Label::BYZANTINE != 0
    }

    /// An agent's task group.
    pub fn group(&self, agent: AgentId) -> u32 {
        self.labels[agent.index()].0 & !Label::BYZANTINE
    }

    /// How many attackers there are.
    pub fn byzantine(&self) -> usize {
        self.roles.iter().filter(|role| role.is_byzantine()).count()
    }

    /// Whether an agent has rows of its own in tables. Attackers have none: the state that they
    /// would have is not in the network.
    pub fn has_rows(&self, agent: AgentId) -> bool {
        self.recorded[agent.index()] && !self.is_byzantine(agent)
    }

    /// Whether an iteration is recorded: every so many, and the last.
    pub fn is_recorded(&self, iteration: u64, last: bool) -> bool {
        last || iteration.is_multiple_of(self.record.every_iterations)
    }

    /// Whether the models of an iteration are evaluated on test sets.
    pub fn is_evaluated(&self, iteration: u64, last: bool) -> bool {
        self.evaluate_every
            .is_some_and(|every| last || (iteration + 1).is_multiple_of(every))
    }

    /// Whether every model in a combination of an iteration is kept.
    pub fn keeps_weights(&self, iteration: u64, last: bool) -> bool {
        match self.record.weights {
            RecordWeights::None => false,
            RecordWeights::Last => last,
            RecordWeights::Every(every) => iteration.is_multiple_of(every),
        }
    }

    /// First iteration of the steady state.
    pub fn steady_from(&self) -> u64 {
        let last_60_percent = self.iterations - self.iterations * 3 / 5;
        self.record
            .steady_from
            .unwrap_or(last_60_percent)
            .min(self.iterations - 1)
    }
}
