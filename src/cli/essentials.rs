//! What a scenario is about, in a few lines: how time passes, what links do, how agents combine, who
//! attacks and what fails.

use super::table::in_one_line;
use crate::scenario::{Point, ScenarioFile};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// Lines of one part; where there would be more, its kinds are named in one.
const MOST_LINES: usize = 4;

/// Values of a key that are told one by one.
const MOST_VALUES: usize = 4;

/// Elements of a list that are told one by one.
const MOST_ELEMENTS: usize = 6;

/// Keys that guard against scenarios out of bounds.
const GUARDS: [&str; 2] = ["flood_bound", "retransmit_limit"];

/// Keys that change nothing at 1.
const FACTORS: [&str; 2] = ["speed", "quorum"];

/// The parts: what they are called, one and many, their table, and the key that says of which kind
/// a table is.
const PARTS: [(&str, &str, &str, &str); 5] = [
    ("Clock", "Clocks", "clock", "mode"),
    ("Links", "Links", "link", ""),
    ("Rule", "Rules", "rule", "kind"),
    ("Attack", "Attacks", "attack", "kind"),
    ("Fault", "Faults", "fault", "kind"),
];

/// Points whose swept values are said, at most.
const MOST_POINTS: usize = 1000;

/// Tables of one kind at all points: the values that their keys have, each once, by dotted names.
#[derive(Default)]
struct Alike {
    kind: String,
    values: Vec<(String, Vec<String>)>,
}

/// The lines. What is off, and where nothing is said of links, what they are by themselves, is left
/// out.
pub(super) fn essentials(file: &ScenarioFile) -> Vec<String> {
    let mut lines = Vec::new();
    let all: Vec<Table> = match file.points.len() {
        ..=MOST_POINTS => {
            let resolved = |p: &Point| p.outline.resolved(&p.settings);
            file.points.iter().map(resolved).collect()
        }
        _ => {
            let swept = &file.points[0].settings;
            file.outlines().iter().map(|o| o.shared(swept)).collect()
        }
    };
    for (one, many, name, kind_key) in PARTS {
        let mut found: Vec<Alike> = Vec::new();
        // By kind and, where several tables of a list have names, by name.
        let mut known = BTreeMap::new();
        for resolved in &all {
            for table in tables(resolved, name) {
                let kind = text(table.get(kind_key));
                let of = (kind.clone(), text(table.get("name")));
                let at = *known.entry(of).or_insert(found.len());
                if at == found.len() {
                    let values = Vec::new();
                    found.push(Alike { kind, values });
                }
                found[at].add("", table, kind_key);
            }
        }
        if found.len() > MOST_LINES {
            let mut kinds: Vec<&str> = Vec::new();
            for alike in &found {
                if !kinds.contains(&&*alike.kind) {
                    kinds.push(&alike.kind);
                }
            }
            lines.push(format!("{many}: {}", kinds.join(", ")));
        } else {
            let told = found.iter().map(Alike::told).filter(|t| !t.is_empty());
            lines.extend(told.map(|told| format!("{one}: {told}")));
        }
    }
    lines.iter().map(|line| in_one_line(line)).collect()
}

/// The table of a name, or all of a list's.
fn tables<'t>(resolved: &'t Table, name: &str) -> Vec<&'t Table> {
    match resolved.get(name) {
        Some(Value::Table(table)) => vec![table],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_table).collect(),
        _ => Vec::new(),
    }
}

impl Alike {
    /// Takes a table's values over, by names that begin with `around`.
    fn add(&mut self, around: &str, table: &Table, kind_key: &str) {
        for (key, value) in table {
            let name = format!("{around}{key}");
            match value {
                _ if name == kind_key => {}
                Value::Table(inside) => {
                    // Of a distribution, as of a clock or a rule, the kind is what it is.
                    if let Some(kind) = inside.get("kind") {
                        self.add_value(&name, text(Some(kind)));
                    }
                    self.add(&format!("{name}."), inside, &format!("{name}.kind"));
                }
                value => self.add_value(&name, text(Some(value))),
            }
        }
    }

