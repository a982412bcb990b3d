//! One point's document, read strictly.

use super::Catalogues;
use super::sweep::Expanded;
use crate::attack::{Active, Attack, Timing};
use crate::learner::Learner;
use crate::rule::Rule;
use crate::settings::{
    Catalogue, Choice, Chosen, Keys, Node, Problems, Selection, Setting, SourceId, Sources, Span,
    Table, Tolerances, Value,
};
use crate::task::Task;
use crate::topology::Topology;
use crate::units::SimTime;
use std::sync::Arc;

/// What is to be run, checked as far as the text allows.
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// Its seeds.
    pub seeds: Seeds,
    /// How long it runs.
    pub length: Length,
    /// Simulated time at which it ends, if it has not ended before.
    pub until: Option<SimTime>,
    /// What agents learn.
    pub task: Box<dyn Task>,
    /// Who is whose neighbor.
    pub topology: Box<dyn Topology>,
    /// Named groups of agents.
    pub sets: Vec<(String, Selection)>,
    /// How agents adapt.
    pub learner: Learner,
    /// How chosen agents adapt; later ones go before earlier ones.
    pub learner_overrides: Vec<(Selection, Learner)>,
    /// How agents combine.
    pub rule: RuleChoice,
    /// How chosen agents combine; later ones go before earlier ones.
    pub rule_overrides: Vec<(Selection, RuleChoice)>,
    /// Who is Byzantine, and how.
    pub attacks: Vec<AttackSettings>,
    /// Time that an iteration's adapt steps take.
    pub compute: SimTime,
    /// What is recorded.
    pub record: Record,
    /// The settings with all defaults.
    pub resolved: toml::Table,
}

/// A rule and what it is called.
#[derive(Clone, Debug)]
pub struct RuleChoice {
    /// The rule.
    pub rule: Arc<dyn Rule>,
    /// Its `kind`.
    pub kind: String,
}

/// Seeds by purpose; all are the scenario's `seed` unless `[seeds]` says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// The network, sets and selections.
    pub topology: u64,
    /// Everything about data and initial parameters.
    pub data: u64,
    /// Who is Byzantine and what attackers draw.
    pub attackers: u64,
    /// What links do.
    pub links: u64,
}

/// How long a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// That many iterations.
    Iterations(u64),
    /// That many epochs of the task.
    Epochs(u64),
}

/// One `[[attack]]`.
pub struct AttackSettings {
    /// Its name, for sweeps and results.
    pub name: Option<String>,
    /// Its `kind`.
    pub kind: String,
    /// Who is Byzantine.
    pub agents: Selection,
    /// Who gets what is forged.
    pub victims: Option<Selection>,
    /// What is forged.
    pub attack: Box<dyn Attack>,
    /// How its timing differs from an honest agent's.
    pub timing: Timing,
    /// When it is on.
    pub active: Active,
    /// Whether each victim gets a payload of its own.
    pub per_victim: bool,
}

/// What is recorded.
#[derive(Clone, Debug)]
pub struct Record {
    /// Every so many iterations.
    pub every_iterations: u64,
    /// Whose rows.
    pub agents: RecordAgents,
    /// Of which iterations models in combinations are kept.
    pub weights: RecordWeights,
    /// Evaluation on test sets every so many epochs.
    pub evaluate_every_epochs: u64,
    /// First iteration of the steady state.
    pub steady_from: Option<u64>,
    /// Whether mailbox and handler times are measured.
    pub wall: bool,
    /// Iterations per interval of the latency table.
    pub latency_every_iterations: u64,
}

/// Whose rows are recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum RecordAgents {
    /// Every normal agent's.
    #[default]
    All,
    /// Aggregates only.
    None,
    /// Those of the normal agents among these.
    Chosen(Selection),
}

impl Setting for RecordAgents {
    fn takes() -> String {
        format!("\"all\", \"none\", or {}", Selection::takes())
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::String(text) if text == "all" => Some(RecordAgents::All),
            Value::String(text) if text == "none" => Some(RecordAgents::None),
            _ => Selection::read(node, name, problems).map(RecordAgents::Chosen),
        }
    }
    fn to_toml(&self) -> toml::Value {
        match self {
            RecordAgents::All => "all".into(),
            RecordAgents::None => "none".into(),
            RecordAgents::Chosen(selection) => selection.to_toml(),
        }
    }
}

/// Of which iterations models in combinations are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum RecordWeights {
    /// The last one.
    #[default]
    Last,
    /// None.
    None,
    /// Every so many, the first being 0.
    Every(u64),
}

