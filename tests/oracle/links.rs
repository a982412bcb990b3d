//! What links do to messages.

use super::distribution::{Distribution, us};
use super::scenario::{Scenario, Selection, Who};
use byzsim::rng::{Key, Purpose};
use byzsim::units::AgentId;
use rand::RngExt;
use serde::Deserialize;
use toml::{Table, Value};

#[derive(Deserialize)]
struct Keys {
    delay_ms: Option<Value>,
    #[serde(default)]
    drop: f64,
    #[serde(default)]
    duplicate: f64,
    burst: Option<Burst>,
    uplink_mbps: Option<f64>,
    downlink_mbps: Option<f64>,
    model_bytes: Option<u64>,
    #[serde(default = "sixteen")]
    flood_bound: u64,
    retransmit_ms: Option<f64>,
    #[serde(default = "thousand")]
    retransmit_limit: u64,
}

fn sixteen() -> u64 {
    16
}

fn thousand() -> u64 {
    1000
}

#[derive(Deserialize)]
struct Burst {
    enter: f64,
    leave: f64,
    drop_good: f64,
    drop_bad: f64,
}

/// The link from one agent to another.
pub struct Link {
    from: AgentId,
    to: AgentId,
    /// Parameters of a whole model.
    dimension: usize,
    delay: Distribution,
    drop: f64,
    duplicate: f64,
    burst: Option<Burst>,
    uplink: Option<f64>,
    downlink: Option<f64>,
    model_bytes: Option<u64>,
    pub flood_bound: u64,
    /// After how long a lost model is sent again [µs].
    pub retransmit: Option<u64>,
    pub retransmit_limit: u64,
    seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    Coin,
    Burst,
}

/// What becomes of one copy.
pub struct Fate {
    pub lost: Option<Loss>,
    pub duplicated: bool,
    /// Propagation [µs].
    pub delay: u64,
}

impl Link {
    /// The fate of a copy of the model with this stamp, put on the link for the `attempt`-th time.
    pub fn fate(&self, stamp: u64, copy: u64, attempt: u64) -> Fate {
        let key = Key::new(self.seed, Purpose::Link).of(self.from);
        let key = key.toward(self.to).at(stamp);
        let mut stream = key.copy(copy as u32, attempt as u32).stream();
        let [drop, burst, duplicate] = std::array::from_fn(|_| stream.random::<f64>());
        let lost = if drop < self.drop {
            Some(Loss::Coin)
        } else if burst < self.burst_drop(stamp, attempt) {
            Some(Loss::Burst)
        } else {
            None
        };
        Fate {
            lost,
            duplicated: duplicate < self.duplicate,
            delay: us(self.delay.sample(&mut stream, stamp)),
        }
    }

    /// How likely a burst takes a model of an iteration: a step of the chain per iteration, and from
    /// there one per pause before another attempt.
    fn burst_drop(&self, iteration: u64, attempt: u64) -> f64 {
        let Some(Burst {
            enter,
            leave,
            drop_good,
            drop_bad,
        }) = self.burst
        else {
            return 0.0;
        };
        let key = Key::new(self.seed, Purpose::Burst)
            .of(self.from)
            .toward(self.to);
        let draw = |i| key.at(i).stream().random::<f64>();
        let mut bad = enter + leave > 0.0 && draw(0) < enter / (enter + leave);
        let pause = |n| {
            let key = key.at(iteration).copy(0, n as u32);
            key.stream().random::<f64>()
        };
        for u in (1..=iteration).map(draw).chain((1..=attempt).map(pause)) {
            bad = if bad { u >= leave } else { u < enter };
        }
        if bad { drop_bad } else { drop_good }
    }

    /// What a model counts.
    pub fn bytes(&self, parameters: usize) -> u64 {
        self.model_bytes.unwrap_or(4 * parameters as u64)
    }

    /// Time in the sender's uplink [µs].
    pub fn uplink(&self) -> Option<u64> {
        self.uplink.map(|mbps| self.transmission(mbps))
    }

    /// Time in the receiver's downlink [µs].
    pub fn downlink(&self) -> Option<u64> {
        self.downlink.map(|mbps| self.transmission(mbps))
    }

    /// A model that is cut short takes as long as a whole one.
    fn transmission(&self, mbps: f64) -> u64 {
        (8.0 * self.bytes(self.dimension) as f64 / mbps).round() as u64
    }
}

/// All links, by sender and receiver.
pub struct Links {
    all: Vec<Link>,
    agents: usize,
}

impl Links {
    pub fn read(scenario: &Scenario, agents: usize, dimension: usize, seed: u64) -> Links {
        let mut base = scenario.table("link");
        let overrides = base.remove("override");
        let overrides: Vec<Table> =
            overrides.map_or_else(Vec::new, |all| all.try_into().expect("overrides"));
        let overrides: Vec<(Ends, Table)> = overrides
            .into_iter()
            .map(|keys| (Ends::read(&keys, scenario), keys))
            .collect();
        let link = |from: usize, to: usize| {
            // Later ones win, key by key.
            let mut keys = base.clone();
            for (_, own) in overrides.iter().filter(|(ends, _)| ends.are(from, to)) {
                keys.extend(own.clone());
            }
            let keys: Keys = Value::Table(keys).try_into().expect("a link");
            let delay = keys.delay_ms;
            let delay = delay.map(|value| Distribution::read(value, &scenario.folder));
            Link {
                from: AgentId(from as u32),
                to: AgentId(to as u32),
                dimension,
                delay: delay.unwrap_or(Distribution::constant(0.0)),
                drop: keys.drop,
                duplicate: keys.duplicate,
                burst: keys.burst,
                uplink: keys.uplink_mbps,
                downlink: keys.downlink_mbps,
                model_bytes: keys.model_bytes,
                flood_bound: keys.flood_bound,
                retransmit: keys.retransmit_ms.map(us),
                retransmit_limit: keys.retransmit_limit,
                seed,
            }
        };
        let pairs = (0..agents).flat_map(|from| (0..agents).map(move |to| (from, to)));
        Links {
            all: pairs.map(|(from, to)| link(from, to)).collect(),
            agents,
        }
    }

    pub fn between(&self, from: usize, to: usize) -> &Link {
        &self.all[from * self.agents + to]
    }
}

/// Which links an override is about.
struct Ends {
    from: Option<Who>,
    to: Option<Who>,
    both_ways: bool,
}

impl Ends {
    fn read(keys: &Table, scenario: &Scenario) -> Ends {
        let who = |value: &Value| -> Who {
            let selection: Selection = value.clone().try_into().expect("agents");
            scenario.who(&selection)
        };
        match keys.get("between") {
            Some(Value::Array(ends)) => Ends {
                from: Some(who(&ends[0])),
                to: Some(who(&ends[1])),
                both_ways: true,
            },
            _ => Ends {
                from: keys.get("from").map(who),
                to: keys.get("to").map(who),
                both_ways: false,
            },
        }
    }

    fn are(&self, from: usize, to: usize) -> bool {
        let has = |who: &Option<Who>, agent| who.as_ref().is_none_or(|who| who.has(agent));
        let one_way = |from, to| has(&self.from, from) && has(&self.to, to);
        one_way(from, to) || (self.both_ways && one_way(to, from))
    }
}
