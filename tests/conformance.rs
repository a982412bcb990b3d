//! The vectors of `conformance/vectors.json`, or of the file that `BYZSIM_VECTORS` names: inputs
//! and expected outputs of rules and attacks, computed in `f64` from their definitions.
//!
//! Rules are made as a scenario makes them, by reading the entry's parameters as settings; so keys
//! are tested too.

use byzsim::rng::{Key, Purpose};
use byzsim::rule::aggregator::Given as GivenModels;
use byzsim::rule::pre_aggregation;
use byzsim::rule::{Candidate, Combination, Combiner, Neighborhood, Outcome, Place};
use byzsim::scenario::Catalogues;
use byzsim::settings::{Catalogue, Keys, Problems, Sources, Span, Table};
use byzsim::task::Objective;
use byzsim::units::AgentId;
use serde_json::Value;
use std::collections::BTreeMap;

/// Kinds that are checked here, with their entries in the committed vectors.
const CHECKED: [(&str, usize); 14] = [
    ("average", 5),
    ("centered-clipping", 5),
    ("coordinate-median", 5),
    ("distance", 5),
    ("geometric-median", 5),
    ("krum", 5),
    ("loss", 10),
    ("mean-around-median", 5),
    ("metropolis", 5),
    ("minimum-diameter-average", 5),
    ("multi-krum", 5),
    ("nearest-neighbor-mixing", 5),
    ("nearest-to-own", 5),
    ("trimmed-mean", 5),
];

/// Kinds of later versions, with their entries in the committed vectors.
const LATER: [(&str, usize); 7] = [
    ("a-little-is-enough", 5),
    ("balance", 5),
    ("inner-product-manipulation", 5),
    ("resilient-diffusion-f", 5),
    ("self-centered-clipping", 5),
    ("targeted-drift", 5),
    ("ubar", 5),
];

/// Relative to the largest absolute value expected. Models are `f32`, so inputs are rounded to
/// seven digits, and φ sums up squares of their differences.
const WITH_MODELS: f64 = 1e-5;

/// The same of a search that ends within 1e-6 of the least sum of distances.
const WITHIN_ITS_TOLERANCE: f64 = 1e-4;

/// The same where no model is involved: all is `f64`, only the order of sums may differ.
const WITHOUT_MODELS: f64 = 1e-12;

#[test]
fn rules_give_what_their_vectors_expect() {
    let named = std::env::var_os("BYZSIM_VECTORS");
    let committed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/conformance/vectors.json"
    );
    let path = named.clone().unwrap_or_else(|| committed.into());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    let vectors: Value = serde_json::from_str(&text).expect("JSON");

    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for (number, case) in list(&vectors["cases"]).iter().enumerate() {
        let kind = case["rule"].as_str().or(case["attack"].as_str());
        let kind = kind.expect("a rule or an attack");
        *found.entry(kind.to_owned()).or_default() += 1;
        let what = format!("case {number}, {kind}");
        match kind {
            "average"
            | "centered-clipping"
            | "coordinate-median"
            | "krum"
            | "mean-around-median"
            | "minimum-diameter-average"
            | "multi-krum"
            | "nearest-to-own"
            | "trimmed-mean" => aggregator(case, WITH_MODELS, &what),
            "geometric-median" => aggregator(case, WITHIN_ITS_TOLERANCE, &what),
            "nearest-neighbor-mixing" => mixing(case, &what),
            "distance" => distance(case, &what),
            "loss" => loss(case, &what),
            "metropolis" => metropolis(case, &what),
            later if LATER.iter().any(|(name, _)| *name == later) => {}
            _ => panic!("{what}: this kind is neither checked nor known to come later"),
        }
    }

    let of = |kinds: &[(&str, usize)]| -> BTreeMap<String, usize> {
        let names = kinds.iter().map(|(name, _)| (*name).to_owned());
        names
            .filter_map(|n| found.get_key_value(&n))
            .map(|(n, c)| (n.clone(), *c))
            .collect()
    };
    let (checked, skipped) = (of(&CHECKED), of(&LATER));
    println!("checked: {} kinds, {checked:?}", checked.len());
    println!("skipped: {} kinds, {skipped:?}", skipped.len());
    assert_eq!(checked.len(), CHECKED.len(), "every kind here has vectors");
    if named.is_none() {
        let all = CHECKED.iter().chain(&LATER);
        let all: BTreeMap<String, usize> = all.map(|(n, c)| ((*n).to_owned(), *c)).collect();
        assert_eq!(found, all, "entries of the committed vectors");
    }
}

