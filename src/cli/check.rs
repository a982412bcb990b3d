//! `byzsim check`: validates a scenario and tells what it would run.

use super::Plugins;
use super::errors::Refusal;
use super::essentials::essentials;
use super::forecast::{Forecast, Total};
use super::list::Format;
use super::load::{few_values, overloaded, too_fine};
use super::notes::{Facts, notes};
use super::rows::{Row, Rows, ends, range, span};
use super::table::{Column, Fitted, fitted, in_one_line};
use super::text::{paragraph, print, settings_json, width_of};
use crate::campaign::{Campaign, Pending};
use crate::scenario::{Plan, ScenarioFile, Schedule};
use crate::topology::Parts;
use clap::Args;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Validate a scenario and print what it would run
#[derive(Args)]
pub(super) struct Check {
    /// The scenario, a TOML file
    scenario: PathBuf,
    /// Override a key, such as --set rule.forgetting=0.05; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Folder of the data sets [default: task.data, else the variable BYZSIM_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Threads that `run` would have [default: the processors this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Points that `run` would have side by side [default: by the size of the network]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// Whether `run` would write checkpoints, as with --checkpoint-every
    #[arg(long)]
    checkpoints: bool,
    /// Seconds in which to estimate how long `run` would take; 0 leaves it out
    #[arg(long, value_name = "S", default_value = "1", value_parser = seconds)]
    time: Duration,
    /// Print the resolved scenario too, with all defaults
    #[arg(long)]
    resolved: bool,
    /// How to print it; mistakes, too
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// The most that a point may take in memory to be begun for an estimate \[bytes\].
const MOST_BEGUN: f64 = 1e9;

/// Reads a number of seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let number: Result<f64, _> = text.parse();
    let duration = number
        .ok()
        .and_then(|s| Duration::try_from_secs_f64(s).ok());
    duration.ok_or_else(|| "it is no number of seconds, such as 0.5 or 10".to_owned())
}

/// Rows that are told one by one.
const MOST_ROWS: usize = 40;

/// Notes on overloaded lines, at most.
const MOST_LINES: usize = 4;

/// What columns mean that do not say it themselves.
const LEGENDS: [(&str, &str); 3] = [
    (
        "smallest",
        "the smallest neighborhood, the agent itself included",
    ),
    (
        "Byz. nbrs",
        "Byzantine neighbors of a normal agent, least to most",
    ),
    (
        "f",
        "Byzantine models that the rule withstands, least to most",
    ),
];

impl Check {
    pub fn main(self, plugins: Plugins) -> u8 {
        match self.checked(plugins) {
            Ok((campaign, found)) => {
                let total = self.total(&campaign, &found);
                match self.format {
                    Format::Text => print(&self.text(&campaign.file, &found, &total)),
                    Format::Json => {
                        print(&format!("{:#}", self.json(&campaign.file, &found, &total)));
                    }
                }
                0
            }
            Err(refusal) => refusal.tell(self.format, ""),
        }
    }

    fn checked(&self, plugins: Plugins) -> Result<(Campaign, Found), Refusal> {
        let file = ScenarioFile::open(&self.scenario, &self.set, &plugins.catalogues)?;
        let campaign = Campaign::new(file, self.data.clone(), plugins.catalogues);
        let mut found = Found::default();
        let begun = Instant::now();
        campaign.plans(|plan| found.add(&plan))?;
        found.drawing = begun.elapsed() / (found.points.len().max(1) as u32);
        Ok((campaign, found))
    }

