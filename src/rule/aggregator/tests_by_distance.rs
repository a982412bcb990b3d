//! What the aggregators by distance promise, and the mixing of nearest neighbors with them.

use super::{
    Aggregator, Krum, MinimumDiameterAverage, MultiKrum, NearestToOwn, Promise, TrimmedMean,
};
use crate::rng::{Key, Purpose};
use crate::rule::pre_aggregation::{NearestNeighborMixing, PreAggregation};
use crate::rule::tests::{Seat, combine, read};
use crate::rule::{Given, Outcome, Rule};
use crate::settings::{Keys, Problems, Sources, Span, Table};
use proptest::prelude::*;

type Models = Vec<Vec<f32>>;

/// What the definitions say, in `f64`, in so many words.
mod defined {
    /// ‖a − b‖².
    pub fn squared(a: &[f32], b: &[f32]) -> f64 {
        let difference = |(&a, &b): (&f32, &f32)| f64::from(a) - f64::from(b);
        a.iter().zip(b).map(|pair| difference(pair).powi(2)).sum()
    }

    pub fn mean<'a>(models: impl Iterator<Item = &'a Vec<f32>> + Clone) -> Vec<f64> {
        let first = models.clone().next().expect("a model");
        let at = |j: usize| models.clone().map(|m| f64::from(m[j])).sum::<f64>();
        let count = models.clone().count() as f64;
        (0..first.len()).map(|j| at(j) / count).collect()
    }

    /// The numbers of all values, the least first, of equal ones the lowest number first.
    fn order(values: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
        order
    }

    /// The numbers of models in the order of krum's scores.
    fn by_score(models: &[Vec<f32>], f: usize) -> Vec<usize> {
        let score = |i: usize| -> f64 {
            let others = (0..models.len()).filter(|j| *j != i);
            let mut far: Vec<f64> = others.map(|j| squared(&models[i], &models[j])).collect();
            far.sort_by(f64::total_cmp);
            far[..models.len() - f - 2].iter().sum()
        };
        order(&(0..models.len()).map(score).collect::<Vec<_>>())
    }

    pub fn krum(models: &[Vec<f32>], f: usize) -> Vec<f64> {
        mean([&models[by_score(models, f)[0]]].into_iter())
    }

    pub fn multi_krum(models: &[Vec<f32>], f: usize) -> Vec<f64> {
        let best = &by_score(models, f)[..models.len() - f];
        mean(best.iter().map(|i| &models[*i]))
    }

    /// The mean of the n−f nearest to one of them.
    pub fn nearest(models: &[Vec<f32>], to: usize, f: usize) -> Vec<f64> {
        let from: Vec<f64> = models.iter().map(|m| squared(m, &models[to])).collect();
        let nearest = &order(&from)[..models.len() - f];
        mean(nearest.iter().map(|i| &models[*i]))
    }

    /// The subsets of n−f models that have the least diameter, in lexicographic order.
    pub fn closest(models: &[Vec<f32>], f: usize) -> Vec<Vec<usize>> {
        let n = models.len();
        // Of masks that give model 0 the highest bit, the largest is the first in that order.
        let masks = (0..1_u32 << n).rev();
        let sets: Vec<Vec<usize>> = masks
            .filter(|mask| mask.count_ones() as usize == n - f)
            .map(|mask| (0..n).filter(|i| mask >> (n - 1 - i) & 1 == 1).collect())
            .collect();
        let diameter = |set: &Vec<usize>| {
            let pairs = set.iter().flat_map(|i| set.iter().map(move |j| (*i, *j)));
            let far = pairs.map(|(i, j)| squared(&models[i], &models[j]));
            far.fold(0.0, f64::max)
        };
        let least = sets.iter().map(diameter).fold(f64::INFINITY, f64::min);
        sets.into_iter()
            .filter(|set| diameter(set) == least)
            .collect()
    }

    pub fn minimum_diameter_average(models: &[Vec<f32>], f: usize) -> Vec<f64> {
        mean(closest(models, f)[0].iter().map(|i| &models[*i]))
    }
}

