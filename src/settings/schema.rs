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

use super::docs::{KeyDoc, KindDoc, TableDoc};
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
}

impl KeyDoc {
    /// What may stand at the key, and what it means.
    fn property(&self) -> Value {
        annotated(self.schema(), &self.in_words(), self.sole_default())
    }

    /// What may stand at the key. Tables inside have its name.
    pub(super) fn schema(&self) -> Value {
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

    /// What it means and takes, in words.
    fn in_words(&self) -> String {
        match self.takes.as_str() {
            // Of a form of a value: the value's own key says the rest.
            "" => self.headline(),
            _ => format!("{}\n\n{}", self.headline(), self.details()),
        }
    }

    /// Its default, where there is but one.
    pub(super) fn sole_default(&self) -> Option<Value> {
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
}

/// What the kinds of a table make of one key.
pub(super) struct Variants<'a> {
    /// The different schemas of its values.
    pub(super) schemas: Vec<Value>,
    /// The different texts, each with the kinds whose it is.
    texts: Vec<(String, Vec<&'a str>)>,
    defaults: Vec<Option<Value>>,
}

impl<'a> Variants<'a> {
    pub(super) fn of(name: &str, kinds: &'a [KindDoc]) -> Variants<'a> {
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
