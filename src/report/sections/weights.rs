//! Who listens to whom: the weights that agents have learned, and beside them how alike their
//! models are, as a server that saw them all would measure it.

use super::super::agents::{Agent, agents};
use super::super::figure::{Axis, Cells, Content, Figure};
use super::super::study::{Case, Study};
use super::super::{Block, Point, ReportError, Section};
use super::{chosen_series, file_name};
use crate::record::Columns;
use crate::units::short;

/// Agents up to which each has a row of its own; of more, groups have.
const MOST_AGENTS: usize = 150;

/// Rules whose weights are drawn.
const MOST_SERIES: usize = 6;

/// The weights of the last recorded iteration of the first case's first runs.
pub(super) fn section(study: &Study<'_>) -> Result<Option<Section>, ReportError> {
    let Some((number, case)) = chosen_case(study) else {
        return Ok(None);
    };
    let mut figures = Vec::new();
    for series in chosen_series(study, case).into_iter().take(MOST_SERIES) {
        let Some(point) = case.done(series).next() else {
            continue;
        };
        let agents = agents(point)?;
        let name = &study.series[series];
        let of_run = [
            weights(point, &agents, name)?,
            relationship(point, &agents, name)?,
        ];
        for (what, mut figure) in ["weights", "relationship"]
            .into_iter()
            .zip(of_run)
            .filter_map(|(what, figure)| Some((what, figure?)))
        {
            figure.name = file_name(&[what, &series.to_string(), name], number, study);
            figures.push(figure);
        }
    }
    if figures.is_empty() {
        return Ok(None);
    }
    let mut blocks = Vec::new();
    if study.cases.len() > 1 {
        blocks.push(Block::Heading(case.name()));
    }
    blocks.push(Block::Figures(figures));
    Ok(Some(Section {
        heading: "Who listens to whom".to_owned(),
        blocks,
    }))
}

/// The first case with Byzantine agents, or else the first, of those with runs; and its number.
fn chosen_case<'s, 'a>(study: &'s Study<'a>) -> Option<(usize, &'s Case<'a>)> {
    let byzantine = |case: &Case<'_>| {
        let (_, point) = *case.firsts().first()?;
        point.summary.as_ref()?.number(&["agents", "byzantine"])
    };
    let mut with_runs = study
        .cases
        .iter()
        .enumerate()
        .filter(|(_, c)| !c.firsts().is_empty());
    let is_attacked = |(_, case): &(usize, &Case<'_>)| byzantine(case) > Some(0.0);
    with_runs
        .clone()
        .find(is_attacked)
        .or_else(|| with_runs.next())
}

/// What is drawn in rows or columns: groups of agents, in the order of groups, Byzantine ones last.
struct Order {
    names: Vec<String>,
    /// By agent: its place, if it has one.
    place: Vec<Option<usize>>,
    breaks: Vec<usize>,
}

impl Order {
    /// The order of these agents; one place for each, or one for each group.
    fn new(agents: &[&Agent], all: usize, by_group: bool) -> Order {
        let rank = |a: &Agent| {
            (
                a.attack.is_some(),
                if a.attack.is_some() { 0 } else { a.group },
            )
        };
        let mut sorted = agents.to_vec();
        sorted.sort_by_key(|a| (rank(a), a.number));
        let mut order = Order {
            names: Vec::new(),
            place: vec![None; all],
            breaks: Vec::new(),
        };
        let mut before = None;
        for agent in sorted {
            let is_new = before != Some(rank(agent));
            if is_new && before.is_some() {
                order.breaks.push(order.names.len());
            }
            before = Some(rank(agent));
            if is_new || !by_group {
                order.names.push(match (by_group, &agent.attack) {
                    (true, Some(_)) => "Byzantine".to_owned(),
                    (true, None) => format!("group {}", agent.group),
                    (false, Some(_)) => format!("Byz. {}", agent.number),
                    (false, None) => agent.number.to_string(),
                });
            }
            order.place[agent.number] = Some(order.names.len() - 1);
        }
        order
    }
}

