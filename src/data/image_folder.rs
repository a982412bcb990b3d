//! Reader of images of digits in a folder for each class, of any size, PNG or JPEG.
//!
//! An image becomes 28×28 grey pixels: its luma by the weights of Rec. 709 (0.2126 red, 0.7152
//! green, 0.0722 blue, of the values as they are stored), then scaled with a triangle filter that
//! widens with the shrinkage (so that every pixel counts), whatever its aspect ratio. Opacity,
//! color profiles and orientation tags are not looked at.

use super::digits::{DIGITS, PIXELS, SHAPE, SIDE};
use super::{DataError, Examples, FileDigest, Inputs, Split, Targets, parallel};
use crate::settings::Choice;
use image::imageops::{FilterType, resize};
use image::{ImageError, ImageFormat, ImageReader, Limits};
use std::ffi::OsStr;
use std::io::{Cursor, Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An image of a digit has no longer side, before it is scaled.
const GREATEST_SIDE: u32 = 2048;
/// Bytes that a file may have, and a decoder take: enough for four 16-bit channels of that size.
const GREATEST_SIZE: u64 = 64 << 20;

/// A data set of digits whose images lie in a folder for each class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigitFolder {
    /// "Synthetic digits" by Roy et al. (2018).
    #[default]
    Synthetic,
    /// Digits on photo backgrounds.
    Photo,
}

impl Choice for DigitFolder {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("synthetic-digits", Self::Synthetic),
        ("photo-digits", Self::Photo),
    ];
}

impl DigitFolder {
    fn name(self) -> &'static str {
        match self {
            DigitFolder::Photo => "photo_digits",
            DigitFolder::Synthetic => "synthetic_digits",
        }
    }

    /// What to download and how to lay it out.
    pub fn layout(self) -> &'static str {
        match self {
            DigitFolder::Photo => {
                "take images of digits on photo backgrounds, such as MNIST-M (Ganin et al. 2016), \
                 and lay them out so that the data folder contains `photo_digits/imgs_train/D/` \
                 and `photo_digits/imgs_valid/D/` for each digit D from 0 to 9, with its PNG or \
                 JPEG files"
            }
            DigitFolder::Synthetic => {
                "download \"Synthetic digits\" (Roy et al. 2018) from kaggle.com (data set \
                 prasunroy/synthetic-digits) and unpack it so that the data folder contains \
                 `synthetic_digits/imgs_train/D/` and `synthetic_digits/imgs_valid/D/` for each \
                 digit D from 0 to 9, with its JPEG or PNG files"
            }
        }
    }

    /// The data set's folder: that of its name under the data folder, or the data folder itself.
    /// The first of these, which the error will name, if there is none.
    pub fn locate(self, data: &Path) -> PathBuf {
        let published = data.join(self.name());
        let is_it = |place: &PathBuf| place.join("imgs_train").is_dir();
        let places = [published.clone(), data.to_owned()];
        places.into_iter().find(is_it).unwrap_or(published)
    }

    /// Reads the images under `imgs_train/D/` to train on and those under `imgs_valid/D/` to test
    /// on, D from 0 to 9: class by class, in the order of their names' bytes. They have shape
    /// `[1, 28, 28]`, bytes that stand for numbers from −1 to 1, and 10 classes. Hidden files are
    /// passed over.
    ///
    /// [`Split::files`] has an entry for each of the two folders: the SHA-256 of what
    /// `LC_ALL=C bash -c 'sha256sum */*'` prints in it.
    ///
    /// # Errors
    /// Folders that are missing or empty, files that are no image or greater than one of a digit
    /// (2048 pixels wide or high, 64 MiB): what is wrong, and what would be right.
    pub fn read(self, folder: &Path) -> Result<Split, DataError> {
        let mut files = Vec::new();
        let mut half = |name| self.read_half(folder, name, &mut files);
        Ok(Split {
            train: Arc::new(half("imgs_train")?),
            test: Arc::new(half("imgs_valid")?),
            files,
        })
    }

    fn read_half(
        self,
        folder: &Path,
        half: &str,
        files: &mut Vec<FileDigest>,
    ) -> Result<Examples, DataError> {
        let half = folder.join(half);
        let mut labels = Vec::new();
        let mut paths = Vec::new();
        for path in self.entries(&half)? {
            if !(0..DIGITS).any(|digit| path == half.join(digit.to_string())) {
                let message = "it is no folder of a class: these are named 0 to 9; move it away";
                return Err(unexpected(&path, message));
            }
        }
        for digit in 0..DIGITS {
            let class = half.join(digit.to_string());
            let images = self.entries(&class)?;
            if images.is_empty() {
                let message = "the folder has no image: every digit needs some";
                return Err(unexpected(&class, message));
            }
            labels.resize(labels.len() + images.len(), digit as u32);
            paths.extend(images);
        }
        let (bytes, sums) = decode_all(&paths)?;
        files.push(digest(&half, &paths, &sums));
        let inputs = Inputs::Pixels {
            bytes,
            low: -1.0,
            high: 1.0,
        };
        let classes = DIGITS;
        Ok(Examples::new(
            SHAPE,
            inputs,
            Targets::Classes { labels, classes },
        ))
    }

    /// What is in a folder and not hidden, by name.
    fn entries(self, folder: &Path) -> Result<Vec<PathBuf>, DataError> {
        let list = || {
            let mut paths = Vec::new();
            for entry in std::fs::read_dir(folder)? {
                let entry = entry?;
                if !is_hidden(&entry.file_name()) {
                    paths.push(entry.path());
                }
            }
            Ok(paths)
        };
        let mut paths = list().map_err(|error| DataError::Unreadable {
            path: folder.display().to_string(),
            error,
            layout: self.layout(),
        })?;
        paths.sort_unstable();
        Ok(paths)
    }
}

