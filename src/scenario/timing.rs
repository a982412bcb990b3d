//! Drawing what a plan says of time: clocks, links and faults of chosen agents, and in asynchronous
//! mode the timetable.

use super::assigned::assign;
use super::clock::{ClockSettings, Compute, Mode, Pace};
use super::draw::Places;
use super::effects::{Aspect, Effects, has_link, parts};
use super::plan::{Clock, Role};
use super::selection::Chooser;
use super::timetable::{NoTimetable, Timetable};
use crate::distribution::DistributionError;
use crate::fault::{Fault, FaultSettings, Faults, in_two_groups};
use crate::link::{LinkChange, LinkOverride, LinkSettings, Links};
use crate::rng::{Key, Purpose};
use crate::settings::{Keys, Problems, Selection, Span};
use crate::topology::Networks;
use crate::units::{AgentId, SimTime};
use std::path::Path;

/// What the rest of the scenario says.
pub(super) struct Asked<'a> {
    pub iterations: u64,
    pub until: Option<SimTime>,
    /// Seed of links, compute times and faults.
    pub seed: u64,
    pub dimension: usize,
    /// Who is whose neighbor.
    pub networks: &'a Networks,
    /// Whether an attack floods links.
    pub has_floods: bool,
    /// Where relative paths start.
    pub folder: &'a Path,
    /// Whether every agent sends to every neighbor in the first network in every iteration, as long
    /// as no attack or fault keeps it from doing so.
    pub sends_to_all: bool,
}

/// What the scenario says of time.
pub(super) struct Settings {
    pub clock: ClockSettings,
    pub link: (LinkSettings, Vec<LinkOverride>),
    pub faults: Vec<FaultSettings>,
}

/// What a plan says of time.
pub(super) struct Timing {
    pub iterations: u64,
    pub clock: Clock,
    pub links: Links,
    pub faults: Faults,
    pub timetable: Option<Timetable>,
    pub median_compute: SimTime,
}

/// Draws what a plan says of time. `None`, with the mistakes noted, where something does not fit.
pub(super) fn draw(
    asked: &Asked<'_>,
    settings: Settings,
    roles: &[Role],
    chooser: &Chooser<'_>,
    places: &Places<'_>,
    notes: (&mut Problems, &mut Effects),
) -> Option<Timing> {
    let (problems, effects) = notes;
    let pace = settings.clock.pace;
    let clock = clock(settings.clock, asked, chooser, places, (problems, effects));
    let links = links(settings.link, asked, chooser, places, (problems, effects));
    let faults = faults(settings.faults, pace, asked, chooser, (problems, effects));
    if !problems.is_empty() {
        return None;
    }
    let mut timing = Timing {
        iterations: asked.iterations,
        median_compute: median_compute(&clock, chooser.graph.agents()),
        clock,
        links: links?,
        faults: faults?,
        timetable: None,
    };
    match pace {
        Pace::Synchronous { quorum } => {
            let waits = Waits {
                timing: &timing,
                for_all: asked.sends_to_all && quorum == 1.0,
                roles,
                chooser,
            };
            waits.check(asked, places, problems);
        }
        Pace::Deadline { period, .. } => {
            if let Some(until) = asked.until {
                let complete = until.us() / period.us();
                if complete == 0 {
                    nothing_complete(until, period, places, problems);
                }
                timing.iterations = timing.iterations.min(complete).max(1);
            }
            check_length(period, timing.iterations, "period_ms", places, problems);
        }
        Pace::Asynchronous { .. } => {
            let timetable = timetable(&timing, asked, roles, places, problems)?;
            timing.iterations = timetable.iterations().max(1);
            timing.timetable = Some(timetable);
        }
    }
    Some(timing)
}

/// The lower median over the agents of the time that half of an agent's computations stay below.
fn median_compute(clock: &Clock, agents: usize) -> SimTime {
    let of = |index| clock.computes.get(AgentId::from_index(index)).median();
    let mut medians: Vec<SimTime> = (0..agents).map(of).collect();
    medians.sort_unstable();
    medians[(agents - 1) / 2].max(SimTime::from_us(1))
}

/// How to make a run fit into simulated time.
const FEWER: &str = "simulated time ends after 100,000 years: write fewer iterations or less time";

/// Whether so many iterations go beyond simulated time.
fn is_too_long(each: SimTime, iterations: u64) -> bool {
    each.us().saturating_mul(iterations) > SimTime::END.us()
}

