//! A line that carries one model after another.

use crate::units::SimTime;

/// An uplink or a downlink: since when it is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Queue {
    free: SimTime,
}

impl Queue {
    /// Passes a model that comes at `at` and takes the line for `took`: it waits for those that
    /// came before it. Returns the end of its passage.
    pub fn pass(&mut self, at: SimTime, took: SimTime) -> SimTime {
        self.free = self.peek(at, took);
        self.free
    }

    /// The same end without taking the line.
    pub fn peek(&self, at: SimTime, took: SimTime) -> SimTime {
        let start = self.free.max(at);
        SimTime::from_us(start.us().saturating_add(took.us()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_waits_for_those_before_it_and_an_idle_line_for_none() {
        let us = SimTime::from_us;
        let mut queue = Queue::default();
        assert_eq!(queue.pass(us(10), us(5)), us(15));
        assert_eq!(queue.peek(us(12), us(5)), us(20));
        assert_eq!(queue.pass(us(12), us(5)), us(20));
        assert_eq!(queue.pass(us(30), us(5)), us(35));
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        let end = SimTime::from_us(u64::MAX);
        assert_eq!(Queue::default().pass(end, SimTime::from_us(1)), end);
    }
}