/// Aggregates models of which number `own` is the agent's.
fn aggregated(aggregator: &impl Aggregator, models: &[Vec<f32>], own: usize, f: usize) -> Vec<f64> {
    let mut out = Vec::new();
    let promise = aggregator.aggregate(
        &given(&borrowed(models), own, f),
        &mut vec![7.0; 3],
        &mut out,
    );
    assert_eq!(promise, Promise::Kept);
    out.into_iter().map(f64::from).collect()
}

fn borrowed(models: &[Vec<f32>]) -> Vec<&[f32]> {
    models.iter().map(|m| &m[..]).collect()
}

fn given<'a>(models: &'a [&'a [f32]], own: usize, f: usize) -> Given<'a> {
    Given {
        models,
        own: models[own],
        f,
        key: Key::new(1, Purpose::Rule),
    }
}

fn mixed(models: &[Vec<f32>], f: usize) -> Models {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let source = sources.add("pre", "f = 0");
    let table = Table::parse(&sources, source, &mut problems);
    let keys = Keys::new("pre", Span::default(), Some(&table), &mut problems);
    let (pre, _, _) = keys.run(NearestNeighborMixing::read);
    let mut out = Vec::new();
    pre.apply(&given(&borrowed(models), 0, f), &mut vec![7.0; 3], &mut out);
    let dimension = models[0].len();
    out.chunks(dimension).map(<[f32]>::to_vec).collect()
}

/// Every kind's result, with what its definition says, in the order of [`KINDS`]; mixed models one
/// after the other.
fn all(models: &[Vec<f32>], own: usize, f: usize) -> [(Vec<f64>, Vec<f64>); 5] {
    let each_mixed = mixed(models, f).concat().into_iter().map(f64::from);
    let mixing = (0..models.len()).flat_map(|i| defined::nearest(models, i, f));
    let minimum = aggregated(&MinimumDiameterAverage, models, own, f);
    [
        (aggregated(&Krum, models, own, f), defined::krum(models, f)),
        (
            aggregated(&MultiKrum, models, own, f),
            defined::multi_krum(models, f),
        ),
        (minimum, defined::minimum_diameter_average(models, f)),
        (
            aggregated(&NearestToOwn, models, own, f),
            defined::nearest(models, own, f),
        ),
        (each_mixed.collect(), mixing.collect()),
    ]
}

const KINDS: [&str; 5] = [
    Krum::NAME,
    MultiKrum::NAME,
    MinimumDiameterAverage::NAME,
    NearestToOwn::NAME,
    NearestNeighborMixing::NAME,
];

/// Apart by less than a rounding or two of `f32` at the largest.
fn are_close(found: &[f64], right: &[f64], what: &str) {
    assert_eq!(found.len(), right.len(), "{what}");
    let largest = right.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (found, right) in found.iter().zip(right) {
        let is_close = (found - right).abs() <= 1.2e-7 * largest;
        assert!(is_close, "{what}: {found}, not {right}");
    }
}

fn follow_their_definitions(models: &[Vec<f32>], own: usize, f: usize) {
    for (name, (found, right)) in KINDS.into_iter().zip(all(models, own, f)) {
        are_close(&found, &right, &format!("{name}, f = {f}: {models:?}"));
    }
}

/// A grid of step 2⁻²⁰ around 0: differences and shifts by small whole numbers are exact.
fn on_a_grid(models: usize, dimension: usize) -> impl Strategy<Value = Models> {
    let element = (-(1 << 20)..1 << 20).prop_map(|x: i32| x as f32 / (1 << 20) as f32);
    prop::collection::vec(prop::collection::vec(element, dimension), models)
}

/// Models, which is the own one, and f with n ≥ 2f + 3.
fn situations() -> impl Strategy<Value = (Models, usize, usize)> {
    // In three dimensions or more, equal distances hardly happen. Of three models, the two that are
    // nearest to each other would have equal scores.
    (4..=10_usize, 3..=40_usize)
        .prop_flat_map(|(n, dimension)| (on_a_grid(n, dimension), 0..n, 0..=(n - 3) / 2))
}

/// Models of which the first n−f are honest, and f. The others are near or very far.
fn attacked() -> impl Strategy<Value = (Models, usize)> {
    (3..=16_usize, 1..=20_usize).prop_flat_map(|(n, dimension)| {
        (0..=(n - 3) / 2).prop_flat_map(move |f| {
            let byzantine = (on_a_grid(f, dimension), -2..=20_i32).prop_map(|(models, power)| {
                let scaled = |m: Vec<f32>| m.iter().map(|x| x * 2_f32.powi(power)).collect();
                models.into_iter().map(scaled).collect::<Models>()
            });
            (on_a_grid(n - f, dimension), byzantine, Just(f))
                .prop_map(|(honest, byzantine, f)| ([honest, byzantine].concat(), f))
        })
    })
}

/// What honest models are like.
struct Honest {
    mean: Vec<f64>,
    /// The mean squared distance from the mean.
    variance: f64,
    diameter: f64,
}

impl Honest {
    fn new(models: &[Vec<f32>]) -> Honest {
        let mean = defined::mean(models.iter());
        let squares = models.iter().map(|m| from(m, &mean).powi(2));
        let pairs = models
            .iter()
            .flat_map(|a| models.iter().map(move |b| defined::squared(a, b)));
        Honest {
            variance: squares.sum::<f64>() / models.len() as f64,
            diameter: pairs.fold(0.0, f64::max).sqrt(),
            mean,
        }
    }

    /// Asserts that a result is within a distance of the mean, save for its rounding to `f32`,
    /// whose models are below 1 here.
    fn holds(&self, result: &[f64], within: f64, what: &str) {
        let apart = result.iter().zip(&self.mean).map(|(x, m)| (x - m).powi(2));
        let apart = apart.sum::<f64>().sqrt();
        assert!(apart <= within + 1e-6, "{what}: {apart}, not {within}");
    }
}

fn from(model: &[f32], point: &[f64]) -> f64 {
    let squares = model
        .iter()
        .zip(point)
        .map(|(&x, p)| (f64::from(x) - p).powi(2));
    squares.sum::<f64>().sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn results_are_those_of_the_definitions((models, own, f) in situations()) {
        follow_their_definitions(&models, own, f);
    }

    #[test]
    fn the_order_of_the_neighbors_does_not_matter(
        (models, own, f) in situations(),
        turn in 1..10_usize,
    ) {
        let turn = turn % models.len();
        let mut turned = models.clone();
        turned.rotate_left(turn);
        let own_turned = (own + models.len() - turn) % models.len();
        let straight = all(&models, own, f).map(|(found, _)| found);
        let mut after = all(&turned, own_turned, f).map(|(found, _)| found);
        // Mixed models come in the order of what they were.
        let dimension = models[0].len();
        after[4].rotate_right(turn * dimension);
        for (name, (after, straight)) in KINDS.into_iter().zip(after.iter().zip(&straight)) {
            // Where the farthest pair leaves a choice, the numbers decide.
            let is_free = name == MinimumDiameterAverage::NAME
                && defined::closest(&models, f).len() > 1;
            if !is_free {
                are_close(after, straight, name);
            }
        }
    }

    #[test]
    fn results_move_and_grow_with_the_models(
        (models, own, f) in situations(),
        shift in -7..=7_i8,
        power in -60..60_i32,
    ) {
        let (shift, scale) = (f32::from(shift), 2_f32.powi(power));
        let changed = |change: &dyn Fn(f32) -> f32| -> Models {
            models.iter().map(|m| m.iter().map(|x| change(*x)).collect()).collect()
        };
        let straight = all(&models, own, f).map(|(found, _)| found);
        let moved = all(&changed(&|x| x + shift), own, f);
        let grown = all(&changed(&|x| x * -scale), own, f);
        for (kind, name) in KINDS.into_iter().enumerate() {
            let expected: Vec<f64> = straight[kind].iter().map(|x| x + f64::from(shift)).collect();
            let largest = expected.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
            for (found, expected) in moved[kind].0.iter().zip(&expected) {
                // Both are rounded.
                prop_assert!((found - expected).abs() <= 2.4e-7 * largest, "{name} moved");
            }
            let expected: Vec<f64> = straight[kind].iter().map(|x| x * -f64::from(scale)).collect();
            prop_assert_eq!(&grown[kind].0, &expected, "{} grown", name);
        }
    }

    /// Squared, at most κ times the variance of the n−f honest models, whatever the others are:
    /// (f, κ)-robustness, Allouah et al. 2023, where κ = 6 (1 + f/(n−2f)) = 6 (n−f)/(n−2f) for
    /// scores over n−f models. Over the n−f−2 nearest others of Blanchard et al. there is one
    /// honest model less among them that is sure to count: 6 (n−f)/(n−2f−1), which is derived here
    /// in the same way, not in the paper.
    #[test]
    fn krum_is_robust((models, f) in attacked()) {
        let n = models.len();
        let honest = Honest::new(&models[..n - f]);
        let kappa = 6.0 * (n - f) as f64 / (n - 2 * f - 1) as f64;
        let within = (kappa * honest.variance).sqrt();
        honest.holds(&aggregated(&Krum, &models, 0, f), within, "krum");
    }

    /// At most f of the n−f models that are averaged are others than the honest n−f. Each of those
    /// is nearer to any honest one than
    /// - 2 diameters of the honest: through a third that is in both sets, where the diameter of the
    ///   chosen is least (El Mhamdi et al. 2018), or through the own one, where they are nearest;
    /// - D (1 + √((n−f−2)/(n−2f−1))), for multi-krum: its score is at most an honest one, which is
    ///   at most (n−f−2) D², and n−2f−1 of its nearest others are honest.
    #[test]
    fn means_of_chosen_models_are_robust((models, f) in attacked()) {
        let n = models.len();
        let honest = Honest::new(&models[..n - f]);
        let share = f as f64 / (n - f) as f64;
        let twice = 2.0 * share * honest.diameter;
        let minimum = aggregated(&MinimumDiameterAverage, &models, 0, f);
        honest.holds(&minimum, twice, "minimum-diameter-average");
        for own in 0..n - f {
            honest.holds(&aggregated(&NearestToOwn, &models, own, f), twice, "nearest-to-own");
        }
        let reach = 1.0 + ((n - f - 2) as f64 / (n - 2 * f - 1) as f64).sqrt();
        let within = share * reach * honest.diameter;
        honest.holds(&aggregated(&MultiKrum, &models, 0, f), within, "multi-krum");
    }

    /// An (f, κ)-robust aggregator becomes (f, 8 f/(n−f) (κ + 1))-robust; κ of the trimmed mean is
    /// 6 f/(n−2f) (1 + f/(n−2f)). Allouah et al. 2023, lemma 1 and table 1.
    #[test]
    fn mixing_makes_aggregators_more_robust((models, f) in attacked()) {
        let n = models.len();
        let honest = Honest::new(&models[..n - f]);
        let mixed = mixed(&models, f);
        let ratio = f as f64 / (n - 2 * f) as f64;
        for (name, kappa, result) in [
            (
                "krum",
                6.0 * (n - f) as f64 / (n - 2 * f - 1) as f64,
                aggregated(&Krum, &mixed, 0, f),
            ),
            (
                "trimmed-mean",
                6.0 * ratio * (1.0 + ratio),
                aggregated(&TrimmedMean, &mixed, 0, f),
            ),
        ] {
            let kappa = 8.0 * f as f64 / (n - f) as f64 * (kappa + 1.0);
            honest.holds(&result, (kappa * honest.variance).sqrt(), name);
        }
    }
}

#[test]
fn without_byzantine_models_means_are_the_mean_of_all() {
    let models: Models = (0..7).map(|l| vec![l as f32, (l * l) as f32]).collect();
    let mean = [3.0, 13.0];
    assert_eq!(aggregated(&MultiKrum, &models, 2, 0), mean);
    assert_eq!(aggregated(&MinimumDiameterAverage, &models, 2, 0), mean);
    assert_eq!(aggregated(&NearestToOwn, &models, 2, 0), mean);
    assert_eq!(mixed(&models, 0), vec![vec![3.0, 13.0]; 7]);
    // 0, 1, 4, 9, 16, 25, 36 in the second: the sums of the 5 least squared distances.
    follow_their_definitions(&models, 2, 0);
}

#[test]
fn a_model_alone_is_itself() {
    let alone = vec![vec![3.0, f32::MIN_POSITIVE, f32::MAX]];
    let same: Vec<f64> = alone[0].iter().map(|x| f64::from(*x)).collect();
    assert_eq!(aggregated(&MinimumDiameterAverage, &alone, 0, 0), same);
    assert_eq!(aggregated(&NearestToOwn, &alone, 0, 0), same);
    assert_eq!(mixed(&alone, 0), alone);
}

#[test]
fn equal_models_give_that_model() {
    let models = vec![vec![0.1, -1e30, 1e-40]; 9];
    let same: Vec<f64> = models[0].iter().map(|x| f64::from(*x)).collect();
    for f in 0..=3 {
        for (found, _) in all(&models, 4, f) {
            assert_eq!(found, same.repeat(found.len() / same.len()));
        }
    }
}

#[test]
fn models_that_differ_in_their_last_digits_are_told_apart() {
    // A common offset of 1000, where f32 has steps of 6·10⁻⁵; the squares have no digit left for
    // that. One in three stands a little farther off.
    let element = |l: usize, j: usize| {
        let away = if l % 3 == 2 { 40 } else { 0 };
        1000.0 + ((l * 7 + j * 5) % 11 + away) as f32 / 16384.0
    };
    for n in [5, 9, 12] {
        let models: Models = (0..n)
            .map(|l| (0..30).map(|j| element(l, j)).collect())
            .collect();
        for f in 0..=(n - 3) / 2 {
            follow_their_definitions(&models, 1, f);
        }
        let f = n / 3;
        let own = aggregated(&NearestToOwn, &models, 0, f);
        let far = 1000.0 + 40.0 / 16384.0;
        assert!(own.iter().all(|x| *x < far), "{own:?}");
    }
}

#[test]
fn models_whose_squared_distances_f32_cannot_hold_are_told_apart() {
    for scale in [1e25, 1e19, 1e-19, 1e-25] {
        let element = |l: usize, j: usize| scale * (1.0 + ((l * l * 7 + j * 5) % 13) as f32);
        let mut models: Models = (0..9)
            .map(|l| (0..30).map(|j| element(l, j)).collect())
            .collect();
        models[3] = vec![f32::MAX; 30];
        models[7] = vec![f32::MIN; 30];
        // Without any left out, the two would cancel and leave the rounding of their sum.
        for f in 1..=3 {
            follow_their_definitions(&models, 1, f);
        }
        for (name, (found, _)) in KINDS.into_iter().zip(all(&models, 1, 2)) {
            // Models 3 and 7 are their own nearest.
            let of_honest = &found[..found.len().min(90)];
            let bound = f64::from(scale) * 14.0;
            assert!(
                of_honest.iter().all(|x| x.abs() <= bound),
                "{name}: {found:?}"
            );
        }
    }
}

#[test]
fn of_equal_models_and_scores_the_lowest_numbers_count() {
    // Two groups of three, and every one has the same score: two at distance 0, one at 1.
    let models: Models = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0].map(|x| vec![x]).to_vec();
    assert_eq!(aggregated(&Krum, &models, 2, 1), [0.0]);
    assert_eq!(aggregated(&MultiKrum, &models, 2, 1), [f64::from(0.4_f32)]);
    // 0, 1, 2, 3, 4 in a row: 0 to 2 is the first of three subsets of diameter 2.
    let row: Models = (0..5).map(|x| vec![x as f32]).collect();
    assert_eq!(aggregated(&MinimumDiameterAverage, &row, 4, 2), [1.0]);
    // 2 itself, then 1 before 3, then 3.
    assert_eq!(aggregated(&NearestToOwn, &row, 2, 1), [1.5]);
    let expected = [1.5, 1.5, 1.5, 2.5, 2.5];
    assert_eq!(mixed(&row, 1), expected.map(|x| vec![x]));
}

