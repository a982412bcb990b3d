//! What `check` says beside numbers: what a scenario makes of settings that nobody wrote, and what is
//! probably not what was meant.
//!
//! [`Facts`] are what one plan says. [`notes`] makes sentences of those of all points: points that
//! differ in their seeds alone are taken together, and a sentence that holds for some points only
//! begins with the swept values that these have.

use super::rows::{Rows, span};
use crate::attack::{Crowd, Strength};
use crate::scenario::{Plan, Role, RuleChoice};
use crate::units::{AgentId, short};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A share of an initial value that is worth a note at the end of a run.
const NOTICEABLE: f64 = 0.01;

/// Steps of f that are told one by one.
const MOST_STEPS: usize = 6;

/// Swept values that are told one by one.
const MOST_LABELS: usize = 6;

/// What a plan says.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// What the rules of normal agents have left of their initial values when the run ends.
    left: Vec<Left>,
    /// How strong attacks are, by their names, where no key says it.
    strengths: BTreeMap<String, Strengths>,
    /// f by rule, key and size of the neighborhood, in the first network.
    tolerated: BTreeMap<(String, String), BTreeMap<usize, Ends>>,
    /// Whether the network is drawn anew during the run.
    is_redrawn: bool,
}

/// f of all neighborhoods of a size: the least and the most. Both are `None` where no f fits.
type Ends = (Option<usize>, Option<usize>);

/// What is left of an initial value.
#[derive(Debug, PartialEq)]
struct Left {
    rule: String,
    key: &'static str,
    of: &'static str,
    value: f64,
    iterations: u64,
    share: f64,
}

/// How strong an attack is.
#[derive(Clone, Debug)]
struct Strengths {
    key: &'static str,
    at_zero: &'static str,
    /// The least and the most against any victim.
    ends: (f64, f64),
    /// How many victims there are.
    victims: usize,
    /// Against how many of them it is 0.
    at_zero_victims: usize,
}

impl Facts {
    pub fn of(plan: &Plan) -> Facts {
        Facts {
            left: left(plan),
            strengths: strengths(plan),
            tolerated: tolerated(plan),
            is_redrawn: !plan.networks.is_static(),
        }
    }

    /// For programs: f by rule and size of the neighborhood.
    pub fn tolerated_json(&self) -> Value {
        let one = |((rule, key), by_size): (&(String, String), &BTreeMap<usize, Ends>)| {
            let steps = steps(by_size).into_iter().map(|step| {
                let (least, most) = step.f;
                json!({"from": step.from, "to": step.to, "least": least, "most": most})
            });
            let rule = rule.replace('`', "");
            json!({"rule": rule, "key": key, "neighborhoods": steps.collect::<Vec<Value>>()})
        };
        self.tolerated.iter().map(one).collect()
    }

    /// For programs: the strengths of attacks that no key sets.
    pub fn strengths_json(&self) -> Value {
        let one = |(attack, strengths): (&String, &Strengths)| {
            let Strengths { key, victims, .. } = strengths;
            let (least, most) = strengths.ends;
            json!({
                "attack": attack, "key": key, "victims": victims, "least": least, "most": most,
                "share_at_zero": strengths.share_at_zero(),
            })
        };
        self.strengths.iter().map(one).collect()
    }
}

/// What a rule is called: by its kind, and where it comes from if it is not the table's own.
fn name(plan: &Plan, agent: AgentId) -> String {
    let kind = &plan.rule(agent).kind;
    match plan.rule_overrides(agent) {
        [] => format!("`{kind}`"),
        several => {
            let several: Vec<String> = several.iter().map(usize::to_string).collect();
            format!("`{kind}` of [[rule.override]] {}", several.join(" and "))
        }
    }
}

fn left(plan: &Plan) -> Vec<Left> {
    let mut all: Vec<Left> = Vec::new();
    let mut rules: Vec<(&RuleChoice, AgentId, u64)> = Vec::new();
    for agent in plan.graph.ids().filter(|&k| !plan.is_byzantine(k)) {
        let rule = plan.rule(agent);
        let iterations = plan.iterations_of(agent);
        match rules
            .iter_mut()
            .find(|(known, ..)| std::ptr::eq(*known, rule))
        {
            // As little as is left for any agent.
            Some((.., most)) => *most = iterations.max(*most),
            None => rules.push((rule, agent, iterations)),
        }
    }
    for (choice, agent, iterations) in rules {
        let Some(initial) = choice.rule.initial_value() else {
            continue;
        };
        let share = initial.left_after(iterations);
        if initial.value != 0.0 && share >= NOTICEABLE {
            all.push(Left {
                rule: name(plan, agent),
                key: initial.key,
                of: initial.of,
                value: initial.value,
                iterations,
                share,
            });
        }
    }
    all
}

