//! What a campaign is about to do.

use crate::scenario::RunId;

/// What a campaign is about to do. A point is one of three: it is done already, it is the same run
/// as another point that is to be done, or it is to be done.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Points that are done already.
    pub found: usize,
    /// Points that are the same run as another one.
    pub same: usize,
    /// The runs to be done, in the order in which they begin.
    pub pending: Vec<Pending>,
    /// How many of them side by side.
    pub jobs: usize,
}

/// A run to be done.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its name.
    pub id: RunId,
    /// `rule.kind`.
    pub rule: String,
    /// Iterations at the most.
    pub iterations: u64,
    /// How much an iteration takes, compared with other runs of the rule: the parameters that all
    /// agents combine, and a fixed part per model.
    pub work: f64,
}

/// How points can be the same run.
const WHY: &str = "what is swept there, its kind does not have";

impl Outlook {
    /// `12 done, skipped; 4 are the same run as another, …; 8 to run`, with the reason in brackets; `None`
    /// where every point is run.
    pub fn in_words(&self) -> Option<String> {
        let done = (self.found > 0).then(|| format!("{} done, skipped; ", self.found));
        let same = match self.same {
            0 => None,
            1 => Some(format!("1 is the same run as another ({WHY}); ")),
            many => Some(format!("{many} are the same run as another ({WHY}); ")),
        };
        if done.is_none() && same.is_none() {
            return None;
        }
        let parts = [done, same].map(Option::unwrap_or_default).concat();
        Some(format!("{parts}{} to run", self.pending.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_need_no_run_are_told_apart() {
        let told = |found, same| {
            let (pending, jobs) = (Vec::new(), 1);
            let outlook = Outlook {
                found,
                same,
                pending,
                jobs,
            };
            outlook.in_words().unwrap_or_default()
        };
        assert_eq!(told(0, 0), "");
        assert_eq!(told(12, 0), "12 done, skipped; 0 to run");
        assert_eq!(
            told(0, 4),
            "4 are the same run as another (what is swept there, its kind does not have); 0 to run"
        );
        assert_eq!(
            told(1, 4),
            "1 done, skipped; 4 are the same run as another (what is swept there, its kind does not \
             have); 0 to run"
        );
    }
}