/// The rule with these keys, in a neighborhood of `models`.
fn rule(keys: &str, models: u32) -> (Box<dyn Rule>, Seat) {
    (read(keys).expect("a rule"), Seat::among(models - 1))
}

#[test]
fn an_f_that_does_not_fit_is_refused_with_the_largest_that_does() {
    let refused = |keys: &str, models| {
        let (rule, seat) = rule(keys, models);
        let misfit = rule.check(&seat.place()).expect_err("a misfit");
        let reason = misfit.message.split(" (itself").next().expect("some text");
        (misfit.key, reason.to_owned(), misfit.largest)
    };
    for kind in ["krum", "multi-krum"] {
        assert_eq!(
            refused(&format!("kind = '{kind}'\nf = 2"), 6),
            (
                "f".to_owned(),
                "f = 2 does not fit agent 0: n ≥ 2f + 3 is needed, and its neighborhood has n = 6"
                    .to_owned(),
                Some(1)
            )
        );
        assert_eq!(refused(&format!("kind = '{kind}'\nf = 0"), 2).2, None);
    }
    assert_eq!(
        refused("kind = 'minimum-diameter-average'\nf = 39", 196),
        (
            "f".to_owned(),
            "f = 39 does not fit agent 0: 2f < n, with C(n, f) ≤ 10⁶ subsets to search, is \
             needed, and its neighborhood has n = 196"
                .to_owned(),
            Some(2)
        )
    );
    assert_eq!(refused("kind = 'nearest-to-own'\nf = 2", 4).2, Some(1));
    let mixing = "pre = [{ kind = 'nearest-neighbor-mixing', f = 2 }]";
    let (key, _, largest) = refused(&format!("kind = 'krum'\nf = 0\n{mixing}"), 4);
    assert_eq!((key, largest), ("pre.0.f".to_owned(), Some(1)));
}

