//! When an attack is on. Outside, an attacker runs task and rule as an honest agent.

use crate::settings::Keys;
use crate::units::SimTime;

/// The span in which an attack is on, perhaps in bursts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Active {
    from_iteration: u64,
    to_iteration: u64,
    from: SimTime,
    to: SimTime,
    /// Period and how much of it the attack is on, in iterations.
    bursts: Option<(u64, u64)>,
}

impl Default for Active {
    /// Always.
    fn default() -> Self {
        Active {
            from_iteration: 0,
            to_iteration: u64::MAX,
            from: SimTime::ZERO,
            to: SimTime::from_us(u64::MAX),
            bursts: None,
        }
    }
}

impl Active {
    /// Declares and reads the keys of `active = { … }`.
    pub fn read(keys: &mut Keys<'_>) -> Active {
        let always = Active::default();
        let from_iteration = keys
            .key("from_iteration", "First iteration in which it is on")
            .optional("from the start");
        let to_iteration: Option<u64> = keys
            .key("to_iteration", "First iteration in which it is off again")
            .optional("to the end");
        let from_ms: Option<f64> = keys
            .key("from_ms", "Simulated time from which it is on [ms]")
            .at_least(0.0)
            .at_most(SimTime::MAX_MS)
            .optional("from the start");
        let to_ms: Option<f64> = keys
            .key("to_ms", "Simulated time from which it is off again [ms]")
            .at_least(0.0)
            .at_most(SimTime::MAX_MS)
            .optional("to the end");
        let period: Option<u64> = keys
            .key(
                "period_iterations",
                "Length of a period, counted from from_iteration",
            )
            .at_least(1.0)
            .optional("no periods");
        let on: Option<u64> = keys
            .key(
                "on_iterations",
                "How many iterations of each period it is on, the first ones",
            )
            .at_least(1.0)
            .optional("no periods");
        let active = Active {
            from_iteration: from_iteration.unwrap_or(always.from_iteration),
            to_iteration: to_iteration.unwrap_or(always.to_iteration),
            from: from_ms.map_or(always.from, SimTime::from_ms),
            to: to_ms.map_or(always.to, SimTime::from_ms),
            bursts: period.zip(on),
        };
        if active.from_iteration >= active.to_iteration {
            let help = format!("write an iteration after {}", active.from_iteration);
            keys.problem(
                "to_iteration",
                "the attack would end before it begins",
                help,
            );
        }
        if active.from >= active.to {
            let help = format!("write a time after {}", active.from);
            keys.problem("to_ms", "the attack would end before it begins", help);
        }
        match (period, on) {
            (Some(period), Some(on)) if on > period => {
                let help = format!("write a number up to {period}");
                keys.problem(
                    "on_iterations",
                    "the attack would be on longer than a period",
                    help,
                );
            }
            (Some(_), None) => keys.problem(
                "period_iterations",
                "a period says nothing without `on_iterations`",
                "add `on_iterations = …`, how many iterations of each period it is on",
            ),
            (None, Some(_)) => keys.problem(
                "on_iterations",
                "`on_iterations` says nothing without a period",
                "add `period_iterations = …`",
            ),
            _ => {}
        }
        active
    }

    /// The first iteration in which it can be on, and the first moment.
    pub fn begins(&self) -> (u64, SimTime) {
        (self.from_iteration, self.from)
    }

    /// Whether it is on in an iteration that starts at `start`.
    pub fn is_on(&self, iteration: u64, start: SimTime) -> bool {
        let in_span = (self.from_iteration..self.to_iteration).contains(&iteration)
            && (self.from..self.to).contains(&start);
        let in_burst = |(period, on)| (iteration - self.from_iteration) % period < on;
        in_span && self.bursts.is_none_or(in_burst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attack_is_on_from_its_first_iteration_up_to_its_last_exclusively() {
        let active = Active {
            from_iteration: 3,
            to_iteration: 5,
            ..Active::default()
        };
        let on: Vec<u64> = (0..10)
            .filter(|&i| active.is_on(i, SimTime::ZERO))
            .collect();
        assert_eq!(on, [3, 4]);
    }

    #[test]
    fn periods_count_from_the_first_iteration() {
        let active = Active {
            from_iteration: 2,
            bursts: Some((4, 1)),
            ..Active::default()
        };
        let on: Vec<u64> = (0..12)
            .filter(|&i| active.is_on(i, SimTime::ZERO))
            .collect();
        assert_eq!(on, [2, 6, 10]);
    }

    #[test]
    fn simulated_time_bounds_an_attack_as_iterations_do() {
        let active = Active {
            from: SimTime::from_ms(5.0),
            to: SimTime::from_ms(7.0),
            ..Active::default()
        };
        let on: Vec<u64> = (0..10)
            .filter(|&i| active.is_on(i, SimTime::from_ms(i as f64)))
            .collect();
        assert_eq!(on, [5, 6]);
    }
}