fn strengths(plan: &Plan) -> BTreeMap<String, Strengths> {
    let mut all = BTreeMap::new();
    for (index, attack) in plan.attacks.iter().enumerate() {
        let of = |crowd: Crowd| attack.attack.strength(crowd);
        let alone = Crowd {
            models: 1,
            byzantine: 0,
        };
        let Some(Strength { key, at_zero, .. }) = of(alone) else {
            continue;
        };
        let value = |victim: AgentId| {
            let neighbors = plan.graph.receives_from(victim);
            let is_own = |l: &AgentId| plan.roles[l.index()] == Role::Byzantine(index);
            let is_victim = attack.has_victim(victim) && neighbors.iter().any(is_own);
            let crowd = Crowd {
                models: neighbors.len() + 1,
                byzantine: neighbors.iter().filter(|&&l| plan.is_byzantine(l)).count(),
            };
            is_victim.then(|| of(crowd)).flatten()
        };
        let normal = plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
        for Strength { value, .. } in normal.filter_map(value) {
            let one = Strengths {
                key,
                at_zero,
                ends: (value, value),
                victims: 1,
                at_zero_victims: usize::from(value == 0.0),
            };
            match all.get_mut(&attack.name) {
                Some(known) => Strengths::add(known, &one),
                None => {
                    all.insert(attack.name.clone(), one);
                }
            }
        }
    }
    all
}

fn tolerated(plan: &Plan) -> BTreeMap<(String, String), BTreeMap<usize, Ends>> {
    let mut all: BTreeMap<(String, String), BTreeMap<usize, Ends>> = BTreeMap::new();
    for agent in plan.graph.ids() {
        let rule = &plan.rule(agent).rule;
        for tolerated in plan.place(agent, |place| rule.tolerated(place)) {
            let size = plan.graph.receives_from(agent).len() + 1;
            let by_size = all.entry((name(plan, agent), tolerated.key)).or_default();
            let known = by_size.entry(size).or_insert((tolerated.f, tolerated.f));
            *known = (known.0.min(tolerated.f), known.1.max(tolerated.f));
        }
    }
    all
}

impl Strengths {
    /// Adds what is known of other victims.
    fn add(&mut self, other: &Strengths) {
        self.ends = (self.ends.0.min(other.ends.0), self.ends.1.max(other.ends.1));
        self.victims += other.victims;
        self.at_zero_victims += other.at_zero_victims;
    }

    fn share_at_zero(&self) -> f64 {
        self.at_zero_victims as f64 / self.victims as f64
    }

    fn told(&self, attack: &str) -> String {
        let Strengths { key, at_zero, .. } = self;
        let share = self.share_at_zero();
        let range = match self.ends {
            (least, most) if least < most => format!("{} to {}", short(least), short(most)),
            (one, _) => format!("{} for all victims", short(one)),
        };
        let mut told = format!(
            "`{key}` of the attack `{attack}` follows from the neighborhoods of its victims: {range}"
        );
        if share > 0.0 {
            told += &format!(
                ". It {at_zero} to {:.0} % of its victims, where `{key}` is 0: set `{key}`",
                100.0 * share
            );
        }
        told
    }
}

impl Left {
    fn told(&self) -> String {
        let Left { key, of, rule, .. } = self;
        format!(
            "After {} iterations {:.1} % of `{key}` = {} is left in {of} of the rule {rule}: {}. \
             Write `{key}` = 0, or let the rule forget faster",
            self.iterations,
            100.0 * self.share,
            self.value,
            short(self.share * self.value),
        )
    }
}

/// Neighborhoods of successive sizes with one f.
#[derive(Debug)]
struct Step {
    from: usize,
    to: usize,
    f: Ends,
}

fn steps(by_size: &BTreeMap<usize, Ends>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (&size, &f) in by_size {
        match steps.last_mut() {
            Some(last) if last.f == f => last.to = size,
            _ => steps.push(Step {
                from: size,
                to: size,
                f,
            }),
        }
    }
    steps
}

/// `1 in neighborhoods of 5 to 6 models, 2 in 7 to 8`.
fn by_neighborhood(by_size: &BTreeMap<usize, Ends>) -> String {
    let told = |number: usize, step: &Step| {
        let sizes = match (step.from, step.to) {
            (from, to) if from == to => from.to_string(),
            (from, to) => format!("{from} to {to}"),
        };
        let f = match step.f {
            (Some(least), Some(most)) => span(Some((least, most))),
            (None, Some(most)) => format!("none or {most}"),
            _ => "none, so that agents keep their own models,".to_owned(),
        };
        match number {
            0 if sizes == "1" => format!("{f} in neighborhoods of 1 model"),
            0 => format!("{f} in neighborhoods of {sizes} models"),
            _ => format!("{f} in {sizes}"),
        }
    };
    let steps = steps(by_size);
    let numbered = steps.iter().enumerate();
    let all: Vec<String> = numbered.map(|(n, step)| told(n, step)).collect();
    if all.len() <= MOST_STEPS {
        return all.join(", ");
    }
    let first = &all[..MOST_STEPS - 1];
    format!("{}, …, {}", first.join(", "), all[all.len() - 1])
}

