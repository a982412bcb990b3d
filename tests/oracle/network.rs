//! Who is whose neighbor in which iteration.
//!
//! From the program comes how a network is drawn from a seed; which seed an iteration's has, which
//! edges are there, and to whom an agent sends are found here.

use super::distribution::us;
use super::faults::NEVER;
use super::scenario::Scenario;
use byzsim::rng::{Key, Purpose, choose};
use byzsim::scenario::Plan;
use byzsim::settings::{Keys, Problems, Sources, Span, Table, Value};
use byzsim::topology::{Graph, Topology, catalogue};
use byzsim::units::AgentId;
use rand::RngExt;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

pub struct Network {
    /// By epoch, as far as they have been asked for.
    graphs: RefCell<Vec<Rc<Graph>>>,
    /// Draws those of later epochs.
    topology: Option<Box<dyn Topology>>,
    folder: PathBuf,
    topology_seed: u64,
    /// Iterations of an epoch.
    redraw: Option<u64>,
    fanout: Option<usize>,
    /// Edges of a file with when they are there; empty in other networks.
    windows: Vec<Window>,
    seed: u64,
}

/// `from` may send to `to` from one moment up to another, exclusively [µs].
struct Window {
    from: usize,
    to: usize,
    begins: u64,
    ends: u64,
}

impl Network {
    pub fn read(text: &str, scenario: &Scenario, plan: &Plan) -> Network {
        let keys = scenario.table("topology");
        let number = |key: &str| keys.get(key).and_then(toml::Value::as_integer);
        let redraw = number("redraw_every_iterations").map(|n| n as u64);
        let is_file = keys.get("kind").and_then(toml::Value::as_str) == Some("file");
        Network {
            graphs: RefCell::new(vec![Rc::new((*plan.graph).clone())]),
            topology: redraw.map(|_| topology(text)),
            folder: scenario.folder.clone(),
            topology_seed: plan.seeds.topology,
            redraw,
            fanout: number("fanout").map(|n| n as usize),
            windows: if is_file {
                windows(&keys, scenario)
            } else {
                Vec::new()
            },
            seed: plan.seeds.links,
        }
    }

    fn graph(&self, iteration: u64) -> Rc<Graph> {
        let epoch = self.redraw.map_or(0, |every| iteration / every);
        let mut graphs = self.graphs.borrow_mut();
        while graphs.len() as u64 <= epoch {
            let key = Key::new(self.topology_seed, Purpose::Redraw).at(graphs.len() as u64);
            let topology = self.topology.as_ref().expect("a network that changes");
            let graph = topology.draw(key.stream().random(), &self.folder);
            graphs.push(Rc::new(graph.unwrap_or_else(|error| panic!("{error}"))));
        }
        graphs[epoch as usize].clone()
    }

    fn is_there(&self, from: AgentId, to: AgentId, at: u64) -> bool {
        let ends = (from.index(), to.index());
        let mut own = self.windows.iter().filter(|w| (w.from, w.to) == ends);
        self.windows.is_empty() || own.any(|w| w.begins <= at && at < w.ends)
    }

    /// Whose models an agent receives in an iteration whose instant is `at`.
    pub fn neighbors(&self, agent: usize, iteration: u64, at: u64) -> Vec<usize> {
        let agent = AgentId(agent as u32);
        let graph = self.graph(iteration);
        let all = graph.receives_from(agent).iter();
        let there = all.filter(|&&l| self.is_there(l, agent, at));
        there.map(|l| l.index()).collect()
    }

    /// Whom it sends to in it.
    pub fn receivers(&self, agent: usize, iteration: u64, at: u64) -> Vec<usize> {
        let id = AgentId(agent as u32);
        let graph = self.graph(iteration);
        let all = graph.sends_to(id).iter();
        let there = all.filter(|&&l| self.is_there(id, l, at));
        let there: Vec<usize> = there.map(|l| l.index()).collect();
        let Some(fanout) = self.fanout else {
            return there;
        };
        let key = Key::new(self.seed, Purpose::Fanout).of(id).at(iteration);
        let chosen = choose(there.len(), fanout, &mut key.stream());
        chosen.into_iter().map(|at| there[at]).collect()
    }

    /// How many neighbors an agent has in the network of an iteration, whether or not all edges
    /// are there.
    pub fn degree(&self, agent: usize, iteration: u64) -> usize {
        let graph = self.graph(iteration);
        graph.receives_from(AgentId(agent as u32)).len()
    }
}

/// The scenario's kind of network with its parameters.
fn topology(text: &str) -> Box<dyn Topology> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("scenario", text);
    let document = Table::parse(&sources, source, &mut problems);
    let Some(Value::Table(mut keys)) = document.get("topology").map(|node| node.value.clone())
    else {
        panic!("a network that is drawn again has a table");
    };
    keys.remove("redraw_every_iterations");
    keys.remove("fanout");
    let keys = Keys::new("topology", Span::default(), Some(&keys), &mut problems);
    let (topology, _, _) = keys.run(|keys| catalogue().read(keys, Some("geometric")));
    topology.expect("a kind")
}

/// Reads `a,b[,from_ms,to_ms]`.
fn windows(topology: &toml::Table, scenario: &Scenario) -> Vec<Window> {
    let path = topology["path"].as_str().expect("a path");
    let directed = topology.get("directed").and_then(toml::Value::as_bool);
    let text = std::fs::read_to_string(scenario.folder.join(path)).expect("a network file");
    let mut windows = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let agent = |at: usize| fields.get(at)?.parse::<usize>().ok();
        let (Some(a), Some(b)) = (agent(0), agent(1)) else {
            continue; // Names of columns.
        };
        let moment = |at: usize| Some(us(fields.get(at)?.parse().ok()?));
        let begins = moment(2).unwrap_or(0);
        let ends = moment(3).unwrap_or(NEVER);
        let window = |from, to| Window {
            from,
            to,
            begins,
            ends,
        };
        windows.push(window(a, b));
        if directed != Some(true) {
            windows.push(window(b, a));
        }
    }
    windows
}
