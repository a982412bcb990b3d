//! The paper's numbers and its theory for target localization, from the shipped scenarios.

mod shipped;

use byzsim::record::Seen;
use byzsim::scenario::Plan;
use byzsim::settings::{Keys, Problems, Span};
use byzsim::task::{Localization, Objective, Sensor, TargetLocalization, TaskSeeds, World};
use byzsim::units::AgentId;
use shipped::{Study, mean, normal, side_by_side, watch};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

const NO_ATTACK: &str = "target-localization-no-attack";
const TWENTY: &str = "target-localization";
const NINETY_NINE: &str = "target-localization-99";

/// μ of the shipped scenarios.
const STEP_SIZE: f64 = 0.1;

// ---- The paper's numbers: five seeds, all four rules.

/// The five runs of a rule.
struct Runs {
    /// Loss over the last 300 iterations, mean over normal agents, per seed.
    steady: Vec<f64>,
    /// Loss per iteration, mean over normal agents and seeds.
    curve: Vec<f64>,
}

impl Runs {
    fn of(scenario: &str, rule: &str) -> Runs {
        let seeds: Vec<u64> = (1..=5).collect();
        let runs = side_by_side(&seeds, |seed| {
            let plan = Study::open(scenario, &[&format!("seed={seed}")]).rule(rule);
            assert_eq!((plan.iterations, plan.steady_from()), (500, 200));
            let look = |curve: &mut Vec<f64>, seen: &Seen<'_>| {
                curve.push(seen.all.expect("every iteration is recorded").loss.mean);
            };
            let (summary, curve) = watch(&plan, Vec::new(), look);
            let steady = summary.number(&["steady", "loss", "mean"]);
            (steady.expect("a steady loss"), curve)
        });
        let at = |i: usize| mean(&runs.iter().map(|(_, curve)| curve[i]).collect::<Vec<_>>());
        Runs {
            curve: (0..500).map(at).collect(),
            steady: runs.into_iter().map(|(steady, _)| steady).collect(),
        }
    }
}

