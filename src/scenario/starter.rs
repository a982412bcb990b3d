//! A first scenario of a task, out of the declarations: what makes a small study stands there, and
//! what else the tables take stands in comments with its default.

use super::Catalogues;
use super::read::{describe_under, parse_defaults};
use super::schema::SCHEMA_FILE;
use crate::settings::{Case, KeyDoc, TableDoc};
use crate::task::{Starter, Task};

/// Where comments begin.
const COLUMN: usize = 32;
/// Where lines end, as far as words allow.
const WIDTH: usize = 104;

/// Rules that a first study holds against each other, by label: who learns alone is what
/// cooperation has to be better than.
const RULES: [(&str, &str); 3] = [
    ("alone", "no-cooperation"),
    ("average", "average"),
    ("loss", "loss"),
];
/// An attack that every task knows, without a key of its own.
const ATTACK: &str = "sign-flip";

/// A first scenario called `name` of a kind of task: its text, and the files beside it. `None`
/// where there is no such kind.
pub fn starter(kind: &str, name: &str, catalogues: &Catalogues) -> Option<(String, Starter)> {
    let examples = catalogues.tasks.examples().into_iter();
    let (kind, task) = examples.into_iter().find(|(known, _)| *known == kind)?;
    let own = task.starter(name);
    // Written in this program, or by who adds a task to it.
    let settings: toml::Table = own.settings.parse().unwrap_or_default();
    let takes = describe_under(Some(&*task), kind, catalogues);
    let text = Writer {
        takes: &takes,
        has_epochs: has_epochs(&*task, &settings),
        settings,
        text: String::new(),
    };
    Some((text.scenario(kind, catalogues), own))
}

/// Whether a task has epochs, going by what its runs are measured in.
fn has_epochs(task: &dyn Task, settings: &toml::Table) -> bool {
    settings.contains_key("epochs") || parse_defaults(Some(task)).get("epochs").is_some()
}

struct Writer<'a> {
    takes: &'a TableDoc,
    has_epochs: bool,
    /// What the task wants to be said.
    settings: toml::Table,
    text: String,
}

