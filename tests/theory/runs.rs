//! Runs on streams of which all is known, and how far they are from what theory says of them.

use crate::inverted::Inverted;
use crate::shipped::{Study, mean, normal, side_by_side, watch};
use byzsim::record::Seen;
use byzsim::scenario::{Catalogues, Plan};
use byzsim::settings::{Keys, Problems, Sources, Span, Table, kind};
use byzsim::task::{LinearRegression, Objective, TaskSeeds};
use byzsim::units::AgentId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Seeds of each setting.
pub const SEEDS: u64 = 10;

pub const ITERATIONS: u64 = 400;

/// From here on the start is forgotten: a first regret of about 20, times (1 − μm)^(2·200), is less
/// than a thousandth of the limit.
pub const STEADY_FROM: u64 = 200;

/// All agents are neighbors of each other: four groups of five.
pub const AGENTS: usize = 20;

/// What attackers of `CONSTANT` send in every dimension.
pub const SENT: f32 = 2.5;

pub const NO_ATTACK: &str = "";
/// Within reach: no farther from most optima than the agents' initial models.
pub const CONSTANT: &str = "[[attack]]\nagents = { random = 8 }\nkind = 'constant'\nvalue = 2.5";
pub const FLIPPED: &str = "[[attack]]\nagents = { random = 8 }\nkind = 'sign-flip'";
/// Close to the optima: models that would be good, but for noise.
pub const CLOSE: &str = "[[attack]]\nagents = { random = 8 }\nkind = 'add-noise'\nstd = 0.1";
pub const ALL_BUT_ONE: &str =
    "[[attack]]\nagents = { random = 19 }\nkind = 'constant'\nvalue = 2.5";

/// A stream of data and the step size on it.
pub struct Stream {
    task: &'static str,
    batch: f64,
    /// Least and greatest eigenvalue of Σ, and tr Σ.
    eigenvalues: [f64; 2],
    trace: f64,
    step_size: f64,
}

/// Σ = I, and every agent has the same noise.
pub static ROUND: Stream = Stream {
    task: "dimension = 10\nbatch = 10\nnoise = 0.5\ndistance = 2.0",
    batch: 10.0,
    eigenvalues: [1.0, 1.0],
    trace: 10.0,
    step_size: 0.02,
};

/// Σ = (1 − ρ)I + ρ11ᵀ with ρ = 0.08, whose eigenvalues are 1 − ρ and 1 + 3ρ; agents differ in
/// noise.
pub static LONG: Stream = Stream {
    task: "dimension = 4\nbatch = 5\nnoise = { low = 0.3, high = 0.6 }\ndistance = 2.0\n\
           covariance = [[1, 0.08, 0.08, 0.08], [0.08, 1, 0.08, 0.08], [0.08, 0.08, 1, 0.08], \
           [0.08, 0.08, 0.08, 1]]",
    batch: 5.0,
    eigenvalues: [0.92, 1.24],
    trace: 4.0,
    step_size: 0.02,
};

impl Stream {
    /// Theorem 1's bound on the limit regret of an agent with output noise σ_v, `μLσ²/(2m)`, for
    /// which `μ ≤ 1/(Lc)`.
    ///
    /// With e = w − θ* the risk is eᵀΣe + σ_v², so ∇r = 2Σe, m = 2λ_min and L = 2λ_max. One
    /// sample's gradient is g = 2x(xᵀe − v), and by Isserlis' theorem
    ///
    /// ```text
    /// E‖g‖² = 4 E[‖x‖²(xᵀe)²] + 4σ_v² E‖x‖² = 4 trΣ·eᵀΣe + 8 eᵀΣ²e + 4σ_v² trΣ
    /// ```
    ///
    /// where 8eᵀΣ²e = 2‖∇r‖², and eᵀΣe ≤ eᵀΣ²e/λ_min = ‖∇r‖²/(4λ_min). The mean of B independent
    /// ones has E‖ḡ‖² = ‖∇r‖² + (E‖g‖² − ‖∇r‖²)/B, so that E‖∇ℓ‖² ≤ σ² + c‖∇r‖² holds with
    ///
    /// ```text
    /// σ² = 4σ_v² trΣ/B,   c = 1 + (1 + trΣ/λ_min)/B
    /// ```
    fn bound(&self, noise: f64) -> f64 {
        let [m, l] = self.eigenvalues.map(|eigenvalue| 2.0 * eigenvalue);
        let c = 1.0 + (1.0 + self.trace / self.eigenvalues[0]) / self.batch;
        assert!(self.step_size <= 1.0 / (l * c), "theorem 1 speaks of it");
        let variance = 4.0 * noise * noise * self.trace / self.batch;
        self.step_size * l * variance / (2.0 * m)
    }

