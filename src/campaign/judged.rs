//! What points come to over the same agents.
//!
//! Under an attack some agents are attackers, and have no part in statistics. What a rule comes to
//! without the attack is over other agents, then, and not to be held against what it comes to with
//! it. So points that differ in their rules and attacks alone, of one draw, are judged over the agents
//! that are normal in all of them.

use super::{Measure, PointOutcome};
use crate::record::Summary;
use crate::scenario::{RunId, ScenarioFile, Setting};
use std::collections::BTreeMap;

/// What all points of a sweep come to over the agents that they share with the other points of
/// their draw.
pub struct Judged {
    /// What they are judged by.
    pub measure: Option<Measure>,
    /// Whether there are several attacks.
    pub has_attacks: bool,
    /// By point; `None` where it has not come to its end.
    points: Vec<Option<Shared>>,
    draws: Vec<Agents>,
}

/// What a point comes to.
#[derive(Clone)]
struct Shared {
    agents: Agents,
    /// In the order of [`Measure::ALL`].
    numbers: [Option<f64>; 4],
}

/// Over which agents that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agents {
    /// So many that are normal at all points of the draw.
    Common(u64),
    /// Each point's own normal ones: nobody knows what single agents came to.
    Own,
}

/// Over which agents points are compared, told of all draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Over {
    /// The least and the most agents that are normal under every attack of a draw, of those with any.
    pub agents: Option<(u64, u64)>,
    /// Draws in which no agent is.
    pub empty: usize,
    /// Draws in which each point is over its own normal agents.
    pub own: usize,
    /// Draws: settings other than rule and attack, mostly seeds.
    pub draws: usize,
}

type Points<'a> = Vec<(usize, &'a Summary)>;

impl Judged {
    /// That of a sweep.
    pub fn new(file: &ScenarioFile, outcomes: &[(RunId, PointOutcome)]) -> Judged {
        let settings = file.points.iter().map(|point| &point.settings[..]);
        let summaries = outcomes.iter().map(|(_, outcome)| outcome.summary());
        Judged::of(settings.zip(summaries))
    }

    /// The same of points by their settings and, where they came to their end, their summaries.
    pub fn of<'a>(
        points: impl Iterator<Item = (&'a [Setting], Option<&'a Summary>)> + Clone,
    ) -> Judged {
        let summaries = points.clone().filter_map(|(_, summary)| summary);
        let mut by_draw: BTreeMap<String, Points<'_>> = BTreeMap::new();
        let mut attacks: Vec<String> = Vec::new();
        let mut count = 0;
        for (index, (settings, summary)) in points.enumerate() {
            count = index + 1;
            let attack = settings.iter().find(|s| s.key == "attack");
            let attack = attack.map(|s| s.value.to_string());
            attacks.extend(attack.filter(|attack| !attacks.contains(attack)));
            if let Some(summary) = summary {
                let draw = by_draw.entry(draw(settings)).or_default();
                draw.push((index, summary));
            }
        }
        let mut judged = Judged {
            measure: Measure::of(summaries.collect::<Vec<_>>().into_iter()),
            has_attacks: attacks.len() > 1,
            points: vec![None; count],
            draws: Vec::new(),
        };
        for points in by_draw.values() {
            let all = together(points);
            judged.draws.extend(all.first().map(|shared| shared.agents));
            for ((index, _), shared) in points.iter().zip(all) {
                judged.points[*index] = Some(shared);
            }
        }
        judged
    }

    /// What a point comes to; `None` also where no agent is normal under every attack.
    pub fn number(&self, point: usize, measure: Measure) -> Option<f64> {
        let at = Measure::ALL.iter().position(|known| *known == measure)?;
        self.points[point].as_ref()?.numbers[at]
    }

    /// Over how many agents that is; `None` where it is over the point's own normal agents.
    pub fn agents(&self, point: usize) -> Option<u64> {
        match self.points[point].as_ref()?.agents {
            Agents::Common(agents) => Some(agents),
            Agents::Own => None,
        }
    }

    /// Over which agents points are compared.
    pub fn over(&self) -> Over {
        let mut over = Over {
            draws: self.draws.len(),
            ..Over::default()
        };
        for draw in &self.draws {
            match *draw {
                Agents::Common(0) => over.empty += 1,
                Agents::Common(agents) => {
                    let (least, most) = over.agents.unwrap_or((agents, agents));
                    over.agents = Some((least.min(agents), most.max(agents)));
                }
                Agents::Own => over.own += 1,
            }
        }
        over
    }
}

/// What points of one draw have in common: all swept settings but rules and the attack, as text, since
/// numbers among them have no order of their own.
fn draw(settings: &[Setting]) -> String {
    let differs = |key: &str| key == "rule" || key.starts_with("rule.") || key == "attack";
    let others = settings.iter().filter(|s| !differs(&s.key));
    format!("{:?}", others.collect::<Vec<_>>())
}

