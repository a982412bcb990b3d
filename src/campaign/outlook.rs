//! What a campaign is about to do.

use super::Size;
use crate::scenario::RunId;

/// What a campaign is about to do.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Points that are done already.
    pub found: usize,
    /// How many of these another build of the program has run.
    pub of_other_builds: usize,
    /// Points that failed before, and are not run again unless that is asked for.
    pub failed: usize,
    /// Points that are not done and are other tasks' of the same campaign.
    pub elsewhere: usize,
    /// Points that are the same run as another one that is to be done.
    pub same: usize,
    /// Of the runs to be done, those that were done already and recorded less than is asked for.
    pub again: usize,
    /// Of the runs to be done, those that another build of the program has done.
    pub rebuilt: usize,
    /// The runs to be done, in the order in which they begin.
    pub pending: Vec<Pending>,
    /// How many of them side by side.
    pub jobs: usize,
    /// Threads of each.
    pub threads: usize,
    /// Whether the folder is locked: some file systems know no locks.
    pub is_locked: bool,
}

/// A run to be done.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The number of its point, or of the first where several are the same run.
    pub point: usize,
    /// Its turn when runs are dealt out to tasks: of N, number `turn` mod N has it.
    pub turn: usize,
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

impl Pending {
    /// The run of a point of this size under a rule, whatever was done before.
    pub fn of(point: usize, size: &Size, rule: &str) -> Pending {
        Pending {
            point,
            turn: point,
            id: size.id.clone(),
            rule: rule.to_owned(),
            iterations: size.iterations,
            work: size.work as f64,
        }
    }
}

/// How points can be the same run.
const WHY: &str = "equal settings, or a swept key that its kind does not have";

/// What to do about points of another build.
const FORCE: &str = "`run … --force` runs them again";

impl Outlook {
    /// `12 done, skipped; 4 are the same run as another, …; 8 to run`, with the reason in brackets; `None`
    /// where every point is run.
    pub fn in_words(&self) -> Option<String> {
        let some = |count: usize, told: String| (count > 0).then_some(told);
        let same = match self.same {
            1 => format!("1 is the same run as another ({WHY})"),
            many => format!("{many} are the same run as another ({WHY})"),
        };
        let found = match self.of_other_builds {
            0 => format!("{} done, skipped", self.found),
            all if all == self.found => {
                format!("{all} done by another build of the program, skipped: {FORCE}")
            }
            some => format!(
                "{} done, skipped, {some} of them by another build of the program: {FORCE}",
                self.found
            ),
        };
        let parts = [
            some(self.found, found),
            some(
                self.failed,
                format!("{} failed before, skipped", self.failed),
            ),
            some(
                self.elsewhere,
                format!("{} left to other tasks", self.elsewhere),
            ),
            some(self.same, same),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() && self.again == 0 && self.rebuilt == 0 {
            return None;
        }
        let mut told: String = parts.iter().map(|part| format!("{part}; ")).collect();
        told += &format!("{} to run", self.pending.len());
        if self.again > 0 {
            told += &format!(", {} of them again to record more", self.again);
        }
        if self.rebuilt > 0 {
            told += &format!(", {} of them again with this build", self.rebuilt);
        }
        Some(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told where nothing is to be run and these are not.
    fn told(skipped: [usize; 5]) -> String {
        let [found, failed, elsewhere, same, again] = skipped;
        let outlook = Outlook {
            found,
            of_other_builds: 0,
            rebuilt: 0,
            failed,
            elsewhere,
            same,
            again,
            pending: Vec::new(),
            jobs: 1,
            threads: 1,
            is_locked: true,
        };
        outlook.in_words().unwrap_or_default()
    }

    #[test]
    fn points_of_another_build_are_told_apart() {
        let told = |of_other_builds, rebuilt| {
            let outlook = Outlook {
                found: 3,
                of_other_builds,
                rebuilt,
                failed: 0,
                elsewhere: 0,
                same: 0,
                again: 0,
                pending: Vec::new(),
                jobs: 1,
                threads: 1,
                is_locked: true,
            };
            outlook.in_words().unwrap_or_default()
        };
        assert_eq!(
            told(3, 0),
            "3 done by another build of the program, skipped: `run … --force` runs them again; 0 \
             to run"
        );
        assert_eq!(
            told(1, 0),
            "3 done, skipped, 1 of them by another build of the program: `run … --force` runs \
             them again; 0 to run"
        );
        assert_eq!(
            told(0, 2),
            "3 done, skipped; 0 to run, 2 of them again with this build"
        );
    }

    #[test]
    fn points_that_need_no_run_are_told_apart() {
        assert_eq!(told([0; 5]), "");
        assert_eq!(told([12, 0, 0, 0, 0]), "12 done, skipped; 0 to run");
        assert_eq!(
            told([0, 0, 0, 4, 0]),
            "4 are the same run as another (equal settings, or a swept key that its kind does not \
             have); 0 to run"
        );
        assert_eq!(
            told([1, 0, 0, 1, 0]),
            "1 done, skipped; 1 is the same run as another (equal settings, or a swept key that \
             its kind does not have); 0 to run"
        );
        assert_eq!(
            told([1, 2, 3, 0, 4]),
            "1 done, skipped; 2 failed before, skipped; 3 left to other tasks; 0 to run, 4 of them \
             again to record more"
        );
    }
}
