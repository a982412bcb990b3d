//! JSON in little room: names apart from values, and shared by all that have the same names.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// JSON whose objects were taken apart: what they hold in the end, in its order.
#[derive(Clone, Debug)]
pub(super) struct Leaves {
    names: Arc<[Name]>,
    /// A [`Leaf`] for each name, one after the other.
    values: Box<[u8]>,
}

/// Where a leaf is.
#[derive(Debug, PartialEq)]
struct Name {
    path: Box<[Box<str>]>,
    /// All of it, such as `steady_loss_mean`.
    joined: Box<str>,
}

/// What is no object, or is an empty one.
#[derive(Serialize, Deserialize)]
pub(super) enum Leaf<'a> {
    Null,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(&'a str),
    /// The JSON text of anything else.
    Other(&'a str),
}

/// Names that are in use.
static KNOWN: Mutex<Vec<Weak<[Name]>>> = Mutex::new(Vec::new());

/// The same names, shared with all who have them.
fn shared(names: Vec<Name>) -> Arc<[Name]> {
    // Whoever panicked left a list that is right.
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |known: &Weak<[Name]>| known.upgrade().filter(|known| **known == *names);
    if let Some(same) = known.iter().rev().find_map(same) {
        return same;
    }
    let names: Arc<[Name]> = names.into();
    known.retain(|known| known.strong_count() > 0);
    known.push(Arc::downgrade(&names));
    names
}

impl Leaves {
    pub fn of(json: Value) -> Leaves {
        let mut names = Vec::new();
        let mut values = Vec::new();
        take_apart(&json, &mut Vec::new(), &mut names, &mut values);
        Leaves {
            names: shared(names),
            values: values.into(),
        }
    }

    /// The leaf at a path.
    pub fn get(&self, path: &[&str]) -> Option<Leaf<'_>> {
        let is_there = |name: &[Box<str>]| name.iter().map(|part| &**part).eq(path.iter().copied());
        let found = self.iter().find(|(name, _, _)| is_there(name));
        found.map(|(_, _, leaf)| leaf)
    }

    /// All leaves in their order: path, the same in one word, and what is there.
    pub fn iter(&self) -> impl Iterator<Item = (&[Box<str>], &str, Leaf<'_>)> {
        let mut rest = &*self.values;
        self.names.iter().map_while(move |name| {
            let (leaf, after) = postcard::take_from_bytes(rest).ok()?;
            rest = after;
            Some((&*name.path, &*name.joined, leaf))
        })
    }

    /// The JSON as it was.
    pub fn json(&self) -> Value {
        let mut json = Value::Null;
        for (path, _, leaf) in self.iter() {
            // What is null becomes an object by being asked for a part of it.
            let place = path
                .iter()
                .fold(&mut json, |place, part| &mut place[&**part]);
            *place = leaf.into();
        }
        json
    }
}

fn take_apart<'a>(
    json: &'a Value,
    path: &mut Vec<&'a str>,
    names: &mut Vec<Name>,
    values: &mut Vec<u8>,
) {
    let other;
    let leaf = match json {
        Value::Object(entries) if !entries.is_empty() => {
            for (name, value) in entries {
                path.push(name);
                take_apart(value, path, names, values);
                path.pop();
            }
            return;
        }
        Value::Null => Leaf::Null,
        Value::Bool(flag) => Leaf::Flag(*flag),
        Value::String(text) => Leaf::Text(text),
        Value::Number(number) if number.is_f64() => Leaf::Number(number.as_f64().unwrap_or(0.0)),
        _ => match json.as_i64() {
            Some(whole) => Leaf::Whole(whole),
            None => {
                other = json.to_string();
                Leaf::Other(&other)
            }
        },
    };
    names.push(Name {
        path: path.iter().map(|&part| part.into()).collect(),
        joined: path.join("_").into(),
    });
    let bytes = postcard::to_extend(&leaf, std::mem::take(values));
    *values = bytes.expect("nothing in a leaf is unknown to postcard");
}

impl From<Leaf<'_>> for Value {
    fn from(leaf: Leaf<'_>) -> Value {
        match leaf {
            Leaf::Null => Value::Null,
            Leaf::Flag(flag) => flag.into(),
            Leaf::Whole(whole) => whole.into(),
            Leaf::Number(x) => x.into(),
            Leaf::Text(text) => text.into(),
            // It was made of a value.
            Leaf::Other(text) => serde_json::from_str(text).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_what_it_was() {
        for json in [
            json!(null),
            json!({}),
            json!([1, {"a": 2}]),
            json!({"b": {"y": 0.1, "x": [1, {"z": null}]}, "a": {"": {}, "n": -3, "t": "inf"},
                "c": null, "u": u64::MAX, "f": true}),
        ] {
            let back = Leaves::of(json.clone()).json();
            assert_eq!(back.to_string(), json.to_string());
        }
    }

    #[test]
    fn names_are_shared_by_those_who_have_the_same() {
        let one = Leaves::of(json!({"shared": {"a": 1, "b": "x"}}));
        let same = Leaves::of(json!({"shared": {"a": 0.5, "b": null}}));
        let other = Leaves::of(json!({"shared": {"b": 1, "a": 2}}));
        assert!(Arc::ptr_eq(&one.names, &same.names));
        assert!(!Arc::ptr_eq(&one.names, &other.names));
    }

    #[test]
    fn a_leaf_is_found_by_its_whole_path() {
        let leaves = Leaves::of(json!({"a": {"b": 1, "c": {}}, "d": "e"}));
        let get = |path: &[&str]| leaves.get(path).map(Value::from);
        assert_eq!(get(&["a", "b"]), Some(json!(1)));
        assert_eq!(get(&["d"]), Some(json!("e")));
        assert_eq!(get(&["a"]), None);
        assert_eq!(get(&["a", "b", "c"]), None);
    }
}