    fn plan(&self, rule: &str, attack: &str, seed: u64) -> Arc<Plan> {
        let text = format!(
            "seed = {seed}\niterations = {ITERATIONS}\n[task]\nkind = 'linear-regression'\n{}\n\
             [topology]\nkind = 'complete'\nagents = {AGENTS}\n[learner]\nstep_size = {}\n\
             [rule]\n{rule}\n{attack}\n[record]\nweights = 'none'",
            self.task, self.step_size
        );
        let mut catalogues = Catalogues::default();
        catalogues.rules.add(kind!(Inverted));
        Study::with(catalogues, "theory", &text).plan(0)
    }

    /// σ_v of every agent.
    fn noise(&self, plan: &Plan) -> Vec<f64> {
        let mut sources = Sources::default();
        let mut problems = Problems::default();
        let source = sources.add("task", self.task);
        let table = Table::parse(&sources, source, &mut problems);
        let keys = Keys::new("task", Span::default(), Some(&table), &mut problems);
        let (task, _, _) = keys.run(LinearRegression::read);
        assert!(problems.is_empty(), "{problems:?}");
        let seeds = TaskSeeds {
            topology: plan.seeds.topology,
            data: plan.seeds.data,
        };
        task.world(&plan.graph, seeds).noise.clone()
    }
}

/// What theory speaks of, gathered during a run.
struct Watched {
    /// Every agent, attackers too: they keep the state of honest ones.
    agents: Vec<Agent>,
    /// Whether what attackers send is known, [`SENT`].
    is_known: bool,
    curves: Vec<Regrets>,
}

/// Regrets in an iteration, means over the normal agents.
#[derive(Default)]
struct Regrets {
    /// r_k(ψ_k) − r*.
    adapted: f64,
    /// r_k(θ_k) − r*.
    combined: f64,
    /// Mean over N_k of r_k(ψ_l) − r*, of whatever l sends; where that is known.
    received: f64,
}

struct Agent {
    id: AgentId,
    is_normal: bool,
    objective: Box<dyn Objective>,
    /// θ of the iteration before, then ψ.
    model: Vec<f32>,
    /// Mean of r_k(θ_k) − r* over the steady state.
    limit: f64,
    bound: f64,
}

impl Agent {
    fn regret(&self, model: &[f32]) -> f64 {
        self.objective.regret(model).expect("a known optimum")
    }

    /// Makes ψ from θ of the iteration before and the batch of this one.
    fn adapt(&mut self, seen: &Seen<'_>) {
        let iteration = seen.round.iteration;
        let mut gradient = vec![0.0; self.model.len()];
        self.objective.draw(iteration);
        self.objective.gradient(&self.model, &mut gradient);
        let step_size = seen.plan.learner(self.id).step_size.at(iteration);
        for (parameter, slope) in self.model.iter_mut().zip(gradient) {
            *parameter = (f64::from(*parameter) - step_size * slope) as f32;
        }
        let told = seen.round.samples[self.id.index()].adapted_loss;
        assert_eq!(self.objective.loss(&self.model), told, "the agent's own ψ");
    }
}

impl Watched {
    fn run(stream: &Stream, rule: &str, attack: &str, seed: u64) -> Run {
        let plan = stream.plan(rule, attack, seed);
        let noise = stream.noise(&plan);
        let normal = normal(&plan);
        let agent = |id: AgentId| Agent {
            id,
            is_normal: normal.contains(&id),
            objective: plan.world.clone().objective(id),
            model: plan.world.initial(id),
            limit: 0.0,
            bound: stream.bound(noise[id.index()]),
        };
        let watched = Watched {
            agents: plan.graph.ids().map(agent).collect(),
            is_known: [NO_ATTACK, CONSTANT, ALL_BUT_ONE].contains(&attack),
            curves: Vec::new(),
        };
        let watched = watch(&plan, watched, Watched::see).1;
        Run {
            limits: watched.normal().map(|a| (a.id, a.limit, a.bound)).collect(),
            is_known: watched.is_known,
            curves: watched.curves,
        }
    }

    fn normal(&self) -> impl Iterator<Item = &Agent> {
        self.agents.iter().filter(|agent| agent.is_normal)
    }

