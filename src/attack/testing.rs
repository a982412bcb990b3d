//! Attacks from settings, and sights made by hand, for tests.

use super::*;
use crate::model::LeastSquares;
use crate::rng::{Key, Purpose};
use crate::settings::{Keys, Problems, Sources, Span, Table};
use crate::task::Objective;
use std::collections::BTreeMap;

/// Reads an `[[attack]]` table as a scenario does.
pub(super) fn attack(toml: &str) -> Box<dyn Attack> {
    let mut sources = Sources::default();
    let source = sources.add("s.toml", toml);
    let mut problems = Problems::default();
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("attack", Span::default(), Some(&table), &mut problems);
    let (read, _, _) = keys.run(|keys| catalogue().read(keys, None));
    assert!(problems.is_empty(), "{}", problems.into_error(&sources));
    read.expect("no problem, so an attack")
}

/// An attack checked against a run of two parameters.
pub(super) fn prepared(
    toml: &str,
    graph: &Graph,
    attackers: &[u32],
    knowledge: Knowledge,
) -> Result<(), Unfit> {
    let attackers: Vec<AgentId> = attackers.iter().copied().map(AgentId).collect();
    let is_byzantine: Vec<bool> = graph.ids().map(|k| attackers.contains(&k)).collect();
    attack(toml).prepare(&Stage {
        dimension: 2,
        iterations: 10,
        folder: Path::new("."),
        knowledge,
        graph,
        is_byzantine: &is_byzantine,
        attackers: &attackers,
        classes: None,
    })
}

/// Why an attack does not fit such a run, as `key: message; help`.
pub(super) fn mistake(
    toml: &str,
    graph: &Graph,
    attackers: &[u32],
    knowledge: Knowledge,
) -> String {
    let unfit = prepared(toml, graph, attackers, knowledge).expect_err("a mistake");
    format!("{}: {unfit}", unfit.key)
}

/// What there is to see for attacker 0.
pub(super) struct Scene {
    iteration: u64,
    own: Vec<f32>,
    victim: Option<AgentId>,
    crowd: Option<Crowd>,
    /// ψ.
    adapted: BTreeMap<AgentId, Vec<f32>>,
    /// θ, where it differs from ψ.
    combined: BTreeMap<AgentId, Vec<f32>>,
    neighbors: BTreeMap<AgentId, Neighbor>,
    batch: Given,
    memory: Memory,
}

impl Default for Scene {
    fn default() -> Scene {
        Scene {
            iteration: 0,
            own: Vec::new(),
            victim: None,
            crowd: None,
            adapted: BTreeMap::new(),
            combined: BTreeMap::new(),
            neighbors: BTreeMap::new(),
            batch: Given::Loss(|_| 0.0),
            memory: Memory {
                own: None,
                attacker: None,
                forgetting: None,
            },
        }
    }
}

impl Scene {
    pub(super) fn next_iteration(&mut self) -> &mut Scene {
        self.iteration += 1;
        self
    }

    /// ψ of the attacker.
    pub(super) fn own(&mut self, model: &[f32]) -> &mut Scene {
        self.own = model.to_vec();
        self
    }

    /// ψ of an honest agent.
    pub(super) fn honest(&mut self, agent: u32, model: &[f32]) -> &mut Scene {
        self.adapted.insert(AgentId(agent), model.to_vec());
        self
    }

    /// An honest agent's model is not known.
    pub(super) fn forget(&mut self, agent: u32) -> &mut Scene {
        self.adapted.remove(&AgentId(agent));
        self
    }

    /// θ of an honest agent.
    pub(super) fn combined(&mut self, agent: u32, model: &[f32]) -> &mut Scene {
        self.combined.insert(AgentId(agent), model.to_vec());
        self
    }

    pub(super) fn victim(&mut self, agent: u32) -> &mut Scene {
        self.victim = Some(AgentId(agent));
        self
    }

    pub(super) fn crowd(&mut self, models: usize, byzantine: usize) -> &mut Scene {
        self.crowd = Some(Crowd { models, byzantine });
        self
    }

    /// A neighbor of the victim.
    pub(super) fn neighbor(&mut self, agent: u32, degree: usize, is_byzantine: bool) -> &mut Scene {
        let agent = AgentId(agent);
        let neighbor = Neighbor {
            agent,
            degree,
            is_byzantine,
        };
        self.neighbors.insert(agent, neighbor);
        self
    }

    /// The loss on the victim's batch.
    pub(super) fn loss(&mut self, loss: fn(&[f32]) -> f64) -> &mut Scene {
        self.batch = Given::Loss(loss);
        self
    }

