//! How long the value that a rule begins with stays in what it remembers.

use crate::settings::Schedule;

/// What a rule remembers of a neighbor before its first model, φ_0. Every model then takes a share of
/// it away: φ ← (1−ν) φ + ν x.
#[derive(Clone, Copy, Debug)]
pub struct InitialValue {
    /// Its key.
    pub key: &'static str,
    /// What it is the first value of, in the rule's symbols.
    pub of: &'static str,
    /// φ_0.
    pub value: f64,
    /// ν.
    pub forgetting: Schedule,
}

/// A share of φ_0 that is as good as none.
const NOTHING: f64 = 1e-9;

impl InitialValue {
    /// The share of φ_0 that is left after the models of so many iterations: Π (1−ν_i). Shares below
    /// 10⁻⁹ are not told apart.
    pub fn left_after(&self, iterations: u64) -> f64 {
        let mut left = 1.0;
        for iteration in 0..iterations {
            left *= 1.0 - self.forgetting.at(iteration);
            if left < NOTHING {
                break;
            }
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_iteration_takes_its_share() {
        let left = |forgetting, iterations| {
            let initial = InitialValue {
                key: "initial",
                of: "φ",
                value: 10.0,
                forgetting,
            };
            initial.left_after(iterations)
        };
        let constant = Schedule::constant(0.01);
        assert_eq!(left(constant, 0), 1.0);
        assert!((left(constant, 400) - 0.017_950_553).abs() < 1e-9);
        assert!(left(Schedule::constant(0.1), u64::MAX) < NOTHING);
        assert_eq!(left(Schedule::constant(1.0), 1), 0.0);
    }
}