/// Notes a run that is longer than simulated time.
fn check_length(
    each: SimTime,
    iterations: u64,
    key: &str,
    places: &Places<'_>,
    problems: &mut Problems,
) {
    if is_too_long(each, iterations) {
        let message = format!("{iterations} iterations of {each} are beyond simulated time");
        problems.add(places.find(&["clock", key]), message, FEWER);
    }
}

/// Notes a run that is over before its first iteration, which takes `first` at least, is complete.
fn nothing_complete(until: SimTime, first: SimTime, places: &Places<'_>, problems: &mut Problems) {
    let why = match first > until {
        true => format!("the first one ends at {first} at the earliest"),
        false => "agents are down before".to_owned(),
    };
    let message = format!("no iteration is complete by {until}: {why}");
    let help = "write a later until_ms: what would end after it is left out";
    problems.add(places.find(&["until_ms"]), message, help);
}

/// How long a synchronous iteration takes at least.
struct Waits<'a> {
    timing: &'a Timing,
    /// Whether agents wait for all their neighbors.
    for_all: bool,
    roles: &'a [Role],
    chooser: &'a Chooser<'a>,
}

impl Waits<'_> {
    /// Notes a run that is known to be longer than simulated time, or too short for an iteration.
    fn check(&self, asked: &Asked<'_>, places: &Places<'_>, problems: &mut Problems) {
        // Who is down waits for nobody, and nobody waits for it.
        if !self.timing.faults.is_none() {
            return;
        }
        let computes = &self.timing.clock.computes;
        let Some(until) = asked.until else {
            let each = self.at_least(|agent| computes.get(agent).least());
            if is_too_long(each, asked.iterations) {
                let iterations = asked.iterations;
                let message =
                    format!("{iterations} iterations of at least {each} are beyond simulated time");
                problems.add(places.find(&["link", "delay_ms"]), message, FEWER);
            }
            return;
        };
        let first = self.at_least(|agent| {
            let key = Key::new(asked.seed, Purpose::Compute).of(agent);
            computes.get(agent).sample(key, 0)
        });
        if first > until {
            nothing_complete(until, first, places, problems);
        }
    }

    /// The least duration of an iteration in which agents compute for these times.
    fn at_least(&self, compute: impl Fn(AgentId) -> SimTime) -> SimTime {
        let graph = self.chooser.graph;
        let mut least = graph.ids().map(&compute).max().unwrap_or_default();
        let honest = |sender: &AgentId| !self.roles[sender.index()].is_byzantine();
        for sender in graph.ids().filter(honest).filter(|_| self.for_all) {
            let adapted = compute(sender);
            for (receiver, _) in graph.links_from(sender) {
                let kind = self.timing.links.kind(sender, receiver);
                least = least.max(adapted + self.timing.links.least_latency_of(kind));
            }
        }
        least
    }
}

/// Notes a file of measured times that cannot be used.
fn note(loaded: Result<(), DistributionError>, problems: &mut Problems) {
    if let Err(error) = loaded {
        problems.add(error.span, error.message, error.help);
    }
}

fn clock(
    settings: ClockSettings,
    asked: &Asked<'_>,
    chooser: &Chooser<'_>,
    places: &Places<'_>,
    (problems, effects): (&mut Problems, &mut Effects),
) -> Clock {
    let ClockSettings {
        pace,
        compute,
        overrides,
    } = settings;
    let read = |keys: &mut Keys<'_>| Some(Compute::read(keys));
    let mut computes = assign(
        compute,
        overrides,
        "clock",
        chooser,
        (problems, effects),
        read,
    );
    for compute in &mut computes.values {
        note(compute.load(asked.folder), problems);
    }
    if pace.mode() == Mode::Synchronous && asked.until.is_none() {
        let median = computes.values[0].median();
        check_length(median, asked.iterations, "compute_ms", places, problems);
    }
    Clock { pace, computes }
}

