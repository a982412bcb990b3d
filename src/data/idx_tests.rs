//! Tests of the reader on small files.

use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use std::fs;
use std::io::Write;

/// An IDX file of three images of 2×2 pixels.
fn images() -> Vec<u8> {
    let mut bytes = header(0x0803, &[3, 2, 2]);
    bytes.extend([0, 255, 51, 102, 1, 2, 3, 4, 5, 6, 7, 8]);
    bytes
}

fn labels() -> Vec<u8> {
    let mut bytes = header(0x0801, &[3]);
    bytes.extend([7, 0, 9]);
    bytes
}

fn header(magic: u32, sizes: &[u32]) -> Vec<u8> {
    let numbers = [magic].into_iter().chain(sizes.iter().copied());
    numbers.flat_map(u32::to_be_bytes).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// The files, whose names get that end, each changed by `pack`.
fn small_set(end: &str, pack: impl Fn(&[u8]) -> Vec<u8>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, bytes) in NAMES.iter().zip([images(), labels(), images(), labels()]) {
        let path = folder.path().join(format!("{name}{end}"));
        fs::write(path, pack(&bytes)).expect("a writable file");
    }
    folder
}

fn plain_set() -> tempfile::TempDir {
    small_set("", <[u8]>::to_vec)
}

/// What reading says after one file got other contents, without the folder.
fn error_with(name: &str, bytes: &[u8]) -> String {
    let folder = plain_set();
    fs::write(folder.path().join(name), bytes).expect("a writable file");
    let error = read(folder.path()).expect_err("a malformed file");
    error
        .to_string()
        .replace(&format!("{}/", folder.path().display()), "")
}

fn error_with_images(bytes: &[u8]) -> String {
    error_with("train-images-idx3-ubyte", bytes)
}

#[test]
fn images_and_labels_are_read_with_the_shape_of_the_header() {
    let folder = plain_set();
    let split = read(folder.path()).expect("a good data set");
    let (channels, height, width) = (1, 2, 2);
    let shape = Shape::Image {
        channels,
        height,
        width,
    };
    let targets = Targets::Classes {
        labels: vec![7, 0, 9],
        classes: 10,
    };
    assert_eq!(split.train.shape(), shape);
    assert_eq!(*split.train.targets(), targets);
    assert_eq!(split.train, split.test);
    let mut input = [0.0; 4];
    split.train.read(0, &mut input);
    assert_eq!(input, [0.0, 1.0, 0.2, 0.4]);
    let names: Vec<&str> = split.files.iter().map(|f| f.name.as_str()).collect();
    let mut expected = NAMES;
    expected.sort_unstable();
    assert_eq!(names, expected);
}

#[test]
fn gzip_and_plain_files_give_the_same_examples_and_digests() {
    let plain = read(plain_set().path()).expect("a good data set");
    let packed = read(small_set(".gz", gzip).path()).expect("a good data set");
    assert_eq!(plain.train, packed.train);
    assert_eq!(plain.test, packed.test);
    assert_eq!(plain.files, packed.files);
    let path = Path::new("t10k-images-idx3-ubyte");
    assert_eq!(plain.files[0], FileDigest::of(path, &images()));
    // Contents decide, not the name: browsers unpack and keep the name.
    read(small_set(".gz", <[u8]>::to_vec).path()).expect("a good data set");
}

#[test]
fn files_are_found_in_a_folder_of_their_own_or_directly_and_with_a_dot_in_their_name() {
    let data = tempfile::tempdir().expect("a temporary folder");
    assert_eq!(locate(data.path()), data.path().join("mnist"));
    fs::write(data.path().join("train-images.idx3-ubyte.gz"), b"").expect("a writable file");
    assert_eq!(locate(data.path()), data.path());
    let own = data.path().join("mnist");
    fs::create_dir(&own).expect("a new folder");
    for name in NAMES {
        let bytes = if name.contains("images") {
            images()
        } else {
            labels()
        };
        let name = name.replace("-idx", ".idx");
        fs::write(own.join(name), bytes).expect("a writable file");
    }
    assert_eq!(locate(data.path()), own);
    assert_eq!(read(&own).expect("a good data set").train.len(), 3);
}

#[test]
fn a_missing_file_is_named_with_what_to_download() {
    let folder = plain_set();
    fs::remove_file(folder.path().join("t10k-labels-idx1-ubyte")).expect("it was there");
    let error = read(folder.path()).expect_err("a missing file").to_string();
    assert!(
        error.contains("/t10k-labels-idx1-ubyte is missing"),
        "{error}"
    );
    assert!(
        error.contains("download the four files of MNIST"),
        "{error}"
    );
}