    fn text(&self, file: &ScenarioFile, found: &Found, total: &Total) -> String {
        let width = width_of(&std::io::stdout());
        let count = file.points.len();
        let plural = if count == 1 { "" } else { "s" };
        let modes = found.modes.join(" and ");
        let name = in_one_line(&file.name);
        let mut parts = vec![format!("{name}: {count} point{plural}, {modes}")];
        let rows = Rows::of(file);
        if !rows.everywhere.is_empty() {
            parts.push(paragraph(
                &format!("In all points: {}", rows.everywhere),
                width,
            ));
        }
        let essentials = essentials(file).into_iter();
        let essentials: Vec<String> = essentials.map(|line| paragraph(&line, width)).collect();
        parts.push(essentials.join("\n"));
        let (columns, more) = columns(&rows, &found.points);
        let names: Vec<String> = columns.iter().map(|c| c.name().to_owned()).collect();
        let Fitted { mut text, left_out } = fitted(columns, width);
        if more > 0 {
            text += &format!("\n{more} rows more, told by --format json");
        }
        parts.push(text);
        let mut lines = vec![format!("In all: {total}.")];
        lines.extend(total.time());
        let is_shown = |name: &str| {
            let is_it = |known: &String| known == name;
            names.iter().any(is_it) && !left_out.iter().any(is_it)
        };
        let legends = LEGENDS.into_iter().filter(|(name, _)| is_shown(name));
        lines.extend(legends.map(|(name, means)| format!("{name}: {means}.")));
        if !left_out.is_empty() {
            lines.push(format!(
                "Not shown, told by --format json: {}.",
                left_out.join(", ")
            ));
        }
        lines.extend(found.data.iter().map(|line| format!("Data: {line}")));
        let lines: Vec<String> = lines.iter().map(|line| paragraph(line, width)).collect();
        parts.push(lines.join("\n"));
        let notes = found.notes(&rows).into_iter().chain(total.note());
        let notes: Vec<String> = notes
            .map(|note| paragraph(&format!("Note: {note}"), width))
            .collect();
        if !notes.is_empty() {
            parts.push(notes.join("\n"));
        }
        if self.resolved {
            parts.push(file.resolved());
        }
        parts.join("\n\n")
    }

    /// What all points need, run as it is asked.
    fn total(&self, campaign: &Campaign, found: &Found) -> Total {
        let forecasts = || found.points.iter().map(|point| &point.forecast);
        let mut how = Campaign::side_by_side(
            forecasts().map(|forecast| &forecast.size),
            self.threads.map(usize::from),
            self.jobs.map(usize::from),
        );
        how.checkpoints = self.checkpoints;
        let mut total = Total::of(forecasts(), how);
        let is_small = total.memory() <= MOST_BEGUN && !total.is_refused();
        if is_small && found.drawing < self.time {
            let runs = found.runs(&campaign.file);
            let how = (how.jobs, how.threads / how.jobs.max(1));
            let estimate = campaign.estimate_within(&runs, how, self.time);
            total.seconds = estimate.map(|estimate| estimate.wall());
        }
        total
    }

    fn json(&self, file: &ScenarioFile, found: &Found, total: &Total) -> Value {
        let points = file.points.iter().zip(&found.points);
        let points = points.map(|(point, found)| found.json(settings_json(&point.settings)));
        let mut told = json!({
            "scenario": file.name,
            "points": points.collect::<Vec<Value>>(),
            "in_all": total.json(),
            "data": found.data,
            "notes": found.notes(&Rows::of(file)).into_iter().chain(total.note()).collect::<Vec<_>>(),
        });
        if self.resolved {
            // Its own TOML is read back: a table of plain values, which JSON has too.
            let resolved: Option<Value> = toml::from_str(&file.resolved()).ok();
            told["resolved"] = resolved.into();
        }
        told
    }
}

/// What the plans of all points say.
#[derive(Default)]
struct Found {
    points: Vec<FoundPoint>,
    /// How long drawing one of them took, on average.
    drawing: Duration,
    modes: Vec<&'static str>,
    data: Vec<String>,
}

/// What a plan says.
struct FoundPoint {
    id: String,
    mode: &'static str,
    agents: usize,
    byzantine: usize,
    edges: usize,
    /// Of the smallest neighborhood, the agent itself included.
    smallest: usize,
    /// Byzantine neighbors of a normal agent, least and most.
    byzantine_neighbors: (usize, usize),
    /// f of the rules of normal agents that have one, least and most.
    withstands: Option<(usize, usize)>,
    iterations: u64,
    forecast: Forecast,
    facts: Facts,
    /// Connected components of the first network.
    parts: Parts,
    /// Those of its normal agents alone.
    normal_parts: Parts,
    late_edges: Option<String>,
    overloaded: Vec<String>,
    few_values: Option<String>,
    too_fine: Option<String>,
}

