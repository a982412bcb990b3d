//! Iterations where nobody waits for others: samples come in the order of time, and an iteration
//! is handed out when all who take part in it have come.

use super::sample::{Round, Sample};
use crate::checkpoint::{Book, Kept, keep};
use std::collections::VecDeque;

/// Collects samples by iteration.
///
/// Iterations are handed out in their order, so one that is long under way keeps later ones here:
/// as many as the fastest agent is ahead of the slowest one.
pub(super) struct Assembler {
    /// Iterations that are not handed out yet, from `first` on.
    open: VecDeque<Open>,
    first: u64,
    /// One more than the highest iteration.
    iterations: u64,
    /// Vectors to use again.
    spare: Vec<Vec<Sample>>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Open {
    missing: u32,
    samples: Vec<Sample>,
}

/// How many empty vectors are kept.
const SPARE: usize = 16;

impl Assembler {
    /// `participants` says how many agents, attackers too, take part in each iteration.
    pub fn new(participants: impl Iterator<Item = u32>) -> Assembler {
        let open: VecDeque<Open> = participants
            .map(|missing| Open {
                missing,
                samples: Vec::new(),
            })
            .collect();
        Assembler {
            first: 0,
            iterations: open.len() as u64,
            open,
            spare: Vec::new(),
        }
    }

    /// Keeps the iterations that are not handed out yet.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        keep!(book: self.open, self.first)
    }

    /// Takes samples; the vector is left empty.
    ///
    /// # Panics
    /// If more take part in an iteration than were announced: a fault of the simulator.
    pub fn add(&mut self, samples: &mut Vec<Sample>) {
        for sample in samples.drain(..) {
            let ahead = sample.iteration.checked_sub(self.first);
            let open = ahead.and_then(|ahead| self.open.get_mut(usize::try_from(ahead).ok()?));
            let open = open.filter(|open| open.missing > 0);
            let Some(open) = open else {
                panic!(
                    "agent {} took part in iteration {}, which was over",
                    sample.agent, sample.iteration
                );
            };
            open.missing -= 1;
            if open.samples.capacity() == 0 {
                open.samples = self.spare.pop().unwrap_or_default();
            }
            open.samples.push(sample);
        }
    }

    /// The next iteration, if it is complete.
    pub fn next_complete(&mut self) -> Option<Round> {
        if self.open.front()?.missing > 0 {
            return None;
        }
        self.take_first()
    }

    /// The next iteration in which anybody took part, complete or not: where a run ends early,
    /// what was told is not lost.
    pub fn next_part(&mut self) -> Option<Round> {
        loop {
            let round = self.take_first()?;
            if !round.samples.is_empty() {
                return Some(round);
            }
        }
    }

    /// The iteration that is waited for, if there is one.
    pub fn waits_for(&self) -> Option<u64> {
        (!self.open.is_empty()).then_some(self.first)
    }

    /// Takes back the vector of an iteration that was handed out.
    pub fn reuse(&mut self, mut samples: Vec<Sample>) {
        samples.clear();
        if self.spare.len() < SPARE {
            self.spare.push(samples);
        }
    }

    fn take_first(&mut self) -> Option<Round> {
        let Open { mut samples, .. } = self.open.pop_front()?;
        let iteration = self.first;
        self.first += 1;
        samples.sort_unstable_by_key(|s| s.agent);
        Some(Round {
            iteration,
            last: self.first == self.iterations,
            start: samples
                .iter()
                .map(|s| s.started_at)
                .min()
                .unwrap_or_default(),
            end: samples
                .iter()
                .map(|s| s.combined_at)
                .max()
                .unwrap_or_default(),
            wall: None,
            samples,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{AgentId, SimTime};

    fn sample(agent: u32, iteration: u64, at: u64) -> Sample {
        Sample {
            agent: AgentId(agent),
            iteration,
            started_at: SimTime::from_us(at - 5),
            combined_at: SimTime::from_us(at),
            ..Sample::default()
        }
    }

    fn agents(round: &Round) -> Vec<u32> {
        round.samples.iter().map(|s| s.agent.0).collect()
    }

    #[test]
    fn an_iteration_is_handed_out_when_all_have_come_and_in_order() {
        let mut assembler = Assembler::new([2, 2, 1].into_iter());
        // Agent 1 is three times as fast.
        assembler.add(&mut vec![
            sample(1, 0, 10),
            sample(1, 1, 20),
            sample(1, 2, 30),
        ]);
        assert!(assembler.next_complete().is_none());
        let mut samples = vec![sample(0, 0, 30)];
        assembler.add(&mut samples);
        assert!(samples.is_empty());
        let round = assembler.next_complete().unwrap();
        assert_eq!((round.iteration, round.last), (0, false));
        assert_eq!(agents(&round), [0, 1]);
        assert_eq!((round.start.us(), round.end.us()), (5, 30));
        assert!(assembler.next_complete().is_none());
        assert_eq!(assembler.waits_for(), Some(1));
        assembler.add(&mut vec![sample(0, 1, 60)]);
        assert_eq!(agents(&assembler.next_complete().unwrap()), [0, 1]);
        let last = assembler.next_complete().unwrap();
        assert_eq!((last.iteration, last.last, last.end.us()), (2, true, 30));
        assert!(assembler.next_complete().is_none());
        assert_eq!(assembler.waits_for(), None);
    }

    #[test]
    fn an_iteration_that_everybody_lost_is_handed_out_empty() {
        let mut assembler = Assembler::new([1, 0, 1].into_iter());
        assembler.add(&mut vec![sample(0, 0, 10), sample(0, 2, 30)]);
        let iterations = std::iter::from_fn(|| assembler.next_complete());
        let found: Vec<_> = iterations.map(|r| (r.iteration, r.samples.len())).collect();
        assert_eq!(found, [(0, 1), (1, 0), (2, 1)]);
    }

    #[test]
    fn where_a_run_ends_early_what_was_told_is_handed_out() {
        let mut assembler = Assembler::new([2, 2, 2].into_iter());
        assembler.add(&mut vec![sample(1, 0, 10), sample(1, 2, 30)]);
        assert_eq!(assembler.next_part().unwrap().iteration, 0);
        assert_eq!(assembler.next_part().unwrap().iteration, 2);
        assert!(assembler.next_part().is_none());
    }

    #[test]
    #[should_panic(expected = "agent 4 took part in iteration 0, which was over")]
    fn more_than_were_announced_is_a_bug() {
        let mut assembler = Assembler::new([1].into_iter());
        assembler.add(&mut vec![sample(3, 0, 10), sample(4, 0, 10)]);
    }
}
