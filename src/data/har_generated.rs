//! Generated recordings in the place of the published ones, with their shapes: subjects with the
//! published numbers of rows, 561 features in [−1, 1], 6 activities.
//!
//! An activity has a prototype that all subjects share; a subject shifts all prototypes, and each
//! of them a little on its own; a row is its prototype plus noise, clipped to [−1, 1]. So subjects
//! help each other, and none is the same as another. Nothing of it was measured on people, and
//! accuracies on it are not those of the published data.

use super::har::{ACTIVITIES, FEATURES, Gathered, Recordings, SUBJECTS};
use crate::rng::{Key, Purpose};
use crate::units::AgentId;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// Rows of each subject, as published.
pub(crate) const ROWS: [usize; SUBJECTS] = [
    347, 302, 341, 317, 302, 325, 308, 281, 288, 294, 316, 320, 327, 323, 328, 366, 368, 364, 360,
    354, 408, 321, 372, 381, 409, 392, 376, 382, 344, 383,
];

/// Standard deviation of a feature's prototypes over the activities.
const ACTIVITY: f64 = 0.06;
/// Standard deviation of a subject's shift of all prototypes.
const SUBJECT: f64 = 0.1;
/// Standard deviation of a subject's further shift of each prototype.
const HABIT: f64 = 0.11;
/// Standard deviation of the noise of a row.
const NOISE: f64 = 0.6;

/// The recordings of the first `subjects` subjects; a subject's do not depend on how many there
/// are.
pub(crate) fn generate(seed: u64, subjects: usize) -> Recordings {
    let key = Key::new(seed, Purpose::Generated);
    let mut stream = key.stream();
    let center: Vec<f64> = (0..FEATURES)
        .map(|_| stream.random_range(-0.6..0.6))
        .collect();
    let prototypes: Vec<Vec<f64>> = (0..ACTIVITIES)
        .map(|_| around(&center, ACTIVITY, &mut stream))
        .collect();
    let mut all = Gathered::default();
    for (subject, &rows) in (0..).zip(ROWS.iter().take(subjects)) {
        let mut stream = key.of(AgentId(u32::from(subject))).stream();
        let shift = around(&vec![0.0; FEATURES], SUBJECT, &mut stream);
        let own: Vec<Vec<f64>> = prototypes
            .iter()
            .map(|p| {
                p.iter()
                    .zip(&shift)
                    .map(|(x, s)| x + s)
                    .collect::<Vec<f64>>()
            })
            .map(|p| around(&p, HABIT, &mut stream))
            .collect();
        for _ in 0..rows {
            let activity = stream.random_range(0..ACTIVITIES as u8);
            let row = around(&own[usize::from(activity)], NOISE, &mut stream);
            all.features
                .extend(row.iter().map(|x| x.clamp(-1.0, 1.0) as f32));
            all.activities.push(activity);
            all.subjects.push(subject);
        }
    }
    all.recordings()
}

fn around(center: &[f64], deviation: f64, stream: &mut impl Rng) -> Vec<f64> {
    let mut noise = || deviation * stream.sample::<f64, _>(StandardNormal);
    center.iter().map(|x| x + noise()).collect()
}
