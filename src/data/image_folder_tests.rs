//! Tests of the reader on small files.

use super::*;
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::fs;
use tempfile::TempDir;

/// An image of one grey.
fn grey(brightness: u8) -> DynamicImage {
    GrayImage::from_pixel(5, 4, Luma([brightness])).into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, format)
        .expect("an image of that format");
    bytes.into_inner()
}

fn png(brightness: u8) -> Vec<u8> {
    encoded(&grey(brightness), ImageFormat::Png)
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    fs::write(folder.path().join(name), bytes).expect("a writable file");
}

/// Two images of each class to train on and one to test on, whose greys tell class and name.
fn small_set() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for class in 0..10 {
        for half in ["imgs_train", "imgs_valid"] {
            let class = folder.path().join(half).join(class.to_string());
            fs::create_dir_all(class).expect("a new folder");
        }
        // Not in the order of their names.
        write(
            &folder,
            &format!("imgs_train/{class}/b.png"),
            &png(10 * class + 1),
        );
        write(
            &folder,
            &format!("imgs_train/{class}/a.png"),
            &png(10 * class),
        );
        write(
            &folder,
            &format!("imgs_valid/{class}/x.png"),
            &png(10 * class + 2),
        );
    }
    folder
}

fn read(folder: &TempDir) -> Result<Split, DataError> {
    DigitFolder::Photo.read(folder.path())
}