/// What the points of a draw come to over the agents that are normal at all of them.
fn together(points: &Points<'_>) -> Vec<Shared> {
    let own = |agents: Agents| {
        let of_point = |(_, summary): &(usize, &Summary)| Shared {
            agents,
            numbers: Measure::ALL.map(|measure| summary.number(&measure.path())),
        };
        points.iter().map(of_point).collect()
    };
    let sets: Option<Vec<&str>> = points.iter().map(|(_, s)| s.normal_set()).collect();
    let Some(mut sets) = sets else {
        return own(Agents::Own);
    };
    sets.sort_unstable();
    sets.dedup();
    if sets.len() < 2 {
        let agents = points
            .first()
            .and_then(|(_, s)| s.number(&["agents", "normal"]));
        return own(agents.map_or(Agents::Own, |agents| Agents::Common(agents as u64)));
    }
    over_common(points).unwrap_or_else(|| own(Agents::Own))
}

/// The same where points differ in who is normal. One table is in memory at a time. `None` where the
/// tables of agents do not say what single agents came to.
fn over_common(points: &Points<'_>) -> Option<Vec<Shared>> {
    let mut common: Option<Vec<bool>> = None;
    let mut seen = Vec::new();
    for (_, summary) in points {
        let set = summary.normal_set();
        if seen.contains(&set) {
            continue;
        }
        seen.push(set);
        let found = summary.came_to()?;
        let common = common.get_or_insert_with(|| found.normal().to_vec());
        if common.len() != found.normal().len() {
            return None;
        }
        for (common, normal) in common.iter_mut().zip(found.normal()) {
            *common &= normal;
        }
    }
    let common = common?;
    let agents = common.iter().filter(|common| **common).count() as u64;
    let of_point = |(_, summary): &(usize, &Summary)| {
        let found = summary.came_to()?;
        Some(Shared {
            agents: Agents::Common(agents),
            numbers: Measure::ALL.map(|measure| found.mean(measure.column(), &common)),
        })
    };
    points.iter().map(of_point).collect()
}

impl Over {
    /// Over which agents numbers are, to follow what they are: `over the 20 agents that are normal
    /// under every attack`. Empty where that is not known.
    pub fn agents_told(&self) -> String {
        let agents = match self.agents {
            None => return String::new(),
            Some((1, 1)) => return "over the agent that is normal under every attack".to_owned(),
            Some((least, most)) if least == most => least.to_string(),
            Some((least, most)) => format!("{least}–{most}"),
        };
        format!("over the {agents} agents that are normal under every attack")
    }

