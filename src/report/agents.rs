//! Who took part in a run, and who sent to whom.

use super::{Point, ReportError};
use crate::record::Columns;
use crate::task::MOST_GROUPS;

/// An agent.
pub(super) struct Agent {
    pub number: usize,
    /// What it is called in the user's file; empty where it has no name.
    pub name: String,
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
    let groups = table.places("group", MOST_GROUPS as usize)?;
    let byzantine = table.flags("byzantine");
    let [x, y, degrees, attackers] =
        ["x", "y", "degree", "byzantine_neighbors"].map(|name| table.numbers(name));
    let names = table.texts("name");
    let mut agents: Vec<Agent> = table
        .texts("attack")
        .into_iter()
        .zip(table.places("agent", table.rows)?)
        .enumerate()
        .map(|(row, (attack, number))| Agent {
            number,
            name: names[row].clone(),
            group: groups[row],
            attack: byzantine[row].then_some(attack),
            place: Some([x[row], y[row]]).filter(|place| place.iter().all(|x| x.is_finite())),
            degree: degrees[row],
            byzantine_neighbors: attackers[row],
        })
        .collect();
    agents.sort_by_key(|agent| agent.number);
    Ok(agents)
}

/// Pairs of so many agents that are linked in the first network, each once, in order; `None` where there are too many.
///
/// # Errors
/// A table that cannot be read.
pub(super) fn links(point: &Point, agents: usize) -> Result<Option<Vec<[usize; 2]>>, ReportError> {
    let path = point.table("network/edges");
    if Columns::read(&path, |_| false)?.rows > MOST_LINKS {
        return Ok(None);
    }
    let columns = ["from_iteration", "from", "to"];
    let table = Columns::read(&path, |name| columns.contains(&name))?;
    let epochs = table.numbers("from_iteration");
    let pairs = table
        .places("from", agents)?
        .into_iter()
        .zip(table.places("to", agents)?);
    // Folders of earlier programs have the first network alone, and no such column.
    let is_first = |(_, epoch): &(_, f64)| *epoch == 0.0 || epoch.is_nan();
    let first = pairs.zip(epochs).filter(is_first);
    let mut pairs: Vec<[usize; 2]> = first.map(|((a, b), _)| [a.min(b), a.max(b)]).collect();
    pairs.sort_unstable();
    pairs.dedup();
    Ok(Some(pairs))
}
