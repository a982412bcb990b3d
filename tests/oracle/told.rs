//! What the program tells of a run, in the oracle's words: the one place that knows the names of
//! its fields.

use byzsim::actors::{RunOptions, run};
use byzsim::data::Library;
use byzsim::record::{Observer, RunError, Sample, Seen};
use byzsim::scenario::{Catalogues, Plan, ScenarioFile};
use byzsim::settings::WrongSettings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

/// A scenario, read and drawn.
pub enum Drawn {
    Plan(Arc<Plan>),
    /// It could never come to its end.
    Stall(String),
    /// Something of it begins after its end.
    Late(String),
}

/// What a run told.
pub struct Heard {
    /// By iteration: who combined in it.
    pub rounds: BTreeMap<u64, Vec<Sample>>,
    /// `summary.json`; nothing where the run stalled.
    pub summary: Option<serde_json::Value>,
    pub fingerprint: String,
    pub stall: Option<String>,
}

/// Reads and draws a text.
///
/// # Panics
/// If it is refused for another reason than that the run would stall or end too early.
pub fn draw(folder: &Path, text: &str) -> Drawn {
    let catalogues = Catalogues::default();
    let folder = folder.to_owned();
    let file = ScenarioFile::parse("test", text, "test", folder.clone(), &[], &catalogues);
    let file = file.unwrap_or_else(|error| panic!("{error}"));
    let library = Library::new(None, &folder);
    match Plan::draw(&file, &file.points[0], &library, &catalogues) {
        Ok(plan) => Drawn::Plan(Arc::new(plan)),
        Err(error) => {
            let told = |why: &str| refused_since(&error, why);
            let stall = told("the run would stall").map(Drawn::Stall);
            let late = || told("would never begin").or_else(|| told("no iteration is complete"));
            let late = || late().map(Drawn::Late);
            stall.or_else(late).unwrap_or_else(|| panic!("{error}"))
        }
    }
}

/// Runs a plan and keeps all that it tells.
///
/// # Panics
/// If it fails for another reason than a stall.
pub fn hear(plan: &Arc<Plan>, threads: usize, folder: Option<PathBuf>) -> Heard {
    let (watch, rounds) = channel();
    let options = RunOptions {
        threads,
        observers: vec![Box::new(Watch(watch))],
        folder,
        ..RunOptions::default()
    };
    let outcome = run(plan.clone(), options);
    let rounds = rounds.into_iter().collect();
    match outcome {
        Ok(summary) => Heard {
            rounds,
            fingerprint: summary.fingerprint().to_owned(),
            summary: Some(summary.json()),
            stall: None,
        },
        Err(error) => Heard {
            rounds,
            summary: None,
            fingerprint: String::new(),
            stall: Some(stalls(&error).unwrap_or_else(|| panic!("{error}"))),
        },
    }
}

struct Watch(Sender<(u64, Vec<Sample>)>);

impl Observer for Watch {
    fn wants_models(&self) -> bool {
        true
    }

    fn see(&mut self, seen: &Seen<'_>) {
        let round = (seen.round.iteration, seen.round.samples.clone());
        // The other end stays until the run is over.
        self.0.send(round).expect("a listener");
    }
}

/// What was wrong with a scenario, if this was.
fn refused_since(error: &WrongSettings, why: &str) -> Option<String> {
    let mut messages = error.mistakes.iter().map(|mistake| &mistake.message);
    messages.find(|message| message.contains(why)).cloned()
}

fn stalls(error: &RunError) -> Option<String> {
    matches!(error, RunError::Stalled(_)).then(|| error.to_string())
}

/// The greatest ages of others' models that took part: in iterations, and [µs].
pub fn oldest(sample: &Sample) -> Option<[u64; 2]> {
    sample.oldest.map(|age| [age.iterations, age.time.us()])
}
