//! `[record]`: what a run writes down.

use crate::settings::{
    Bounds, Form, Keys, Node, Problems, Selection, Setting, Sources, Table, Value, wrong,
};
use crate::units::SimTime;

/// What is recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Every so many iterations.
    pub every_iterations: u64,
    /// Whose rows.
    pub agents: RecordAgents,
    /// Of which iterations models in combinations are kept.
    pub weights: RecordWeights,
    /// Evaluation on test sets every so many epochs.
    pub evaluate_every_epochs: u64,
    /// First iteration of the steady state.
    pub steady_from: Option<u64>,
    /// Whether mailbox and handler times are measured.
    pub wall: bool,
    /// Iterations per interval of the latency table.
    pub latency_every_iterations: u64,
    /// Whether every message and every model is kept.
    pub trace: bool,
    /// Distance of the rows of the timeline \[ms\].
    pub every_ms: Option<f64>,
    /// All of it as `[record]` would say it, with the defaults.
    pub settings: toml::Table,
}

impl Record {
    /// Reads back [`Record::settings`] as JSON have them. `None` where they are none of this
    /// version's.
    pub(crate) fn from_json(json: &serde_json::Value) -> Option<Record> {
        Record::from_settings(&serde_json::from_value(json.clone()).ok()?)
    }

    fn from_settings(settings: &toml::Table) -> Option<Record> {
        let text = toml::to_string(settings).ok()?;
        let mut sources = Sources::default();
        let source = sources.add("summary.json", &text);
        let mut problems = Problems::default();
        let table = Table::parse_text(&sources, source, &text, &mut problems)?;
        let span = sources.top(source);
        let (found, _, _) = Keys::new("record", span, Some(&table), &mut problems).run(record);
        problems.is_empty().then_some(found)
    }

    /// Whether a run that recorded this has all that `asked` asks for, so that it need not be run
    /// again: more agents, models or messages and finer steps are no harm. What is left to the run
    /// is in any timeline.
    pub fn covers(&self, asked: &Record) -> bool {
        let mut keys = self.settings.keys().chain(asked.settings.keys());
        keys.all(|key| self.covers_key(key, asked))
    }

    fn covers_key(&self, key: &str, asked: &Record) -> bool {
        let finer = |own: u64, asked: u64| asked.is_multiple_of(own);
        match key {
            "every_iterations" => finer(self.every_iterations, asked.every_iterations),
            "latency_every_iterations" => finer(
                self.latency_every_iterations,
                asked.latency_every_iterations,
            ),
            "evaluate_every_epochs" => {
                finer(self.evaluate_every_epochs, asked.evaluate_every_epochs)
            }
            "agents" => {
                self.agents == RecordAgents::All
                    || asked.agents == RecordAgents::None
                    || self.agents == asked.agents
            }
            "weights" => self.weights.covers(asked.weights),
            "wall" => self.wall || !asked.wall,
            "trace" => self.trace || !asked.trace,
            "every_ms" => match (self.every_ms, asked.every_ms) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(own), Some(asked)) => (asked / own).fract() == 0.0,
            },
            key => self.settings.get(key) == asked.settings.get(key),
        }
    }

    /// What is recorded by a run that takes the place of one that recorded `recorded`: what is asked
    /// here, and of every key what was recorded where it covers that.
    pub(crate) fn along_with(&self, recorded: &Record) -> Record {
        let both = recorded.settings.iter().chain(&self.settings);
        let mut settings = toml::Table::new();
        for (key, _) in both {
            let of = match recorded.covers_key(key, self) {
                true => recorded,
                false => self,
            };
            if let Some(value) = of.settings.get(key) {
                settings.insert(key.clone(), value.clone());
            }
        }
        // Either of them was read from such a table.
        Record::from_settings(&settings).unwrap_or_else(|| self.clone())
    }
}

/// Whose rows are recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RecordAgents {
    /// Every normal agent's.
    #[default]
    All,
    /// Aggregates only.
    None,
    /// Those of the normal agents among these.
    Chosen(Selection),
}

