//! The recorder's thread: takes iterations, writes tables, ends with the summary.

use super::failure::{Panic, RunError};
use super::latency::Latency;
use super::network;
use super::observer::{Observer, Seen};
use super::rounds::{RoundStats, Rounds};
use super::rows::{AgentRows, WeightRows};
use super::sample::{Sample, Traffic};
use super::stats::Spread;
use super::summary::{Findings, Summary, fingerprint, range};
use super::table::{Constant, TableError, Value};
use crate::scenario::{Plan, SettingValue};
use crate::units::SimTime;
use crossbeam_channel::{Receiver, Sender, bounded};
use serde_json::json;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Iterations that may wait for the recorder; whoever sends one more waits.
const WAITING_ROUNDS: usize = 2;

/// Below this, the weight of Byzantine neighbors counts as nothing.
const SHUT_OUT: f64 = 1e-6;

/// What the recorder is told.
pub enum Entry {
    /// An iteration is over.
    Round(Round),
    /// So is the run.
    Finished,
    /// The run ends early because it was told to.
    Interrupted,
    /// The run cannot go on.
    Failed(RunError),
}

/// An iteration that is over.
pub struct Round {
    /// Its number, from 0.
    pub iteration: u64,
    /// Whether it is the run's last.
    pub last: bool,
    /// When it began.
    pub start: SimTime,
    /// When the slowest agent had combined.
    pub end: SimTime,
    /// Wall-clock time that it took.
    pub wall: Duration,
    /// What every agent told, attackers too, in their order.
    pub samples: Vec<Sample>,
}

/// Where results go.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// Folder of the run's files; without one, only the summary is made.
    pub folder: Option<PathBuf>,
    /// Threads that the run has, for the summary.
    pub threads: usize,
}

/// The recorder of one run.
pub struct Recorder {
    plan: Arc<Plan>,
    output: Output,
    observers: Vec<Box<dyn Observer>>,
    begun: Instant,
    rounds: Rounds,
    agents: AgentRows,
    weights: WeightRows,
    latency: Latency,
    last: Option<RoundStats>,
    fingerprints: Vec<u64>,
    iterations: u64,
    now: SimTime,
    traffic: Traffic,
    steady: Steady,
    shut_out: ShutOut,
    spent: (Sender<Vec<Sample>>, Receiver<Vec<Sample>>),
}

/// Means over the steady state.
struct Steady {
    from: u64,
    rounds: u64,
    losses: Vec<f64>,
    /// Byzantine weight, accepted share and rejected share: sums and counts of where they exist.
    filter: [(f64, u64); 3],
}

/// Since when Byzantine neighbors have had no weight.
#[derive(Default)]
struct ShutOut {
    first_attack: Option<u64>,
    last_weight: Option<u64>,
}

