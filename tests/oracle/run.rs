//! The oracle: adapt, exchange, combine in plain loops over time.

use super::agents::{Agents, Chosen, Combining, Expected};
use super::attacks::{Attacks, Own};
use super::clock::{Clock, Mode};
use super::faults::Faults;
use super::links::Links;
use super::mail::{Arrived, Departure, Mail, Traffic};
use super::network::Network;
use super::scenario::Scenario;
use super::slip::Slip;
use super::tasks::task;
use byzsim::scenario::Plan;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

/// What a run should tell.
#[derive(Default)]
pub struct Told {
    /// By iteration: who combined in it, in ascending order.
    pub rounds: BTreeMap<u64, Vec<Expected>>,
    pub traffic: Traffic,
    /// Simulated end [µs].
    pub end: u64,
    /// Why the run could not go on.
    pub stall: Option<String>,
}

/// How time passes and what happens to messages.
pub struct Settings {
    pub clock: Clock,
    pub faults: Faults,
    pub links: Links,
    pub network: Network,
    pub iterations: u64,
    pub agents: usize,
    /// Whether all that is sent in an iteration has arrived before the next begins.
    pub plain: bool,
    /// Who is no attacker.
    pub normal: Vec<usize>,
}

/// A run under way.
pub struct Oracle<'a> {
    pub settings: &'a Settings,
    pub mail: Mail<'a>,
    pub attacks: Attacks,
    pub agents: Agents,
    pub slip: Slip,
    pub told: Told,
}

/// An iteration that an agent has begun.
#[derive(Clone)]
pub struct Begun {
    pub iteration: u64,
    pub started: u64,
    pub adapted: u64,
    pub psi: Rc<[f32]>,
    pub attacking: bool,
}

/// Runs a scenario.
pub fn run(text: &str, plan: &Plan, folder: &Path, slip: Slip) -> Told {
    let scenario = Scenario::read(text, plan, folder);
    let agents = plan.graph.agents();
    let seed = plan.seeds.links;
    let task = task(text, plan);
    let clock = Clock::read(&scenario, agents, seed);
    let period = match clock.mode {
        Mode::Deadline => clock.period,
        _ => 0,
    };
    let faults = Faults::read(&scenario, agents, period, seed);
    let plain = clock.mode == Mode::Synchronous
        && clock.quorum == 1.0
        && faults.is_empty()
        && scenario.table("link").is_empty();
    let is_normal = |&k: &usize| !plan.roles[k].is_byzantine();
    let settings = Settings {
        links: Links::read(&scenario, agents, task.dimension(), seed),
        network: Network::read(text, &scenario, plan),
        iterations: scenario.iterations(task.iterations_per_epoch()),
        agents,
        plain,
        normal: (0..agents).filter(is_normal).collect(),
        clock,
        faults,
    };
    let mut oracle = Oracle {
        settings: &settings,
        mail: Mail::new(&settings.links, &settings.faults, agents, slip),
        attacks: Attacks::new(&scenario, plan, slip),
        agents: Agents::new(&scenario, task, plan, slip),
        slip,
        told: Told::default(),
    };
    oracle.told.stall = match settings.clock.mode {
        Mode::Synchronous => oracle.synchronous().err(),
        Mode::Deadline => oracle.deadline().err(),
        Mode::Asynchronous => oracle.asynchronous().err(),
    };
    oracle.mail.finish();
    oracle.told.traffic = oracle.mail.traffic;
    oracle.told
}

impl Oracle<'_> {
    /// Whether an agent is down at a moment of an iteration.
    pub fn is_down(&self, agent: usize, iteration: u64, at: u64) -> bool {
        let is_down = |at| self.settings.faults.is_down(agent, iteration, at);
        is_down(at) || (self.slip == Slip::UpLate && at > 0 && is_down(at - 1))
    }

    /// Adapts, and makes what is sent. `instant` is the iteration's, at which attacks and edges are
    /// looked up.
    pub fn adapt(
        &mut self,
        agent: usize,
        (iteration, instant): (u64, u64),
        (started, adapted): (u64, u64),
    ) -> (Begun, Vec<Departure>) {
        let psi = self.agents.adapt(agent, iteration);
        let period = self.settings.clock.period;
        let own = Own {
            agent,
            iteration,
            instant,
            adapted,
            deadline: (period > 0).then_some((iteration + 1) * period),
            psi: psi.clone(),
        };
        let network = &self.settings.network;
        let receivers = network.receivers(agent, iteration, instant);
        let departures = self.attacks.departures(&own, &receivers);
        let begun = Begun {
            iteration,
            started,
            adapted,
            psi,
            attacking: self.attacks.of(agent, iteration, instant).is_some(),
        };
        (begun, departures)
    }

    /// Combines what was chosen in an iteration whose instant is `instant`, and tells of it.
    /// Returns who of the senders chosen got a weight, if their models have taken part.
    pub fn combine(
        &mut self,
        agent: usize,
        (iteration, instant): (u64, u64),
        combined: u64,
        begun: &Begun,
        chosen: &[Chosen],
    ) -> Option<Vec<usize>> {
        let network = &self.settings.network;
        let neighbors = network.neighbors(agent, iteration, instant);
        let expected = self.agents.combine(&Combining {
            agent,
            iteration,
            began: begun.iteration,
            started: begun.started,
            adapted: begun.adapted,
            combined,
            psi: &begun.psi,
            neighbors: &neighbors,
            degrees: &|k| network.degree(k, iteration),
            chosen,
        });
        let weighed = expected.rows.iter().filter(|row| row.weight > 0.0);
        let weighed = weighed.map(|row| row.sender).filter(|&l| l != agent);
        let took_part = (!expected.rows.is_empty()).then(|| weighed.collect());
        let expected = Expected {
            attacking: begun.attacking,
            ..expected
        };
        self.told
            .rounds
            .entry(iteration)
            .or_default()
            .push(expected);
        took_part
    }

    /// Lets everything depart before a moment, in a mode that sends nothing again.
    pub fn all_depart_before(&mut self, moment: u64) {
        if self.mail.depart_before(moment).is_err() {
            unreachable!("nothing is sent again");
        }
    }

    /// Counts a copy that has arrived; `None` where it is no model.
    pub fn readable(&mut self, arrived: Arrived) -> Option<Arrived> {
        let is_model = self.agents.is_readable(&arrived.copy.payload);
        self.mail.traffic.malformed += u64::from(!is_model);
        is_model.then_some(arrived)
    }

    /// Whether something that arrives at `at` is there at `now`.
    pub fn is_in_time(&self, at: u64, now: u64) -> bool {
        match self.slip {
            Slip::ArrivalStrict => at < now,
            _ => at <= now,
        }
    }
}