/// What points that differ in their seeds alone say together.
fn sentences(facts: &[&Facts]) -> Vec<String> {
    let mut sentences = Vec::new();
    for fact in facts {
        for left in &fact.left {
            let told = left.told();
            if !sentences.contains(&told) {
                sentences.push(told);
            }
        }
    }
    let mut strengths: BTreeMap<&String, Strengths> = BTreeMap::new();
    for (attack, found) in facts.iter().flat_map(|fact| &fact.strengths) {
        match strengths.get_mut(attack) {
            Some(known) => known.add(found),
            None => {
                strengths.insert(attack, found.clone());
            }
        }
    }
    sentences.extend(strengths.iter().map(|(attack, found)| found.told(attack)));
    let mut tolerated: BTreeMap<&(String, String), BTreeMap<usize, Ends>> = BTreeMap::new();
    for (of, by_size) in facts.iter().flat_map(|fact| &fact.tolerated) {
        let known = tolerated.entry(of).or_default();
        for (&size, &f) in by_size {
            let known = known.entry(size).or_insert(f);
            *known = (known.0.min(f.0), known.1.max(f.1));
        }
    }
    let changes = match facts.iter().any(|fact| fact.is_redrawn) {
        true => "; these are the neighborhoods of the first network",
        false => "",
    };
    sentences.extend(tolerated.iter().map(|((rule, key), by_size)| {
        let told = by_neighborhood(by_size);
        format!("`{key}` of the rule {rule}: {told}{changes}")
    }));
    sentences
}

/// The notes on all points, in the order of the first rows that they hold for.
pub(super) fn notes(rows: &Rows, facts: &[&Facts]) -> Vec<String> {
    let mut notes: Vec<(String, Vec<usize>)> = Vec::new();
    for (number, row) in rows.rows.iter().enumerate() {
        let of_row: Vec<&Facts> = row.points.iter().map(|&point| facts[point]).collect();
        for sentence in sentences(&of_row) {
            match notes.iter_mut().find(|(known, _)| *known == sentence) {
                Some((_, holds_for)) => holds_for.push(number),
                None => notes.push((sentence, vec![number])),
            }
        }
    }
    let told = |(sentence, holds_for): &(String, Vec<usize>)| match labels(rows, holds_for) {
        of if of.is_empty() => format!("{sentence}."),
        of => format!("{of}: {sentence}."),
    };
    notes.iter().map(told).collect()
}

