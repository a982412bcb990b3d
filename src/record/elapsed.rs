//! Time on the wall since a run began, without the time between an interruption and its going on.

use crate::checkpoint::{Book, Kept};
use std::time::{Duration, Instant};

/// A stopwatch.
pub(super) struct Elapsed {
    before: Duration,
    begun: Instant,
}

impl Elapsed {
    /// From now on.
    pub fn new() -> Elapsed {
        Elapsed {
            before: Duration::ZERO,
            begun: Instant::now(),
        }
    }

    pub fn get(&self) -> Duration {
        self.before + self.begun.elapsed()
    }

    pub fn keep(&mut self, book: &mut Book<'_>) -> Kept {
        let mut elapsed = self.get();
        book.value(&mut elapsed)?;
        if book.reads() {
            (self.before, self.begun) = (elapsed, Instant::now());
        }
        Ok(())
    }
}
