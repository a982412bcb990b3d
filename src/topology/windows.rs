//! When the edges are there that come and go.

use crate::units::SimTime;

/// A time during which an edge is there: `from` <= t < `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// When it comes.
    pub from: SimTime,
    /// When it goes.
    pub to: SimTime,
}

impl Window {
    /// From the start of the run, for good.
    pub const ALWAYS: Window = Window {
        from: SimTime::ZERO,
        to: SimTime::from_us(u64::MAX),
    };
}

/// The windows of all edges behind one another: `spans[starts[e]..starts[e + 1]]` are edge e's,
/// apart from each other and in ascending order. An edge without windows is always there.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    starts: Vec<u32>,
    spans: Vec<Window>,
}

impl Windows {
    /// From windows by edge, in any order and possibly overlapping. An edge that is not among them
    /// is always there.
    pub(super) fn new(edges: usize, mut windows: Vec<(usize, Window)>) -> Windows {
        windows.sort_unstable();
        let mut merged: Vec<(usize, Window)> = Vec::with_capacity(windows.len());
        for (edge, window) in windows {
            match merged.last_mut() {
                Some((last, before)) if *last == edge && window.from <= before.to => {
                    before.to = before.to.max(window.to);
                }
                _ => merged.push((edge, window)),
            }
        }
        merged.retain(|(_, window)| *window != Window::ALWAYS);
        let mut starts = vec![0; edges + 1];
        for (edge, _) in &merged {
            starts[edge + 1] += 1;
        }
        for edge in 0..edges {
            starts[edge + 1] += starts[edge];
        }
        let spans = merged.into_iter().map(|(_, window)| window).collect();
        Windows { starts, spans }
    }

    /// Whether every edge is always there.
    pub(super) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The windows of an edge; empty where it is always there.
    pub(super) fn of(&self, edge: usize) -> &[Window] {
        &self.spans[self.starts[edge] as usize..self.starts[edge + 1] as usize]
    }

    pub(super) fn is_there(&self, edge: usize, instant: SimTime) -> bool {
        let spans = self.of(edge);
        // The last window that has begun is the only one that can last.
        let begun = spans.partition_point(|window| window.from <= instant);
        spans.is_empty() || (begun > 0 && instant < spans[begun - 1].to)
    }
}
