//! Σ of the features of `linear-regression`: how it is written, and its factor L with Σ = LLᵀ.

use crate::settings::{Bounds, Form, Keys, Node, Problems, Setting, Value, wrong};

/// A pivot of Σ below this share of its variance is taken for 0: rounding leaves as much.
const LEAST_PIVOT: f64 = 1e-12;

/// Σ as a scenario writes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Covariance {
    /// This variance in every dimension, uncorrelated.
    One(f64),
    /// A variance for each dimension, uncorrelated.
    Each(Vec<f64>),
    /// The whole matrix by rows.
    Full(Vec<Vec<f64>>),
}

impl Default for Covariance {
    fn default() -> Self {
        Covariance::One(0.0)
    }
}

impl Setting for Covariance {
    fn takes() -> String {
        "a matrix as a list of rows, a list of variances, or a number".into()
    }

    fn read(node: &Node, name: &str, problems: &mut Problems) -> Option<Covariance> {
        let numbers = |items: &[Node], problems: &mut Problems| {
            let read = items.iter().map(|item| f64::read(item, name, problems));
            // All of them, so that all mistakes are told.
            let all: Vec<Option<f64>> = read.collect();
            all.into_iter().collect::<Option<Vec<f64>>>()
        };
        let items = match &node.value {
            Value::Float(_) | Value::Integer(_) => {
                return f64::read(node, name, problems).map(Covariance::One);
            }
            Value::Array(items) => items,
            _ => return wrong::<Covariance>(node, name, problems),
        };
        let row = |item: &Node, problems: &mut Problems| match &item.value {
            Value::Array(items) => numbers(items, problems),
            Value::Unusable => None,
            _ => {
                let found = item.type_name();
                let message = format!("a row of `{name}` is a list, and this is {found}");
                problems.add(
                    item.span,
                    message,
                    "write [ … ] with a number for each dimension",
                );
                None
            }
        };
        if items.iter().any(|i| matches!(i.value, Value::Array(_))) {
            let rows: Vec<_> = items.iter().map(|item| row(item, problems)).collect();
            return rows
                .into_iter()
                .collect::<Option<_>>()
                .map(Covariance::Full);
        }
        numbers(items, problems).map(Covariance::Each)
    }

    fn to_toml(&self) -> toml::Value {
        match self {
            Covariance::One(variance) => (*variance).into(),
            Covariance::Each(variances) => variances.clone().into(),
            Covariance::Full(rows) => rows.clone().into(),
        }
    }

    /// The variances.
    fn magnitudes(&self) -> Vec<f64> {
        match self {
            Covariance::One(variance) => vec![*variance],
            Covariance::Each(variances) => variances.clone(),
            Covariance::Full(rows) => {
                let numbered = rows.iter().enumerate();
                numbered.filter_map(|(i, r)| r.get(i).copied()).collect()
            }
        }
    }

    fn form(bounds: Bounds) -> Form {
        let variance = Form::number(bounds);
        let row = Form::list(Form::number(Bounds::ALL));
        let rows = Form::Any(vec![variance.clone(), row]);
        Form::Any(vec![variance, Form::list(rows)])
    }
}

/// L, lower triangular, with Σ = LLᵀ.
#[derive(Clone, Debug)]
pub(super) enum Factor {
    /// Its diagonal, where there is nothing beside it: standard deviations.
    Diagonal(Vec<f64>),
    /// Its columns; column j from row j on.
    Columns(Vec<Vec<f64>>),
}

impl Covariance {
    /// The factor, shape `[d × d]`. Notes at the key what is no covariance of `dimension` features.
    pub fn factor(&self, dimension: usize, keys: &mut Keys<'_>) -> Option<Factor> {
        match self {
            Covariance::One(variance) => Some(Factor::Diagonal(vec![variance.sqrt(); dimension])),
            Covariance::Each(variances) if variances.len() == dimension => {
                let std = variances.iter().map(|v| v.sqrt());
                Some(Factor::Diagonal(std.collect()))
            }
            Covariance::Each(variances) => {
                let message = format!("{} variances for {dimension} dimensions", variances.len());
                keys.problem("covariance", message, "write one for each, or one number");
                None
            }
            Covariance::Full(rows) => {
                let found = check_shape(rows, dimension).and_then(|()| columns(rows));
                // A wrong number of dimensions is told by itself.
                let told = found.as_ref().err().filter(|_| !keys.is_wrong("dimension"));
                if let Some(Flaw { path, message }) = told {
                    let path: Vec<String> = path.iter().map(usize::to_string).collect();
                    let key = std::iter::once("covariance").chain(path.iter().map(String::as_str));
                    let help = format!(
                        "write {dimension} rows of {dimension} numbers, symmetric, with xᵀΣx > 0 \
                         for all x ≠ 0"
                    );
                    keys.problem_at(&key.collect::<Vec<_>>(), message, &help);
                }
                found.ok().map(Factor::Columns)
            }
        }
    }
}

/// What is wrong with a matrix, and at which row or row and column.
struct Flaw {
    path: Vec<usize>,
    message: String,
}

