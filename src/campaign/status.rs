//! How far a campaign is, as its folder tells.

use super::folder::{Again, Before};
use super::lock::Lock;
use super::outcome::PointOutcome;
use super::{Campaign, Kept, run_folder};
use crate::record::{self, Care};
use crate::settings::WrongSettings;
use std::collections::BTreeMap;
use std::path::Path;

/// How far a campaign is.
pub struct Status {
    /// The points, in their order.
    pub points: Vec<PointStatus>,
    /// Whether a process is at it.
    pub is_running: bool,
}

/// How far a point is.
pub struct PointStatus {
    /// The id of its run.
    pub id: String,
    /// What has become of it, of which this process knows what it finds in the folder.
    pub outcome: PointOutcome,
    /// Iterations that were recorded before it was interrupted, where that is known.
    pub iterations: Option<u64>,
    /// Whether it would go on from a checkpoint.
    pub has_checkpoint: bool,
}

impl Status {
    /// Reads how far a campaign is, which may be running.
    ///
    /// # Errors
    /// Where the folder does not know the runs of its points, what is wrong with the scenario or
    /// its data: the ids depend on both.
    pub fn read(campaign: &Campaign, folder: &Path) -> Result<Status, WrongSettings> {
        let mut ids = Kept::read(folder).runs;
        if ids.len() != campaign.file.points.len() {
            ids.clear();
            campaign.plans(|plan| ids.push(plan.id.to_string()))?;
        }
        // Of points that are the same run, the first says what is recorded.
        let mut records = BTreeMap::new();
        for (id, point) in ids.iter().zip(&campaign.file.points) {
            records.entry(id).or_insert(&point.outline.record);
        }
        let of_run = |id: &String| {
            let run = run_folder(folder, id);
            let mut iterations = None;
            let outcome = match Lock::is_held(&run) {
                true => PointOutcome::Running,
                false => {
                    let before = Before::of(&run, Care::Quick);
                    iterations = before.iterations();
                    before.look(records[id], Again::default()).0
                }
            };
            PointStatus {
                id: id.clone(),
                iterations: iterations.filter(|_| outcome.status() == "interrupted"),
                has_checkpoint: !outcome.is_over() && record::has_checkpoint(&run),
                outcome,
            }
        };
        Ok(Status {
            points: ids.iter().map(of_run).collect(),
            is_running: Lock::is_held(folder),
        })
    }
}
