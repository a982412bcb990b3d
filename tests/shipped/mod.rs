//! The shipped scenarios, opened, drawn and run in a line each.
#![allow(dead_code)] // Every test program uses a part of it.

use byzsim::actors::{RunOptions, run};
use byzsim::data::Library;
use byzsim::record::{Observer, Seen, Summary};
use byzsim::scenario::{Catalogues, Plan, ScenarioFile, SettingValue};
use byzsim::units::AgentId;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Where the shipped scenarios are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// A scenario with the data it reads.
pub struct Study {
    pub file: ScenarioFile,
    library: Arc<Library>,
    catalogues: Catalogues,
}

impl Study {
    /// A shipped scenario by its name, under assignments such as `seed=3`.
    pub fn open(name: &str, assignments: &[&str]) -> Study {
        Study::reading(&Arc::new(Library::new(None, folder())), name, assignments)
    }

    /// The same with data that is read once for many.
    pub fn reading(library: &Arc<Library>, name: &str, assignments: &[&str]) -> Study {
        let path = folder().join(name).with_extension("toml");
        let assignments: Vec<String> = assignments.iter().map(|&a| a.to_owned()).collect();
        let catalogues = Catalogues::default();
        let file = ScenarioFile::open(&path, &assignments, &catalogues);
        Study {
            file: file.unwrap_or_else(|e| panic!("{name} {assignments:?}: {e}")),
            library: library.clone(),
            catalogues,
        }
    }

    /// A scenario written out, under a name.
    pub fn written(name: &str, text: &str) -> Study {
        Study::with(Catalogues::default(), name, text)
    }

    /// The same with kinds of one's own.
    pub fn with(catalogues: Catalogues, name: &str, text: &str) -> Study {
        let file = ScenarioFile::parse(name, text, name, folder(), &[], &catalogues);
        Study {
            file: file.unwrap_or_else(|e| panic!("{name}: {e}")),
            library: Arc::new(Library::new(None, folder())),
            catalogues,
        }
    }

    /// The plan of a point.
    pub fn plan(&self, point: usize) -> Arc<Plan> {
        let point = &self.file.points[point];
        let plan = Plan::draw(&self.file, point, &self.library, &self.catalogues);
        Arc::new(plan.unwrap_or_else(|e| panic!("{}: {e}", self.file.name)))
    }

    /// The plans of all points.
    pub fn plans(&self) -> Vec<Arc<Plan>> {
        (0..self.file.points.len()).map(|p| self.plan(p)).collect()
    }

    /// The plan of the point whose rule has that label.
    pub fn rule(&self, label: &str) -> Arc<Plan> {
        let label = SettingValue::Text(label.to_owned());
        let is_it = |s: &byzsim::scenario::Setting| s.key == "rule" && s.value == label;
        let mut points = self.file.points.iter();
        let found = points.position(|p| p.settings.iter().any(is_it));
        self.plan(found.unwrap_or_else(|| panic!("{}: no rule {label}", self.file.name)))
    }
}

/// Runs a plan, without files.
pub fn run_on(plan: &Arc<Plan>, threads: usize) -> Summary {
    let options = RunOptions {
        threads,
        ..RunOptions::default()
    };
    run(plan.clone(), options).unwrap_or_else(|e| panic!("{}: {e}", plan.name))
}

/// Runs a plan on one thread and shows every iteration, models included, to `look`, which gathers
/// what it wants in `gathered`.
pub fn watch<T: Send + 'static>(
    plan: &Arc<Plan>,
    gathered: T,
    look: impl FnMut(&mut T, &Seen<'_>) + Send + 'static,
) -> (Summary, T) {
    let gathered = Arc::new(Mutex::new(gathered));
    let watcher = Watcher {
        gathered: gathered.clone(),
        look,
    };
    let options = RunOptions {
        threads: 1,
        observers: vec![Box::new(watcher)],
        ..RunOptions::default()
    };
    let summary = run(plan.clone(), options).unwrap_or_else(|e| panic!("{}: {e}", plan.name));
    let gathered = Arc::into_inner(gathered).expect("the run has dropped its observers");
    (
        summary,
        gathered.into_inner().expect("no observer panicked"),
    )
}

struct Watcher<T, F> {
    gathered: Arc<Mutex<T>>,
    look: F,
}

impl<T: Send, F: FnMut(&mut T, &Seen<'_>) + Send> Observer for Watcher<T, F> {
    fn wants_models(&self) -> bool {
        true
    }

    fn see(&mut self, seen: &Seen<'_>) {
        let mut gathered = self.gathered.lock().expect("the only one to look");
        (self.look)(&mut gathered, seen);
    }
}

/// The agents that are not Byzantine, in order.
pub fn normal(plan: &Plan) -> Vec<AgentId> {
    let ids = plan.graph.ids();
    ids.filter(|&k| !plan.is_byzantine(k)).collect()
}

/// Does `work` for every item, as many side by side as there are processors; in order.
pub fn side_by_side<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let body = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else {
                return done;
            };
            done.push((at, work(item)));
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let mut all = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(body)).collect();
        let joined = workers.into_iter().map(|w| w.join());
        let resumed = joined.map(|done| done.unwrap_or_else(|p| std::panic::resume_unwind(p)));
        resumed.flatten().collect::<Vec<_>>()
    });
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(_, done)| done).collect()
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
