//! Work on all processors.

use std::panic::resume_unwind;
use std::thread;

/// How many threads there is a processor for.
pub(super) fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What `work` makes of each part, in their order; each part has a thread of its own. A panic of
/// one is a panic of the caller.
pub(super) fn at_once<P: Send, R: Send>(
    parts: impl IntoIterator<Item = P>,
    work: impl Fn(P) -> R + Sync,
) -> Vec<R> {
    thread::scope(|scope| {
        let work = &work;
        let start = |part| scope.spawn(move || work(part));
        let running: Vec<_> = parts.into_iter().map(start).collect();
        let ended = running.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .map(|end| end.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
