//! `byzsim check`: validates a scenario and tells what it would run.

use super::errors::Refusal;
use super::list::Format;
use super::{Plugins, text};
use crate::campaign::Campaign;
use crate::learner::Method;
use crate::scenario::{Plan, RecordWeights, ScenarioFile};
use crate::units::short;
use clap::Args;
use std::path::PathBuf;

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
    /// Print the resolved scenario too, with all defaults
    #[arg(long)]
    resolved: bool,
}

impl Check {
    pub fn main(self, plugins: Plugins) -> u8 {
        let file = match ScenarioFile::open(&self.scenario, &self.set, &plugins.catalogues) {
            Ok(file) => file,
            Err(error) => return Refusal::from(error).tell(Format::Text, ""),
        };
        let campaign = Campaign::new(file, self.data, plugins.catalogues);
        let points = campaign.file.points.len();
        let plural = if points == 1 { "" } else { "s" };
        let labels = [
            "agents",
            "Byzantine",
            "edges",
            "smallest",
            "Byz. nbrs",
            "iterations",
            "models",
        ];
        let keys: Vec<String> = campaign.file.points[0]
            .settings
            .iter()
            .map(|s| s.key.clone())
            .collect();
        let swept = keys.len();
        let header = keys.into_iter().chain(labels.map(str::to_owned)).collect();
        let mut table = text::table(header, |column| column >= swept);
        let mut total = Forecast::default();
        let mut modes: Vec<&str> = Vec::new();
        let mut data = Vec::new();
        for point in 0..points {
            let plan = match campaign.plan(point) {
                Ok(plan) => plan,
                Err(error) => return Refusal::from(error).tell(Format::Text, ""),
            };
            if !modes.contains(&plan.mode().name()) {
                modes.push(plan.mode().name());
            }
            let generated = plan.world.generated().map(str::to_owned);
            for line in plan.world.summary().into_iter().chain(generated) {
                if !data.contains(&line) {
                    data.push(line);
                }
            }
            let forecast = Forecast::of(&plan);
            let settings = plan.settings.iter().map(|s| s.value.to_string());
            table.add_row(settings.chain(row(&plan, &forecast)));
            total.models += forecast.models;
            total.memory = total.memory.max(forecast.memory);
            total.disk += forecast.disk;
        }
        text::print(&format!(
            "{}: {points} point{plural}, {}\n",
            campaign.file.name,
            modes.join(" and "),
        ));
        text::print(&table.trim_fmt());
        text::print(&format!(
            "\nIn all: {} models sent, {} on disk, at most {} of memory per point.\n\
             smallest: the smallest neighborhood, the agent itself included.\n\
             Byz. nbrs: Byzantine neighbors of a normal agent, least to most.",
            short(total.models),
            bytes(total.disk),
            bytes(total.memory),
        ));
        for line in data {
            text::print(&format!("Data: {line}"));
        }
        if self.resolved {
            text::print(&format!("\n{}", campaign.file.resolved()));
        }
        0
    }
}

fn row(plan: &Plan, forecast: &Forecast) -> Vec<String> {
    let neighborhood = |k| plan.graph.receives_from(k).len() + 1;
    let byzantine = |k| {
        let neighbors = plan.graph.receives_from(k).iter();
        neighbors.filter(|&&l| plan.is_byzantine(l)).count()
    };
    let normal = || plan.graph.ids().filter(|&k| !plan.is_byzantine(k));
    let least = normal().map(byzantine).min().unwrap_or(0);
    let most = normal().map(byzantine).max().unwrap_or(0);
    vec![
        plan.graph.agents().to_string(),
        plan.byzantine().to_string(),
        plan.graph.edges().to_string(),
        plan.graph
            .ids()
            .map(neighborhood)
            .min()
            .unwrap_or(1)
            .to_string(),
        format!("{least}–{most}"),
        plan.iterations.to_string(),
        short(forecast.models),
    ]
}

/// What a run will need.
#[derive(Default)]
struct Forecast {
    models: f64,
    memory: f64,
    disk: f64,
}

impl Forecast {
    /// Models follow from the network. Memory and disk are estimates from measured runs: bytes per
    /// actor, per message under way and per row.
    fn of(plan: &Plan) -> Forecast {
        let agents = plan.graph.agents() as f64;
        let fanout = plan.fanout.map_or(usize::MAX, |fanout| fanout as usize);
        let sends = |k| plan.graph.sends_to(k).len().min(fanout) as f64;
        let per_iteration: f64 = plan.graph.ids().map(sends).sum();
        let iterations = plan.iterations as f64;
        let models = match &plan.timetable {
            Some(table) => {
                let of = |k| sends(k) * table.iterations_of(k) as f64;
                plan.graph.ids().map(of).sum()
            }
            None => per_iteration * iterations,
        };
        let parameters = 4.0 * plan.world.dimension() as f64;
        let optimizers = plan.graph.ids().map(|k| match plan.learner(k).method {
            Method::Sgd => 0.0,
            Method::Adam(_) => 4.0 * parameters,
        });
        let learning = plan.world.bytes() as f64 + optimizers.sum::<f64>();
        let memory =
            12e6 + agents * (2_600.0 + 4.0 * parameters) + per_iteration * 180.0 + learning;
        let recorded = (iterations / plan.record.every_iterations as f64).ceil();
        let rows = plan.recorded.iter().filter(|&&r| r).count() as f64 * recorded;
        let kept = match plan.record.weights {
            RecordWeights::None => 0.0,
            RecordWeights::Last => 1.0,
            RecordWeights::Every(every) => (iterations / every as f64).ceil(),
        };
        let disk = 40e3
            + recorded * 2.0 * 400.0
            + rows * 60.0
            + kept * (per_iteration + agents) * 30.0
            + per_iteration * 4.0;
        Forecast {
            models,
            memory,
            disk,
        }
    }
}

fn bytes(count: f64) -> String {
    match count {
        c if c >= 1e9 => format!("{:.1} GB", c / 1e9),
        c if c >= 1e6 => format!("{:.0} MB", c / 1e6),
        c => format!("{:.0} kB", c / 1e3),
    }
}
