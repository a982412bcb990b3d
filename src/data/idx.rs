//! Reader of MNIST as it is published: four IDX files, plain or compressed with gzip.
//!
//! An IDX file is a header of big-endian 32-bit numbers (a magic number, then the size in each
//! dimension), and one byte per pixel or label. A header is not trusted: what it promises is
//! compared with what the file can hold before memory is taken, and with what it holds afterwards.

use super::digits::DIGITS;
use super::{DataError, Examples, FileDigest, Inputs, Shape, Split, Targets};
use flate2::bufread::GzDecoder;
use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a gzip file starts; IDX files start with two zeros.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Deflate makes at most that many bytes of one.
const GREATEST_EXPANSION: u128 = 1032;

/// What to download and how to lay it out.
pub(crate) const LAYOUT: &str = "download the four files of MNIST (Yann LeCun's page, or its \
     mirror ossci-datasets.s3.amazonaws.com/mnist) so that the data folder contains `mnist/` with \
     train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and \
     t10k-labels-idx1-ubyte, unpacked or each with .gz at its end";

/// What is in a file: its name's middle, and its magic number, which N sizes follow.
struct Kind<const N: usize> {
    name: &'static str,
    magic: u32,
}

const IMAGES: Kind<3> = Kind {
    name: "images",
    magic: 0x0803,
};
const LABELS: Kind<1> = Kind {
    name: "labels",
    magic: 0x0801,
};

/// The folder of MNIST's files: `mnist` under the data folder, or that folder itself. The first of these,
/// which the error will name, if there is none.
pub fn locate(data: &Path) -> PathBuf {
    let published = data.join("mnist");
    let has_images = |folder: &PathBuf| find(folder, "train", &IMAGES).is_some();
    let places = [published.clone(), data.to_owned()];
    places.into_iter().find(has_images).unwrap_or(published)
}

/// Names under which a file is published, or found after unpacking.
fn names<const N: usize>(set: &str, kind: &Kind<N>) -> [String; 4] {
    let what = kind.name;
    let name = |mark, end| format!("{set}-{what}{mark}idx{N}-ubyte{end}");
    [("-", ""), ("-", ".gz"), (".", ""), (".", ".gz")].map(|(mark, end)| name(mark, end))
}

fn find<const N: usize>(folder: &Path, set: &str, kind: &Kind<N>) -> Option<PathBuf> {
    let paths = names(set, kind).map(|name| folder.join(name));
    paths.into_iter().find(|path| path.is_file())
}

/// Reads MNIST from the folder of its four files: 60,000 images to train on and 10,000 to test on,
/// of shape `[1, 28, 28]` (or what the headers say), bytes that stand for numbers from 0 to 1, and
/// 10 classes.
///
/// The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each plain or with `.gz`; a dot may stand in the place of the second
/// hyphen. [`Split::files`] has their names as published and unpacked, and the SHA-256 of what is
/// in them unpacked.
///
/// # Errors
/// Files that are missing, or not as published: what is wrong, and what would be right.
pub fn read(folder: &Path) -> Result<Split, DataError> {
    let mut files = Vec::new();
    let train = read_set(folder, "train", &mut files)?;
    let test = read_set(folder, "t10k", &mut files)?;
    if train.shape() != test.shape() {
        return Err(DataError::Unexpected {
            path: folder.display().to_string(),
            message: format!(
                "images to train on have shape {}, and those to test on {}: take both from one \
                 data set",
                train.shape(),
                test.shape()
            ),
        });
    }
    files.sort();
    Ok(Split {
        train: Arc::new(train),
        test: Arc::new(test),
        files,
    })
}

fn read_set(folder: &Path, set: &str, files: &mut Vec<FileDigest>) -> Result<Examples, DataError> {
    let images = File::open(folder, set, &IMAGES)?;
    let labels = File::open(folder, set, &LABELS)?;
    let ([count, height, width], bytes, digest) = images.contents(&IMAGES)?;
    files.push(digest);
    if bytes.is_empty() {
        let message = format!(
            "it has {count} images of {height}×{width} pixels: there must be an image, and a \
             pixel in it"
        );
        return Err(images.unexpected(message));
    }
    let ([_], found, digest) = labels.contents(&LABELS)?;
    files.push(digest);
    if found.len() != count {
        let message = format!(
            "{} labels for the {count} images of {}: every image has one, so take both files from \
             one data set",
            found.len(),
            images.name()
        );
        return Err(labels.unexpected(message));
    }
    if let Some(at) = found.iter().position(|&l| usize::from(l) >= DIGITS) {
        let message = format!(
            "the label of image {at}, counted from 0, is {}: labels are digits from 0 to 9",
            found[at]
        );
        return Err(labels.unexpected(message));
    }
    let shape = Shape::Image {
        channels: 1,
        height,
        width,
    };
    let inputs = Inputs::Pixels {
        bytes,
        low: 0.0,
        high: 1.0,
    };
    let targets = Targets::Classes {
        labels: found.into_iter().map(u32::from).collect(),
        classes: DIGITS,
    };
    Ok(Examples::new(shape, inputs, targets))
}