fn weights(point: &Point, agents: &[Agent], rule: &str) -> Result<Option<Figure>, ReportError> {
    let path = point.table("weights");
    if !path.is_file() {
        return Ok(None);
    }
    let wanted = ["receiver", "sender", "iteration", "weight"];
    let table = Columns::read(&path, |name| wanted.contains(&name))?;
    let [receivers, senders] = ["receiver", "sender"].map(|name| table.places(name, agents.len()));
    let (receivers, senders) = (receivers?, senders?);
    let [iterations, values] = ["iteration", "weight"].map(|name| table.numbers(name));
    // Where nobody waits, agents end at different iterations.
    let mut last = vec![f64::NEG_INFINITY; agents.len()];
    for (&receiver, &iteration) in receivers.iter().zip(&iterations) {
        last[receiver] = last[receiver].max(iteration);
    }
    let by_group = agents.len() > MOST_AGENTS;
    let normal: Vec<&Agent> = agents.iter().filter(|a| a.attack.is_none()).collect();
    let all: Vec<&Agent> = agents.iter().collect();
    let rows = Order::new(&normal, agents.len(), by_group);
    let columns = Order::new(&all, agents.len(), by_group);
    let mut cells = vec![f64::NAN; rows.names.len() * columns.names.len()];
    let [mut own, mut same, mut others, mut byzantine, mut receiving] = [0.0; 5];
    let mut in_group = vec![0.0; rows.names.len()];
    for row in 0..table.rows {
        // Rules without weights have none.
        if iterations[row] != last[receivers[row]] || values[row].is_nan() {
            continue;
        }
        let (receiver, sender) = (receivers[row], senders[row]);
        let (Some(to), Some(from)) = (rows.place[receiver], columns.place[sender]) else {
            continue;
        };
        let cell = &mut cells[to * columns.names.len() + from];
        *cell = if cell.is_nan() {
            values[row]
        } else {
            *cell + values[row]
        };
        let part = match &agents[sender] {
            _ if receiver == sender => &mut own,
            sender if sender.attack.is_some() => &mut byzantine,
            sender if sender.group == agents[receiver].group => &mut same,
            _ => &mut others,
        };
        *part += values[row];
        if receiver == sender {
            receiving += 1.0;
            in_group[to] += 1.0;
        }
    }
    if cells.iter().all(|x| x.is_nan()) || receiving == 0.0 {
        return Ok(None);
    }
    if by_group {
        let width = columns.names.len();
        cells
            .iter_mut()
            .enumerate()
            .for_each(|(i, cell)| *cell /= in_group[i / width]);
    }
    let mean = |sum: f64| short(sum / receiving);
    let alternative = format!(
        "A normal agent gives {} of its weight to itself, {} to neighbors of its own group, {} to \
         those of others, {} to Byzantine ones, on average.",
        mean(own),
        mean(same),
        mean(others),
        mean(byzantine)
    );
    let rows_are = if by_group {
        "group of the receiver"
    } else {
        "receiver"
    };
    let columns_are = if by_group {
        "group of the sender"
    } else {
        "sender"
    };
    Ok(Some(Figure {
        name: String::new(),
        title: format!("Weights: {rule}"),
        caption: format!(
            "In the last iteration; Byzantine senders stand at the right. {alternative}"
        ),
        alternative,
        content: Content::Cells(Cells {
            row_label: rows_are.to_owned(),
            column_label: columns_are.to_owned(),
            has_numbers: by_group,
            values: cells,
            scale: Axis {
                label: "weight".to_owned(),
                range: Some([0.0, 1.0]),
                ..Axis::default()
            },
            row_breaks: rows.breaks,
            column_breaks: columns.breaks,
            rows: rows.names,
            columns: columns.names,
        }),
    }))
}

fn relationship(
    point: &Point,
    agents: &[Agent],
    rule: &str,
) -> Result<Option<Figure>, ReportError> {
    let path = point.table("relationship");
    if !path.is_file() {
        return Ok(None);
    }
    let table = Columns::read(&path, |_| true)?;
    let (from, to) = (
        table.places("agent", agents.len())?,
        table.places("other", agents.len())?,
    );
    let values = table.numbers("relationship");
    let mut all = from.clone();
    all.dedup();
    let count = all.len();
    let shown: Vec<&Agent> = all.iter().map(|&k| &agents[k]).collect();
    let normal = agents.iter().filter(|a| a.attack.is_none()).count();
    let of_some = match count < normal {
        true => format!(" Of {count} of the {normal} normal agents."),
        false => String::new(),
    };
    let order = Order::new(&shown, agents.len(), false);
    let mut cells = vec![f64::NAN; count * count];
    for row in 0..table.rows {
        if let (Some(a), Some(b)) = (order.place[from[row]], order.place[to[row]]) {
            cells[a * count + b] = values[row];
        }
    }
    let (mut same, mut different) = ((0.0, 0.0), (0.0, 0.0));
    for (i, x) in cells.iter().enumerate() {
        let (a, b) = (i / count, i % count);
        let group = |place: usize| order.breaks.partition_point(|&at| at <= place);
        let sum = if group(a) == group(b) {
            &mut same
        } else {
            &mut different
        };
        if a != b {
            *sum = (sum.0 + x, sum.1 + 1.0);
        }
    }
    let mean = |(sum, count): (f64, f64)| {
        if count > 0.0 {
            short(sum / count)
        } else {
            "–".to_owned()
        }
    };
    Ok((count > 0).then(|| Figure {
        name: String::new(),
        title: format!("Relationship of models: {rule}"),
        caption: format!(
            "Ω = (ΘᵀΘ)^½ / tr (ΘᵀΘ)^½ of the normal agents' last models, as a server would see it \
             that knew them all. Agents do not know it.{of_some}"
        ),
        alternative: format!(
            "Between agents of one group the entries are {} on average, between those of different \
             groups {}.",
            mean(same),
            mean(different)
        ),
        content: Content::Cells(Cells {
            row_label: "agent".to_owned(),
            column_label: "agent".to_owned(),
            values: cells,
            scale: Axis {
                label: "Ω".to_owned(),
                ..Axis::default()
            },
            row_breaks: order.breaks.clone(),
            column_breaks: order.breaks,
            rows: order.names.clone(),
            columns: order.names,
            has_numbers: false,
        }),
    }))
}
