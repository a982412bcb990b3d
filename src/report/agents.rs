//! Who took part in a run, and who sent to whom.

use super::columns::Columns;
use super::{Point, ReportError};
use std::collections::BTreeSet;

/// An agent.
pub(super) struct Agent {
    pub number: usize,
    pub group: usize,
    /// What it is called where it is Byzantine.
    pub attack: Option<String>,
    pub place: Option<[f64; 2]>,
    pub degree: f64,
    pub byzantine_neighbors: f64,
}

/// Links of larger networks are not read.
const MOST_LINKS: usize = 4_000_000;

/// The agents of a run, by number.
///
/// # Errors
/// A table that cannot be read.
pub(super) fn agents(point: &Point) -> Result<Vec<Agent>, ReportError> {
    let table = Columns::read(&point.table("network/agents"), |_| true)?;
    let [numbers, groups, byzantine, x, y, degrees, attackers] = [
        "agent",
        "group",
        "byzantine",
        "x",
        "y",
        "degree",
        "byzantine_neighbors",
    ]
    .map(|name| table.numbers(name));
    let attacks = table.texts("attack");
    let agent = |(row, attack): (usize, String)| Agent {
        // Written as whole numbers that are not negative.
        number: numbers[row] as usize,
        group: groups[row] as usize,
        attack: (byzantine[row] > 0.0).then_some(attack),
        place: Some([x[row], y[row]]).filter(|place| place.iter().all(|x| x.is_finite())),
        degree: degrees[row],
        byzantine_neighbors: attackers[row],
    };
    Ok(attacks.into_iter().enumerate().map(agent).collect())
}

/// Pairs of agents that are linked, each once, in order; `None` where there are too many.
///
/// # Errors
/// A table that cannot be read.
pub(super) fn links(point: &Point) -> Result<Option<Vec<[usize; 2]>>, ReportError> {
    let path = point.table("network/edges");
    if Columns::read(&path, |_| false)?.rows > MOST_LINKS {
        return Ok(None);
    }
    let table = Columns::read(&path, |name| ["from", "to"].contains(&name))?;
    let pairs = table.numbers("from").into_iter().zip(table.numbers("to"));
    let pair = |(from, to): (f64, f64)| [from.min(to) as usize, from.max(to) as usize];
    let pairs: BTreeSet<[usize; 2]> = pairs.map(pair).collect();
    Ok(Some(pairs.into_iter().collect()))
}
