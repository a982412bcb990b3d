//! What attackers see: exactly what their level of knowledge allows, as it was at the moment that
//! the mode of the clock allows, and nothing else.
//!
//! Spies write down all that they are handed; an outsider computes from the trace of the run what
//! they should have been handed: messages, their moments, every model. Whoever could see more, or
//! later, or less, would differ.

#[path = "knowledge/spies.rs"]
mod spies;
#[path = "knowledge/told.rs"]
mod told;

mod reading;
mod shipped;

use byzsim::actors::{RunOptions, run};
use byzsim::scenario::{Catalogues, Mode, Pace, Plan};
use byzsim::settings::kind;
use byzsim::units::{AgentId, SimTime};
use shipped::Study;
use spies::{Bits, Entry};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use told::{Copied, Told};

const SYNCHRONOUS: &str = "mode = 'synchronous'\ncompute_ms = { kind = 'exponential', mean = 10 }";
const DEADLINE: &str =
    "mode = 'deadline'\nperiod_ms = 40\ncompute_ms = { kind = 'exponential', mean = 15 }";
const ASYNCHRONOUS: &str =
    "mode = 'asynchronous'\ncompute_ms = { kind = 'exponential', mean = 10, offset = 0.1 }";
const MODES: [&str; 3] = [SYNCHRONOUS, DEADLINE, ASYNCHRONOUS];

/// Attackers in two groups, links that delay, lose and duplicate.
fn scenario(log: u32, keys: &str, clock: &str, rest: &str) -> String {
    let (network, rest) = match rest {
        REDRAWN => (REDRAWN, ""),
        _ => ("", rest),
    };
    format!(
        "iterations = 25
[task]
kind = 'target-localization'
[topology]
kind = 'regular'
agents = 16
degree = 5
{network}
[clock]
{clock}
[link]
delay_ms = {{ kind = 'exponential', mean = 12, offset = 0.5 }}
drop = 0.2
duplicate = 0.1
[record]
trace = true
weights = 'all'
[[attack]]
agents = [0, 5, 11]
{keys}
log = {log}
[[attack]]
agents = [7]
{keys}
log = {log}
{rest}
"
    )
}

/// A run that spies took part in.
struct Spied {
    plan: Arc<Plan>,
    told: Told,
    entries: Vec<Entry>,
}

impl Spied {
    fn new(keys: &str, clock: &str, rest: &str) -> Spied {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let log = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut catalogues = Catalogues::default();
        catalogues.attacks.add(kind!(spies::Blind));
        catalogues.attacks.add(kind!(spies::Listening));
        catalogues.attacks.add(kind!(spies::Omniscient));
        catalogues.attacks.add(kind!(spies::Prying));
        let text = scenario(log, keys, clock, rest);
        let plan = Study::with(catalogues, "spied", &text).plan(0);
        let folder = tempfile::tempdir().expect("a folder");
        let options = RunOptions {
            threads: 3,
            folder: Some(folder.path().to_owned()),
            ..RunOptions::default()
        };
        run(plan.clone(), options).unwrap_or_else(|e| panic!("{e}"));
        let entries = spies::take(log);
        assert!(
            entries.len() >= 80,
            "{} looks were written down",
            entries.len()
        );
        Spied {
            told: Told::read(folder.path()),
            plan,
            entries,
        }
    }

    fn is_honest(&self, agent: u32) -> bool {
        !self.plan.is_byzantine(AgentId(agent))
    }

    fn honest(&self) -> impl Iterator<Item = u32> {
        (0..16).filter(|&k| self.is_honest(k))
    }

    /// The attackers that share what they hear with one.
    fn group(&self, attacker: u32, colluding: bool) -> Vec<u32> {
        match attacker {
            0 | 5 | 11 if colluding => vec![0, 5, 11],
            _ => vec![attacker],
        }
    }

    /// Copies of honest models that some attackers received.
    fn heard<'a>(&'a self, group: &'a [u32]) -> impl Iterator<Item = &'a Copied> {
        let copies = self.told.copies.iter();
        copies.filter(|c| group.contains(&c.receiver) && self.is_honest(c.sender))
    }

    /// Whether a copy comes from who is a neighbor of its receiver in an iteration.
    fn is_from_neighbor(&self, copied: &Copied, iteration: u64) -> bool {
        let networks = &self.plan.networks;
        let graph = networks.at(networks.epoch(iteration));
        let neighbors = graph.receives_from(AgentId(copied.receiver));
        neighbors.contains(&AgentId(copied.sender))
    }

    /// The moment as of which an attacker knows what it knows in an iteration.
    fn moment(&self, entry: &Entry, group: Option<&[u32]>) -> SimTime {
        let iteration = entry.iteration;
        match self.plan.clock.pace {
            Pace::Synchronous { .. } => {
                let last = match group {
                    Some(group) => {
                        let current = self.heard(group).filter(|c| c.stamp == iteration);
                        current.filter_map(|c| c.arrives).max()
                    }
                    None => self
                        .honest()
                        .filter_map(|l| self.told.adapted_at(l, iteration))
                        .max(),
                };
                last.unwrap_or(self.told.starts[iteration as usize])
            }
            Pace::Deadline { period, .. } => {
                SimTime::from_us(period.us() * iteration + period.us() / 2)
            }
            Pace::Asynchronous { .. } => {
                let own = self.told.adapted_at(entry.attacker, iteration);
                own.expect("every attacker sends") - self.plan.links.least_latency()
            }
        }
    }

