//! From TOML to checked scenarios.
//!
//! [`ScenarioFile::open`] reads a file, applies `--set` assignments, expands the sweep, and reads
//! every point strictly into a [`Scenario`]; all mistakes are told at once. [`Plan::draw`] then
//! draws the network, loads the data and checks what only a drawn run can tell: agents that do not
//! exist, attackers that overlap, attacks that do not fit. A plan is all that a run needs.

mod assigned;
mod assignment;
mod axes;
mod clock;
mod draw;
mod effects;
mod end;
mod identity;
mod inheritance;
mod modes;
mod outline;
mod part;
mod plan;
mod read;
mod record;
mod resolved;
mod schedule;
mod schema;
mod selection;
mod starter;
mod sweep;
mod swept_types;
mod timetable;
mod timing;
mod tolerances;

pub use clock::{Compute, Missing, Mode, Pace};
pub(crate) use effects::Effects;
pub use identity::RunId;
pub use outline::Outline;
use outline::Outlines;
pub use plan::{AttackPlan, Clock, Plan, Role};
pub(crate) use read::describe;
use read::parse_defaults;
pub use read::{AttackSettings, Length, RuleChoice, Scenario, Seeds};
pub use record::{Record, RecordAgents, RecordWeights};
pub(crate) use schedule::Schedule;
pub use schema::{SCHEMA_FILE, schema};
pub use starter::starter;
pub use sweep::{Setting, SettingValue};
pub use timetable::Timetable;

use crate::settings::{Problems, Sources, Span, Table, Tolerances, WrongSettings};
use crate::{attack, rule, settings::Catalogue, task, topology};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use sweep::Expanded;

/// The kinds that scenario files can name: the simulator's and those that a user adds.
pub struct Catalogues {
    /// What agents learn.
    pub tasks: Catalogue<dyn task::Task>,
    /// Who is whose neighbor.
    pub topologies: Catalogue<dyn topology::Topology>,
    /// How models are combined.
    pub rules: Catalogue<dyn rule::Rule>,
    /// What Byzantine agents send.
    pub attacks: Catalogue<dyn attack::Attack>,
}