struct Table(BTreeMap<&'static str, Runs>);

impl Table {
    fn of(scenario: &str) -> Table {
        let rules = ["alone", "average", "distance", "loss"];
        let table = Table(rules.map(|r| (r, Runs::of(scenario, r))).into());
        for rule in rules {
            let (runs, steady) = (&table.0[rule], table.steady(rule));
            let (first, later) = (runs.curve[0], runs.curve[50]);
            println!("{scenario} {rule}: steady {steady:.4}, at 0 {first:.1}, at 50 {later:.4}");
        }
        table
    }

    fn steady(&self, rule: &str) -> f64 {
        mean(&self.0[rule].steady)
    }

    fn at(&self, rule: &str, iteration: usize) -> f64 {
        self.0[rule].curve[iteration]
    }
}

static NO_ATTACK_TABLE: LazyLock<Table> = LazyLock::new(|| Table::of(NO_ATTACK));
static TWENTY_TABLE: LazyLock<Table> = LazyLock::new(|| Table::of(TWENTY));

fn tables() -> [&'static Table; 2] {
    [&NO_ATTACK_TABLE, &TWENTY_TABLE]
}

#[test]
fn the_filtered_rule_has_less_than_half_the_loss_of_no_cooperation() {
    for table in tables() {
        let ratio = table.steady("loss") / table.steady("alone");
        assert!(ratio <= 0.45, "{ratio}");
    }
}

#[test]
fn average_and_distance_find_no_target() {
    for table in tables() {
        for rule in ["average", "distance"] {
            let loss = table.steady(rule);
            assert!(loss > 15.0, "{rule}: {loss}");
        }
    }
}

#[test]
fn the_first_loss_is_about_400() {
    // θ* − θ₀ is (10, 10), (10, 20), (20, 10) or (20, 20), so its square is 500 in the mean, and
    // 0.81 of it are left after one adapt step. Targets and starts are moved by U[0, 1) per
    // coordinate, which changes the mean over five seeds by some 2 %.
    for table in tables() {
        let loss = table.at("alone", 0);
        assert!((380.0..=420.0).contains(&loss), "{loss}");
    }
}

#[test]
fn the_loss_at_iteration_50_is_the_papers() {
    let seeds: Vec<u64> = (1..=40).collect();
    for scenario in [NO_ATTACK, TWENTY] {
        for (rule, low, high) in [("alone", 0.14, 0.17), ("loss", 0.06, 0.08)] {
            let losses = side_by_side(&seeds, |seed| {
                let study = Study::open(scenario, &[&format!("seed={seed}"), "iterations=51"]);
                let summary = shipped::run_on(&study.rule(rule), 1);
                let last = summary.number(&["final", "loss", "mean"]);
                last.expect("a final loss")
            });
            let found = mean(&losses);
            let squares: Vec<f64> = losses.iter().map(|l| (l - found).powi(2)).collect();
            let error = (mean(&squares) / (losses.len() - 1) as f64).sqrt();
            println!("{scenario} {rule} at 50: {found:.4} ± {error:.4}");
            // One iteration is a small sample: seeds are up to 0.4 apart, even five of them miss
            // the band. Two standard errors of 40 seeds are allowed.
            let band = low - 2.0 * error..=high + 2.0 * error;
            assert!(band.contains(&found), "{scenario} {rule}: {found}");
        }
    }
}

// ---- One normal agent among 99.

#[test]
fn one_agent_among_99_attackers_ends_as_if_alone() {
    let seeds: Vec<u64> = (1..=10).collect();
    let tested = side_by_side(&seeds, |seed| {
        let study = Study::open(NINETY_NINE, &[&format!("seed={seed}")]);
        let [alone, filtered] = ["alone", "loss"].map(|rule| {
            let plan = study.rule(rule);
            let normal = normal(&plan);
            assert_eq!(normal.len(), 1);
            let agent = normal[0];
            let look = move |losses: &mut Vec<[f64; 2]>, seen: &Seen<'_>| {
                let sample = &seen.round.samples[agent.index()];
                losses.push([sample.loss, sample.adapted_loss]);
            };
            let noisy = localization(&plan).sensors[agent.index()].noisy;
            (agent, noisy, watch(&plan, Vec::new(), look).1)
        });
        assert_eq!(alone.0, filtered.0, "the same agent is normal");
        assert_eq!(alone.2[0][1], filtered.2[0][1], "paired runs share data");
        if alone.1 {
            return false;
        }
        for (i, (a, f)) in alone.2.iter().zip(&filtered.2).enumerate().skip(300) {
            let [a, f] = [a[0], f[0]];
            // θ forgets the attackers by the factor 1 − μ per iteration, until rounding to f32
            // makes both runs one, by iteration 210 in these seeds. A unit in the last place of θ,
            // 2·10⁻⁶, would move a loss of 0.05 by 2·10⁻⁵ of it.
            assert!(
                (f - a).abs() <= 1e-4 * a,
                "seed {seed}, iteration {i}: {f} {a}"
            );
        }
        true
    });
    let tested = tested.iter().filter(|&&t| t).count();
    println!("{tested} seeds tested");
    assert!(
        tested >= 5,
        "seeds with a normal agent that is not noisy: {tested}"
    );
}

// ---- Theory.

/// The task's own data for a plan's agents.
fn localization(plan: &Plan) -> Arc<Localization> {
    let mut problems = Problems::default();
    let keys = Keys::new("task", Span::default(), None, &mut problems);
    let (task, _, _) = keys.run(TargetLocalization::read);
    let seeds = TaskSeeds {
        topology: plan.seeds.topology,
        data: plan.seeds.data,
    };
    let world = task.world(&plan.graph, seeds);
    for k in plan.graph.ids() {
        let position = world.sensors[k.index()].position;
        assert_eq!(plan.world.position(k), Some(position), "the plan's world");
    }
    Arc::new(world)
}

