//! One point's document, read strictly.

use super::Catalogues;
use super::clock::{ClockSettings, clock};
use super::modes::{self, Dependent};
use super::record::{Record, record};
use crate::attack::{Active, Attack, Knowledge, Timing};
use crate::fault::{self, FaultSettings};
use crate::learner::Learner;
use crate::link::{self, LinkOverride, LinkSettings};
use crate::rule::Rule;
use crate::settings::{
    Catalogue, Chosen, Keys, Overrides, Problems, Selection, Sources, Span, Table, TableDoc,
    Tolerances, Value,
};
use crate::task::Task;
use crate::topology::Topology;
use crate::units::SimTime;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    /// After how many iterations the network is drawn anew.
    pub redraw_every: Option<u64>,
    /// To how many of its neighbors an agent sends in an iteration.
    pub fanout: Option<u32>,
    /// Named groups of agents.
    pub sets: Vec<(String, Selection)>,
    /// How agents adapt.
    pub learner: Learner,
    /// How chosen agents adapt.
    pub learner_overrides: Overrides<Learner>,
    /// How agents combine.
    pub rule: RuleChoice,
    /// How chosen agents combine.
    pub rule_overrides: Overrides<RuleChoice>,
    /// Who is Byzantine, and how.
    pub attacks: Vec<AttackSettings>,
    /// How time passes.
    pub(super) clock: ClockSettings,
    /// What happens to messages.
    pub link: LinkSettings,
    /// What happens to messages between chosen agents; later ones win, key by key.
    pub link_overrides: Vec<LinkOverride>,
    /// What fails.
    pub faults: Vec<FaultSettings>,
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
    /// What it sees; `None` is the least that it needs.
    pub knowledge: Option<Knowledge>,
    /// How its timing differs from an honest agent's.
    pub timing: Timing,
    /// When it is on.
    pub active: Active,
    /// Whether each victim gets a payload of its own.
    pub per_victim: bool,
}

/// What a scenario file takes, with what every task has for what is left out.
pub(crate) fn describe(catalogues: &Catalogues) -> TableDoc {
    let mut doc = describe_under(None, "", catalogues);
    for (name, task) in catalogues.tasks.examples() {
        doc.also(describe_under(Some(&*task), name, catalogues));
    }
    doc
}

/// What a scenario file of a task takes.
pub(super) fn describe_under(
    task: Option<&dyn Task>,
    name: &str,
    catalogues: &Catalogues,
) -> TableDoc {
    let mut problems = Problems::default();
    let tasks = Keys::new("task", Span::default(), None, &mut problems).describing();
    let (_, tasks, _) = tasks.run(|keys| catalogues.tasks.read(keys, None));
    let defaults = parse_defaults(task);
    let keys = Keys::new("", Span::default(), None, &mut problems)
        .with_fallback(Some(&defaults), name)
        .describing();
    let read = (None, tasks, toml::Table::new());
    keys.run(|keys| whole(keys, read, "", catalogues)).1
}

/// Reads one point; `top` is where the document as a whole is pointed at. `None` where something
/// has no placeholder.
pub(super) fn scenario(
    document: &Table,
    top: Span,
    name: &str,
    tolerances: &Tolerances,
    catalogues: &Catalogues,
    problems: &mut Problems,
) -> Option<Scenario> {
    let task = task(document, top, tolerances, catalogues, problems);
    let place = document
        .node_at(&["task", "kind"])
        .map_or(top, |node| node.span);
    let defaults = parse_defaults(task.0.as_deref()).all_at(place);
    let case = document
        .get("task")
        .and_then(|node| match &node.value {
            Value::Table(table) => Catalogue::<dyn Task>::kind_of(table),
            _ => None,
        })
        .unwrap_or_default();
    let keys = Keys::new("", top, Some(document), problems)
        .with_fallback(Some(&defaults), case)
        .without(&["sweep"])
        .tolerating(tolerances);
    let (scenario, _, resolved) = keys.run(|keys| whole(keys, task, name, catalogues));
    scenario.map(|scenario| Scenario {
        resolved,
        ..scenario
    })
}

/// A task's own settings for the keys that a scenario leaves out.
pub(crate) fn parse_defaults(task: Option<&dyn Task>) -> Table {
    /// Every point of a sweep asks for the same.
    static KNOWN: Mutex<BTreeMap<&str, Table>> = Mutex::new(BTreeMap::new());
    let text = task.map_or("", |task| task.defaults());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let parsed = known.entry(text).or_insert_with(|| {
        let mut sources = Sources::default();
        let source = sources.add("defaults", text);
        Table::parse(&sources, source, &mut Problems::default())
    });
    parsed.clone()
}

/// A task that was read, what its table takes, and what it resolved to.
type ReadTask = (Option<Box<dyn Task>>, TableDoc, toml::Table);

