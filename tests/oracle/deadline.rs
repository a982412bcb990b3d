//! Deadlines: ticks come whatever has arrived.

use super::clock::Late;
use super::mail::{Arrived, Sending};
use super::run::{Begun, Oracle};
use super::shelf::Shelf;
use super::slip::Slip;

/// What an agent is computing.
struct Computing {
    /// When it is done.
    ends: u64,
    /// Nothing where the agent will be down then.
    begun: Option<Begun>,
}

impl Oracle<'_> {
    pub fn deadline(&mut self) -> Result<(), String> {
        let settings = self.settings;
        let period = settings.clock.period;
        let by_time = settings.clock.until.map(|until| until / period);
        let ticks = by_time.map_or(settings.iterations, |n| n.min(settings.iterations));
        let mut computing: Vec<Option<Computing>> = (0..settings.agents).map(|_| None).collect();
        let mut shelves: Vec<Shelf> = (0..settings.agents)
            .map(|_| Shelf::new(settings.agents, settings.clock.missing, self.slip))
            .collect();
        for i in 0..=ticks {
            let now = i * period;
            self.all_depart_before(now);
            for k in 0..settings.agents {
                self.stock(k, now, &mut shelves[k]);
                if let Some(done) = computing[k].take_if(|c| c.ends <= now)
                    && let Some(begun) = done.begun
                {
                    self.combine_at_tick(k, i, &begun, &mut shelves[k]);
                }
                if i < ticks && computing[k].is_none() && !self.is_down(k, i, now) {
                    computing[k] = Some(self.begin(k, i));
                }
            }
        }
        self.told.end = ticks * period;
        Ok(())
    }

    /// Begins iteration i.
    fn begin(&mut self, k: usize, i: u64) -> Computing {
        let now = i * self.settings.clock.period;
        let ends = now + self.settings.clock.compute(k, i);
        if self.is_down(k, i, ends) {
            return Computing { ends, begun: None };
        }
        let (begun, departures) = self.adapt(k, (i, now), (now, ends));
        let sending = Sending {
            from: k,
            stamp: i,
            adapted: ends,
        };
        self.mail.send(sending, departures, None);
        Computing {
            ends,
            begun: Some(begun),
        }
    }

    /// Takes what has arrived at a tick.
    fn stock(&mut self, k: usize, now: u64, shelf: &mut Shelf) {
        let clock = &self.settings.clock;
        for arrived in self.mail.take(k, now, 0) {
            let Some(arrived) = self.readable(arrived) else {
                continue;
            };
            let (at, stamp) = (arrived.at, arrived.copy.stamp);
            // The iteration that ends at the first tick at which it is there.
            let age = at.div_ceil(clock.period) - 1 - stamp;
            if clock.max_age_iterations.is_some_and(|max| age > max) {
                self.mail.traffic.expired += 1;
                continue;
            }
            let late = at > (stamp + 1) * clock.period;
            self.mail.traffic.delivered += 1;
            self.mail.traffic.late += u64::from(late);
            let in_time = self.is_in_time(at, now);
            if in_time && !(late && clock.late == Late::Discard) {
                shelf.put(arrived);
            }
        }
    }

    /// Combines at tick i for the iteration that ends there.
    fn combine_at_tick(&mut self, k: usize, i: u64, begun: &Begun, shelf: &mut Shelf) {
        let settings = self.settings;
        let j = i - 1;
        let instant = j * settings.clock.period;
        let now = i * settings.clock.period;
        let neighbors = settings.network.neighbors(k, j, instant);
        let slip = self.slip;
        let age = |arrived: &Arrived| {
            let age = j - arrived.copy.stamp;
            let max = settings.clock.max_age_iterations;
            let too_old = max.is_some_and(|max| match slip {
                Slip::AgeStrict => age >= max,
                _ => age > max,
            });
            (!too_old).then_some(age)
        };
        let chosen = shelf.choose(&neighbors, &age);
        if let Some(weighed) = self.combine(k, (j, instant), now, begun, &chosen) {
            self.mail.traffic.used += shelf.mark(&chosen, &weighed);
        }
    }
}