/// E q, the point that adapt steps lead to, and σ² = tr Cov q.
///
/// With Δ = θ* − x, L = ‖Δ‖, u₀ = Δ/L, D = 1ᵀΔ, v ~ N(0, s²) the direction noise and
/// e ~ N(0, t²) the distance noise: u = u₀ + v·1, and d = uᵀΔ + e = L + v·D + e, so that
///
/// ```text
/// q = x + d·u = θ* + v·(L·1 + D·u₀) + v²·D·1 + e·u₀ + e·v·1
/// E q = θ* + s²·D·1
/// ```
///
/// The four random terms are uncorrelated, since odd moments of v and e are 0. With ‖1‖² = 2,
/// ‖u₀‖² = 1, 1ᵀu₀ = D/L and Var v² = 2s⁴, the trace of the covariance is
///
/// ```text
/// s²·(2L² + 2·L·D·(D/L) + D²) + 2s⁴·2D² + t² + t²s²·2
/// ```
fn measured_point(sensor: &Sensor) -> ([f64; 2], f64) {
    let way = [0, 1].map(|c| sensor.target[c] - sensor.position[c]);
    let length_squared = way[0] * way[0] + way[1] * way[1];
    let sum_squared = (way[0] + way[1]).powi(2);
    let s = sensor.direction_std.powi(2);
    let t = sensor.distance_std.powi(2);
    let expected = sensor.target.map(|c| c + s * (way[0] + way[1]));
    let variance = s * (2.0 * length_squared + 3.0 * sum_squared)
        + 4.0 * s * s * sum_squared
        + t * (1.0 + 2.0 * s);
    (expected, variance)
}

/// What theory speaks of, gathered during a run.
struct Theory {
    agents: Vec<Watched>,
    /// Per iteration: loss regret of ψ and of θ, means over normal agents.
    regrets: Vec<[f64; 2]>,
    /// Iterations in the sums of `steady`.
    steady_rounds: f64,
}

struct Watched {
    id: AgentId,
    objective: Box<dyn Objective>,
    /// θ of the iteration before.
    previous: Vec<f32>,
    expected: [f64; 2],
    variance: f64,
    /// Sum of ½‖θ − E q‖² over the steady state.
    steady: f64,
}

impl Theory {
    fn watch(plan: &Arc<Plan>) -> Theory {
        let world = localization(plan);
        let watched = |id: AgentId| {
            let (expected, variance) = measured_point(&world.sensors[id.index()]);
            Watched {
                id,
                objective: world.clone().objective(id),
                previous: world.initial(id),
                expected,
                variance,
                steady: 0.0,
            }
        };
        let theory = Theory {
            agents: normal(plan).into_iter().map(watched).collect(),
            regrets: Vec::new(),
            steady_rounds: 0.0,
        };
        watch(plan, theory, Theory::see).1
    }

    fn see(&mut self, seen: &Seen<'_>) {
        let iteration = seen.round.iteration;
        let steady = iteration >= seen.plan.steady_from();
        self.steady_rounds += f64::from(u8::from(steady));
        let mut regrets = [0.0; 2];
        for agent in &mut self.agents {
            let sample = &seen.round.samples[agent.id.index()];
            let model = sample.model.as_ref().expect("models were asked for");
            // ψ again, from θ of the iteration before and the measurement of this one.
            let mut adapted = std::mem::take(&mut agent.previous);
            let mut gradient = [0.0; 2];
            agent.objective.draw(iteration);
            agent.objective.gradient(&adapted, &mut gradient);
            let learner = seen.plan.learner(agent.id);
            let step_size = learner.step_size.at(iteration);
            let mut optimizer = learner.optimizer(adapted.len());
            optimizer.step(step_size, &mut adapted, &gradient);
            let loss = agent.objective.loss(&adapted);
            assert_eq!(loss, sample.adapted_loss, "this is the agent's ψ");
            let regret = |model: &[f32]| agent.objective.regret(model).expect("a known optimum");
            regrets[0] += regret(&adapted);
            regrets[1] += regret(model.values());
            assert_eq!(regret(model.values()), sample.regret);
            agent.previous = model.values().to_vec();
            if steady {
                let miss = [0, 1].map(|c| f64::from(model.values()[c]) - agent.expected[c]);
                agent.steady += 0.5 * (miss[0] * miss[0] + miss[1] * miss[1]);
            }
        }
        self.regrets
            .push(regrets.map(|r| r / self.agents.len() as f64));
    }

