//! From what was drawn to a scenario's text.

use super::spec::{Agents, Attack, Fault, Mode, Spec, Task, Topology};
use std::fmt::Write;

/// A scenario and the files beside it.
pub struct Written {
    pub text: String,
    pub files: Vec<(&'static str, String)>,
}

impl Spec {
    pub fn write(&self) -> Written {
        let n = self.agents();
        let mut text = String::new();
        let iterations = match self.task {
            Task::Activity => self.iterations.min(12),
            _ => self.iterations,
        };
        let mut line = |line: String| writeln!(text, "{line}").expect("a string");
        line(format!("seed = {}\niterations = {iterations}", self.seed));
        if let Some(until) = self.until_ms {
            line(format!("until_ms = {until}"));
        }
        line("[task]".to_owned());
        line(self.task.write());
        if let Some(seed) = self.links_seed {
            line(format!("[seeds]\nlinks = {seed}"));
        }
        line(self.sets(n));
        line(self.topology.write(n));
        line(self.clock(n));
        for (table, base, overrides) in [
            ("learner", &self.learner, &self.learner_overrides),
            ("rule", &self.rule, &self.rule_overrides),
        ] {
            line(format!("[{table}]\n{}", base.join("\n")));
            for (agents, keys) in overrides.iter().filter(|(_, keys)| !keys.is_empty()) {
                let (agents, keys) = (agents.write(n), keys.join("\n"));
                line(format!("[[{table}.override]]\nagents = {agents}\n{keys}"));
            }
        }
        line(self.link(n));
        for fault in &self.faults {
            line(fault.write(n, self.mode));
        }
        line(self.attacks(n));
        let times: String = (0..23).map(|i| format!("{}\n", 1 + i * i % 37)).collect();
        Written {
            text,
            files: vec![("times.csv", times), ("edges.csv", self.topology.edges(n))],
        }
    }

    /// How many agents there are.
    fn agents(&self) -> usize {
        match self.task {
            Task::Activity => self.agents.min(5),
            _ => self.agents,
        }
    }

    fn sets(&self, n: usize) -> String {
        let half = n / 2;
        let west = half.saturating_sub(1);
        format!(
            "[sets]\nwest = {{ range = [0, {west}] }}\neast = {{ range = [{half}, {}] }}\n\
             some = {{ random = {} }}\nshare = {{ fraction = 0.6 }}",
            n - 1,
            half.max(1),
        )
    }

    fn clock(&self, n: usize) -> String {
        let clock = &self.clock;
        let (mode, own) = match self.mode {
            Mode::Synchronous => ("synchronous", &clock.synchronous),
            Mode::Deadline => ("deadline", &clock.deadline),
            Mode::Asynchronous => ("asynchronous", &clock.asynchronous),
        };
        let mut text = format!("[clock]\nmode = '{mode}'\n");
        if self.mode == Mode::Deadline {
            text += &format!("period_ms = {}\n", clock.period);
        }
        let at_once = clock.at_once && self.mode != Mode::Asynchronous;
        let compute = match at_once {
            true => "compute_ms = 0".to_owned(),
            false => clock.compute.join("\n"),
        };
        text += &[own.join("\n"), compute].join("\n");
        for (agents, keys) in clock.overrides.iter().filter(|(_, keys)| !keys.is_empty()) {
            let (agents, keys) = (agents.write(n), keys.join("\n"));
            text += &format!("\n[[clock.override]]\nagents = {agents}\n{keys}");
        }
        text
    }

    fn link(&self, n: usize) -> String {
        let mut text = format!("[link]\n{}\n", self.link.join("\n"));
        // A limit says nothing without retransmission.
        let again = self.mode == Mode::Synchronous && self.retransmit.len() == 2
            || self
                .retransmit
                .first()
                .is_some_and(|key| key.starts_with("retransmit_ms"));
        if self.mode == Mode::Synchronous && again {
            text += &self.retransmit.join("\n");
        }
        for own in &self.link_overrides {
            let mut keys = own.keys.clone();
            if self.mode == Mode::Synchronous {
                keys.extend(own.retransmit.clone());
            }
            let (from, to) = (own.from.write(n), own.to.write(n));
            let ends = match own.both_ways {
                true => format!("between = [{from}, {to}]"),
                false => format!("from = {from}\nto = {to}"),
            };
            if !keys.is_empty() {
                text += &format!("\n[[link.override]]\n{ends}\n{}", keys.join("\n"));
            }
        }
        text
    }

