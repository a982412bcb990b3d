//! The tables of a scenario, and which kinds of them have which keys.

use super::{Catalogues, clock, parse_defaults};
use crate::attack::Timing;
use crate::settings::{Table, Value};
use crate::task::Partition;
use crate::{distribution, fault, learner, model};

/// What a table with a kind is.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Task,
    Model,
    Partition,
    Topology,
    Learner,
    Rule,
    Attack,
    Timing,
    Fault,
    Clock,
    Distribution,
    /// A table without kinds.
    Plain,
}

/// The tables that stand once.
pub(super) const TABLES: [(&[&str], Part); 9] = [
    (&["task"], Part::Task),
    (&["task", "model"], Part::Model),
    (&["task", "partition"], Part::Partition),
    (&["topology"], Part::Topology),
    (&["learner"], Part::Learner),
    (&["rule"], Part::Rule),
    (&["clock"], Part::Clock),
    (&["clock", "compute_ms"], Part::Distribution),
    (&["link", "delay_ms"], Part::Distribution),
];

/// The tables of each list, and those inside them.
pub(super) const IN_LISTS: [(&str, &[&str], Part); 5] = [
    ("attack", &[], Part::Attack),
    ("attack", &["timing"], Part::Timing),
    ("fault", &[], Part::Fault),
    ("fault", &["up_ms"], Part::Distribution),
    ("fault", &["down_ms"], Part::Distribution),
];

/// The tables without kinds that stand once.
const PLAIN: [&[&str]; 5] = [
    &["link"],
    &["link", "burst"],
    &["record"],
    &["seeds"],
    &["sets"],
];

impl Part {
    /// What the table at a path is; in a list of tables an element is a name. `None` where a value
    /// stands, which may be written as a table, too: a distribution, a selection.
    pub fn at(path: &[&str]) -> Option<Part> {
        let alone = TABLES.iter().find(|(elements, _)| *elements == path);
        let in_list = || {
            let (list, [_, inside @ ..]) = path.split_first()? else {
                return None;
            };
            if (*list, inside) == ("attack", &["active"]) {
                return Some(Part::Plain);
            }
            let found = IN_LISTS.iter().find(|(l, i, _)| l == list && *i == inside);
            found.map(|(_, _, part)| *part)
        };
        let found = alone.map(|(_, part)| *part).or_else(in_list);
        let found = found.or_else(|| PLAIN.contains(&path).then_some(Part::Plain));
        found.filter(|part| !matches!(part, Part::Distribution))
    }

    /// The key that says of which kind a table is.
    pub fn key(self) -> &'static str {
        match self {
            Part::Clock => "mode",
            Part::Learner => "optimizer",
            _ => "kind",
        }
    }

    /// The kind of a table in a document, or the one that it has if it names none.
    pub fn kind_in(
        self,
        table: &Table,
        document: &Table,
        catalogues: &Catalogues,
    ) -> Option<String> {
        match table.get(self.key()).map(|node| &node.value) {
            Some(Value::String(kind)) => return Some(kind.clone()),
            Some(_) => return None,
            None => {}
        }
        let of_task = |part, otherwise: &str| {
            let kind = task_default(&[part, self.key()], document, catalogues);
            Some(kind.unwrap_or_else(|| otherwise.to_owned()))
        };
        match self {
            Part::Topology => of_task("topology", "geometric"),
            Part::Learner => of_task("learner", "sgd"),
            Part::Rule => of_task("rule", "loss"),
            Part::Clock => Some(clock::Mode::default().name().to_owned()),
            Part::Task
            | Part::Model
            | Part::Partition
            | Part::Attack
            | Part::Timing
            | Part::Fault
            | Part::Distribution
            | Part::Plain => None,
        }
    }

    /// The keys of the kinds whose names `is_among` holds for.
    pub fn declare(self, is_among: &dyn Fn(&str) -> bool, catalogues: &Catalogues) -> Vec<String> {
        match self {
            Part::Task => catalogues.tasks.declare(is_among),
            Part::Model => model::catalogue().declare(is_among),
            Part::Partition => Partition::keys_of(is_among),
            Part::Topology => catalogues.topologies.declare(is_among),
            Part::Learner => learner::keys_of(is_among),
            Part::Rule => catalogues.rules.declare(is_among),
            Part::Attack => catalogues.attacks.declare(is_among),
            Part::Timing => Timing::keys_of(is_among),
            Part::Fault => fault::catalogue().declare(is_among),
            Part::Clock => clock::keys_of(is_among),
            Part::Distribution => distribution::catalogue().declare(is_among),
            Part::Plain => Vec::new(),
        }
    }
}

/// What a document's task gives by default to the key that says of which kind a table is.
fn task_default(path: &[&str], document: &Table, catalogues: &Catalogues) -> Option<String> {
    let kind = match &document.node_at(&["task", "kind"])?.value {
        Value::String(kind) => kind,
        _ => return None,
    };
    let tasks = catalogues.tasks.examples().into_iter();
    let (_, task) = tasks.into_iter().find(|(name, _)| name == kind)?;
    match &parse_defaults(Some(&*task)).node_at(path)?.value {
        Value::String(kind) => Some(kind.clone()),
        _ => None,
    }
}