impl Setting for RecordWeights {
    fn takes() -> String {
        "\"last\", \"all\", \"none\" or { every = n }".into()
    }
    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Self> {
        match &node.value {
            Value::String(text) if text == "last" => return Some(RecordWeights::Last),
            Value::String(text) if text == "all" => return Some(RecordWeights::Every(1)),
            Value::String(text) if text == "none" => return Some(RecordWeights::None),
            Value::Table(table) => {
                let before = problems.len();
                let keys = Keys::new(name, node.span, Some(table), problems);
                let (every, _, _) = keys.run(|keys| {
                    keys.key("every", "Distance in iterations")
                        .at_least(1.0)
                        .required()
                });
                return (problems.len() == before).then_some(RecordWeights::Every(every));
            }
            _ => {}
        }
        let help = format!("write {}", Self::takes());
        problems.add(node.span, format!("`{name}` cannot be this"), help);
        None
    }
    fn to_toml(&self) -> toml::Value {
        match *self {
            RecordWeights::Last => "last".into(),
            RecordWeights::None => "none".into(),
            RecordWeights::Every(1) => "all".into(),
            RecordWeights::Every(n) => {
                toml::Table::from_iter([("every".to_owned(), n.to_toml())]).into()
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Mode {
    #[default]
    Synchronous,
    Deadline,
    Asynchronous,
}

impl Choice for Mode {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("synchronous", Self::Synchronous),
        ("deadline", Self::Deadline),
        ("asynchronous", Self::Asynchronous),
    ];
}

/// Where keys pass that a point's own kind does not have: the kind is swept, or the whole table
/// is swept and the key comes from `--set`.
pub(super) fn tolerances(expanded: &Expanded, catalogues: &Catalogues) -> Tolerances {
    let mut tolerances = Tolerances::new();
    let mut tolerate = |path: String,
                        kinds_of: &dyn Fn(&Table) -> Option<&Table>,
                        part: &dyn Fn(&[String]) -> Vec<String>| {
        let inside = format!("{path}.");
        if !expanded.paths.iter().any(|p| p.starts_with(&inside)) {
            return;
        }
        let kind_of = |document| kinds_of(document).and_then(Catalogue::<()>::kind_of);
        let mut kinds: Vec<String> = expanded
            .points
            .iter()
            .filter_map(|(_, d)| kind_of(d))
            .map(str::to_owned)
            .collect();
        kinds.sort();
        kinds.dedup();
        tolerances.insert(path, part(&kinds));
    };
    fn section<'t>(document: &'t Table, name: &str) -> Option<&'t Table> {
        match &document.get(name)?.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }
    tolerate("rule".into(), &|d| section(d, "rule"), &|k| {
        catalogues.rules.declare(k)
    });
    tolerate("task".into(), &|d| section(d, "task"), &|k| {
        catalogues.tasks.declare(k)
    });
    tolerate("topology".into(), &|d| section(d, "topology"), &|k| {
        catalogues.topologies.declare(k)
    });
    tolerances
}

/// Reads one point. `None` where not even the task could be read.
pub(super) fn scenario(
    document: &Table,
    source: SourceId,
    name: &str,
    tolerances: &Tolerances,
    catalogues: &Catalogues,
    problems: &mut Problems,
) -> Option<Scenario> {
    let top = Span {
        source,
        start: 0,
        end: 0,
    };
    let (task, task_resolved) = task(document, top, tolerances, catalogues, problems);
    let defaults = parse_defaults(task.as_deref());
    let case = document
        .get("task")
        .and_then(|node| match &node.value {
            Value::Table(table) => Catalogue::<dyn Task>::kind_of(table),
            _ => None,
        })
        .unwrap_or_default();
    let keys = Keys::new("", top, Some(document), problems)
        .with_fallback(Some(&defaults), case)
        .tolerating(tolerances);
    let (scenario, _, resolved) =
        keys.run(|keys| whole(keys, task, task_resolved, name, catalogues));
    scenario.map(|scenario| Scenario {
        resolved,
        ..scenario
    })
}

/// A task's own settings for the keys that a scenario leaves out.
pub(crate) fn parse_defaults(task: Option<&dyn Task>) -> Table {
    let mut sources = Sources::default();
    let source = sources.add("defaults", task.map_or("", |t| t.defaults()));
    Table::parse(&sources, source, &mut Problems::default())
}

fn task(
    document: &Table,
    top: Span,
    tolerances: &Tolerances,
    catalogues: &Catalogues,
    problems: &mut Problems,
) -> (Option<Box<dyn Task>>, toml::Table) {
    let names = catalogues.tasks.names().join("\", \"");
    let help = format!("write [task] and kind = \"…\" under it, one of \"{names}\"");
    let Some(node) = document.get("task") else {
        problems.add(top, "the scenario has no [task]", help);
        return (None, toml::Table::new());
    };
    let Value::Table(table) = &node.value else {
        problems.add(node.span, format!("`task` is {}", node.type_name()), help);
        return (None, toml::Table::new());
    };
    let keys = Keys::new("task", node.span, Some(table), problems).tolerating(tolerances);
    let (task, _, resolved) = keys.run(|keys| catalogues.tasks.read(keys, None));
    (task, resolved)
}

fn whole(
    keys: &mut Keys<'_>,
    task: Option<Box<dyn Task>>,
    task_resolved: toml::Table,
    name: &str,
    catalogues: &Catalogues,
) -> Option<Scenario> {
    let name = keys
        .key("name", "What it is called, in results")
        .default(name.to_owned(), "the file's name");
    let seed = keys
        .key("seed", "Seed of everything random")
        .default(1, "first of five");
    let length = length(keys);
    let until: Option<f64> = keys
        .key(
            "until_ms",
            "Simulated time at which the run ends at the latest [ms]",
        )
        .above(0.0)
        .at_most(SimTime::MAX_MS)
        .optional("no limit");
    keys.read_before("task", "What agents learn", task_resolved);
    let seeds = keys.section("seeds", "Seeds by purpose", |keys| {
        let mut of = |name, about| keys.key(name, about).optional("`seed`").unwrap_or(seed);
        Seeds {
            topology: of("topology", "Seed of the network, of sets and of selections"),
            data: of("data", "Seed of data, initial parameters and batches"),
            attackers: of(
                "attackers",
                "Seed of who is Byzantine and of what they draw",
            ),
            links: of("links", "Seed of what links do"),
        }
    });
    let topology = keys.section("topology", "Who is whose neighbor", |keys| {
        catalogues.topologies.read(keys, Some("geometric"))
    });
    let sets = keys.named("sets", "Names for groups of agents");
    let (learner, learner_overrides) = keys.section("learner", "How agents adapt", |keys| {
        let overrides = keys.overrides("override", "Other keys for chosen agents", Learner::read);
        (Learner::read(keys), overrides)
    });
    let rule = |keys: &mut Keys<'_>| {
        let rule = catalogues.rules.read(keys, Some("loss"));
        let kind = keys.resolved_text("kind");
        rule.map(|rule| RuleChoice {
            rule: rule.into(),
            kind,
        })
    };
    let (own, rule_overrides) = keys.section("rule", "How agents combine", |keys| {
        let overrides = keys.overrides("override", "Other keys for chosen agents", rule);
        (rule(keys), overrides)
    });
    let attacks = keys.tables("attack", "Who is Byzantine, and how", |keys| {
        attack(keys, catalogues)
    });
    keys.later(
        "link",
        "links with delay or loss",
        "every message takes 1 µs and none is lost",
    );
    keys.later(
        "fault",
        "faults",
        "no agent fails, and there are no partitions",
    );
    let compute = keys.section("clock", "How time passes", clock);
    let record = keys.section("record", "What is recorded", record);

