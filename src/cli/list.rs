//! `byzsim list`: the kinds that scenarios can name, with their keys.

use super::errors::complain;
use super::{Plugins, WRONG, text};
use crate::distribution;
use crate::model;
use crate::rule::pre_aggregation;
use crate::settings::{Case, DefaultDoc, Form, KeyDoc, KindDoc, Presence, nearest};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

/// List a scenario's keys, and the kinds of tasks, rules, faults and more with their keys, ranges and defaults
#[derive(Args)]
pub(super) struct List {
    /// Only this part
    #[arg(value_enum)]
    part: Option<Part>,
    /// Only this kind of the part, or of the part scenario this key or table: list rules krum
    name: Option<String>,
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
        let models = model::catalogue().describe(None, "", None);
        let pre = pre_aggregation::catalogue().describe(None, "", None);
        let distributions = distribution::catalogue().describe(None, "", None);
        let mut parts = vec![
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
        parts.retain(|(part, ..)| self.part.is_none_or(|p| p == *part));
        if let (Some(name), Some((part, of, kinds))) = (&self.name, parts.first_mut())
            && let Err(known) = narrow(*part == Part::Scenario, kinds, name)
        {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let near = nearest(name, &known).map(|near| format!("did you mean `{near}`? "));
            let near = near.unwrap_or_default();
            complain(&format!(
                "there is no `{name}` in `{of}`: {near}names here: {}",
                known.join(", ")
            ));
            return WRONG;
        }
        match self.format {
            Format::Text => parts
                .iter()
                .for_each(|(_, name, kinds)| print_part(name, kinds)),
            Format::Json => {
                let all: serde_json::Map<String, Value> = parts
                    .iter()
                    .map(|(_, name, kinds)| ((*name).to_owned(), part_json(kinds)))
                    .collect();
                text::print(&format!("{:#}", Value::Object(all)));
            }
        }
        0
    }
}

/// Leaves the kind of a name, or of the keys of a scenario the one with what is inside.
///
/// # Errors
/// The names that there are, if this is none of them.
fn narrow(is_scenario: bool, kinds: &mut Vec<KindDoc>, name: &str) -> Result<(), Vec<String>> {
    let known: Vec<String> = match is_scenario {
        true => kinds
            .iter()
            .flat_map(|k| &k.keys)
            .map(|k| k.name.clone())
            .collect(),
        false => kinds.iter().map(|k| k.name.to_owned()).collect(),
    };
    if !known.iter().any(|known| known == name) {
        return Err(known);
    }
    if is_scenario {
        kinds
            .iter_mut()
            .for_each(|kind| kind.keys.retain(|key| key.name == name));
    } else {
        kinds.retain(|kind| kind.name == name);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Catalogues, describe};

    #[test]
    fn a_name_leaves_one_kind_or_one_table() {
        let takes = describe(&Catalogues::default());
        let mut rules = takes.table("rule").unwrap().kinds.clone();
        assert_eq!(narrow(false, &mut rules, "krum"), Ok(()));
        assert_eq!(
            rules.iter().map(|rule| rule.name).collect::<Vec<_>>(),
            ["krum"]
        );
        assert_eq!(
            narrow(false, &mut rules, "loss"),
            Err(vec!["krum".to_owned()])
        );
        let mut scenario = vec![KindDoc {
            name: "scenario.toml",
            about: "",
            keys: takes.keys,
        }];
        assert_eq!(narrow(true, &mut scenario, "link"), Ok(()));
        let keys = keys_of(&scenario[0]);
        assert!(keys.iter().any(|(name, _)| name == "link.drop"));
        assert!(keys.iter().all(|(name, _)| name.starts_with("link")));
    }
}
