//! How the rows of one data set become the shares of agents: disjoint, and nothing lost.
//!
//! Rows may belong to agents already (`by-agent`); or they are dealt out, whoever they belong to,
//! in equal shares that look alike (`iid`) or class by class in proportions that differ from agent
//! to agent (`dirichlet`).
//!
//! A draw for `dirichlet` gives every class's rows to the agents in proportions from a symmetric
//! Dirichlet distribution, as in Yurochkin et al., arXiv 1905.12022, section 4. (Hsu, Qi and Brown,
//! arXiv 1909.06335, draw the other way round, an agent's proportions of classes, with the same
//! meaning of α.) Small α leaves some agents nearly nothing, so the first of [`DRAWS`] draws is
//! taken that leaves each agent enough.

use crate::rng::{Key, Purpose, shuffle};
use crate::settings::{Choice, Chosen, Keys, keys_of_cases};
use crate::units::AgentId;
use rand::RngExt;
use rand_distr::Gamma;

/// How rows are shared out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Partition {
    /// Each agent has the rows that are its own.
    ByAgent,
    /// All rows in random order, in shares that differ by at most one row.
    Iid,
    /// Class by class, in proportions from Dirichlet(α, …, α).
    Dirichlet {
        /// α: the smaller, the fewer agents share a class.
        alpha: f64,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    ByAgent,
    Iid,
    Dirichlet,
}

impl Choice for Kind {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("by-agent", Self::ByAgent),
        ("iid", Self::Iid),
        ("dirichlet", Self::Dirichlet),
    ];
}

/// Least and greatest α: beyond, all of a class are one agent's, or shares are equal.
const ALPHAS: [f64; 2] = [1e-3, 1e6];

/// So many draws are made before a Dirichlet partition is given up.
const DRAWS: u64 = 100;

impl Partition {
    /// Declares and reads the keys of `partition = { … }`.
    pub fn read(keys: &mut Keys<'_>) -> Partition {
        let Chosen(kind) = keys.key("kind", "How rows are shared out").required();
        keys.cases("kind", kind, Partition::own_keys)
    }

    /// The keys that kinds have besides `kind`, for sweeps over kinds.
    pub(crate) fn keys_of(is_among: &dyn Fn(&str) -> bool) -> Vec<String> {
        keys_of_cases(is_among, Partition::own_keys)
    }

    fn own_keys(keys: &mut Keys<'_>, kind: Kind) -> Partition {
        match kind {
            Kind::ByAgent => Partition::ByAgent,
            Kind::Iid => Partition::Iid,
            Kind::Dirichlet => {
                let alpha = keys.key(
                    "alpha",
                    "How alike shares are; small: a class has few agents",
                );
                let alpha = alpha.symbol("α").at_least(ALPHAS[0]).at_most(ALPHAS[1]);
                Partition::Dirichlet {
                    alpha: alpha.required(),
                }
            }
        }
    }
}

/// The rows of each agent, which are those that have its number.
pub(super) fn by_agent(owners: &[u32], agents: usize) -> Vec<Vec<u32>> {
    let mut shares = vec![Vec::new(); agents];
    for (row, &owner) in (0..).zip(owners) {
        shares[owner as usize].push(row);
    }
    shares
}

/// Rows from 0 in random order, in shares that differ by at most one row; the first are larger.
pub(super) fn iid(rows: usize, agents: usize, seed: u64) -> Vec<Vec<u32>> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    shuffle(&mut order, &mut Key::new(seed, Purpose::Split).stream());
    let mut rest = order.as_slice();
    let share = |agent| {
        let size = rows / agents + usize::from(agent < rows % agents);
        let (own, others) = rest.split_at(size);
        rest = others;
        own.to_vec()
    };
    (0..agents).map(share).collect()
}

/// Why not everyone has enough rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TooFew {
    /// There are not that many rows.
    Rows,
    /// No draw is of use.
    Draws {
        /// The most rows that the agent with the fewest has in any draw.
        best: usize,
        /// An α that would do, where one was found.
        alpha: Option<f64>,
    },
}

