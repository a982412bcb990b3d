//! JSON Schema of what tables take, for editors.
//!
//! There are two schemas of a table. [`TableDoc::schema`] says what may stand in it: all keys of
//! all kinds, with the types and ranges of their values. [`TableDoc::demands`] says what must
//! besides, of a table that nothing else completes: the required keys, and only keys of the kind
//! at hand. A sweep can give a table what it lacks, and lets keys of several kinds stand.
//!
//! Draft 7, and in the forms that editors of TOML make the best of. Keys of all kinds stand in
//! `properties`, where completion finds them, and what a kind demands in `if` and `then`, which
//! tell one mistake at its place where `oneOf` would refuse the whole table. What has a `title` is
//! meant to stand once, in `definitions`: [`share`].

use super::docs::{Case, KeyDoc, KindDoc, TableDoc};
use super::form::Form;
use serde_json::{Map, Value, json};

impl Form {
    /// What may stand there.
    pub(crate) fn schema(&self) -> Value {
        match self {
            Form::Anything => json!({}),
            Form::Plain(schema) => schema.clone(),
            Form::Table(table) => table.schema(),
            Form::List(item, [least, most]) => {
                let mut schema = json!({ "type": "array", "items": item.schema() });
                if *least > 0 {
                    schema["minItems"] = json!(least);
                }
                if *most < usize::MAX {
                    schema["maxItems"] = json!(most);
                }
                schema
            }
            Form::Overrides(table) => json!({ "type": "array", "items": table.schema() }),
            Form::Names(value) => {
                json!({ "type": "object", "additionalProperties": value.schema() })
            }
            Form::Any(forms) => {
                let schemas: Vec<Value> = forms.iter().map(Form::schema).collect();
                in_one(&schemas).unwrap_or_else(|| json!({ "anyOf": schemas }))
            }
            Form::Named(name, form) => titled(name, form.schema()),
        }
    }

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
    /// What may stand at the key, and what it means.
    fn property(&self) -> Value {
        annotated(self.schema(), &self.in_words(), self.sole_default())
    }

    /// What may stand at the key. Tables inside have its name.
    fn schema(&self) -> Value {
        let mut schema = self.form.schema();
        match &self.form {
            Form::Table(_) => titled(&self.name, schema),
            Form::List(item, _) if matches!(**item, Form::Table(_)) => {
                schema["items"] = titled(&self.name, schema["items"].take());
                schema
            }
            _ => schema,
        }
    }

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

    /// What it means and takes, in words.
    fn in_words(&self) -> String {
        match self.takes.as_str() {
            // Of a form of a value: the value's own key says the rest.
            "" => self.headline(),
            _ => format!("{}\n\n{}", self.headline(), self.details()),
        }
    }

    /// Its default, where there is but one.
    fn sole_default(&self) -> Option<Value> {
        // A plain value always has a JSON form.
        serde_json::to_value(self.default()?).ok()
    }
}

impl TableDoc {
    /// What may stand in the table.
    pub(crate) fn schema(&self) -> Value {
        let mut properties: Map<String, Value> = Map::new();
        for key in &self.keys {
            properties.insert(key.name.clone(), key.property());
        }
        if let Some(kind) = properties
            .get_mut("kind")
            .filter(|_| !self.kinds.is_empty())
        {
            self.tell_kinds(kind);
        }
        for key in self.kinds.iter().flat_map(|kind| &kind.keys) {
            if !properties.contains_key(&key.name) {
                let property = Variants::of(&key.name, &self.kinds).property(self.kinds.len());
                properties.insert(key.name.clone(), property);
            }
        }
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    }

