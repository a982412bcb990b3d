//! What a run would never come to: attacks, faults and a steady state that begin after its end.

use super::clock::Pace;
use super::draw::Places;
use super::read::AttackSettings;
use super::timetable::Timetable;
use super::timing::{Asked, Timing};
use crate::fault::{FaultSettings, Span};
use crate::settings::Problems;
use crate::units::SimTime;

/// How long a run can be at the most.
pub(super) struct End {
    /// Its iterations.
    iterations: u64,
    /// From this moment on no iteration begins; `None` where nobody knows before the run.
    last_begun: Option<SimTime>,
    /// When it is over; likewise.
    over: Option<SimTime>,
}

impl End {
    /// That of a run whose timing is drawn, or where that failed, whose text asks for so many
    /// iterations.
    pub fn of(timing: Option<&Timing>, asked: &Asked<'_>, pace: Pace) -> End {
        let iterations = match (timing, pace) {
            (Some(timing), _) => timing.iterations,
            // Fast agents end more than they are asked for.
            (None, Pace::Asynchronous { .. }) => u64::MAX,
            (None, _) => asked.iterations,
        };
        let horizon = timing.and_then(|t| t.timetable.as_ref().map(Timetable::horizon));
        let (last_begun, over) = match pace {
            Pace::Deadline { period, .. } => {
                let tick = |number: u64| SimTime::from_us(period.us().saturating_mul(number));
                let after_last = tick(iterations - 1).us().saturating_add(1);
                (Some(SimTime::from_us(after_last)), Some(tick(iterations)))
            }
            Pace::Asynchronous { .. } => (horizon, horizon),
            // Iterations that have begun are ended.
            Pace::Synchronous { .. } => (asked.until, None),
        };
        End {
            iterations,
            last_begun,
            over,
        }
    }

    /// Notes attacks that would never be on.
    pub fn check_attacks(
        &self,
        attacks: &[AttackSettings],
        places: &Places<'_>,
        problems: &mut Problems,
    ) {
        for (index, attack) in attacks.iter().enumerate() {
            let name = attack.name.as_ref().unwrap_or(&attack.kind);
            let (iteration, at) = attack.active.begins();
            let place = |key| places.find(&["attack", &index.to_string(), "active", key]);
            let message = |end| format!("the attack `{name}` would never begin: {end}");
            if iteration >= self.iterations {
                let place = place("from_iteration");
                problems.add(place, message(self.last()), self.earlier_iteration());
            } else if let Some(end) = self.last_begun.filter(|end| at >= *end) {
                let why = format!("no iteration begins at or after {end}");
                problems.add(place("from_ms"), message(why), earlier(end));
            }
        }
    }

    /// Notes faults that would never be on.
    pub fn check_faults(
        &self,
        faults: &[FaultSettings],
        places: &Places<'_>,
        problems: &mut Problems,
    ) {
        for (index, fault) in faults.iter().enumerate() {
            let place = |key| places.find(&["fault", &index.to_string(), key]);
            let message = |end| format!("this fault would never begin: {end}");
            match fault.span() {
                Some(Span::Iterations { from, .. }) if from >= self.iterations => {
                    let place = place("from_iteration");
                    problems.add(place, message(self.last()), self.earlier_iteration());
                }
                Some(Span::Time { from, .. }) => {
                    if let Some(end) = self.over.filter(|end| from >= *end) {
                        let why = format!("the run ends at {end}");
                        problems.add(place("from_ms"), message(why), earlier(end));
                    }
                }
                _ => {}
            }
        }
    }

    /// Notes a steady state that would never begin.
    pub fn check_steady(&self, from: Option<u64>, places: &Places<'_>, problems: &mut Problems) {
        if let Some(from) = from.filter(|from| *from >= self.iterations) {
            let place = places.find(&["record", "steady_from"]);
            let message = format!("the steady state cannot begin at iteration {from}");
            problems.add(place, message, self.earlier_iteration());
        }
    }

    fn last(&self) -> String {
        format!("iteration {} is the last", self.iterations - 1)
    }

    fn earlier_iteration(&self) -> String {
        format!(
            "write a number up to {}, or let the run be longer",
            self.iterations - 1
        )
    }
}

fn earlier(end: SimTime) -> String {
    format!("write a time before {end}, or let the run be longer")
}
