//! Kinds and observers that fail when a scenario tells them to, added through the public API.

use byzsim::attack::{AnyForger, Attack, Forger, OwnState};
use byzsim::checkpoint::{Book, Kept};
use byzsim::cli::Plugins;
use byzsim::data::{DataError, Library};
use byzsim::record::{Observer, Seen};
use byzsim::rule::{Combination, Combiner, Neighborhood, Outcome, Place, Rule};
use byzsim::scenario::Plan;
use byzsim::settings::{Keys, kind};
use byzsim::task::{Objective, Task, TaskSeeds, World};
use byzsim::topology::Graph;
use byzsim::units::AgentId;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The variable that names the observers, separated by commas.
pub const OBSERVERS: &str = "BYZSIM_TEST_OBSERVERS";

/// The variable that names the folder whose disk the observer `blocked` blocks.
pub const FULL_FOLDER: &str = "BYZSIM_TEST_FULL_FOLDER";

pub fn plugins() -> Plugins {
    let mut plugins = Plugins::default();
    plugins.catalogues.tasks.add(kind!(Fragile));
    plugins.catalogues.rules.add(kind!(FragileRule));
    plugins.catalogues.attacks.add(kind!(FragileAttack));
    for name in std::env::var(OBSERVERS).unwrap_or_default().split(',') {
        let make = match name {
            "panics" => |_: &Plan| Box::new(Panics) as Box<dyn Observer>,
            "blocked" => |plan: &Plan| Box::new(Blocked::new(plan)) as Box<dyn Observer>,
            "cannot-be-made" => |_: &Plan| panic!("no such observer"),
            _ => continue,
        };
        plugins.observers.push(Box::new(make));
    }
    plugins
}

/// Where something fails: while it is made, or in an iteration.
#[derive(Clone, Copy, Debug)]
struct Trap {
    agent: AgentId,
    at: u64,
    when_made: bool,
    when_loaded: bool,
    all: bool,
    stuck_at_load: u32,
    dimension: u32,
}

impl Trap {
    fn read(keys: &mut Keys<'_>) -> Trap {
        Trap {
            agent: AgentId(keys.key("agent", "Whose fails").default(4, "tests")),
            at: keys
                .key("at", "In which iteration")
                .default(u64::MAX, "tests"),
            when_made: keys
                .key("when_made", "Whether it cannot be made")
                .default(false, "tests"),
            when_loaded: keys
                .key("when_loaded", "Whether loading fails")
                .default(false, "tests"),
            all: keys
                .key("all", "Whether every agent fails")
                .default(false, "tests"),
            stuck_at_load: keys
                .key("stuck_at_load", "Which loading never ends, from 1 on")
                .default(0, "tests"),
            dimension: keys
                .key("dimension", "Number of parameters that it claims")
                .default(2, "tests"),
        }
    }

    fn make(&self, agent: AgentId) {
        assert!(!(self.when_made && agent == self.agent), "cannot be made");
    }

    fn step(&self, agent: AgentId, at: u64) {
        assert!(
            !((self.all || agent == self.agent) && at == self.at),
            "the trap was sprung"
        );
    }
}

/// A task with d = 2 whose objective fails: everyone wants to be at 1.
#[derive(Debug)]
struct Fragile(Trap);

impl Fragile {
    const NAME: &str = "fragile";
    const ABOUT: &str = "Fails when it is told to";

    fn read(keys: &mut Keys<'_>) -> Self {
        Fragile(Trap::read(keys))
    }
}

impl Task for Fragile {
    fn load(&self, _: &Graph, _: TaskSeeds, _: &Library) -> Result<Arc<dyn World>, DataError> {
        assert!(!self.0.when_loaded, "cannot be loaded");
        static LOADED: AtomicU32 = AtomicU32::new(0);
        if LOADED.fetch_add(1, Ordering::Relaxed) + 1 == self.0.stuck_at_load {
            std::fs::write("stuck", "").expect("the test's folder");
            std::thread::sleep(Duration::from_secs(3600));
        }
        Ok(Arc::new(FragileWorld(self.0)))
    }
}

struct FragileWorld(Trap);

impl World for FragileWorld {
    fn dimension(&self) -> usize {
        self.0.dimension as usize
    }

    fn group(&self, _: AgentId) -> u32 {
        0
    }

    fn initial(&self, _: AgentId) -> Vec<f32> {
        vec![0.0; 2]
    }

    fn objective(self: Arc<Self>, agent: AgentId) -> Box<dyn Objective> {
        self.0.make(agent);
        Box::new(FragileObjective(self.0, agent))
    }
}

struct FragileObjective(Trap, AgentId);

impl Objective for FragileObjective {
    fn draw(&mut self, step: u64) {
        self.0.step(self.1, step);
    }

    fn loss(&mut self, model: &[f32]) -> f64 {
        model.iter().map(|&x| (f64::from(x) - 1.0).powi(2)).sum()
    }

    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        for (slope, &x) in gradient.iter_mut().zip(model) {
            *slope = 2.0 * (f64::from(x) - 1.0);
        }
    }
}

/// The rule `average`, until it fails.
#[derive(Debug)]
struct FragileRule(Trap);

impl FragileRule {
    const NAME: &str = "fragile";
    const ABOUT: &str = "Fails when it is told to";

    fn read(keys: &mut Keys<'_>) -> Self {
        FragileRule(Trap::read(keys))
    }
}

impl Rule for FragileRule {
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner> {
        self.0.make(place.agent);
        Box::new(FragileCombiner(self.0, place.agent))
    }
}

struct FragileCombiner(Trap, AgentId);

impl Combiner for FragileCombiner {
    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        self.0.step(self.1, hood.iteration);
        out.weights.fill(1.0 / hood.candidates.len() as f64);
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

/// Sends its honest model, until it fails.
#[derive(Clone, Debug)]
struct FragileAttack(Trap);

impl FragileAttack {
    const NAME: &str = "fragile";
    const ABOUT: &str = "Fails when it is told to";

    fn read(keys: &mut Keys<'_>) -> Self {
        FragileAttack(Trap::read(keys))
    }
}

impl Attack for FragileAttack {
    fn forger(&self, attacker: AgentId) -> AnyForger {
        self.0.make(attacker);
        AnyForger::Blind(Box::new(self.clone()))
    }
}

impl Forger<OwnState<'_>> for FragileAttack {
    fn forge(&mut self, sight: OwnState<'_>, payload: &mut Vec<f32>) {
        self.0.step(sight.attacker, sight.iteration);
        payload.extend_from_slice(sight.honest);
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

/// Fails in iteration 12.
struct Panics;

impl Observer for Panics {
    fn see(&mut self, seen: &Seen<'_>) {
        assert!(seen.round.iteration != 12, "I have seen enough");
    }
}

/// From iteration 3 on `rounds.parquet` cannot be written: what the table writes goes through its
/// temporary file, whose name a folder has.
struct Blocked(PathBuf);

impl Blocked {
    fn new(plan: &Plan) -> Blocked {
        let results = PathBuf::from(std::env::var_os(FULL_FOLDER).expect("a folder"));
        Blocked(results.join("runs").join(plan.id.to_string()))
    }
}

impl Observer for Blocked {
    fn see(&mut self, seen: &Seen<'_>) {
        if seen.round.iteration == 3 {
            let temporary = self.0.join(".rounds.parquet.tmp");
            std::fs::create_dir(temporary).expect("a folder");
        }
    }
}
