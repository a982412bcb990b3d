//! The state of one part of a run, and the letters that it holds: in a checkpoint each letter is
//! written once, however many agents have it, and is one again when it is read back.

use super::letter::{Head, Letter};
use crate::checkpoint::{Book, Kept, Torn};
use crate::units::{AgentId, SimTime};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Kept state, in which letters are numbers.
#[derive(Default)]
pub(super) struct Section {
    pub bytes: Vec<u8>,
    /// By number.
    pub letters: Vec<Letter>,
}

/// The letters of the section that a thread is at.
#[derive(Default)]
struct Open {
    letters: Vec<Letter>,
    /// By address, which is a letter's own as long as it is here.
    numbers: BTreeMap<usize, u32>,
}

thread_local! {
    static OPEN: RefCell<Open> = RefCell::default();
}

impl Section {
    /// Keeps what `keep` lists.
    pub fn write(keep: impl FnOnce(&mut Book<'_>) -> Kept) -> Result<Section, Torn> {
        OPEN.take();
        let bytes = Book::write(keep);
        let Open { letters, .. } = OPEN.take();
        Ok(Section {
            bytes: bytes?,
            letters,
        })
    }

    /// Puts back what `keep` lists.
    pub fn read(self, keep: impl FnOnce(&mut Book<'_>) -> Kept) -> Kept {
        OPEN.set(Open {
            letters: self.letters,
            numbers: BTreeMap::new(),
        });
        let kept = Book::read(&self.bytes, keep);
        OPEN.take();
        kept
    }
}

impl Serialize for Letter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = OPEN.with_borrow_mut(|open| {
            let next = open.letters.len() as u32;
            let number = *open.numbers.entry(self.address()).or_insert(next);
            if number == next {
                open.letters.push(self.clone());
            }
            number
        });
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Letter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Letter, D::Error> {
        let number = u32::deserialize(deserializer)?;
        let letter = OPEN.with_borrow(|open| open.letters.get(number as usize).cloned());
        letter.ok_or_else(|| D::Error::custom("a letter is missing"))
    }
}

/// Sections as a checkpoint has them, in pieces: which letters each has, every letter, and then the
/// state of each.
pub(super) fn join(sections: Vec<Section>) -> Result<Vec<Vec<u8>>, Torn> {
    let mut all = Vec::new();
    let mut numbers = BTreeMap::new();
    let mut number = |letter: &Letter| -> u32 {
        *numbers.entry(letter.address()).or_insert_with(|| {
            all.push(letter.clone());
            all.len() as u32 - 1
        })
    };
    let held = sections.iter().map(|section| section.letters.iter());
    let mut held: Vec<Vec<u32>> = held.map(|l| l.map(&mut number).collect()).collect();
    let mut pieces = vec![Book::write(|book| book.value(&mut held))?];
    pieces.push(Book::write(|book| book.value(&mut all.len()))?);
    for letter in &all {
        pieces.push(letter_bytes(letter)?);
    }
    pieces.extend(sections.into_iter().map(|section| section.bytes));
    Ok(pieces)
}

/// The sections again: the clock's, the board's, and so many agents'.
pub(super) fn part(pieces: Vec<Vec<u8>>, agents: usize) -> Result<Vec<Section>, Torn> {
    let missing = || Torn::strange("a part is missing");
    let mut pieces = pieces.into_iter();
    let mut next = || pieces.next().ok_or_else(missing);
    let (mut held, mut count) = (Vec::<Vec<u32>>::new(), 0_usize);
    Book::read(&next()?, |book| book.value(&mut held))?;
    Book::read(&next()?, |book| book.value(&mut count))?;
    if held.len() != 2 + agents {
        return Err(missing());
    }
    let letters = (0..count).map(|_| letter_of(&next()?));
    let letters: Vec<Letter> = letters.collect::<Result<_, Torn>>()?;
    let mut sections = Vec::with_capacity(held.len());
    for numbers in held {
        let letter = |number: u32| letters.get(number as usize).cloned().ok_or_else(missing);
        sections.push(Section {
            letters: numbers.into_iter().map(letter).collect::<Result<_, _>>()?,
            bytes: next()?,
        });
    }
    Ok(sections)
}

/// What stands over a letter, but for what is about the wall.
type Heading = (AgentId, u64, SimTime, SimTime);

fn letter_bytes(letter: &Letter) -> Result<Vec<u8>, Torn> {
    let head = letter.head();
    let mut heading: Heading = (head.sender, head.stamp, head.adapted, head.departs);
    let mut bytes = Book::write(|book| book.value(&mut heading))?;
    // So that the heading's length is known from the front.
    bytes.insert(0, bytes.len() as u8);
    bytes.extend_from_slice(bytemuck::cast_slice(letter.values()));
    Ok(bytes)
}

fn letter_of(bytes: &[u8]) -> Result<Letter, Torn> {
    let short = || Torn::strange("a letter is cut off");
    let (&length, rest) = bytes.split_first().ok_or_else(short)?;
    let (heading, values) = rest.split_at_checked(length.into()).ok_or_else(short)?;
    let (sender, stamp, adapted, departs) = {
        let mut read = Heading::default();
        Book::read(heading, |book| book.value(&mut read))?;
        read
    };
    let values: Vec<f32> = values
        .chunks_exact(size_of::<f32>())
        .map(bytemuck::pod_read_unaligned)
        .collect();
    let head = Head {
        sender,
        stamp,
        adapted,
        departs,
        posted: None,
        is_finite: true,
    };
    Ok(Letter::new(head, &values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(stamp: u64, values: &[f32]) -> Letter {
        let head = Head {
            sender: AgentId(3),
            stamp,
            adapted: SimTime::from_us(10_000_000 + stamp),
            departs: SimTime::from_us(u64::MAX),
            posted: None,
            is_finite: true,
        };
        Letter::new(head, values)
    }

    #[test]
    fn a_letter_of_many_is_one_after_reading_too() {
        let shared = letter(7, &[1.5, f32::NAN]);
        let own = letter(8, &[]);
        let mut held = [
            vec![shared.clone(), own, shared.clone()],
            vec![],
            vec![shared],
        ];
        let sections = held.iter_mut().map(|letters| {
            Section::write(|book| book.value(letters)).expect("letters have a form in bytes")
        });
        let pieces = join(sections.collect()).unwrap();
        assert_eq!(pieces.len(), 2 + 2 + 3);
        let mut read: Vec<Vec<Letter>> = Vec::new();
        for section in part(pieces, 1).unwrap() {
            let mut letters = Vec::new();
            section.read(|book| book.value(&mut letters)).unwrap();
            read.push(letters);
        }
        assert_eq!(read[0][0].address(), read[2][0].address());
        assert_eq!(read[0][0].address(), read[0][2].address());
        for (letters, before) in read.iter().zip(&held) {
            assert_eq!(letters.len(), before.len());
            for (letter, before) in letters.iter().zip(before) {
                let (head, old) = (letter.head(), before.head());
                assert_eq!(
                    (
                        head.sender,
                        head.stamp,
                        head.adapted,
                        head.departs,
                        head.is_finite
                    ),
                    (
                        old.sender,
                        old.stamp,
                        old.adapted,
                        old.departs,
                        old.is_finite
                    )
                );
                let bits = |l: &Letter| l.values().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(letter), bits(before));
            }
        }
    }

    #[test]
    fn what_is_missing_is_told() {
        let sections = (0..3).map(|stamp| {
            let mut letter = letter(stamp, &[2.0]);
            Section::write(|book| book.value(&mut letter)).unwrap()
        });
        let sections = sections.collect();
        let pieces = join(sections).unwrap();
        for length in 0..pieces.len() {
            assert!(
                part(pieces[..length].to_vec(), 1).is_err(),
                "{length} pieces"
            );
        }
        assert!(part(pieces.clone(), 2).is_err());
        assert_eq!(part(pieces, 1).unwrap().len(), 3);
    }
}
