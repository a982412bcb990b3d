//! The user's own network.

use super::checks::{self, MOST_AGENTS};
use super::{Graph, Topology, TopologyError, Window};
use crate::settings::Keys;
use crate::units::{AgentId, SimTime};
use std::fs;
use std::path::{Path, PathBuf};

/// Edges from a CSV file, one `a,b` with two agent numbers per line.
///
/// The columns `from_ms` and `to_ms` may follow: simulated time at which an edge comes, and at
/// which it goes; an empty or absent one means from the start, or for good. An edge that comes on
/// several lines is there whenever one of them says so.
///
/// A first line may name the columns. Blank lines and what follows `#` are left out. An edge from
/// an agent to itself is no edge.
#[derive(Clone, Debug)]
pub struct File {
    /// The file; relative to the scenario file's folder.
    pub path: PathBuf,
    /// Whether an edge carries models from a to b only.
    pub directed: bool,
    /// How many agents, n; the highest number in the file and one more where absent.
    pub agents: Option<u32>,
}

impl File {
    /// The value of `kind`.
    pub const NAME: &'static str = "file";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        let path = keys.key::<String>("path", "CSV file of edges, relative to the scenario file");
        let path = path.required().into();
        let directed = keys.key("directed", "Whether `a,b` carries models from a to b only");
        let directed = directed.default(false, "the paper's");
        let agents = keys.key("agents", "How many agents").symbol("n");
        let agents = agents.at_least(1.0).at_most(f64::from(MOST_AGENTS));
        File {
            path,
            directed,
            agents: agents.optional("the highest number in the file and one more"),
        }
    }

    /// An edge and when it is there; `None` for the line that names the columns.
    fn edge(&self, text: &str, is_first: bool) -> Result<Option<Line>, String> {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        if is_first && fields.starts_with(&["a", "b"]) {
            return match COLUMNS.starts_with(&fields) {
                true => Ok(None),
                false => Err(format!("`{text}` does not name the columns in their order")),
            };
        }
        let (a, b, from, to) = match fields[..] {
            [a, b] => (a, b, "", ""),
            [a, b, from] => (a, b, from, ""),
            [a, b, from, to] => (a, b, from, to),
            _ if fields.len() > COLUMNS.len() => return Err("more than four columns".into()),
            _ => return Err(format!("`{text}` is not an edge")),
        };
        let edge = (self.agent(a)?, self.agent(b)?);
        let window = Window {
            from: time("from_ms", from)?.unwrap_or(Window::ALWAYS.from),
            to: time("to_ms", to)?.unwrap_or(Window::ALWAYS.to),
        };
        if window.from >= window.to {
            return Err("`to_ms` is not after `from_ms`".into());
        }
        Ok(Some((edge, window)))
    }

    fn agent(&self, text: &str) -> Result<AgentId, String> {
        let number: u32 = text
            .parse()
            .map_err(|_| format!("`{text}` is not an agent number"))?;
        let agents = self.agents.unwrap_or(MOST_AGENTS);
        if number < agents {
            return Ok(AgentId(number));
        }
        let last = agents.saturating_sub(1);
        Err(format!(
            "there is no agent {number}: numbers go from 0 to {last}"
        ))
    }
}

/// The columns in their order; the last two may be left out.
const COLUMNS: [&str; 4] = ["a", "b", "from_ms", "to_ms"];

/// An edge and when it is there.
type Line = ((AgentId, AgentId), Window);

/// Reads a time in ms; `None` where the field is empty.
fn time(column: &str, text: &str) -> Result<Option<SimTime>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let ms = text.parse::<f64>().ok();
    let ms = ms.filter(|ms| (0.0..=SimTime::MAX_MS).contains(ms));
    let wrong = || {
        let most = SimTime::MAX_MS;
        format!("`{text}` is not a time: `{column}` is a number of ms from 0 to {most:.1e}")
    };
    ms.map(|ms| Some(SimTime::from_ms(ms))).ok_or_else(wrong)
}

impl Topology for File {
    fn draw(&self, _seed: u64, folder: &Path) -> Result<Graph, TopologyError> {
        let path = folder.join(&self.path);
        let name = path.display().to_string();
        let text = fs::read_to_string(&path).map_err(|error| TopologyError::Unreadable {
            path: name.clone(),
            error,
        })?;
        // Spreadsheets put a byte-order mark in front.
        let text = text.trim_start_matches('\u{feff}');
        let bare = |line: &'_ str| line.split('#').next().unwrap_or_default().trim().to_owned();
        let lines = text.lines().map(bare).zip(1..);
        let mut listed = Vec::new();
        let mut is_first = true;
        for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
            let edge = self.edge(&line, is_first);
            listed.extend(edge.map_err(|message| TopologyError::Malformed {
                path: name.clone(),
                line: number,
                message,
            })?);
            is_first = false;
        }
        let ends = listed.iter().flat_map(|((a, b), _)| [a, b]);
        let highest = ends.max().map(|agent| agent.index() + 1);
        let Some(agents) = self.agents.map(|n| n as usize).or(highest) else {
            return Err(checks::impossible(
                "path",
                format!("the network file {name} names no agent"),
                "add edges to it, or say how many `agents` there are",
            ));
        };
        let edges = listed.iter().map(|(edge, _)| *edge).collect();
        let graph = if self.directed {
            Graph::directed(agents, edges)
        } else {
            Graph::undirected(agents, edges)
        };
        if listed.iter().all(|(_, window)| *window == Window::ALWAYS) {
            return Ok(graph);
        }
        listed.retain(|((a, b), _)| a != b);
        Ok(graph.with_windows(listed))
    }

    fn is_random(&self) -> bool {
        false
    }
}
