//! Who is whose neighbor in which iteration.
//!
//! From the program comes how a network is drawn from a seed; which seed an iteration's has, which
//! edges are there, and to whom an agent sends are found here.

use super::distribution::us;
use super::faults::NEVER;
use super::scenario::Scenario;
use byzsim::rng::{Key, Purpose, choose, shuffle};
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
    /// Who can be linked, where agents have places.
    within: Option<Within>,
    folder: PathBuf,
    topology_seed: u64,
    /// Iterations of an epoch.
    redraw: Option<u64>,
    fanout: Option<usize>,
    /// Edges of a file with when they are there; empty in other networks.
    windows: Vec<Window>,
    seed: u64,
}

/// Links of a network with places that is drawn anew: agents stay where they are.
struct Within {
    range: f64,
    most: usize,
}

impl Within {
    fn read(keys: &toml::Table) -> Option<Within> {
        let kind = keys.get("kind").and_then(toml::Value::as_str);
        let range = keys.get("range").and_then(|range| {
            let whole = range.as_integer().map(|range| range as f64);
            range.as_float().or(whole)
        });
        let most = keys.get("max_neighbors").and_then(toml::Value::as_integer);
        kind.is_none_or(|kind| kind == "geometric").then(|| Within {
            range: range.unwrap_or(1.0),
            most: most.map_or(9, |most| most as usize),
        })
    }

    /// Visits all pairs in range in random order and links those of which neither is full.
    fn link(&self, places: &[[f64; 2]], seed: u64) -> Graph {
        let mut pairs = Vec::new();
        for a in 0..places.len() {
            for b in a + 1..places.len() {
                let [x, y] = [0, 1].map(|axis| places[b][axis] - places[a][axis]);
                if x * x + y * y <= self.range * self.range {
                    pairs.push((AgentId(a as u32), AgentId(b as u32)));
                }
            }
        }
        shuffle(&mut pairs, &mut Key::new(seed, Purpose::Edges).stream());
        let mut degree = vec![0; places.len()];
        let mut edges = Vec::new();
        for (a, b) in pairs {
            if degree[a.index()] < self.most && degree[b.index()] < self.most {
                degree[a.index()] += 1;
                degree[b.index()] += 1;
                edges.push((a, b));
            }
        }
        Graph::undirected(places.len(), edges)
    }
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
            within: Within::read(&keys),
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
            let seed = key.stream().random();
            let first = graphs[0].clone();
            graphs.push(Rc::new(match &self.within {
                Some(within) => within.link(first.positions().expect("places"), seed),
                None => topology
                    .draw(seed, &self.folder)
                    .unwrap_or_else(|error| panic!("{error}")),
            }));
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