    fn see(&mut self, seen: &Seen<'_>) {
        self.agents.iter_mut().for_each(|agent| agent.adapt(seen));
        let samples = &seen.round.samples;
        let mut regrets = Regrets::default();
        let share = 1.0 / self.normal().count() as f64;
        for agent in self.normal() {
            regrets.adapted += share * agent.regret(&agent.model);
            regrets.combined += share * samples[agent.id.index()].regret;
            if self.is_known {
                let sent = vec![SENT; agent.model.len()];
                let received = self.agents.iter().map(|neighbor| match neighbor.is_normal {
                    true => agent.regret(&neighbor.model),
                    false => agent.regret(&sent),
                });
                regrets.received += share * received.sum::<f64>() / AGENTS as f64;
            }
        }
        self.curves.push(regrets);
        for agent in &mut self.agents {
            let sample = &samples[agent.id.index()];
            let model = sample.model.as_ref().expect("models were asked for");
            agent.model = model.values().to_vec();
            if seen.round.iteration >= STEADY_FROM {
                agent.limit += sample.regret / (ITERATIONS - STEADY_FROM) as f64;
            }
        }
    }
}

/// What came of a run.
pub struct Run {
    /// Each normal agent with its limit regret, and theorem 1's bound.
    pub limits: Vec<(AgentId, f64, f64)>,
    is_known: bool,
    curves: Vec<Regrets>,
}

/// A setting's runs, one per seed.
pub struct Runs(pub Vec<Run>);

impl Runs {
    pub fn of(stream: &Stream, rule: &str, attack: &str) -> Runs {
        let seeds: Vec<u64> = (1..=SEEDS).collect();
        let run = |&seed: &u64| Watched::run(stream, rule, attack, seed);
        Runs(side_by_side(&seeds, run))
    }

    /// Limit regret over theorem 1's bound: by agent, one for each seed in which it is normal.
    fn shares(&self) -> BTreeMap<AgentId, Vec<f64>> {
        let mut shares: BTreeMap<AgentId, Vec<f64>> = BTreeMap::new();
        for &(agent, limit, bound) in self.0.iter().flat_map(|run| &run.limits) {
            shares.entry(agent).or_default().push(limit / bound);
        }
        shares
    }

    /// The same, mean over agents and seeds.
    pub fn share(&self) -> f64 {
        mean(&self.shares().into_values().flatten().collect::<Vec<_>>())
    }

    /// Agents whose limit regret exceeds theorem 1's bound in the mean over their seeds.
    pub fn above_the_bound(&self) -> Vec<AgentId> {
        let shares = self.shares().into_iter();
        let above = shares.filter(|(_, shares)| mean(shares) > 1.0);
        above.map(|(agent, _)| agent).collect()
    }

    /// Iterations in which θ does worse than `other`, in the mean over agents and seeds, by more
    /// than so many standard errors of the difference over the seeds.
    fn worse_than(&self, errors: f64, other: impl Fn(&Regrets) -> f64) -> Vec<usize> {
        let is_worse = |&i: &usize| {
            let excess = |run: &Run| run.curves[i].combined - other(&run.curves[i]);
            let all: Vec<f64> = self.0.iter().map(excess).collect();
            let middle = mean(&all);
            let squares: Vec<f64> = all.iter().map(|x| (x - middle).powi(2)).collect();
            middle > errors * (mean(&squares) / (all.len() - 1) as f64).sqrt()
        };
        (0..ITERATIONS as usize).filter(is_worse).collect()
    }

    /// Iterations that contradict (5), E[r_k(θ_k)] ≤ E[r_k(ψ_k)].
    ///
    /// In the steady state few neighbors are accepted and both sides are nearly equal, so that ten
    /// seeds may err on the wrong side: a difference counts from four standard errors on, which
    /// Student's t with nine degrees of freedom exceeds with probability 0.0016.
    pub fn against_5(&self) -> Vec<usize> {
        self.worse_than(4.0, |regrets| regrets.adapted)
    }

    /// Iterations that contradict lemma 1, E[r_k(θ_k)] ≤ mean over N_k of E[r_k(ψ_l)]. The sides
    /// are far apart: nothing is left to chance.
    pub fn against_lemma_1(&self) -> Vec<usize> {
        assert!(self.0.iter().all(|run| run.is_known));
        self.worse_than(0.0, |regrets| regrets.received)
    }

    /// How much regret combining saves, mean over the steady state, agents and seeds.
    pub fn saved(&self) -> f64 {
        let steady = |run: &Run| {
            let late = run.curves[STEADY_FROM as usize..].iter();
            mean(&late.map(|r| r.adapted - r.combined).collect::<Vec<_>>())
        };
        mean(&self.0.iter().map(steady).collect::<Vec<_>>())
    }
}