impl Found {
    /// What is said beside the numbers.
    fn notes(&self, rows: &Rows) -> Vec<String> {
        let facts: Vec<&Facts> = self.points.iter().map(|point| &point.facts).collect();
        let mut notes = notes(rows, &facts);
        notes.extend(self.disconnected());
        let late: BTreeSet<&String> = self.points.iter().flat_map(|p| &p.late_edges).collect();
        notes.extend(late.into_iter().cloned());
        let overloaded: BTreeSet<&String> =
            self.points.iter().flat_map(|p| &p.overloaded).collect();
        notes.extend(overloaded.into_iter().take(MOST_LINES).cloned());
        let too_fine: BTreeSet<&String> = self.points.iter().flat_map(|p| &p.too_fine).collect();
        notes.extend(too_fine.into_iter().take(MOST_LINES).cloned());
        let few = self
            .points
            .iter()
            .filter_map(|p| p.few_values.as_ref().map(|told| (p.iterations, told)));
        notes.extend(few.min().map(|(_, told)| told.clone()));
        notes
    }

    /// The runs of the points: several may be the same.
    fn runs(&self, file: &ScenarioFile) -> Vec<Pending> {
        let mut seen = BTreeSet::new();
        let points = self.points.iter().zip(&file.points).enumerate();
        let new = points.filter(|(_, (found, _))| seen.insert(&found.id));
        new.map(|(number, (found, point))| {
            Pending::of(number, &found.forecast.size, &point.outline.rule)
        })
        .collect()
    }

    /// What is said of points whose network is not connected.
    fn disconnected(&self) -> Vec<String> {
        let whole = |point: &FoundPoint| (point.parts.count > 1).then_some(point.parts);
        let normal = |point: &FoundPoint| {
            let cut = point.normal_parts.count > point.parts.count;
            cut.then_some(point.normal_parts)
        };
        let tell = |what: &str, parts: Vec<Parts>| {
            let (count, all) = (parts.len(), self.points.len());
            let of_points = match count == all {
                true => String::new(),
                false => format!(" at {count} of {all} points"),
            };
            let smallest = parts.iter().map(|parts| parts.smallest).min()?;
            let parts = span(ends(parts.into_iter().map(|parts| parts.count)));
            let plural = if smallest == 1 { "" } else { "s" };
            Some(format!(
                "{what}{of_points}: {parts} parts, the smallest has {smallest} agent{plural}."
            ))
        };
        let whole = tell(
            "Not connected",
            self.points.iter().filter_map(whole).collect(),
        );
        let normal = tell(
            "Not connected without the attackers",
            self.points.iter().filter_map(normal).collect(),
        );
        whole.into_iter().chain(normal).collect()
    }

    fn add(&mut self, plan: &Plan) {
        let mode = plan.mode().name();
        if !self.modes.contains(&mode) {
            self.modes.push(mode);
        }
        let generated = plan.world.generated().map(str::to_owned);
        for line in plan.world.summary().into_iter().chain(generated) {
            if !self.data.contains(&line) {
                self.data.push(line);
            }
        }
        self.points.push(FoundPoint::of(plan));
    }
}

/// Which edges come after the end of the run, as far as that is known before it.
fn late_edges(plan: &Plan) -> Option<String> {
    const MOST: usize = 8;
    // Other networks have no times, and may be large.
    let has_times = plan.graph.has_windows();
    let late = has_times.then(|| Schedule::of(plan).late_edges())?;
    let arrow = if plan.graph.is_directed() {
        "→"
    } else {
        "–"
    };
    let shown = late.iter().take(MOST);
    let mut named: Vec<String> = shown.map(|(a, b)| format!("{a}{arrow}{b}")).collect();
    if late.len() > named.len() {
        named.push(format!("and {} more", late.len() - named.len()));
    }
    let named = named.join(", ");
    match late[..] {
        [] => None,
        [_] => Some(format!("The edge {named} comes after the end of the run.")),
        _ => Some(format!("The edges {named} come after the end of the run.")),
    }
}

