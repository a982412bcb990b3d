//! The user's own network.

use super::checks::{self, MOST_AGENTS};
use super::{Graph, Topology, TopologyError};
use crate::settings::Keys;
use crate::units::AgentId;
use std::fs;
use std::path::{Path, PathBuf};

/// Edges from a CSV file, one `a,b` with two agent numbers per line.
///
/// A first line `a,b` may name the columns. Blank lines and what follows `#` are left out. An edge
/// that comes twice counts once, and one from an agent to itself is no edge. The columns `from_ms`
/// and `to_ms` of edges that come and go are refused until a later version knows them.
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

    /// The agents of an edge; `None` for the line that names the columns.
    fn edge(&self, text: &str, is_first: bool) -> Result<Option<(AgentId, AgentId)>, String> {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        if fields.iter().any(|f| ["from_ms", "to_ms"].contains(f)) {
            return Err("the columns `from_ms` and `to_ms` are not supported yet".into());
        }
        if fields.len() > 2 {
            let unknown = "(`from_ms` and `to_ms` are not supported yet)";
            return Err(format!("more than two columns {unknown}"));
        }
        let [a, b] = fields[..] else {
            return Err(format!("`{text}` is not an edge"));
        };
        if is_first && (a, b) == ("a", "b") {
            return Ok(None);
        }
        Ok(Some((self.agent(a)?, self.agent(b)?)))
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
        let mut edges = Vec::new();
        let mut is_first = true;
        for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
            let edge = self.edge(&line, is_first);
            edges.extend(edge.map_err(|message| TopologyError::Malformed {
                path: name.clone(),
                line: number,
                message,
            })?);
            is_first = false;
        }
        let highest = edges.iter().map(|(a, b)| a.max(b).index() + 1).max();
        let Some(agents) = self.agents.map(|n| n as usize).or(highest) else {
            return Err(checks::impossible(
                "path",
                format!("the network file {name} names no agent"),
                "add edges to it, or say how many `agents` there are",
            ));
        };
        Ok(if self.directed {
            Graph::directed(agents, edges)
        } else {
            Graph::undirected(agents, edges)
        })
    }
}
