//! Drawing a plan: the network, the data, and everybody's part.

use super::assigned::assign;
use super::clock::Mode;
use super::effects::{self, Aspect, Effects};
use super::end::End;
use super::identity::RunId;
use super::plan::{AttackPlan, Label, Plan, Role};
use super::read::{self, AttackSettings, Length};
use super::record::{Record, RecordAgents};
use super::selection::Chooser;
use super::sweep::Setting;
use super::timing::{self, Timing};
use super::{Catalogues, Point, ScenarioFile};
use crate::attack::{Knowledge, Stage};
use crate::data::Library;
use crate::learner::Learner;
use crate::rng::{Key, Purpose};
use crate::rule::Misfit;
use crate::settings::{Problems, Selected, Span, Table};
use crate::task::{MOST_GROUPS, TaskSeeds};
use crate::topology::Networks;
use crate::units::{AgentId, SimTime};

/// Draws the plan of a point, which may record something else. `None`, with the mistakes noted, where
/// something does not fit.
pub(super) fn draw(
    file: &ScenarioFile,
    point: &Point,
    record: Option<&Record>,
    library: &Library,
    catalogues: &Catalogues,
    problems: &mut Problems,
) -> Option<Plan> {
    let document = file.expanded.document(point.index, catalogues);
    let places = Places {
        document: &document,
        top: file.top,
    };
    // Read anew, since a plan takes the scenario's parts: the first reading has checked the text.
    let mut scenario = file.read(&document, catalogues);
    if let Some(record) = record {
        scenario.record = record.clone();
    }
    let seeds = scenario.seeds;
    if scenario.redraw_every.is_some() && !scenario.topology.is_random() {
        let place = places.find(&["topology", "redraw_every_iterations"]);
        let message = "this network is the same whenever it is drawn";
        let help = "remove it, or choose a network that is drawn at random, such as \"regular\"";
        problems.add(place, message, help);
    }
    let networks = Networks::new(
        scenario.topology,
        seeds.topology,
        file.folder.clone(),
        scenario.redraw_every,
    );
    let networks = match networks {
        Ok(networks) => networks,
        Err(error) => {
            let (key, message, help) = error.into_mistake();
            problems.add(places.find(&["topology", key]), message, help);
            return None;
        }
    };
    // Where the sweep varies the network, some points may leave nothing to chance.
    let varies = |s: &Setting| {
        let table = s.key.split('.').next().unwrap_or_default();
        ["topology", "seed", "seeds"].contains(&table)
    };
    if scenario.redraw_every.is_some()
        && problems.is_empty()
        && networks.is_static()
        && !point.settings.iter().any(varies)
    {
        let place = places.find(&["topology", "redraw_every_iterations"]);
        let message = "drawing this network anew changes nothing: no choice is left to chance";
        let help = "remove it, or leave something to chance: in a geometric network, agents stay \
                    where they are, and some have to have more others in range than `max_neighbors`";
        problems.add(place, message, help);
    }
    let graph = networks.first().clone();
    let task_seeds = TaskSeeds {
        topology: seeds.topology,
        data: seeds.data,
    };
    let world = match scenario.task.load(&graph, task_seeds, library) {
        Err(error) => {
            let place = places.find(&error.place());
            problems.add(place, error.message(), error.help());
            return None;
        }
        Ok(world) => world,
    };
    if world.dimension() == 0 {
        let message = "the task has models of no parameters";
        let help = "a model needs one parameter at least: correct the task's `World::dimension`";
        problems.add(places.find(&["task", "kind"]), message, help);
        return None;
    }
    let beyond = |agent: &AgentId| world.group(*agent) >= MOST_GROUPS;
    if let Some(agent) = graph.ids().find(beyond) {
        let group = world.group(agent);
        let message = format!("agent {agent} is in group {group}");
        let help = format!("number the groups from 0 to {}", MOST_GROUPS - 1);
        problems.add(places.find(&["task"]), message, help);
        return None;
    }
    let per_epoch = world.iterations_per_epoch();
    let length = match (scenario.length, per_epoch) {
        (Length::Iterations(iterations), _) => Some(iterations),
        (Length::Epochs(epochs), Some(per_epoch)) => Some(epochs * per_epoch),
        (Length::Epochs(_), None) => {
            let help = "write `iterations = …` in its place";
            problems.add(places.find(&["epochs"]), "this task has no epochs", help);
            None
        }
    };
    let iterations = length.unwrap_or(1);
    let chooser = Chooser::new(&graph, &*world, seeds.topology, &scenario.sets, problems);
    let member_list = |(name, _): &(String, _)| (name.clone(), chooser.members(name));
    let sets: Vec<(String, Vec<AgentId>)> = scenario.sets.iter().map(member_list).collect();
    let mut effects = Effects::default();
    for ((_, selection), (_, members)) in scenario.sets.iter().zip(&sets) {
        effects.selection(selection, members, "this set has");
    }
    let learners = assign(
        scenario.learner,
        scenario.learner_overrides,
        "learner",
        &chooser,
        (&mut *problems, &mut effects),
        |keys| Some(Learner::read(keys)),
    );
    let rules = assign(
        scenario.rule,
        scenario.rule_overrides,
        "rule",
        &chooser,
        (&mut *problems, &mut effects),
        |keys| read::rule(keys, catalogues),
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
    let roles = draw_roles(&scenario.attacks, &chooser, seeds.attackers, problems);
    let asked = timing::Asked {
        iterations,
        until: scenario.until,
        seed: seeds.links,
        dimension: world.dimension(),
        networks: &networks,
        has_floods: scenario.attacks.iter().any(|a| a.timing.floods()),
        folder: &file.folder,
        sends_to_all: scenario.fanout.is_none() && networks.is_static() && !graph.has_windows(),
    };
    let settings = timing::Settings {
        clock: scenario.clock,
        link: (scenario.link, scenario.link_overrides),
        faults: scenario.faults,
    };
    let (pace, faults) = (settings.clock.pace, settings.faults.clone());
    let timing = timing::draw(
        &asked,
        settings,
        &roles,
        &chooser,
        &places,
        (&mut *problems, &mut effects),
    );
    let end = End::of(timing.as_ref(), &asked, pace, &point.settings);
    // Of a length that is wrong nobody knows what begins after it.
    if length.is_some() {
        end.check_attacks(&scenario.attacks, &roles, &places, problems);
        end.check_faults(&faults, &places, problems);
        end.check_steady(scenario.record.steady_from, &places, problems);
    }
    let iterations = timing
        .as_ref()
        .map_or(iterations, |timing| timing.iterations);
    let stage = Stage {
        dimension: world.dimension(),
        iterations,
        folder: &file.folder,
        knowledge: Knowledge::None,
        graph: &graph,
        is_byzantine: &roles
            .iter()
            .map(|role| role.is_byzantine())
            .collect::<Vec<_>>(),
        attackers: &[],
        classes: world.classes(),
    };
    note_network(
        scenario.fanout,
        scenario.redraw_every,
        iterations,
        &networks,
        &places,
        &mut effects,
    );
    let selections = effects::selections(&scenario.attacks);
    let attacks = prepare_attacks(
        scenario.attacks,
        &roles,
        &chooser,
        &stage,
        &places,
        problems,
    );
    effects::note_attacks(&selections, &attacks, &roles, &networks, &mut effects);
    let timing = timing.filter(|_| problems.is_empty())?;
    let mode = timing.clock.pace.mode();
    let Timing {
        iterations,
        clock,
        links,
        faults,
        timetable,
        median_compute,
    } = timing;
    let timeline_every = scenario.record.every_ms.map(SimTime::from_ms);
    let by_default = (mode == Mode::Asynchronous).then_some(median_compute);
    let plan = Plan {
        id: RunId::new(&scenario.resolved, &file.folder, world.files()),
        name: scenario.name,
        settings: point.settings.clone(),
        seeds,
        iterations,
        until: scenario.until,
        clock,
        timetable,
        timeline_every: timeline_every.or(by_default),
        fanout: scenario.fanout,
        links,
        faults,
        sets,
        attacks,
        recorded,
        evaluate_every: per_epoch
            .filter(|_| world.has_test_set())
            .map(|per_epoch| per_epoch * scenario.record.evaluate_every_epochs),
        record: scenario.record,
        labels: graph
            .ids()
            .map(|k| Label::new(world.group(k), roles[k.index()]))
            .collect(),
        learners,
        rules,
        roles,
        graph,
        networks,
        world,
        effects,
    };
    check_rules(&plan, &places, problems);
    problems.is_empty().then_some(plan)
}

/// Notes whether a fanout leaves neighbors out, and whether the network is drawn anew before the run
/// is over.
fn note_network(
    fanout: Option<u32>,
    redraw_every: Option<u64>,
    iterations: u64,
    networks: &Networks,
    places: &Places<'_>,
    effects: &mut Effects,
) {
    let graph = networks.first();
    if let Some(fanout) = fanout {
        let place = places.find(&["topology", "fanout"]);
        let degrees = graph.ids().map(|k| graph.sends_to(k).len());
        let most = degrees.max().unwrap_or_default();
        if networks.is_static() && fanout as usize >= most {
            let message = format!("no agent has more neighbors than {most}: it sends to all");
            let help = format!("write a number below {most}, or remove it");
            effects.idle(place, Aspect::Reach, message, help);
        } else {
            effects.effective(place, Aspect::Reach);
        }
    }
    if let Some(every) = redraw_every {
        let place = places.find(&["topology", "redraw_every_iterations"]);
        if every >= iterations {
            let last = iterations - 1;
            let message = format!("the network is never drawn anew: iteration {last} is the last");
            let help = format!("write a number up to {last}, or let the run be longer");
            effects.idle(place, Aspect::Reach, message, help);
        } else {
            effects.effective(place, Aspect::Reach);
        }
    }
}

/// Notes agents whose rule does not fit their neighborhood.
fn check_rules(plan: &Plan, places: &Places<'_>, problems: &mut Problems) {
    let check = |agent| {
        let checked = plan.place(agent, |place| plan.rule(agent).rule.check(place));
        Some((agent, checked.err()?))
    };
    let misfits: Vec<(AgentId, Misfit)> = plan.graph.ids().filter_map(check).collect();
    let Some((first_agent, first)) = misfits.first() else {
        return;
    };
    let same = misfits.iter().filter(|(_, misfit)| misfit.key == first.key);
    let largest: Option<Vec<u64>> = same.map(|(_, misfit)| misfit.largest).collect();
    let largest = largest.and_then(|all| all.into_iter().min());
    let key: Vec<&str> = first.key.split('.').collect();
    let name = key.last().unwrap_or(&"");
    let help = match (largest, first.fits_all) {
        (Some(largest), Some(value)) => {
            format!("write at most {largest}, which fits everywhere, or {name} = {value}")
        }
        (Some(largest), None) => format!("write at most {largest}, which fits everywhere"),
        (None, Some(value)) => {
            format!("write {name} = {value}: no number fits everywhere")
        }
        (None, None) => "no value fits everywhere: choose another rule or network".to_owned(),
    };
    let own = |number: &usize| {
        let number = number.to_string();
        places.exact(&[&["rule", "override", &number], &key[..]].concat())
    };
    let place = plan
        .rules
        .overrides_of(*first_agent)
        .iter()
        .rev()
        .find_map(own);
    let place = place.unwrap_or_else(|| places.find(&[&["rule"], &key[..]].concat()));
    problems.add_too_large(place, first.message.clone(), help, largest);
}

/// Who is Byzantine: explicit selections first, then random ones among those not yet taken.
fn draw_roles(
    settings: &[AttackSettings],
    chooser: &Chooser<'_>,
    seed: u64,
    problems: &mut Problems,
) -> Vec<Role> {
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
        let help = format!(
            "choose at most {} agents: one has to be normal",
            roles.len() - 1
        );
        problems.add(attack.agents.span, message, help);
    }
    roles
}