impl FoundPoint {
    fn of(plan: &Plan) -> FoundPoint {
        let neighborhood = |k| plan.graph.receives_from(k).len() + 1;
        let byzantine = |k| {
            let neighbors = plan.graph.receives_from(k).iter();
            neighbors.filter(|&&l| plan.is_byzantine(l)).count()
        };
        let normal = || plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
        let withstands = |k| plan.place(k, |place| plan.rule(k).rule.withstands(place));
        FoundPoint {
            id: plan.id.to_string(),
            mode: plan.mode().name(),
            agents: plan.graph.agents(),
            byzantine: plan.byzantine(),
            edges: plan.graph.edges(),
            smallest: plan.graph.ids().map(neighborhood).min().unwrap_or(1),
            byzantine_neighbors: ends(normal().map(byzantine)).unwrap_or_default(),
            withstands: ends(normal().filter_map(withstands)),
            iterations: plan.most_iterations(),
            forecast: Forecast::of(plan),
            facts: Facts::of(plan),
            parts: plan.graph.parts(|_| true),
            normal_parts: plan.graph.parts(|k| !plan.is_byzantine(k)),
            late_edges: late_edges(plan),
            overloaded: overloaded(plan),
            few_values: few_values(plan),
            too_fine: too_fine(plan),
        }
    }

    fn json(&self, settings: Map<String, Value>) -> Value {
        let ends = |(least, most)| json!({"least": least, "most": most});
        let parts = |parts: Parts| json!({"count": parts.count, "smallest": parts.smallest});
        json!({
            "id": self.id,
            "settings": settings,
            "mode": self.mode,
            "agents": self.agents,
            "byzantine": self.byzantine,
            "edges": self.edges,
            "smallest_neighborhood": self.smallest,
            "parts": parts(self.parts),
            "normal_parts": parts(self.normal_parts),
            "byzantine_neighbors": ends(self.byzantine_neighbors),
            "f": self.withstands.map(ends),
            "f_by_neighborhood": self.facts.tolerated_json(),
            "strengths": self.facts.strengths_json(),
            "iterations": self.iterations,
            "forecast": self.forecast.json(),
        })
    }
}

/// A row per combination of swept keys but seeds; where those are too many, a row per different
/// network, with how many points have it. How many rows there would be more.
fn columns(rows: &Rows, points: &[FoundPoint]) -> (Vec<Column>, usize) {
    let cells: Vec<[String; 8]> = rows.rows.iter().map(|row| cells(row, points)).collect();
    let mut columns = Vec::new();
    let mut more = 0;
    let mut shown: Vec<&[String; 8]> = cells.iter().collect();
    if rows.rows.len() > MOST_ROWS {
        let mut counts: BTreeMap<&[String; 8], usize> = BTreeMap::new();
        for (row, cells) in rows.rows.iter().zip(&cells) {
            *counts.entry(cells).or_default() += row.points.len();
        }
        // In the order of their first points.
        let mut told = BTreeSet::new();
        shown.retain(|cells| told.insert(*cells));
        more = shown.len().saturating_sub(MOST_ROWS);
        shown.truncate(MOST_ROWS);
        let counts = shown.iter().map(|cells| counts[cells].to_string());
        columns.push(Column::numbers("points", counts.collect(), 0));
    } else {
        for (key, name) in rows.keys.iter().enumerate() {
            let labels = rows.rows.iter().map(|row| row.labels[key].clone());
            columns.push(Column::labels(name, labels.collect()));
        }
    }
    // What there is no room for goes from the least asked for on.
    let names = [
        ("agents", 0),
        ("Byzantine", 1),
        ("edges", 4),
        ("smallest", 5),
        ("Byz. nbrs", 3),
        ("f", 2),
        ("iterations", 1),
        ("models", 6),
    ];
    let has_f = points.iter().any(|point| point.withstands.is_some());
    for (index, (name, rank)) in names.into_iter().enumerate() {
        if name != "f" || has_f {
            let cells = shown.iter().map(|cells| cells[index].clone());
            columns.push(Column::numbers(name, cells.collect(), rank));
        }
    }
    (columns, more)
}