    /// What a reader has to know beside, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let of = |count: usize| match count == self.draws {
            true => String::new(),
            false => format!("In {count} of {} draws: ", self.draws),
        };
        let mut notes = Vec::new();
        if self.empty > 0 {
            notes.push(format!(
                "{}no agent is normal under every attack, so there is no number to compare.",
                of(self.empty)
            ));
        }
        if self.own > 0 {
            notes.push(format!(
                "{}each point is over its own normal agents, for its run has not kept what single \
                 agents came to (an older version).",
                of(self.own)
            ));
        }
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{outcomes, sweep, value};
    use super::*;
    use crate::record::{Column, Kind, Table};
    use serde_json::json;
    use std::path::Path;

    /// A run in a folder of its own, of four agents with accuracies of 0.1 more each, of which some are
    /// Byzantine.
    fn ran(folder: &Path, name: &str, byzantine: &[usize], keeps: bool) -> PointOutcome {
        let run = folder.join(name);
        let network = run.join("network");
        std::fs::create_dir_all(&network).unwrap();
        let normal: Vec<usize> = (0..4).filter(|k| !byzantine.contains(k)).collect();
        let accuracy = |k: usize| 0.1 * k as f64;
        let mut columns = vec![Column::new("byzantine", Kind::Flag, "", "")];
        if keeps {
            columns.push(Column::new("final_accuracy", Kind::Number, "", ""));
        }
        let mut table = Table::create(&network, "agents", Vec::new(), columns).unwrap();
        for k in 0..4 {
            let is_byzantine = byzantine.contains(&k);
            table
                .row(|row| {
                    row.flag(is_byzantine);
                    if keeps {
                        row.float((!is_byzantine).then(|| accuracy(k)));
                    }
                })
                .unwrap();
        }
        table.finish().unwrap();
        let mean = normal.iter().map(|&k| accuracy(k)).sum::<f64>() / normal.len() as f64;
        let summary = Summary::from_json(json!({
            "agents": {"normal": normal.len(), "normal_set": format!("{byzantine:?}")},
            "final": {"accuracy": {"mean": mean}},
        }));
        PointOutcome::Done(summary.found_in(&run))
    }

    const SWEEP: &str = r#"
        rule = { average = { kind = "average" }, loss = { kind = "loss" } }
        attack = { none = [], near = [{ agents = [1], kind = "sign-flip" }], far = [{ agents = [2], kind = "sign-flip" }] }
        seed = [1, 2]
    "#;

    /// What the points come to, by their attacks and seeds, whose attackers are these.
    fn judged(
        byzantine: impl Fn(&str, &str) -> Vec<usize>,
        keeps: impl Fn(&str, &str) -> bool,
    ) -> (Judged, Vec<(String, String)>) {
        let folder = tempfile::tempdir().unwrap();
        let file = sweep(SWEEP);
        let outcomes = outcomes(&file, |settings| {
            let of = |key| value(settings, key);
            let (rule, attack, seed) = (of("rule"), of("attack"), of("seed"));
            let name = format!("{rule}-{attack}-{seed}");
            let keeps = keeps(&attack, &seed);
            ran(folder.path(), &name, &byzantine(&attack, &seed), keeps)
        });
        let of = |settings: &Vec<Setting>| (value(settings, "attack"), value(settings, "seed"));
        let labels = file.points.iter().map(|point| of(&point.settings));
        (Judged::new(&file, &outcomes), labels.collect())
    }

    fn attackers(attack: &str, seed: &str) -> Vec<usize> {
        match (attack, seed) {
            ("none", _) => vec![],
            ("near", _) => vec![1],
            (_, "1") => vec![2],
            _ => vec![2, 3],
        }
    }

    #[test]
    fn points_are_judged_over_the_agents_that_are_normal_under_every_attack_of_their_seed() {
        let (judged, labels) = judged(attackers, |_, _| true);
        assert_eq!(judged.measure, Some(Measure::Accuracy));
        for (point, (_, seed)) in labels.iter().enumerate() {
            // Agents 0 and 3 for seed 1, agent 0 for seed 2.
            let (agents, mean) = if seed == "1" { (2, 0.15) } else { (1, 0.0) };
            assert_eq!(judged.agents(point), Some(agents));
            let found = judged.number(point, Measure::Accuracy).unwrap();
            assert!((found - mean).abs() < 1e-12, "{found}");
        }
        let over = judged.over();
        let told = "over the 1–2 agents that are normal under every attack";
        assert_eq!((&*over.agents_told(), over.draws), (told, 2));
        assert!(over.notes().is_empty());
    }

    #[test]
    fn where_no_agent_is_normal_under_every_attack_there_is_no_number() {
        let all_in_turn = |attack: &str, seed: &str| match (attack, seed) {
            ("near", "1") => vec![0, 1],
            ("far", "1") => vec![2, 3],
            _ => attackers(attack, "1"),
        };
        let (judged, labels) = judged(all_in_turn, |_, _| true);
        for (point, (_, seed)) in labels.iter().enumerate() {
            let number = judged.number(point, Measure::Accuracy);
            assert_eq!(number.is_none(), seed == "1");
        }
        assert_eq!(judged.over().agents, Some((2, 2)));
        let notes = judged.over().notes();
        let note = "In 1 of 2 draws: no agent is normal under every attack, so there is no number to \
                    compare.";
        assert_eq!(notes, [note]);
    }

    #[test]
    fn runs_that_do_not_say_what_single_agents_came_to_are_over_their_own_normal_agents() {
        let (judged, labels) = judged(attackers, |attack, seed| (attack, seed) != ("near", "1"));
        for (point, (attack, seed)) in labels.iter().enumerate() {
            if seed == "2" {
                assert_eq!(judged.agents(point), Some(1));
                continue;
            }
            assert_eq!(judged.agents(point), None);
            let own = match &**attack {
                "none" => 0.6 / 4.0,
                "near" => 0.5 / 3.0,
                _ => 0.4 / 3.0,
            };
            let found = judged.number(point, Measure::Accuracy).unwrap();
            assert!((found - own).abs() < 1e-12, "{attack}: {found}");
        }
        let notes = judged.over().notes();
        assert!(
            notes[0].starts_with("In 1 of 2 draws: each point is over its own"),
            "{notes:?}"
        );
    }

    #[test]
    fn where_the_same_agents_are_normal_everywhere_summaries_say_it_all() {
        // Nothing is read: there are no tables to read.
        let (judged, labels) = judged(|_, _| vec![3], |_, _| false);
        for point in 0..labels.len() {
            assert_eq!(judged.agents(point), Some(3));
            let found = judged.number(point, Measure::Accuracy).unwrap();
            assert!((found - 0.1).abs() < 1e-12);
        }
    }
}