    let overrides = rule_overrides.into_iter();
    let rule_overrides = overrides.map(|(agents, rule)| Some((agents, rule?)));
    Some(Scenario {
        name,
        seeds,
        length,
        until: until.map(SimTime::from_ms),
        task: task?,
        topology: topology?,
        sets,
        learner,
        learner_overrides,
        rule: own?,
        rule_overrides: rule_overrides.collect::<Option<_>>()?,
        attacks: attacks.into_iter().collect::<Option<_>>()?,
        compute,
        record,
        resolved: toml::Table::new(),
    })
}

fn length(keys: &mut Keys<'_>) -> Length {
    let most = 1e12;
    let both = keys.has("iterations") && keys.has("epochs");
    let in_iterations = keys.has("iterations");
    let in_epochs = keys.has("epochs");
    let iterations = keys
        .key("iterations", "Length of the run in iterations")
        .at_least(1.0)
        .at_most(most)
        .optional("the task's own length");
    let epochs = keys
        .key(
            "epochs",
            "Length of the run in epochs, where the task has epochs",
        )
        .at_least(1.0)
        .at_most(most)
        .optional("the task's own length");
    if both {
        keys.problem(
            "epochs",
            "`iterations` is given too",
            "remove one of `iterations` and `epochs`",
        );
    }
    match (iterations, epochs) {
        (Some(iterations), _) if in_iterations || !in_epochs => {
            keys.forget("epochs");
            Length::Iterations(iterations)
        }
        (_, Some(epochs)) => {
            keys.forget("iterations");
            Length::Epochs(epochs)
        }
        _ => {
            let help = "add `iterations = …` or, where the task has epochs, `epochs = …`";
            keys.problem("iterations", "nothing says how long the run is", help);
            Length::Iterations(1)
        }
    }
}

