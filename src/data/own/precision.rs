//! Whether numbers are still different when 32 bits hold them.

use super::mistakes::Mistakes;

/// How many times 32-bit numbers must divide the range of a column: below that, different values
/// become one.
const LEAST_STEPS: f64 = 100.0;

/// Whole numbers up to this are exact in 32 bits.
const EXACT: f64 = 16_777_216.0;

/// Whole numbers of a column of a file that 32 bits round, with the column's name; `None` where there are
/// none. Missing values are NaN.
///
/// # Errors
/// 32-bit numbers are so far apart where the column's are that its values become equal.
pub(super) fn collapse(
    file: &str,
    name: &str,
    column: &[f64],
) -> Result<Option<(String, usize)>, Mistakes> {
    let numbers = || column.iter().copied().filter(|number| !number.is_nan());
    let least = numbers().fold(f64::INFINITY, f64::min);
    let most = numbers().fold(f64::NEG_INFINITY, f64::max);
    let apart = spacing(least.abs().max(most.abs()));
    if most > least && apart * LEAST_STEPS > most - least {
        return Err(Mistakes::one(format!(
            "{file}: `{name}` goes from {least} to {most}, where numbers of 32 bits are {apart} apart, so that \
             its values become equal: subtract {least} from them, or scale them"
        )));
    }
    let is_rounded = |number: &f64| {
        number.abs() > EXACT && number.fract() == 0.0 && f64::from(*number as f32) != *number
    };
    let rounded = numbers().filter(is_rounded).count();
    Ok((rounded > 0).then(|| (name.to_owned(), rounded)))
}

/// How far numbers of 32 bits are apart at a magnitude.
fn spacing(magnitude: f64) -> f64 {
    let number = magnitude as f32;
    if !number.is_finite() {
        return 0.0;
    }
    f64::from(f32::from_bits(number.to_bits() + 1)) - f64::from(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_seconds_become_equal_and_ids_are_rounded() {
        let times: Vec<f64> = (0..60).map(|i| 1.7e9 + f64::from(i)).collect();
        let message = collapse("f", "t", &times).expect_err("refused").to_string();
        assert!(message.contains("128 apart"), "{message}");
        assert!(message.contains("subtract 1700000000"), "{message}");
        let ids = [1.0, 16_777_217.0, 33_554_433.0, f64::NAN];
        assert_eq!(
            collapse("f", "id", &ids).unwrap(),
            Some(("id".to_owned(), 2))
        );
        for fine in [&[0.1, 0.2][..], &[1e9, 1e9], &[-1e9, 2e9], &[], &[f64::NAN]] {
            assert_eq!(collapse("f", "x", fine).unwrap(), None, "{fine:?}");
        }
    }
}