fn task(
    document: &Table,
    top: Span,
    tolerances: &Tolerances,
    catalogues: &Catalogues,
    problems: &mut Problems,
) -> ReadTask {
    let names = catalogues.tasks.names().join("\", \"");
    let help = format!("write [task] and kind = \"…\" under it, one of \"{names}\"");
    let Some(node) = document.get("task") else {
        problems.add(top, "the scenario has no [task]", help);
        return (None, TableDoc::default(), toml::Table::new());
    };
    let Value::Table(table) = &node.value else {
        let message = format!("`task` takes a table, and this is {}", node.type_name());
        problems.add(node.span, message, help);
        return (None, TableDoc::default(), toml::Table::new());
    };
    let keys = Keys::new("task", node.span, Some(table), problems).tolerating(tolerances);
    keys.run(|keys| catalogues.tasks.read(keys, None))
}

fn whole(
    keys: &mut Keys<'_>,
    (task, task_takes, task_resolved): ReadTask,
    name: &str,
    catalogues: &Catalogues,
) -> Option<Scenario> {
    let name = keys
        .key("name", "What it is called, in results")
        .otherwise(name.to_owned(), "the file's name");
    let seed = keys
        .key("seed", "Seed of everything random")
        .default(1, "first of five");
    let length = length(keys, task.is_some());
    let until: Option<f64> = keys
        .key(
            "until_ms",
            "Simulated time at which the run ends at the latest [ms]; iterations that would end after it are left out",
        )
        .at_least(0.001)
        .at_most(SimTime::MAX_MS)
        .optional("no limit");
    let read_before = (task_takes, task_resolved);
    keys.read_before("task", "What agents learn", read_before);
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
    let (topology, redraw_every, fanout) =
        keys.section("topology", "Who is whose neighbor", |keys| {
            let redraw_every = keys
                .key(
                    "redraw_every_iterations",
                    "Iterations after which the network is drawn anew",
                )
                .at_least(1.0)
                .optional("it is drawn once");
            let fanout = keys
                .key(
                    "fanout",
                    "To how many random neighbors an agent sends in an iteration",
                )
                .at_least(1.0)
                .optional("to all of them");
            let topology = catalogues.topologies.read(keys, Some("geometric"));
            (topology, redraw_every, fanout)
        });
    let sets = keys.named("sets", "Names for groups of agents");
    let (learner, learner_overrides) = keys.section("learner", "How agents adapt", |keys| {
        // First the table: overrides change what it has by default, too.
        let learner = Learner::read(keys);
        let overrides = keys.overrides(
            "override",
            "Other keys for chosen agents; later ones win, key by key",
            Learner::read,
        );
        (learner, overrides)
    });
    let (own_rule, rule_overrides) = keys.section("rule", "How agents combine", |keys| {
        let about = "Other keys for chosen agents; later ones win, key by key";
        let overrides = keys.overrides("override", about, |keys| rule(keys, catalogues));
        (rule(keys, catalogues), overrides)
    });
    let attacks = keys.tables("attack", "Who is Byzantine, and how", |keys| {
        attack(keys, catalogues)
    });
    let (link, link_overrides) = keys.section("link", "What happens to messages", link::read);
    let faults = keys.tables("fault", "What fails", |keys| {
        let name = keys.key::<String>("name", "Its name, for sweeps");
        let _ = name.optional("none");
        fault::read(keys)
    });
    let mut mode = None;
    let clock = keys.section("clock", "How time passes", |keys| {
        let clock = clock(keys);
        mode = (!keys.is_wrong("mode")).then(|| clock.pace.mode());
        clock
    });
    if let Some(mode) = mode {
        let said = Dependent {
            link_overrides: link_overrides.len(),
            faults: &faults,
            attacks: &attacks,
        };
        modes::check(keys, mode, &said);
    }
    let record = keys.section("record", "What is recorded", record);

    Some(Scenario {
        name,
        seeds,
        length,
        until: until.map(SimTime::from_ms),
        task: task?,
        topology: topology?,
        redraw_every,
        fanout,
        sets,
        learner,
        learner_overrides,
        rule: own_rule?,
        rule_overrides: rule_overrides.complete()?,
        attacks: attacks.into_iter().collect::<Option<_>>()?,
        clock,
        link,
        link_overrides,
        faults: faults.into_iter().collect::<Option<_>>()?,
        record,
        resolved: toml::Table::new(),
    })
}

/// Declares and reads a rule. `None`, with the mistake noted, where its kind is not known.
pub(super) fn rule(keys: &mut Keys<'_>, catalogues: &Catalogues) -> Option<RuleChoice> {
    let rule = catalogues.rules.read(keys, Some("loss"));
    let kind = keys.resolved_text("kind");
    rule.map(|rule| RuleChoice {
        rule: rule.into(),
        kind,
    })
}

/// How long the run is. Without a task nobody knows what its own length would be.
fn length(keys: &mut Keys<'_>, has_task: bool) -> Length {
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
            if has_task {
                keys.problem("iterations", "nothing says how long the run is", help);
            }
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
    let knowledge: Option<Chosen<Knowledge>> = keys
        .key(
            "knowledge",
            "What it sees; more than it needs means something to attacks that look at models",
        )
        .optional("the least that the attack needs");
    let attack = catalogues.attacks.read(keys, None);
    Some(AttackSettings {
        name,
        kind: keys.resolved_text("kind"),
        agents,
        victims,
        attack: attack?,
        knowledge: knowledge.map(|Chosen(level)| level),
        timing: timing.unwrap_or_default(),
        active: active.unwrap_or_default(),
        per_victim,
    })
}
