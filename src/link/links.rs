//! The links of a run, and the fate of a message on one.

use super::burst::BurstState;
use super::{LinkChange, LinkSettings};
use crate::rng::{Key, Purpose, ShortStream};
use crate::units::{AgentId, SimTime};
use rand::RngExt;
use std::collections::BTreeMap;

/// Which settings a link has: links of one kind have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkKind(u32);

/// An override whose groups are known: both in ascending order, whether it holds in both
/// directions or from the first to the second only, and what it changes.
pub type ResolvedOverride = (Vec<AgentId>, Vec<AgentId>, bool, LinkChange);

/// A message on a link.
#[derive(Clone, Copy, Debug)]
pub struct Passage {
    /// Who sends.
    pub sender: AgentId,
    /// To whom.
    pub receiver: AgentId,
    /// The sender's iteration.
    pub stamp: u64,
    /// Which copy: 2c is copy c that the sender sent, 2c + 1 the duplicate that the link makes.
    pub copy: u32,
    /// How often it was sent before.
    pub attempt: u32,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Why it does not arrive, if it does not.
    pub lost: Option<Loss>,
    /// Propagation delay, after the uplink. A lost message has one too: that is when its loss is
    /// known.
    pub delay: SimTime,
    /// Whether the link makes a copy more, lost or not. Such copies are not copied again.
    pub duplicated: bool,
}

/// Why a link loses a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// By chance, each message for itself.
    Link,
    /// By the state of the link's bursts.
    Burst,
}

/// The links of a run: what each does to models.
///
/// Agents that the same overrides name in the same place are of one group, and a table of all
/// pairs of groups says which kind a link is of. Its size is the square of the number of groups,
/// 4 bytes each, however many agents there are.
#[derive(Clone, Debug)]
pub struct Links {
    seed: u64,
    kinds: Vec<Kind>,
    /// The group of each agent; empty where there is but one.
    group: Vec<u32>,
    /// The kind of the links from a group to another, by sender first.
    table: Vec<LinkKind>,
    groups: usize,
    least_latency: SimTime,
    has_downlink: bool,
}

/// Settings with what follows from them.
#[derive(Clone, Debug)]
struct Kind {
    settings: LinkSettings,
    uplink: Option<SimTime>,
    downlink: Option<SimTime>,
    is_random: bool,
    /// What every message takes, where it waits for nothing and is never lost.
    direct: Option<SimTime>,
}

impl Kind {
    fn new(settings: LinkSettings, dimension: usize) -> Kind {
        let bytes = settings.model_bytes.unwrap_or(4 * dimension as u64);
        // A megabit per second is a bit per microsecond.
        let took = |mbps: f64| (8.0 * bytes as f64 / mbps).round();
        let longest = SimTime::from_ms(SimTime::MAX_MS);
        let took = |mbps| SimTime::from_us(took(mbps) as u64).min(longest);
        let is_random = settings.delay.needs_stream()
            || settings.drop > 0.0
            || settings.duplicate > 0.0
            || settings.burst.is_some();
        let latency = settings.delay.fixed().map(SimTime::from_ms);
        let latency = latency.map(|delay| delay.max(SimTime::LEAST_LATENCY));
        Kind {
            uplink: settings.uplink_mbps.map(took),
            downlink: settings.downlink_mbps.map(took),
            is_random,
            direct: latency.filter(|_| !is_random && settings.uplink_mbps.is_none()),
            settings,
        }
    }

    /// No message that is put on the link arrives sooner after it.
    fn least_latency(&self) -> SimTime {
        let sent = self.uplink.unwrap_or_default();
        let least = sent + SimTime::from_ms(self.settings.delay.least());
        least.max(SimTime::LEAST_LATENCY)
    }
}

impl Links {
    /// Links on which nothing is lost and a message takes the least latency.
    pub fn ideal() -> Links {
        Links::new(0, 0, 0, LinkSettings::default(), Vec::new())
    }

    /// The links between `agents` agents whose models have `dimension` parameters. Later overrides
    /// win, key by key. Files of delays are read already. `seed` is that of what links do.
    pub fn new(
        seed: u64,
        dimension: usize,
        agents: usize,
        base: LinkSettings,
        overrides: Vec<ResolvedOverride>,
    ) -> Links {
        let grouping = Grouping::new(agents, &overrides);
        let mut kinds = Vec::new();
        // Overrides that change a link, and the kind that they make.
        let mut known: BTreeMap<Vec<usize>, LinkKind> = BTreeMap::new();
        let mut table = Vec::new();
        for sender in &grouping.marks {
            for receiver in &grouping.marks {
                let holds = |(index, (_, _, both, _)): &(usize, &ResolvedOverride)| {
                    let one_way = sender[*index].first && receiver[*index].second;
                    one_way || (*both && sender[*index].second && receiver[*index].first)
                };
                let changes = overrides.iter().enumerate().filter(holds);
                let changes: Vec<usize> = changes.map(|(index, _)| index).collect();
                let kind = *known.entry(changes).or_insert_with_key(|changes| {
                    let mut settings = base.clone();
                    for &index in changes {
                        overrides[index].3.apply(&mut settings);
                    }
                    kinds.push(Kind::new(settings, dimension));
                    LinkKind(kinds.len() as u32 - 1)
                });
                table.push(kind);
            }
        }
        let least = kinds.iter().map(Kind::least_latency).min();
        Links {
            seed,
            has_downlink: kinds.iter().any(|kind| kind.downlink.is_some()),
            kinds,
            groups: grouping.marks.len(),
            group: grouping.group,
            table,
            least_latency: least.unwrap_or(SimTime::LEAST_LATENCY),
        }
    }

