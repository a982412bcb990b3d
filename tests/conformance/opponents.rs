//! The entries of `conformance/opponents.json`, or of the file that `BYZSIM_OPPONENTS` names, that
//! are known here: attacks and rules that the filtered rule has to be compared with.

use super::attacks::attack;
use super::{WITH_MODELS, close, list, matrix, narrow, numbers};
use byzsim::attack::{
    AnyForger, Batch, HonestModel, Memory, Models, Network, OwnState, VictimData,
};
use byzsim::model::LeastSquares;
use byzsim::rng::{Key, Purpose};
use byzsim::task::Objective;
use byzsim::units::AgentId;
use serde_json::Value;

/// Entries of the committed file.
const COMMITTED: usize = 36;

const ATTACKER: AgentId = AgentId(0);
const VICTIM: AgentId = AgentId(1);

#[test]
fn opponents_loss_mimicry() {
    let named = std::env::var_os("BYZSIM_OPPONENTS");
    let committed = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/conformance/opponents.json"
    );
    let path = named.clone().unwrap_or_else(|| committed.into());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    let opponents: Value = serde_json::from_str(&text).expect("JSON");
    let cases = list(&opponents["cases"]).iter().enumerate();
    let cases = cases.filter(|(_, case)| case["attack"] == "loss-mimicry");
    let mut found = 0;
    for (number, case) in cases {
        found += 1;
        loss_mimicry(case, &format!("case {number}, loss-mimicry"));
    }
    println!("{found} entries of loss-mimicry");
    assert!(found > 0, "no entry of loss-mimicry in {path:?}");
    if named.is_none() {
        assert_eq!(found, COMMITTED, "entries of the committed file");
    }
}

/// The bound comes from φ, and once more from the victim's own model, where that can have the loss.
fn loss_mimicry(case: &Value, what: &str) {
    let settings = format!(
        "kind = \"loss-mimicry\"\ntarget = {}\n",
        case["params"]["target"]
    );
    let expected = numbers(&case["expect"]);
    let bound = case["bound"].as_f64().expect("a number");
    let mut batch = Squares {
        x: matrix(&case["batch_x"]),
        y: numbers(&case["batch_y"]),
    };
    // Of a victim at 0, with ν = 1/2: ℓ(w) ≤ φ_kk − φ_ak + ℓ(0).
    let origin = vec![0.0; expected.len()];
    let of_origin = batch.loss(&origin);
    let memory = Memory {
        own: Some(bound),
        attacker: Some(of_origin),
        forgetting: Some(0.5),
    };
    let found = payload(&settings, &mut batch, &origin, memory);
    // It is computed in `f64`, and rounded once.
    close(&found, &expected, 1e-6, what);

    let at_bound = narrow(&expected);
    let its_loss = batch.loss(&at_bound);
    if (its_loss - bound).abs() < 1e-3 * bound {
        let memory = Memory {
            own: None,
            attacker: None,
            forgetting: None,
        };
        let found = payload(&settings, &mut batch, &at_bound, memory);
        close(&found, &expected, WITH_MODELS, what);
        let found = narrow(&found);
        assert!(batch.loss(&found) <= its_loss, "{what} is accepted");
    }
}

/// What the attack sends to a victim.
fn payload(settings: &str, batch: &mut Squares, own: &[f32], memory: Memory) -> Vec<f64> {
    let known = [HonestModel {
        agent: VICTIM,
        model: own,
    }];
    let network = Network {
        models: Models {
            own: OwnState {
                iteration: 0,
                attacker: ATTACKER,
                victim: Some(VICTIM),
                honest: own,
                key: Key::new(1, Purpose::Payload).of(ATTACKER),
            },
            honest: &known,
            crowd: None,
        },
        victim: VICTIM,
        combined: &[own],
        neighbors: &[],
    };
    let sight = VictimData {
        network,
        batch: Batch::new(batch),
        memory,
    };
    let AnyForger::VictimData(mut forger) = attack(settings).forger(ATTACKER) else {
        panic!("it looks at its victim's data");
    };
    let mut payload = Vec::new();
    forger.forge(sight, &mut payload);
    payload.into_iter().map(f64::from).collect()
}

/// A batch of linear regression.
struct Squares {
    x: Vec<Vec<f64>>,
    y: Vec<f64>,
}

impl Objective for Squares {
    fn draw(&mut self, _: u64) {}

    fn loss(&mut self, model: &[f32]) -> f64 {
        let said = |x: &[f64]| -> f64 {
            let products = x.iter().zip(model).map(|(x, &w)| x * f64::from(w));
            products.sum()
        };
        let misses = self.x.iter().zip(&self.y).map(|(x, y)| y - said(x));
        misses.map(|miss| miss * miss).sum::<f64>() / self.y.len() as f64
    }

    fn gradient(&mut self, _: &[f32], _: &mut [f64]) {
        unreachable!("it is computed");
    }

    fn least_squares(&self) -> Option<LeastSquares> {
        Some(LeastSquares {
            inputs: self.x.concat(),
            outputs: self.y.clone(),
            samples: self.y.len(),
        })
    }
}
