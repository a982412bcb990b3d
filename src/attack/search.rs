//! The model nearest to a target among all that a victim accepts, for losses of which nothing but
//! values and gradients are known.
//!
//! The nearest model w has w = t − λ∇ℓ(w) for a multiplier λ ≥ 0: it is a minimizer of
//!
//! ```text
//! ½ ‖w − t‖² + λ ℓ(w)
//! ```
//!
//! and λ is the one with which its loss is the bound. From an accepted model (the victim's own, or
//! what L-BFGS finds down the loss of the batch) L-BFGS descends that function, and after every step λ
//! grows where the loss is above the bound, and falls where it is below. A batch says nothing about
//! most directions; there the Hessian is I, with which L-BFGS begins, so that a few gradients suffice.
//! Every model that is tried is rounded to `f32`; the nearest accepted one is the answer, those on the
//! line from it to the last one among them.

use super::acceptance::Acceptance;
use crate::kernel::{dot_wide, squared_distance};
use std::collections::VecDeque;

/// Steps of which L-BFGS remembers how they changed the gradient.
const REMEMBERED: usize = 10;
/// A step is shortened so often.
const MOST_TRIES: u32 = 24;
/// Halvings of a line between an accepted model and one that is not.
const HALVINGS: u32 = 12;
/// How much λ changes in a step at most.
const LEAP: f64 = 4.0;
/// The search ends where the squared step is this small beside the squared distance to the target,
/// and the loss this near to the bound.
const STILL: f64 = 1e-10;
const NEAR: f64 = 1e-4;

/// A search in some gradients.
pub(super) struct Search<'s, 'a> {
    /// What the victim accepts.
    pub victim: &'s mut Acceptance<'a>,
    /// The target, shape `[d]`, finite.
    pub target: &'s [f32],
    /// Gradients that the descent to an accepted model, and the way from it, take at most, each.
    pub gradients: u32,
}

/// A model with its loss.
#[derive(Clone)]
struct Tried {
    model: Vec<f32>,
    loss: f64,
}

/// A step and what it changed in the gradient of ℓ.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// stepᵀstep and stepᵀchange.
    products: [f64; 2],
}

impl Search<'_, '_> {
    /// The nearest accepted model that is found from a start, shape `[d]`; where none is accepted,
    /// that of the least loss.
    pub fn run(&mut self, start: &[f32]) -> Vec<f32> {
        let tried = Tried {
            model: start.to_vec(),
            loss: self.victim.batch().loss(start),
        };
        let found = match self.victim.takes(tried.loss) {
            true => tried,
            false => self.descend(tried),
        };
        if !self.victim.takes(found.loss) {
            return found.model;
        }
        self.approach(found).model
    }

    /// Down the loss from a model that is not accepted, by L-BFGS, until one is.
    fn descend(&mut self, mut at: Tried) -> Tried {
        let mut gradient = vec![0.0; at.model.len()];
        let mut after = gradient.clone();
        let mut next = at.model.clone();
        let mut pairs = VecDeque::new();
        self.victim.batch().gradient(&at.model, &mut gradient);
        for _ in 0..self.gradients {
            if self.victim.takes(at.loss) || !at.loss.is_finite() {
                break;
            }
            let Some(loss) = self.descend_once(&at, &gradient, &pairs, &mut next) else {
                // The directions remembered are of no use here; without any there is one more try.
                if pairs.is_empty() {
                    break;
                }
                pairs.clear();
                continue;
            };
            self.victim.batch().gradient(&next, &mut after);
            remember(&mut pairs, (&at.model, &next), (&gradient, &after));
            std::mem::swap(&mut at.model, &mut next);
            std::mem::swap(&mut gradient, &mut after);
            at.loss = loss;
        }
        at
    }

