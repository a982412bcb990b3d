//! `[[fault]]`: how faults are set.

use super::Span;
use crate::distribution::{Distribution, DistributionError};
use crate::settings::{
    Bounds, Catalogue, Form, Keys, Kind, Node, Problems, Selection, Setting, Value, wrong,
};
use std::path::Path;

/// The least mean time that an agent is up and then down \[ms\]: a run must not consist of sessions.
const LEAST_CYCLE: f64 = 1.0;

/// A fault as the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultSettings {
    /// Agents are down for a span.
    Crash {
        /// Which.
        agents: Selection,
        /// When.
        span: Span,
    },
    /// Agents are down from the start, and join.
    LateJoin {
        /// Which.
        agents: Selection,
        /// Until when they are down.
        span: Span,
    },
    /// Agents leave and come back, each for itself, again and again. They begin up.
    Churn {
        /// Which.
        agents: Selection,
        /// How long they are up \[ms\].
        up: Distribution,
        /// How long they are down \[ms\].
        down: Distribution,
    },
    /// Nothing passes from one group of agents to another.
    Partition {
        /// The groups; agents in none form one more.
        groups: Vec<Selection>,
        /// When.
        span: Span,
    },
}

impl FaultSettings {
    /// Whether it comes or goes with an iteration: simulated time alone does not tell.
    pub fn is_by_iteration(&self) -> bool {
        matches!(self.span(), Some(Span::Iterations { .. }))
    }

    /// When it is on, where it is not for each agent to say.
    pub fn span(&self) -> Option<Span> {
        match self {
            FaultSettings::Crash { span, .. }
            | FaultSettings::LateJoin { span, .. }
            | FaultSettings::Partition { span, .. } => Some(*span),
            FaultSettings::Churn { .. } => None,
        }
    }

    /// Reads the files of its distributions; `folder` is the scenario file's.
    ///
    /// # Errors
    /// As [`Distribution::load`]; and durations so short that sessions would be all there is.
    pub fn load(&mut self, folder: &Path) -> Result<(), DistributionError> {
        let FaultSettings::Churn { agents, up, down } = self else {
            return Ok(());
        };
        up.load(folder)?;
        down.load(folder)?;
        match cycle_too_short(up, down) {
            None => Ok(()),
            Some((message, help)) => Err(DistributionError {
                span: agents.span,
                message,
                help,
            }),
        }
    }
}

/// The kinds of faults.
///
/// ```
/// assert!(byzsim::fault::catalogue().names().contains(&"churn"));
/// ```
pub fn catalogue() -> Catalogue<FaultSettings> {
    macro_rules! kind {
        ($name:literal, $about:literal, $read:expr) => {
            Kind {
                name: $name,
                about: $about,
                read: |keys| Box::new($read(keys)),
            }
        };
    }
    let kinds = vec![
        kind!("crash", "Agents are down for a while or for good", crash),
        kind!("late-join", "Agents are down from the start", late_join),
        kind!("churn", "Agents leave and come back", churn),
        kind!("partition", "Nothing passes between groups", partition),
    ];
    Catalogue::new("fault", kinds)
}

/// Declares and reads one `[[fault]]`. `None`, with the mistake noted, where its kind is not known.
/// Whether a mode can go by iterations is for the scenario to check.
pub fn read(keys: &mut Keys<'_>) -> Option<FaultSettings> {
    catalogue().read(keys, None).map(|fault| *fault)
}

fn agents(keys: &mut Keys<'_>) -> Selection {
    keys.key("agents", "Who is down").required()
}

fn crash(keys: &mut Keys<'_>) -> FaultSettings {
    FaultSettings::Crash {
        agents: agents(keys),
        span: Span::read(keys),
    }
}

fn late_join(keys: &mut Keys<'_>) -> FaultSettings {
    FaultSettings::LateJoin {
        agents: agents(keys),
        span: Span::read_from_the_start(keys),
    }
}

fn churn(keys: &mut Keys<'_>) -> FaultSettings {
    let agents = agents(keys);
    let up = keys.key("up_ms", "How long they are up [ms]").required();
    let down = keys
        .key("down_ms", "How long they are down [ms]")
        .required();
    if let Some((message, help)) = cycle_too_short(&up, &down) {
        keys.problem("up_ms", message, help);
    }
    FaultSettings::Churn { agents, up, down }
}

fn partition(keys: &mut Keys<'_>) -> FaultSettings {
    let about = "Groups that nothing passes between; agents in none form one more";
    let Groups(groups) = keys.key("groups", about).required();
    FaultSettings::Partition {
        groups,
        span: Span::read(keys),
    }
}

/// What is wrong with sessions that are too short, and what would be right. Those of files that
/// are not read yet pass.
fn cycle_too_short(up: &Distribution, down: &Distribution) -> Option<(String, String)> {
    let mean = up.mean() + down.mean();
    let message = format!("the agents would be up and then down for {mean} ms on average");
    let help = format!("write times with means that make {LEAST_CYCLE} ms or more together");
    (mean < LEAST_CYCLE).then_some((message, help))
}

/// A list of groups of agents, at least one.
#[derive(Clone, Debug, Default, PartialEq)]
struct Groups(Vec<Selection>);

impl Setting for Groups {
    fn takes() -> String {
        "a list of groups of agents, such as [\"eu\", \"us\"]".into()
    }

    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Groups> {
        let Value::Array(groups) = &node.value else {
            return wrong::<Groups>(node, name, problems);
        };
        if groups.is_empty() {
            let help = format!("write {}", Groups::takes());
            problems.add(node.span, format!("`{name}` names no group"), help);
            return None;
        }
        let flat = |group: &&Node| matches!(group.value, Value::Integer(_));
        if let Some(number) = groups.iter().find(flat) {
            let help = "write each group as a list, such as [[0, 1], [2, 3]], or as a set's name";
            problems.add(number.span, "an agent's number is no group", help);
            return None;
        }
        let read = |group| Selection::read(group, name, problems);
        let groups: Vec<Option<Selection>> = groups.iter().map(read).collect();
        groups.into_iter().collect::<Option<_>>().map(Groups)
    }

    fn to_toml(&self) -> toml::Value {
        let groups: Vec<toml::Value> = self.0.iter().map(Selection::to_toml).collect();
        groups.into()
    }

    fn form(_: Bounds) -> Form {
        Form::some(Selection::form(Bounds::ALL))
    }
}
