//! Target localization (paper §7.1): linear regression on a stream of noisy bearings.
//!
//! Agent k stands at x_k and wants the place θ* of its group's target. Each step it measures a
//! direction `u = unit(θ* − x_k) + v_u` (one scalar noise for both coordinates) and a distance
//! along it, `d = uᵀ(θ* − x_k) + v_d`. The adapt step moves toward the measured point
//! `q = x_k + d·u`; the loss of any model w is the squared projected error
//! `(d + uᵀx_k − uᵀw)²`, always with k's own position and measurement.

use super::{DataError, Library, Objective, Task, TaskSeeds, World};
use crate::model::LeastSquares;
use crate::rng::{Key, Purpose, choose};
use crate::settings::Keys;
use crate::topology::{Graph, positions};
use crate::units::AgentId;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::sync::Arc;

/// Side of the square in which agents stand when the topology has no places (paper appendix B).
const SIDE: f64 = 3.0;

/// Where the targets are, before each is moved by U[0,1) per coordinate.
const TARGETS: [[f64; 2]; 4] = [[10.0, 10.0], [10.0, 20.0], [20.0, 10.0], [20.0, 20.0]];

/// Settings of the task `target-localization`; data is generated.
#[derive(Clone, Debug)]
pub struct TargetLocalization {
    noisy_agents: u32,
    noisy_std: f64,
    direction_std: f64,
    distance_std: f64,
}

impl TargetLocalization {
    /// The value of `task.kind`.
    pub const NAME: &str = "target-localization";
    /// What it is.
    pub const ABOUT: &str = "Agents in the plane find one of four targets from noisy bearings";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        TargetLocalization {
            noisy_agents: keys
                .key("noisy_agents", "How many random agents measure directions badly")
                .default(5, "paper appendix B"),
            noisy_std: keys
                .key("noisy_std", "Standard deviation of their direction noise")
                .at_least(0.0)
                .default(0.1, "paper appendix B"),
            direction_std: keys
                .key(
                    "direction_std",
                    "Least standard deviation s of the others' direction noise, which is s + U[0, s)",
                )
                .symbol("σ_u")
                .at_least(0.0)
                .default(0.01, "paper appendix B"),
            distance_std: keys
                .key(
                    "distance_std",
                    "Least standard deviation s of the distance noise, which is s + U[0, s)",
                )
                .symbol("σ_d")
                .at_least(0.0)
                .default(0.1, "paper appendix B"),
        }
    }

    /// Draws what differs between the agents.
    pub fn world(&self, graph: &Graph, seeds: TaskSeeds) -> Localization {
        let agents = graph.agents();
        let places = match graph.positions() {
            Some(places) => places.to_vec(),
            None => positions(seeds.topology, agents, SIDE),
        };
        let key = Key::new(seeds.data, Purpose::World);
        let mut stream = key.stream();
        let targets = TARGETS.map(|at| at.map(|c| c + stream.random::<f64>()));
        let noisy = choose(agents, self.noisy_agents as usize, &mut stream);
        let sensors = places.iter().enumerate().map(|(index, &position)| {
            let mut own = key.of(AgentId::from_index(index)).stream();
            let group = index * TARGETS.len() / agents;
            let direction_std = self.direction_std * (1.0 + own.random::<f64>());
            let distance_std = self.distance_std * (1.0 + own.random::<f64>());
            let noisy = noisy.binary_search(&index).is_ok();
            Sensor {
                position,
                target: targets[group],
                group: group as u32,
                direction_std: if noisy { self.noisy_std } else { direction_std },
                distance_std,
                noisy,
            }
        });
        Localization {
            sensors: sensors.collect(),
            seed: seeds.data,
        }
    }
}

impl Task for TargetLocalization {
    fn defaults(&self) -> &'static str {
        r#"
iterations = 500
[topology]
kind = "geometric"
[learner]
step_size = 0.1
[rule]
kinds = ["loss", "distance"]
forgetting = 0.1
initial = 10.0
"#
    }

    fn load(
        &self,
        graph: &Graph,
        seeds: TaskSeeds,
        _: &Library,
    ) -> Result<Arc<dyn World>, DataError> {
        Ok(Arc::new(self.world(graph, seeds)))
    }
}

/// All agents of a localization run.
pub struct Localization {
    /// One per agent.
    pub sensors: Vec<Sensor>,
    seed: u64,
}