fn attack(keys: &mut Keys<'_>, catalogues: &Catalogues) -> Option<AttackSettings> {
    let name: Option<String> = keys
        .key("name", "Its name, for sweeps and results")
        .optional("its kind");
    let agents = keys.key("agents", "Who is Byzantine").required();
    let victims = keys
        .key("victims", "Who gets what is forged")
        .optional("all neighbors");
    let timing = keys.table(
        "timing",
        "How its timing differs from an honest agent's",
        "none",
        Timing::read,
    );
    let active = keys.table("active", "When it is on", "always", Active::read);
    let per_victim = keys
        .key(
            "per_victim",
            "Whether each victim gets a payload of its own",
        )
        .default(false, "one draw per iteration");
    keys.later(
        "knowledge",
        "attack that knows more than its own state",
        "the level is `none`",
    );
    let attack = catalogues.attacks.read(keys, None);
    Some(AttackSettings {
        name,
        kind: keys.resolved_text("kind"),
        agents,
        victims,
        attack: attack?,
        timing: timing.unwrap_or_default(),
        active: active.unwrap_or_default(),
        per_victim,
    })
}

fn clock(keys: &mut Keys<'_>) -> SimTime {
    let Chosen(mode) = keys
        .key("mode", "Who waits for whom")
        .default(Chosen(Mode::Synchronous), "the paper's rule");
    if mode != Mode::Synchronous {
        let message = "this version has no deadline and no asynchronous mode yet";
        keys.problem("mode", message, "write \"synchronous\" or leave `mode` out");
    }
    for name in [
        "period_ms",
        "late",
        "missing",
        "max_age_iterations",
        "max_age_ms",
    ] {
        keys.later(
            name,
            "clock mode with it",
            "under the synchronous rule nobody is late",
        );
    }
    for name in ["quorum", "retransmit_ms", "retransmit_limit"] {
        keys.later(
            name,
            "links that lose messages",
            "everyone waits for all neighbors",
        );
    }
    keys.later(
        "override",
        "speeds per agent",
        "all agents compute for `compute_ms`",
    );
    let compute = keys
        .key(
            "compute_ms",
            "Time that an iteration's adapt steps take [ms]",
        )
        .at_least(0.0)
        .at_most(SimTime::MAX_MS)
        .default(10.0, "design");
    SimTime::from_ms(compute)
}

fn record(keys: &mut Keys<'_>) -> Record {
    keys.later(
        "trace",
        "traces of messages",
        "weights = \"all\" keeps every combination",
    );
    keys.later(
        "every_ms",
        "time axis",
        "the rounds table has `simulated_ms`",
    );
    Record {
        every_iterations: keys
            .key(
                "every_iterations",
                "Iterations from one recorded to the next; the last is kept too",
            )
            .at_least(1.0)
            .default(1, "all"),
        agents: keys
            .key(
                "agents",
                "Normal agents with rows of their own; \"none\": aggregates only",
            )
            .default(RecordAgents::All, "all"),
        weights: keys
            .key(
                "weights",
                "Iterations of which every model in a combination is kept",
            )
            .default(RecordWeights::Last, "small files"),
        evaluate_every_epochs: keys
            .key(
                "evaluate_every_epochs",
                "Epochs from one evaluation on test sets to the next",
            )
            .at_least(1.0)
            .default(1, "paper §5"),
        steady_from: keys
            .key("steady_from", "First iteration of the steady state")
            .optional("the last 60 % of iterations"),
        wall: keys
            .key("wall", "Whether to measure mailbox and handler times")
            .default(false, "it costs time"),
        latency_every_iterations: keys
            .key(
                "latency_every_iterations",
                "Iterations per interval of the latency table",
            )
            .at_least(1.0)
            .default(1, "one interval per iteration"),
    }
}
