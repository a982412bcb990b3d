//! When everybody's iterations end in asynchronous mode, where nobody waits for anybody.
//!
//! Event times depend on compute times and faults alone, never on models, so that they are known
//! before the run: the horizon follows from them, and how many models a sender has finished by a
//! moment. Memory: 8 bytes per iteration of an agent.

use crate::fault::Outages;
use crate::units::{AgentId, SimTime};

/// Iterations of all agents that a timetable may hold: 4 GB.
const MOST: usize = 500_000_000;

/// Later than any moment of a run.
const BEYOND_TIME: SimTime = SimTime::from_us(SimTime::END.us() + 1);

/// Marks an iteration that was lost because its agent was down at its end.
const LOST: u64 = 1 << 63;

/// The ends of all iterations up to the horizon.
pub struct Timetable {
    /// Behind one another, in µs; `starts[k]..starts[k + 1]` are k's.
    ends: Vec<u64>,
    starts: Vec<usize>,
    /// How many agents tell of an iteration.
    participants: Vec<u32>,
    /// Whether any iteration is lost.
    loses: bool,
    horizon: SimTime,
}

/// Why there is no timetable.
#[derive(Debug, PartialEq)]
pub(super) enum NoTimetable {
    /// Half of the normal agents never end their last iteration: these.
    Stall(Vec<AgentId>),
    /// Half of the normal agents end their last iteration after the end of simulated time, or never:
    /// this one does so after it.
    BeyondTime(AgentId),
    /// An agent would have more iterations than fit: this one.
    TooMany(AgentId),
}

/// One agent's iterations, as far as they have been drawn.
struct Line {
    agent: AgentId,
    outages: Outages,
    /// When the next one begins; `None` if the agent never comes back.
    start: Option<SimTime>,
    ends: Vec<u64>,
}

impl Line {
    fn new(agent: AgentId, mut outages: Outages) -> Line {
        let start = outages.up_from(SimTime::ZERO);
        Line {
            agent,
            outages,
            start,
            ends: Vec::new(),
        }
    }

    /// Draws the next iteration and tells its end; all that is beyond simulated time is alike.
    fn next(&mut self, compute: &impl Fn(AgentId, u64) -> SimTime) -> Option<SimTime> {
        let iteration = self.ends.len() as u64;
        let took = compute(self.agent, iteration).max(SimTime::from_us(1));
        let end = (self.start? + took).min(BEYOND_TIME);
        let lost = self.outages.is_down(iteration, end);
        self.ends.push(end.us() | if lost { LOST } else { 0 });
        self.start = self.outages.up_from(end);
        Some(end)
    }
}

impl Timetable {
    /// Draws everybody's iterations up to the horizon: the moment at which the lower-median normal
    /// agent ends its `iterations`-th one, or `until`, if that is earlier.
    pub(super) fn draw(
        is_normal: &[bool],
        iterations: u64,
        until: Option<SimTime>,
        compute: impl Fn(AgentId, u64) -> SimTime,
        outages: impl Fn(AgentId) -> Outages,
    ) -> Result<Timetable, NoTimetable> {
        let is_limited = until.is_some();
        let until = until.unwrap_or(SimTime::END);
        let mut lines: Vec<Line> = (0..is_normal.len())
            .map(AgentId::from_index)
            .map(|agent| Line::new(agent, outages(agent)))
            .collect();
        let mut left = MOST;
        let mut draw = |line: &mut Line| {
            left = left
                .checked_sub(1)
                .ok_or(NoTimetable::TooMany(line.agent))?;
            Ok(line.next(&compute))
        };
        // When each normal agent ends its last iteration.
        let mut finals = Vec::new();
        for line in lines.iter_mut().filter(|l| is_normal[l.agent.index()]) {
            let mut end = Some(SimTime::ZERO);
            while end.is_some_and(|end| end <= until) && (line.ends.len() as u64) < iterations {
                end = draw(line)?;
            }
            finals.push((end.unwrap_or(SimTime::NEVER), line.agent));
        }
        let mut order: Vec<SimTime> = finals.iter().map(|(end, _)| *end).collect();
        order.sort_unstable();
        let median = order[(order.len() - 1) / 2];
        let horizon = if is_limited {
            median.min(until)
        } else {
            median
        };
        if horizon > SimTime::END {
            let beyond = finals.iter().find(|(end, _)| *end == BEYOND_TIME);
            let never = finals.iter().filter(|(end, _)| *end == SimTime::NEVER);
            return Err(match beyond {
                Some((_, agent)) => NoTimetable::BeyondTime(*agent),
                None => NoTimetable::Stall(never.map(|(_, k)| *k).collect()),
            });
        }
        let mut timetable = Timetable {
            ends: Vec::new(),
            starts: vec![0],
            participants: Vec::new(),
            loses: false,
            horizon,
        };
        for line in &mut lines {
            let is_over = |end: u64| SimTime::from_us(end & !LOST) > horizon;
            while line.ends.last().is_none_or(|&end| !is_over(end)) && draw(line)?.is_some() {}
            let kept = line.ends.iter().take_while(|&&end| !is_over(end)).count();
            timetable.add(&line.ends[..kept]);
            line.ends = Vec::new();
        }
        Ok(timetable)
    }

