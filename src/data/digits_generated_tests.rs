//! Tests of generated digits.

use super::*;
use xxhash_rust::xxh3::Xxh3;

fn image(examples: &Examples, row: usize) -> Vec<f32> {
    let mut input = vec![0.0; PIXELS];
    examples.read(row as u32, &mut input);
    input
}

fn labels(examples: &Examples) -> &[u32] {
    match examples.targets() {
        Targets::Classes { labels, .. } => labels,
        Targets::Values { .. } => panic!("digits are classes"),
    }
}

#[test]
fn a_seed_gives_the_same_images_for_ever() {
    let check = |style| {
        let all = generate(1, style, 100);
        let mut hash = Xxh3::new();
        for row in 0..100 {
            for number in image(&all, row) {
                hash.update(&number.to_le_bytes());
            }
        }
        hash.digest()
    };
    assert_eq!(check(Style::Plain), 8_085_750_530_306_987_582);
    assert_eq!(check(Style::Textured), 17_831_362_983_542_932_357);
}

#[test]
fn an_image_depends_on_seed_style_and_number_but_not_on_how_many_there_are() {
    for style in [Style::Plain, Style::Textured] {
        let (few, many) = (generate(7, style, 5), generate(7, style, 1_000));
        for row in 0..5 {
            assert_eq!(image(&few, row), image(&many, row));
            assert_eq!(labels(&few)[row], labels(&many)[row]);
        }
        let mut images: Vec<Vec<u32>> = [many, generate(8, style, 1_000)]
            .iter()
            .flat_map(|set| (0..1_000).map(|row| image(set, row)))
            .map(|image| image.into_iter().map(f32::to_bits).collect())
            .collect();
        images.sort_unstable();
        images.dedup();
        assert_eq!(images.len(), 2_000);
    }
    let labels_of = |style| labels(&generate(7, style, 50)).to_vec();
    assert_ne!(labels_of(Style::Plain), labels_of(Style::Textured));
    assert!(generate(7, Style::Plain, 0).is_empty());
}

#[test]
fn all_digits_are_equally_likely() {
    for style in [Style::Plain, Style::Textured] {
        let mut counts = [0; 10];
        for &label in labels(&generate(3, style, 5_000)) {
            counts[label as usize] += 1;
        }
        // 500 each, with a standard deviation of 21.
        assert!(counts.iter().all(|c| (400..600).contains(c)), "{counts:?}");
    }
}

/// The least and the greatest number of an image.
fn ends(image: &[f32]) -> (f32, f32) {
    let least = image.iter().copied().fold(f32::INFINITY, f32::min);
    let greatest = image.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (least, greatest)
}

#[test]
fn plain_images_are_white_on_black_and_whole() {
    let all = generate(1, Style::Plain, 1_000);
    for row in 0..1_000 {
        let image = image(&all, row);
        assert_eq!(ends(&image), (0.0, 1.0));
        let white: f32 = image.iter().sum();
        assert!((10.0..300.0).contains(&white), "{row}: {white}");
    }
}

#[test]
fn textured_images_use_the_range_from_minus_1_to_1_and_have_contrast() {
    let all = generate(1, Style::Textured, 1_000);
    for row in 0..1_000 {
        let (least, greatest) = ends(&image(&all, row));
        assert!(least >= -1.0 && greatest <= 1.0, "{row}");
        assert!(greatest - least > 0.5, "{row}: {least} {greatest}");
    }
}

/// How often the nearest of 2,000 images has the label of one of 400 others.
fn nearest_neighbor_accuracy(style: Style) -> f64 {
    let all = generate(1, style, 2_400);
    let images: Vec<Vec<f32>> = (0..2_400).map(|row| image(&all, row)).collect();
    let (known, others) = images.split_at(2_000);
    let distance = |a: &[f32], b: &[f32]| -> f32 {
        let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
        squares.sum()
    };
    let right = (2_000..).zip(others).filter(|(row, image)| {
        let distances = known.iter().map(|other| distance(other, image));
        let nearest = (0..).zip(distances).min_by(|a, b| a.1.total_cmp(&b.1));
        nearest.is_some_and(|(k, _): (usize, f32)| labels(&all)[k] == labels(&all)[*row])
    });
    right.count() as f64 / 400.0
}

#[test]
fn digits_can_be_learned_and_those_on_a_pattern_are_harder() {
    let plain = nearest_neighbor_accuracy(Style::Plain);
    let textured = nearest_neighbor_accuracy(Style::Textured);
    assert!((0.85..0.95).contains(&plain), "{plain}");
    assert!((0.3..0.55).contains(&textured), "{textured}");
}