impl Setting for RecordAgents {
    fn takes() -> String {
        format!("\"all\", \"none\", or {}", Selection::takes())
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::String(text) if text == "all" => Some(RecordAgents::All),
            Value::String(text) if text == "none" => Some(RecordAgents::None),
            _ => Selection::read(node, name, problems).map(RecordAgents::Chosen),
        }
    }
    fn to_toml(&self) -> toml::Value {
        match self {
            RecordAgents::All => "all".into(),
            RecordAgents::None => "none".into(),
            RecordAgents::Chosen(selection) => selection.to_toml(),
        }
    }

    fn form(bounds: Bounds) -> Form {
        let words = Form::one_of(&["all", "none"]);
        Form::Any(vec![words, Selection::form(bounds)])
    }
}

/// Of which iterations models in combinations are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum RecordWeights {
    /// The last one.
    #[default]
    Last,
    /// None.
    None,
    /// Every so many, the first being 0.
    Every(u64),
}

impl RecordWeights {
    fn covers(self, asked: RecordWeights) -> bool {
        match (self, asked) {
            (_, RecordWeights::None) | (RecordWeights::Every(1), _) => true,
            (RecordWeights::Every(own), RecordWeights::Every(asked)) => asked.is_multiple_of(own),
            (own, asked) => own == asked,
        }
    }
}

impl Setting for RecordWeights {
    fn takes() -> String {
        "\"last\", \"all\", \"none\" or { every = n }".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::String(text) if text == "last" => return Some(RecordWeights::Last),
            Value::String(text) if text == "all" => return Some(RecordWeights::Every(1)),
            Value::String(text) if text == "none" => return Some(RecordWeights::None),
            Value::Table(table) => {
                let before = problems.len();
                let keys = Keys::new(name, node.span, Some(table), problems);
                let (every, _, _) = keys.run(every);
                return (problems.len() == before).then_some(RecordWeights::Every(every));
            }
            Value::String(text) => {
                let message = format!("`{name}` cannot be \"{text}\"");
                problems.add(node.span, message, format!("write {}", Self::takes()));
                return None;
            }
            _ => {}
        }
        wrong::<Self>(node, name, problems)
    }
    fn to_toml(&self) -> toml::Value {
        match *self {
            RecordWeights::Last => "last".into(),
            RecordWeights::None => "none".into(),
            RecordWeights::Every(1) => "all".into(),
            RecordWeights::Every(n) => {
                toml::Table::from_iter([("every".to_owned(), n.to_toml())]).into()
            }
        }
    }

    fn form(_: Bounds) -> Form {
        let words = Form::one_of(&["last", "all", "none"]);
        Form::Any(vec![words, Form::table_of(every)])
    }
}

fn every(keys: &mut Keys<'_>) -> u64 {
    let every = keys.key("every", "Distance in iterations");
    every.at_least(1.0).required()
}

