//! JSON Schema of scenario files, for editors.
//!
//! It accepts every file that `check` accepts, and it cannot tell all that `check` tells: whatever
//! holds between tables is left to that, and of what a dotted key of the sweep leads into, only
//! names, types and ranges are known.

use super::Catalogues;
use super::read::describe;
use crate::settings::{Form, KeyDoc, TableDoc, bare, open, share, titled};
use serde_json::{Map, Value, json};

/// The name that scenario files call it by, beside them.
pub const SCHEMA_FILE: &str = "scenario.schema.json";

/// The schema of scenario files with these kinds.
pub fn schema(catalogues: &Catalogues) -> Value {
    let takes = describe(catalogues);
    let mut schema = takes.schema();
    let mut sweep = Sweep::default();
    for key in &takes.keys {
        sweep.add(key, &schema["properties"][&key.name]);
    }
    schema["properties"]["sweep"] = sweep.schema();
    // In `then`, where editors find mistakes and look for no keys.
    schema["if"] = open(Map::new());
    schema["then"] = open(Map::from_iter([(
        "allOf".to_owned(),
        complete(&takes).into(),
    )]));

    let mut definitions = Map::new();
    share(&mut schema, &mut definitions);
    let mut whole = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "byzsim scenario",
        "description": "What is to be simulated: see `byzsim list`.",
    });
    for (key, value) in schema.as_object().into_iter().flatten() {
        whole[key] = value.clone();
    }
    whole["definitions"] = definitions.into();
    whole
}

/// What tables must have besides, where no dotted key of the sweep leads into them.
fn complete(takes: &TableDoc) -> Vec<Value> {
    let mut all = vec![json!({
        "if": unswept("^task(\\.|$)"),
        "then": open(Map::from_iter([("required".to_owned(), json!(["task"]))])),
    })];
    for key in &takes.keys {
        let Some(demands) = key.form.table().and_then(TableDoc::demands) else {
            continue;
        };
        let name = &key.name;
        let demands = titled(&format!("complete-{name}"), demands);
        let at = |key: &str, value: Value| {
            open(Map::from_iter([(
                "properties".to_owned(),
                json!({ key: value }),
            )]))
        };
        let (own, swept) = match key.form {
            Form::Table(_) => (demands.clone(), demands),
            _ => (json!({ "items": demands }), json!({ "items": demands })),
        };
        // What a table of the sweep takes the place of may lack anything.
        all.push(json!({ "if": unswept(&format!("^{name}(\\.|$)")), "then": at(name, own) }));
        let labels = json!({ "additionalProperties": swept });
        // Labels inherit what the file's own table has, and may lack it.
        let alone = json!({ "not": { "required": [name] } });
        all.push(json!({
            "if": { "allOf": [unswept(&format!("^{name}\\.")), alone] },
            "then": at("sweep", at(name, labels)),
        }));
    }
    all
}

/// Holds for scenarios whose sweep has no key of a pattern.
fn unswept(pattern: &str) -> Value {
    let names = open(Map::from_iter([(
        "propertyNames".to_owned(),
        json!({ "not": { "pattern": pattern } }),
    )]));
    open(Map::from_iter([(
        "properties".to_owned(),
        json!({ "sweep": names }),
    )]))
}

/// `[sweep]`: what may be varied.
#[derive(Default)]
struct Sweep {
    properties: Map<String, Value>,
    /// Patterns of the paths into tables, each up to a key.
    inside: Vec<String>,
}

impl Sweep {
    /// Lets a key of the scenario be varied, and what is inside; `own` is its own schema.
    fn add(&mut self, key: &KeyDoc, own: &Value) {
        let name = &key.name;
        let about = format!("Values of `{name}`: {}", key.about);
        let each = bare(own);
        let values = match &key.form {
            Form::Table(_) => {
                // The table itself: what stands around it says what it is about.
                let table = &own["allOf"][0];
                self.inside.push(format!("{name}\\.{}", one_of(table)));
                self.add_inside(name, table);
                labels(&about, table.clone())
            }
            // A list is gone into by the name of a table.
            Form::List(..) => {
                let keys = one_of(&own["items"]);
                self.inside.push(format!("{name}\\.[^.]+\\.{keys}"));
                labels(&about, json!({ "type": "array", "items": own["items"] }))
            }
            Form::Names(_) => {
                self.inside.push(format!("{name}\\.[^.]+"));
                labels(&about, each)
            }
            _ => values(&about, each),
        };
        self.properties.insert(name.clone(), values);
    }

