//! What attackers send.

use super::scenario::{Attack, Factor, Numbers, Payload};
use byzsim::rng::{Key, Purpose};
use byzsim::units::AgentId;
use ndarray::Array2;
use ndarray_npy::NpzReader;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::path::Path;

/// The attacks of a run.
pub struct Attacks {
    pub attacks: Vec<Attack>,
    /// Arrays of the attacks that have a file.
    files: Vec<Option<Array2<f64>>>,
    seed: u64,
}

impl Attacks {
    pub fn new(attacks: Vec<Attack>, folder: &Path, seed: u64) -> Attacks {
        let read = |attack: &Attack| match &attack.payload {
            Payload::File { path } => Some(read(&folder.join(path))),
            _ => None,
        };
        Attacks {
            files: attacks.iter().map(read).collect(),
            attacks,
            seed,
        }
    }

    /// What an attacker whose honest model is `honest` sends to a victim; `None` is silence.
    pub fn forge(
        &self,
        attack: usize,
        from: usize,
        to: usize,
        i: u64,
        honest: &[f32],
    ) -> Option<Vec<f32>> {
        let Attack {
            payload,
            timing,
            per_victim,
            ..
        } = &self.attacks[attack];
        if timing.is_some() {
            return None;
        }
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
        Some(match payload {
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
        })
    }
}

fn read(path: &Path) -> Array2<f64> {
    let mut file = NpzReader::new(std::fs::File::open(path).expect("a file")).expect("NPZ");
    file.by_index(0).unwrap_or_else(|_| {
        let narrow: Array2<f32> = file.by_index(0).expect("an array of f4 or f8");
        narrow.mapv(f64::from)
    })
}
