//! Binary files, made here: arrays of NumPy, IDX, images.

use super::mutate::{any, bytes, chance};
use super::program::{accepts, fuzz, run};
use byzsim::rng::Stream;
use rand::RngExt;
use std::fs;
use std::io::Write;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An array of NumPy, as version 1.0 of its format has it.
pub fn npy(kind: &str, order: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if order { "True" } else { "False" };
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({shape}), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

/// An array whose header may promise anything.
fn array(stream: &mut Stream, kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let kinds = [
        "<f4",
        "<f8",
        ">f8",
        "<i4",
        "|u1",
        "|b1",
        "<U3",
        "|S2",
        "|O",
        "<c16",
        "<M8[s]",
        "",
        "<f999999999",
    ];
    let shapes = [
        "",
        "0,",
        "4,",
        "12, 1",
        "3, 4",
        "4294967296,",
        "99999999999999999999,",
        "1000000000, 2",
        "-1,",
        "a",
    ];
    let kind = if chance(stream, 0.2) {
        *any(stream, &kinds)
    } else {
        kind
    };
    let shape = if chance(stream, 0.2) {
        *any(stream, &shapes)
    } else {
        shape
    };
    let order = chance(stream, 0.1);
    let file = npy(kind, order, shape, data);
    match chance(stream, 0.2) {
        true => bytes(stream, &file),
        false => file,
    }
}

fn floats(count: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|i| ((i % 7) as f32 * 0.3).to_le_bytes())
        .collect()
}

/// An archive, one of whose arrays may be a bomb.
fn archive(stream: &mut Stream, arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, array) in arrays {
        if chance(stream, 0.05) {
            continue;
        }
        let method = *any(
            stream,
            &[CompressionMethod::Stored, CompressionMethod::Deflated],
        );
        let options = SimpleFileOptions::default().compression_method(method);
        let name = if chance(stream, 0.05) { "../x" } else { name };
        if zip.start_file(format!("{name}.npy"), options).is_err() {
            continue;
        }
        zip.write_all(array).unwrap();
        if method == CompressionMethod::Deflated && chance(stream, 0.02) {
            let zeros = vec![0; 1 << 20];
            (0..100).for_each(|_| zip.write_all(&zeros).unwrap());
        }
    }
    let file = zip.finish().unwrap().into_inner();
    match chance(stream, 0.4) {
        true => bytes(stream, &file),
        false => file,
    }
}

#[test]
fn arrays_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    fuzz("arrays of rows", |stream| {
        let labels: Vec<u8> = (0..12).flat_map(|i: i64| (i % 2).to_le_bytes()).collect();
        let agents: Vec<u8> = (0..12).flat_map(|i: i64| (i % 3).to_le_bytes()).collect();
        let arrays = [
            ("x", array(stream, "<f4", "12, 2", &floats(24))),
            ("y", array(stream, "<i8", "12,", &labels)),
            ("agent", array(stream, "<i8", "12,", &agents)),
        ];
        let file = archive(stream, &arrays);
        fs::write(folder.path().join("file.npz"), file).unwrap();
        let kind = *any(stream, &["classification", "regression"]);
        let scenario = format!(
            "epochs = 1\n[task]\nkind = \"{kind}\"\nbatch = 1\npath = \"file.npz\"\n[topology]\nkind = \"ring\"\nagents = 3\n"
        );
        fs::write(folder.path().join("a.toml"), scenario).unwrap();
        run(folder.path(), &["check", "a.toml", "--time", "0"])
    });
}

#[test]
fn payloads() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "iterations = 3\n[task]\nkind = \"target-localization\"\n[topology]\nkind = \"ring\"\nagents = 4\n\
                    [[attack]]\nagents = [1]\nkind = \"file\"\npath = \"file.npz\"\n";
    fs::write(folder.path().join("a.toml"), scenario).unwrap();
    fuzz("payloads", |stream| {
        let payloads = array(stream, "<f4", "3, 2", &floats(6));
        let file = match chance(stream, 0.2) {
            true => payloads,
            false => archive(stream, &[("payloads", payloads)]),
        };
        fs::write(folder.path().join("file.npz"), file).unwrap();
        run(folder.path(), &["check", "a.toml", "--time", "0"])
    });
}