    /// Whether any link passes a receiver's downlink.
    pub fn has_downlink(&self) -> bool {
        self.has_downlink
    }

    /// The kind of the link from one agent to another.
    pub fn kind(&self, sender: AgentId, receiver: AgentId) -> LinkKind {
        if self.groups == 1 {
            return LinkKind(0);
        }
        let group = |agent: AgentId| self.group[agent.index()] as usize;
        self.table[group(sender) * self.groups + group(receiver)]
    }

    fn of(&self, kind: LinkKind) -> &Kind {
        &self.kinds[kind.0 as usize]
    }

    /// How links of a kind are set.
    pub fn settings(&self, kind: LinkKind) -> &LinkSettings {
        &self.of(kind).settings
    }

    /// How long a model takes its sender's uplink; `None` where it takes none.
    pub fn uplink_time(&self, kind: LinkKind) -> Option<SimTime> {
        self.of(kind).uplink
    }

    /// How long a model takes its receiver's downlink; `None` where it takes none.
    pub fn downlink_time(&self, kind: LinkKind) -> Option<SimTime> {
        self.of(kind).downlink
    }

    /// The size of a model as it is set \[bytes\]; `None` where it is that of its parameters.
    pub fn bytes(&self, kind: LinkKind) -> Option<u64> {
        self.of(kind).settings.model_bytes
    }

    /// No message arrives sooner after it was put on its link, whatever the link.
    pub fn least_latency(&self) -> SimTime {
        self.least_latency
    }

    /// No message arrives sooner after it was put on a link of this kind.
    pub fn least_latency_of(&self, kind: LinkKind) -> SimTime {
        self.of(kind).least_latency()
    }

    /// Whether models are sent again on links of this kind, and yet never arrive.
    pub fn sends_in_vain(&self, kind: LinkKind) -> bool {
        let settings = self.settings(kind);
        let burst = settings.burst.is_some_and(|burst| burst.loses_all());
        settings.retransmit.is_some() && (settings.drop == 1.0 || burst)
    }

    /// All kinds of links, those that no pair of agents has among them.
    pub fn kinds(&self) -> impl Iterator<Item = LinkKind> + use<> {
        (0..self.kinds.len() as u32).map(LinkKind)
    }

    /// Whether fates on links of a kind are drawn.
    pub fn is_random(&self, kind: LinkKind) -> bool {
        self.of(kind).is_random
    }

    /// The probability that a message is lost on a link of a kind, by chance or in a burst, in the
    /// long run.
    pub fn loss_probability(&self, kind: LinkKind) -> f64 {
        let LinkSettings { drop, burst, .. } = self.settings(kind);
        let in_bursts = burst.map_or(0.0, |burst| burst.mean_loss());
        drop + (1.0 - drop) * in_bursts
    }

    /// The mean propagation delay on a link of a kind \[ms\].
    pub fn delay_mean_ms(&self, kind: LinkKind) -> f64 {
        self.settings(kind).delay.mean()
    }

    /// Brings the bursts of the link from `sender` to `receiver` to an iteration of the sender's,
    /// step by step. Does nothing where there are none.
    pub fn burst(
        &self,
        kind: LinkKind,
        state: &mut BurstState,
        sender: AgentId,
        receiver: AgentId,
        iteration: u64,
    ) {
        if let Some(burst) = &self.of(kind).settings.burst {
            let key = Key::new(self.seed, Purpose::Burst);
            let key = key.of(sender).toward(receiver);
            let coin = |iteration| key.at(iteration).short().random();
            state.advance(burst, iteration, coin);
        }
    }

    /// The state of a link's bursts that attempt number `attempt` of an iteration's model meets,
    /// where `state` is the one that the attempt before it met.
    pub fn burst_after_a_pause(
        &self,
        kind: LinkKind,
        state: BurstState,
        (sender, receiver): (AgentId, AgentId),
        iteration: u64,
        attempt: u32,
    ) -> BurstState {
        let Some(burst) = &self.of(kind).settings.burst else {
            return state;
        };
        // Attempts are numbered from 0, whose state is that of the iteration: streams of pauses and
        // of iterations differ.
        let key = Key::new(self.seed, Purpose::Burst);
        let key = key.of(sender).toward(receiver).at(iteration);
        state.after_a_pause(burst, key.copy(0, attempt).short().random())
    }