#[test]
fn kinds_that_have_come_are_not_skipped() {
    let Catalogues { rules, attacks, .. } = Catalogues::default();
    let pre = pre_aggregation::catalogue();
    let names = rules.names().into_iter().chain(attacks.names());
    for name in names.chain(pre.names()) {
        let is_later = LATER.iter().any(|(later, _)| *later == name);
        assert!(!is_later, "{name} is here now: check its vectors");
    }
}

/// Rules that remember nothing.
fn aggregator(case: &Value, tolerance: f64, what: &str) {
    let mut inputs = matrix(&case["inputs"]);
    if let Some(own) = case["params"]["own"].as_u64() {
        let own = inputs.remove(own as usize);
        inputs.insert(0, own);
    }
    for own in positions(inputs.len()) {
        let mut agent = Agent::new(
            &settings(case),
            own,
            &vec![0; inputs.len() - 1],
            inputs[0].len(),
        );
        let combined = agent.combine(&inputs, &inputs[0], &[]);
        close(&combined.model, &numbers(&case["expect"]), tolerance, what);
    }
}

/// What makes other models of the models, one for each.
fn mixing(case: &Value, what: &str) {
    let inputs = matrix(&case["inputs"]);
    let narrow: Vec<Vec<f32>> = inputs.iter().map(|model| narrow(model)).collect();
    let models: Vec<&[f32]> = narrow.iter().map(|model| &model[..]).collect();
    let pre = made(&pre_aggregation::catalogue(), &settings(case));
    let tolerance = pre.tolerance().expect("kinds with vectors are told f");
    let given = GivenModels {
        models: &models,
        own: models[0],
        own_at: Some(0),
        f: tolerance.at(models.len(), models.len()),
        key: Key::new(1, Purpose::Rule),
    };
    let mut mixed = Vec::new();
    pre.apply(&given, &mut Vec::new(), &mut mixed);
    let mixed: Vec<f64> = mixed.into_iter().map(f64::from).collect();
    let expected = matrix(&case["expect"]).concat();
    close(&mixed, &expected, WITH_MODELS, what);
}

fn distance(case: &Value, what: &str) {
    let steps = list(&case["steps"]);
    let agents = list(&steps[0]["inputs"]).len();
    let dimension = list(&steps[0]["previous"]).len();
    for own in positions(agents) {
        let mut agent = Agent::new(&settings(case), own, &vec![0; agents - 1], dimension);
        for (i, step) in steps.iter().enumerate() {
            let what = format!("{what}, step {i}");
            let previous = numbers(&step["previous"]);
            let combined = agent.combine(&matrix(&step["inputs"]), &previous, &[]);
            let expected = |key: &str| numbers(&step[key]);
            close(&combined.phi, &expected("accumulated"), WITH_MODELS, &what);
            close(&combined.weights, &expected("weights"), WITH_MODELS, &what);
            close(&combined.model, &expected("expect"), WITH_MODELS, &what);
        }
    }
}

fn loss(case: &Value, what: &str) {
    let steps = list(&case["steps"]);
    let agents = list(&steps[0]["losses"]).len();
    // A model that is nothing but the number under which its loss is found.
    let models: Vec<Vec<f64>> = (0..agents).map(|l| vec![l as f64]).collect();
    for own in positions(agents) {
        let mut agent = Agent::new(&settings(case), own, &vec![0; agents - 1], 1);
        for (i, step) in steps.iter().enumerate() {
            let what = format!("{what}, step {i}");
            let losses = numbers(&step["losses"]);
            let combined = agent.combine(&models, &models[0], &losses);
            let expected = |key: &str| numbers(&step[key]);
            assert_eq!(combined.losses, losses, "{what}");
            close(
                &combined.phi,
                &expected("accumulated"),
                WITHOUT_MODELS,
                &what,
            );
            close(
                &combined.weights,
                &expected("weights"),
                WITHOUT_MODELS,
                &what,
            );
        }
    }
}

fn metropolis(case: &Value, what: &str) {
    let degrees: Vec<usize> = numbers(&case["degrees"])
        .iter()
        .map(|d| *d as usize)
        .collect();
    assert_eq!(case["own_degree"], degrees.len(), "{what}");
    let models = vec![vec![0.0]; degrees.len() + 1];
    for own in positions(models.len()) {
        let mut agent = Agent::new(&settings(case), own, &degrees, 1);
        let combined = agent.combine(&models, &models[0], &[]);
        close(
            &combined.weights,
            &numbers(&case["weights"]),
            WITHOUT_MODELS,
            what,
        );
    }
}

/// Places of the agent itself among its neighbors that are tried: first, in the middle, last.
fn positions(agents: usize) -> [usize; 3] {
    [0, agents / 2, agents - 1]
}