/// A file in memory, as it lies on disk.
struct File {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Its name as published and unpacked.
    published: String,
}

/// What is in a file: the sizes that its header gives, the bytes after it, and the digest of all,
/// which packing does not change: the same images are the same run.
type Contents<const N: usize> = ([usize; N], Vec<u8>, FileDigest);

impl File {
    fn open<const N: usize>(folder: &Path, set: &str, kind: &Kind<N>) -> Result<File, DataError> {
        let [published, ..] = names(set, kind);
        let path = find(folder, set, kind);
        let read = match &path {
            Some(path) => crate::files::read(path),
            None => Err(Error::new(ErrorKind::NotFound, "no such file")),
        };
        let path = path.unwrap_or_else(|| folder.join(&published));
        match read {
            Ok(bytes) => Ok(File {
                path,
                bytes,
                published,
            }),
            Err(error) => Err(DataError::Unreadable {
                path: path.display().to_string(),
                error,
                layout: LAYOUT,
            }),
        }
    }

    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn unexpected(&self, message: impl Into<String>) -> DataError {
        DataError::Unexpected {
            path: self.path.display().to_string(),
            message: message.into(),
        }
    }

    /// Unpacks the file and holds it against its header.
    fn contents<const N: usize>(&self, kind: &Kind<N>) -> Result<Contents<N>, DataError> {
        let size = self.bytes.len() as u128;
        if !self.bytes.starts_with(&GZIP) {
            return self.unpacked(kind, &self.bytes[..], size);
        }
        let mut decoder = GzDecoder::new(&self.bytes[..]);
        let contents = self.unpacked(kind, &mut decoder, size * GREATEST_EXPANSION)?;
        match decoder.into_inner().len() {
            0 => Ok(contents),
            more => Err(self.unexpected(format!(
                "{more} bytes follow the end of its gzip data; download it again"
            ))),
        }
    }

    /// The same of unpacked bytes, of which there are at most `greatest`.
    fn unpacked<const N: usize>(
        &self,
        kind: &Kind<N>,
        mut bytes: impl Read,
        greatest: u128,
    ) -> Result<Contents<N>, DataError> {
        let again = |error: Error| {
            self.unexpected(format!(
                "it is cut off or damaged ({error}); download it again"
            ))
        };
        let start = 4 + 4 * N;
        let mut all = vec![0; start];
        bytes
            .read_exact(&mut all)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => self.unexpected(format!(
                    "it ends within its header, which has {start} bytes; download it again"
                )),
                _ => again(error),
            })?;
        let number = |at: usize| {
            let bytes = [0, 1, 2, 3].map(|byte| all[4 * at + byte]);
            u32::from_be_bytes(bytes)
        };
        let magic = number(0);
        if magic != kind.magic {
            let message = format!(
                "it starts with the magic number {magic:#010x}, and IDX {} start with {:#010x}: \
                 put the published file of that name here",
                kind.name, kind.magic
            );
            return Err(self.unexpected(message));
        }
        let sizes: [usize; N] = std::array::from_fn(|n| number(1 + n) as usize);
        let promised: u128 = sizes.iter().map(|&n| n as u128).product();
        let shown: Vec<String> = sizes.iter().map(usize::to_string).collect();
        let wrong = |what: &str| {
            let promise = shown.join("×");
            let message = format!("its header promises {promise} bytes, and {what}");
            self.unexpected(message + "; download it again")
        };
        if promised > greatest {
            let size = self.bytes.len();
            return Err(wrong(&format!("a file of {size} bytes cannot hold them")));
        }
        // Memory grows with what is really there; one byte more tells that there is too much.
        let limit = u64::try_from(promised + 1).unwrap_or(u64::MAX);
        bytes.take(limit).read_to_end(&mut all).map_err(again)?;
        let found = (all.len() - start) as u128;
        if found < promised {
            return Err(wrong(&format!("it holds {found}: it is cut off")));
        }
        if found > promised {
            return Err(wrong("it holds more"));
        }
        let digest = FileDigest::of(Path::new(&self.published), &all);
        all.drain(..start);
        Ok((sizes, all, digest))
    }
}

#[cfg(test)]
#[path = "idx_tests.rs"]
mod tests;
