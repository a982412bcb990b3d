//! JSON Schema of what must stand in tables besides what may: [`TableDoc::demands`].

use super::docs::{Case, KeyDoc, TableDoc};
use super::form::Form;
use super::schema::{Variants, open, titled};
use serde_json::{Map, Value, json};

impl Form {
    /// What must stand in its tables besides, where nothing else completes them.
    pub(crate) fn demands(&self) -> Option<Value> {
        match self {
            Form::Anything | Form::Plain(_) => None,
            Form::Table(table) => table.demands(),
            Form::List(item, _) => Some(json!({ "items": item.demands()? })),
            Form::Overrides(table) => Some(json!({ "items": table.demands()? })),
            Form::Names(value) => Some(json!({ "additionalProperties": value.demands()? })),
            Form::Any(forms) => {
                let tables = forms.iter().filter(|form| matches!(form, Form::Table(_)));
                // Which of several is meant is not known.
                let [table] = tables.collect::<Vec<_>>()[..] else {
                    return None;
                };
                table.demands()
            }
            Form::Named(name, form) => Some(titled(&format!("complete-{name}"), form.demands()?)),
        }
    }

    /// The texts among its values.
    fn words(&self) -> Vec<&str> {
        match self {
            Form::Plain(schema) => {
                let words = schema["enum"].as_array().into_iter().flatten();
                words.filter_map(Value::as_str).collect()
            }
            Form::Any(forms) => forms.iter().flat_map(Form::words).collect(),
            _ => Vec::new(),
        }
    }
}

impl KeyDoc {
    /// What it demands of tables inside.
    fn demands(&self) -> Option<Value> {
        let demands = self.form.demands()?;
        match &self.form {
            Form::Table(_) | Form::List(..) => {
                Some(titled(&format!("complete-{}", self.name), demands))
            }
            _ => Some(demands),
        }
    }
}

impl TableDoc {
    /// What must stand in the table besides, where nothing else completes it.
    pub(crate) fn demands(&self) -> Option<Value> {
        let own: Vec<&str> = names(&self.keys);
        let default = self.key("kind").and_then(KeyDoc::sole_default);
        let mut demands = Demands::of(&self.keys, &[]);
        for kind in &self.kinds {
            let mut of_kind = Demands::of(&kind.keys, &own);
            of_kind.allowed = [own.clone(), names(&kind.keys)].concat();
            for key in &kind.keys {
                let variants = Variants::of(&key.name, &self.kinds);
                if variants.schemas.len() > 1 {
                    of_kind.require_form(key);
                }
            }
            demands.cases.push(Demanding {
                case: Case {
                    key: "kind".to_owned(),
                    value: kind.name.to_owned(),
                },
                is_default: default.as_ref().is_some_and(|d| d == kind.name),
                demands: of_kind,
            });
        }
        demands.schema()
    }
}

fn names(keys: &[KeyDoc]) -> Vec<&str> {
    keys.iter().map(|key| key.name.as_str()).collect()
}

/// What a table must and may have besides.
#[derive(Default)]
struct Demands<'a> {
    required: Vec<&'a str>,
    properties: Map<String, Value>,
    /// The keys that may stand there, where not all may.
    allowed: Vec<&'a str>,
    cases: Vec<Demanding<'a>>,
}

/// What is demanded in a case.
struct Demanding<'a> {
    case: Case,
    /// Whether the case is at hand where nothing is said.
    is_default: bool,
    demands: Demands<'a>,
}

impl<'a> Demands<'a> {
    /// Those of keys that stand beside `others`.
    fn of(keys: &'a [KeyDoc], others: &[&'a str]) -> Demands<'a> {
        let is_required = |key: &&KeyDoc| key.presence.is_required();
        let everywhere = |key: &&KeyDoc| key.only.is_empty();
        let mut demands = Demands::default();
        for key in keys {
            if let Some(demanded) = key.demands() {
                demands.properties.insert(key.name.clone(), demanded);
            }
        }
        let required = keys.iter().filter(everywhere).filter(is_required);
        demands.required = required.map(|key| key.name.as_str()).collect();
        for deciding in keys {
            let by_it = |case: &Case| case.key == deciding.name;
            if !keys.iter().any(|key| key.only.iter().any(by_it)) {
                continue;
            }
            for word in deciding.form.words() {
                let is_own = |key: &&KeyDoc| {
                    let mut cases = key.only.iter().filter(|case| by_it(case));
                    cases.any(|case| case.value == word)
                };
                let may_stand = |key: &&KeyDoc| !key.only.iter().any(by_it) || is_own(key);
                let allowed = keys.iter().filter(may_stand).map(|key| key.name.as_str());
                let required = keys.iter().filter(is_own).filter(is_required);
                demands.cases.push(Demanding {
                    case: Case {
                        key: deciding.name.clone(),
                        value: word.to_owned(),
                    },
                    is_default: deciding.sole_default().is_some_and(|d| d == word),
                    demands: Demands {
                        required: required.map(|key| key.name.as_str()).collect(),
                        allowed: others.iter().copied().chain(allowed).collect(),
                        ..Demands::default()
                    },
                });
            }
        }
        demands
    }

    /// Demands of a key what its own kind says: other kinds say otherwise.
    fn require_form(&mut self, key: &KeyDoc) {
        let mut schema = key.schema();
        if let Some(demanded) = self.properties.remove(&key.name) {
            schema = json!({ "allOf": [schema, demanded] });
        }
        self.properties.insert(key.name.clone(), schema);
    }

    fn schema(self) -> Option<Value> {
        let mut schema = Map::new();
        if !self.required.is_empty() {
            schema.insert("required".into(), json!(self.required));
        }
        if !self.properties.is_empty() {
            schema.insert("properties".into(), self.properties.into());
        }
        if !self.allowed.is_empty() {
            let names = json!({ "enum": self.allowed });
            schema.insert("propertyNames".into(), names);
        }
        let cases = self.cases.into_iter().filter_map(Demanding::schema);
        let cases: Vec<Value> = cases.collect();
        if !cases.is_empty() {
            schema.insert("allOf".into(), cases.into());
        }
        (!schema.is_empty()).then(|| open(schema))
    }
}

impl Demanding<'_> {
    fn schema(self) -> Option<Value> {
        let then = self.demands.schema()?;
        let Case { key, value } = self.case;
        let mut at_hand = Map::new();
        if !self.is_default {
            at_hand.insert("required".into(), json!([key]));
        }
        at_hand.insert("properties".into(), json!({ key: { "const": value } }));
        Some(json!({ "if": open(at_hand), "then": then }))
    }
}
