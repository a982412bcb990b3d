//! Asynchrony: nobody waits for anybody.

use super::faults::NEVER;
use super::mail::{Arrived, Sending};
use super::run::Oracle;
use super::shelf::Shelf;
use super::slip::Slip;

/// One iteration of an agent.
#[derive(Clone, Copy)]
struct Turn {
    number: u64,
    starts: u64,
    ends: u64,
    /// Whether the agent is down at its end.
    lost: bool,
}

impl Oracle<'_> {
    pub fn asynchronous(&mut self) -> Result<(), String> {
        let settings = self.settings;
        let until = settings.clock.until.unwrap_or(NEVER);
        let mut ends: Vec<u64> = settings
            .normal
            .iter()
            .map(|&k| self.end_of(k, settings.iterations - 1, until))
            .collect();
        ends.sort_unstable();
        let middle = match self.slip {
            Slip::UpperMedian => ends.len() / 2,
            _ => (ends.len() - 1) / 2,
        };
        let horizon = until.min(ends[middle]);
        if horizon == NEVER {
            return Err("half of the normal agents never come to the end".to_owned());
        }
        let table: Vec<Vec<Turn>> = (0..settings.agents)
            .map(|k| self.turns(k).take_while(|t| t.ends <= horizon).collect())
            .collect();
        let mut events: Vec<(u64, usize, Turn)> = Vec::new();
        for (k, turns) in table.iter().enumerate() {
            let kept = turns.iter().filter(|turn| !turn.lost);
            events.extend(kept.map(|turn| (turn.ends, k, *turn)));
        }
        events.sort_by_key(|&(at, k, _)| (at, k));
        let mut shelves: Vec<Shelf> = (0..settings.agents)
            .map(|_| Shelf::new(settings.agents, settings.clock.missing, self.slip))
            .collect();
        for (_, k, turn) in events {
            self.event(k, turn, &table, &mut shelves[k]);
        }
        for (k, shelf) in shelves.iter_mut().enumerate() {
            self.stock_up_to(k, horizon, shelf);
        }
        for round in self.told.rounds.values_mut() {
            round.sort_by_key(|expected| expected.agent);
        }
        self.told.end = horizon;
        Ok(())
    }

    /// An agent's iterations, lost ones among them, for as long as it comes up again.
    fn turns(&self, k: usize) -> impl Iterator<Item = Turn> + use<'_> {
        let settings = self.settings;
        let turn = move |number: u64, from: u64| {
            let mut starts = settings.faults.first_up(k, from)?;
            if self.slip == Slip::UpLate && starts > from {
                starts += 1;
            }
            let ends = starts + settings.clock.compute(k, number);
            let lost = settings.faults.is_down(k, 0, ends);
            Some(Turn {
                number,
                starts,
                ends,
                lost,
            })
        };
        std::iter::successors(turn(0, 0), move |last| turn(last.number + 1, last.ends))
    }

    /// When an agent ends an iteration; never where that is not before `until`.
    fn end_of(&self, k: usize, number: u64, until: u64) -> u64 {
        let mut turns = self.turns(k).take_while(|turn| turn.ends < until);
        let turn = turns.find(|turn| turn.number == number);
        turn.map_or(NEVER, |turn| turn.ends)
    }

    /// Adapt, send, combine, all at the end of an iteration.
    fn event(&mut self, k: usize, turn: Turn, table: &[Vec<Turn>], shelf: &mut Shelf) {
        let settings = self.settings;
        let Turn {
            number,
            starts,
            ends: now,
            ..
        } = turn;
        self.stock_up_to(k, now, shelf);
        let (begun, departures) = self.adapt(k, (number, now), (starts, now));
        let sending = Sending {
            from: k,
            stamp: number,
            adapted: now,
        };
        self.mail.send(sending, departures, None);
        let neighbors = settings.network.neighbors(k, number, now);
        let slip = self.slip;
        let age = |arrived: &Arrived| {
            let age = now - arrived.copy.adapted;
            let too_old = settings.clock.max_age.is_some_and(|max| match slip {
                Slip::AgeStrict => age >= max,
                _ => age > max,
            });
            let newer =
                |turn: &&Turn| !turn.lost && turn.number > arrived.copy.stamp && turn.ends <= now;
            let newer = table[arrived.copy.from].iter().filter(newer).count();
            (!too_old).then_some(newer as u64)
        };
        let chosen = shelf.choose(&neighbors, &age);
        if let Some(weighed) = self.combine(k, (number, now), now, &begun, &chosen) {
            self.mail.traffic.used += shelf.mark(&chosen, &weighed);
        }
    }

    /// Takes what has arrived up to a moment.
    fn stock_up_to(&mut self, k: usize, now: u64, shelf: &mut Shelf) {
        self.all_depart_before(now);
        for arrived in self.mail.take(k, now, 0) {
            let Some(arrived) = self.readable(arrived) else {
                continue;
            };
            let age = arrived.at - arrived.copy.adapted;
            if self.settings.clock.max_age.is_some_and(|max| age > max) {
                self.mail.traffic.expired += 1;
                continue;
            }
            self.mail.traffic.delivered += 1;
            if self.is_in_time(arrived.at, now) {
                shelf.put(arrived);
            }
        }
    }
}