/// The attacks, checked against the run.
fn prepare_attacks(
    settings: Vec<AttackSettings>,
    roles: &[Role],
    chooser: &Chooser<'_>,
    stage: &Stage<'_>,
    places: &Places<'_>,
    problems: &mut Problems,
) -> Vec<AttackPlan> {
    let mut plans = Vec::new();
    for (index, mut attack) in settings.into_iter().enumerate() {
        let number = index.to_string();
        let of_attack = |k: &AgentId| roles[k.index()] == Role::Byzantine(index);
        let attackers: Vec<AgentId> = stage.graph.ids().filter(of_attack).collect();
        let needed = attack.attack.knowledge();
        let granted = attack.knowledge.unwrap_or(needed);
        let stage = Stage {
            knowledge: granted,
            attackers: &attackers,
            ..*stage
        };
        if granted < needed {
            let place = places.find(&["attack", &number, "knowledge"]);
            let (kind, granted, needed) = (&attack.kind, granted.name(), needed.name());
            let message = format!("`{kind}` needs more knowledge than \"{granted}\"");
            let help = format!("write \"{needed}\" or more, or remove the key");
            problems.add(place, message, help);
        } else if attack.attack.flips_labels() && stage.classes.is_none() {
            let place = places.find(&["attack", &number, "kind"]);
            let message = format!("`{}` flips labels, and this task has none", attack.kind);
            let help = "choose a task that classifies, or another attack";
            problems.add(place, message, help);
        } else if let Some(victims) = attack
            .victims
            .as_ref()
            .filter(|_| attack.attack.flips_labels())
        {
            let message = format!("`{}` has no other model for non-victims", attack.kind);
            let help = "remove `victims`: who trains on false labels sends what it learned to all";
            problems.add(victims.span, message, help);
        } else if let Err(unfit) = attack.attack.prepare(&stage) {
            let place = places.find(&["attack", &number, unfit.key]);
            problems.add(place, unfit.message, unfit.help);
        }
        let victims = attack.victims.as_ref();
        let place = format!("attack[{index}].victims");
        plans.push(AttackPlan {
            name: attack.name.unwrap_or(attack.kind),
            // Whoever looks at nobody's models has nothing to wait for.
            knowledge: match needed {
                Knowledge::None => Knowledge::None,
                _ => granted,
            },
            attack: attack.attack,
            timing: attack.timing,
            active: attack.active,
            per_victim: attack.per_victim,
            victims: victims.map(|v| chooser.choose(v, &place, problems)),
        });
    }
    plans
}

/// Finds where settings stand in a document.
pub(super) struct Places<'a> {
    document: &'a Table,
    top: Span,
}

impl Places<'_> {
    /// The places of a key of `[link]` and its overrides, where it is given.
    pub fn of_links(&self, key: &str, overrides: usize) -> Vec<Span> {
        let in_overrides = (0..overrides).map(|number| number.to_string());
        let in_overrides =
            in_overrides.filter_map(|number| self.exact(&["link", "override", &number, key]));
        self.exact(&["link", key])
            .into_iter()
            .chain(in_overrides)
            .collect()
    }

    /// The place of what stands at a path, if something does; numbers index lists.
    pub fn exact(&self, path: &[&str]) -> Option<Span> {
        self.document.node_at(path).map(|node| node.span)
    }

    /// The place of the deepest element of a path that is there, or of the document where none
    /// is; numbers index lists.
    pub fn find(&self, path: &[&str]) -> Span {
        let prefixes = (1..=path.len()).rev().map(|length| &path[..length]);
        let deepest = prefixes.into_iter().find_map(|prefix| self.exact(prefix));
        deepest.unwrap_or(self.top)
    }
}
