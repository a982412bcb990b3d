//! `byzsim list`: the kinds that scenarios can name, with their keys.

use super::{Plugins, text};
use crate::distribution;
use crate::fault;
use crate::model;
use crate::rule::pre_aggregation;
use crate::scenario::{Catalogues, parse_defaults};
use crate::settings::{Catalogue, KeyDoc, KindDoc, Presence, Table};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// List a scenario's keys, and the kinds of tasks, rules, faults and more with their keys, ranges and defaults
#[derive(Args)]
pub(super) struct List {
    /// Only this part
    #[arg(value_enum)]
    part: Option<Part>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// Everything that is no kind's own
    Scenario,
    Tasks,
    Models,
    Topologies,
    Rules,
    /// What robust aggregators do to the models first
    Pre,
    Attacks,
    Distributions,
    Faults,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

impl List {
    pub fn main(self, plugins: &Plugins) -> u8 {
        let catalogues = &plugins.catalogues;
        let defaults = task_defaults(catalogues);
        let scenario = KindDoc {
            name: "scenario.toml",
            about: "The keys of a scenario file beside those of the kinds below",
            keys: crate::scenario::describe(catalogues),
        };
        let parts = [
            (Part::Scenario, "scenario", vec![scenario]),
            (Part::Tasks, "tasks", describe(&catalogues.tasks, &[])),
            (Part::Models, "models", describe(&model::catalogue(), &[])),
            (
                Part::Topologies,
                "topologies",
                describe(&catalogues.topologies, &[]),
            ),
            (Part::Rules, "rules", describe(&catalogues.rules, &defaults)),
            (
                Part::Pre,
                "pre",
                describe(&pre_aggregation::catalogue(), &[]),
            ),
            (Part::Attacks, "attacks", describe(&catalogues.attacks, &[])),
            (
                Part::Distributions,
                "distributions",
                describe(&distribution::catalogue(), &[]),
            ),
            (Part::Faults, "faults", describe(&fault::catalogue(), &[])),
        ];
        let wanted = parts
            .into_iter()
            .filter(|(part, ..)| self.part.is_none_or(|p| p == *part));
        match self.format {
            Format::Text => wanted.for_each(|(_, name, kinds)| print_part(name, &kinds)),
            Format::Json => {
                let all: serde_json::Map<String, Value> = wanted
                    .map(|(_, name, kinds)| (name.to_owned(), part_json(&kinds)))
                    .collect();
                text::print(&format!("{:#}", Value::Object(all)));
            }
        }
        0
    }
}

/// The `[rule]` that each task has by default, with the task's name.
fn task_defaults(catalogues: &Catalogues) -> Vec<(&'static str, Table)> {
    let of = |task: &dyn crate::task::Task| {
        let defaults = parse_defaults(Some(task));
        match &defaults.get("rule")?.value {
            crate::settings::Value::Table(rule) => Some(rule.clone()),
            _ => None,
        }
    };
    let tasks = catalogues.tasks.examples().into_iter();
    tasks
        .filter_map(|(name, task)| Some((name, of(&*task)?)))
        .collect()
}

/// The kinds of a part; a default that tasks set otherwise is told for each task.
fn describe<S: ?Sized>(catalogue: &Catalogue<S>, tasks: &[(&'static str, Table)]) -> Vec<KindDoc> {
    let mut kinds = catalogue.describe(None, "");
    for (task, defaults) in tasks {
        let theirs = catalogue.describe(Some(defaults), task);
        for (kind, other) in kinds.iter_mut().zip(theirs) {
            for (key, other) in kind.keys.iter_mut().zip(other.keys) {
                key.presence.also(other.presence);
            }
        }
    }
    kinds
}

fn print_part(name: &str, kinds: &[KindDoc]) {
    text::print(&format!("{}\n", name.to_uppercase()));
    for kind in kinds {
        text::print_wrapped(0, &format!("{}: {}", kind.name, kind.about));
        for key in &kind.keys {
            let symbol = key.symbol.map(|s| format!(" ({s})")).unwrap_or_default();
            let range = if key.range.is_empty() {
                String::new()
            } else {
                format!(" {}", key.range)
            };
            text::print_wrapped(2, &format!("{}{symbol}: {}", key.name, key.about));
            let presence = presence(&key.presence);
            let only = match key.only.join(" or ") {
                anywhere if anywhere.is_empty() => anywhere,
                only => format!("; only with {only}"),
            };
            text::print_wrapped(6, &format!("{}{range}; {presence}{only}", key.takes));
        }
        text::print("");
    }
}

fn presence(presence: &Presence) -> String {
    match presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional(absence) => format!("without it: {absence}"),
        Presence::Default(defaults) => {
            let one = |(value, source): &(String, String)| format!("{value} ({source})");
            format!(
                "default {}",
                defaults.iter().map(one).collect::<Vec<_>>().join(", ")
            )
        }
    }
}

fn part_json(kinds: &[KindDoc]) -> Value {
    kinds
        .iter()
        .map(|kind| {
            json!({
                "kind": kind.name,
                "about": kind.about,
                "keys": kind.keys.iter().map(key_json).collect::<Vec<_>>(),
            })
        })
        .collect()
}

fn key_json(key: &KeyDoc) -> Value {
    let mut json = json!({
        "key": key.name,
        "about": key.about,
        "symbol": key.symbol,
        "takes": key.takes,
        "range": key.range,
        "required": key.presence == Presence::Required,
        "only_with": key.only,
    });
    match &key.presence {
        Presence::Required => {}
        Presence::Optional(absence) => json["without"] = json!(absence),
        Presence::Default(defaults) => {
            let one =
                |(value, source): &(String, String)| json!({"value": value, "source": source});
            json["defaults"] = defaults.iter().map(one).collect();
        }
    }
    json
}