/// One agent's place, target and noise.
#[derive(Clone, Debug)]
pub struct Sensor {
    /// x_k.
    pub position: [f64; 2],
    /// θ*, the same for all of a group.
    pub target: [f64; 2],
    /// Its task group.
    pub group: u32,
    /// Standard deviation σ_u of the direction noise.
    pub direction_std: f64,
    /// Standard deviation σ_d of the distance noise.
    pub distance_std: f64,
    /// Whether it is one of the noisy few.
    pub noisy: bool,
}

impl Sensor {
    /// θ* − x_k, its length, and the unit vector u₀ along it.
    fn bearing(&self) -> ([f64; 2], f64, [f64; 2]) {
        let way = [
            self.target[0] - self.position[0],
            self.target[1] - self.position[1],
        ];
        let length = way[0].hypot(way[1]);
        (way, length, way.map(|c| c / length))
    }

    /// Measures: direction u and distance d of one step.
    fn measure(&self, key: Key) -> Measurement {
        let mut stream = key.stream();
        let normal = |s: &mut crate::rng::Stream| -> f64 { StandardNormal.sample(s) };
        let direction_noise = self.direction_std * normal(&mut stream);
        let distance_noise = self.distance_std * normal(&mut stream);
        let (way, _, unit) = self.bearing();
        let direction = unit.map(|c| c + direction_noise);
        let distance = direction[0] * way[0] + direction[1] * way[1] + distance_noise;
        Measurement {
            direction,
            distance,
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Measurement {
    direction: [f64; 2],
    distance: f64,
}

impl World for Localization {
    fn dimension(&self) -> usize {
        2
    }

    fn group(&self, agent: AgentId) -> u32 {
        self.sensors[agent.index()].group
    }

    fn position(&self, agent: AgentId) -> Option<[f64; 2]> {
        Some(self.sensors[agent.index()].position)
    }

    fn initial(&self, agent: AgentId) -> Vec<f32> {
        let mut stream = Key::new(self.seed, Purpose::Initial).of(agent).stream();
        (0..2).map(|_| stream.random::<f32>()).collect()
    }

    fn objective(self: Arc<Self>, agent: AgentId) -> Box<dyn Objective> {
        Box::new(Bearings {
            key: Key::new(self.seed, Purpose::Batch).of(agent),
            agent,
            current: Measurement::default(),
            world: self,
        })
    }
}

struct Bearings {
    world: Arc<Localization>,
    agent: AgentId,
    key: Key,
    current: Measurement,
}

impl Bearings {
    fn sensor(&self) -> &Sensor {
        &self.world.sensors[self.agent.index()]
    }
}

impl Objective for Bearings {
    fn draw(&mut self, step: u64) {
        self.current = self.sensor().measure(self.key.at(step));
    }

    fn loss(&mut self, model: &[f32]) -> f64 {
        let x = self.sensor().position;
        let Measurement {
            direction: u,
            distance,
        } = self.current;
        let miss =
            distance + u[0] * (x[0] - f64::from(model[0])) + u[1] * (x[1] - f64::from(model[1]));
        miss * miss
    }

    fn least_squares(&self) -> Option<LeastSquares> {
        let x = self.sensor().position;
        let Measurement {
            direction: u,
            distance,
        } = self.current;
        Some(LeastSquares {
            inputs: u.to_vec(),
            outputs: vec![distance + u[0] * x[0] + u[1] * x[1]],
            samples: 1,
        })
    }

    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        let x = self.sensor().position;
        for c in 0..2 {
            let measured = x[c] + self.current.distance * self.current.direction[c];
            gradient[c] = f64::from(model[c]) - measured;
        }
    }

    /// `eᵀ(u₀u₀ᵀ + σ_u²·11ᵀ)e` with e = model − θ*: the risk is that plus σ_d².
    fn regret(&self, model: &[f32]) -> Option<f64> {
        let sensor = self.sensor();
        let (_, _, unit) = sensor.bearing();
        let miss = [0, 1].map(|c| f64::from(model[c]) - sensor.target[c]);
        let along = unit[0] * miss[0] + unit[1] * miss[1];
        let both = sensor.direction_std * (miss[0] + miss[1]);
        Some(along * along + both * both)
    }

    fn deviation(&self, model: &[f32]) -> Option<f64> {
        let target = self.sensor().target;
        let miss = [0, 1].map(|c| f64::from(model[c]) - target[c]);
        Some(miss[0].hypot(miss[1]))
    }
}