/// The entry's rule and parameters as a scenario has them.
fn settings(case: &Value) -> String {
    let mut text = format!("kind = {}\n", case["rule"]);
    if let Some(params) = case["params"].as_object() {
        // Numbers, booleans and texts are written alike in JSON and TOML. `center` and
        // `own` are the number of the agent's model, no settings.
        params
            .iter()
            .filter(|(key, _)| !["center", "own"].contains(&key.as_str()))
            .for_each(|(key, value)| text += &format!("{key} = {value}\n"));
    }
    text
}

/// The kind of a catalogue that a table of settings names, with its parameters.
fn made<T: ?Sized>(catalogue: &Catalogue<T>, settings: &str) -> Box<T> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("vectors", settings);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("rule", Span::default(), Some(&table), &mut problems);
    let (made, _, _) = keys.run(|keys| catalogue.read(keys, None));
    assert!(problems.is_empty(), "{}", problems.into_error(&sources));
    made.expect("no problem, so it is made")
}

/// An agent under a rule.
struct Agent {
    combiner: Box<dyn Combiner>,
    /// Its place among its neighbors and itself.
    own: usize,
    iteration: u64,
}

/// A combination in the order of the vectors: the agent itself first.
struct Combined {
    weights: Vec<f64>,
    losses: Vec<f64>,
    phi: Vec<f64>,
    model: Vec<f64>,
}

impl Agent {
    /// `degrees` are its neighbors'. It has number `own`, they have the others in order.
    fn new(settings: &str, own: usize, degrees: &[usize], dimension: usize) -> Agent {
        let slots: Vec<usize> = (0..=degrees.len()).filter(|l| *l != own).collect();
        let neighbors: Vec<AgentId> = slots.iter().map(|l| AgentId::from_index(*l)).collect();
        let place = Place {
            agent: AgentId::from_index(own),
            neighbors: &neighbors,
            slots: &slots,
            own_slot: own,
            neighbor_degrees: degrees,
            dimension,
            iterations: 100,
            key: Key::new(1, Purpose::Rule),
        };
        Agent {
            combiner: made(&Catalogues::default().rules, settings).combiner(&place),
            own,
            iteration: 0,
        }
    }

    /// Combines models, the agent's own first, that have these losses.
    fn combine(&mut self, models: &[Vec<f64>], previous: &[f64], losses: &[f64]) -> Combined {
        let mut by_slot: Vec<Vec<f32>> = models[1..].iter().map(|m| narrow(m)).collect();
        by_slot.insert(self.own, narrow(&models[0]));
        let candidates: Vec<Candidate<'_>> = by_slot
            .iter()
            .enumerate()
            .map(|(slot, model)| Candidate {
                slot,
                model,
                age: 0,
            })
            .collect();
        let mut out = Combination::default();
        out.reset(candidates.len());
        let mut hood = Neighborhood {
            iteration: self.iteration,
            step: 0,
            candidates: &candidates,
            own: self.own,
            absent: &[],
            previous: &narrow(previous),
            own_loss: losses.first().copied().unwrap_or(f64::NAN),
            step_size: f64::NAN,
            objective: &mut Given(losses),
        };
        let outcome = self.combiner.combine(&mut hood, &mut out);
        self.iteration += 1;

        let model = match outcome {
            Outcome::Model => out.model.iter().map(|&x| f64::from(x)).collect(),
            Outcome::Weighted => {
                let mut model = vec![0.0; models[0].len()];
                for (weight, candidate) in out.weights.iter().zip(&candidates) {
                    for (sum, &x) in model.iter_mut().zip(candidate.model) {
                        *sum += weight * f64::from(x);
                    }
                }
                model
            }
            Outcome::Own => panic!("the rule could not combine"),
        };
        let own_first = |mut list: Vec<f64>| {
            let own = list.remove(self.own);
            list.insert(0, own);
            list
        };
        Combined {
            weights: own_first(out.weights),
            losses: own_first(out.losses),
            phi: own_first(out.accumulated),
            model,
        }
    }
}

/// Losses by the number that a model consists of.
struct Given<'a>(&'a [f64]);

impl Objective for Given<'_> {
    fn draw(&mut self, _: u64) {}

    fn loss(&mut self, model: &[f32]) -> f64 {
        self.0[model[0] as usize]
    }

    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {
        unreachable!("no rule here takes a gradient");
    }
}

fn narrow(model: &[f64]) -> Vec<f32> {
    model.iter().map(|&x| x as f32).collect()
}

fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let apart = (found - expected).abs();
        // Written so that a NaN is far from everything.
        let is_close = apart <= tolerance * largest;
        assert!(is_close, "{what}: {found} should be {expected}");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

fn numbers(value: &Value) -> Vec<f64> {
    let number = |x: &Value| x.as_f64().expect("a number");
    list(value).iter().map(number).collect()
}

fn matrix(value: &Value) -> Vec<Vec<f64>> {
    list(value).iter().map(numbers).collect()
}
