//! A point with its network drawn, its data loaded and everybody's part assigned.

use super::identity::RunId;
use super::read::{AttackSettings, Length, Record, RecordAgents, RecordWeights, RuleChoice, Seeds};
use super::selection::Chooser;
use super::sweep::Setting;
use super::{Catalogues, Point, ScenarioError, ScenarioFile, read};
use crate::attack::{Active, Attack, Stage, Timing};
use crate::learner::Learner;
use crate::rng::{Key, Purpose};
use crate::rule::Place;
use crate::settings::{Node, Problems, Selected, Span, Table, Value};
use crate::task::{Library, TaskSeeds, World};
use crate::topology::{Graph, TopologyError};
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
    /// Who is whose neighbor.
    pub graph: Graph,
    /// The data.
    pub world: Arc<dyn World>,
    /// Number of iterations.
    pub iterations: u64,
    /// Simulated time from which no iteration begins.
    pub until: Option<SimTime>,
    /// Time that an iteration's adapt steps take.
    pub compute: SimTime,
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
    learners: Assigned<Learner>,
    rules: Assigned<RuleChoice>,
}

/// One of a few values for each agent.
struct Assigned<T> {
    values: Vec<T>,
    of: Vec<u16>,
}

impl<T> Assigned<T> {
    fn get(&self, agent: AgentId) -> &T {
        &self.values[usize::from(self.of[agent.index()])]
    }
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
    ) -> Result<Plan, ScenarioError> {
        let mut problems = Problems::default();
        let drawn = draw(file, point, library, catalogues, &mut problems)?;
        match drawn {
            Some(plan) if problems.is_empty() => Ok(plan),
            _ => Err(problems.into_error(&file.sources).into()),
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

    /// Where an agent stands; `degrees` is filled with its neighbors'.
    pub fn place<'a>(&'a self, agent: AgentId, degrees: &'a mut Vec<usize>) -> Place<'a> {
        let neighbors = self.graph.receives_from(agent);
        degrees.clear();
        degrees.extend(neighbors.iter().map(|&l| self.graph.receives_from(l).len()));
        Place {
            agent,
            neighbors,
            neighbor_degrees: degrees,
            dimension: self.world.dimension(),
        }
    }

    /// Whether an agent is an attacker.
    pub fn is_byzantine(&self, agent: AgentId) -> bool {
        self.roles[agent.index()].is_byzantine()
    }

    /// How many attackers there are.
    pub fn byzantine(&self) -> usize {
        self.roles.iter().filter(|role| role.is_byzantine()).count()
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

fn draw(
    file: &ScenarioFile,
    point: &Point,
    library: &Library,
    catalogues: &Catalogues,
    problems: &mut Problems,
) -> Result<Option<Plan>, ScenarioError> {
    let places = Places(&point.document);
    // Read anew, since a plan takes the scenario's parts: the first reading has checked the text.
    let scenario = read::scenario(
        &point.document,
        Default::default(),
        &file.name,
        &file.tolerances,
        catalogues,
        &mut Problems::default(),
    );
    let scenario = scenario.expect("the same text was read before");
    let seeds = scenario.seeds;
    let graph = match scenario.topology.draw(seeds.topology, &file.folder) {
        Ok(graph) => graph,
        Err(TopologyError::Impossible { key, message, help }) => {
            problems.add(places.find(&["topology", key]), message, help);
            return Ok(None);
        }
        Err(error) => {
            let help = "correct the file, or name another one";
            problems.add(places.find(&["topology", "path"]), error.to_string(), help);
            return Ok(None);
        }
    };
    let task_seeds = TaskSeeds {
        topology: seeds.topology,
        data: seeds.data,
    };
    let world = scenario.task.load(&graph, task_seeds, library)?;
    let per_epoch = world.iterations_per_epoch();
    let iterations = match (scenario.length, per_epoch) {
        (Length::Iterations(iterations), _) => iterations,
        (Length::Epochs(epochs), Some(per_epoch)) => epochs * per_epoch,
        (Length::Epochs(_), None) => {
            let help = "write `iterations = …` in its place";
            problems.add(places.find(&["epochs"]), "this task has no epochs", help);
            1
        }
    };
    if let Some(from) = scenario.record.steady_from
        && from >= iterations
    {
        let message = format!("the steady state cannot begin at iteration {from}");
        let help = format!("the last iteration is {}", iterations - 1);
        problems.add(places.find(&["record", "steady_from"]), message, help);
    }

    let mut chooser = Chooser {
        graph: &graph,
        world: &*world,
        sets: Default::default(),
        seed: seeds.topology,
    };
    let mut sets = Vec::new();
    for (name, selection) in &scenario.sets {
        let members = chooser.choose(selection, &format!("sets.{name}"), problems);
        chooser.sets.insert(name.clone(), members.clone());
        sets.push((name.clone(), members));
    }
    let learners = assign(
        scenario.learner,
        scenario.learner_overrides,
        "learner",
        &chooser,
        problems,
    );
    let rules = assign(
        scenario.rule,
        scenario.rule_overrides,
        "rule",
        &chooser,
        problems,
    );
    let recorded = match &scenario.record.agents {
        RecordAgents::All => vec![true; graph.agents()],
        RecordAgents::None => vec![false; graph.agents()],
        RecordAgents::Chosen(selection) => {
            let mut recorded = vec![false; graph.agents()];
            for agent in chooser.choose(selection, "record.agents", problems) {
                recorded[agent.index()] = true;
            }
            recorded
        }
    };
    let stage = Stage {
        dimension: world.dimension(),
        iterations,
        folder: &file.folder,
    };
    let (roles, attacks) = draw_attacks(
        scenario.attacks,
        &chooser,
        seeds.attackers,
        &stage,
        &places,
        problems,
    );
    if !problems.is_empty() {
        return Ok(None);
    }
    Ok(Some(Plan {
        id: RunId::new(&scenario.resolved, &file.folder, world.files()),
        name: scenario.name,
        settings: point.settings.clone(),
        seeds,
        iterations,
        until: scenario.until,
        compute: scenario.compute,
        sets,
        roles,
        attacks,
        recorded,
        evaluate_every: per_epoch
            .filter(|_| world.has_test_set())
            .map(|per_epoch| per_epoch * scenario.record.evaluate_every_epochs),
        record: scenario.record,
        learners,
        rules,
        graph,
        world,
    }))
}

/// Gives everyone `base`, and chosen agents what overrides say; later ones win.
fn assign<T>(
    base: T,
    overrides: Vec<(crate::settings::Selection, T)>,
    table: &str,
    chooser: &Chooser<'_>,
    problems: &mut Problems,
) -> Assigned<T> {
    let mut assigned = Assigned {
        values: vec![base],
        of: vec![0; chooser.graph.agents()],
    };
    for (index, (selection, value)) in overrides.into_iter().enumerate() {
        let place = format!("{table}.override[{index}]");
        let agents = chooser.choose(&selection, &place, problems);
        let Ok(number) = u16::try_from(assigned.values.len()) else {
            let message = format!(
                "[[{table}.override]] stands here more than {} times",
                u16::MAX
            );
            problems.add(
                selection.span,
                message,
                "put agents with equal keys into one selection",
            );
            break;
        };
        assigned.values.push(value);
        for agent in agents {
            assigned.of[agent.index()] = number;
        }
    }
    assigned
}

/// Who is Byzantine: explicit selections first, then random ones among those not yet taken.
fn draw_attacks(
    settings: Vec<AttackSettings>,
    chooser: &Chooser<'_>,
    seed: u64,
    stage: &Stage<'_>,
    places: &Places<'_>,
    problems: &mut Problems,
) -> (Vec<Role>, Vec<AttackPlan>) {
    let mut roles = vec![Role::Honest; chooser.graph.agents()];
    let is_random = |a: &AttackSettings| {
        matches!(
            a.agents.selected,
            Selected::Random(_) | Selected::Fraction(_)
        )
    };
    let explicit = (0..settings.len()).filter(|&i| !is_random(&settings[i]));
    let random = (0..settings.len()).filter(|&i| is_random(&settings[i]));
    for index in explicit.chain(random) {
        let attack = &settings[index];
        let free: Vec<AgentId> = chooser
            .graph
            .ids()
            .filter(|k| !roles[k.index()].is_byzantine())
            .collect();
        let key = Key::new(seed, Purpose::Attackers).at(index as u64);
        for agent in chooser.choose_from(&attack.agents, &free, key, problems) {
            if roles[agent.index()].is_byzantine() {
                let message = format!("agent {agent} is under two attacks");
                let help = "an agent can be in one [[attack]]; random ones avoid the others";
                problems.add(attack.agents.span, message, help);
                break;
            }
            roles[agent.index()] = Role::Byzantine(index);
        }
    }
    if let Some(attack) = settings.last()
        && roles.iter().all(|role| role.is_byzantine())
    {
        let message = format!("no normal agent is left of {}", roles.len());
        let help = format!("at most {} agents can be Byzantine here", roles.len() - 1);
        problems.add(attack.agents.span, message, help);
    }
    let mut plans = Vec::new();
    for (index, mut attack) in settings.into_iter().enumerate() {
        if let Err(unfit) = attack.attack.prepare(stage) {
            let place = places.find(&["attack", &index.to_string(), unfit.key]);
            problems.add(place, unfit.message, unfit.help);
        }
        let victims = attack.victims.as_ref();
        let place = format!("attack[{index}].victims");
        plans.push(AttackPlan {
            name: attack.name.unwrap_or(attack.kind),
            attack: attack.attack,
            timing: attack.timing,
            active: attack.active,
            per_victim: attack.per_victim,
            victims: victims.map(|v| chooser.choose(v, &place, problems)),
        });
    }
    (roles, plans)
}

/// Finds where settings stand in a document.
struct Places<'a>(&'a Table);

impl Places<'_> {
    /// The place of the deepest element of a path that is there; numbers index lists.
    fn find(&self, path: &[&str]) -> Span {
        let mut place = Span::default();
        let mut table = Some(self.0);
        let mut list: Option<&[Node]> = None;
        for element in path {
            let node = match (table, list) {
                (Some(table), _) => table.get(element),
                (_, Some(list)) => element.parse().ok().and_then(|i: usize| list.get(i)),
                _ => None,
            };
            let Some(node) = node else { break };
            place = node.span;
            (table, list) = match &node.value {
                Value::Table(inner) => (Some(inner), None),
                Value::Array(items) => (None, Some(items.as_slice())),
                _ => (None, None),
            };
        }
        place
    }
}
