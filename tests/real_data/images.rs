//! The images themselves.

use byzsim::data::{DigitFolder, Examples, Shape, Split, Targets, locate_mnist, read_mnist};
use flate2::read::GzDecoder;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

fn data() -> PathBuf {
    std::env::var_os("BYZSIM_DATA")
        .expect("ignored without it")
        .into()
}

const DIGIT: Shape = Shape::Image {
    channels: 1,
    height: 28,
    width: 28,
};

static MNIST: LazyLock<Split> =
    LazyLock::new(|| read_mnist(&locate_mnist(&data())).expect("the published files"));

fn labels(examples: &Examples) -> &[u32] {
    match examples.targets() {
        Targets::Classes { labels, classes } => {
            assert_eq!(*classes, 10);
            labels
        }
        Targets::Values { .. } => panic!("digits are classes"),
    }
}

/// How many images there are of each class.
fn counts(examples: &Examples) -> [usize; 10] {
    let mut counts = [0; 10];
    for &label in labels(examples) {
        counts[label as usize] += 1;
    }
    counts
}

/// The sum of the bytes of some images whose numbers are from 0 to 1.
fn bytes(examples: &Examples, rows: std::ops::Range<u32>) -> u64 {
    let mut input = vec![0.0; DIGIT.features()];
    let mut sum = 0;
    for row in rows {
        examples.read(row, &mut input);
        sum += input
            .iter()
            .map(|x| (x * 255.0).round() as u64)
            .sum::<u64>();
    }
    sum
}

/// The sums were computed apart from this program, from the unpacked files.
pub fn mnist_has_60000_images_to_train_on_and_10000_to_test_on() {
    let Split { train, test, files } = &*MNIST;
    assert_eq!((train.shape(), test.shape()), (DIGIT, DIGIT));
    assert_eq!((train.len(), test.len()), (60_000, 10_000));
    assert_eq!(labels(train)[..5], [5, 0, 4, 1, 9]);
    assert_eq!(labels(test)[..5], [7, 2, 1, 0, 4]);
    let expected = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
    assert_eq!(counts(train), expected);
    let expected = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];
    assert_eq!(counts(test), expected);
    assert_eq!((bytes(train, 0..1), bytes(test, 0..1)), (27_525, 18_454));
    assert_eq!(bytes(train, 0..60_000), 1_567_298_545);
    assert_eq!(bytes(test, 0..10_000), 264_923_200);
    assert_eq!(files.len(), 4);
}

pub fn plain_and_gzip_files_give_the_same_examples_and_digests() {
    let unpacked = tempfile::tempdir().expect("a temporary folder");
    let published = locate_mnist(&data());
    for file in &MNIST.files {
        let packed = published.join(format!("{}.gz", file.name));
        let packed = fs::File::open(packed).expect("the published files");
        let mut plain = fs::File::create(unpacked.path().join(&file.name)).expect("a new file");
        std::io::copy(&mut GzDecoder::new(packed), &mut plain).expect("gzip data");
    }
    let plain = read_mnist(&locate_mnist(unpacked.path())).expect("the unpacked files");
    assert_eq!(plain.train, MNIST.train);
    assert_eq!(plain.test, MNIST.test);
    assert_eq!(plain.files, MNIST.files);
}

pub fn photo_digits_have_10000_images_to_train_on_and_2000_to_test_on() {
    let folder = DigitFolder::Photo.locate(&data());
    let split = DigitFolder::Photo.read(&folder).expect("the photo digits");
    assert_eq!((split.train.shape(), split.test.shape()), (DIGIT, DIGIT));
    let expected = [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978];
    assert_eq!(counts(&split.train), expected);
    let expected = [175, 234, 219, 207, 217, 179, 178, 205, 192, 194];
    assert_eq!(counts(&split.test), expected);
    assert!(labels(&split.train).is_sorted() && labels(&split.test).is_sorted());
    assert_eq!(split.files.len(), 2);
}

/// The samples have no half to test on: here, one that is the same.
pub fn the_jpeg_samples_of_synthetic_digits_are_six_of_each_class() {
    let samples = data().join("synthetic_digits_sample/imgs_train");
    let set = tempfile::tempdir().expect("a temporary folder");
    for half in ["imgs_train", "imgs_valid"] {
        for digit in 0..10 {
            let digit = digit.to_string();
            let copies = set.path().join(half).join(&digit);
            fs::create_dir_all(&copies).expect("a new folder");
            for sample in fs::read_dir(samples.join(&digit)).expect("the samples") {
                let sample = sample.expect("a sample");
                let copy = copies.join(sample.file_name());
                fs::copy(sample.path(), copy).expect("a new file");
            }
        }
    }
    let split = DigitFolder::Synthetic.read(set.path()).expect("the copies");
    assert_eq!(split.train.shape(), DIGIT);
    assert_eq!(counts(&split.train), [6; 10]);
    assert_eq!(split.train, split.test);
    // Digits are seen: no image is all of one grey.
    let mut input = vec![0.0; DIGIT.features()];
    for row in 0..60 {
        split.train.read(row, &mut input);
        let least = input.iter().copied().fold(f32::INFINITY, f32::min);
        let greatest = input.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        assert!(greatest - least > 0.2, "{row}: {least} {greatest}");
        assert!(least >= -1.0 && greatest <= 1.0, "{row}");
    }
}
