//! Combinations with too few models for their rule, and what was done instead.

use crate::record::Summary;

/// How much a rule starved in the steady state of some points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Starved {
    /// Share of combinations with too few models, mean over the points that say it.
    pub share: f64,
    /// Whether agents kept their own model then.
    pub kept_own: bool,
    /// Whether they combined those that were there.
    pub made_do: bool,
}

/// Where a share of combinations is one of none: rounding leaves as much.
const NEGLIGIBLE: f64 = 1e-12;

impl Starved {
    /// That of points with these summaries; `None` where none says it.
    pub fn of<'a>(summaries: impl Iterator<Item = &'a Summary>) -> Option<Starved> {
        let (mut sum, mut count) = (0.0, 0);
        let (mut kept_own, mut made_do) = (false, false);
        for summary in summaries {
            let Some(share) = summary.number(&["steady", "starved"]) else {
                continue;
            };
            (sum, count) = (sum + share, count + 1);
            // An older version says only that it starved.
            if let Some(kept) = summary.number(&["steady", "kept_own"]) {
                kept_own |= kept > 0.0;
                made_do |= share - kept > NEGLIGIBLE;
            }
        }
        (count > 0).then(|| Starved {
            share: sum / f64::from(count),
            kept_own,
            made_do,
        })
    }

    /// What was done instead, in a word or two; empty where that is not known, or nothing.
    pub fn instead(&self) -> &'static str {
        match (self.kept_own, self.made_do) {
            (true, false) => "own",
            (false, true) => "made do",
            (true, true) => "own, made do",
            (false, false) => "",
        }
    }

    /// What these words mean for all of some points.
    pub fn legend<'a>(all: impl Iterator<Item = &'a Starved> + Clone) -> String {
        let mut told = "share of combinations with too few models for the rule".to_owned();
        if all.clone().any(|s| s.kept_own) {
            told += "; own: the own model was kept then (as with too_few = \"own\")";
        }
        if all.clone().any(|s| s.made_do) {
            told += "; made do: those present were combined (under too_few = \"shrink-f\" with a lower f)";
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn starved(points: &[(f64, Option<f64>)]) -> Option<Starved> {
        let summary = |&(starved, kept_own): &(f64, Option<f64>)| {
            Summary::from_json(json!({"steady": {"starved": starved, "kept_own": kept_own}}))
        };
        let summaries: Vec<Summary> = points.iter().map(summary).collect();
        Starved::of(summaries.iter())
    }

    #[test]
    fn it_says_how_much_and_what_was_done_instead() {
        let own = starved(&[(0.5, Some(0.5)), (0.0, Some(0.0))]).unwrap();
        assert_eq!((own.share, own.instead()), (0.25, "own"));
        let both = starved(&[(0.5, Some(0.25))]).unwrap();
        assert_eq!(both.instead(), "own, made do");
        assert_eq!(starved(&[(0.5, Some(0.0))]).unwrap().instead(), "made do");
        assert_eq!(starved(&[(0.0, Some(0.0))]).unwrap().instead(), "");
        assert_eq!(starved(&[(0.5, None)]).unwrap().instead(), "");
        assert_eq!(starved(&[]), None);
    }
}
