//! Products of the rows of a batch with the rows of a weight matrix: the hot loop of softmax
//! regression, and its arithmetic.
//!
//! **The sum.** A product of two `f32` is exact in `f64`. Element j of a row goes to lane j mod 8;
//! each lane adds its products in order; the lanes l0 … l7 are then added as
//! `((l0+l4)+(l2+l6))+((l1+l5)+(l3+l7))`. That fixes every bit: wider registers, other blockings
//! and fused multiply-adds change nothing, and a plain loop gives the same.

/// Lanes of a sum.
const LANES: usize = 8;

/// Eight neighboring elements of a row, one for each lane, on a cache line of their own.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Lanes([f64; LANES]);

/// The instructions that the products are computed with. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instructions {
    /// Those that every processor of the architecture has.
    Baseline,
    /// AVX2 and FMA: sixteen registers of four `f64`.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512F, beside AVX2 and FMA: thirty-two registers of eight `f64`.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Instructions {
    /// What this processor has, the best last.
    pub(super) fn available() -> Vec<Instructions> {
        let mut all = vec![Instructions::Baseline];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Instructions::Avx2);
                if is_x86_feature_detected!("avx512f") {
                    all.push(Instructions::Avx512);
                }
            }
        }
        all
    }

    /// The best that this processor has.
    pub(super) fn best() -> Instructions {
        *Instructions::available()
            .last()
            .expect("at least the baseline")
    }
}

/// Appends a row, shape `[features]`, as lanes; the last lanes are filled up with zeros, which
/// change no sum.
pub(super) fn append(row: &[f32], lanes: &mut Vec<Lanes>) {
    let (full, rest) = row.as_chunks::<LANES>();
    lanes.extend(full.iter().map(|chunk| Lanes(widened(chunk))));
    if !rest.is_empty() {
        lanes.push(Lanes(widened(&padded(rest))));
    }
}

/// The elements of a row, with the zeros that fill it up.
pub(super) fn numbers(lanes: &[Lanes]) -> impl Iterator<Item = f64> + '_ {
    lanes.iter().flat_map(|Lanes(eight)| eight.iter().copied())
}

/// How many [`Lanes`] a row of that many features takes.
pub(super) fn lanes_of(features: usize) -> usize {
    features.div_ceil(LANES)
}

/// `products[b * classes + c]` = row b · weights c, for rows that follow each other in `rows`
/// (each [`lanes_of`]`(features)` long) and weights of shape `[classes × features]`, row-major.
pub(super) fn products(
    instructions: Instructions,
    rows: &[Lanes],
    weights: &[f32],
    features: usize,
    products: &mut [f64],
) {
    assert!(features > 0, "a row has at least one feature");
    let product = Product {
        rows,
        weights,
        features,
        lanes: lanes_of(features),
        classes: weights.len() / features,
    };
    assert_eq!(rows.len() / product.lanes * product.classes, products.len());
    match instructions {
        Instructions::Baseline => product.all::<2, 1>(products),
        // SAFETY: `Instructions::available` found the features on this processor.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 => unsafe { product.all_avx2(products) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx512 => unsafe { product.all_avx512(products) },
    }
}

/// `sums[c * features + j]` = Σ over rows b, in their order, of `factors[c * rows + b]` · element j
/// of row b: the weights' part of a gradient. Plain products and sums, without lanes.
pub(super) fn combine(
    instructions: Instructions,
    rows: &[Lanes],
    factors: &[f64],
    features: usize,
    sums: &mut [f64],
) {
    match instructions {
        Instructions::Baseline => combine_all(rows, factors, features, sums),
        // SAFETY: `Instructions::available` found the features on this processor.
        #[cfg(target_arch = "x86_64")]
        Instructions::Avx2 | Instructions::Avx512 => unsafe {
            combine_avx2(rows, factors, features, sums);
        },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn combine_avx2(rows: &[Lanes], factors: &[f64], features: usize, sums: &mut [f64]) {
    combine_all(rows, factors, features, sums);
}

#[inline(always)]
fn combine_all(rows: &[Lanes], factors: &[f64], features: usize, sums: &mut [f64]) {
    let lanes = lanes_of(features);
    let factors = factors.chunks_exact(rows.len() / lanes);
    for (factors, sums) in factors.zip(sums.chunks_exact_mut(features)) {
        let (full, rest) = sums.as_chunks_mut();
        for (at, sums) in full.iter_mut().enumerate() {
            *sums = combine_one(rows, factors, lanes, at);
        }
        if !rest.is_empty() {
            rest.copy_from_slice(&combine_one(rows, factors, lanes, lanes - 1)[..rest.len()]);
        }
    }
}

#[inline(always)]
fn combine_one(rows: &[Lanes], factors: &[f64], lanes: usize, at: usize) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for (row, factor) in rows.chunks_exact(lanes).zip(factors) {
        let elements = &row[at].0;
        for lane in 0..LANES {
            sums[lane] += factor * elements[lane];
        }
    }
    sums
}

/// The operands of [`products`].
#[derive(Clone, Copy)]
struct Product<'a> {
    rows: &'a [Lanes],
    weights: &'a [f32],
    features: usize,
    lanes: usize,
    classes: usize,
}