    /// Whether a copy's turn in the uplink comes first, or it may have to be sent again.
    pub fn is_queued(&self, kind: LinkKind) -> bool {
        let kind = self.of(kind);
        kind.uplink.is_some() || kind.settings.retransmit.is_some()
    }

    /// Whether any link passes its sender's uplink.
    pub fn has_uplink(&self) -> bool {
        self.kinds.iter().any(|kind| kind.uplink.is_some())
    }

    /// What every message takes, where all take the same, wait for no uplink and are never lost.
    pub fn direct(&self, kind: LinkKind) -> Option<SimTime> {
        self.of(kind).direct
    }

    /// What becomes of a message. `burst` is the state of its link in the iteration `stamp`, or after
    /// the pauses before this attempt.
    pub fn fate(&self, kind: LinkKind, burst: BurstState, passage: Passage) -> Fate {
        let Passage { copy, stamp, .. } = passage;
        let found = self.of(kind);
        if !found.is_random {
            let delay = found.settings.delay.undrawn(stamp);
            let delay = delay.expect("a link that is not random draws no delay");
            return Fate {
                lost: None,
                delay: SimTime::from_ms(delay),
                duplicated: false,
            };
        }
        let mut stream = self.key(passage).short();
        found.fate(burst, (stamp, copy), &mut stream)
    }

    /// Opens the streams of what a sender sends to some receivers in an iteration: of the plain
    /// copies. Appends them to `streams`, for [`Links::fate_of`].
    pub fn open(
        &self,
        (sender, stamp): (AgentId, u64),
        receivers: impl Iterator<Item = AgentId>,
        streams: &mut Vec<ShortStream>,
    ) {
        let key = |receiver| {
            self.key(Passage {
                sender,
                receiver,
                stamp,
                copy: 0,
                attempt: 0,
            })
        };
        Key::several(receivers.map(key), streams);
    }

    /// [`Links::fate`] of a plain copy on a random link, whose stream was opened before.
    pub fn fate_of(
        &self,
        kind: LinkKind,
        burst: BurstState,
        stamp: u64,
        stream: &mut ShortStream,
    ) -> Fate {
        self.of(kind).fate(burst, (stamp, 0), stream)
    }

    fn key(&self, passage: Passage) -> Key {
        let key = Key::new(self.seed, Purpose::Link);
        let key = key.of(passage.sender).toward(passage.receiver);
        key.at(passage.stamp).copy(passage.copy, passage.attempt)
    }
}

impl Kind {
    /// The draws come in one order whatever the settings, so that another probability of loss
    /// changes no delay: coin of loss, of the burst, of duplication, then the delay.
    fn fate(&self, burst: BurstState, (stamp, copy): (u64, u32), stream: &mut ShortStream) -> Fate {
        let settings = &self.settings;
        let by_chance: f64 = stream.random();
        let in_burst: f64 = stream.random();
        let doubled: f64 = stream.random();
        let burst_loss = settings.burst.map_or(0.0, |settings| settings.loss(burst));
        let lost = match () {
            () if by_chance < settings.drop => Some(Loss::Link),
            () if in_burst < burst_loss => Some(Loss::Burst),
            () => None,
        };
        let is_original = copy.is_multiple_of(2);
        Fate {
            lost,
            delay: SimTime::from_ms(settings.delay.sample(stream, stamp)),
            duplicated: is_original && doubled < settings.duplicate,
        }
    }
}

/// In which of an override's groups an agent is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    first: bool,
    second: bool,
}

/// Agents by the overrides that name them.
struct Grouping {
    /// The group of each agent; empty where there is but one.
    group: Vec<u32>,
    /// What a group's agents have in common: a mark for each override.
    marks: Vec<Vec<Mark>>,
}

impl Grouping {
    fn new(agents: usize, overrides: &[ResolvedOverride]) -> Grouping {
        if overrides.is_empty() {
            return Grouping {
                group: Vec::new(),
                marks: vec![Vec::new()],
            };
        }
        let mut groups: BTreeMap<Vec<Mark>, u32> = BTreeMap::new();
        let mut marks = Vec::new();
        let mut group = Vec::with_capacity(agents);
        for agent in (0..agents).map(AgentId::from_index) {
            let is_in = |members: &[AgentId]| members.binary_search(&agent).is_ok();
            let mark = |(first, second, ..): &ResolvedOverride| Mark {
                first: is_in(first),
                second: is_in(second),
            };
            let own: Vec<Mark> = overrides.iter().map(mark).collect();
            group.push(*groups.entry(own).or_insert_with_key(|own| {
                marks.push(own.clone());
                marks.len() as u32 - 1
            }));
        }
        Grouping { group, marks }
    }
}