/// Rows shared out class by class, so that each agent has at least `least` of them.
pub(super) fn dirichlet(
    labels: &[u32],
    classes: usize,
    agents: usize,
    alpha: f64,
    least: usize,
    seed: u64,
) -> Result<Vec<Vec<u32>>, TooFew> {
    if least.saturating_mul(agents) > labels.len() {
        return Err(TooFew::Rows);
    }
    let mut rows_of = vec![Vec::new(); classes];
    for (row, &label) in (0..).zip(labels) {
        rows_of[label as usize].push(row);
    }
    let counts: Vec<usize> = rows_of.iter().map(Vec::len).collect();
    let draws = Draws {
        counts: &counts,
        agents,
        seed,
    };
    let sizes = draws.first_with(least, alpha).map_err(|best| {
        // One draw each, so that advice is no dearer than the draws that were in vain.
        let doubled = std::iter::successors(Some(alpha), |alpha| Some(alpha * 2.0)).skip(1);
        let mut legal = doubled.take_while(|&alpha| alpha <= ALPHAS[1]);
        let does = |&alpha: &f64| draws.fewest(&draws.sizes(alpha, 0)) >= least;
        let alpha = legal.find(does);
        TooFew::Draws { best, alpha }
    })?;
    let mut shares = vec![Vec::new(); agents];
    for ((class, mut rows), sizes) in (0..).zip(rows_of).zip(sizes) {
        let key = Key::new(seed, Purpose::Split).at(class);
        shuffle(&mut rows, &mut key.stream());
        let mut rest = rows.as_slice();
        for (share, size) in shares.iter_mut().zip(sizes) {
            let (own, others) = rest.split_at(size);
            share.extend_from_slice(own);
            rest = others;
        }
    }
    Ok(shares)
}

/// Sizes of shares, drawn again and again.
struct Draws<'a> {
    /// Rows of each class.
    counts: &'a [usize],
    agents: usize,
    seed: u64,
}

impl Draws<'_> {
    /// How many rows of each class each agent has, shape `[classes][agents]`, in the first draw
    /// that gives everyone `least` of them; otherwise, what the best draw gives to the agent with
    /// the fewest.
    fn first_with(&self, least: usize, alpha: f64) -> Result<Vec<Vec<usize>>, usize> {
        let mut best = 0;
        for draw in 0..DRAWS {
            let sizes = self.sizes(alpha, draw);
            let fewest = self.fewest(&sizes);
            if fewest >= least {
                return Ok(sizes);
            }
            best = best.max(fewest);
        }
        Err(best)
    }

    /// How many rows of each class each agent has in a draw, shape `[classes][agents]`.
    fn sizes(&self, alpha: f64, draw: u64) -> Vec<Vec<usize>> {
        let class = |(class, &rows): (usize, &usize)| {
            // A class's rows are shuffled without a peer.
            let key = Key::new(self.seed, Purpose::Split).at(class as u64);
            sizes(rows, self.agents, alpha, key.toward(AgentId(draw as u32)))
        };
        self.counts.iter().enumerate().map(class).collect()
    }

    /// The rows of the agent with the fewest.
    fn fewest(&self, sizes: &[Vec<usize>]) -> usize {
        let of = |agent: usize| sizes.iter().map(|sizes| sizes[agent]).sum::<usize>();
        (0..self.agents).map(of).min().unwrap_or_default()
    }
}

/// How many of some rows each agent has, in proportions from Dirichlet(α, …, α).
fn sizes(rows: usize, agents: usize, alpha: f64, key: Key) -> Vec<usize> {
    let mut stream = key.stream();
    // A Dirichlet draw is Gamma(α) draws over their sum. For small α these are below the least
    // f64, and so their logarithms are drawn: Gamma(α) is Gamma(α + 1)·U^(1/α).
    let gamma = Gamma::new(alpha + 1.0, 1.0).expect("α is above 0");
    let logarithms: Vec<f64> = (0..agents)
        .map(|_| {
            let larger: f64 = stream.sample(gamma);
            let u = 1.0 - stream.random::<f64>();
            larger.ln() + u.ln() / alpha
        })
        .collect();
    let greatest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logarithms.iter().map(|l| (l - greatest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let mut cumulated = 0.0;
    let mut given = 0;
    let mut sizes = Vec::with_capacity(agents);
    for weight in weights {
        cumulated += weight;
        let end = (rows as f64 * cumulated / sum).round() as usize;
        sizes.push(end.min(rows) - given);
        given = end.min(rows);
    }
    // The sum of the weights is the last cumulated one, in the same order: nothing is left.
    assert_eq!(given, rows, "rows of a class");
    sizes
}

/// How many of an agent's rows are for test: a share of them, rounded up.
pub(super) fn test_rows(rows: usize, share: f64) -> usize {
    // A hair less, so that a share such as 0.07 of 100 rows is 7 whatever its last bit.
    let test = (rows as f64 * share - 1e-9).ceil().max(0.0) as usize;
    let least = usize::from(share > 0.0);
    test.max(least).min(rows)
}

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