impl Product<'_> {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn all_avx2(self, products: &mut [f64]) {
        self.all::<2, 2>(products);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn all_avx512(self, products: &mut [f64]) {
        self.all::<5, 3>(products);
    }

    /// All products, in blocks of R rows by C classes as far as they go; the blocks are chosen so
    /// that their sums stay in registers.
    #[inline(always)]
    fn all<const R: usize, const C: usize>(self, products: &mut [f64]) {
        let rows = self.rows.len() / self.lanes;
        let mut row = 0;
        while row + R <= rows {
            self.classes_of::<R, C>(row, products);
            row += R;
        }
        while row < rows {
            self.classes_of::<1, C>(row, products);
            row += 1;
        }
    }

    #[inline(always)]
    fn classes_of<const R: usize, const C: usize>(self, row: usize, products: &mut [f64]) {
        let mut class = 0;
        while class + C <= self.classes {
            self.block::<R, C>(row, class, products);
            class += C;
        }
        while class < self.classes {
            self.block::<R, 1>(row, class, products);
            class += 1;
        }
    }

    // The indices are those of the matrices, each used for several of them.
    #[expect(clippy::needless_range_loop)]
    #[inline(always)]
    fn block<const R: usize, const C: usize>(self, row: usize, class: usize, products: &mut [f64]) {
        let rows: [&[Lanes]; R] =
            std::array::from_fn(|r| &self.rows[(row + r) * self.lanes..][..self.lanes]);
        let weights: [&[f32]; C] =
            std::array::from_fn(|c| &self.weights[(class + c) * self.features..][..self.features]);
        let full = self.features / LANES;
        let mut sums = [[[0.0; LANES]; C]; R];
        for at in 0..full {
            let w: [[f64; LANES]; C] =
                std::array::from_fn(|c| widened(&weights[c].as_chunks().0[at]));
            for r in 0..R {
                for c in 0..C {
                    for lane in 0..LANES {
                        sums[r][c][lane] += rows[r][at].0[lane] * w[c][lane];
                    }
                }
            }
        }
        for r in 0..R {
            finish(
                &mut sums[r],
                rows[r].get(full),
                weights.map(|w| &w[full * LANES..]),
                &mut products[(row + r) * self.classes + class..][..C],
            );
        }
    }
}

/// Adds the products of the last, incomplete lanes, and adds up each sum.
///
/// Never inlined: were the lanes added up in sight of the loop, the compiler would keep them in
/// pairs for that, and the loop would use registers of two.
#[inline(never)]
fn finish<const C: usize>(
    sums: &mut [[f64; LANES]; C],
    row: Option<&Lanes>,
    weights: [&[f32]; C],
    products: &mut [f64],
) {
    for c in 0..C {
        if let Some(row) = row {
            for (lane, &w) in weights[c].iter().enumerate() {
                sums[c][lane] += row.0[lane] * f64::from(w);
            }
        }
        products[c] = total(&sums[c]);
    }
}

#[inline(always)]
fn total(l: &[f64; LANES]) -> f64 {
    ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]))
}

#[inline(always)]
fn widened(chunk: &[f32; LANES]) -> [f64; LANES] {
    std::array::from_fn(|lane| f64::from(chunk[lane]))
}

#[inline(always)]
fn padded(rest: &[f32]) -> [f32; LANES] {
    let mut chunk = [0.0; LANES];
    chunk[..rest.len()].copy_from_slice(rest);
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Key, Purpose};
    use rand::RngExt;

    /// The definition: one product after the other.
    fn defined(row: &[f32], weights: &[f32]) -> f64 {
        let mut lanes = [0.0; LANES];
        for (j, (&x, &w)) in row.iter().zip(weights).enumerate() {
            lanes[j % LANES] += f64::from(x) * f64::from(w);
        }
        let [l0, l1, l2, l3, l4, l5, l6, l7] = lanes;
        ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7))
    }

    #[test]
    fn every_processor_gives_the_bits_of_the_plain_loop() {
        let mut stream = Key::new(1, Purpose::Batch).stream();
        // Magnitudes from 2⁻²⁰ to 2²⁰, so that the order of a sum shows in its bits.
        let mut draw = || {
            let scale = stream.random_range(-20..20);
            (stream.random_range(-1.0..1.0f64) * f64::from(scale).exp2()) as f32
        };
        for features in (1..=40).chain([561]) {
            for rows in 1..=17 {
                for classes in 1..=11 {
                    let x: Vec<f32> = (0..rows * features).map(|_| draw()).collect();
                    let w: Vec<f32> = (0..classes * features).map(|_| draw()).collect();
                    let mut lanes = Vec::new();
                    x.chunks(features).for_each(|row| append(row, &mut lanes));
                    let expected: Vec<u64> = x
                        .chunks(features)
                        .flat_map(|row| w.chunks(features).map(|w| defined(row, w).to_bits()))
                        .collect();
                    for instructions in Instructions::available() {
                        let mut found = vec![f64::NAN; rows * classes];
                        products(instructions, &lanes, &w, features, &mut found);
                        let found: Vec<u64> = found.iter().map(|p| p.to_bits()).collect();
                        assert_eq!(
                            found, expected,
                            "{instructions:?} {rows}×{features}×{classes}"
                        );
                    }
                }
            }
        }
    }
}