impl Recorder {
    /// Opens the tables. With a folder, it is made, and the network's files are written.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn open(
        plan: Arc<Plan>,
        output: Output,
        observers: Vec<Box<dyn Observer>>,
    ) -> Result<Recorder, RunError> {
        let constants = constants(&plan);
        let folder = output.folder.as_deref();
        if let Some(folder) = folder {
            let network = folder.join("network");
            std::fs::create_dir_all(&network).map_err(|error| RunError::Write {
                path: network,
                error,
            })?;
            network::write(&plan, folder, &constants)?;
        }
        Ok(Recorder {
            rounds: Rounds::new(&plan, folder, &constants)?,
            agents: AgentRows::new(&plan, folder, &constants)?,
            weights: WeightRows::new(&plan, folder, &constants)?,
            latency: Latency::new(&plan, folder, &constants)?,
            begun: Instant::now(),
            last: None,
            fingerprints: Vec::new(),
            iterations: 0,
            now: SimTime::ZERO,
            traffic: Traffic::default(),
            steady: Steady {
                from: plan.steady_from(),
                rounds: 0,
                losses: vec![0.0; plan.graph.agents()],
                filter: Default::default(),
            },
            shut_out: ShutOut::default(),
            spent: bounded(WAITING_ROUNDS),
            plan,
            output,
            observers,
        })
    }

    /// The channel that leads to a recorder.
    pub fn channel() -> (Sender<Entry>, Receiver<Entry>) {
        bounded(WAITING_ROUNDS)
    }

    /// Where the samples go that the recorder is done with.
    pub fn spent(&self) -> Receiver<Vec<Sample>> {
        self.spent.1.clone()
    }

    /// Takes entries until the run is over, then writes what is left.
    ///
    /// # Errors
    /// Why the run failed, or that results cannot be written.
    pub fn run(mut self, entries: &Receiver<Entry>) -> Result<Summary, RunError> {
        let end = loop {
            match entries.recv() {
                Ok(Entry::Round(round)) => {
                    if let Err(error) = self.record(round) {
                        break Err(error);
                    }
                }
                Ok(Entry::Finished) => break Ok("done"),
                Ok(Entry::Interrupted) => {
                    break Err(RunError::Interrupted {
                        iterations: self.iterations,
                    });
                }
                Ok(Entry::Failed(error)) => break Err(error),
                // All senders are gone without a word: the actors were dropped under way.
                Err(_) => {
                    break Err(RunError::Interrupted {
                        iterations: self.iterations,
                    });
                }
            }
        };
        match end {
            Ok(status) => {
                if !self.traffic.is_conserved() {
                    let error = RunError::Accounting(format!("{:?}", self.traffic));
                    let _ = self.close("failed");
                    return Err(error);
                }
                self.close(status)
            }
            Err(error) => {
                let interrupted = matches!(error, RunError::Interrupted { .. });
                // What was recorded is saved if it can be; the first error is the one to tell.
                let _ = self.close(if interrupted { "interrupted" } else { "failed" });
                Err(error)
            }
        }
    }

    fn record(&mut self, round: Round) -> Result<(), RunError> {
        let plan = self.plan.clone();
        self.iterations = round.iteration + 1;
        self.now = round.end;
        for sample in &round.samples {
            self.traffic += sample.traffic;
        }
        self.latency.record(&round)?;
        self.weights.record(&plan, &round)?;
        let mut stats = None;
        if plan.is_recorded(round.iteration, round.last) {
            self.agents.record(&plan, &round)?;
            let fresh = self.rounds.record(&plan, &round)?;
            self.steady.add(&round, &fresh);
            self.shut_out.add(&round, &fresh);
            stats = Some(fresh);
        }
        self.observe(&round, stats.as_ref())?;
        self.fingerprints.clear();
        let normal = round.samples.iter().filter(|s| !plan.is_byzantine(s.agent));
        self.fingerprints.extend(normal.map(|s| s.fingerprint));
        if stats.is_some() {
            self.last = stats;
        }
        // Where nobody takes it back, it is dropped.
        let _ = self.spent.0.try_send(round.samples);
        Ok(())
    }

    fn observe(&mut self, round: &Round, stats: Option<&RoundStats>) -> Result<(), RunError> {
        let seen = Seen {
            plan: &self.plan,
            round,
            all: stats.map(|s| &s.all),
        };
        let observers = &mut self.observers;
        let look = || {
            observers
                .iter_mut()
                .for_each(|observer| observer.see(&seen))
        };
        catch_unwind(AssertUnwindSafe(look)).map_err(|payload| {
            RunError::Panic(Panic {
                who: "the recorder".to_owned(),
                iteration: round.iteration,
                at: round.start,
                message: Panic::message(&*payload),
            })
        })
    }

    fn close(mut self, status: &str) -> Result<Summary, RunError> {
        self.rounds.finish()?;
        self.agents.finish()?;
        self.weights.finish()?;
        self.latency.finish()?;
        let plan = &*self.plan;
        let summary = Summary::new(&Findings {
            plan,
            status,
            threads: self.output.threads,
            iterations: self.iterations,
            fingerprint: fingerprint(self.fingerprints.iter().copied()),
            last: self.last.as_ref(),
            steady: self.steady.json(plan),
            filter: self.steady.filter_json(&self.shut_out),
            traffic: self.traffic,
            simulated_ms: self.now.ms(),
            latency: self.latency.summary(),
            wall_s: self.begun.elapsed().as_secs_f64(),
        });
        if let Some(folder) = &self.output.folder {
            let path = folder.join("summary.json");
            let text = format!("{:#}\n", summary.json());
            write_whole(&path, text.as_bytes()).map_err(|error| RunError::Write { path, error })?;
        }
        Ok(summary)
    }
}