fn links(
    (mut base, overrides): (LinkSettings, Vec<LinkOverride>),
    asked: &Asked<'_>,
    chooser: &Chooser<'_>,
    places: &Places<'_>,
    (problems, effects): (&mut Problems, &mut Effects),
) -> Option<Links> {
    note(base.load(asked.folder), problems);
    let changes = overrides.iter().map(|of| &of.change);
    let retransmits = base.retransmit.is_some() || changes.clone().any(|c| c.retransmit.is_some());
    for path in places.of_links("retransmit_limit", overrides.len()) {
        if retransmits {
            effects.effective(path, Aspect::Reach);
        } else {
            let help = "remove it, or add `retransmit_ms = …`";
            effects.idle(
                path,
                Aspect::Reach,
                "`retransmit_limit` has no `retransmit_ms` to limit",
                help,
            );
        }
    }
    let is_default = |bound: u32| bound == LinkSettings::default().flood_bound;
    let bounds_all = is_default(base.flood_bound)
        && changes
            .clone()
            .all(|c| c.flood_bound.is_none_or(is_default));
    for path in places.of_links("flood_bound", overrides.len()) {
        if asked.has_floods || bounds_all {
            effects.effective(path, Aspect::Reach);
        } else {
            let help = "remove it, or give an attack timing = { kind = \"flood\", … }";
            effects.idle(
                path,
                Aspect::Reach,
                "`flood_bound` has no flooding attack to bound",
                help,
            );
        }
    }
    let mut chosen = Vec::new();
    for (index, LinkOverride { ends, mut change }) in overrides.into_iter().enumerate() {
        note(change.load(asked.folder), problems);
        let place = format!("link.override[{index}]");
        let (from, to, both) = ends.parts();
        let place_of_ends = from.span;
        let (senders, receivers) = (from, to);
        let from = chooser.choose(from, &format!("{place}.from"), problems);
        let to = chooser.choose(to, &format!("{place}.to"), problems);
        effects.selection(senders, &from, "this override has");
        effects.selection(receivers, &to, "this override has");
        if change == LinkChange::default() {
            let help = "add a key that is different on these links, or remove it";
            effects.idle(
                place_of_ends,
                Aspect::Bare,
                "this override changes nothing",
                help,
            );
        } else if !from.is_empty() && !to.is_empty() {
            let is_static = asked.networks.is_static();
            if is_static && !has_link(asked.networks.first(), &from, &to, both) {
                let way = if both {
                    "between"
                } else {
                    "from one to the other of"
                };
                let message = format!("there is no link {way} these agents");
                let help = "choose agents that are neighbors, or remove the override";
                effects.idle(place_of_ends, Aspect::Reach, message, help);
            } else {
                effects.effective(place_of_ends, Aspect::Reach);
            }
        }
        chosen.push((from, to, both, change));
    }
    if !problems.is_empty() {
        return None;
    }
    let agents = chooser.graph.agents();
    let changes: Vec<_> = chosen.iter().map(|(.., change)| change.clone()).collect();
    let links = Links::new(asked.seed, asked.dimension, agents, base, chosen);
    check_retransmission(&links, &changes, chooser, places, problems);
    Some(links)
}

/// Notes links on which a model is sent again and again and never gets through.
fn check_retransmission(
    links: &Links,
    changes: &[LinkChange],
    chooser: &Chooser<'_>,
    places: &Places<'_>,
    problems: &mut Problems,
) {
    if !links.kinds().any(|kind| links.sends_in_vain(kind)) {
        return;
    }
    let mut noted = Vec::new();
    for sender in chooser.graph.ids() {
        for (receiver, _) in chooser.graph.links_from(sender) {
            let kind = links.kind(sender, receiver);
            if noted.contains(&kind) || !links.sends_in_vain(kind) {
                continue;
            }
            noted.push(kind);
            let settings = links.settings(kind);
            let (key, why) = match &settings.burst {
                _ if settings.drop == 1.0 => ("drop", "`drop = 1` loses every model"),
                Some(burst) if burst.drop_good < 1.0 => (
                    "burst",
                    "`leave = 0` lets no burst end, and `drop_bad = 1` loses every model in one",
                ),
                _ => (
                    "burst",
                    "`burst` loses every model, outside bursts and in them",
                ),
            };
            // The last table that says so.
            let says = |change: &LinkChange| match key {
                "drop" => change.drop == Some(1.0),
                _ => change.burst.is_some() && change.burst == settings.burst,
            };
            let place = match changes.iter().rposition(says) {
                Some(index) => places.find(&["link", "override", &index.to_string(), key]),
                None => places.find(&["link", key]),
            };
            let message = format!(
                "agent {receiver} would wait in vain for the model of agent {sender}, however often \
                 `retransmit_ms` sends it again: {why}"
            );
            let help = "lose less, or remove retransmit_ms: then agents go on without what is lost";
            problems.add(place, message, help);
        }
    }
}

