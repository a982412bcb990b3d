//! The vectors of `conformance/vectors.json`, or of the file that `BYZSIM_VECTORS` names: inputs
//! and expected outputs of rules and attacks, computed in `f64` from their definitions.
//!
//! An entry of a kind that is not known here fails. Rules are made as a scenario makes them, by reading the entry's parameters as settings; so keys
//! are tested too.

mod agent;
mod attacks;
mod opponents;
mod weights;

use agent::{Agent, made};
use byzsim::rng::{Key, Purpose};
use byzsim::rule::Given;
use byzsim::rule::pre_aggregation;
use serde_json::Value;
use std::collections::BTreeMap;

/// Entries of the committed vectors.
const COMMITTED: [(&str, usize); 21] = [
    ("a-little-is-enough", 5),
    ("average", 5),
    ("balance", 5),
    ("centered-clipping", 5),
    ("coordinate-median", 5),
    ("distance", 5),
    ("geometric-median", 5),
    ("inner-product-manipulation", 5),
    ("krum", 5),
    ("loss", 10),
    ("mean-around-median", 5),
    ("metropolis", 5),
    ("minimum-diameter-average", 5),
    ("multi-krum", 5),
    ("nearest-neighbor-mixing", 5),
    ("nearest-to-own", 5),
    ("resilient-diffusion-f", 5),
    ("self-centered-clipping", 5),
    ("targeted-drift", 5),
    ("trimmed-mean", 5),
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
            "a-little-is-enough" => attacks::a_little_is_enough(case, &what),
            "inner-product-manipulation" => attacks::inner_product_manipulation(case, &what),
            "targeted-drift" => attacks::targeted_drift(case, &what),
            "distance" => distance(case, &what),
            "loss" => loss(case, &what),
            "metropolis" => metropolis(case, &what),
            "balance" => weights::balance(case, &what),
            "resilient-diffusion-f" => weights::resilient_diffusion_f(case, &what),
            "self-centered-clipping" => weights::self_centered_clipping(case, &what),
            "ubar" => weights::ubar(case, &what),
            _ => panic!("{what}: this kind is not known"),
        }
    }

    println!("{found:?}");
    if named.is_none() {
        let all = COMMITTED.map(|(kind, entries)| (kind.to_owned(), entries));
        assert_eq!(
            found,
            BTreeMap::from(all),
            "entries of the committed vectors"
        );
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
    let given = Given {
        models: &models,
        own: models[0],
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
    // Models that differ, so that each has its loss.
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
    settings_but(&[], case)
}

/// The same without parameters that a scenario says elsewhere.
fn settings_but(elsewhere: &[&str], case: &Value) -> String {
    let mut text = format!("kind = {}\n", case["rule"]);
    if let Some(params) = case["params"].as_object() {
        // Numbers, booleans and texts are written alike in JSON and TOML. `center` is the number
        // of the model to begin with: 0, the agent's own, as always here.
        params
            .iter()
            .filter(|(key, _)| !["center", "own"].contains(&key.as_str())) // whose model is the agent's
            .filter(|(key, _)| !elsewhere.contains(&key.as_str()))
            .for_each(|(key, value)| text += &format!("{key} = {value}\n"));
    }
    text
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