    /// The newest iteration of each honest agent that some attackers had received by a moment.
    fn newest_heard(&self, group: &[u32], iteration: u64, at: SimTime) -> BTreeMap<u32, u64> {
        let mut newest = BTreeMap::new();
        let heard = self.heard(group);
        let heard = heard.filter(|c| self.is_from_neighbor(c, iteration));
        for copy in heard.filter(|c| c.arrives.is_some_and(|t| t <= at)) {
            let stamp: &mut u64 = newest.entry(copy.sender).or_default();
            *stamp = (*stamp).max(copy.stamp);
        }
        newest
    }

    /// Each honest agent's newest iteration that it had adapted in by a moment.
    fn newest_adapted(&self, at: SimTime) -> BTreeMap<u32, u64> {
        let newest = |l: u32| {
            let by_then = |i: &u64| self.told.adapted_at(l, *i).is_some_and(|t| t <= at);
            Some((l, (0..100).filter(by_then).max()?))
        };
        self.honest().filter_map(newest).collect()
    }

    /// ψ of those iterations.
    fn adapted(&self, newest: &BTreeMap<u32, u64>) -> BTreeMap<u32, Bits> {
        let model = |(&l, &i): (&u32, &u64)| (l, self.told.adapted[&(l, i)].clone());
        newest.iter().map(model).collect()
    }

    /// The last iteration in which an agent had combined when an attacker looked.
    fn last_combined(&self, agent: u32, entry: &Entry, at: SimTime) -> Option<u64> {
        let own = self.told.combined.range((agent, 0)..(agent + 1, 0));
        let iterations = own.map(|((_, iteration), _)| *iteration);
        let before = |i: &u64| match self.plan.mode() {
            Mode::Asynchronous => self.told.adapted_at(agent, *i).is_some_and(|t| t <= at),
            Mode::Synchronous | Mode::Deadline => *i < entry.iteration,
        };
        iterations.filter(before).max()
    }

    /// θ of an agent when an attacker looked.
    fn combined(&self, agent: u32, entry: &Entry, at: SimTime) -> Bits {
        match self.last_combined(agent, entry, at) {
            Some(iteration) => self.told.combined[&(agent, iteration)].clone(),
            None => spies::bits(&self.plan.world.initial(AgentId(agent))),
        }
    }
}

/// Attackers that are handed models see those that they, or their group, have received.
fn hears(keys: &str, colluding: bool, clock: &str, rest: &str) -> Spied {
    let spied = Spied::new(keys, clock, rest);
    for entry in &spied.entries {
        let group = spied.group(entry.attacker, colluding);
        let at = spied.moment(entry, Some(&group));
        let expected = spied.adapted(&spied.newest_heard(&group, entry.iteration, at));
        assert_eq!(entry.adapted, expected, "{clock}: {entry:?} at {at}");
        assert!(entry.combined.is_empty() && entry.data.is_none());
    }
    spied
}

/// Attackers that are handed everybody's state see all of it, and nothing of attackers.
fn sees_all(keys: &str, clock: &str, rest: &str) -> Spied {
    let spied = Spied::new(keys, clock, rest);
    for entry in &spied.entries {
        let at = spied.moment(entry, None);
        let newest = spied.newest_adapted(at);
        assert_eq!(
            entry.adapted,
            spied.adapted(&newest),
            "{clock}: {entry:?} at {at}"
        );
        if keys.contains("spy-models") {
            assert!(entry.combined.is_empty());
            continue;
        }
        let combined = newest.keys().map(|&l| (l, spied.combined(l, entry, at)));
        let combined: BTreeMap<u32, Bits> = combined.collect();
        assert_eq!(entry.combined, combined, "{clock}: {entry:?} at {at}");
    }
    spied
}

/// How many honest agents were known, in each look.
fn numbers_known(spied: &Spied) -> BTreeSet<usize> {
    spied
        .entries
        .iter()
        .map(|entry| entry.adapted.len())
        .collect()
}

const NEIGHBORS: &str = "kind = 'spy-models'";
const COLLUDING: &str = "kind = 'spy-models'\nknowledge = 'colluding'";
const CHURN: &str = "[[fault]]\nkind = 'churn'\nagents = [0, 3, 4, 8]\n\
    up_ms = { kind = 'exponential', mean = 150 }\ndown_ms = 60\n";
/// A network that changes.
const REDRAWN: &str = "redraw_every_iterations = 4";
/// Iterations in which nothing reaches an attacker.
const LOSSY: &str = "[[link.override]]\nfrom = { every = 1 }\nto = [0, 5, 7, 11]\ndrop = 0.75\n";
/// Every copy comes twice, after the look of its own iteration.
const TWICE: &str = "[[link.override]]\nfrom = { every = 1 }\nto = { every = 1 }\n\
    delay_ms = 35\nduplicate = 1.0\ndrop = 0.0\n";