fn faults(
    settings: Vec<FaultSettings>,
    pace: Pace,
    asked: &Asked<'_>,
    chooser: &Chooser<'_>,
    (problems, effects): (&mut Problems, &mut Effects),
) -> Option<Faults> {
    let mut faults = Vec::new();
    for (index, mut fault) in settings.into_iter().enumerate() {
        note(fault.load(asked.folder), problems);
        let place = format!("fault[{index}]");
        let choose = |selection: &_, what: &str, problems: &mut Problems| {
            chooser.choose(selection, &format!("{place}.{what}"), problems)
        };
        let mut down = |selection: &Selection, problems: &mut Problems| {
            let agents = choose(selection, "agents", problems);
            effects.selection(selection, &agents, "this fault has");
            agents
        };
        faults.push(match fault {
            FaultSettings::Crash { agents, span } | FaultSettings::LateJoin { agents, span } => {
                Fault::Down {
                    agents: down(&agents, problems),
                    span,
                }
            }
            FaultSettings::Churn {
                agents,
                up,
                down: for_how_long,
            } => Fault::Churn {
                agents: down(&agents, problems),
                up,
                down: for_how_long,
            },
            FaultSettings::Partition { groups, span } => {
                let place = groups.first().map_or(Span::default(), |group| group.span);
                let numbered = groups.iter().enumerate();
                let groups: Vec<Vec<AgentId>> = numbered
                    .map(|(number, group)| choose(group, &format!("groups[{number}]"), problems))
                    .collect();
                if let Some(agent) = in_two_groups(&groups) {
                    let message = format!("agent {agent} is in two groups of a partition");
                    problems.add(place, message, "put each agent into one group");
                }
                let networks = asked.networks;
                if networks.is_static() && !parts(networks.first(), &groups) {
                    let message = "no link leads from one group to another: nothing is parted";
                    let help = "name groups that have links between them, or remove the fault";
                    effects.idle(place, Aspect::Reach, message, help);
                } else {
                    effects.effective(place, Aspect::Reach);
                }
                Fault::Partition { groups, span }
            }
        });
    }
    let agents = chooser.graph.agents();
    problems
        .is_empty()
        .then(|| Faults::new(asked.seed, agents, faults, pace.period()))
}

fn timetable(
    timing: &Timing,
    asked: &Asked<'_>,
    roles: &[Role],
    places: &Places<'_>,
    problems: &mut Problems,
) -> Option<Timetable> {
    let is_normal: Vec<bool> = roles.iter().map(|role| !role.is_byzantine()).collect();
    let compute = |agent, iteration| {
        let key = Key::new(asked.seed, Purpose::Compute).of(agent);
        timing.clock.computes.get(agent).sample(key, iteration)
    };
    let outages = |agent| timing.faults.outages(agent);
    let drawn = Timetable::draw(&is_normal, asked.iterations, asked.until, compute, outages);
    match drawn {
        Ok(timetable) => {
            let normal = (0..roles.len()).filter(|&index| is_normal[index]);
            let normal: Vec<AgentId> = normal.map(AgentId::from_index).collect();
            if normal.iter().all(|&k| timetable.iterations_of(k) == 0) {
                // A median that never ended an iteration would be no end.
                let until = timetable.horizon();
                let first = normal.iter().map(|&agent| compute(agent, 0)).min();
                nothing_complete(until, first.unwrap_or_default(), places, problems);
                return None;
            }
            Some(timetable)
        }
        Err(NoTimetable::BeyondTime(agent)) => {
            let iterations = asked.iterations;
            let message =
                format!("{iterations} iterations of agent {agent} are beyond simulated time");
            problems.add(places.find(&["clock", "compute_ms"]), message, FEWER);
            None
        }
        Err(NoTimetable::Stall(agents)) => {
            let shown: Vec<String> = agents.iter().take(10).map(AgentId::to_string).collect();
            let more = if agents.len() > 10 { ", …" } else { "" };
            let message = format!(
                "the run would stall: at least half of the normal agents are down for good \
                 before their iteration {}: {}{more}",
                asked.iterations,
                shown.join(", ")
            );
            let help = "add `until_ms = …`, or let more of them come back";
            problems.add(places.find(&["fault"]), message, help);
            None
        }
        Err(NoTimetable::TooMany(agent)) => {
            let message = format!(
                "agent {agent} alone would bring the run above 500 million iterations in all"
            );
            let help =
                "let agents compute longer, or write fewer iterations or an earlier until_ms";
            problems.add(places.find(&["clock"]), message, help);
            None
        }
    }
}
