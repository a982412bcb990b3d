//! `latency.hlog`: whole histograms in HdrHistogram's V2 interval log, which the tools of other
//! languages read and add up. Percentiles cannot be added.

use super::packing::Packer;
use super::seal::Digest;
use super::tally::{Content, DIGITS, Tally};
use crate::checkpoint::{Book, Kept, Torn};
use crate::files;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogWriter, IntervalLogWriterBuilder, IntervalLogWriterError,
};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use xxhash_rust::xxh3::Xxh3;

/// The first line after the comments, as other writers have it.
const LEGEND: &str =
    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";

/// Histograms of a single value that are kept to be written again.
const KEPT: usize = 4096;

/// A log being written, under a temporary name until it is complete.
pub(super) struct IntervalLog {
    path: PathBuf,
    temporary: PathBuf,
    comment: String,
    /// From the first line on.
    file: Option<Summed>,
    /// What it held at the last checkpoint, if it had been begun.
    kept: Option<Digest>,
    encoder: Encoder,
}

impl IntervalLog {
    /// An empty log. Times are told in seconds since the start of the run; `comment` says on
    /// which clock, and the units of the values.
    pub fn new(folder: &Path, name: &str, comment: String) -> IntervalLog {
        IntervalLog {
            path: folder.join(name),
            temporary: files::temporary(&folder.join(name)),
            comment,
            file: None,
            kept: None,
            encoder: Encoder::new(),
        }
    }

    /// The file, which begins with what the log is about.
    fn file(&mut self) -> io::Result<&mut Summed> {
        if self.file.is_none() {
            self.file = Some(match self.kept {
                Some(kept) => self.reopen(kept)?,
                None => self.begin()?,
            });
        }
        Ok(self.file.as_mut().expect("opened above"))
    }

    fn begin(&mut self) -> io::Result<Summed> {
        // One of an interruption before the first checkpoint would be taken for this one.
        files::remove(&self.path)?;
        let mut file = Summed {
            file: BufWriter::new(files::create(&self.temporary)?),
            bytes: 0,
            sum: Xxh3::new(),
        };
        // Readers guess what times mean where a log does not say it: here they start at 0.
        let begun = IntervalLogWriterBuilder::new()
            .add_comment("[Histogram log format version 1.3]")
            .add_comment(&self.comment)
            .with_start_time(UNIX_EPOCH)
            .with_base_time(UNIX_EPOCH)
            .begin_log_with(&mut file, &mut self.encoder.lines.serializer);
        begun.map(drop)?;
        file.write_all(LEGEND.as_bytes())?;
        Ok(file)
    }

    /// Keeps how long it is. Whoever reads that goes on with the log as it was, without what was
    /// written to it since, under whichever name it was left.
    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        self.kept = self.written().map_err(|error| self.torn(error))?;
        book.value(&mut self.kept)?;
        if let (true, Some(kept)) = (book.reads(), self.kept) {
            self.left(kept).map_err(|error| self.torn(error))?;
        }
        Ok(())
    }

    fn torn(&self, error: io::Error) -> Torn {
        Torn::File {
            path: self.path.clone(),
            error,
        }
    }

    /// What the file holds, if it was begun; all of it is on the disk then.
    fn written(&mut self) -> io::Result<Option<Digest>> {
        let Some(file) = &mut self.file else {
            return Ok(self.kept);
        };
        file.flush()?;
        files::sync(file.file.get_ref(), &self.temporary)?;
        Ok(Some(Digest {
            bytes: file.bytes,
            xxh3: file.sum.digest(),
        }))
    }

    /// Where what was kept is: a log under way is newer than a finished one.
    fn left(&self, kept: Digest) -> io::Result<&Path> {
        let is_it = |path: &&PathBuf| {
            let read = files::open(path).and_then(|file| Digest::of(file, kept.bytes));
            read.is_ok_and(|found| found == kept)
        };
        let left = [&self.temporary, &self.path].into_iter().find(is_it);
        left.map(PathBuf::as_path).ok_or_else(|| {
            let why = "it is damaged, or is not there any more";
            io::Error::new(io::ErrorKind::InvalidData, why)
        })
    }

    fn reopen(&self, kept: Digest) -> io::Result<Summed> {
        if self.left(kept)? == self.path {
            files::rename(&self.path, &self.temporary)?;
        }
        let mut file = files::open_to_write(&self.temporary, false)?;
        let (_, sum) = Digest::with_sum(&file, kept.bytes)?;
        file.set_len(kept.bytes)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Summed {
            file: BufWriter::new(file),
            bytes: kept.bytes,
            sum,
        })
    }

    /// Where the log will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes an interval, if it has any values. Times in seconds, to the microsecond; the tag ends
    /// in the unit of the values.
    pub fn write(&mut self, tag: &str, start: f64, length: f64, tally: &Tally) -> io::Result<()> {
        self.file()?;
        // The file is there, and the encoder beside it.
        let (Some(file), Some(rest)) = (&mut self.file, self.encoder.encode(tally.content())?)
        else {
            return Ok(());
        };
        write!(file, "Tag={tag},{start:.6},{length:.6},")?;
        file.write_all(rest)
    }

    /// Gives the log its name.
    pub fn finish(mut self) -> io::Result<()> {
        self.file()?.flush()?;
        files::rename(&self.temporary, &self.path)
    }
}

