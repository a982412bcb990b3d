//! The rule that an aggregator is: pre-aggregations, `f` and what to do where too few are present.

use super::{Aggregator, Buffers, Promise};
use crate::checkpoint::{Book, Kept};
use crate::rng::Key;
use crate::rule::pre_aggregation::{self, PreAggregation};
use crate::rule::{
    Combination, Combiner, Given, Misfit, Neighborhood, Outcome, Place, Rule, Tolerance, Tolerated,
};
use crate::settings::Keys;
use crate::units::AgentId;
use std::sync::Arc;

/// An aggregator with the pre-aggregations before it.
///
/// Each of them is told its f by the number of models that it sees in the full neighborhood, and
/// its precondition holds for the number that it sees. The keys of the aggregator come first, then
/// `pre`.
#[derive(Clone, Debug)]
pub struct Robust<A> {
    aggregator: A,
    tolerance: Option<Tolerance>,
    pre: Arc<[Box<dyn PreAggregation>]>,
}

impl<A: Aggregator> Robust<A> {
    /// The value of `rule.kind`.
    pub const NAME: &str = A::NAME;
    /// What it is.
    pub const ABOUT: &str = A::ABOUT;

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let tolerance = A::NEEDS.map(|needs| Tolerance::read(keys, needs, A::F));
        let aggregator = A::read(keys);
        let pre = keys.tables(
            "pre",
            "What is done to the models first, one after the other: `byzsim list pre`",
            |keys| pre_aggregation::catalogue().read(keys, None),
        );
        Robust {
            aggregator,
            tolerance,
            pre: pre.into_iter().flatten().collect(),
        }
    }
}

impl<A: Aggregator> Rule for Robust<A> {
    fn combiner(&self, place: &Place<'_>) -> Box<dyn Combiner> {
        Box::new(Agent {
            rule: self.clone(),
            neighborhood: place.neighbors.len() + 1,
            key: place.key,
        })
    }

    fn check(&self, place: &Place<'_>) -> Result<(), Misfit> {
        let mut models = place.neighbors.len() + 1;
        for (number, pre) in self.pre.iter().enumerate() {
            if let Some(tolerance) = pre.tolerance() {
                let checked = tolerance.check(place, models);
                checked.map_err(|misfit| misfit.inside(&format!("pre.{number}")))?;
            }
            models = pre.leaves(models);
        }
        if let Some(tolerance) = &self.tolerance {
            tolerance.check(place, models)?;
        }
        let f = self.withstands(place).unwrap_or(0);
        self.aggregator.check(place, models, f)
    }

    fn withstands(&self, place: &Place<'_>) -> Option<usize> {
        let neighborhood = place.neighbors.len() + 1;
        let pre = self.pre.iter();
        let models = pre.fold(neighborhood, |models, pre| pre.leaves(models));
        let tolerance = self.tolerance.as_ref()?;
        Some(tolerance.at(neighborhood, models))
    }

    fn tolerated(&self, place: &Place<'_>) -> Vec<Tolerated> {
        let neighborhood = place.neighbors.len() + 1;
        let mut models = neighborhood;
        let mut all = Vec::new();
        let mut add = |key: String, tolerance: Option<&Tolerance>, models| {
            all.extend(tolerance.map(|tolerance| Tolerated {
                key,
                f: tolerance.allowed_at(neighborhood, models),
            }));
        };
        for (number, pre) in self.pre.iter().enumerate() {
            add(format!("pre.{number}.f"), pre.tolerance(), models);
            models = pre.leaves(models);
        }
        add("f".to_owned(), self.tolerance.as_ref(), models);
        all
    }

    fn has_weights(&self) -> bool {
        false
    }
}

/// One agent under the rule.
struct Agent<A> {
    rule: Robust<A>,
    /// How many models the full neighborhood has.
    neighborhood: usize,
    key: Key,
}

impl<A: Aggregator> Combiner for Agent<A> {
    fn rewire(&mut self, place: &Place<'_>) {
        self.neighborhood = place.neighbors.len() + 1;
    }

    fn combine(&mut self, hood: &mut Neighborhood<'_>, out: &mut Combination) -> Outcome {
        match self.aggregate(hood, out) {
            Some(()) => Outcome::Model,
            None => Outcome::Own,
        }
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

impl<A: Aggregator> Agent<A> {
    /// `None` where too few models are present.
    fn aggregate(&self, hood: &Neighborhood<'_>, out: &mut Combination) -> Option<()> {
        let Combination {
            model,
            starved,
            buffers: Buffers { numbers, mixed },
            ..
        } = out;
        let own = hood.candidates[hood.own].model;
        let key = self.key.at(hood.iteration);
        let mut models: Vec<&[f32]> = hood.candidates.iter().map(|c| c.model).collect();
        // How many models there are at this stage in the full neighborhood.
        let mut full = self.neighborhood;
        let mut allowed = |tolerance: Option<&Tolerance>, full, present| match tolerance {
            Some(tolerance) => {
                let f = tolerance.at(self.neighborhood, full);
                tolerance.among(f, present, starved)
            }
            None => Some(0),
        };

        mixed.resize_with(self.rule.pre.len().max(mixed.len()), Vec::new);
        for (stage, (pre, mixed)) in (1..).zip(self.rule.pre.iter().zip(mixed)) {
            let given = Given {
                models: &models,
                own,
                f: allowed(pre.tolerance(), full, models.len())?,
                key: key.toward(AgentId(stage)),
            };
            mixed.clear();
            pre.apply(&given, numbers, mixed);
            models = mixed.chunks_exact(own.len()).collect();
            full = pre.leaves(full);
        }
        let given = Given {
            models: &models,
            own,
            f: allowed(self.rule.tolerance.as_ref(), full, models.len())?,
            key,
        };
        let promise = self.rule.aggregator.aggregate(&given, numbers, model);
        *starved |= promise == Promise::Broken;
        Some(())
    }
}