/// Images and labels of digits, each of the classes as often.
fn idx(count: u32, is_image: bool) -> Vec<u8> {
    let mut file = vec![0, 0, 8, if is_image { 3 } else { 1 }];
    file.extend(count.to_be_bytes());
    if is_image {
        file.extend([28u32, 28].map(u32::to_be_bytes).concat());
        file.extend((0..count * 784).map(|i| (i % 251) as u8));
    } else {
        file.extend((0..count).map(|i| (i % 10) as u8));
    }
    file
}

/// A folder with images of digits in both formats, and a scenario that reads them.
struct Digits {
    folder: tempfile::TempDir,
    /// The files of IDX, by name.
    files: [(&'static str, Vec<u8>); 4],
    /// A picture as PNG and as JPEG.
    pictures: [Vec<u8>; 2],
}

fn folder_of_digits() -> Digits {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "epochs = 1\n[task]\nkind = \"digit-classification\"\ngroup2 = \"photo-digits\"\nbatch = [1, 1]\ntrain = 20\ntest = 10\n";
    fs::write(folder.path().join("a.toml"), scenario).unwrap();
    fs::create_dir(folder.path().join("mnist")).unwrap();
    let files = [
        ("train-images-idx3-ubyte", idx(400, true)),
        ("train-labels-idx1-ubyte", idx(400, false)),
        ("t10k-images-idx3-ubyte", idx(100, true)),
        ("t10k-labels-idx1-ubyte", idx(100, false)),
    ];
    for (name, whole) in &files {
        fs::write(folder.path().join("mnist").join(name), whole).unwrap();
    }
    let picture =
        image::RgbImage::from_fn(30, 20, |x, y| image::Rgb([x as u8 * 8, y as u8 * 12, 7]));
    let pictures = [image::ImageFormat::Png, image::ImageFormat::Jpeg].map(|format| {
        let mut file = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    });
    for (half, count) in [("imgs_train", 40), ("imgs_valid", 12)] {
        for digit in 0..10 {
            let class = folder.path().join(format!("photo_digits/{half}/{digit}"));
            fs::create_dir_all(&class).unwrap();
            for number in 0..count {
                fs::write(class.join(format!("{number}.png")), &pictures[0]).unwrap();
            }
        }
    }
    accepts(folder.path(), &CHECK);
    Digits {
        folder,
        files,
        pictures,
    }
}

const CHECK: [&str; 6] = ["check", "a.toml", "--time", "0", "--data", "."];

#[test]
fn digits() {
    let Digits { folder, files, .. } = folder_of_digits();
    fuzz("digits", |stream| {
        let damaged = stream.random_range(0..files.len());
        for (number, (name, whole)) in files.iter().enumerate() {
            let path = folder.path().join("mnist").join(name);
            let packed = path.with_extension("gz");
            let _ = (fs::remove_file(&path), fs::remove_file(&packed));
            if number != damaged {
                fs::write(&path, whole).unwrap();
                continue;
            }
            // Most damage where the sizes are.
            let head = bytes(stream, &whole[..16]);
            let file = match stream.random_range(0..3) {
                0 => bytes(stream, whole),
                _ => [&head, &whole[16..]].concat(),
            };
            match chance(stream, 0.4) {
                true => fs::write(&packed, packed_as(stream, &file)).unwrap(),
                false => fs::write(&path, file).unwrap(),
            }
        }
        run(folder.path(), &CHECK)
    });
}

fn packed_as(stream: &mut Stream, file: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(file).unwrap();
    let packed = packer.finish().unwrap();
    match chance(stream, 0.5) {
        true => bytes(stream, &packed),
        false => packed,
    }
}

#[test]
fn images() {
    let Digits {
        folder, pictures, ..
    } = folder_of_digits();
    let class = folder.path().join("photo_digits/imgs_train/3");
    fuzz("images", |stream| {
        let seed = any(stream, &pictures);
        let path = class.join(*any(stream, &["5.png", "6.jpg", "7.gif", "8"]));
        fs::write(&path, bytes(stream, seed)).unwrap();
        let status = run(folder.path(), &CHECK);
        fs::remove_file(&path).unwrap();
        fs::write(class.join("5.png"), &pictures[0]).unwrap();
        status
    });
}