    fn add(&mut self, ends: &[u64]) {
        self.ends.extend_from_slice(ends);
        self.loses |= ends.iter().any(|end| end & LOST != 0);
        self.starts.push(self.ends.len());
        if self.participants.len() < ends.len() {
            self.participants.resize(ends.len(), 0);
        }
        for (participants, end) in self.participants.iter_mut().zip(ends) {
            *participants += u32::from(end & LOST == 0);
        }
    }

    /// The moment at which the run ends.
    pub fn horizon(&self) -> SimTime {
        self.horizon
    }

    /// One more than the highest number of an iteration that anybody ends.
    pub fn iterations(&self) -> u64 {
        self.participants.len() as u64
    }

    /// How many agents tell of an iteration, attackers too.
    pub fn participants(&self, iteration: u64) -> u32 {
        let index = usize::try_from(iteration).ok();
        let found = index.and_then(|index| self.participants.get(index));
        found.copied().unwrap_or(0)
    }

    fn of(&self, agent: AgentId) -> &[u64] {
        &self.ends[self.starts[agent.index()]..self.starts[agent.index() + 1]]
    }

    /// One more than the highest number of an iteration that an agent ends, lost or not.
    pub fn length_of(&self, agent: AgentId) -> u64 {
        self.of(agent).len() as u64
    }

    /// How many iterations an agent ends, and does not lose.
    pub fn iterations_of(&self, agent: AgentId) -> u64 {
        let ends = self.of(agent).iter();
        ends.filter(|&&end| end & LOST == 0).count() as u64
    }

    /// How many iterations an agent ends before a moment, and does not lose.
    pub(super) fn ends_before(&self, agent: AgentId, moment: SimTime) -> u64 {
        let ends = self.of(agent);
        let ended = ends.partition_point(|&end| end & !LOST < moment.us());
        match self.loses {
            true => ends[..ended].iter().filter(|&&end| end & LOST == 0).count() as u64,
            false => ended as u64,
        }
    }

    /// The first iteration of an agent from `iteration` on that is not lost, and its end.
    pub fn next(&self, agent: AgentId, iteration: u64) -> Option<(u64, SimTime)> {
        let ends = self.of(agent);
        let from = usize::try_from(iteration).ok()?;
        let found = (from..ends.len()).find(|&i| ends[i] & LOST == 0)?;
        Some((found as u64, SimTime::from_us(ends[found])))
    }

    /// When the iteration before ended, lost or not: this one begins then, or when the agent comes
    /// back.
    pub fn end_before(&self, agent: AgentId, iteration: u64) -> SimTime {
        let before = iteration
            .checked_sub(1)
            .and_then(|i| usize::try_from(i).ok());
        let end = before.and_then(|before| self.of(agent).get(before));
        end.map_or(SimTime::ZERO, |end| SimTime::from_us(end & !LOST))
    }

    /// How many iterations after `iteration` an agent has finished, and not lost, by `moment`.
    pub fn finished_after(&self, agent: AgentId, iteration: u64, moment: SimTime) -> u64 {
        let ends = self.of(agent);
        let from = usize::try_from(iteration).map_or(ends.len(), |i| i + 1);
        let later = ends.get(from..).unwrap_or_default();
        let until_then = later.iter().take_while(|&&end| end & !LOST <= moment.us());
        until_then.filter(|&&end| end & LOST == 0).count() as u64
    }
}