/// A file that is summed up while it is written.
struct Summed {
    file: BufWriter<File>,
    bytes: u64,
    sum: Xxh3,
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Makes the part of a line that does not depend on times: greatest value and histogram.
struct Encoder {
    lines: Lines,
    /// By value and count: what was written for a constant. Most intervals hold one,
    /// and compressing takes longer than all else.
    constants: BTreeMap<(u64, u64), Box<[u8]>>,
}

impl Encoder {
    fn new() -> Encoder {
        Encoder {
            lines: Lines::default(),
            constants: BTreeMap::new(),
        }
    }

    fn encode(&mut self, content: Content<'_>) -> io::Result<Option<&[u8]>> {
        let Encoder { lines, constants } = self;
        match content {
            Content::Nothing => Ok(None),
            Content::Various(histogram) => lines.encode(histogram).map(Some),
            Content::Constant(value, count) => {
                let key = (value, count);
                if !constants.contains_key(&key) {
                    // A new one, whose size no other value has had a part in. The digits are legal.
                    let mut one = Histogram::new(DIGITS).expect("legal digits");
                    one.record_n(value, count)
                        .expect("it grows with its values");
                    let line = lines.encode(&one)?.into();
                    if constants.len() == KEPT {
                        constants.clear();
                    }
                    constants.insert(key, line);
                }
                Ok(constants.get(&key).map(|line| &**line))
            }
        }
    }
}

/// The buffers in which a line is made.
#[derive(Default)]
struct Lines {
    serializer: Packer,
    line: Vec<u8>,
}

impl Lines {
    /// The line of a histogram after its times.
    fn encode(&mut self, histogram: &Histogram<u64>) -> io::Result<&[u8]> {
        let Lines { serializer, line } = self;
        line.clear();
        let mut writer: IntervalLogWriter<'_, '_, Vec<u8>, _> =
            IntervalLogWriterBuilder::new().begin_log_with(line, serializer)?;
        writer
            .write_histogram(histogram, Duration::ZERO, Duration::ZERO, None)
            .map_err(|error| match error {
                IntervalLogWriterError::IoError(error) => error,
                IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
            })?;
        // Two times stand before it.
        let times = line.iter().enumerate().filter(|(_, byte)| **byte == b',');
        let rest = times.map(|(at, _)| at + 1).nth(1).unwrap_or(line.len());
        Ok(&line[rest..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    type Line = (String, f64, f64, Histogram<u64>);

    /// The lines of a log: tag, start, length and histogram.
    fn read(path: &Path) -> Vec<Line> {
        let bytes = std::fs::read(path).unwrap();
        let mut lines = Vec::new();
        for entry in IntervalLogIterator::new(&bytes) {
            if let LogEntry::Interval(line) = entry.unwrap() {
                let bytes = decode(line.encoded_histogram());
                let histogram = Deserializer::new().deserialize(&mut bytes.as_slice());
                lines.push((
                    line.tag().unwrap().as_str().to_owned(),
                    line.start_timestamp().as_secs_f64(),
                    line.duration().as_secs_f64(),
                    histogram.unwrap(),
                ));
            }
        }
        lines
    }

    /// Base64, which the crate leaves to its users.
    fn decode(text: &str) -> Vec<u8> {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digits = text.bytes().filter(|b| *b != b'=').map(|b| {
            let digit = alphabet.iter().position(|a| *a == b).unwrap();
            digit as u32
        });
        let digits: Vec<u32> = digits.collect();
        let group = |group: &[u32]| {
            let bits = (0..4).fold(0, |bits, i| bits << 6 | group.get(i).unwrap_or(&0));
            bits.to_be_bytes()[1..group.len()].to_vec()
        };
        digits.chunks(4).flat_map(group).collect()
    }

    fn tally(values: impl IntoIterator<Item = u64>) -> Tally {
        let mut tally = Tally::new();
        values.into_iter().for_each(|value| tally.add(value));
        tally
    }

    #[test]
    fn what_is_written_is_read_back_with_its_percentiles() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = IntervalLog::new(folder.path(), "latency.hlog", "of a test".into());
        let many = || tally((0..5000).map(|i| i * i + 3));
        log.write("delivery_us", 0.0, 0.010001, &many()).unwrap();
        log.write("age_us", 0.0, 0.010001, &tally([])).unwrap();
        for start in [0.0, 0.010001] {
            let constant = tally([10_001; 80]);
            log.write("round_us", start, 0.010001, &constant).unwrap();
        }
        let near = tally([10_002; 80]);
        log.write("round_us", 0.020002, 1.5, &near).unwrap();
        assert!(!folder.path().join("latency.hlog").exists());
        log.finish().unwrap();
        let lines = read(&folder.path().join("latency.hlog"));
        let tags: Vec<&str> = lines.iter().map(|(tag, ..)| tag.as_str()).collect();
        assert_eq!(tags, ["delivery_us", "round_us", "round_us", "round_us"]);
        assert_eq!((lines[3].1, lines[3].2), (0.020002, 1.5));
        for (_, _, _, histogram) in &lines[1..] {
            assert_eq!((histogram.len(), histogram.max()), (80, 10_007));
        }
        let (told, read) = (many().percentiles(1.0), &lines[0].3);
        assert_eq!(told.count, read.len());
        for (told, percent) in [
            (told.p50, 50.0),
            (told.p90, 90.0),
            (told.p99, 99.0),
            (told.p999, 99.9),
        ] {
            assert_eq!(told, read.value_at_percentile(percent) as f64);
        }
    }

    #[test]
    fn only_a_finished_log_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latency.hlog");
        std::fs::write(&path, "old").unwrap();
        let mut log = IntervalLog::new(folder.path(), "latency.hlog", "of a test".into());
        log.write("round_us", 0.0, 1.0, &tally([3])).unwrap();
        assert!(!path.exists());
        log.finish().unwrap();
        assert_eq!(read(&path).len(), 1);
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
    }

    #[test]
    fn a_log_goes_on_from_what_was_kept_finished_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latency.hlog");
        let new = || IntervalLog::new(folder.path(), "latency.hlog", "of a test".into());
        let write = |log: &mut IntervalLog, at: f64| {
            log.write("round_us", at, 1.0, &tally([at as u64, 7]))
                .unwrap();
        };
        let mut whole = new();
        (0..3).for_each(|at| write(&mut whole, f64::from(at)));
        whole.finish().unwrap();
        let expected = std::fs::read(&path).unwrap();
        for is_finished in [false, true] {
            let mut log = new();
            write(&mut log, 0.0);
            let kept = Book::write(|book| log.keep(book)).unwrap();
            write(&mut log, 9.0);
            if is_finished {
                log.finish().unwrap();
            }
            let mut log = new();
            Book::read(&kept, |book| log.keep(book)).unwrap();
            write(&mut log, 1.0);
            write(&mut log, 2.0);
            log.finish().unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), expected);
        }
        std::fs::remove_file(&path).unwrap();
        let mut log = new();
        write(&mut log, 0.0);
        let kept = Book::write(|book| log.keep(book)).unwrap();
        std::fs::write(folder.path().join(".latency.hlog.tmp"), "short").unwrap();
        let torn = Book::read(&kept, |book| new().keep(book)).unwrap_err();
        assert!(torn.to_string().contains("latency.hlog"), "{torn}");
    }
}
