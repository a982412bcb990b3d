//! How well a mean over runs is known that differ in their seeds alone.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Fewer runs have no interval: that of two is 13 times as wide as they are apart, and says nothing.
const LEAST_RUNS: usize = 3;

/// The 95 % confidence interval of the mean of what these values are drawn from, by Student's t:
/// mean ± t(0.975; n − 1) · s / √n. `None` of fewer than three values, and where one is not finite.
pub fn confidence(values: &[f64]) -> Option<[f64; 2]> {
    let (mean, half_width) = about_mean(values)?;
    Some([mean - half_width, mean + half_width])
}

/// The same as an interval of ratios: see [`as_ratio`]. `None` also where the mean is not above 0.
pub fn ratio_confidence(values: &[f64]) -> Option<[f64; 2]> {
    let (mean, half_width) = about_mean(values).filter(|(mean, _)| *mean > 0.0)?;
    Some(as_ratio([mean - half_width, mean + half_width]))
}

/// An interval about a mean above 0 as one of ratios, mean / r to mean · r with
/// r = exp(half width / mean): for logarithmic axes, since it stays above 0.
pub fn as_ratio([low, high]: [f64; 2]) -> [f64; 2] {
    let mean = low / 2.0 + high / 2.0;
    let ratio = ((high - low) / 2.0 / mean).exp();
    [mean / ratio, mean * ratio]
}

/// The mean, and how far the interval reaches to either side.
fn about_mean(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < LEAST_RUNS || !values.iter().all(|x| x.is_finite()) {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    let t = StudentsT::new(0.0, 1.0, count - 1.0)
        .ok()?
        .inverse_cdf(0.975);
    Some((mean, t * (squares / (count - 1.0) / count).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_that_of_students_t() {
        // t(0.975; 4) = 2.776445, s = √2.5, n = 5.
        let [low, high] = confidence(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((low - 1.036757).abs() < 1e-5, "{low}");
        assert!((high - 4.963243).abs() < 1e-5, "{high}");
        // t(0.975; 2) = 4.302653, s = 1, n = 3.
        let [low, high] = confidence(&[4.0, 5.0, 6.0]).unwrap();
        assert!((low - 2.515862).abs() < 1e-5, "{low}");
        assert!((high - 7.484138).abs() < 1e-5, "{high}");
        assert_eq!(confidence(&[0.25; 3]), Some([0.25, 0.25]));
    }

    #[test]
    fn an_interval_of_ratios_stays_above_0() {
        let values = [0.1, 0.1, 4.0];
        assert!(confidence(&values).unwrap()[0] < 0.0);
        let [low, high] = ratio_confidence(&values).unwrap();
        assert!(low > 0.0 && (low * high - 1.4f64.powi(2)).abs() < 1e-9);
        assert_eq!(ratio_confidence(&[-1.0, -2.0, -3.0]), None);
    }

    #[test]
    fn few_runs_and_those_that_diverged_have_no_interval() {
        assert_eq!(confidence(&[]), None);
        assert_eq!(confidence(&[1.0]), None);
        assert_eq!(confidence(&[1.0, 2.0]), None);
        assert_eq!(confidence(&[1.0, 2.0, f64::INFINITY]), None);
        assert_eq!(confidence(&[1.0, 2.0, f64::NAN]), None);
    }
}
