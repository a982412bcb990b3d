//! What attackers send, to whom and when.

use super::distribution::us;
use super::mail::Departure;
use super::scenario::{Scenario, Selection, Who, yes};
use super::slip::Slip;
use byzsim::rng::{Key, Purpose};
use byzsim::scenario::{Plan, Role};
use byzsim::units::AgentId;
use ndarray::Array2;
use ndarray_npy::NpzReader;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use serde::Deserialize;
use std::path::Path;
use std::rc::Rc;

#[derive(Deserialize)]
struct Attack {
    #[serde(flatten)]
    payload: Payload,
    victims: Option<Selection>,
    timing: Option<Timing>,
    #[serde(default)]
    active: Active,
    #[serde(default)]
    per_victim: bool,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Payload {
    Uniform {
        low: f64,
        high: f64,
        #[serde(default = "yes")]
        fresh: bool,
    },
    Constant {
        value: Numbers,
    },
    Gaussian {
        mean: f64,
        std: f64,
    },
    AddNoise {
        std: f64,
    },
    Scale {
        factor: Factor,
    },
    SignFlip,
    File {
        path: String,
    },
    NonFinite,
    WrongLength {
        share: f64,
    },
    Empty,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Numbers {
    One(f64),
    Each(Vec<f64>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Factor {
    Fixed(f64),
    Between { low: f64, high: f64 },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Timing {
    Silent,
    Delay { ms: f64 },
    Replay { age_iterations: u64 },
    Flood { copies: u64 },
    JustBeforeDeadline { margin_ms: f64 },
}

/// When an attack is on.
#[derive(Default, Deserialize)]
struct Active {
    #[serde(default)]
    from_iteration: u64,
    to_iteration: Option<u64>,
    #[serde(default)]
    from_ms: f64,
    to_ms: Option<f64>,
    period_iterations: Option<u64>,
    on_iterations: Option<u64>,
}

impl Active {
    /// Whether it is on in an iteration whose instant is `at`.
    fn is_on(&self, iteration: u64, at: u64) -> bool {
        iteration >= self.from_iteration
            && self.to_iteration.is_none_or(|to| iteration < to)
            && at >= us(self.from_ms)
            && self.to_ms.is_none_or(|to| at < us(to))
            && match (self.period_iterations, self.on_iterations) {
                (Some(period), Some(on)) => (iteration - self.from_iteration) % period < on,
                _ => true,
            }
    }
}

/// An agent's iteration, ready to be sent.
pub struct Own {
    pub agent: usize,
    pub iteration: u64,
    /// The instant at which attacks and edges are looked up [µs].
    pub instant: u64,
    /// When the agent had adapted [µs].
    pub adapted: u64,
    /// The next tick [µs], in deadline mode.
    pub deadline: Option<u64>,
    pub psi: Rc<[f32]>,
}

/// The attacks of a run, and what attackers have adapted so far.
pub struct Attacks {
    attacks: Vec<Attack>,
    victims: Vec<Option<Who>>,
    /// Arrays of the attacks that have a file.
    files: Vec<Option<Array2<f64>>>,
    roles: Vec<Role>,
    /// By agent: number and ψ of its iterations so far.
    history: Vec<Vec<(u64, Rc<[f32]>)>>,
    seed: u64,
    slip: Slip,
}

impl Attacks {
    pub fn new(scenario: &Scenario, plan: &Plan, slip: Slip) -> Attacks {
        let attacks: Vec<Attack> = scenario.top("attack").unwrap_or_default();
        let file = |attack: &Attack| match &attack.payload {
            Payload::File { path } => Some(read(&scenario.folder.join(path))),
            _ => None,
        };
        let victims = |attack: &Attack| attack.victims.as_ref().map(|v| scenario.who(v));
        Attacks {
            files: attacks.iter().map(file).collect(),
            victims: attacks.iter().map(victims).collect(),
            attacks,
            roles: plan.roles.clone(),
            history: vec![Vec::new(); plan.roles.len()],
            seed: plan.seeds.attackers,
            slip,
        }
    }

    /// The attack that an agent is at in an iteration.
    pub fn of(&self, agent: usize, iteration: u64, instant: u64) -> Option<usize> {
        match self.roles[agent] {
            Role::Byzantine(a) if self.attacks[a].active.is_on(iteration, instant) => Some(a),
            _ => None,
        }
    }

    /// What an agent sends in an iteration to these receivers; nothing to whom it is silent.
    pub fn departures(&mut self, own: &Own, receivers: &[usize]) -> Vec<Departure> {
        self.history[own.agent].push((own.iteration, own.psi.clone()));
        let attack = self.of(own.agent, own.iteration, own.instant);
        let departure = |&to: &usize| {
            let honest = Departure {
                at: own.adapted,
                to,
                copies: 1,
                payload: own.psi.clone(),
            };
            let is_victim = |a: &usize| self.victims[*a].as_ref().is_none_or(|v| v.has(to));
            match attack.filter(is_victim) {
                Some(attack) => self.against(attack, own, honest),
                None => Some(honest),
            }
        };
        receivers.iter().filter_map(departure).collect()
    }

    fn against(&self, attack: usize, own: &Own, honest: Departure) -> Option<Departure> {
        let history = &self.history[own.agent];
        let mut age = 0;
        let (mut at, mut copies) = (own.adapted, 1);
        match self.attacks[attack].timing {
            None => {}
            Some(Timing::Silent) => return None,
            Some(Timing::Delay { ms }) => at += us(ms),
            Some(Timing::Replay { age_iterations }) => {
                age = age_iterations as usize;
                if self.slip == Slip::ReplayYounger {
                    age -= 1;
                }
            }
            Some(Timing::Flood { copies: many }) => copies = many,
            Some(Timing::JustBeforeDeadline { margin_ms }) => {
                let deadline = own.deadline.expect("deadline mode");
                at = at.max(deadline.saturating_sub(us(margin_ms)));
            }
        }
        let (iteration, psi) = &history[(history.len() - 1).saturating_sub(age)];
        let payload = self.forge(attack, own.agent, honest.to, *iteration, psi);
        Some(Departure {
            at,
            copies,
            payload: payload.into(),
            ..honest
        })
    }

    /// What an attacker whose honest model is `honest` makes for a victim.
    fn forge(&self, attack: usize, from: usize, to: usize, i: u64, honest: &[f32]) -> Vec<f32> {
        let Attack {
            payload,
            per_victim,
            ..
        } = &self.attacks[attack];
        // One draw per iteration for all victims, or one for each.
        let stream = |counter| {
            let key = Key::new(self.seed, Purpose::Payload);
            let key = key.of(AgentId(from as u32)).at(counter);
            let key = if *per_victim {
                key.toward(AgentId(to as u32))
            } else {
                key
            };
            key.stream()
        };
        let normal = |stream: &mut _| -> f64 { StandardNormal.sample(stream) };
        let d = honest.len();
        let each = |of: &mut dyn FnMut(f64, usize) -> f64| -> Vec<f32> {
            let all = honest.iter().enumerate();
            all.map(|(j, &x)| of(f64::from(x), j) as f32).collect()
        };
        let mut draws = stream(i);
        match payload {
            Payload::Uniform { low, high, fresh } => {
                // Drawn once: from the stream of no iteration.
                let mut draws = if *fresh { draws } else { stream(u64::MAX) };
                each(&mut |_, _| low + (high - low) * draws.random::<f64>())
            }
            Payload::Constant { value } => each(&mut |_, j| match value {
                Numbers::One(x) => *x,
                Numbers::Each(all) => all[j],
            }),
            Payload::Gaussian { mean, std } => each(&mut |_, _| mean + std * normal(&mut draws)),
            Payload::AddNoise { std } => each(&mut |x, _| x + std * normal(&mut draws)),
            Payload::Scale { factor } => {
                let factor = match factor {
                    Factor::Fixed(factor) => *factor,
                    Factor::Between { low, high } => low + (high - low) * draws.random::<f64>(),
                };
                each(&mut |x, _| factor * x)
            }
            Payload::SignFlip => each(&mut |x, _| -x),
            Payload::File { .. } => {
                let rows = self.files[attack].as_ref().expect("a file");
                each(&mut |_, j| rows[[i as usize, j]])
            }
            // Which coordinates are not finite does not matter: nobody reads such a model.
            Payload::NonFinite => vec![f32::NAN; d],
            Payload::WrongLength { share } => {
                let missing = (share * d as f64).round().max(1.0) as usize;
                honest[..d - missing].to_vec()
            }
            Payload::Empty => Vec::new(),
        }
    }
}

fn read(path: &Path) -> Array2<f64> {
    let mut file = NpzReader::new(std::fs::File::open(path).expect("a file")).expect("NPZ");
    file.by_index(0).unwrap_or_else(|_| {
        let narrow: Array2<f32> = file.by_index(0).expect("an array of f4 or f8");
        narrow.mapv(f64::from)
    })
}
