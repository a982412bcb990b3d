//! Histograms in HdrHistogram's compressed V2 format, by one compressor: to make a new one, as the
//! crate does, takes longer than to compress most histograms.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializeError, V2Serializer};
use hdrhistogram::{Counter, Histogram};
use std::io::Write;

/// What the format begins with.
const COOKIE: u32 = 0x1c84_9314;

/// The crate's `V2DeflateSerializer`, byte by byte.
pub(super) struct Packer {
    serializer: V2Serializer,
    plain: Vec<u8>,
    zlib: ZlibEncoder<Vec<u8>>,
    /// What `zlib` writes into next.
    spare: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Packer {
        Packer {
            serializer: V2Serializer::new(),
            plain: Vec::new(),
            zlib: ZlibEncoder::new(Vec::new(), Compression::default()),
            spare: Vec::new(),
        }
    }
}

impl Serializer for Packer {
    type SerializeError = V2DeflateSerializeError;

    fn serialize<T: Counter, W: Write>(
        &mut self,
        histogram: &Histogram<T>,
        writer: &mut W,
    ) -> Result<usize, V2DeflateSerializeError> {
        self.plain.clear();
        let serialized = self.serializer.serialize(histogram, &mut self.plain);
        serialized.map_err(V2DeflateSerializeError::InternalSerializationError)?;
        self.zlib.write_all(&self.plain)?;
        let mut packed = self.zlib.reset(std::mem::take(&mut self.spare))?;
        writer.write_all(&COOKIE.to_be_bytes())?;
        // A histogram has some million counts at most.
        writer.write_all(&(packed.len() as u32).to_be_bytes())?;
        writer.write_all(&packed)?;
        let length = 8 + packed.len();
        packed.clear();
        self.spare = packed;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::serialization::V2DeflateSerializer;

    #[test]
    fn one_after_the_other_is_written_as_the_crate_does() {
        let mut packer = Packer::default();
        for (count, step) in [(1, 1), (1000, 977), (3, 1 << 40), (100_000, 31), (0, 0)] {
            let mut histogram = Histogram::<u64>::new(3).unwrap();
            for i in 0..count {
                histogram.record(1 + i * step).unwrap();
            }
            let (mut own, mut others) = (Vec::new(), Vec::new());
            let length = packer.serialize(&histogram, &mut own).unwrap();
            let mut crates = V2DeflateSerializer::new();
            crates.serialize(&histogram, &mut others).unwrap();
            assert_eq!(own, others);
            assert_eq!(own.len(), length);
        }
    }
}