    /// Attacks that have agents; one agent stays normal.
    fn attacks(&self, n: usize) -> String {
        let is_normal = |k: usize| k == self.normal % n;
        let role = |k: usize| if is_normal(k) { 0 } else { self.roles[k] };
        let explicit =
            |attack: usize| -> Vec<usize> { (0..n).filter(|&k| role(k) == attack + 1).collect() };
        let random = |attack: usize| self.attacks[attack].random && attack == 0;
        let mut taken: usize = (0..self.attacks.len())
            .filter(|&a| !random(a))
            .map(|a| explicit(a).len())
            .sum();
        let mut text = String::new();
        for (index, attack) in self.attacks.iter().enumerate() {
            let agents = if random(index) {
                if taken + 2 > n {
                    continue;
                }
                taken += 1;
                "{ random = 1 }".to_owned()
            } else {
                let agents = explicit(index);
                if agents.is_empty() {
                    continue;
                }
                format!("{agents:?}")
            };
            text += &format!(
                "[[attack]]\nagents = {agents}\n{}\n",
                attack.write(n, self.mode)
            );
        }
        text
    }
}

impl Task {
    fn write(&self) -> String {
        match self {
            Task::Localization => "kind = 'target-localization'".to_owned(),
            Task::Activity => "kind = 'activity-recognition'\nsource = 'generated'".to_owned(),
            Task::Regression(d, covariance, keys) => {
                let entry = |i, j| {
                    if i == j {
                        2.0
                    } else {
                        1.0 / (1 + i + j) as f64
                    }
                };
                let row = |i| (0..*d).map(|j| entry(i, j)).collect::<Vec<f64>>();
                let covariance = match covariance {
                    0 => String::new(),
                    1 => "covariance = 0.5".to_owned(),
                    2 => format!("covariance = {:?}", vec![0.75; *d]),
                    _ => format!("covariance = {:?}", (0..*d).map(row).collect::<Vec<_>>()),
                };
                let keys = keys.join("\n");
                format!("kind = 'linear-regression'\ndimension = {d}\n{covariance}\n{keys}")
            }
        }
    }
}

impl Attack {
    fn write(&self, n: usize, mode: Mode) -> String {
        let mut text = self.payload.clone();
        let amount = self.amount;
        let is_deadline = mode == Mode::Deadline;
        let timing = match self.timing {
            0 => None,
            1 => Some("'silent'".to_owned()),
            2 => Some(format!("'replay', age_iterations = {amount}")),
            3 => Some(format!("'flood', copies = {}", 4 * amount)),
            5.. if is_deadline => Some(format!("'just-before-deadline', margin_ms = {amount}")),
            7 => Some(format!("'flood', copies = {}", 4 * amount)),
            6 => Some(format!("'flood', copies = {amount}")),
            _ => Some(format!("'delay', ms = {}", 7 * amount)),
        };
        if let Some(timing) = timing {
            text += &format!("\ntiming = {{ kind = {timing} }}");
        }
        if let Some(victims) = &self.victims {
            text += &format!("\nvictims = {}", victims.write(n));
        }
        if let Some(per_victim) = self.per_victim {
            text += &format!("\nper_victim = {per_victim}");
        }
        if let Some(active) = &self.active {
            text += &format!("\nactive = {{ {active} }}");
        }
        text
    }
}

impl Fault {
    fn write(&self, n: usize, mode: Mode) -> String {
        let by_iteration = self.by_iteration && mode != Mode::Asynchronous;
        let (unit, scale) = match by_iteration {
            true => ("iteration", 1),
            false => ("ms", 11),
        };
        let from = format!("from_{unit} = {}", self.from * scale);
        let to = |least: u64| {
            let to = (self.from + least).max(self.from + self.lasts.unwrap_or(least));
            format!("to_{unit} = {}", to * scale)
        };
        let ends = self.lasts.map(|_| to(1)).unwrap_or_default();
        let agents = self.agents.write(n);
        match self.kind {
            1 => format!(
                "[[fault]]\nkind = 'late-join'\nagents = {agents}\n{}",
                to(1)
            ),
            2 => format!(
                "[[fault]]\nkind = 'churn'\nagents = {agents}\nup_ms = {}\ndown_ms = {}",
                self.up, self.down
            ),
            3 if n > 1 => {
                format!("[[fault]]\nkind = 'partition'\ngroups = ['west', 'east']\n{from}\n{ends}")
            }
            _ => format!("[[fault]]\nkind = 'crash'\nagents = {agents}\n{from}\n{ends}"),
        }
    }
}

impl Agents {
    fn write(&self, n: usize) -> String {
        let numbers = self.numbers as usize;
        let (first, second) = (numbers % n, numbers / n % n);
        match self.way {
            0 => {
                let mut list: Vec<usize> = (0..n).filter(|k| numbers >> k & 1 == 1).collect();
                if list.is_empty() {
                    list.push(first);
                }
                format!("{list:?}")
            }
            1 => format!(
                "{{ range = [{}, {}] }}",
                first.min(second),
                first.max(second)
            ),
            2 => format!("{{ every = {}, from = {first} }}", second + 1),
            3 => "'west'".to_owned(),
            4 => "'some'".to_owned(),
            5 => "'share'".to_owned(),
            _ => "{ group = 0 }".to_owned(),
        }
    }
}

impl Topology {
    fn write(&self, n: usize) -> String {
        let degree = self.degree.min(n.saturating_sub(1));
        let even = degree / 2 * 2;
        let can_change = 0 < even && even + 1 < n;
        let agents = format!("agents = {n}");
        let (keys, redrawn) = match self.kind {
            // All are in range of all, and few are neighbors: chance chooses.
            0 | 1 if self.redraw.is_some() && n > 3 => {
                let keys = "range = 5.0\nmax_neighbors = 2";
                (format!("kind = 'geometric'\n{agents}\n{keys}"), true)
            }
            0 | 1 => (format!("kind = 'geometric'\n{agents}\nrange = 2.0"), false),
            2 => (format!("kind = 'complete'\n{agents}"), false),
            3 => (format!("kind = 'ring'\n{agents}"), false),
            4 => {
                let keys = format!("kind = 'regular'\n{agents}\ndegree = {even}");
                (keys, can_change)
            }
            5 => (
                format!("kind = 'erdos-renyi'\n{agents}\nprobability = 0.4"),
                n > 1,
            ),
            6 => {
                let keys = format!("kind = 'small-world'\n{agents}\ndegree = {even}\nrewire = 0.3");
                (keys, can_change)
            }
            7 => {
                let rows = (1..=n).rev().find(|r| n.is_multiple_of(*r) && r * r <= n);
                let rows = rows.unwrap_or(1);
                (
                    format!("kind = 'torus'\nrows = {rows}\ncolumns = {}", n / rows),
                    false,
                )
            }
            8 => (format!("kind = 'star'\n{agents}"), false),
            _ => {
                let directed = self.directed;
                let keys =
                    format!("kind = 'file'\npath = 'edges.csv'\ndirected = {directed}\n{agents}");
                (keys, false)
            }
        };
        let mut text = format!("[topology]\n{keys}\n");
        if let Some(redraw) = self.redraw.filter(|_| redrawn) {
            text += &format!("redraw_every_iterations = {redraw}\n");
        }
        if let Some(fanout) = self.fanout {
            text += &format!("fanout = {fanout}\n");
        }
        text
    }

    /// The file of edges, which are all there is in it of some pairs, and several of others.
    fn edges(&self, n: usize) -> String {
        let mut text = "a,b,from_ms,to_ms\n".to_owned();
        for (a, b, window) in &self.edges {
            let (from, lasts) = window.unwrap_or((0, 1_000_000));
            text += &format!("{},{},{from},{}\n", a % n, b % n, from + lasts);
        }
        text
    }
}