    /// The victim's batch, of which more than losses is known if `is_open`.
    pub(super) fn squares(&mut self, batch: LeastSquares, is_open: bool) -> &mut Scene {
        self.batch = Given::Squares(batch, is_open);
        self
    }

    /// The loss of a model on the victim's batch.
    pub(super) fn loss_of(&self, model: &[f32]) -> f64 {
        self.batch.of(model)
    }

    /// φ_kk, φ_ak and ν of the victim.
    pub(super) fn memory(
        &mut self,
        own: Option<f64>,
        attacker: Option<f64>,
        forgetting: Option<f64>,
    ) -> &mut Scene {
        self.memory = Memory {
            own,
            attacker,
            forgetting,
        };
        self
    }

    /// What a listener sees.
    pub(super) fn listen<T>(&self, look: impl FnOnce(Models<'_>) -> T) -> T {
        let honest = self.adapted.iter();
        let honest: Vec<HonestModel<'_>> = honest
            .map(|(&agent, model)| HonestModel { agent, model })
            .collect();
        look(Models {
            own: OwnState {
                iteration: self.iteration,
                attacker: AgentId(0),
                victim: self.victim,
                honest: &self.own,
                key: Key::new(1, Purpose::Payload).of(AgentId(0)),
            },
            honest: &honest,
            crowd: self.crowd,
        })
    }

    /// What is seen of a network.
    pub(super) fn look<T>(&self, look: impl FnOnce(Network<'_>) -> T) -> T {
        let combined = self.adapted.iter();
        let combined: Vec<&[f32]> = combined
            .map(|(agent, model)| self.combined.get(agent).unwrap_or(model).as_slice())
            .collect();
        let neighbors: Vec<Neighbor> = self.neighbors.values().copied().collect();
        self.listen(|models| {
            look(Network {
                models,
                victim: self.victim.expect("a scene with a victim"),
                combined: &combined,
                neighbors: &neighbors,
            })
        })
    }

    /// What a forger makes of it.
    pub(super) fn payload(&self, forger: &mut AnyForger) -> Vec<f32> {
        let mut payload = Vec::new();
        match forger {
            AnyForger::Blind(forger) => {
                self.listen(|sight| forger.forge(sight.own, &mut payload));
            }
            AnyForger::Listening(forger) => {
                self.listen(|sight| forger.forge(sight, &mut payload));
            }
            AnyForger::Omniscient(forger) => {
                self.look(|sight| forger.forge(sight, &mut payload));
            }
            AnyForger::VictimData(forger) => self.look(|network| {
                let mut given = self.batch.clone();
                let sight = VictimData {
                    network,
                    batch: Batch::new(&mut given),
                    memory: self.memory,
                };
                forger.forge(sight, &mut payload);
            }),
        }
        payload
    }
}

/// A victim's batch.
#[derive(Clone)]
enum Given {
    /// A loss that is a function of the model.
    Loss(fn(&[f32]) -> f64),
    /// A mean of squared residuals, and whether it says so.
    Squares(LeastSquares, bool),
}

impl Given {
    fn of(&self, model: &[f32]) -> f64 {
        match self {
            Given::Loss(loss) => loss(model),
            Given::Squares(batch, _) => {
                let (columns, outputs) = (batch.columns(), batch.outputs_each());
                let rows = batch.inputs.chunks_exact(columns);
                let mut sum = 0.0;
                for (row, wanted) in rows.zip(batch.outputs.chunks_exact(outputs)) {
                    for (output, y) in wanted.iter().enumerate() {
                        let of = |j| f64::from(model[batch.parameter(output, j)]);
                        let said: f64 = row.iter().enumerate().map(|(j, x)| x * of(j)).sum();
                        sum += (y - said).powi(2);
                    }
                }
                sum / batch.outputs.len() as f64
            }
        }
    }
}

impl Objective for Given {
    fn draw(&mut self, _: u64) {}

    fn loss(&mut self, model: &[f32]) -> f64 {
        self.of(model)
    }

    /// By differences.
    fn gradient(&mut self, model: &[f32], gradient: &mut [f64]) {
        let mut moved = model.to_vec();
        for (j, slope) in gradient.iter_mut().enumerate() {
            let step = 1e-3 * model[j].abs().max(1.0);
            let mut at = |x: f32| {
                moved[j] = x;
                (f64::from(x), self.of(&moved))
            };
            let ((left, below), (right, above)) = (at(model[j] - step), at(model[j] + step));
            *slope = (above - below) / (right - left);
            moved[j] = model[j];
        }
    }

    fn least_squares(&self) -> Option<LeastSquares> {
        match self {
            Given::Squares(batch, true) => Some(batch.clone()),
            _ => None,
        }
    }
}
