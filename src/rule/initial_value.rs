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

/// Iterations that are multiplied out one by one where ν falls.
const MOST_FACTORS: u64 = 1_000_000;

impl InitialValue {
    /// The share of φ_0 that is left after the models of so many iterations: Π (1−ν_i). Shares below
    /// 10⁻⁹ are not told apart.
    ///
    /// A falling ν = ν_0 / (1 + r·i) is small after the first 10⁶ iterations, or φ_0 is gone. For the
    /// iterations from a up to b after these, ln Π (1−ν_i) is taken as −∫ ν from a−½ to b−½, which is
    /// −ν_0/r · ln ((1 + r·(b−½)) / (1 + r·(a−½))). That leaves out Σ ν_i²/2, which is below 10⁻⁴
    /// where 10⁻⁹ of φ_0 are left: shares are exact to 0.01 %.
    pub fn left_after(&self, iterations: u64) -> f64 {
        if let Some(share) = self.forgetting.fixed() {
            return (1.0 - share).powf(iterations as f64);
        }
        let factors = iterations.min(MOST_FACTORS);
        let mut left = 1.0;
        for iteration in 0..factors {
            left *= 1.0 - self.forgetting.at(iteration);
            if left < NOTHING {
                return left;
            }
        }
        left * (-self.forgetting.sum(factors, iterations)).exp()
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
        assert_eq!(left(Schedule::constant(0.0), u64::MAX), 1.0);
    }

    #[test]
    fn what_is_left_after_many_falling_shares_is_close_to_the_product() {
        for (initial, rate) in [(0.5, 1.0), (0.2, 0.3), (1e-5, 1e-7)] {
            let forgetting = Schedule::falling(initial, rate);
            let initial = InitialValue {
                key: "initial",
                of: "φ",
                value: 10.0,
                forgetting,
            };
            let factors = (0..3_000_000).map(|i| 1.0 - forgetting.at(i));
            let product: f64 = factors.product();
            let left = initial.left_after(3_000_000);
            assert!(
                ((left - product) / product).abs() < 1e-4,
                "{left} {product}"
            );
            assert!(initial.left_after(u64::MAX) < left);
        }
    }
}