const SLOW: &str = "mode = 'deadline'\nperiod_ms = 40\ncompute_ms = 30";

#[test]
fn who_knows_nothing_sees_its_own_state_alone() {
    for clock in MODES {
        let spied = Spied::new("kind = 'spy-none'", clock, "");
        for entry in &spied.entries {
            assert!(entry.victim.is_none() && entry.adapted.is_empty());
        }
    }
}

#[test]
fn more_knowledge_means_nothing_to_who_looks_at_nobody() {
    for clock in MODES {
        let keys = "kind = 'spy-none'\nknowledge = 'victim-data'";
        let (plain, granted) = (
            Spied::new("kind = 'spy-none'", clock, ""),
            Spied::new(keys, clock, ""),
        );
        let last = |spied: &Spied| spied.told.combined.clone();
        assert!(last(&plain) == last(&granted), "{clock}");
    }
}

#[test]
fn who_listens_hears_what_its_neighbors_sent_it() {
    for clock in MODES {
        for rest in ["", CHURN, LOSSY, REDRAWN] {
            let spied = hears(NEIGHBORS, false, clock, rest);
            let known = numbers_known(&spied);
            assert!(known.last().is_some_and(|&most| most <= 5), "{known:?}");
        }
    }
}

/// What comes after the look of its iteration is seen in a later one, however many copies come.
#[test]
fn who_listens_is_not_deafened_by_copies() {
    let spied = hears(NEIGHBORS, false, SLOW, TWICE);
    let late = spied.entries.iter().filter(|entry| entry.iteration > 2);
    for entry in late {
        assert!(entry.adapted.len() >= 3, "{entry:?}");
    }
}

#[test]
fn who_colludes_hears_what_its_group_received() {
    for clock in MODES {
        for rest in ["", CHURN, LOSSY, REDRAWN] {
            let spied = hears(COLLUDING, true, clock, rest);
            let known = numbers_known(&spied);
            assert!(known.last().is_some_and(|&most| most > 5), "{known:?}");
        }
    }
}

#[test]
fn the_omniscient_see_every_honest_agent_as_it_was() {
    for clock in MODES {
        for rest in ["", CHURN, REDRAWN] {
            let spied = sees_all("kind = 'spy-network'", clock, rest);
            assert!(numbers_known(&spied).contains(&12));
        }
    }
}

#[test]
fn who_is_granted_more_than_it_needs_is_handed_more_models_and_nothing_else() {
    for clock in MODES {
        let keys = "kind = 'spy-models'\nknowledge = 'omniscient'";
        let spied = sees_all(keys, clock, "");
        assert!(spied.entries.iter().all(|entry| entry.combined.is_empty()));
        assert!(numbers_known(&spied).contains(&12));
    }
}

/// The batch is the one of the iteration that goes on, φ that of the last combination.
#[test]
fn who_pries_sees_the_victims_batch_and_memory_too() {
    for clock in MODES {
        let spied = sees_all("kind = 'spy-victim'", clock, "");
        let world = &spied.plan.world;
        let zeros = vec![0.0; world.dimension()];
        let mut compared = 0;
        for entry in &spied.entries {
            let at = spied.moment(entry, None);
            let victim = entry.victim.expect("a payload for each victim");
            let (loss, memory) = entry.data.expect("data of the victim");
            let last = spied.last_combined(victim, entry, at);
            let begun = match spied.plan.mode() {
                Mode::Synchronous => entry.iteration,
                Mode::Asynchronous => last.map_or(0, |i| i + 1),
                Mode::Deadline => {
                    let own = spied.told.copies.iter().filter(|c| c.sender == victim);
                    let begun = own.map(|c| c.stamp).filter(|&i| i <= entry.iteration);
                    begun.max().expect("it has begun")
                }
            };
            let mut objective = world.clone().objective(AgentId(victim));
            objective.draw(begun);
            assert_eq!(loss, objective.loss(&zeros), "{clock}: {entry:?}");
            let phi = |of: u32| {
                let rows = spied.told.weights.iter();
                let rows = rows.filter(|w| w.receiver == victim && w.sender == of);
                let seen = rows.filter(|w| Some(w.iteration) <= last);
                seen.max_by_key(|w| w.iteration).map_or(10.0, |w| {
                    assert!(spied.plan.mode() != Mode::Asynchronous || w.at <= at);
                    w.accumulated.expect("the loss rule remembers")
                })
            };
            assert_eq!(memory.own, Some(phi(victim)), "{clock}: {entry:?}");
            assert_eq!(
                memory.attacker,
                Some(phi(entry.attacker)),
                "{clock}: {entry:?}"
            );
            assert_eq!(memory.forgetting, Some(0.1));
            compared += usize::from(memory.attacker != Some(10.0));
        }
        assert!(compared > 100, "{clock}: {compared}");
    }
}