    /// Adds what the kinds are to the schema of `kind`.
    fn tell_kinds(&self, schema: &mut Value) {
        let presence = self.key("kind").map(|kind| kind.presence.in_words());
        let mut text = format!("Which kind; {}\n", presence.unwrap_or_default());
        for KindDoc { name, about, .. } in &self.kinds {
            text.push_str(&format!("\n- `{name}`: {about}"));
        }
        schema["description"] = text.into();
        // Editors that know it show it beside each value.
        let each: Vec<&str> = self.kinds.iter().map(|kind| kind.about).collect();
        schema["x-taplo"] = json!({ "docs": { "enumValues": each } });
    }

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

/// What the kinds of a table make of one key.
struct Variants<'a> {
    /// The different schemas of its values.
    schemas: Vec<Value>,
    /// The different texts, each with the kinds whose it is.
    texts: Vec<(String, Vec<&'a str>)>,
    defaults: Vec<Option<Value>>,
}

impl<'a> Variants<'a> {
    fn of(name: &str, kinds: &'a [KindDoc]) -> Variants<'a> {
        let mut variants = Variants {
            schemas: Vec::new(),
            texts: Vec::new(),
            defaults: Vec::new(),
        };
        for kind in kinds {
            let Some(key) = kind.keys.iter().find(|key| key.name == name) else {
                continue;
            };
            let schema = key.schema();
            let is_same = |known: &Value| bare(known) == bare(&schema);
            if !variants.schemas.iter().any(is_same) {
                variants.schemas.push(schema);
            }
            let text = key.in_words();
            match variants.texts.iter_mut().find(|(known, _)| *known == text) {
                Some((_, kinds)) => kinds.push(kind.name),
                None => variants.texts.push((text, vec![kind.name])),
            }
            let default = key.sole_default();
            if !variants.defaults.contains(&default) {
                variants.defaults.push(default);
            }
        }
        variants
    }

    /// The schema of the key in a table of so many kinds.
    fn property(self, kinds: usize) -> Value {
        let sections: Vec<String> = match &self.texts[..] {
            [(text, all)] if all.len() == kinds => vec![text.clone()],
            texts => {
                let section = |(text, kinds): &(String, Vec<&str>)| {
                    format!("With kind = \"{}\": {text}", kinds.join("\", \""))
                };
                texts.iter().map(section).collect()
            }
        };
        let schema = match &self.schemas[..] {
            [schema] => schema.clone(),
            schemas => json!({ "anyOf": schemas }),
        };
        let default = match &self.defaults[..] {
            [default] => default.clone(),
            _ => None,
        };
        annotated(schema, &sections.join("\n\n"), default)
    }
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

/// A part of a schema that says nothing of other keys. Some editors take silence for no.
pub(crate) fn open(mut schema: Map<String, Value>) -> Value {
    schema.insert("additionalProperties".into(), true.into());
    schema.into()
}

/// A schema under a name.
pub(crate) fn titled(name: &str, schema: Value) -> Value {
    let mut titled = json!({ "title": name });
    for (key, value) in schema.as_object().into_iter().flatten() {
        titled[key] = value.clone();
    }
    titled
}

/// One schema of several whose values differ in type, where each word holds for one type alone:
/// it tells a mistake at its place, where `anyOf` would refuse the whole value.
fn in_one(schemas: &[Value]) -> Option<Value> {
    let mut types: Vec<&Value> = Vec::new();
    let mut words = Map::new();
    for (word, part) in schemas.iter().flat_map(Value::as_object).flatten() {
        let is_of_one_type = !["title", "enum", "anyOf"].contains(&word.as_str());
        if word == "type" {
            types.push(part);
        } else if !is_of_one_type || words.insert(word.clone(), part.clone()).is_some() {
            return None;
        }
    }
    let is_number = |kind: &&&Value| **kind == "number" || **kind == "integer";
    let differ = (1..types.len()).all(|i| !types[..i].contains(&types[i]));
    let is_clear = types.len() == schemas.len() && types.iter().filter(is_number).count() < 2;
    if !differ || !is_clear {
        return None;
    }
    let mut schema = json!({ "type": types });
    schema.as_object_mut()?.append(&mut words);
    Some(schema)
}

/// A schema without what it means: what it lets pass.
pub(crate) fn bare(schema: &Value) -> Value {
    let words = ["description", "default", "x-taplo"];
    match schema {
        Value::Object(parts) => {
            let says = |(word, part): (&String, &Value)| match (word.as_str(), part) {
                // There, words are names of keys.
                ("properties", Value::Object(keys)) => {
                    let keys = keys.iter().map(|(key, part)| (key.clone(), bare(part)));
                    Some((word.clone(), keys.collect::<Map<String, Value>>().into()))
                }
                (word, _) if words.contains(&word) => None,
                _ => Some((word.clone(), bare(part))),
            };
            parts
                .iter()
                .filter_map(says)
                .collect::<Map<String, Value>>()
                .into()
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        plain => plain.clone(),
    }
}

/// A schema with what it means. Beside a reference, nothing else counts: one with a title, which
/// will be a reference, is put into a list of one.
fn annotated(schema: Value, text: &str, default: Option<Value>) -> Value {
    let mut annotated = json!({ "description": text });
    if let Some(default) = default {
        annotated["default"] = default;
    }
    if schema.get("title").is_some() {
        annotated["allOf"] = json!([schema]);
        return annotated;
    }
    for (key, value) in schema.as_object().into_iter().flatten() {
        annotated[key] = value.clone();
    }
    annotated
}

/// Moves every part with a title into `definitions`, where it stands once, and refers to it.
pub(crate) fn share(schema: &mut Value, definitions: &mut Map<String, Value>) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| share(item, definitions)),
        Value::Object(parts) => parts.values_mut().for_each(|part| share(part, definitions)),
        _ => {}
    }
    let Some(title) = schema.get("title").and_then(Value::as_str) else {
        return;
    };
    let title = title.to_owned();
    let known = definitions
        .entry(title.clone())
        .or_insert_with(|| schema.clone());
    // Two that differ cannot have one name; this one stays where it is.
    if known == schema {
        *schema = json!({ "$ref": format!("#/definitions/{title}") });
    }
}
