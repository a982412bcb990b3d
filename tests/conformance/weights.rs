//! Rules that choose among the neighbors: which they keep, and what comes of it.

use super::agent::{Agent, Combined};
use super::{WITH_MODELS, close, matrix, numbers, positions, settings, settings_but};
use serde_json::Value;

/// The own model and the neighbors', the own first.
fn models(case: &Value) -> Vec<Vec<f64>> {
    let mut models = matrix(&case["inputs"]);
    models.insert(0, numbers(&case["own"]));
    models
}

/// Numbers in a list, as they are written there.
fn indices(value: &Value) -> Vec<usize> {
    numbers(value).iter().map(|x| *x as usize).collect()
}

/// The neighbors with weight, numbered without the agent itself, are those that an entry keeps.
fn keeps(combined: &Combined, case: &Value, what: &str) {
    let neighbors = combined.weights[1..].iter().enumerate();
    let found: Vec<usize> = neighbors
        .filter(|(_, w)| **w > 0.0)
        .map(|(l, _)| l)
        .collect();
    let mut kept = indices(&case["kept"]);
    kept.sort_unstable();
    assert_eq!(found, kept, "{what}");
}

pub fn ubar(case: &Value, what: &str) {
    let models = models(case);
    let mut losses = numbers(&case["losses"]);
    losses.insert(0, case["own_loss"].as_f64().expect("a number"));
    for own in positions(models.len()) {
        let degrees = vec![0; models.len() - 1];
        let mut agent = Agent::new(&settings(case), own, &degrees, models[0].len());
        let combined = agent.combine(&models, &models[0], &losses);
        keeps(&combined, case, what);
        let expected = numbers(&case["expect"]);
        close(&combined.model, &expected, WITH_MODELS, what);
    }
}

pub fn balance(case: &Value, what: &str) {
    let models = models(case);
    let time = |key: &str| case["params"][key].as_u64().expect("a whole number");
    let time = (time("round"), time("rounds"));
    let settings = settings_but(&["round", "rounds"], case);
    for own in positions(models.len()) {
        let degrees = vec![0; models.len() - 1];
        let mut agent = Agent::at(&settings, own, &degrees, models[0].len(), time);
        let combined = agent.combine(&models, &models[0], &[]);
        keeps(&combined, case, what);
        let expected = numbers(&case["expect"]);
        close(&combined.model, &expected, WITH_MODELS, what);
    }
}

/// The entries' weights w are no Metropolis weights, which are one over whole numbers. But the step
/// is linear in them, and in a network of a large enough scale s each w/s is one, to 1e-9: that step
/// times s is the one expected.
pub fn self_centered_clipping(case: &Value, what: &str) {
    const SCALE: f64 = 1e9;
    let models = models(case);
    let given = numbers(&case["params"]["weights"]);
    let degree = |w: &f64| (SCALE / w).round() as usize - 1;
    let degrees: Vec<usize> = given.iter().map(degree).collect();
    let settings = settings_but(&["weights"], case);
    for own in positions(models.len()) {
        let mut agent = Agent::new(&settings, own, &degrees, models[0].len());
        let combined = agent.combine(&models, &models[0], &[]);
        let mut expected = models[0].clone();
        for (model, weight) in models.iter().zip(&combined.weights).skip(1) {
            for (x, (theirs, own)) in expected.iter_mut().zip(model.iter().zip(&models[0])) {
                *x += SCALE * weight * (theirs - own);
            }
        }
        close(&expected, &numbers(&case["expect"]), WITH_MODELS, what);
    }
}

/// With ν = 1 γ² is the squared distance: the models are numbers at those distances from 0. J is
/// the loss of one sample.
pub fn resilient_diffusion_f(case: &Value, what: &str) {
    let distances = numbers(&case["squared_distances"]);
    let models: Vec<Vec<f64>> = distances.iter().map(|d| vec![d.sqrt()]).collect();
    let losses = numbers(&case["losses"]);
    let settings = settings(case) + "forgetting = 1\nsamples = 1\n";
    for own in positions(models.len()) {
        let mut agent = Agent::new(&settings, own, &vec![0; models.len() - 1], 1);
        let combined = agent.combine(&models, &[0.0], &losses);
        close(&combined.phi, &distances, WITH_MODELS, what);
        let expected = numbers(&case["weights"]);
        close(&combined.weights, &expected, WITH_MODELS, what);
        let weights = combined.weights.iter().enumerate();
        let removed: Vec<usize> = weights
            .filter(|(_, w)| **w == 0.0)
            .map(|(l, _)| l)
            .collect();
        assert_eq!(removed, indices(&case["removed"]), "{what}");
    }
}
