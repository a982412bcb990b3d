//! The file by which the script of a job array knows that a task got somewhere.

use super::MakeObserver;
use crate::record::{Observer, Seen};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Once;

/// Makes a file when the first iteration of any run ends.
struct Mark {
    file: Arc<PathBuf>,
    once: Arc<Once>,
}

impl Observer for Mark {
    fn see(&mut self, _: &Seen<'_>) {
        self.once.call_once(|| {
            // Without it the task is not started again, which is the safe way to be wrong.
            let _ = File::create(&*self.file);
        });
    }
}

/// For all runs together.
pub(super) fn mark(file: PathBuf) -> MakeObserver {
    let (file, once) = (Arc::new(file), Arc::new(Once::new()));
    Box::new(move |_| {
        Box::new(Mark {
            file: file.clone(),
            once: once.clone(),
        })
    })
}