    /// A step of L-BFGS down the loss, into `next`; the loss there, unless no step leads down.
    fn descend_once(
        &mut self,
        at: &Tried,
        gradient: &[f64],
        pairs: &VecDeque<Pair>,
        next: &mut Vec<f32>,
    ) -> Option<f64> {
        let steepness = dot_wide(gradient, gradient);
        if !steepness.is_normal() {
            return None;
        }
        // At first as far as brings the loss of a line to 0; then by the last curvature.
        let scale = pairs.back().map_or(at.loss.abs() / steepness, |pair| {
            pair.products[1] / dot_wide(&pair.change, &pair.change)
        });
        let direction = direction(pairs, [0.0, 1.0], scale, gradient);
        let slope = dot_wide(&direction, gradient);
        let mut length = 1.0;
        for _ in 0..MOST_TRIES {
            moved(&at.model, length, &direction, next);
            let loss = self.loss(next);
            if slope < 0.0 && loss <= at.loss + 0.1 * length * slope {
                return Some(loss);
            }
            length /= 4.0;
        }
        None
    }

    /// From an accepted model toward the target.
    fn approach(&mut self, start: Tried) -> Tried {
        let mut nearest = self.follow_line(start.clone(), self.target);
        let mut at = start;
        let mut gradient = vec![0.0; at.model.len()];
        let mut after = gradient.clone();
        let mut next = at.model.clone();
        let mut pairs = VecDeque::new();
        let mut has_failed = false;
        self.victim.batch().gradient(&at.model, &mut gradient);
        let Some(mut lambda) = self.first_multiplier(&at.model, &gradient) else {
            return nearest;
        };
        for _ in 1..self.gradients {
            let loss = self.step(&at, lambda, &gradient, &pairs, &mut next);
            let Some(loss) = loss else {
                // The directions remembered are of no use here; without any there is one more try.
                if std::mem::replace(&mut has_failed, true) || pairs.is_empty() {
                    break;
                }
                pairs.clear();
                continue;
            };
            self.victim.batch().gradient(&next, &mut after);
            remember(&mut pairs, (&at.model, &next), (&gradient, &after));
            let moved = squared_distance(&at.model, &next);
            std::mem::swap(&mut at.model, &mut next);
            std::mem::swap(&mut gradient, &mut after);
            at.loss = loss;
            if !gradient.iter().all(|g| g.is_finite()) {
                break;
            }
            if self.victim.takes(at.loss) && self.distance(&at) < self.distance(&nearest) {
                nearest = at.clone();
            }
            let bound = self.victim.bound();
            let apart = at.loss / bound;
            if (apart - 1.0).abs() < NEAR && moved < STILL * self.distance(&at) {
                break;
            }
            let leap = if bound > 0.0 { apart } else { LEAP };
            lambda *= leap.clamp(1.0 / LEAP, LEAP).powf(0.7);
        }
        if self.victim.takes(at.loss) {
            return nearest;
        }
        let last = self.follow_line(nearest.clone(), &at.model);
        match self.distance(&last) < self.distance(&nearest) {
            true => last,
            false => nearest,
        }
    }

    /// λ of a model that nearly is the nearest; `None` without a way to go or a gradient.
    fn first_multiplier(&self, model: &[f32], gradient: &[f64]) -> Option<f64> {
        let (mut along, mut apart) = (0.0, 0.0);
        for ((&t, &x), g) in self.target.iter().zip(model).zip(gradient) {
            let way = f64::from(t) - f64::from(x);
            along += way * g;
            apart += way * way;
        }
        let slope = dot_wide(gradient, gradient);
        let multiplier = match along / slope {
            multiplier if multiplier > 0.0 => multiplier,
            _ => (apart / slope).sqrt(),
        };
        (slope > 0.0 && multiplier.is_normal()).then_some(multiplier)
    }

    /// A step of L-BFGS down ½ ‖w − t‖² + λ ℓ(w), into `next`; the loss there, unless no step leads
    /// down.
    fn step(
        &mut self,
        at: &Tried,
        lambda: f64,
        gradient: &[f64],
        pairs: &VecDeque<Pair>,
        next: &mut Vec<f32>,
    ) -> Option<f64> {
        let way = self.target.iter().zip(&at.model);
        let way = way.map(|(&t, &x)| f64::from(x) - f64::from(t));
        let total: Vec<f64> = way.zip(gradient).map(|(w, g)| w + lambda * g).collect();
        let direction = direction(pairs, [1.0, lambda], 1.0, &total);
        let slope = dot_wide(&direction, &total);
        let value = self.distance(at) / 2.0 + lambda * at.loss;
        let mut length = 1.0;
        for _ in 0..MOST_TRIES {
            moved(&at.model, length, &direction, next);
            let loss = self.loss(next);
            let there = squared_distance(next, self.target) / 2.0 + lambda * loss;
            if there <= value + 1e-4 * length * slope {
                return Some(loss);
            }
            // Where the parabola through both has its least value.
            let bend = 2.0 * (there - value - slope * length);
            let least = -slope * length * length / bend;
            length = match least.is_finite() && least > 0.0 {
                true => least.clamp(length * 1e-3, length / 2.0),
                false => length / 10.0,
            };
        }
        None
    }

