//! Streams of which only a few numbers are drawn.
//!
//! [`super::Stream`] makes 64 words at a time, which pays from the second block of 16 on. A
//! message's fate takes a handful, once per message: here, blocks are made one by one.

use crate::kernel::for_this_processor;
use rand::TryRng;
use std::convert::Infallible;

/// The words of a [`super::Stream`], in its order, made 16 at a time.
#[derive(Clone, Debug)]
pub struct ShortStream {
    key: [u32; 8],
    /// The number of the next block.
    next: u64,
    block: [u32; 16],
    used: usize,
}

impl ShortStream {
    #[inline]
    pub(super) fn new(key: [u32; 8]) -> ShortStream {
        ShortStream {
            key,
            next: 1,
            block: chacha8(&key, 0),
            used: 0,
        }
    }

    /// Streams under several keys. Their first blocks are made eight at a time, which takes little
    /// longer than one.
    pub(super) fn several(keys: impl Iterator<Item = [u32; 8]>, streams: &mut Vec<ShortStream>) {
        let first = streams.len();
        streams.extend(keys.map(|key| ShortStream {
            key,
            next: 1,
            block: [0; 16],
            used: 0,
        }));
        for eight in streams[first..].chunks_mut(8) {
            let mut keys = [[0; 8]; 8];
            for (lane, stream) in eight.iter().enumerate() {
                for (words, &word) in keys.iter_mut().zip(&stream.key) {
                    words[lane] = word;
                }
            }
            let mut blocks = [[0; 8]; 16];
            first_blocks(&keys, &mut blocks);
            for (lane, stream) in eight.iter_mut().enumerate() {
                stream.block = std::array::from_fn(|word| blocks[word][lane]);
            }
        }
    }

    #[inline]
    fn word(&mut self) -> u32 {
        if self.used == self.block.len() {
            self.block = chacha8(&self.key, self.next);
            self.next += 1;
            self.used = 0;
        }
        let word = self.block[self.used];
        self.used += 1;
        word
    }
}

impl TryRng for ShortStream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.word());
        Ok(u64::from(self.word()) << 32 | low)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

const CONSTANTS: [u32; 4] = [0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574];

/// A block of ChaCha with 8 rounds (Bernstein 2008), of stream 0.
fn chacha8(key: &[u32; 8], number: u64) -> [u32; 16] {
    let mut start = [0; 16];
    start[..4].copy_from_slice(&CONSTANTS);
    start[4..12].copy_from_slice(key);
    start[12] = number as u32;
    start[13] = (number >> 32) as u32;
    let mut x = start;
    for _ in 0..4 {
        double_round(&mut x);
    }
    std::array::from_fn(|i| x[i].wrapping_add(start[i]))
}

for_this_processor! {
    /// The first blocks under eight keys side by side: `keys` and `blocks` hold for each word its
    /// value under each key.
    fn first_blocks(keys: &[[u32; 8]; 8], blocks: &mut [[u32; 8]; 16]) {
        for lane in 0..8 {
            let mut start = [0; 16];
            start[..4].copy_from_slice(&CONSTANTS);
            for (word, key) in start[4..12].iter_mut().zip(keys) {
                *word = key[lane];
            }
            let mut x = start;
            // Written out: only where nothing in it loops does the compiler take all lanes at once.
            double_round(&mut x);
            double_round(&mut x);
            double_round(&mut x);
            double_round(&mut x);
            for (word, block) in blocks.iter_mut().enumerate() {
                block[lane] = x[word].wrapping_add(start[word]);
            }
        }
    }
}

/// Columns, then diagonals.
#[inline(always)]
fn double_round(x: &mut [u32; 16]) {
    quarter_round(x, 0, 4, 8, 12);
    quarter_round(x, 1, 5, 9, 13);
    quarter_round(x, 2, 6, 10, 14);
    quarter_round(x, 3, 7, 11, 15);
    quarter_round(x, 0, 5, 10, 15);
    quarter_round(x, 1, 6, 11, 12);
    quarter_round(x, 2, 7, 8, 13);
    quarter_round(x, 3, 4, 9, 14);
}

#[inline(always)]
fn quarter_round(x: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    x[a] = x[a].wrapping_add(x[b]);
    x[d] = (x[d] ^ x[a]).rotate_left(16);
    x[c] = x[c].wrapping_add(x[d]);
    x[b] = (x[b] ^ x[c]).rotate_left(12);
    x[a] = x[a].wrapping_add(x[b]);
    x[d] = (x[d] ^ x[a]).rotate_left(8);
    x[c] = x[c].wrapping_add(x[d]);
    x[b] = (x[b] ^ x[c]).rotate_left(7);
}

#[cfg(test)]
mod tests {
    use crate::rng::{Key, Purpose};
    use crate::units::AgentId;
    use rand::{Rng, RngExt};
    use rand_distr::{Exp1, StandardNormal};

    #[test]
    fn streams_that_are_opened_together_are_those_that_are_opened_one_by_one() {
        for count in 0..20 {
            let key = |agent| Key::new(7, Purpose::Link).of(AgentId(agent)).at(5);
            let mut together = Vec::new();
            Key::several((0..count).map(key), &mut together);
            assert_eq!(together.len(), count as usize);
            for (agent, stream) in (0..count).zip(&mut together) {
                let mut alone = key(agent).short();
                for _ in 0..40 {
                    assert_eq!(stream.random::<u32>(), alone.random::<u32>());
                }
            }
        }
    }

    /// Over many blocks, in whatever way numbers are drawn.
    #[test]
    fn a_short_stream_is_the_stream() {
        let key = Key::new(0x0123_4567_89ab_cdef, Purpose::Link).of(AgentId(3));
        let key = key.toward(AgentId(9)).at(1 << 40).copy(5, 70_000);
        let (mut short, mut long) = (key.short(), key.stream());
        for _ in 0..500 {
            assert_eq!(short.random::<u32>(), long.random::<u32>());
            assert_eq!(short.random::<u64>(), long.random::<u64>());
            let of_both = (short.sample::<f64, _>(Exp1), long.sample::<f64, _>(Exp1));
            assert_eq!(of_both.0, of_both.1);
            let normal: f64 = short.sample(StandardNormal);
            assert_eq!(normal, long.sample::<f64, _>(StandardNormal));
            assert_eq!(short.random_range(0..1000usize), long.random_range(0..1000));
            let (mut a, mut b) = ([0; 7], [0; 7]);
            short.fill_bytes(&mut a);
            long.fill_bytes(&mut b);
            assert_eq!(a, b);
        }
    }
}