/// The swept values that tell some rows from the others, as `rule = krum; attack = drift, alie`.
fn labels(rows: &Rows, of: &[usize]) -> String {
    let distinct = |key: usize, rows_of: &mut dyn Iterator<Item = usize>| {
        let mut seen = BTreeSet::new();
        let labels = rows_of.map(|row| &*rows.rows[row].labels[key]);
        labels
            .filter(|label| seen.insert(*label))
            .collect::<Vec<&str>>()
    };
    let mut told = Vec::new();
    if of.len() == rows.rows.len() {
        return String::new();
    }
    for (key, name) in rows.keys.iter().enumerate() {
        let some = distinct(key, &mut of.iter().copied());
        let all = distinct(key, &mut (0..rows.rows.len()));
        if some.len() < all.len() {
            let mut list = some[..some.len().min(MOST_LABELS)].join(", ");
            if some.len() > MOST_LABELS {
                list += &format!(" and {} more", some.len() - MOST_LABELS);
            }
            told.push(format!("{name} = {list}"));
        }
    }
    super::table::in_one_line(&told.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Library;
    use crate::scenario::{Catalogues, ScenarioFile};
    use std::path::{Path, PathBuf};

    const NETWORK: &str = "iterations = 400\n[task]\nkind = 'linear-regression'\ngroups = 1\n\
                           [topology]\nkind = 'complete'\nagents = 20\n";

    fn notes_on(text: &str) -> Vec<String> {
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("s", text, "s", PathBuf::from("."), &[], &catalogues);
        let file = file.unwrap_or_else(|e| panic!("{e}"));
        let library = Library::new(None, Path::new("."));
        let facts = file.points.iter().map(|point| {
            let plan = Plan::draw(&file, point, &library, &catalogues);
            Facts::of(&plan.unwrap_or_else(|e| panic!("{e}")))
        });
        let facts: Vec<Facts> = facts.collect();
        notes(&Rows::of(&file), &facts.iter().collect::<Vec<_>>())
    }

    #[test]
    fn an_initial_value_that_outlives_the_run_is_told() {
        let on = |rule: &str| notes_on(&format!("{NETWORK}[rule]\n{rule}\n"));
        let resilient = "kind = 'resilient-diffusion-f'\nf = 4\n";
        let f = "`f` of the rule `resilient-diffusion-f`: 4 in neighborhoods of 20 models.";
        assert_eq!(on(resilient), [f]);
        assert_eq!(
            on(&format!("{resilient}initial = 10\n")),
            [
                "After 400 iterations 1.8 % of `initial` = 10 is left in γ² of the rule \
                 `resilient-diffusion-f`: 0.1795. Write `initial` = 0, or let the rule forget \
                 faster.",
                f
            ]
        );
        assert!(on("kind = 'loss'").is_empty());
        let slow = "kind = 'distance'\nforgetting = { kind = 'decay', initial = 0.1, rate = 1 }";
        let told = &on(slow)[0];
        // Π (1 − 0.1/(1+i)) falls like i^−0.1.
        assert!(told.starts_with("After 400 iterations 51."), "{told}");
        assert!(on(&format!("{slow}\ninitial = 0")).is_empty());
        // What an override says, and nobody else.
        let some = "kind = 'loss'\n[[rule.override]]\nagents = [1]\nforgetting = 0.01";
        let told = on(some);
        assert!(
            told.len() == 1 && told[0].contains("`loss` of [[rule.override]] 0"),
            "{told:?}"
        );
    }

    #[test]
    fn z_is_told_with_the_share_of_victims_that_get_the_mean() {
        let attack = "{ agents = [0, 5, 10, 15], kind = 'a-little-is-enough' }";
        let sweep = format!(
            "{NETWORK}[sweep]\nattack = {{ none = [], alie = [{attack}] }}\nseed = [1, 2]\n"
        );
        assert_eq!(
            notes_on(&sweep),
            [
                "attack = alie: `z` of the attack `a-little-is-enough` follows from the neighborhoods \
              of its victims: 0.1573 for all victims."
            ]
        );
        // Victims 1 and 4: n = 3 and f = 1.
        let ring = "[task]\nkind = 'target-localization'\n[topology]\nkind = 'ring'\nagents = 5\n\
                    [[attack]]\nkind = 'a-little-is-enough'\nagents = [0]\n";
        let told = "`z` of the attack `a-little-is-enough` follows from the neighborhoods of its \
                    victims: 0 for all victims. It sends the honest mean to 100 % of its victims, \
                    where `z` is 0: set `z`.";
        assert_eq!(notes_on(ring), [told]);
        assert!(notes_on(&format!("{ring}z = 1\n")).is_empty());
    }

    #[test]
    fn f_is_told_by_rule_and_neighborhood() {
        // Agent 0 has the others as neighbors, and they have it.
        let star = "[task]\nkind = 'target-localization'\n[topology]\nkind = 'star'\nagents = 8\n";
        let rules = "[sweep.rule]\nkrum = { kind = 'krum', f = 'largest' }\n\
                     clip = { kind = 'self-centered-clipping', radius = 'adaptive', f = 'largest' }\n\
                     mix = { kind = 'trimmed-mean', f = { fraction = 0.25 }, \
                     pre = [{ kind = 'nearest-neighbor-mixing', f = 'largest' }] }\n";
        assert_eq!(
            notes_on(&format!("{star}{rules}")),
            [
                "rule = krum: `f` of the rule `krum`: none, so that agents keep their own models, in \
                 neighborhoods of 2 models, 2 in 8.",
                "rule = clip: `f` of the rule `self-centered-clipping`: 0 in neighborhoods of 2 \
                 models, 6 in 8.",
                "rule = mix: `f` of the rule `trimmed-mean`: 0 in neighborhoods of 2 models, 2 in 8.",
                "rule = mix: `pre.0.f` of the rule `trimmed-mean`: 0 in neighborhoods of 2 models, \
                 3 in 8.",
            ]
        );
    }

    #[test]
    fn successive_sizes_with_one_f_are_one_step_and_many_steps_are_cut() {
        let by_size = |largest: fn(usize) -> usize, sizes: std::ops::RangeInclusive<usize>| {
            let f = |size| (size, (Some(largest(size)), Some(largest(size))));
            by_neighborhood(&sizes.map(f).collect())
        };
        assert_eq!(
            by_size(|n| (n - 3) / 2, 5..=10),
            "1 in neighborhoods of 5 to 6 models, 2 in 7 to 8, 3 in 9 to 10"
        );
        assert_eq!(
            by_size(|n| n - 1, 1..=50),
            "0 in neighborhoods of 1 model, 1 in 2, 2 in 3, 3 in 4, 4 in 5, …, 49 in 50"
        );
    }
}
