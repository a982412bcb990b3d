//! What happens at the limits of the system that end a process with a signal otherwise.

/// Has the process end with a message and status 1 where memory cannot be had, and has writing fail
/// at the greatest size of a file (`ulimit -f`), as on a full disk.
#[cfg(unix)]
pub(super) fn install() {
    use signal_hook::consts::{SIGABRT, SIGXFSZ};
    // A signal that has a handler does not end the process: the write returns its error.
    let ignored = std::sync::Arc::default();
    let _ = signal_hook::flag::register(SIGXFSZ, ignored);
    // The standard library has said how many bytes it could not get when it aborts.
    // SAFETY: write and _exit may be called in a signal handler, and nothing is allocated.
    #[expect(unsafe_code, reason = "a signal handler")]
    let _ = unsafe { signal_hook::low_level::register(SIGABRT, end_without_memory) };
}

#[cfg(not(unix))]
pub(super) fn install() {}

#[cfg(unix)]
fn end_without_memory() {
    const MESSAGE: &[u8] = b"error: the program cannot go on, most likely since no more memory is to be had\n  \
        = help: --threads 1 takes least, `check` says how much memory a point needs; what was written until \
        now is readable, and the same command runs what is not done\n";
    // SAFETY: the buffer is a constant of that length; both calls are safe in a signal handler.
    #[expect(unsafe_code, reason = "a signal handler")]
    unsafe {
        libc::write(2, MESSAGE.as_ptr().cast(), MESSAGE.len());
        libc::_exit(i32::from(super::FAILED));
    }
}
