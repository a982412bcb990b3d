//! The synchronous rule: everyone begins an iteration together and waits for the others' models.

use super::agents::{Chosen, Counts};
use super::mail::{Ahead, Arrived, Exhausted, Sending};
use super::run::{Begun, Oracle};
use super::slip::Slip;
use std::collections::BTreeMap;

/// What has happened so far.
#[derive(Default)]
struct Past {
    /// T_0, T_1, …
    starts: Vec<u64>,
    /// By agent and iteration: when it combined.
    combined: BTreeMap<(usize, u64), u64>,
}

impl Oracle<'_> {
    pub fn synchronous(&mut self) -> Result<(), String> {
        let settings = self.settings;
        let mut past = Past::default();
        let mut now = 0;
        let is_over = |at| settings.clock.until.is_some_and(|until| at > until);
        for i in 0..settings.iterations {
            let mut start = now;
            let mut passes = false;
            if (0..settings.agents).all(|k| self.is_down(k, i, now)) {
                match self.recovery(i, now) {
                    Some(at) => start = at,
                    None if self.recovers_by_iteration(i) => passes = true,
                    None => return Err(format!("nobody is up in iteration {i} any more")),
                }
            }
            if is_over(start) {
                if i == 0 {
                    return Err("nothing happens before the end".to_owned());
                }
                break;
            }
            now = start;
            past.starts.push(now);
            self.arrivals(now, i.wrapping_sub(1), &past)?;
            if passes {
                continue;
            }
            // What is not complete by the end of the run has not happened.
            let before = settings.clock.until.map(|_| self.mail.clone());
            let end = self.iteration(i, now, &mut past)?;
            if let Some(before) = before.filter(|_| is_over(end)) {
                if i == 0 {
                    return Err("the first iteration is not complete by the end".to_owned());
                }
                self.mail = before;
                self.told.rounds.remove(&i);
                self.told.end = now;
                return Ok(());
            }
            now = end;
        }
        past.starts.push(now);
        let last = past.starts.len() as u64 - 1;
        self.arrivals(now, last.wrapping_sub(1), &past)?;
        self.told.end = now;
        Ok(())
    }

    /// The first moment at which somebody is up in an iteration.
    fn recovery(&self, iteration: u64, now: u64) -> Option<u64> {
        let faults = &self.settings.faults;
        let by_time = |k: &usize| !faults.is_down_by_iteration(*k, iteration);
        let agents = (0..self.settings.agents).filter(by_time);
        agents.filter_map(|k| faults.first_up(k, now)).min()
    }

    fn recovers_by_iteration(&self, iteration: u64) -> bool {
        let faults = &self.settings.faults;
        (0..self.settings.agents).any(|k| faults.recovers_by_iteration(k, iteration))
    }

    /// Iteration i from T_i = `start` on; returns T_{i+1}, which never comes where a link fails only
    /// after the end of the run.
    fn iteration(&mut self, i: u64, start: u64, past: &mut Past) -> Result<u64, String> {
        let settings = self.settings;
        let agents = settings.agents;
        let mut end = start;
        let mut begun: Vec<Option<Begun>> = vec![None; agents];
        let mut counts = vec![Counts::default(); agents];
        // By receiver: who sends it something.
        let mut senders: Vec<Vec<usize>> = vec![Vec::new(); agents];
        let up: Vec<bool> = (0..agents).map(|k| !self.is_down(k, i, start)).collect();
        for k in (0..agents).filter(|&k| up[k]) {
            let adapted = start + settings.clock.compute(k, i);
            if self.is_down(k, i, adapted) {
                // The computation is lost.
                end = end.max(adapted);
                continue;
            }
            let (own, departures) = self.adapt(k, (i, start), (start, adapted));
            for departure in &departures {
                senders[departure.to].push(k);
                counts[k].sent += departure.copies;
                counts[k].bytes += departure.copies * 4 * departure.payload.len() as u64;
            }
            begun[k] = Some(own);
            let sending = Sending {
                from: k,
                stamp: i,
                adapted,
            };
            self.mail.send(sending, departures, Some(&|to| up[to]));
        }
        let mut waits: Vec<usize> = (0..agents).filter(|&k| begun[k].is_some()).collect();
        let mut waited: Vec<Option<Waited>> = (0..agents).map(|_| None).collect();
        let mut looked = None;
        while !waits.is_empty() {
            // Whatever departs from then on arrives later.
            let next = self.mail.next_departure();
            let known = next.unwrap_or(u64::MAX);
            if looked != Some(known) {
                looked = Some(known);
                waits.retain(|&k| {
                    let own = begun[k].as_ref().expect("it has begun");
                    if own.adapted <= known {
                        let found = self.wait(k, i, own, &senders[k]);
                        waited[k] = found.filter(|found| found.until <= known);
                    }
                    waited[k].is_none()
                });
                continue;
            }
            match self.mail.depart() {
                // The run is over before that shows.
                Err(exhausted) if settings.clock.until.is_some_and(|u| exhausted.at > u) => {
                    return Ok(u64::MAX);
                }
                departed => departed.map_err(sent_too_often)?,
            }
        }
        for k in 0..agents {
            let (Some(own), Some(waited)) = (&begun[k], &waited[k]) else {
                continue;
            };
            counts[k].delivered = waited.delivered;
            counts[k].malformed = waited.malformed;
            let took_part = self.combine(k, (i, start), waited.until, own, &waited.chosen);
            self.mail.traffic.used += took_part.map_or(0, |weighed| weighed.len() as u64);
            past.combined.insert((k, i), waited.until);
            end = end.max(waited.until);
        }
        if settings.plain {
            let round = self.told.rounds.entry(i).or_default();
            for expected in round {
                expected.counts = Some(counts[expected.agent]);
            }
        }
        Ok(end)
    }

    /// Until when an agent waits, and what it combines then, if nothing more departs before that;
    /// `None` where that is not known.
    fn wait(&self, k: usize, i: u64, own: &Begun, senders: &[usize]) -> Option<Waited> {
        let settings = self.settings;
        let neighbors = settings.network.neighbors(k, i, own.started);
        let share = settings.clock.quorum * neighbors.len() as f64;
        let need = match self.slip {
            Slip::QuorumDown => share.floor(),
            // A share such as 0.28 of 25 is meant, not its rounding error.
            _ => (share - 1e-9).ceil(),
        } as usize;
        let mut waited = Waited::default();
        // By neighbor: its models in order of arrival, and the last end of copies that are none.
        let mut models: BTreeMap<usize, Vec<Arrived>> = BTreeMap::new();
        let lost = |&l: &usize| Some((l, self.mail.lost((i, l, k))?));
        let mut ends: BTreeMap<usize, u64> = senders.iter().filter_map(lost).collect();
        for ahead in self.mail.look_ahead(k, i) {
            let (copy, at, model) = match ahead {
                Ahead::Down(copy) => (copy.clone(), copy.link, None),
                Ahead::Arrives(arrived) => (arrived.copy.clone(), arrived.at, Some(arrived)),
            };
            if copy.stamp != i {
                continue;
            }
            match model.filter(|_| self.agents.is_readable(&copy.payload)) {
                Some(arrived) => {
                    waited.delivered += 1;
                    models.entry(copy.from).or_default().push(arrived);
                }
                None => {
                    waited.malformed += 1;
                    let last = ends.entry(copy.from).or_default();
                    *last = at.max(*last);
                }
            }
        }
        let mut firsts = Vec::new();
        let mut settled = Some(own.started);
        for l in &neighbors {
            let first = models.get(l).and_then(|all| all.iter().map(|a| a.at).min());
            firsts.extend(first);
            if senders.contains(l) {
                let end = match first {
                    None if self.mail.is_open((i, *l, k)) => None,
                    None => Some(ends[l]),
                    first => first,
                };
                settled = settled.and_then(|settled| Some(settled.max(end?)));
            }
        }
        firsts.sort_unstable();
        let enough = match need {
            0 => Some(own.adapted),
            _ => firsts.get(need - 1).copied(),
        };
        let heard = enough.into_iter().chain(settled).min()?;
        waited.until = own.adapted.max(heard);
        for l in neighbors {
            let all = models.remove(&l).unwrap_or_default();
            let come = all
                .into_iter()
                .filter(|a| self.is_in_time(a.at, waited.until));
            let newest = come.max_by_key(|a| (a.at, a.copy.copy, a.copy.attempt));
            waited.chosen.extend(newest.map(|arrived| Chosen {
                sender: l,
                payload: arrived.copy.payload,
                adapted: arrived.copy.adapted,
                age: 0,
                held: false,
            }));
        }
        Some(waited)
    }

    /// Counts what arrives up to T_{i+1} = `now`, in iteration `i`.
    fn arrivals(&mut self, now: u64, i: u64, past: &Past) -> Result<(), String> {
        self.mail.depart_before(now).map_err(sent_too_often)?;
        for k in 0..self.settings.agents {
            for arrived in self.mail.take(k, now, i) {
                let Some(arrived) = self.readable(arrived) else {
                    continue;
                };
                let stamp = arrived.copy.stamp;
                let in_time = past.combined.get(&(k, stamp)).copied();
                let in_time = in_time.unwrap_or_else(|| past.starts[stamp as usize + 1]);
                self.mail.traffic.delivered += 1;
                self.mail.traffic.late += u64::from(arrived.at > in_time);
            }
        }
        Ok(())
    }
}

fn sent_too_often(Exhausted { from, to, .. }: Exhausted) -> String {
    format!("a model from {from} to {to} was sent too often")
}

#[derive(Default)]
struct Waited {
    until: u64,
    chosen: Vec<Chosen>,
    delivered: u64,
    malformed: u64,
}