impl Default for Catalogues {
    /// Those that come with the simulator.
    fn default() -> Self {
        Catalogues {
            tasks: task::catalogue(),
            topologies: topology::catalogue(),
            rules: rule::catalogue(),
            attacks: attack::catalogue(),
        }
    }
}

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read the scenario {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Mistakes in the text, or data that is missing or malformed, at the place that asks for it.
    #[error(transparent)]
    Wrong(#[from] WrongSettings),
}

/// A scenario file with its points, each checked as far as the text allows.
pub struct ScenarioFile {
    /// Its points in order: one where nothing is swept.
    pub points: Vec<Point>,
    /// The scenario's name.
    pub name: String,
    /// Where its relative paths start.
    pub folder: PathBuf,
    sources: Sources,
    /// From which points are read.
    expanded: Expanded,
    /// Where the file as a whole is pointed at.
    top: Span,
    tolerances: Tolerances,
    resolved: String,
}

/// Bytes of a scenario file, at most: a million numbers need fewer.
const MOST_BYTES: u64 = 32 << 20;

/// Points that are read where there are mistakes: the others of a long sweep hardly have new ones.
const MOST_WRONG: usize = 1000;

/// The outlines of points, each once, in the order of the first points.
fn distinct(points: &[Point]) -> Vec<&Outline> {
    let mut seen = BTreeSet::new();
    let outlines = points.iter().map(|point| &*point.outline);
    outlines
        .filter(|outline| seen.insert(std::ptr::from_ref(*outline)))
        .collect()
}

/// One point of a sweep.
pub struct Point {
    /// The swept keys with the values that they have here.
    pub settings: Vec<Setting>,
    /// What is to be run, as far as points share it.
    pub outline: Arc<Outline>,
    /// Its number.
    index: usize,
}

impl ScenarioFile {
    /// Reads a file. `assignments` are `key=value` texts that override it.
    ///
    /// # Errors
    /// Whatever is wrong with the file, all at once.
    pub fn open(
        path: &Path,
        assignments: &[String],
        catalogues: &Catalogues,
    ) -> Result<ScenarioFile, ScenarioError> {
        let unreadable = |error| ScenarioError::Unreadable {
            path: path.to_owned(),
            error,
        };
        let is_large = std::fs::metadata(path).is_ok_and(|found| found.len() > MOST_BYTES);
        if is_large {
            let message = format!("it has more than {} MB", MOST_BYTES >> 20);
            let error = std::io::Error::new(std::io::ErrorKind::FileTooLarge, message);
            return Err(unreadable(error));
        }
        let bytes = crate::files::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            unreadable(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                "it is not UTF-8 text",
            ))
        })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        ScenarioFile::parse(
            &path.display().to_string(),
            &text,
            &stem,
            folder,
            assignments,
            catalogues,
        )
    }

    /// Reads a text. `shown` is what messages call it, `name` what it is called unless it says so
    /// itself, `folder` where its relative paths start.
    ///
    /// # Errors
    /// Whatever is wrong with the text, all at once.
    pub fn parse(
        shown: &str,
        text: &str,
        name: &str,
        folder: PathBuf,
        assignments: &[String],
        catalogues: &Catalogues,
    ) -> Result<ScenarioFile, ScenarioError> {
        let mut sources = Sources::default();
        let mut problems = Problems::default();
        let source = sources.add(shown, text);
        let top = sources.top(source);
        let document = Table::parse_text(&sources, source, text, &mut problems);
        let assignments = assignment::read(assignments, &mut sources, &mut problems);
        let Some(document) = document else {
            return Err(problems.into_error(&sources).into());
        };
        let expanded = sweep::expand(&document, &assignments, catalogues, &mut problems);
        let tolerances = tolerances::tolerances(&expanded, catalogues);
        let read = |document: &Table, problems: &mut Problems| {
            read::scenario(document, top, name, &tolerances, catalogues, problems)
        };
        if !expanded.replaced.is_empty() {
            // What a swept table takes the place of is never run, and yet may hold no mistake.
            let mut unused = Problems::default();
            read(&expanded.written, &mut unused);
            unused.retain(|span| expanded.replaced.contains(&span));
            problems.append(unused);
        }
        let mut points = Vec::new();
        let mut outlines = Outlines::new(&expanded);
        for index in 0..expanded.points() {
            if index >= MOST_WRONG && !problems.is_empty() {
                break;
            }
            let settings = expanded.settings(index);
            // As long as there is no mistake, points have their numbers.
            let alike = expanded.but_for_seed(index).filter(|_| problems.is_empty());
            let outline = match alike.map(|alike| &points[alike]) {
                Some(Point { outline, .. }) => Some(outline.clone()),
                None => read(&expanded.document(index, catalogues), &mut problems)
                    .map(|scenario| outlines.of(scenario, &settings)),
            };
            points.extend(outline.map(|outline| Point {
                settings,
                outline,
                index,
            }));
        }
        let Outlines {
            takes_fractions,
            overrides_seed,
            ..
        } = outlines;
        let noted: BTreeSet<Span> = problems.spans().collect();
        let is_noted = |span: Span| noted.contains(&span);
        let inheritance = expanded.inheritance.lock();
        let inheritance = inheritance.unwrap_or_else(PoisonError::into_inner);
        inheritance.check(&is_noted, &mut problems);
        drop(inheritance);
        if let Some(seed) = expanded.axes().find(|axis| axis.path == "seed")
            && problems.is_empty()
            && seed.values.len() > 1
            && overrides_seed
        {
            let message = "`seed` has no effect: [seeds] gives one for each purpose";
            let help = "remove one of topology, data, attackers and links from [seeds]";
            problems.add(seed.span, message, help);
        }
        if !problems.is_empty() {
            return Err(problems.into_error(&sources).into());
        }
        let name = read(&expanded.document(0, catalogues), &mut problems);
        let name = name.expect("it was read before").name;
        let resolved = resolved::whole(&expanded, &distinct(&points), &folder);
        swept_types::unify(&mut points, expanded.axes(), &takes_fractions);
        Ok(ScenarioFile {
            points,
            name,
            folder,
            sources,
            expanded,
            top,
            tolerances,
            resolved,
        })
    }

    /// Reads a point of this file, with all its settings.
    pub fn scenario(&self, point: &Point, catalogues: &Catalogues) -> Scenario {
        let document = self.expanded.document(point.index, catalogues);
        self.read(&document, catalogues)
    }

    fn read(&self, document: &Table, catalogues: &Catalogues) -> Scenario {
        let mut unnoted = Problems::default();
        let (name, tolerances) = (&self.name, &self.tolerances);
        let scenario = read::scenario(
            document,
            self.top,
            name,
            tolerances,
            catalogues,
            &mut unnoted,
        );
        scenario.expect("the same text was read before")
    }

    /// What the points are, each once, in the order of the first points that are so.
    pub fn outlines(&self) -> Vec<&Outline> {
        distinct(&self.points)
    }

    /// What is wrong with settings that have no effect at any point.
    pub(crate) fn idle(&self, effects: Effects) -> Option<WrongSettings> {
        let mistakes = effects.mistakes();
        (!mistakes.is_empty()).then(|| mistakes.into_error(&self.sources))
    }

    /// The resolved scenario with its sweep, as TOML: running it gives the same runs.
    pub fn resolved(&self) -> String {
        self.resolved.clone()
    }
}