    /// Steady J-regret divided by μσ²/2, mean over agents.
    fn steady_ratio(&self) -> f64 {
        let ratio = |a: &Watched| a.steady / self.steady_rounds / (STEP_SIZE * a.variance / 2.0);
        mean(&self.agents.iter().map(ratio).collect::<Vec<_>>())
    }
}

/// A rule's runs with many seeds.
struct ManySeeds {
    scenario: &'static str,
    /// Per iteration: loss regret of ψ and of θ, means over normal agents and seeds.
    regrets: Vec<[f64; 2]>,
    /// Mean over agents and seeds.
    steady_ratio: f64,
}

impl ManySeeds {
    fn of(scenario: &'static str, rule: &str, seeds: u64) -> ManySeeds {
        let seeds: Vec<u64> = (1..=seeds).collect();
        let runs = side_by_side(&seeds, |seed| {
            Theory::watch(&Study::open(scenario, &[&format!("seed={seed}")]).rule(rule))
        });
        let part =
            |i: usize, p: usize| mean(&runs.iter().map(|r| r.regrets[i][p]).collect::<Vec<_>>());
        ManySeeds {
            scenario,
            regrets: (0..500).map(|i| [part(i, 0), part(i, 1)]).collect(),
            steady_ratio: mean(&runs.iter().map(Theory::steady_ratio).collect::<Vec<_>>()),
        }
    }

    /// Iterations from 100 on in which combining raised the mean regret: violations of (5).
    fn violations(&self) -> Vec<usize> {
        let later = self.regrets.iter().enumerate().skip(100);
        let worse = later.filter(|(_, [before, after])| after > before);
        worse.map(|(i, _)| i).collect()
    }
}

/// Runs of the filtered rule, which two promises are about.
static FILTERED: LazyLock<[ManySeeds; 2]> =
    LazyLock::new(|| [NO_ATTACK, TWENTY].map(|scenario| ManySeeds::of(scenario, "loss", 20)));

/// What a chain of independent steps of size μ toward points of variance σ² keeps: its covariance
/// is μ²/(1 − (1 − μ)²) = μ/(2 − μ) of theirs, so that ½‖θ − E q‖² is μσ²/2 · 1/(2 − μ) in the mean.
const ALONE: f64 = 1.0 / (2.0 - STEP_SIZE);

#[test]
fn the_steady_regret_alone_is_that_of_theory() {
    for scenario in [NO_ATTACK, TWENTY] {
        let ratio = ManySeeds::of(scenario, "alone", 20).steady_ratio;
        println!("{scenario} alone: {ratio:.4} of {ALONE:.4}");
        // 20 seeds, 80 agents and some 15 memories 2/μ in 300 iterations leave an error of about
        // 1 %: a squared deviation has a standard deviation of 1.4 times its mean, at most.
        assert!((ratio / ALONE - 1.0).abs() < 0.05, "{scenario}: {ratio}");
    }
}

#[test]
fn the_steady_regret_of_the_filtered_rule_is_below_that_of_theory_alone() {
    for runs in &*FILTERED {
        println!("{} filtered: {:.4}", runs.scenario, runs.steady_ratio);
        assert!(runs.steady_ratio <= ALONE, "{}", runs.scenario);
    }
}

#[test]
fn combining_by_the_filtered_rule_never_raises_the_mean_regret() {
    for runs in &*FILTERED {
        assert_eq!(runs.violations(), [0; 0], "{}", runs.scenario);
    }
}

/// The same check sees what hurts: averaging over targets undoes what each adapt step gained.
#[test]
fn combining_by_the_average_over_all_tasks_raises_the_mean_regret() {
    let average = ManySeeds::of(NO_ATTACK, "average", 5);
    assert_eq!(average.violations().len(), 400, "from iteration 100 to 499");
}
