//! Who is down when, and what a partition cuts.

use super::distribution::{Distribution, us};
use super::scenario::{Scenario, Selection, Who};
use byzsim::rng::{Key, Purpose, Stream};
use byzsim::units::AgentId;
use serde::Deserialize;
use std::cell::RefCell;
use toml::Value;

/// A moment that never comes.
pub const NEVER: u64 = u64::MAX;

#[derive(Deserialize)]
struct Keys {
    kind: String,
    agents: Option<Selection>,
    groups: Option<Vec<Selection>>,
    from_ms: Option<f64>,
    to_ms: Option<f64>,
    from_iteration: Option<u64>,
    to_iteration: Option<u64>,
    up_ms: Option<Value>,
    down_ms: Option<Value>,
}

/// From one moment up to another, exclusively: [µs] or iterations.
#[derive(Clone, Copy)]
struct Span {
    by_iteration: bool,
    from: u64,
    to: u64,
}

impl Span {
    /// In deadline mode, iterations are moments.
    fn of(keys: &Keys, period: u64) -> Span {
        let by_iteration = keys.from_iteration.is_some() || keys.to_iteration.is_some();
        if !by_iteration {
            return Span {
                by_iteration,
                from: keys.from_ms.map_or(0, us),
                to: keys.to_ms.map_or(NEVER, us),
            };
        }
        let unit = period.max(1);
        Span {
            by_iteration: period == 0,
            from: keys.from_iteration.unwrap_or(0) * unit,
            to: keys.to_iteration.map_or(NEVER, |to| to * unit),
        }
    }

    fn covers(&self, iteration: u64, at: u64) -> bool {
        let x = if self.by_iteration { iteration } else { at };
        self.from <= x && x < self.to
    }
}

enum Fault {
    /// A crash or a late joiner.
    Down(Who, Span),
    Churn(Who, Churn),
    Cut(Vec<Who>, Span),
}

/// Sessions of agents that come and go.
struct Churn {
    index: u32,
    up: Distribution,
    down: Distribution,
    /// By agent: sessions so far, as the moments at which they went down and came up again.
    sessions: RefCell<Vec<Vec<(u64, u64)>>>,
}

pub struct Faults {
    all: Vec<Fault>,
    seed: u64,
}

impl Faults {
    /// `period` is that of deadline mode [µs], 0 in others.
    pub fn read(scenario: &Scenario, agents: usize, period: u64, seed: u64) -> Faults {
        let keys: Vec<Keys> = scenario.top("fault").unwrap_or_default();
        let fault = |(index, keys): (usize, &Keys)| {
            let who = || scenario.who(keys.agents.as_ref().expect("agents"));
            let times = |value: &Option<Value>| {
                Distribution::read(value.clone().expect("times"), &scenario.folder)
            };
            match &*keys.kind {
                "crash" | "late-join" => Fault::Down(who(), Span::of(keys, period)),
                "churn" => {
                    let churn = Churn {
                        index: index as u32,
                        up: times(&keys.up_ms),
                        down: times(&keys.down_ms),
                        sessions: RefCell::new(vec![Vec::new(); agents]),
                    };
                    Fault::Churn(who(), churn)
                }
                "partition" => {
                    let groups = keys.groups.as_ref().expect("groups");
                    let groups = groups.iter().map(|g| scenario.who(g)).collect();
                    Fault::Cut(groups, Span::of(keys, period))
                }
                other => panic!("the oracle does not know the fault {other}"),
            }
        };
        Faults {
            all: keys.iter().enumerate().map(fault).collect(),
            seed,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether an agent is down at a moment of an iteration.
    pub fn is_down(&self, agent: usize, iteration: u64, at: u64) -> bool {
        self.all.iter().any(|fault| match fault {
            Fault::Down(who, span) => who.has(agent) && span.covers(iteration, at),
            Fault::Churn(who, churn) => who.has(agent) && self.session(churn, agent, at).is_some(),
            Fault::Cut(..) => false,
        })
    }

    /// Whether a partition lies between two agents.
    pub fn is_cut(&self, a: usize, b: usize, iteration: u64, at: u64) -> bool {
        self.all.iter().any(|fault| {
            let Fault::Cut(groups, span) = fault else {
                return false;
            };
            // Agents in no group form one more.
            let group = |agent| groups.iter().position(|who| who.has(agent));
            span.covers(iteration, at) && group(a) != group(b)
        })
    }

    /// The first moment from `at` on at which no fault by time has an agent down, if there is one.
    pub fn first_up(&self, agent: usize, mut at: u64) -> Option<u64> {
        loop {
            let end = |fault: &Fault| match fault {
                Fault::Down(who, span) => {
                    let covers = !span.by_iteration && who.has(agent) && span.covers(0, at);
                    covers.then_some(span.to)
                }
                Fault::Churn(who, churn) if who.has(agent) => self.session(churn, agent, at),
                _ => None,
            };
            match self.all.iter().find_map(end) {
                None => return Some(at),
                Some(NEVER) => return None,
                Some(end) => at = end,
            }
        }
    }

    /// Whether a fault by iteration has an agent down in an iteration.
    pub fn is_down_by_iteration(&self, agent: usize, iteration: u64) -> bool {
        self.spans_by_iteration(agent)
            .any(|span| span.covers(iteration, 0))
    }

    /// Whether an agent that faults by iteration have down in an iteration is in a later one that
    /// none of them covers.
    pub fn recovers_by_iteration(&self, agent: usize, iteration: u64) -> bool {
        let mut up = iteration;
        while let Some(span) = self
            .spans_by_iteration(agent)
            .find(|span| span.covers(up, 0))
        {
            up = span.to;
        }
        up > iteration && up != NEVER
    }

    fn spans_by_iteration(&self, agent: usize) -> impl Iterator<Item = &Span> {
        self.all.iter().filter_map(move |fault| match fault {
            Fault::Down(who, span) if span.by_iteration && who.has(agent) => Some(span),
            _ => None,
        })
    }

    /// The end of the time down that covers a moment, if one does. Sessions begin up at 0.
    fn session(&self, churn: &Churn, agent: usize, at: u64) -> Option<u64> {
        let mut sessions = churn.sessions.borrow_mut();
        let own = &mut sessions[agent];
        // Long sessions would run beyond simulated time.
        let mut begins = own.last().map_or(0, |&(_, up)| up);
        while begins <= at && begins < NEVER {
            let nth = own.len() as u64;
            let key = Key::new(self.seed, Purpose::Fault).of(AgentId(agent as u32));
            let mut stream: Stream = key.at(nth).toward(AgentId(churn.index)).stream();
            let up = us(churn.up.sample(&mut stream, nth)).max(1);
            let down = us(churn.down.sample(&mut stream, nth));
            let went_down = begins.saturating_add(up);
            begins = went_down.saturating_add(down);
            own.push((went_down, begins));
        }
        let covers = |&&(from, to): &&(u64, u64)| from <= at && at < to;
        own.iter().find(covers).map(|&(_, to)| to)
    }
}