#[test]
fn the_largest_f_is_that_of_the_precondition() {
    let values = [0.0, 1.0, 3.0, 6.0, 10.0, 15.0, 90.0];
    let present: Vec<_> = (0..7).map(|l| (l, values[l], 0)).collect();
    let combined = |kind: &str, count: usize| {
        let (rule, seat) = rule(&format!("kind = '{kind}'\nf = 'largest'"), count as u32);
        assert_eq!(rule.check(&seat.place()), Ok(()), "{kind}");
        let mut combiner = rule.combiner(&seat.place());
        let (outcome, out) = combine(&mut *combiner, &present[..count], &[]);
        (outcome, out.model)
    };
    // n = 7: f = 2 for krum, 3 for the others, which keep four.
    let model = |x: f32| (Outcome::Model, vec![x]);
    // Scores over three others: 1+9+36, 1+4+25, 4+9+9, 9+25+16, …
    assert_eq!(combined("krum", 7), model(3.0));
    assert_eq!(combined("multi-krum", 7), model(4.0));
    assert_eq!(combined("minimum-diameter-average", 7), model(2.5));
    assert_eq!(combined("nearest-to-own", 7), model(2.5));
    // Two models are too few for any score.
    assert_eq!(combined("krum", 2), (Outcome::Own, vec![]));
    assert_eq!(combined("nearest-to-own", 2), model(0.5));
}