fn error_of(folder: &TempDir) -> String {
    let error = read(folder).expect_err("a malformed set").to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

/// What reading says after one file got other contents.
fn error_with(name: &str, bytes: &[u8]) -> String {
    let folder = small_set();
    write(&folder, name, bytes);
    error_of(&folder)
}

/// The bytes of each image, all of which have one grey.
fn greys(examples: &Examples) -> Vec<u8> {
    let mut input = vec![0.0; PIXELS];
    (0..examples.len() as u32)
        .map(|row| {
            examples.read(row, &mut input);
            assert!(input.iter().all(|x| *x == input[0]));
            ((input[0] + 1.0) * 127.5).round() as u8
        })
        .collect()
}

#[test]
fn images_come_class_by_class_in_the_order_of_their_names() {
    let split = read(&small_set()).expect("a good data set");
    let train: Vec<u8> = (0..10).flat_map(|c| [10 * c, 10 * c + 1]).collect();
    assert_eq!(greys(&split.train), train);
    let test: Vec<u8> = (0..10).map(|c| 10 * c + 2).collect();
    assert_eq!(greys(&split.test), test);
    let targets = Targets::Classes {
        labels: (0..10).flat_map(|c| [c, c]).collect(),
        classes: 10,
    };
    assert_eq!(*split.train.targets(), targets);
    assert_eq!(split.test.shape().features(), 784);
}

#[test]
fn bytes_stand_for_numbers_from_minus_1_to_1() {
    let folder = small_set();
    write(&folder, "imgs_valid/0/x.png", &png(0));
    write(&folder, "imgs_valid/1/x.png", &png(255));
    let split = read(&folder).expect("a good data set");
    let mut input = vec![0.0; PIXELS];
    split.test.read(0, &mut input);
    assert_eq!(input[0], -1.0);
    split.test.read(1, &mut input);
    assert_eq!(input[0], 1.0);
}

#[test]
fn an_image_is_scaled_to_28_by_28_by_the_mean_of_what_a_pixel_covers() {
    // 56×28, left half black, right half white, the border on one of a pixel's.
    let image = GrayImage::from_fn(56, 28, |x, _| Luma([if x < 28 { 0 } else { 255 }]));
    let pixels = decode(&encoded(&image.into(), ImageFormat::Png)).expect("an image");
    for row in pixels.chunks_exact(28) {
        assert!(row[..13].iter().all(|&p| p == 0) && row[15..].iter().all(|&p| p == 255));
        assert!(row.is_sorted(), "{row:?}");
    }
    // A chess board of single pixels is grey everywhere, which picking pixels would not give.
    let image = GrayImage::from_fn(280, 140, |x, y| Luma([((x + y) % 2 * 255) as u8]));
    let pixels = decode(&encoded(&image.into(), ImageFormat::Png)).expect("an image");
    assert!(pixels.iter().all(|p| (126..=129).contains(p)), "{pixels:?}");
}

#[test]
fn colors_become_their_luma_and_jpeg_is_read_like_png() {
    let image = RgbImage::from_pixel(40, 30, Rgb([255, 0, 0]));
    let red = decode(&encoded(&image.clone().into(), ImageFormat::Png)).expect("an image");
    assert_eq!(red, [54; PIXELS]); // 0.2126·255
    let jpeg = decode(&encoded(&image.into(), ImageFormat::Jpeg)).expect("an image");
    assert!(jpeg.iter().all(|p| p.abs_diff(54) <= 2), "{jpeg:?}");
    let deep = grey(200).into_rgba16();
    let deep = decode(&encoded(&deep.into(), ImageFormat::Png)).expect("an image");
    assert_eq!(deep, [200; PIXELS]);
}

#[test]
fn hidden_files_are_passed_over() {
    let folder = small_set();
    let files = read(&folder).expect("a good data set").files;
    for name in [".DS_Store", "3/.DS_Store", "3/Thumbs.db", "4/._a.png"] {
        write(&folder, &format!("imgs_train/{name}"), b"not an image");
    }
    assert_eq!(read(&folder).expect("a good data set").files, files);
}

#[test]
fn a_folder_is_one_digest_of_the_names_and_contents_of_its_files() {
    let folder = small_set();
    let files = read(&folder).expect("a good data set").files;
    let mut text = String::new();
    for class in 0..10u8 {
        let sum: String = Sha256::digest(png(10 * class + 2))
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        text += &format!("{sum}  {class}/x.png\n");
    }
    assert_eq!(files.len(), 2);
    let sum = FileDigest::of(Path::new(""), text.as_bytes()).sha256;
    assert_eq!(files[1].sha256, sum);
    let set = folder.path().file_name().expect("a name").to_string_lossy();
    assert_eq!(files[0].name, format!("{set}/imgs_train"));
    assert_eq!(files[1].name, format!("{set}/imgs_valid"));
    let renamed = folder.path().join("imgs_valid/0");
    fs::rename(renamed.join("x.png"), renamed.join("y.png")).expect("a file that is there");
    let again = read(&folder).expect("a good data set").files;
    assert_eq!(again[0], files[0]);
    assert_ne!(again[1].sha256, files[1].sha256);
}

#[test]
fn the_data_set_is_found_under_its_name_or_is_the_data_folder() {
    let data = tempfile::tempdir().expect("a temporary folder");
    let own = data.path().join("synthetic_digits");
    assert_eq!(DigitFolder::Synthetic.locate(data.path()), own);
    fs::create_dir_all(data.path().join("imgs_train")).expect("a new folder");
    assert_eq!(DigitFolder::Synthetic.locate(data.path()), data.path());
    fs::create_dir_all(own.join("imgs_train")).expect("a new folder");
    assert_eq!(DigitFolder::Synthetic.locate(data.path()), own);
    assert_eq!(DigitFolder::Photo.locate(data.path()), data.path());
}

#[test]
fn a_missing_folder_is_named_with_what_to_download() {
    let nowhere = Path::new("nowhere");
    let error = DigitFolder::Synthetic
        .read(nowhere)
        .expect_err("no data")
        .to_string();
    assert!(
        error.starts_with("nowhere/imgs_train is missing"),
        "{error}"
    );
    assert!(error.contains("prasunroy/synthetic-digits"), "{error}");
    let folder = small_set();
    fs::remove_dir_all(folder.path().join("imgs_valid/7")).expect("a folder that is there");
    let error = error_of(&folder);
    assert!(error.starts_with("imgs_valid/7 is missing"), "{error}");
    assert!(error.contains("such as MNIST-M"), "{error}");
}

#[test]
fn an_empty_class_is_refused() {
    let folder = small_set();
    fs::remove_file(folder.path().join("imgs_valid/7/x.png")).expect("a file that is there");
    write(&folder, "imgs_valid/7/.DS_Store", b"");
    insta::assert_snapshot!(error_of(&folder), @"imgs_valid/7: the folder has no image: every digit needs some");
}

#[test]
fn what_is_no_image_and_no_class_is_named() {
    insta::assert_snapshot!(error_with("imgs_train/3/notes.txt", b"Hello!"), @"imgs_train/3/notes.txt: it is neither PNG nor JPEG: class folders hold such images alone; convert it, or move it away");
    insta::assert_snapshot!(error_with("imgs_train/3/a.png", b""), @"imgs_train/3/a.png: it is neither PNG nor JPEG: class folders hold such images alone; convert it, or move it away");
    insta::assert_snapshot!(error_with("imgs_train/3/a.png", b"GIF89a......"), @"imgs_train/3/a.png: it is neither PNG nor JPEG: class folders hold such images alone; convert it, or move it away");
    insta::assert_snapshot!(error_with("imgs_train/labels.csv", b"1,2"), @"imgs_train/labels.csv: it is no folder of a class: these are named 0 to 9; move it away");
    let folder = small_set();
    fs::create_dir(folder.path().join("imgs_train/3/more")).expect("a new folder");
    insta::assert_snapshot!(error_of(&folder), @"imgs_train/3/more: it cannot be read (it is a folder, where a regular file is needed): class folders hold images of digits alone, of at most 64 MiB; move it away");
    let folder = small_set();
    fs::create_dir(folder.path().join("imgs_valid/10")).expect("a new folder");
    insta::assert_snapshot!(error_of(&folder), @"imgs_valid/10: it is no folder of a class: these are named 0 to 9; move it away");
}

#[test]
fn images_that_are_cut_off_are_refused() {
    let png = png(3);
    insta::assert_snapshot!(error_with("imgs_valid/9/x.png", &png[..png.len() - 20]), @"imgs_valid/9/x.png: the image cannot be decoded (unexpected end of file); download it again");
    let photo = RgbImage::from_fn(60, 50, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
    let jpeg = encoded(&photo.into(), ImageFormat::Jpeg);
    insta::assert_snapshot!(error_with("imgs_valid/9/x.png", &jpeg[..jpeg.len() / 2]), @"imgs_valid/9/x.png: the image is cut off: its end marker is missing; download it again");
    for end in 0..jpeg.len() {
        decode(&jpeg[..end]).expect_err("a part of an image");
    }
    for end in 0..png.len() - 12 {
        decode(&png[..end]).expect_err("a part of an image");
    }
}

/// A thumbnail is an image within the image, and has an end of its own.
#[test]
fn an_image_with_a_thumbnail_that_is_cut_off_is_refused() {
    let photo = |side| RgbImage::from_fn(side, side, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
    let thumbnail = encoded(&photo(16).into(), ImageFormat::Jpeg);
    let plain = encoded(&photo(60).into(), ImageFormat::Jpeg);
    let segment = [b"Exif\0\0", &thumbnail[..]].concat();
    let length = (segment.len() as u16 + 2).to_be_bytes();
    let start = [&plain[..2], &[0xff, 0xe1], &length, &segment].concat();
    let jpeg = [&start, &plain[2..]].concat();
    assert_eq!(decode(&jpeg), decode(&plain));
    for end in 0..jpeg.len() {
        decode(&jpeg[..end]).expect_err("a part of an image");
    }
}

#[test]
fn the_first_file_that_is_wrong_by_order_is_the_one_named() {
    let folder = small_set();
    for name in ["9/a.png", "9/b.png", "0/b.png", "5/a.png"] {
        write(&folder, &format!("imgs_train/{name}"), b"no image");
    }
    let error = error_of(&folder);
    assert!(error.starts_with("imgs_train/0/b.png"), "{error}");
}

#[test]
fn an_image_that_claims_an_absurd_size_is_refused_before_memory_is_taken() {
    let mut claims = png(3);
    claims[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let mut crc = flate2::Crc::new();
    crc.update(&claims[12..29]);
    claims[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    insta::assert_snapshot!(error_with("imgs_valid/9/x.png", &claims), @"imgs_valid/9/x.png: the image is too large (Image size exceeds limit): a digit has at most 2048×2048 pixels");
    let wide = encoded(&GrayImage::new(2049, 1).into(), ImageFormat::Jpeg);
    insta::assert_snapshot!(error_with("imgs_valid/9/x.png", &wide), @"imgs_valid/9/x.png: the image is too large (Image size exceeds limit): a digit has at most 2048×2048 pixels");
    let folder = small_set();
    let huge = fs::File::create(folder.path().join("imgs_valid/9/x.png")).expect("a new file");
    huge.set_len(1 << 36).expect("a file with a hole");
    insta::assert_snapshot!(error_of(&folder), @"imgs_valid/9/x.png: it cannot be read (it has 65536 MiB): class folders hold images of digits alone, of at most 64 MiB; move it away");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn damaged_images_are_read_or_refused_without_a_panic(
        jpeg: bool,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end in any::<prop::sample::Index>(),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let image = RgbImage::from_fn(20, 30, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
        let format = if jpeg { ImageFormat::Jpeg } else { ImageFormat::Png };
        let mut bytes = encoded(&image.into(), format);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(bytes.len() / 2 + end.index(bytes.len()));
        bytes.extend(tail);
        bytes.extend([0xff, 0xd9]);
        if let Ok(pixels) = decode(&bytes) {
            prop_assert_eq!(pixels.len(), PIXELS);
        }
    }
}