fn check_shape(rows: &[Vec<f64>], dimension: usize) -> Result<(), Flaw> {
    let flaw = |path, message| Err(Flaw { path, message });
    if rows.len() != dimension {
        let message = format!("{} rows for {dimension} dimensions", rows.len());
        return flaw(Vec::new(), message);
    }
    for (i, row) in rows.iter().enumerate() {
        if row.len() != dimension {
            let message = format!("{} numbers for {dimension} dimensions", row.len());
            return flaw(vec![i], message);
        }
        for (j, &entry) in row[..i].iter().enumerate() {
            let mirrored = rows[j][i];
            if entry != mirrored {
                let message = format!(
                    "a covariance is symmetric, and row {i} has {entry} in column {j} where row \
                     {j} has {mirrored} in column {i}"
                );
                return flaw(vec![i, j], message);
            }
        }
    }
    Ok(())
}

/// The columns of L: `L_jj = √(Σ_jj − Σ_k L_jk²)`, `L_ij = (Σ_ij − Σ_k L_ik L_jk)/L_jj` over
/// k < j in order.
fn columns(rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Flaw> {
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(rows.len());
    for j in 0..rows.len() {
        let mut rest: Vec<f64> = rows[j..].iter().map(|row| row[j]).collect();
        for (k, column) in columns.iter().enumerate() {
            let below = &column[j - k..];
            for (rest, entry) in rest.iter_mut().zip(below) {
                *rest -= entry * below[0];
            }
        }
        let pivot = rest[0];
        // Also where it is NaN, of numbers beyond all bounds.
        if !(pivot > LEAST_PIVOT * rows[j][j] && pivot.is_finite()) {
            let message = "this matrix is no covariance: it is not positive definite".to_owned();
            return Err(Flaw {
                path: Vec::new(),
                message,
            });
        }
        let root = pivot.sqrt();
        rest[0] = root;
        rest[1..].iter_mut().for_each(|entry| *entry /= root);
        columns.push(rest);
    }
    Ok(columns)
}

impl Factor {
    /// Lz, each element summed up in the order of the columns; both have shape `[d]`.
    pub fn times(&self, z: &[f64], out: &mut [f64]) {
        match self {
            Factor::Diagonal(std) => {
                for (out, (std, z)) in out.iter_mut().zip(std.iter().zip(z)) {
                    *out = std * z;
                }
            }
            Factor::Columns(columns) => {
                out.fill(0.0);
                for (j, (column, z)) in columns.iter().zip(z).enumerate() {
                    for (out, entry) in out[j..].iter_mut().zip(column) {
                        *out += entry * z;
                    }
                }
            }
        }
    }

    /// eᵀΣe = ‖Lᵀe‖².
    pub fn quadratic(&self, e: &[f64]) -> f64 {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        match self {
            Factor::Diagonal(std) => std.iter().zip(e).map(|(s, e)| (s * e).powi(2)).sum(),
            Factor::Columns(columns) => {
                let numbered = columns.iter().enumerate();
                numbered.map(|(j, c)| dot(c, &e[j..]).powi(2)).sum()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_of_a_matrix_times_its_transpose_is_the_matrix() {
        let rows = [
            vec![4.0, 2.0, 0.6],
            vec![2.0, 2.0, 0.5],
            vec![0.6, 0.5, 3.0],
        ];
        let columns = columns(&rows).ok().expect("positive definite");
        let entry = |i: usize, k: usize| if i < k { 0.0 } else { columns[k][i - k] };
        for (i, row) in rows.iter().enumerate() {
            for (j, right) in row.iter().enumerate() {
                let product: f64 = (0..3).map(|k| entry(i, k) * entry(j, k)).sum();
                assert!((product - right).abs() < 1e-15, "{i} {j}: {product}");
            }
        }
        let factor = Factor::Columns(columns);
        let e = [1.0, -2.0, 0.5];
        let by_hand: f64 = (0..9)
            .map(|n| e[n / 3] * rows[n / 3][n % 3] * e[n % 3])
            .sum();
        assert!((factor.quadratic(&e) - by_hand).abs() < 1e-14);
    }

    #[test]
    fn a_matrix_that_is_singular_or_indefinite_has_no_factor() {
        for c in [1.0, 2.0, 1.0 - 1e-15, f64::INFINITY] {
            assert!(columns(&[vec![1.0, c], vec![c, 1.0]]).is_err(), "{c}");
        }
        assert!(columns(&[vec![1.0, 0.999], vec![0.999, 1.0]]).is_ok());
    }

    #[test]
    fn a_diagonal_matrix_is_a_list_of_variances() {
        let full = Factor::Columns(columns(&[vec![4.0, 0.0], vec![0.0, 9.0]]).ok().unwrap());
        let each = Factor::Diagonal(vec![2.0, 3.0]);
        let of = |factor: &Factor| {
            let mut out = [0.0; 2];
            factor.times(&[0.25, -0.5], &mut out);
            (out, factor.quadratic(&[1.0, 2.0]))
        };
        assert_eq!(of(&full), of(&each));
        assert_eq!(of(&each), ([0.5, -1.5], 40.0));
    }
}