/// The numbers of a row, as [`columns`] has them.
fn cells(row: &Row, points: &[FoundPoint]) -> [String; 8] {
    let all = || row.points.iter().map(|&point| &points[point]);
    let whole = |number: fn(&FoundPoint) -> usize| span(ends(all().map(number)));
    let neighbors = all().flat_map(|p| [p.byzantine_neighbors.0, p.byzantine_neighbors.1]);
    let withstood = all()
        .filter_map(|p| p.withstands)
        .flat_map(|(least, most)| [least, most]);
    [
        whole(|p| p.agents),
        whole(|p| p.byzantine),
        whole(|p| p.edges),
        whole(|p| p.smallest),
        span(ends(neighbors)),
        span(ends(withstood)),
        whole(|p| p.iterations as usize),
        range(all().map(|p| p.forecast.models)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Library;
    use crate::scenario::Catalogues;
    use std::path::Path;

    /// What is said of networks that are not connected.
    fn disconnected(topologies: &str, attackers: &str) -> Vec<String> {
        let text = format!(
            "iterations = 2\n[task]\nkind = \"target-localization\"\nnoisy_agents = 0\n\
             {attackers}\n[sweep]\ntopology = {topologies}"
        );
        let catalogues = Catalogues::default();
        let file = ScenarioFile::parse("test", &text, "test", ".".into(), &[], &catalogues);
        let file = file.unwrap_or_else(|error| panic!("{error}"));
        let library = Library::new(None, Path::new(""));
        let mut found = Found::default();
        for point in &file.points {
            let plan = Plan::draw(&file, point, &library, &catalogues);
            found.add(&plan.unwrap_or_else(|error| panic!("{error}")));
        }
        found.disconnected()
    }

    #[test]
    fn an_end_in_simulated_time_bounds_iterations() {
        // An iteration takes 10 ms of computing and the least latency of 1 µs.
        for (until, iterations) in [(15.0, 1), (20.001, 1), (20.002, 2), (1e6, 20)] {
            let text = format!(
                "iterations = 20\nuntil_ms = {until}\n[task]\nkind = \"target-localization\"\n\
                 noisy_agents = 0\n[topology]\nkind = \"ring\"\nagents = 6"
            );
            let catalogues = Catalogues::default();
            let file = ScenarioFile::parse("test", &text, "test", ".".into(), &[], &catalogues);
            let file = file.unwrap_or_else(|error| panic!("{error}"));
            let library = Library::new(None, Path::new(""));
            let plan = Plan::draw(&file, &file.points[0], &library, &catalogues);
            let point = FoundPoint::of(&plan.unwrap_or_else(|error| panic!("{error}")));
            assert_eq!(point.iterations, iterations, "{until}");
            assert_eq!(point.forecast.json()["models"], 12 * iterations);
        }
    }

    #[test]
    fn edges_after_the_end_are_named_and_send_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let edges = "a,b,from_ms,to_ms\n0,1,5000,\n1,2,5000,\n0,2,0,50\n";
        std::fs::write(folder.path().join("edges.csv"), edges).expect("written");
        let text = "iterations = 20\n[task]\nkind = \"target-localization\"\nnoisy_agents = 0\n\
                    [topology]\nkind = \"file\"\npath = \"edges.csv\"";
        let catalogues = Catalogues::default();
        let place = folder.path().to_owned();
        let file = ScenarioFile::parse("test", text, "test", place, &[], &catalogues);
        let file = file.unwrap_or_else(|error| panic!("{error}"));
        let library = Library::new(None, Path::new(""));
        let plan = Plan::draw(&file, &file.points[0], &library, &catalogues);
        let plan = plan.unwrap_or_else(|error| panic!("{error}"));
        let late = late_edges(&plan);
        let told = "The edges 0–1, 1–2 come after the end of the run.";
        assert_eq!(late.as_deref(), Some(told));
        // The third one is there for five iterations of 10 ms, both ways.
        assert_eq!(Forecast::of(&plan).json()["models"], 10);
    }

    #[test]
    fn networks_that_are_not_connected_are_named() {
        let complete = "a = { kind = \"complete\", agents = 4 }";
        let star = "b = { kind = \"star\", agents = 4 }";
        let apart = "c = { kind = \"erdos-renyi\", agents = 4, probability = 0 }";
        let attack = "[[attack]]\nagents = [0]\nkind = \"sign-flip\"";
        let told = |topologies: &[&str], attack| {
            disconnected(&format!("{{ {} }}", topologies.join(", ")), attack)
        };
        assert!(told(&[complete, star], "").is_empty());
        assert_eq!(
            told(&[apart], ""),
            ["Not connected: 4 parts, the smallest has 1 agent."]
        );
        assert_eq!(
            told(&[complete, star], attack),
            [
                "Not connected without the attackers at 1 of 2 points: 3 parts, the smallest has 1 agent."
            ]
        );
    }
}