#[test]
fn a_wrong_magic_number_is_named() {
    insta::assert_snapshot!(error_with_images(&[labels(), vec![0; 8]].concat()), @"train-images-idx3-ubyte: it starts with the magic number 0x00000801, and IDX images start with 0x00000803: put the published file of that name here");
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_ends() {
    let all = images();
    insta::assert_snapshot!(error_with_images(&all[..all.len() - 1]), @"train-images-idx3-ubyte: its header promises 3×2×2 bytes, and it holds 11: it is cut off; download it again");
    insta::assert_snapshot!(error_with_images(&all[..9]), @"train-images-idx3-ubyte: it ends within its header, which has 16 bytes; download it again");
    insta::assert_snapshot!(error_with_images(&[]), @"train-images-idx3-ubyte: it ends within its header, which has 16 bytes; download it again");
    for (name, all) in [(NAMES[2], images()), (NAMES[3], labels())] {
        for end in 0..all.len() {
            error_with(name, &all[..end]);
        }
        let packed = gzip(&all);
        for end in 0..packed.len() {
            error_with(name, &packed[..end]);
        }
    }
}

#[test]
fn a_file_that_goes_on_is_refused() {
    insta::assert_snapshot!(error_with_images(&[images(), vec![0]].concat()), @"train-images-idx3-ubyte: its header promises 3×2×2 bytes, and it holds more; download it again");
    insta::assert_snapshot!(error_with_images(&gzip(&[images(), vec![0]].concat())), @"train-images-idx3-ubyte: its header promises 3×2×2 bytes, and it holds more; download it again");
    insta::assert_snapshot!(error_with_images(&[gzip(&images()), vec![0; 3]].concat()), @"train-images-idx3-ubyte: 3 bytes follow the end of its gzip data; download it again");
}

#[test]
fn damaged_gzip_data_is_refused() {
    let mut packed = gzip(&images());
    // The check sum, in the last eight bytes.
    let at = packed.len() - 6;
    packed[at] ^= 1;
    insta::assert_snapshot!(error_with_images(&packed), @"train-images-idx3-ubyte: it is cut off or damaged (corrupt gzip stream does not have a matching checksum); download it again");
    insta::assert_snapshot!(error_with_images(&[0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7]), @"train-images-idx3-ubyte: it is cut off or damaged (corrupt deflate stream); download it again");
}

#[test]
fn a_header_that_promises_more_than_the_file_can_hold_is_refused_before_memory_is_taken() {
    let greatest = header(0x0803, &[u32::MAX; 3]);
    insta::assert_snapshot!(error_with_images(&greatest), @"train-images-idx3-ubyte: its header promises 4294967295×4294967295×4294967295 bytes, and a file of 16 bytes cannot hold them; download it again");
    let packed = error_with_images(&gzip(&greatest));
    assert!(packed.contains("cannot hold them"), "{packed}");
    // Zeros, of which deflate makes a thousandth: this many could be there, but are not.
    let packed = gzip(&header(0x0803, &[30, 28, 28]));
    insta::assert_snapshot!(error_with_images(&packed), @"train-images-idx3-ubyte: its header promises 30×28×28 bytes, and it holds 0: it is cut off; download it again");
}

#[test]
fn no_image_and_no_pixel_are_refused() {
    insta::assert_snapshot!(error_with_images(&header(0x0803, &[0, 28, 28])), @"train-images-idx3-ubyte: it has 0 images of 28×28 pixels: there must be an image, and a pixel in it");
    insta::assert_snapshot!(error_with_images(&header(0x0803, &[3, 0, 28])), @"train-images-idx3-ubyte: it has 3 images of 0×28 pixels: there must be an image, and a pixel in it");
}

#[test]
fn every_image_has_a_label_from_0_to_9() {
    let with = |labels: &[u8]| {
        let header = header(0x0801, &[labels.len() as u32]);
        error_with("train-labels-idx1-ubyte", &[&header, labels].concat())
    };
    insta::assert_snapshot!(with(&[1, 2]), @"train-labels-idx1-ubyte: 2 labels for the 3 images of train-images-idx3-ubyte: every image has one, so take both files from one data set");
    insta::assert_snapshot!(with(&[1, 2, 10]), @"train-labels-idx1-ubyte: the label of image 2, counted from 0, is 10: labels are digits from 0 to 9");
}

#[test]
fn images_to_train_and_to_test_on_have_one_shape() {
    let mut other = header(0x0803, &[3, 1, 4]);
    other.extend([0; 12]);
    let error = error_with_images(&other);
    assert!(
        error.contains("shape [1, 1, 4], and those to test on [1, 2, 2]"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(
        sizes in prop::array::uniform3(prop_oneof![0u32..5, any::<u32>()]),
        body in prop::collection::vec(any::<u8>(), 0..80),
        packed: bool,
        with_header: bool,
        damage: Option<(prop::sample::Index, u8)>,
    ) {
        let start = if with_header { header(0x0803, &sizes) } else { Vec::new() };
        let mut bytes = [start, body].concat();
        if packed {
            bytes = gzip(&bytes);
        }
        if let Some((at, change)) = damage && !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] ^= change;
        }
        let path = PathBuf::from("file");
        let file = File { path, bytes, published: "file".to_owned() };
        if let Ok((sizes, body, _)) = file.contents(&IMAGES) {
            prop_assert_eq!(sizes.iter().product::<usize>(), body.len());
        }
        if let Ok(([size], body, _)) = file.contents(&LABELS) {
            prop_assert_eq!(size, body.len());
        }
    }
}
