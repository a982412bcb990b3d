//! A little is enough: as many standard deviations from the honest mean as a crowd with enough
//! honest outliers hides.
//!
//! Source: G. Baruch, M. Baruch, Y. Goldberg, "A Little Is Enough: Circumventing Defenses For
//! Distributed Learning", NeurIPS 2019. The payload is μ − zσ of the honest models known, per
//! coordinate. Their z is the largest at which enough honest models lie farther out to make a
//! majority with the attackers: s = ⌊n/2⌋ + 1 − f, z = Φ⁻¹((n − f − s) / (n − f)), where n counts
//! the models that the victim combines and f the Byzantine ones among them. The ratio is kept in
//! [0.5, 0.999]: below, z would be negative, and 1 has none. In small neighborhoods z is 0 or little
//! more, so that the payload is the honest mean or near it: `byzsim check` prints which z results, and
//! comparisons of rules sweep z.
//!
//! Needs `neighbors`. Costs O(|H| d) in an iteration, and O(d) for a payload: one for each victim,
//! or one for all where `z` is given.

use super::moments::{deviation, mean};
use super::per_iteration::PerIteration;
use super::{AnyForger, Attack, Crowd, Forger, Knowledge, Models, Strength};
use crate::checkpoint::{Book, Kept};
use crate::settings::Keys;
use crate::units::AgentId;
use std::f64::consts::{PI, SQRT_2};

/// The attack `a-little-is-enough`.
#[derive(Clone, Debug)]
pub struct ALittleIsEnough {
    z: Option<f64>,
}

impl ALittleIsEnough {
    /// The value of `kind`.
    pub const NAME: &str = "a-little-is-enough";
    /// What it is.
    pub const ABOUT: &str =
        "ALIE: sends μ − zσ of the honest models known: within the spread (Baruch et al. 2019)";

    /// Declares and reads its keys.
    pub fn read(keys: &mut Keys<'_>) -> Self {
        ALittleIsEnough {
            z: keys
                .key("z", "How many standard deviations from the mean")
                .symbol("z")
                .at_least(f64::from(f32::MIN))
                .at_most(f64::from(f32::MAX))
                .optional(
                    "Φ⁻¹((n−f−s)/(n−f)), s = ⌊n/2⌋+1−f, of the victim's n models, f of them \
                     Byzantine (Baruch et al. 2019)",
                ),
        }
    }
}

impl Attack for ALittleIsEnough {
    fn knowledge(&self) -> Knowledge {
        Knowledge::Neighbors
    }

    fn strength(&self, crowd: Crowd) -> Option<Strength> {
        self.z.is_none().then(|| Strength {
            key: "z",
            value: z_of(crowd),
            at_zero: "sends the honest mean",
        })
    }

    fn forger(&self, _: AgentId) -> AnyForger {
        AnyForger::Listening(Box::new(Outlier {
            z: self.z,
            moments: PerIteration::default(),
        }))
    }
}

struct Outlier {
    z: Option<f64>,
    /// μ and σ.
    moments: PerIteration<(Vec<f64>, Vec<f64>)>,
}

impl Forger<Models<'_>> for Outlier {
    fn forge(&mut self, sight: Models<'_>, payload: &mut Vec<f32>) {
        let z = self.z.unwrap_or_else(|| {
            // As `is_by_victim` says.
            z_of(sight.crowd.expect("a payload for one victim"))
        });
        let (mean, deviation) = self.moments.at(sight.own.iteration, |(mu, sigma)| {
            mean(sight.honest, mu);
            deviation(sight.honest, mu, sigma);
        });
        let moments = mean.iter().zip(deviation);
        payload.extend(moments.map(|(mu, sigma)| (mu - z * sigma) as f32));
    }

    fn is_by_victim(&self) -> bool {
        self.z.is_none()
    }

    fn keep(&mut self, _: &mut Book<'_>) -> Kept {
        Ok(())
    }
}

/// z for a victim's crowd.
fn z_of(crowd: Crowd) -> f64 {
    let honest = crowd.models.saturating_sub(crowd.byzantine).max(1) as f64;
    let needed = (crowd.models / 2 + 1) as f64 - crowd.byzantine as f64;
    quantile(((honest - needed) / honest).clamp(0.5, 0.999))
}

/// Φ⁻¹(p) of p in [0.5, 0.999]: the root of ½ erfc(z/√2) = 1 − p. Newton's method climbs from 0 to
/// it without stepping over it, since Φ is concave there.
fn quantile(p: f64) -> f64 {
    let mut z = 0.0;
    loop {
        let density = (-z * z / 2.0_f64).exp() / (2.0 * PI).sqrt();
        let step = (libm::erfc(z / SQRT_2) / 2.0 - (1.0 - p)) / density;
        z += step;
        if step < 1e-13 {
            return z;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, attack};
    use super::*;

    #[test]
    fn it_sends_the_mean_less_z_standard_deviations() {
        let mut scene = Scene::default();
        // Means 2 and −1, standard deviations 1 and 3.
        scene.honest(2, &[1.0, -4.0]).honest(5, &[3.0, 2.0]);
        let mut forger = attack("kind = \"a-little-is-enough\"\nz = 1.5").forger(AgentId(0));
        assert!(!forger.is_by_victim());
        assert_eq!(scene.payload(&mut forger), [0.5, -5.5]);
    }

    #[test]
    fn without_z_it_goes_by_the_victims_crowd() {
        let mut scene = Scene::default();
        scene.honest(2, &[1.0]).honest(5, &[3.0]);
        let mut forger = attack("kind = \"a-little-is-enough\"").forger(AgentId(0));
        assert!(forger.is_by_victim());
        // s = 2 of 4 honest ones: half of them, which is at the mean.
        scene.crowd(5, 1);
        assert_eq!(scene.payload(&mut forger), [2.0]);
        // s = 1 of 5 honest ones, in the same iteration: Φ⁻¹(0.8).
        scene.crowd(9, 4);
        assert_eq!(
            scene.payload(&mut forger),
            [(2.0 - 0.841_621_233_572_914_2) as f32]
        );
        // More attackers than a majority takes: the ratio is kept at 0.999.
        scene.crowd(9, 6);
        assert_eq!(
            scene.payload(&mut forger),
            [(2.0 - 3.090_232_306_167_813_5) as f32]
        );
    }

    #[test]
    fn a_strength_is_told_where_no_key_sets_it() {
        let crowd = |models, byzantine| Crowd { models, byzantine };
        let derived = attack("kind = \"a-little-is-enough\"");
        let value = |models, byzantine| {
            let strength = derived.strength(crowd(models, byzantine));
            strength.expect("a strength").value
        };
        assert_eq!(value(5, 1), 0.0);
        // s = 11 − 4 of 16 honest ones: Φ⁻¹(9/16).
        assert!((value(20, 4) - 0.157_310_684_610_170_7).abs() < 1e-12);
        let given = attack("kind = \"a-little-is-enough\"\nz = 0");
        assert_eq!(given.strength(crowd(5, 1)), None);
    }

    #[test]
    fn quantiles_are_those_of_published_tables() {
        let known = [
            (0.5, 0.0),
            (0.6, 0.253_347_103_135_799_7),
            (0.75, 0.674_489_750_196_081_7),
            (0.9, 1.281_551_565_544_600_4),
            (0.975, 1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813_5),
        ];
        for (p, z) in known {
            // Φ is known to 10⁻¹⁶, the least density is 0.003.
            assert!((quantile(p) - z).abs() < 1e-12, "{p}: {}", quantile(p));
        }
    }
}