/// Declares and reads `[record]`.
pub(super) fn record(keys: &mut Keys<'_>) -> Record {
    Record {
        every_iterations: keys
            .key(
                "every_iterations",
                "Iterations from one recorded to the next; the last is kept too",
            )
            .at_least(1.0)
            .default(1, "all"),
        agents: keys
            .key(
                "agents",
                "Normal agents with rows of their own; \"none\": aggregates only",
            )
            .default(RecordAgents::All, "all"),
        weights: keys
            .key(
                "weights",
                "Iterations of which every model in a combination is kept",
            )
            .default(RecordWeights::Last, "small files"),
        evaluate_every_epochs: keys
            .key(
                "evaluate_every_epochs",
                "Epochs from one evaluation on test sets to the next",
            )
            .at_least(1.0)
            .default(1, "paper §7.2"),
        steady_from: keys
            .key("steady_from", "First iteration of the steady state")
            .optional("the last 60 % of iterations"),
        wall: keys
            .key("wall", "Whether to measure mailbox and handler times")
            .default(false, "it costs time"),
        latency_every_iterations: keys
            .key(
                "latency_every_iterations",
                "Iterations per interval of the latency table",
            )
            .at_least(1.0)
            .default(1, "one interval per iteration"),
        trace: keys
            .key("trace", "Whether to keep every message and every model")
            .default(false, "large files"),
        every_ms: keys
            .key(
                "every_ms",
                "Simulated time from one row of the timeline to the next [ms]",
            )
            .at_least(0.001)
            .at_most(SimTime::MAX_MS)
            .optional("asynchronous: the median compute time; else no timeline"),
        settings: keys.resolved().clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn record(settings: Value) -> Record {
        Record::from_json(&settings).expect("settings of records")
    }

    #[test]
    fn what_is_written_is_read_back() {
        let settings = json!({
            "weights": {"every": 3}, "agents": {"range": [1, 2]}, "trace": true, "every_ms": 2.5,
        });
        let first = record(settings);
        assert_eq!(first.settings["every_iterations"], toml::Value::from(1));
        let json = serde_json::to_value(&first.settings).unwrap();
        assert_eq!(record(json).settings, first.settings);
        assert!(Record::from_json(&json!({"flavor": 1})).is_none());
        assert!(Record::from_json(&Value::Null).is_none());
    }

    #[test]
    fn more_agents_models_and_messages_cover_fewer() {
        let ladders = [
            ("trace", vec![json!(true), json!(false)]),
            ("wall", vec![json!(true), json!(false)]),
            ("agents", vec![json!("all"), json!([1, 2]), json!("none")]),
            (
                "weights",
                vec![
                    json!("all"),
                    json!({"every": 2}),
                    json!({"every": 6}),
                    json!("none"),
                ],
            ),
            ("weights", vec![json!("all"), json!("last"), json!("none")]),
            ("every_iterations", vec![json!(1), json!(2), json!(6)]),
            ("latency_every_iterations", vec![json!(1), json!(5)]),
            ("evaluate_every_epochs", vec![json!(2), json!(4)]),
            ("every_ms", vec![json!(0.5), json!(2.0), Value::Null]),
        ];
        for (key, ladder) in ladders {
            for (more, a) in ladder.iter().enumerate() {
                for (less, b) in ladder.iter().enumerate() {
                    let [own, asked] = [a, b].map(|value| match value {
                        Value::Null => record(json!({})),
                        value => record(json!({key: value})),
                    });
                    let covers = own.covers(&asked);
                    assert_eq!(covers, more <= less, "{key}: {a} and {b}");
                }
            }
        }
    }

    #[test]
    fn what_is_merely_different_covers_nothing() {
        for (a, b) in [
            (
                json!({"weights": {"every": 2}}),
                json!({"weights": {"every": 3}}),
            ),
            (json!({"weights": {"every": 2}}), json!({"weights": "last"})),
            (json!({"agents": [1, 2]}), json!({"agents": [1]})),
            (
                json!({"every_iterations": 2}),
                json!({"every_iterations": 3}),
            ),
            (json!({"steady_from": 3}), json!({})),
            (
                json!({"every_ms": 2.0}),
                json!({"every_ms": 3.0, "trace": true}),
            ),
        ] {
            assert!(!record(a.clone()).covers(&record(b.clone())), "{a} and {b}");
            assert!(!record(b.clone()).covers(&record(a.clone())), "{b} and {a}");
        }
    }
    #[test]
    fn what_is_run_again_keeps_what_was_recorded_and_adds_what_is_asked() {
        for (recorded, asked, both) in [
            (
                json!({"trace": true, "every_ms": 2.0}),
                json!({"weights": "all"}),
                json!({"trace": true, "every_ms": 2.0, "weights": "all"}),
            ),
            (
                json!({"agents": [1], "every_iterations": 5}),
                json!({"wall": true}),
                json!({"wall": true}),
            ),
            (
                json!({"every_iterations": 2, "steady_from": 3, "weights": "none"}),
                json!({"every_iterations": 3, "agents": "none"}),
                json!({"every_iterations": 3}),
            ),
        ] {
            let found = record(asked.clone()).along_with(&record(recorded));
            assert_eq!(found.settings, record(both).settings);
            assert!(found.covers(&record(asked)));
        }
    }
}