impl Writer<'_> {
    fn scenario(mut self, kind: &str, catalogues: &Catalogues) -> String {
        let has_attack = catalogues.attacks.names().contains(&ATTACK);
        let question = match has_attack {
            true => "Which rule holds up while a fifth of the agents turns its models around?",
            false => "Which rule learns best?",
        };
        self.text = format!(
            "# {question}\n\
             # A line `# key = value` tells a default: take the # away to change it. `byzsim list` tells all.\n\
             #:schema ./{SCHEMA_FILE}\n\n"
        );
        self.top();
        self.table("task", "[task]", &[("kind", kind.into())]);
        self.table("topology", "[topology]", &[]);
        self.table("learner", "[learner]", &[]);
        if has_attack {
            let share = toml::Table::from_iter([("fraction".to_owned(), 0.2.into())]);
            let attack = [
                ("name", "flippers".into()),
                ("agents", share.into()),
                ("kind", ATTACK.into()),
            ];
            self.table("attack", "[[attack]]", &attack);
        }
        self.table("clock", "[clock]", &[]);
        self.table("link", "[link]", &[]);
        self.table("record", "[record]", &[]);
        self.sweep(has_attack);
        self.text.truncate(self.text.trim_end().len());
        self.text.push('\n');
        self.text
    }

    /// The keys before the first table.
    fn top(&mut self) {
        let is_plain = |key: &&KeyDoc| key.form.table().is_none();
        // What the sweep varies, and the names of things, stand elsewhere.
        let is_here = |key: &&KeyDoc| !["name", "seed", "sets"].contains(&key.name.as_str());
        let keys = self.takes.keys.iter().filter(is_plain).filter(is_here);
        let keys: Vec<&KeyDoc> = keys.collect();
        let said = self.settings.clone();
        self.keys(&keys, &said, None);
        self.text.push('\n');
    }

    /// A table: what is said in it, and in comments what else it takes.
    fn table(&mut self, name: &str, header: &str, says: &[(&str, toml::Value)]) {
        let Some((key, takes)) = self.takes.key(name).zip(self.takes.table(name)) else {
            return;
        };
        let mut said = match self.settings.get(name) {
            Some(toml::Value::Table(said)) => said.clone(),
            _ => toml::Table::new(),
        };
        said.extend(
            says.iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone())),
        );
        let part = match name.strip_suffix('y') {
            Some(stem) => format!("{stem}ies"),
            None => format!("{name}s"),
        };
        let about = match takes.kinds.is_empty() {
            true => key.about.to_owned(),
            false => format!("{}: `byzsim list {part}`", key.about),
        };
        self.line(header, &about);
        let value_of = |key: &KeyDoc| said.get(&key.name).or_else(|| default(key)).cloned();
        let kind = takes.key("kind").and_then(value_of);
        let kind = takes
            .kinds
            .iter()
            .find(|k| kind.as_ref().is_some_and(|v| is(v, k.name)));
        let at_hand = |key: &&KeyDoc| {
            let holds = |case: &Case| {
                let deciding = takes.key(&case.key).and_then(value_of);
                deciding.is_some_and(|value| is(&value, &case.value))
            };
            key.only.is_empty() || key.only.iter().any(holds)
        };
        let of_kind = kind.map_or(&[][..], |kind| &kind.keys);
        let is_first = |key: &&KeyDoc| ["kind", "mode"].contains(&key.name.as_str());
        let (first, others): (Vec<&KeyDoc>, Vec<&KeyDoc>) = takes.keys.iter().partition(is_first);
        let all = first.into_iter().chain(of_kind).chain(others);
        let all: Vec<&KeyDoc> = all.filter(at_hand).collect();
        self.keys(&all, &said, kind.map(|kind| kind.about));
        self.text.push('\n');
    }

    /// Keys with what is said of them, and others in comments; `kind` is about the kind at hand.
    fn keys(&mut self, keys: &[&KeyDoc], said: &toml::Table, kind: Option<&str>) {
        let (mut lacking, mut others) = (Vec::new(), Vec::new());
        let has_epochs = self.has_epochs;
        let is_told = |key: &&&KeyDoc| has_epochs || !key.name.contains("epochs");
        for key in keys.iter().filter(is_told) {
            let name = &key.name;
            let about = match kind.filter(|_| name == "kind") {
                Some(about) => about.to_owned(),
                None => meaning(key),
            };
            match (said.get(name), default(key)) {
                (Some(value), _) => self.line(&format!("{name} = {value}"), &about),
                (None, Some(value)) => self.line(&format!("# {name} = {value}"), &about),
                (None, None) if key.presence.is_required() => lacking.push(name.as_str()),
                (None, None) => others.push(name.as_str()),
            }
        }
        if !lacking.is_empty() {
            self.line("", &format!("To be given: {}", lacking.join(", ")));
        }
        if !others.is_empty() {
            self.line("", &format!("Also: {}", others.join(", ")));
        }
    }

    fn sweep(&mut self, has_attack: bool) {
        self.line("[sweep]", "One run for each combination");
        self.line(
            "seed = { from = 1, count = 3 }",
            "Three draws of all that is random",
        );
        self.line("", "What else to ask, without the #:");
        self.line(
            "# \"link.drop\" = [0.0, 0.3, 0.6]",
            "How does it change as models get lost?",
        );
        if has_attack {
            let shares = "# \"attack.flippers.agents.fraction\" = [0.1, 0.2, 0.4]";
            self.line(shares, "Or as attackers become more?");
        }
        self.text.push('\n');
        let kinds = self.takes.table("rule").map_or(&[][..], |t| &t.kinds);
        let about = |kind: &str| Some(kinds.iter().find(|known| known.name == kind)?.about);
        let rules: Vec<_> = RULES
            .iter()
            .filter_map(|(label, kind)| Some((label, kind, about(kind)?)))
            .collect();
        // The last one has a table of its own, with room for what it takes.
        let Some(((label, kind, _), others)) = rules.split_last() else {
            return;
        };
        self.line(
            "[sweep.rule]",
            "Rules on the same draws, by labels, in place of a table [rule]",
        );
        for (label, kind, about) in others {
            self.line(&format!("{label} = {{ kind = \"{kind}\" }}"), about);
        }
        self.text.push('\n');
        let header = format!("[sweep.rule.{label}]");
        self.table("rule", &header, &[("kind", (**kind).into())]);
    }

    /// A line, and a comment at its end, which goes on in lines of its own.
    fn line(&mut self, says: &str, comment: &str) {
        let mut line = format!("{says:COLUMN$}#");
        let mut is_empty = true;
        if says.chars().count() >= COLUMN {
            line = format!("{says}  #");
        }
        for word in comment.split(' ') {
            if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.text.push_str(&line);
                self.text.push('\n');
                line = format!("{:COLUMN$}#", "");
            }
            line.push(' ');
            line.push_str(word);
            is_empty = false;
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

fn is(value: &toml::Value, text: &str) -> bool {
    value.as_str() == Some(text)
}

/// The value of a key that is left out, where it has one.
fn default(key: &KeyDoc) -> Option<&toml::Value> {
    key.presence
        .defaults()
        .first()
        .map(|default| &default.value)
}

/// What a key means, in few words: with its symbol, and what else it takes where that says much.
fn meaning(key: &KeyDoc) -> String {
    let headline = key.headline();
    let is_quoted = |word: &str| word.starts_with('"') && word.ends_with('"');
    if key.takes.split(" | ").all(is_quoted) {
        return format!("{headline}: {}", key.takes.replace(" | ", ", "));
    }
    // Nobody comes near a million.
    if key.range.is_empty() || key.range.contains("00000") || key.range.contains("e1") {
        return headline;
    }
    format!("{headline}; {}", key.range)
}