    fn add_value(&mut self, name: &str, value: String) {
        match self.values.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) if values.contains(&value) => {}
            Some((_, values)) => values.push(value),
            None => self.values.push((name.to_owned(), vec![value])),
        }
    }

    fn told(&self) -> String {
        let is_told = |(name, values): &&(String, Vec<String>)| {
            let is_off = |value: &String| match value.as_str() {
                "0" | "false" => true,
                "1" => FACTORS.contains(&&**name),
                _ => false,
            };
            !GUARDS.contains(&&**name) && !values.iter().all(is_off)
        };
        let told = self.values.iter().filter(is_told);
        let told = told.map(|(name, values)| format!("{name} = {}", all_of(values)));
        let kind = Some(self.kind.clone()).filter(|kind| !kind.is_empty());
        kind.into_iter().chain(told).collect::<Vec<_>>().join(", ")
    }
}

/// `0, 0.3 or 0.6`; of many the first and the last.
fn all_of(values: &[String]) -> String {
    match values {
        [one] => one.clone(),
        [first, .., last] if values.len() > MOST_VALUES => {
            format!("{first} … {last} ({} values)", values.len())
        }
        [firsts @ .., last] => format!("{} or {last}", firsts.join(", ")),
        [] => String::new(),
    }
}

/// A value in a line of text.
fn text(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Float(number)) => number.to_string(),
        Some(Value::Array(items)) if items.iter().any(Value::is_table) => items.len().to_string(),
        Some(Value::Array(items)) => {
            let told = items.iter().take(MOST_ELEMENTS);
            let told: Vec<String> = told.map(|item| text(Some(item))).collect();
            match items.len() - told.len() {
                0 => format!("[{}]", told.join(", ")),
                more => format!("[{}, … {more} more]", told.join(", ")),
            }
        }
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Catalogues;

    fn told(text: &str) -> String {
        let text = format!("[task]\nkind = \"target-localization\"\n{text}");
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("test", &text, "test", ".".into(), &[], &catalogues);
        essentials(&file.unwrap_or_else(|error| panic!("{error}"))).join("\n")
    }

    #[test]
    fn what_varies_is_told_with_its_values() {
        let text = "[clock]\nmode = \"deadline\"\nperiod_ms = 100\n\
            [link]\ndelay_ms = { kind = \"exponential\", mean = 30 }\n\
            [rule]\nkind = \"krum\"\nf = \"largest\"\n\
            [[attack]]\nname = \"sleepers\"\nkind = \"uniform\"\nagents = [1, 2, 3, 4, 5, 6, 7, 8]\n\
            low = 15\nhigh = 16\nactive = { from_iteration = 200 }\n\
            [[attack]]\nagents = [9]\nkind = \"sign-flip\"\n\
            [[fault]]\nkind = \"crash\"\nagents = [10]\nfrom_ms = 500\n\
            [sweep]\n\"link.drop\" = [0, 0.3, 0.6]\n\"rule.kind\" = [\"krum\", \"average\"]\n\
            \"link.delay_ms.mean\" = { from = 1, count = 9 }\n";
        insta::assert_snapshot!(told(text), @"
        Clock: deadline, period_ms = 100, late = use, missing = skip, compute_ms = 10
        Links: delay_ms = exponential, delay_ms.mean = 1 … 9 (9 values), drop = 0, 0.3 or 0.6
        Rule: krum, f = largest, too_few = own
        Rule: average
        Attack: uniform, name = sleepers, agents = [1, 2, 3, 4, 5, 6, … 2 more], active.from_iteration = 200, low = 15, high = 16, fresh = true
        Attack: sign-flip, agents = [9]
        Fault: crash, agents = [10], from_ms = 500
        ");
    }

    #[test]
    fn of_many_rules_the_kinds_are_told() {
        let text = "[sweep]\n\"rule.kind\" = [\"no-cooperation\", \"average\", \"metropolis\", \
            \"distance\", \"loss\"]\n";
        insta::assert_snapshot!(told(text), @"
        Clock: synchronous, compute_ms = 10
        Rules: no-cooperation, average, metropolis, distance, loss
        ");
    }
}