    /// Lets the keys inside a table be varied, under their dotted names.
    fn add_inside(&mut self, around: &str, table: &Value) {
        let keys = table["properties"].as_object();
        for (key, own) in keys
            .into_iter()
            .flatten()
            .filter(|(key, _)| *key != "override")
        {
            let name = format!("{around}.{key}");
            let about = own["description"].as_str().unwrap_or_default();
            let about = about.split("\n\n").next().unwrap_or_default();
            let about = format!("Values of `{name}`: {about}");
            let inside = &own["allOf"][0];
            // What can be a number too is told of as the number that it is.
            let each = match inside["type"] == "object" {
                true => json!({}),
                false => bare(own),
            };
            self.properties.insert(name.clone(), values(&about, each));
            self.add_inside(&name, inside);
        }
    }

    fn schema(self) -> Value {
        let inside = format!("^({})(\\.|$)", self.inside.join("|"));
        let mut properties = self.properties;
        properties.insert(
            "zip".to_owned(),
            json!({
                "description": "Lists of keys of the sweep that advance together, such as \
                    [[\"clock.period_ms\", \"link.delay_ms\"]]",
                "type": "array",
                "items": { "type": "array", "items": { "type": "string" } },
            }),
        );
        json!({
            "description": "What is varied: one run for each point of the product. A key, dotted \
                and in quotes where it is in a table, holds a list, { from, count }, or labels for \
                whole tables.",
            "type": "object",
            "properties": properties,
            "patternProperties": { inside: values("Values of a key in a table", json!({})) },
            "additionalProperties": false,
        })
    }
}

/// A pattern of the keys of a table.
fn one_of(table: &Value) -> String {
    let keys = table["properties"].as_object().into_iter().flatten();
    let keys: Vec<&str> = keys.map(|(key, _)| key.as_str()).collect();
    format!("({})", keys.join("|"))
}

/// The values of a swept key: a list, a range, or labels for tables.
fn values(about: &str, each: Value) -> Value {
    json!({
        "description": about,
        "type": ["array", "object"],
        "items": each,
        "minItems": 1,
        "minProperties": 1,
        "additionalProperties": true,
    })
}

/// The values of a swept table: labels for tables, or a list of them.
fn labels(about: &str, each: Value) -> Value {
    json!({
        "description": about,
        "type": ["object", "array"],
        "additionalProperties": each.clone(),
        "items": each,
        "minItems": 1,
        "minProperties": 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of a table of which nothing is told that could stand there.
    fn untold(around: &str, takes: &TableDoc, all: &mut Vec<String>) {
        for key in takes
            .keys
            .iter()
            .chain(takes.kinds.iter().flat_map(|kind| &kind.keys))
        {
            let name = format!("{around}{}", key.name);
            if let Some(inside) = key.form.table() {
                untold(&format!("{name}."), inside, all);
            } else if key.form == Form::Anything {
                all.push(name);
            }
        }
    }

    #[test]
    fn every_key_tells_what_may_stand_there() {
        let mut all = Vec::new();
        untold("", &describe(&Catalogues::default()), &mut all);
        assert!(all.is_empty(), "{all:?}");
    }

    #[test]
    fn everything_that_is_referred_to_is_defined() {
        fn check(part: &Value, definitions: &Value) {
            if let Some(Value::String(reference)) = part.get("$ref") {
                let name = reference
                    .strip_prefix("#/definitions/")
                    .expect("a definition");
                assert!(definitions.get(name).is_some(), "{name}");
            }
            let parts = part.as_object().into_iter().flat_map(Map::values);
            let items = part.as_array().into_iter().flatten();
            parts.chain(items).for_each(|part| check(part, definitions));
        }
        let schema = schema(&Catalogues::default());
        check(&schema, &schema["definitions"]);
    }
}
