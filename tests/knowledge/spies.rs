//! Attackers that write down what they are handed, and send their honest models.

use byzsim::attack::{
    AnyForger, Attack, Forger, Knowledge, Memory, Models, Network, OwnState, VictimData,
};
use byzsim::checkpoint::{Book, Kept};
use byzsim::settings::Keys;
use byzsim::units::AgentId;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A model, comparable.
pub type Bits = Vec<u32>;

pub fn bits(model: &[f32]) -> Bits {
    model.iter().map(|x| x.to_bits()).collect()
}

/// What an attacker was handed for a payload.
#[derive(Clone, Debug)]
pub struct Entry {
    pub attacker: u32,
    pub iteration: u64,
    pub victim: Option<u32>,
    /// ψ of honest agents.
    pub adapted: BTreeMap<u32, Bits>,
    /// θ of honest agents.
    pub combined: BTreeMap<u32, Bits>,
    /// The victim's loss of the model 0, and what its rule remembers.
    pub data: Option<(f64, Memory)>,
}

static LOGS: Mutex<BTreeMap<u32, Vec<Entry>>> = Mutex::new(BTreeMap::new());

/// What the spies of a log have written down.
pub fn take(log: u32) -> Vec<Entry> {
    LOGS.lock()
        .expect("no spy panics")
        .remove(&log)
        .unwrap_or_default()
}

fn write(log: u32, entry: Entry) {
    let mut logs = LOGS.lock().expect("no spy panics");
    logs.entry(log).or_default().push(entry);
}

fn of_own(own: OwnState<'_>) -> Entry {
    Entry {
        attacker: own.attacker.0,
        iteration: own.iteration,
        victim: own.victim.map(|victim| victim.0),
        adapted: BTreeMap::new(),
        combined: BTreeMap::new(),
        data: None,
    }
}

fn of_models(models: Models<'_>) -> Entry {
    let adapted = models.honest.iter().map(|l| (l.agent.0, bits(l.model)));
    Entry {
        adapted: adapted.collect(),
        ..of_own(models.own)
    }
}

fn of_network(network: Network<'_>) -> Entry {
    let agents = network.models.honest.iter().map(|known| known.agent.0);
    let combined = network.combined.iter().map(|model| bits(model));
    Entry {
        combined: agents.zip(combined).collect(),
        ..of_models(network.models)
    }
}

/// Declares a spy of one kind.
macro_rules! spy {
    ($name:ident, $kind:literal, $knowledge:ident, $handed:ident, $sight:ident, |$log:ident, $given:ident| $body:expr) => {
        #[derive(Clone, Debug)]
        pub struct $name {
            log: u32,
        }

        impl $name {
            pub const NAME: &str = $kind;
            pub const ABOUT: &str = "Writes down what it is handed";
            pub fn read(keys: &mut Keys<'_>) -> Self {
                $name {
                    log: keys.key("log", "Number of the log").required(),
                }
            }
        }

        impl Attack for $name {
            fn knowledge(&self) -> Knowledge {
                Knowledge::$knowledge
            }
            fn forger(&self, _: AgentId) -> AnyForger {
                AnyForger::$handed(Box::new(self.clone()))
            }
        }

        impl Forger<$sight<'_>> for $name {
            #[allow(unused_mut, reason = "a batch is looked at by changing it")]
            fn forge(&mut self, mut $given: $sight<'_>, payload: &mut Vec<f32>) {
                let $log = self.log;
                let honest: &[f32] = $body;
                payload.extend_from_slice(honest);
            }

            fn keep(&mut self, _: &mut Book<'_>) -> Kept {
                Ok(())
            }
        }
    };
}

spy!(Blind, "spy-none", None, Blind, OwnState, |log, own| {
    write(log, of_own(own));
    own.honest
});

spy!(
    Listening,
    "spy-models",
    Neighbors,
    Listening,
    Models,
    |log, models| {
        write(log, of_models(models));
        models.own.honest
    }
);

spy!(
    Omniscient,
    "spy-network",
    Omniscient,
    Omniscient,
    Network,
    |log, network| {
        write(log, of_network(network));
        network.models.own.honest
    }
);

spy!(
    Prying,
    "spy-victim",
    VictimData,
    VictimData,
    VictimData,
    |log, data| {
        let network = data.network;
        let zeros = vec![0.0; network.models.own.honest.len()];
        let loss = data.batch.loss(&zeros);
        write(
            log,
            Entry {
                data: Some((loss, data.memory)),
                ..of_network(network)
            },
        );
        network.models.own.honest
    }
);