/// Writes a file that appears whole or not at all.
pub(crate) fn write_whole(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(std::path::Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    // A temporary file is its owner's alone; a result is everybody's, as the umask has it.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let readable = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(readable)?;
    }
    file.persist(path)?;
    Ok(())
}

impl From<TableError> for RunError {
    fn from(error: TableError) -> RunError {
        match error {
            TableError::Io { path, source, .. } => RunError::Write {
                path,
                error: source,
            },
            TableError::Parquet { path, source, .. } => RunError::Write {
                path,
                error: std::io::Error::other(source),
            },
            TableError::SameName { path, column } => RunError::Write {
                path,
                error: std::io::Error::other(format!("it would have two columns `{column}`")),
            },
        }
    }
}

/// The columns that every table of a run carries.
fn constants(plan: &Plan) -> Vec<Constant> {
    let id = Value::Text(plan.id.to_string());
    let point = Constant::new("point", id, "", "the run's id");
    let settings = plan.settings.iter().map(|setting| {
        let value = match &setting.value {
            SettingValue::Integer(i) => Value::Integer(*i),
            SettingValue::Number(x) => Value::Number(*x),
            SettingValue::Flag(b) => Value::Flag(*b),
            SettingValue::Text(s) => Value::Text(s.clone()),
        };
        Constant::new(setting.key.clone(), value, "", "swept setting")
    });
    std::iter::once(point).chain(settings).collect()
}

impl Steady {
    fn add(&mut self, round: &Round, stats: &RoundStats) {
        if round.iteration < self.from {
            return;
        }
        self.rounds += 1;
        for (sum, sample) in self.losses.iter_mut().zip(&round.samples) {
            *sum += sample.loss;
        }
        let all = &stats.all;
        let values = [
            all.byzantine_weight,
            all.byzantine_accepted,
            all.honest_same_group_rejected,
        ];
        for ((sum, count), value) in self.filter.iter_mut().zip(values) {
            if !value.is_nan() {
                *sum += value;
                *count += 1;
            }
        }
    }

    /// Mean per agent over the steady state, then mean and range over normal agents.
    fn json(&self, plan: &Plan) -> serde_json::Value {
        let mut scratch = Vec::new();
        let mut over = |group: Option<u32>| {
            let member = |&k: &crate::units::AgentId| {
                !plan.is_byzantine(k) && group.is_none_or(|g| plan.world.group(k) == g)
            };
            let mean = |k: crate::units::AgentId| self.losses[k.index()] / self.rounds as f64;
            let means: Vec<f64> = plan.graph.ids().filter(member).map(mean).collect();
            range(&Spread::of(&means, &mut scratch))
        };
        let mut groups: Vec<u32> = plan
            .graph
            .ids()
            .filter(|&k| !plan.is_byzantine(k))
            .map(|k| plan.world.group(k))
            .collect();
        groups.sort_unstable();
        groups.dedup();
        let of_group = |g: u32, loss| (g.to_string(), json!({"loss": loss}));
        let groups: serde_json::Map<_, _> = groups
            .into_iter()
            .map(|g| of_group(g, over(Some(g))))
            .collect();
        json!({"from_iteration": self.from, "loss": over(None), "groups": groups})
    }

    fn filter_json(&self, shut_out: &ShutOut) -> serde_json::Value {
        let [weight, accepted, rejected] = self
            .filter
            .map(|(sum, count)| (count > 0).then(|| sum / count as f64));
        json!({
            "byzantine_weight": weight,
            "byzantine_accepted": accepted,
            "honest_same_group_rejected": rejected,
            "shut_out_iteration": shut_out.iteration(),
        })
    }
}

impl ShutOut {
    fn add(&mut self, round: &Round, stats: &RoundStats) {
        if self.first_attack.is_none() && round.samples.iter().any(|s| s.attacking) {
            self.first_attack = Some(round.iteration);
        }
        // A rule without weights (NaN) shuts nobody out.
        let nothing = stats.all.byzantine_weight < SHUT_OUT;
        if !nothing {
            self.last_weight = Some(round.iteration);
        }
        if round.last && !nothing {
            self.first_attack = None;
        }
    }

    /// Counted from the first active iteration: the first from which the weight stays at nothing.
    fn iteration(&self) -> Option<u64> {
        let first_attack = self.first_attack?;
        let first_without = self.last_weight.map_or(0, |last| last + 1);
        Some(first_without.saturating_sub(first_attack))
    }
}
