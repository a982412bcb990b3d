//! Attacks against their vectors: each is made as a scenario makes it, and sees what the entry says.

use super::{WITH_MODELS, close, matrix, numbers};
use byzsim::attack::{AnyForger, Attack, Crowd, HonestModel, Models, Neighbor, Network, OwnState};
use byzsim::rng::{Key, Purpose};
use byzsim::scenario::Catalogues;
use byzsim::settings::{Keys, Problems, Sources, Span, Table};
use byzsim::units::AgentId;
use serde_json::Value;

/// The attacker; honest agents have the numbers after it.
const ATTACKER: AgentId = AgentId(0);

/// Once with z from the crowd, and once with the z that is expected of it.
pub fn a_little_is_enough(case: &Value, what: &str) {
    let crowd = Crowd {
        models: whole(&case["params"]["n"]),
        byzantine: whole(&case["params"]["f"]),
    };
    let honest = matrix(&case["honest"]);
    for settings in ["".to_owned(), format!("z = {}\n", case["z"])] {
        let found = payload("a-little-is-enough", &settings, &honest, crowd);
        close(&found, &numbers(&case["expect"]), WITH_MODELS, what);
    }
    // Of one honest model 0 and one 2, whose mean and deviation are 1, 1 − z: z itself.
    let found = payload("a-little-is-enough", "", &[vec![0.0], vec![2.0]], crowd);
    let expected = case["z"].as_f64().expect("a number");
    // The payload is an f32.
    assert!(
        (1.0 - found[0] - expected).abs() < 1e-7,
        "{what}: {found:?}"
    );
}

pub fn inner_product_manipulation(case: &Value, what: &str) {
    let settings = format!("epsilon = {}\n", case["params"]["epsilon"]);
    let honest = matrix(&case["honest"]);
    let crowd = Crowd {
        models: honest.len() + 1,
        byzantine: 1,
    };
    let found = payload("inner-product-manipulation", &settings, &honest, crowd);
    close(&found, &numbers(&case["expect"]), WITH_MODELS, what);
}

pub fn targeted_drift(case: &Value, what: &str) {
    let params = &case["params"];
    let settings = format!("target = {}\nrate = {}\n", params["target"], params["rate"]);
    let crowd = Crowd {
        models: 2,
        byzantine: 1,
    };
    let states = [numbers(&case["victim_state"])];
    let found = payload("targeted-drift", &settings, &states, crowd);
    close(&found, &numbers(&case["expect"]), WITH_MODELS, what);
}

/// What an attack sends to agent 1, where honest agents have these ψ and θ.
fn payload(kind: &str, settings: &str, honest: &[Vec<f64>], crowd: Crowd) -> Vec<f64> {
    let narrow = |model: &Vec<f64>| model.iter().map(|&x| x as f32).collect();
    let states: Vec<Vec<f32>> = honest.iter().map(narrow).collect();
    let known: Vec<HonestModel<'_>> = (1..)
        .zip(&states)
        .map(|(agent, model)| HonestModel {
            agent: AgentId(agent),
            model,
        })
        .collect();
    let combined: Vec<&[f32]> = states.iter().map(Vec::as_slice).collect();
    let victim = AgentId(1);
    let models = Models {
        own: OwnState {
            iteration: 0,
            attacker: ATTACKER,
            victim: Some(victim),
            honest: &states[0],
            key: Key::new(1, Purpose::Payload).of(ATTACKER),
        },
        honest: &known,
        crowd: Some(crowd),
    };
    let mut payload = Vec::new();
    match attack(&format!("kind = \"{kind}\"\n{settings}")).forger(ATTACKER) {
        AnyForger::Listening(mut forger) => forger.forge(models, &mut payload),
        AnyForger::Omniscient(mut forger) => {
            let network = Network {
                models,
                victim,
                combined: &combined,
                neighbors: &[Neighbor {
                    agent: ATTACKER,
                    degree: 1,
                    is_byzantine: true,
                }],
            };
            forger.forge(network, &mut payload);
        }
        _ => panic!("{kind} looks at models, and no further"),
    }
    payload.into_iter().map(f64::from).collect()
}

pub fn attack(settings: &str) -> Box<dyn Attack> {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("vectors", settings);
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("attack", Span::default(), Some(&table), &mut problems);
    let (attack, _, _) = keys.run(|keys| Catalogues::default().attacks.read(keys, None));
    assert!(problems.is_empty(), "{}", problems.into_error(&sources));
    attack.expect("no problem, so an attack")
}

fn whole(value: &Value) -> usize {
    value.as_u64().expect("a whole number") as usize
}
