//! What an attacker computes once in an iteration, however many victims it has.

/// A value that belongs to an iteration.
#[derive(Debug, Default)]
pub(super) struct PerIteration<T> {
    iteration: Option<u64>,
    value: T,
}

impl<T> PerIteration<T> {
    /// The value in an iteration; `renew` makes it of an older one where it is not there yet.
    pub(super) fn at(&mut self, iteration: u64, renew: impl FnOnce(&mut T)) -> &T {
        if self.iteration != Some(iteration) {
            renew(&mut self.value);
            self.iteration = Some(iteration);
        }
        &self.value
    }
}
