//! What a run would never come to: attacks, faults and a steady state that begin after its end.

use super::clock::Pace;
use super::draw::Places;
use super::plan::Role;
use super::read::AttackSettings;
use super::sweep::Setting;
use super::timetable::Timetable;
use super::timing::{Asked, Timing};
use crate::fault::{FaultSettings, Span};
use crate::settings::Problems;
use crate::units::{AgentId, SimTime};

/// How long a run can be at the most.
pub(super) struct End<'a> {
    /// Its iterations.
    iterations: u64,
    /// Whose iterations those are, where agents differ in them.
    timetable: Option<&'a Timetable>,
    /// From this moment on no iteration begins; `None` where nobody knows before the run.
    last_begun: Option<SimTime>,
    /// When it is over; likewise.
    over: Option<SimTime>,
    /// Which of a sweep's runs it is, as far as they differ in length.
    point: String,
}

impl<'a> End<'a> {
    /// That of a run whose timing is drawn, or where that failed, whose text asks for so many
    /// iterations; `settings` are the run's in its sweep.
    pub fn of(
        timing: Option<&'a Timing>,
        asked: &Asked<'_>,
        pace: Pace,
        settings: &[Setting],
    ) -> End<'a> {
        let iterations = match (timing, pace) {
            (Some(timing), _) => timing.iterations,
            // Fast agents end more than they are asked for.
            (None, Pace::Asynchronous { .. }) => u64::MAX,
            (None, _) => asked.iterations,
        };
        let timetable = timing.and_then(|timing| timing.timetable.as_ref());
        let horizon = timetable.map(Timetable::horizon);
        let (last_begun, over) = match pace {
            Pace::Deadline { period, .. } => {
                let tick = |number: u64| SimTime::from_us(period.us().saturating_mul(number));
                let after_last = tick(iterations - 1).us().saturating_add(1);
                (Some(SimTime::from_us(after_last)), Some(tick(iterations)))
            }
            Pace::Asynchronous { .. } => (horizon, horizon),
            // What is not complete by then has not happened.
            Pace::Synchronous { .. } => (asked.until, asked.until),
        };
        End {
            iterations,
            timetable,
            last_begun,
            over,
            point: length_among(settings),
        }
    }

    /// Notes attacks that would never be on.
    pub fn check_attacks(
        &self,
        attacks: &[AttackSettings],
        roles: &[Role],
        places: &Places<'_>,
        problems: &mut Problems,
    ) {
        for (index, attack) in attacks.iter().enumerate() {
            let name = attack.name.as_ref().unwrap_or(&attack.kind);
            let (iteration, at) = attack.active.begins();
            let place = |key| places.find(&["attack", &index.to_string(), "active", key]);
            let point = &self.point;
            let message = |end| format!("the attack `{name}` would never begin: {end}{point}");
            let own = self.iterations_of(Role::Byzantine(index), roles);
            if iteration >= own {
                let place = place("from_iteration");
                problems.add(place, message(last(own)), earlier_iteration(own));
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
            let point = &self.point;
            let message = |end| format!("this fault would never begin: {end}{point}");
            match fault.span() {
                Some(Span::Iterations { from, .. }) if from >= self.iterations => {
                    let place = place("from_iteration");
                    let iterations = self.iterations;
                    problems.add(
                        place,
                        message(last(iterations)),
                        earlier_iteration(iterations),
                    );
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
            let point = &self.point;
            let message = format!("the steady state cannot begin at iteration {from}{point}");
            problems.add(place, message, earlier_iteration(self.iterations));
        }
    }

    /// The most iterations of an agent with a role; one, whoever has none.
    fn iterations_of(&self, role: Role, roles: &[Role]) -> u64 {
        let Some(timetable) = self.timetable else {
            return self.iterations;
        };
        let all = roles.iter().enumerate().filter(|(_, own)| **own == role);
        let lengths = all.map(|(index, _)| timetable.length_of(AgentId::from_index(index)));
        lengths.max().unwrap_or_default().max(1)
    }
}

/// The swept settings that a run's length depends on, as ` with iterations = 10`.
fn length_among(settings: &[Setting]) -> String {
    let decide = ["iterations", "epochs", "until_ms", "task", "clock"];
    let decides = |s: &&Setting| decide.contains(&s.key.split('.').next().unwrap_or_default());
    let own = settings.iter().filter(decides);
    let own: Vec<String> = own.map(|s| format!("{} = {}", s.key, s.value)).collect();
    match own.is_empty() {
        true => String::new(),
        false => format!(" with {}", own.join(", ")),
    }
}

fn last(iterations: u64) -> String {
    format!("iteration {} is the last", iterations - 1)
}

fn earlier_iteration(iterations: u64) -> String {
    let last = iterations - 1;
    format!("write a number up to {last}, or let the run be longer")
}

fn earlier(end: SimTime) -> String {
    format!("write a time before {end}, or let the run be longer")
}