/// Whether an operating system made it for its own use.
fn is_hidden(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.starts_with(b".") || name == "Thumbs.db" || name == "desktop.ini"
}

fn unexpected(path: &Path, message: impl Into<String>) -> DataError {
    DataError::Unexpected {
        path: path.display().to_string(),
        message: message.into(),
    }
}

/// Pixels of all images, and the SHA-256 of each file, on all processors; the first error by order.
fn decode_all(paths: &[PathBuf]) -> Result<(Vec<u8>, Vec<FileDigest>), DataError> {
    let size = paths.len().div_ceil(parallel::processors()).max(1);
    let mut pixels = vec![0; paths.len() * PIXELS];
    let parts = paths.chunks(size).zip(pixels.chunks_mut(size * PIXELS));
    let mut sums = Vec::new();
    for part in parallel::at_once(parts, |(paths, pixels)| decode_part(paths, pixels)) {
        sums.extend(part?);
    }
    Ok((pixels, sums))
}

/// Writes the images' pixels into `pixels`, shape `[images × 784]`.
fn decode_part(paths: &[PathBuf], pixels: &mut [u8]) -> Result<Vec<FileDigest>, DataError> {
    let mut sums = Vec::new();
    for (path, pixels) in paths.iter().zip(pixels.chunks_exact_mut(PIXELS)) {
        let bytes = open(path)?;
        let image = decode(&bytes).map_err(|message| unexpected(path, message))?;
        pixels.copy_from_slice(&image);
        sums.push(FileDigest::of(path, &bytes));
    }
    Ok(sums)
}

/// The bytes of a regular file of bearable size.
fn open(path: &Path) -> Result<Vec<u8>, DataError> {
    let read = || {
        let mut file = crate::files::open(path)?;
        let size = file.metadata()?.len();
        if size > GREATEST_SIZE {
            let mebibytes = size >> 20;
            return Err(Error::new(
                ErrorKind::FileTooLarge,
                format!("it has {mebibytes} MiB"),
            ));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| {
        let message = format!(
            "it cannot be read ({error}): class folders hold images of digits alone, of at most \
             {} MiB; move it away",
            GREATEST_SIZE >> 20
        );
        unexpected(path, message)
    })
}

/// The 28×28 pixels of an image, row by row, or what is wrong with it.
fn decode(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => format,
        _ => {
            let message = "it is neither PNG nor JPEG: class folders hold such images alone; \
                           convert it, or move it away";
            return Err(message.into());
        }
    };
    // The decoder fills what is missing with grey.
    if format == ImageFormat::Jpeg && !has_end(bytes) {
        return Err("the image is cut off: its end marker is missing; download it again".into());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(GREATEST_SIDE);
    limits.max_image_height = Some(GREATEST_SIDE);
    limits.max_alloc = Some(GREATEST_SIZE);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| match error {
        ImageError::Limits(_) => format!(
            "the image is too large ({error}): a digit has at most \
             {GREATEST_SIDE}×{GREATEST_SIDE} pixels"
        ),
        _ => format!("the image cannot be decoded ({error}); download it again"),
    })?;
    let side = SIDE as u32;
    Ok(resize(&image.into_luma8(), side, side, FilterType::Triangle).into_raw())
}

/// Whether a JPEG image's end marker follows the start of its first scan. Segments before that are
/// stepped over, since one may hold a thumbnail with an end of its own.
fn has_end(jpeg: &[u8]) -> bool {
    let mut rest = jpeg;
    loop {
        rest = match *rest {
            [] => return false,
            // In a scan, 0xff is followed by 0 where no marker is meant.
            [0xff, 0xda, ..] => return rest.windows(2).any(|pair| pair == [0xff, 0xd9]),
            // The markers that a length follows, which counts its own two bytes.
            [0xff, 0xc0..=0xcf | 0xdb..=0xfe, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                rest.get(2 + length..).unwrap_or_default()
            }
            [_, ref rest @ ..] => rest,
        };
    }
}

/// That of a folder, of the sums of its files.
fn digest(half: &Path, paths: &[PathBuf], sums: &[FileDigest]) -> FileDigest {
    let mut text = Vec::new();
    for (path, sum) in paths.iter().zip(sums) {
        let name = path.strip_prefix(half).unwrap_or(path);
        text.extend_from_slice(sum.sha256.as_bytes());
        text.extend_from_slice(b"  ");
        text.extend_from_slice(name.as_os_str().as_encoded_bytes());
        text.push(b'\n');
    }
    let sum = FileDigest::of(half, &text);
    let set = half.parent().and_then(Path::file_name).unwrap_or_default();
    let name = Path::new(set).join(&sum.name).display().to_string();
    FileDigest { name, ..sum }
}

#[cfg(test)]
#[path = "image_folder_tests.rs"]
mod tests;
