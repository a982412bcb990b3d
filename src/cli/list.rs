//! `byzsim list`: the kinds that scenarios can name, with their keys.

use super::{Plugins, text};
use crate::distribution;
use crate::model;
use crate::rule::pre_aggregation;
use crate::settings::{Case, DefaultDoc, Form, KeyDoc, KindDoc, Presence};
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
        let takes = crate::scenario::describe(&plugins.catalogues);
        let kinds = |table: &str| {
            let table = takes.table(table);
            table.map_or(Vec::new(), |table| table.kinds.clone())
        };
        let scenario = KindDoc {
            name: "scenario.toml",
            about: "The keys of a scenario file beside those of the kinds below",
            keys: takes.keys.clone(),
        };
        let models = model::catalogue().describe(None, "");
        let pre = pre_aggregation::catalogue().describe(None, "");
        let distributions = distribution::catalogue().describe(None, "");
        let parts = [
            (Part::Scenario, "scenario", vec![scenario]),
            (Part::Tasks, "tasks", kinds("task")),
            (Part::Models, "models", models),
            (Part::Topologies, "topologies", kinds("topology")),
            (Part::Rules, "rules", kinds("rule")),
            (Part::Pre, "pre", pre),
            (Part::Attacks, "attacks", kinds("attack")),
            (Part::Distributions, "distributions", distributions),
            (Part::Faults, "faults", kinds("fault")),
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

/// Keys and those of the tables inside, with their dotted names. What kinds have is listed with the
/// kinds, and overrides have what the table around them has.
fn dotted<'k>(around: &str, keys: &'k [KeyDoc], all: &mut Vec<(String, &'k KeyDoc)>) {
    for key in keys {
        let name = format!("{around}{}", key.name);
        all.push((name.clone(), key));
        let inside = key
            .form
            .table()
            .filter(|_| !matches!(key.form, Form::Overrides(_)));
        if let Some(table) = inside {
            dotted(&format!("{name}."), &table.keys, all);
        }
    }
}

fn keys_of(kind: &KindDoc) -> Vec<(String, &KeyDoc)> {
    let mut all = Vec::new();
    dotted("", &kind.keys, &mut all);
    all
}

fn print_part(name: &str, kinds: &[KindDoc]) {
    text::print(&format!("{}\n", name.to_uppercase()));
    for kind in kinds {
        text::print_wrapped(0, &format!("{}: {}", kind.name, kind.about));
        for (name, key) in keys_of(kind) {
            let symbol = key.symbol.map(|s| format!(" ({s})")).unwrap_or_default();
            text::print_wrapped(2, &format!("{name}{symbol}: {}", key.about));
            text::print_wrapped(6, &key.details());
        }
        text::print("");
    }
}

fn part_json(kinds: &[KindDoc]) -> Value {
    let keys = |kind| {
        let keys = keys_of(kind);
        keys.iter()
            .map(|(name, key)| key_json(name, key))
            .collect::<Vec<_>>()
    };
    let kinds = kinds.iter();
    let kinds =
        kinds.map(|kind| json!({"kind": kind.name, "about": kind.about, "keys": keys(kind)}));
    kinds.collect()
}

fn key_json(name: &str, key: &KeyDoc) -> Value {
    let mut json = json!({
        "key": name,
        "about": key.about,
        "symbol": key.symbol,
        "takes": key.takes,
        "range": key.range,
        "required": key.presence.is_required(),
        "only_with": key.only.iter().map(Case::to_string).collect::<Vec<_>>(),
    });
    if let Presence::Optional(absence, _) = key.presence {
        json["without"] = json!(absence);
    }
    if !key.presence.defaults().is_empty() {
        let one = |d: &DefaultDoc| json!({"value": d.value.to_string(), "source": d.source});
        json["defaults"] = key.presence.defaults().iter().map(one).collect();
    }
    json
}