    /// As far as the line from an accepted model to another is accepted.
    fn follow_line(&mut self, from: Tried, to: &[f32]) -> Tried {
        let (mut accepted, mut refused) = (0.0, 1.0);
        let mut best = from.clone();
        for _ in 0..HALVINGS {
            let middle = (accepted + refused) / 2.0;
            let model = between(&from.model, to, middle);
            match self.victim.try_model(&model) {
                Some(loss) => {
                    accepted = middle;
                    best = Tried { model, loss };
                }
                None => refused = middle,
            }
        }
        best
    }

    fn distance(&self, tried: &Tried) -> f64 {
        squared_distance(&tried.model, self.target)
    }

    fn loss(&mut self, model: &[f32]) -> f64 {
        match model.iter().all(|x| x.is_finite()) {
            true => self.victim.batch().loss(model),
            false => f64::INFINITY,
        }
    }
}

/// Takes a step and what it changed, unless the loss does not bend upward along it.
fn remember(
    pairs: &mut VecDeque<Pair>,
    (from, to): (&[f32], &[f32]),
    (before, after): (&[f64], &[f64]),
) {
    let step = from.iter().zip(to);
    let step: Vec<f64> = step.map(|(&a, &b)| f64::from(b) - f64::from(a)).collect();
    let change: Vec<f64> = before.iter().zip(after).map(|(a, b)| b - a).collect();
    let products = [dot_wide(&step, &step), dot_wide(&step, &change)];
    let size = (products[0] * dot_wide(&change, &change)).sqrt();
    if products[1] > 1e-12 * size {
        if pairs.len() == REMEMBERED {
            pairs.pop_front();
        }
        pairs.push_back(Pair {
            step,
            change,
            products,
        });
    }
}

/// −H⁻¹ times a gradient of a/2 ‖w − t‖² + b ℓ(w), by the two loops of L-BFGS from H⁻¹ = `scale` I: a
/// step s changes that gradient by a s + b y.
fn direction(pairs: &VecDeque<Pair>, [a, b]: [f64; 2], scale: f64, gradient: &[f64]) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let curvature = |pair: &Pair| a * pair.products[0] + b * pair.products[1];
    let mut parts = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let part = dot_wide(&pair.step, &direction) / curvature(pair);
        let both = pair.step.iter().zip(&pair.change);
        for (x, (s, y)) in direction.iter_mut().zip(both) {
            *x -= part * (a * s + b * y);
        }
        parts.push(part);
    }
    direction.iter_mut().for_each(|x| *x *= scale);
    for (pair, part) in pairs.iter().zip(parts.into_iter().rev()) {
        let of_change =
            a * dot_wide(&pair.step, &direction) + b * dot_wide(&pair.change, &direction);
        let part = part - of_change / curvature(pair);
        for (x, s) in direction.iter_mut().zip(&pair.step) {
            *x += part * s;
        }
    }
    direction
}

/// from + length · direction, rounded once, into `to`.
fn moved(from: &[f32], length: f64, direction: &[f64], to: &mut Vec<f32>) {
    to.clear();
    let pairs = from.iter().zip(direction);
    to.extend(pairs.map(|(&x, step)| (f64::from(x) + length * step) as f32));
}

/// The model at a part of the line between two, shape `[d]`.
pub(super) fn between(from: &[f32], to: &[f32], part: f64) -> Vec<f32> {
    let point = |(&from, &to): (&f32, &f32)| {
        let (from, to) = (f64::from(from), f64::from(to));
        (from + part * (to - from)) as f32
    };
    from.iter().zip(to).map(point).collect()
}
