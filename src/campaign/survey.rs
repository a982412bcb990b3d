//! What there is to do of a campaign, for others to do: found without touching its folder, and made
//! ready in it.

use super::PointOutcome;
use super::folder;
use super::workload::{Size, share_out};
use super::{Begun, Campaign, CampaignError, CampaignOptions, FolderError, Outlook, run_folder};
use crate::record;
use crate::scenario::RunId;
use std::io;

impl Campaign {
    /// Checks every point and finds what [`Campaign::run`] would do. Nothing is written.
    ///
    /// # Errors
    /// A scenario that is wrong or a folder that cannot be used.
    pub fn survey(&self, options: &CampaignOptions<'_>) -> Result<Outlook, CampaignError> {
        let mut sizes = Vec::new();
        self.plans(|plan| sizes.push(Size::of(&plan)))?;
        let ids: Vec<RunId> = sizes.iter().map(|size| size.id.clone()).collect();
        let known = ids.iter().map(RunId::to_string).collect();
        let resolved = self.file.resolved();
        // Others would be removed: the scenario's own stay.
        folder::strangers(&options.folder, &resolved, &known, options.force)?;
        let (runs, outcomes) = self.look(sizes, options);
        let outcomes: Vec<_> = ids.into_iter().zip(outcomes).collect();
        let pending = self.pending(&runs);
        let sizes = pending.iter().map(|run| &run.size);
        let jobs_and_threads = share_out(options.threads, options.jobs, sizes);
        Ok(self.outlook(&pending, &outcomes, jobs_and_threads, true))
    }

    /// Takes back what runs have left that failed or are another build's and are to be run again, so
    /// that the tasks that run them need not know, and do so once.
    pub(super) fn reset_ended(
        &self,
        begun: &mut Begun,
        options: &CampaignOptions<'_>,
    ) -> Result<(), FolderError> {
        for run in begun.runs.iter().filter(|run| run.begin.is_some()) {
            let outcome = &begun.outcomes[run.points[0]].1;
            if !outcome.is_lasting() && !matches!(outcome, PointOutcome::FoundOld(_)) {
                continue;
            }
            let folder = run_folder(&options.folder, &run.size.id);
            record::begin_anew(&folder)
                .map_err(|error| FolderError::at(&folder)(io::Error::other(error)))?;
            let summary = folder.join("summary.json");
            std::fs::remove_file(&summary).map_err(FolderError::at(&summary))?;
            for &point in &run.points {
                begun.outcomes[point].1 = PointOutcome::NotBegun;
            }
        }
        Ok(())
    }
}
