//! Metropolis weights, with what is far from the own model drawn near: clipped gossip.

use super::metropolis::Weights;
use super::tolerated::{Precondition, Tolerance};
use super::{Combination, Combiner, Misfit, Neighborhood, Outcome, Place, Rule};
use crate::checkpoint::{Book, Kept};
use crate::kernel;
use crate::settings::{Bounds, Choice, Form, Keys, Node, Problems, Setting, Value, wrong};

/// The rule `self-centered-clipping`: own + Σ w_l clip(ψ_l − own, τ), where w are the
/// [Metropolis](super::Metropolis) weights and clip shortens a vector to at most τ. As weights:
/// w_l min(1, τ/‖ψ_l − own‖) for the neighbors, and the rest, with that of missing models, for the
/// own model.
///
/// `radius = "adaptive"` is the authors' τ² = Σ_S w_l ‖ψ_l − own‖² / δ. S are the regular neighbors
/// and δ is the weight of the Byzantine ones; as nobody knows who they are, the f neighbors present
/// that are farthest, ties to the higher number, stand for these and the others for S. With f = 0
/// nothing is clipped.
///
/// O(|N_k| d).
///
/// He, Karimireddy, Jaggi, "Byzantine-robust decentralized learning via ClippedGossip",
/// arXiv:2202.01545, 2022.
#[derive(Clone, Debug)]
pub struct SelfCenteredClipping {
    /// Where it is a number.
    radius: f64,
    /// Where it is adaptive.
    tolerance: Option<Tolerance>,
}

/// τ.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Radius {
    Number(f64),
    Adaptive,
}

impl Default for Radius {
    fn default() -> Self {
        Radius::Number(1.0)
    }
}

impl Setting for Radius {
    fn takes() -> String {
        "\"adaptive\" or a number".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Radius> {
        match &node.value {
            Value::Integer(_) | Value::Float(_) => {
                f64::read(node, name, problems).map(Radius::Number)
            }
            Value::String(text) if text == "adaptive" => Some(Radius::Adaptive),
            Value::String(text) => {
                let message = format!("`{name}` cannot be \"{text}\"");
                problems.add(node.span, message, format!("write {}", Radius::takes()));
                None
            }
            _ => wrong::<Radius>(node, name, problems),
        }
    }
    fn to_toml(&self) -> toml::Value {
        match self {
            Radius::Number(radius) => (*radius).into(),
            Radius::Adaptive => "adaptive".into(),
        }
    }
    fn magnitudes(&self) -> Vec<f64> {
        match self {
            Radius::Number(radius) => vec![*radius],
            Radius::Adaptive => Vec::new(),
        }
    }

    fn form(bounds: Bounds) -> Form {
        Form::Any(vec![Form::one_of(&["adaptive"]), Form::number(bounds)])
    }
}

/// The two ways to say τ, which have keys of their own.
#[derive(Clone, Copy, Default, PartialEq)]
enum Way {
    Fixed,
    #[default]
    Adaptive,
}

impl Choice for Way {
    const NAMES: &'static [(&'static str, Self)] =
        &[("a number", Self::Fixed), ("adaptive", Self::Adaptive)];
}

impl SelfCenteredClipping {
    /// The value of `rule.kind`.
    pub const NAME: &str = "self-centered-clipping";
    /// What it is.
    pub const ABOUT: &str =
        "Metropolis weights, what is far from the own model drawn near; clipped gossip, He et al.";

    const NEEDS: Precondition = Precondition {
        says: "f ≤ n − 2",
        largest: |models| Some(models.saturating_sub(2)),
    };

    const F: &str = "How many Byzantine neighbors it withstands, the farthest; \"largest\": n−2 of \
        the n models of the full neighborhood, so all neighbors but one";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let radius = keys
            .key(
                "radius",
                "How far a neighbor can pull: longer differences are shortened to it, \
                 or to what the nearer neighbors' differences say",
            )
            .symbol("τ")
            .above(0.0)
            .required();
        let (way, radius) = match radius {
            Radius::Number(radius) => (Way::Fixed, radius),
            Radius::Adaptive => (Way::Adaptive, f64::INFINITY),
        };
        let tolerance = keys.cases("radius", way, |keys, way| match way {
            Way::Fixed => None,
            Way::Adaptive => Some(Tolerance::read(keys, Self::NEEDS, Self::F)),
        });
        SelfCenteredClipping { radius, tolerance }
    }
}

impl Rule for SelfCenteredClipping {
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(Clipping {
            weights: Weights::new(place),
            f: self.withstands(place).unwrap_or(0),
            rule: self.clone(),
            others: Vec::new(),
        })
    }

    fn check(&self, place: &Place<'_>) -> Result<(), Misfit> {
        let models = place.neighbors.len() + 1;
        self.tolerance
            .as_ref()
            .map_or(Ok(()), |t| t.check(place, models))
    }

    fn withstands(&self, place: &Place<'_>) -> Option<usize> {
        let models = place.neighbors.len() + 1;
        self.tolerance.as_ref().map(|t| t.at(models, models))
    }
}

struct Clipping {
    rule: SelfCenteredClipping,
    weights: Weights,
    /// Of an adaptive radius, in the full neighborhood.
    f: usize,
    /// Buffer: the neighbors present.
    others: Vec<Other>,
}

/// A neighbor.
#[derive(Clone, Copy)]
struct Other {
    candidate: usize,
    /// ‖ψ_l − ψ_k‖.
    distance: f64,
    /// w_l.
    weight: f64,
}

impl Clipping {
    /// τ, where the f farthest neighbors are taken for Byzantine.
    fn adaptive(&mut self, f: usize) -> f64 {
        if f == 0 {
            return f64::INFINITY;
        }
        self.others.sort_unstable_by(|a, b| {
            let by_distance = a.distance.total_cmp(&b.distance);
            by_distance.then(a.candidate.cmp(&b.candidate))
        });
        let (near, far) = self.others.split_at(self.others.len().saturating_sub(f));
        let spread: f64 = near.iter().map(|l| l.weight * l.distance.powi(2)).sum();
        let distrusted: f64 = far.iter().map(|l| l.weight).sum();
        (spread / distrusted).sqrt()
    }
}

impl Combiner for Clipping {
    fn rewire(&mut self, place: &Place<'_>) {
        self.weights.set(place);
        self.f = self.rule.withstands(place).unwrap_or(0);
    }

    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        let own = hood.candidates[hood.own].model;
        self.others.clear();
        for (candidate, other) in hood.candidates.iter().enumerate() {
            if candidate != hood.own {
                self.others.push(Other {
                    candidate,
                    distance: kernel::squared_distance(own, other.model).sqrt(),
                    weight: self.weights.of(other.slot),
                });
            }
        }
        let radius = match &self.rule.tolerance {
            None => self.rule.radius,
            Some(tolerance) => {
                match tolerance.among(self.f, hood.candidates.len(), &mut out.starved) {
                    Some(f) => self.adaptive(f),
                    None => return Outcome::Own,
                }
            }
        };
        for other in &self.others {
            let is_far = other.distance > radius;
            let share = if is_far { radius / other.distance } else { 1.0 };
            out.weights[other.candidate] = other.weight * share;
        }
        // Neighbors' weights sum to at most deg/(1 + deg), so the rest is positive.
        out.weights[hood.own] = out.weights.iter().fold(1.0, |rest, weight| rest - weight);
        Outcome::Weighted
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}
